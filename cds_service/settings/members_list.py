"""The payer's list of members as a file: CSV in UTF-8 with the header ``payer,member_id``."""

from __future__ import annotations

import csv
from pathlib import Path

_HEADER = ["payer", "member_id"]


def read_members(path: Path) -> frozenset[tuple[str, str]]:
    """The list as pairs of payer and member id. Raises ValueError that says why it is none, OSError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:  # spreadsheets put a mark in front
            rows = csv.reader(lines)
            if next(rows, None) != _HEADER:
                raise ValueError(f"must begin with the header {','.join(_HEADER)}")
            return frozenset((row[0].strip(), row[1].strip()) for row in rows if len(row) > 1)
    except (UnicodeDecodeError, csv.Error):
        raise ValueError("must be CSV in UTF-8") from None
