"""Calls of which no two have a text, an id or a date in common: what a cache without a bound would keep of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cds_service.evaluation.saved_request import prefetch_of
from cds_service.sandbox.fixtures import FOLDER

PATIENT = "relapsed-single-agent"
_WORDS = ("text", "display", "valueString", "conclusion", "description", "title")


def calls(patient: str = PATIENT) -> Iterator[bytes]:
    """The bundled patient's call, again and again, each time with other words and ids everywhere."""
    folder = FOLDER / patient
    whole = json.loads(
        prefetch_of((folder / "request.json").read_bytes(), (folder / "resources.json").read_bytes())
    )
    number = 0
    while True:
        number += 1
        yield json.dumps(_changed(whole, f"n{number}")).encode()


def _changed(value: Any, mark: str) -> Any:
    if isinstance(value, list):
        return [_changed(item, mark) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {name: _changed(inner, mark) for name, inner in value.items()}
    for name in _WORDS:
        if isinstance(changed.get(name), str):
            changed[name] += f" ({mark})"
    if "resourceType" in changed and changed["resourceType"] != "Patient" and "id" in changed:
        changed["id"] += f"-{mark}"
    return changed
