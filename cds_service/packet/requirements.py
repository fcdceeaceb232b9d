"""What the PAS profiles want of the record's own resources; they go into the draft as they are.

Each function tells what a resource lacks. Knows Da Vinci PAS 2.2.1 and US Core 7.0.0, as far as charts miss them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.packet.gaps import Gap, Who

_MEMBER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"
_GENDERS = frozenset({"male", "female", "other", "unknown"})
_DATE = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_FULL_DATE = re.compile(_DATE)
# As FHIR writes it: to the year, month or day, else with seconds and an offset.
_DATE_TIME = re.compile(
    rf"\d{{4}}(?:-(?:0[1-9]|1[0-2]))?|{_DATE}(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?"
)
Body = Mapping[str, Any]


def patient_gaps(body: Body) -> Iterator[Gap]:
    """A beneficiary: identifier, name, gender, and a birth date to the day."""
    yield from _identifier_gaps(
        body, "Patient.identifier", "the patient has no identifier with system and value"
    )
    names = as_dicts(body.get("name"))
    if not names or not all(as_text(n.get("family")) or n.get("given") for n in names):
        yield _blocks("Patient.name", "the patient has no name in parts")
    if as_text(body.get("gender")) not in _GENDERS:
        yield _blocks("Patient.gender", "the patient's gender is not stated, or not by FHIR's codes")
    born = as_text(body.get("birthDate"))
    if born is None or not _FULL_DATE.fullmatch(born):
        yield Gap("Patient.birthDate", "the birth date is not stated to the day", blocks=born is not None)


def coverage_gaps(body: Body) -> Iterator[Gap]:
    """A Coverage in force with one member id, whose subscriber and payor are named."""
    if body.get("status") != "active":
        yield _blocks("Coverage.status", "the Coverage is not active")
    yield from identifier_gaps(as_dicts(body.get("identifier")), "Coverage.identifier")
    members = [i for i in as_dicts(body.get("identifier")) if _is_member_id(i)]
    if len(members) != 1:
        yield _blocks(
            "Coverage.identifier", "the Coverage has no single identifier of type MB, the member id"
        )
    relationship = as_dict(body.get("relationship"))
    if not relationship:
        yield _blocks(
            "Coverage.relationship", "the Coverage does not say how subscriber and patient are related"
        )
    is_self = any(c.get("code") == "18" for c in as_dicts(relationship.get("coding")))
    if not is_self and not as_dict(body.get("subscriber")):
        yield _blocks("Coverage.subscriber", "the Coverage names no subscriber")
    if len(as_dicts(body.get("payor"))) != 1:
        yield _blocks("Coverage.payor", "the Coverage does not name one payor")


def organization_gaps(body: Body, element: str, what: str) -> Iterator[Gap]:
    """An Organization: active, and a name."""
    if body.get("active") is not True:
        yield _blocks(f"{element}.active", f"{what} is not marked as active")
    if not as_text(body.get("name")):
        yield _blocks(f"{element}.name", f"{what} has no name")
    yield from identifier_gaps(as_dicts(body.get("identifier")), f"{element}.identifier")


def practitioner_gaps(body: Body, element: str) -> Iterator[Gap]:
    """A Practitioner: identifier, and names with a family name."""
    yield from _identifier_gaps(
        body, f"{element}.identifier", "the prescriber has no identifier with system and value"
    )
    names = as_dicts(body.get("name"))
    if not names or not all(as_text(n.get("family")) for n in names):
        yield _blocks(f"{element}.name", "the prescriber has no family name")


def role_gaps(body: Body, element: str) -> Iterator[Gap]:
    """A PractitionerRole: who, and how to reach them."""
    if not as_text(as_dict(body.get("practitioner")).get("reference")):
        yield _blocks(f"{element}.practitioner", "the prescriber's role names no practitioner")
    telecom = as_dicts(body.get("telecom"))
    reached = telecom and all(as_text(t.get("system")) and as_text(t.get("value")) for t in telecom)
    if not reached and not body.get("endpoint"):
        yield _blocks(f"{element}.telecom", "the prescriber's role has no contact")


def order_gaps(body: Body) -> Iterator[Gap]:
    """An order by the CRD profile, to which the form's response refers."""
    said = (
        ("authoredOn", "when it was written", _DATE_TIME.fullmatch(as_text(body.get("authoredOn")) or "")),
        ("intent", "whether it is an order", as_text(body.get("intent"))),
        ("requester", "who ordered", body.get("requester")),
    )
    for member, what, is_said in said:
        if not is_said:
            yield _blocks(f"{body.get('resourceType')}.{member}", f"the order does not say {what}")


