"""What one line of NDJSON is, and whose: found without parsing it, wherever that is certain.

The scanner answers only where its answer must be the parser's: the line has no escapes, so that every
quote opens or closes a string, and the member stands once in it and at the top level. Else it is in
doubt, and the line is parsed. It does not check the rest of the line.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from cds_service.ehr.needs import NEEDS
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.references import local_reference

ORDER_TYPES = frozenset({"MedicationRequest", "ServiceRequest"})
# Resources of no patient that a patient's resources point to: drugs, what they are made of, notes.
SIDE_TYPES = frozenset({"Medication", "Substance", "Binary"})
PATIENT_TYPES = frozenset(row.resource_type for row in NEEDS)
_MEMBERS = ("subject", "patient", "beneficiary")

_HEAD = re.compile(rb'\{\s*"resourceType"\s*:\s*"([A-Za-z]+)"')
_SUBJECT = re.compile(
    rb'"subject"\s*:\s*\{\s*"reference"\s*:\s*"(?:[A-Za-z][A-Za-z0-9+.\-]*://[^\s"]*/)?'
    rb'Patient/([A-Za-z0-9\-.]{1,64})"\s*(?:,\s*"(?:display|type)"\s*:\s*"[^"]*"\s*)*\}'
)
_ID = re.compile(rb'"id"\s*:\s*"([A-Za-z0-9\-.]{1,64})"')
_NO_STRUCTURE = bytes(set(range(256)) - set(b'"{}[]'))
_SEEMS_KIND = re.compile(rb'"resourceType"\s*:\s*"([A-Za-z]+)"')
_SEEMS_OF = re.compile(rb'Patient\\?/([A-Za-z0-9\-.]{1,64})(?=")')
_PLAIN_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


class Unreadable(ValueError):
    """The line is no FHIR resource, or one whose patient cannot be told. The message quotes nothing of it."""


class Told(NamedTuple):
    """The type of a resource, and the patients it is of: one, for an Appointment perhaps several, or none."""

    kind: str
    patients: tuple[str, ...] = ()


def told(line: bytes) -> Told:
    """What a line is and whose. Raises Unreadable."""
    return scanned(line) or parsed(line)


def scanned(line: bytes) -> Told | None:
    """The same without parsing; None when in doubt."""
    head = _HEAD.match(line)
    if head is None or b"\\" in line or not line.endswith(b"}") or not is_utf8(line):
        return None
    if line.find(b'"resourceType"', head.start(1)) >= 0:
        return None
    kind = head[1].decode()
    if kind not in PATIENT_TYPES:
        return Told(kind) if kind != "Bundle" else None
    member, form = (b'"id"', _ID) if kind == "Patient" else (b'"subject"', _SUBJECT)
    at = line.find(member)
    if kind == "Appointment" or line.find(member, at + len(member)) >= 0 or not _is_at_top(line, at):
        return None
    owner = form.match(line, at)
    return Told(kind, (owner[1].decode(),)) if owner is not None else None


def is_utf8(line: bytes) -> bool:
    if line.isascii():
        return True
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_at_top(line: bytes, at: int) -> bool:
    """Whether a string of the outermost object begins at a place, for lines without escapes; False when in doubt.

    With all but quotes and brackets taken out, every string before the place is two quotes side by
    side, unless a bracket stands in one.
    """
    outside = line[: max(at, 0)].translate(None, _NO_STRUCTURE).replace(b'""', b"")
    opened = outside.count(b"{") + outside.count(b"[")
    return b'"' not in outside and opened - outside.count(b"}") - outside.count(b"]") == 1


def parsed(line: bytes) -> Told:
    """What a line is and whose, by parsing it. Raises Unreadable."""
    body = _object(line)
    kind = as_text(body.get("resourceType"))
    if kind is None:
        raise Unreadable("it is no FHIR resource: it has no resourceType")
    if kind == "Bundle":
        raise Unreadable("it is a Bundle; an export has one resource on each line")
    if kind not in PATIENT_TYPES:
        return Told(kind)
    if kind == "Patient":
        patient = body.get("id")
        if not isinstance(patient, str) or not _PLAIN_ID.fullmatch(patient):
            raise Unreadable("it is a Patient without a usable id")
        return Told(kind, (patient,))
    return Told(kind, _patients(body, kind))


def _object(line: bytes) -> dict[str, Any]:
    try:
        body = json.loads(line.decode())
    except UnicodeDecodeError:
        raise Unreadable("it is not UTF-8") from None
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None
    except ValueError as fault:
        where = f" at column {fault.colno}" if isinstance(fault, json.JSONDecodeError) else ""
        raise Unreadable(f"it is not JSON{where}") from None
    if not isinstance(body, dict):
        raise Unreadable("it is not a JSON object")
    return body


def _patients(body: dict[str, Any], kind: str) -> tuple[str, ...]:
    """Those whose record takes the resource in: of the members that may name a patient, the first counts."""
    if kind == "Appointment":
        pointers = [as_dict(participant.get("actor")) for participant in as_dicts(body.get("participant"))]
    else:
        pointers = [as_dict(body[member]) for member in _MEMBERS if member in body][:1]
    stated = [text for pointer in pointers if (text := as_text(pointer.get("reference")))]
    named = [local_reference(text) for text in stated]
    if kind != "Appointment" and None in named:
        raise Unreadable("it names its patient in a way that is not understood")
    found = (name.removeprefix("Patient/") for name in named if name and name.startswith("Patient/"))
    return tuple(dict.fromkeys(found))


def guessed(line: bytes) -> Told | None:
    """Of a line that cannot be read: whose it seems to be, or may be, so that what is lost is not taken for absent."""
    named = _SEEMS_KIND.search(line)
    kind = named[1].decode() if named is not None else ""
    owners = _ID.findall(line)[:1] if kind == "Patient" else _SEEMS_OF.findall(line)
    return Told(kind, tuple(owner.decode() for owner in dict.fromkeys(owners))) if owners else None
