"""What belongs to no patient and patients' resources point to, such as Medications: looked up on the disk.

A table of its own, so that its size is bounded by the disk and not by memory.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from cds_service.fhir.json_types import as_text
from cds_service.fhir.record import Resource, newer
from cds_service.json_text import NotStrictJson, read_json


class SideTable(Protocol):
    """Finds a resource of no patient by its relative reference."""

    def find(self, reference: str) -> Resource | None: ...


class HeldTable:
    """A table in memory, for what is known to be small."""

    def __init__(self, bodies: Iterable[Mapping[str, Any]]) -> None:
        self._held: dict[str, Resource] = {}
        for body in bodies:
            resource = Resource(body)
            held = self._held.get(resource.reference)
            self._held[resource.reference] = resource if held is None else newer(held, resource)

    def find(self, reference: str) -> Resource | None:
        return self._held.get(reference)


class StoredTable:
    """A table in a file that :func:`store` wrote."""

    def __init__(self, path: Path) -> None:
        self._rows = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)

    def find(self, reference: str) -> Resource | None:
        found = self._rows.execute("SELECT body FROM side WHERE reference = ?", (reference,))
        return HeldTable(read_json(body) for (body,) in found).find(reference)

    def close(self) -> None:
        self._rows.close()


def store(lines: Iterable[tuple[str, int, bytes]], path: Path) -> Iterator[tuple[str, int, str]]:
    """Write the table from lines, each with its piece and number; gives those that cannot be read, with the reason.

    The file has its name once it is whole. Raises OSError or sqlite3.Error.
    """
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    rows = sqlite3.connect(part)
    try:
        rows.execute("PRAGMA synchronous = OFF")
        rows.execute("CREATE TABLE side (reference TEXT NOT NULL, body BLOB NOT NULL)")
        for piece, number, line in lines:
            try:
                reference = Resource(side_resource(line)).reference
            except NotStrictJson as fault:
                yield piece, number, str(fault)
                continue
            rows.execute("INSERT INTO side VALUES (?, ?)", (reference, line))
        rows.execute("CREATE INDEX by_reference ON side (reference)")
        rows.commit()
    finally:
        rows.close()
    os.replace(part, path)


def side_resource(line: bytes) -> Mapping[str, Any]:
    """The resource of a line. Raises NotStrictJson when it is none, or nothing can point to it."""
    body = read_json(line)
    if not isinstance(body, dict) or as_text(body.get("id")) is None:
        raise NotStrictJson("it has no id, so nothing can refer to it")
    return body