def why_not_referred_to(body: Body) -> str:
    """Why the draft does not refer to an order as the requested service; empty when it does.

    PAS fixes status and intent. A ServiceRequest is left to the provider: its profile binds the code to lists of
    X12 that are not at hand, so that nobody could tell here whether the draft stays valid with it.
    """
    if body.get("status") != "active" or body.get("intent") != "order":
        return "the order is not signed: sign it, then refer to it"
    if body.get("resourceType") != "MedicationRequest":
        return "refer to the signed order: of orders that are services this cannot be checked here"
    return ""


def _identifier_gaps(body: Body, element: str, why: str) -> Iterator[Gap]:
    found = as_dicts(body.get("identifier"))
    if not found or not all(as_text(i.get("system")) and as_text(i.get("value")) for i in found):
        yield _blocks(element, why)
    yield from identifier_gaps(found, element)


def identifier_gaps(identifiers: Iterable[Body], element: str) -> Iterator[Gap]:
    """Identifiers that are none: an OID, a provider, laboratory or insurer number that its own rules refuse."""
    for one in identifiers:
        system, value = as_text(one.get("system")) or "", as_text(one.get("value")) or ""
        oid = system.removeprefix(_OID)
        if oid != system and not (_OID_FORM.fullmatch(oid) and oid.rfind(".") >= _LEAST_OF_AN_OID):
            yield _blocks(element, f"the system of an identifier is no valid OID ({system[:_QUOTED]})")
        name, is_valid = _NUMBERS.get(system, ("", None))
        if value and is_valid is not None and not is_valid(value):
            yield _blocks(element, f"an identifier is no valid {name} ({value[:_QUOTED]})")


def _is_npi(value: str) -> bool:
    """Ten digits of which the last is the check digit, by Luhn over 80840 and the number."""
    if not re.fullmatch(r"[0-9]{10}", value):
        return False
    doubled = [int(d) * 2 if n % 2 == 0 else int(d) for n, d in enumerate(value)]
    return (sum(d - 9 if d > 9 else d for d in doubled) + _PREFIX_OF_NPI) % 10 == 0


_OID = "urn:oid:"
_OID_FORM = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]*))+")
_LEAST_OF_AN_OID = 5  # characters before its last dot, below which validators refuse it
_QUOTED = 40
_PREFIX_OF_NPI = 24  # what the prefix 80840 of all NPIs adds to the sum
# By system, what US Core 7.0.0 holds of the numbers (us-core-16 to us-core-19).
_NUMBERS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "http://hl7.org/fhir/sid/us-npi": ("NPI", _is_npi),
    "urn:oid:2.16.840.1.113883.4.7": ("CLIA number", re.compile(r"[0-9]{2}D[0-9]{7}").fullmatch),
    "urn:oid:2.16.840.1.113883.6.300": ("NAIC number", re.compile(r"[0-9]{5}").fullmatch),
}


def _is_member_id(identifier: Body) -> bool:
    codings = as_dicts(as_dict(identifier.get("type")).get("coding"))
    return any(c.get("system") == _MEMBER_TYPE and c.get("code") == "MB" for c in codings)


def _blocks(element: str, why: str) -> Gap:
    return Gap(element, why, Who.PROVIDER, blocks=True)
