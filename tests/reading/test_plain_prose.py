"""Plain sentences of notes and reports, as different hands write them, and what each says of the patient now.

``read`` are the values; ``?`` behind one is a suspicion, and nothing means that nothing follows from the text.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from cds_service.clinical.reading.assertions import Certainty, Time
from cds_service.clinical.reading.mentioned import mentioned
from cds_service.clinical.reading.reader import read

TABLE = Path(__file__).with_name("plain_prose.csv").read_text(encoding="utf-8")
ROWS = list(csv.DictReader(TABLE.splitlines()))
MENTIONED = ("monitoring", "observation")
DAY = date(2026, 4, 12)


def said(topic: str, text: str) -> set[str]:
    if topic in MENTIONED:
        return {value for values, _ in mentioned(text, topic) for value in values}
    return {
        a.value + ("?" if a.certainty is Certainty.SUSPECTED else "")
        for a in read(text, topic, DAY).assertions
        if a.time is Time.PRESENT
    }


@pytest.mark.parametrize("topic", sorted({row["topic"] for row in ROWS}))
def test_a_plain_sentence_is_read_as_a_reader_reads_it(topic: str) -> None:
    meant = {row["text"]: set(row["read"].split()) for row in ROWS if row["topic"] == topic}
    assert meant
    found = {text: said(topic, text) for text in meant}
    assert {text: read for text, read in found.items() if read != meant[text]} == {}
