"""Lists, entries and parts of a note that stand in lines of their own under what says how they are meant."""

from __future__ import annotations

from datetime import date

import pytest

from cds_service.clinical.reading.assertions import Certainty
from cds_service.clinical.reading.reader import read

ON = date(2026, 4, 12)
FINDINGS = [
    ("VOD", "vod"),
    ("veno-occlusive disease", "vod"),
    ("leukemia cutis", "extramedullary"),
    ("infusion reaction", "reaction"),
    ("pneumonia", "infection"),
]


@pytest.mark.parametrize(("name", "topic"), FINDINGS)
@pytest.mark.parametrize(
    "title", ["Differential:", "Differential diagnosis:", "DDx:", "Suspected:", "Possible:"]
)
@pytest.mark.parametrize("listed", ["- {}", "1. GVHD\n2. {}", "* liver GVHD\n* {}", "1) {}"])
def test_what_a_list_suspects_is_not_stated(listed: str, title: str, name: str, topic: str) -> None:
    found = read(f"{title}\n{listed.format(name)}\nPlan: see above.", topic)
    assert found.assertions or found.not_understood
    assert not found.values
    if topic == "vod":
        assert [a.certainty for a in found.assertions] == [Certainty.SUSPECTED]


@pytest.mark.parametrize(("name", "topic"), FINDINGS)
def test_a_differential_in_one_line_suspects(name: str, topic: str) -> None:
    assert not read(f"Differential: {name}", topic).values


@pytest.mark.parametrize(("name", "topic"), FINDINGS)
@pytest.mark.parametrize("listed", ["- fever\n- {}", "- {}\n- fever", "1. fever\n2. {}"])
def test_what_a_list_denies_is_not_stated(listed: str, name: str, topic: str) -> None:
    text = f"Negative for:\n{listed.format(name)}"
    assert not read(text, topic).values & read(name, topic).values


@pytest.mark.parametrize(
    ("name", "topic"), [("leukemia cutis", "extramedullary"), ("pneumonia", "infection")]
)
@pytest.mark.parametrize("title", ["Resolved:", "Resolved problems:"])
@pytest.mark.parametrize("listed", ["- {}", "- fever\n- {}"])
def test_what_a_list_calls_resolved_is_not_there(listed: str, title: str, name: str, topic: str) -> None:
    assert not read(f"{title}\n{listed.format(name)}", topic).values & read(name, topic).values


@pytest.mark.parametrize("title", ["PMH", "Past Medical History", "PAST MEDICAL HISTORY"])
@pytest.mark.parametrize(
    ("said", "topic"), [("Leukemia cutis", "extramedullary"), ("HSCT planned", "transplant")]
)
def test_the_past_is_not_the_present_without_a_colon_either(said: str, topic: str, title: str) -> None:
    assert not read(f"{title}\n{said}", topic).values
    assert read(f"{title}\nAsthma\nASSESSMENT\n{said}", topic).values


def test_a_past_that_counts_is_told() -> None:
    assert read("PMH\nVOD", "vod").values == {"vod"}


@pytest.mark.parametrize(
    ("said", "topic"), [("CR", "response"), ("Leukemia cutis", "extramedullary"), ("VOD", "vod")]
)
def test_lines_under_a_day_are_of_that_day(said: str, topic: str) -> None:
    (found,) = read(f"3/1/2025\nSeen in clinic\n{said}", topic, ON).assertions
    assert found.when is not None
    assert found.when.last == date(2025, 3, 1)


def test_each_day_begins_its_own_lines() -> None:
    said = read("3/1/2025\nRelapse\n10/1/2025\nCR", "response", ON).assertions
    assert [(a.value, a.when and a.when.last) for a in said] == [
        ("relapse", date(2025, 3, 1)),
        ("cr", date(2025, 10, 1)),
    ]


def test_a_day_below_what_it_is_of_dates_no_line_under_it() -> None:
    (said,) = read("Seen.\n3/1/2025\nIn CR", "response", ON).assertions
    assert said.when is None


@pytest.mark.parametrize(
    ("text", "topic", "value"),
    [
        ("1) MRD negative", "mrd", "negative"),
        ("2) CD22 positive", "cd22", "positive"),
        ("1) Ph positive", "ph", "positive"),
    ],
)
def test_a_number_and_its_bracket_open_an_item(text: str, topic: str, value: str) -> None:
    assert read(text, topic).values == {value}
