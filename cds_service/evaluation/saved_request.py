"""A saved hook request as it is sent: with its prefetch, where the patient's resources lie beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cds_service.ehr.needs import NEEDS
from cds_service.evaluation.matching import matches
from cds_service.evaluation.refused import Refused, json_from
from cds_service.fhir.json_types import as_dict, as_dicts
from cds_service.json_text import NotStrictJson, read_json, write_json


def saved_request(path: Path) -> bytes:
    """The request in a file. A ``resources.json`` in the same folder becomes its prefetch.

    Raises Refused where that is no Bundle, which must not be taken for an empty chart.
    """
    raw = path.read_bytes()
    beside = path.with_name("resources.json")
    if not beside.is_file():
        return raw
    bundle = beside.read_bytes()
    try:
        is_bundle = as_dict(read_json(bundle)).get("resourceType") == "Bundle"
    except NotStrictJson as fault:
        raise Refused(400, "structure", f"{beside} cannot be read: {fault}.") from None
    if not is_bundle:
        raise Refused(400, "structure", f"{beside} is no Bundle.")
    return prefetch_of(raw, bundle) if isinstance(json_from(raw), dict) else raw


def prefetch_of(request: bytes, bundle: bytes) -> bytes:
    """A saved request with every advertised template answered from a Bundle of resources."""
    whole = dict(read_json(request))
    held = [as_dict(e.get("resource")) for e in as_dicts(as_dict(read_json(bundle)).get("entry"))]
    patient_id = str(as_dict(whole.get("context")).get("patientId"))
    whole["prefetch"] = {row.need.value: _answered(row.paths(patient_id), held, row.is_read) for row in NEEDS}
    return write_json(whole).encode()


def _answered(paths: tuple[str, ...], held: list[Mapping[str, Any]], is_read: bool) -> object:
    if is_read:
        kind, _, wanted = paths[0].partition("/")
        return next((r for r in held if r.get("resourceType") == kind and r.get("id") == wanted), None)
    found = [r for r in held if any(matches(r, path) for path in paths)]
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in found]}
