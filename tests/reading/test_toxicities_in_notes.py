"""What notes say of veno-occlusive disease and of severe infusion reactions in few words, and what only speaks of them.

``read``: "yes" where VOD is stated or suspected of this patient, "severe" for such a reaction, nothing where neither is.
"""

import csv
from datetime import date
from pathlib import Path

import pytest

from cds_service.clinical.reading.layout.past import with_course_told
from cds_service.clinical.reading.reader import read
from tests.reading.asking import ask

DAY = date(2026, 4, 13)
with Path(__file__).with_name("toxicities_in_notes.csv").open(encoding="utf-8", newline="") as lines:
    ROWS = list(csv.DictReader(lines))
VOD = [(row["text"], bool(row["read"])) for row in ROWS if row["topic"] == "vod"]
REACTIONS = [row["text"] for row in ROWS if row["topic"] == "reaction"]


@pytest.mark.parametrize(("text", "raised"), VOD)
def test_vod_is_raised_where_it_is_said_of_this_patient(text, raised):
    said = read(with_course_told(text), "vod", DAY).assertions
    assert any(a.value == "vod" for a in said) is raised


@pytest.mark.parametrize("text", REACTIONS)
def test_a_severe_reaction_in_few_words_asks(text):
    assert ask("infusion-reaction", "DocumentReference.description", text) == "ungraded"
