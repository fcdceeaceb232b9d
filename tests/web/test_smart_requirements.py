"""The table of SMART App Launch 2.2's client requirements names tests that exist, or says why not.

Ids are those of the requirement set that Inferno's SMART App Launch test kit numbers.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = list(csv.DictReader((ROOT / "tests/web/smart_requirements.csv").read_text().splitlines()))
MET = [row for row in ROWS if row["verdict"] == "met"]


def test_every_requirement_has_one_verdict() -> None:
    ids = [int(row["id"]) for row in ROWS]
    assert ids == sorted(set(ids))
    assert len(ids) == 164
    assert {row["verdict"] for row in ROWS} == {"met", "not applicable", "not followed"}
    assert all(row["test or reason"] for row in ROWS)


def test_nothing_mandatory_is_left_aside() -> None:
    assert not [row for row in ROWS if row["verdict"] == "not followed" and row["level"].startswith("SHALL")]


@pytest.mark.parametrize("named", sorted({row["test or reason"] for row in MET}))
def test_each_test_named_in_the_table_exists(named: str) -> None:
    file, _, function = named.partition("::")
    assert re.search(rf"^def {function}\(", (ROOT / file).read_text(), re.MULTILINE)
