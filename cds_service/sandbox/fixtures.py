"""The bundled patients as an EHR would hold and send them. Knows the folder layout, no clinical meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cds_service.fhir.json_types import as_dict, as_dicts
from cds_service.json_text import read_json

# In a checkout a link to the folder at its top; in a wheel the folder itself.
FOLDER = Path(__file__).with_name("bundled")


def names() -> list[str]:
    """The folders that hold a request, in order."""
    return sorted(p.name for p in FOLDER.iterdir() if (p / "request.json").exists())


def about(name: str) -> str:
    """The first line of a patient's description."""
    return (FOLDER / name / "about.txt").read_text(encoding="utf-8").strip().splitlines()[0]


def resources(name: str) -> Iterator[Mapping[str, Any]]:
    """The resources of one patient."""
    bundle = read_json((FOLDER / name / "resources.json").read_bytes())
    for entry in as_dicts(as_dict(bundle).get("entry")):
        yield as_dict(entry.get("resource"))
