"""Whole notes, reports and letters as they are written, made up: what each says of every topic, and what it leaves unsaid.

``notes/read.csv`` has what a reader finds in each, with the day where the note gives one of its own; those that begin with
``other`` speak of other things and people in the same words, and say nothing.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from cds_service.clinical.leukemia.marker_words import Source, Stated, stated_in
from cds_service.clinical.leukemia.response import read_response
from cds_service.clinical.leukemia.transplants.plans import intention_in
from cds_service.clinical.reading.assertions import Assertion, Certainty, Time
from cds_service.clinical.reading.reader import read
from cds_service.fhir.dates import When, whole_day

FOLDER = Path(__file__).parent / "notes"
NOTED = date(2026, 4, 13)
ROWS = list(csv.DictReader((FOLDER / "read.csv").read_text(encoding="utf-8").splitlines()))
MARKERS = ("cd22", "mrd", "ph")
PLANNED = {True: {"planned"}, False: {"not-planned"}, None: set[str]()}
SIGNS = {True: "positive", False: "negative"}


def dated(value: str, when: When | None) -> str:
    return value if when in (None, whole_day(NOTED)) else f"{value}@{when}"


def of_marker(stated: Stated) -> str:
    return dated(str(stated.amount) if stated.sign is None else SIGNS[stated.sign], stated.when)


def of_state(said: Assertion) -> str:
    doubt = "?" if said.certainty is Certainty.SUSPECTED else ""
    return dated(f"{said.value}{doubt}", said.when)


def said(text: str, topic: str) -> set[str]:
    if topic in MARKERS:
        return {of_marker(s) for s in stated_in(Source(text, "D/1", whole_day(NOTED)), topic)}
    if topic == "transplant":
        return PLANNED[intention_in(text, NOTED)]
    told = read_response(text, NOTED) if topic == "response" else read(text, topic, NOTED)
    return {of_state(a) for a in told.assertions if a.time is Time.PRESENT}


@pytest.mark.parametrize("note", sorted(p.stem for p in FOLDER.glob("*.txt")))
def test_a_whole_note_says_what_a_reader_finds_in_it(note: str) -> None:
    text = (FOLDER / f"{note}.txt").read_text(encoding="utf-8")
    expected = {row["topic"]: set(row["read"].split()) for row in ROWS if row["note"] == note}
    assert expected
    assert {topic: said(text, topic) for topic in expected} == expected
