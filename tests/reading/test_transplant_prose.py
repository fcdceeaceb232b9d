"""Plans for a transplant as doctors dictate them, nurses shorten them and forms ask for them, and what looks like one.

``read`` is what the text says of the plan of its day; nothing where it says neither. Notes may hold line ends.
"""

import csv
from datetime import date
from pathlib import Path

import pytest

from cds_service.clinical.leukemia.transplants.done import performed_in
from cds_service.clinical.leukemia.transplants.plans import intention_in

DAY = date(2026, 4, 13)
with Path(__file__).with_name("transplant_prose.csv").open(encoding="utf-8", newline="") as lines:
    ROWS = list(csv.DictReader(lines))
MEANT = {"planned": True, "not-planned": False, "": None}


@pytest.mark.parametrize("row", ROWS, ids=[row["text"][:60] for row in ROWS])
def test_a_plan_is_read_as_a_reader_reads_it(row):
    assert intention_in(row["text"], DAY) is MEANT[row["read"]]


DONE = [
    "s/p allo 2023, relapse, now InO", "MUD allo 6/2024", "D+412 from haplo SCT", "relapsed 14 mo after MSD SCT", "day +200 post allo relapse",
    "She underwent a matched sibling transplant in June of 2024 and relapsed eighteen months later.", "was transplanted in CR1",
    "He is three years out from a sibling allograft.",
]  # fmt: skip
NOT_DONE = [
    "allo planned 5/2026", "no prior allo", "to be transplanted", "sister was transplanted in 2020", "brother s/p allo 2023", "kidney allograft 2015",
    "corneal allograft 2015", "day +30 post C1", "Prior allo evaluation 2023", "MUD allo search 2023", "allo antibodies 2023", "MUD allo scheduled 6/2026",
]  # fmt: skip


@pytest.mark.parametrize("text", DONE)
def test_a_transplant_done_is_known_by_its_short_names_and_as_a_verb(text):
    assert performed_in(text, DAY)


@pytest.mark.parametrize("text", NOT_DONE)
def test_what_was_not_done_or_is_of_another_is_none(text):
    assert not performed_in(text, DAY)
