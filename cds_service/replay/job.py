"""One run as a value: its inputs, its clock, and what program and policies answer it.

A folder belongs to the run that it was begun for: what differs is named, and nothing is mixed or lost.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cards
from cds_service.policies import installed

ORDER_CLOCK = "order"
_SOURCES = ("*.py", "*.toml", "*.csv")


class RunError(Exception):
    """The run cannot begin or go on; the message says why and what to do. Nothing wrong is written."""


def described(inputs: Sequence[Any], as_of: datetime | None) -> dict[str, Any]:
    """All that the answers depend on, as JSON. ``as_of`` is None when each order has its own clock."""
    clock = as_of.isoformat() if as_of is not None else ORDER_CLOCK
    return {"inputs": list(inputs), "as_of": clock, **about_the_program()}


def about_the_program() -> dict[str, Any]:
    """Version and digest of the program, and its policies."""
    policies = [policy.reference for policy in installed().values()]
    return {
        "version": version("payer-policy-cds"),
        "program": _digest(),
        "policies": [{"id": p.id, "effective": p.effective} for p in policies],
    }


@cache
def _digest() -> str:
    """A digest of all that decides: code, policy texts and vocabulary."""
    found = hashlib.sha256()
    for root in (Path(str(cards.__file__)).parent, Path(__file__).parents[1]):
        for path in sorted(p for pattern in _SOURCES for p in root.rglob(pattern)):
            found.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]


_WHAT = {
    "inputs": "other input files, or the same ones changed since",
    "as_of": "another --as-of",
    "version": "another version of this program",
    "program": "a changed program or policy text",
    "policies": "other policies",
}


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """In which ways a run that was begun before is another one."""
    return [what for member, what in _WHAT.items() if before.get(member) != now.get(member)]


def read_description(path: Path) -> dict[str, Any] | None:
    """The run that a file describes; None when there is no such file or it cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
