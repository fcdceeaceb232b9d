"""A saved hook request as it is sent: with its prefetch, where the patient's resources lie beside it."""

from __future__ import annotations

from pathlib import Path


def saved_request(path: Path) -> bytes:
    """The request in a file. A ``resources.json`` in the same folder becomes its prefetch."""
    from cds_service.sandbox.fixtures import prefetch_of

    raw = path.read_bytes()
    beside = path.with_name("resources.json")
    return prefetch_of(raw, beside.read_bytes()) if beside.exists() else raw
