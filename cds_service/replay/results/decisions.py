"""``decisions.ndjson``: one line an order, by patient and then by order; written and read as a stream."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cds_service.replay.deciding.patient import Answer

NAME = "decisions.ndjson"


def write(answers: Iterable[Answer], path: Path) -> None:
    """Write the answers, which are in order. Raises OSError."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(answer.text + "\n" for answer in answers)


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The decisions of a file, in its order. Raises OSError, or ValueError for what is no decision."""
    with path.open(encoding="utf-8") as file:
        for row in file:
            found = json.loads(row)
            if (
                not isinstance(found, dict)
                or not {"patient", "order", "coverage", "criteria"} <= found.keys()
            ):
                raise ValueError(f"{path} holds a line that is no decision")
            yield found
