"""Calls of which no two have a text or an id in common: what a cache without a bound would keep of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count, cycle
from typing import Any

from cds_service.evaluation.saved_request import prefetch_of
from cds_service.sandbox.fixtures import FOLDER

_WORDS = ("text", "display", "valueString", "conclusion", "description", "title")


def requests() -> dict[str, bytes]:
    """The call of each bundled patient, with every advertised template answered, by the patient's folder."""
    return {
        folder.name: prefetch_of(
            (folder / "request.json").read_bytes(), (folder / "resources.json").read_bytes()
        )
        for folder in sorted(FOLDER.iterdir())
        if (folder / "request.json").exists()
    }


def calls() -> Iterator[bytes]:
    """The bundled patients' calls, again and again, each time with other words and ids everywhere.

    Their drugs given stand in words only, so that what reads words has to.
    """
    known = [json.loads(raw) for raw in requests().values()]
    for number, whole in zip(count(), cycle(known)):
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
    drug = changed.get("medicationCodeableConcept")
    if drug is not None and changed.get("status") != "draft":
        words = [drug.get("text"), *(coding.get("display") for coding in drug.get("coding", ()))]
        changed["medicationCodeableConcept"] = {"text": next(filter(None, words), mark)}
    if "resourceType" in changed and changed["resourceType"] != "Patient" and "id" in changed:
        changed["id"] += f"-{mark}"
    return changed
