"""The lines of the patients with an order, found by patient: a file, so that one patient is in memory at a time."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from cds_service.replay.reading.spool import Entry


def store(entries: Iterable[tuple[int, Entry]], path: Path) -> None:
    """Write the table from lines, each with the number of its piece; the file has its name once it is whole.

    Raises OSError or sqlite3.Error.
    """
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(part)) as rows:
        rows.execute("PRAGMA synchronous = OFF")
        rows.execute("PRAGMA journal_mode = OFF")
        rows.execute("CREATE TABLE line (patient TEXT, piece INTEGER, number INTEGER, kind TEXT, text BLOB)")
        rows.executemany(
            "INSERT INTO line VALUES (?, ?, ?, ?, ?)",
            ((entry.patient, piece, entry.number, entry.kind, entry.text) for piece, entry in entries),
        )
        rows.execute("CREATE INDEX by_patient ON line (patient)")
        rows.commit()
    os.replace(part, path)


class PatientTable:
    """A table that :func:`store` wrote."""

    def __init__(self, path: Path) -> None:
        self._rows = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)

    def of(self, patient: str) -> Iterator[tuple[int, Entry]]:
        """The lines of a patient, each with the number of its piece, in the order of the input."""
        found = self._rows.execute(
            "SELECT piece, kind, number, text FROM line WHERE patient = ? ORDER BY piece, number", (patient,)
        )
        for piece, kind, number, text in found:
            yield piece, Entry(patient, kind, number, text)

    def close(self) -> None:
        self._rows.close()
