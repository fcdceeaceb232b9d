"""Code tables as CSV, each row with the public place where the code and its meaning were seen."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib.resources import files

UNVERIFIED = "UNVERIFIED"


def rows(name: str, *, unverified: bool = False) -> Iterator[dict[str, str]]:
    """The rows of ``<name>.csv`` that may decide something.

    An example of an invalid code is left out, and a row whose source was not verified unless
    asked for: such a row may name a thing but decides nothing on its own.
    """
    with files(__name__).joinpath(f"{name}.csv").open(encoding="utf-8") as table:
        for row in csv.DictReader(table):
            verified = not row["source"].startswith(UNVERIFIED)
            if (verified or unverified) and not row["display"].startswith("INVALID"):
                yield row
