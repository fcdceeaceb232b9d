"""Whole answers, written down: of every bundled patient, of every patient that was worked out by hand, and of bench/.

A change that should change no answer is held by them to the letter; one that should is read in their
difference. ``make golden`` writes them anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.order_sign import SIZES, request_of
from cds_service.evaluation.order_sign import answer
from cds_service.evaluation.services import services_from
from cds_service.settings import Settings
from tests.cards.rendering import cards_of
from tests.contract.calls import CLOCK, order_sign
from tests.fixtures import NAMES
from tests.policy.test_worked_patients import PATIENTS

FOLDER = Path(__file__).parent
WORKED = FOLDER / "worked.json"
BENCH = FOLDER / "bench.json"
WHOLE_UP_TO = 200  # observations of a bench request; of a larger one the hash is kept
_ENVIRONMENT = {"CDS_DEV": "1", "CDS_AUTH": "optional", "CDS_FIXED_NOW": CLOCK, "CDS_DEADLINE_S": "30"}


def bundled() -> Iterator[tuple[Path, object]]:
    """The file and the answer of each bundled patient."""
    services = services_from(Settings.from_environment(_ENVIRONMENT))
    for name in NAMES:
        yield (
            FOLDER / "bundled" / f"{name}.json",
            answer(json.dumps(order_sign(name)).encode(), services).body,
        )


def worked() -> dict[str, Any]:
    """The cards of each worked patient by what its row says of it."""
    return {one.note: cards_of(one.record, one.orders) for one in PATIENTS}


def of_bench() -> dict[str, Any]:
    """The answer to the request of each size that bench/ measures; to a large one its hash."""
    services = services_from(Settings.from_environment(_ENVIRONMENT))
    found = {size: answer(request_of(size), services).body for size in SIZES}
    return {
        str(size): body if size <= WHOLE_UP_TO else hashlib.sha256(text_of(body).encode()).hexdigest()
        for size, body in found.items()
    }


def text_of(value: object) -> str:
    """An answer as the text that its file holds."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def write() -> None:
    """Write all files anew."""
    (FOLDER / "bundled").mkdir(exist_ok=True)
    for path, body in bundled():
        path.write_text(text_of(body), encoding="utf-8")
    WORKED.write_text(text_of(worked()), encoding="utf-8")
    BENCH.write_text(text_of(of_bench()), encoding="utf-8")


if __name__ == "__main__":
    write()
