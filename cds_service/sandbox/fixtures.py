"""The bundled patients as an EHR would hold and send them. Knows the folder layout, no clinical meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cds_service.ehr.needs import NEEDS
from cds_service.fhir.json_types import as_dict, as_dicts
from cds_service.json_text import read_json, write_json
from cds_service.sandbox.matching import matches

# In a checkout a link to the folder at its top; in a wheel the folder itself.
FOLDER = Path(__file__).with_name("bundled")


def names() -> list[str]:
    """The folders that hold a request, in order."""
    return sorted(p.name for p in FOLDER.iterdir() if (p / "request.json").exists())


def about(name: str) -> str:
    """The first line of what is told about one patient."""
    return (FOLDER / name / "about.txt").read_text(encoding="utf-8").strip().splitlines()[0]


def resources(name: str) -> Iterator[Mapping[str, Any]]:
    """The resources of one patient."""
    bundle = read_json((FOLDER / name / "resources.json").read_bytes())
    for entry in as_dicts(as_dict(bundle).get("entry")):
        yield as_dict(entry.get("resource"))


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
