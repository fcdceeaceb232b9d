"""The lines that could not be used, in order and each once: sorted in a file, for there may be as many as there are lines."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path


def in_order(lines: Iterable[tuple[str, int, str]], path: Path) -> Iterator[tuple[str, int, str]]:
    """Lines by file and number, each with the reason, read back from a file that is made anew."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as rows:
        rows.execute("PRAGMA journal_mode = OFF")
        rows.execute("PRAGMA synchronous = OFF")
        rows.execute(
            "CREATE TABLE refused (file TEXT, line INTEGER, reason TEXT, PRIMARY KEY (file, line, reason)) WITHOUT ROWID"
        )
        rows.executemany("INSERT OR IGNORE INTO refused VALUES (?, ?, ?)", lines)
        yield from rows.execute("SELECT file, line, reason FROM refused ORDER BY file, line, reason")
