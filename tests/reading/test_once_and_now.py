"""A state and the one that it was before: in brackets, turned into one another, and within one clause."""

from __future__ import annotations

import pytest

from cds_service.clinical.reading.assertions import Time
from cds_service.clinical.reading.reader import read


@pytest.mark.parametrize(
    ("now", "before", "topic"),
    [
        ("MRD negative", "MRD positive", "mrd"),
        ("MRD positive", "MRD negative", "mrd"),
        ("CD22 negative", "CD22 positive", "cd22"),
        ("CD22 positive", "CD22 negative", "cd22"),
    ],
)
@pytest.mark.parametrize(
    "written", ["{} (previously {})", "{} (prior: {})", "{} (at diagnosis {})", "{} [initially {}]"]
)
def test_a_result_of_before_in_brackets_is_of_the_past(
    written: str, now: str, before: str, topic: str
) -> None:
    found = read(written.format(now, before), topic).assertions
    assert [(a.value, a.time) for a in found] == [
        (now.split()[1], Time.PRESENT),
        (before.split()[1], Time.PAST),
    ]


def test_behind_the_bracket_the_past_is_over() -> None:
    assert read("CD19 positive (previously CD19 negative), CD22 positive", "cd22").values == {"positive"}


@pytest.mark.parametrize("verb", ["converted to", "reverted to", "turned into"])
@pytest.mark.parametrize(("first", "later"), [("PR", "CR"), ("In CR", "relapse"), ("Not in CR", "CR")])
def test_a_state_that_became_another_is_none_of_now(first: str, later: str, verb: str) -> None:
    assert not read(f"{first}, {verb} {later}", "response").values & read(first, "response").values


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("No VOD then VOD", "vod"),
        ("From no VOD to VOD", "vod"),
        ("Not in CR then in CR", "response"),
        ("No extramedullary disease then extramedullary disease", "extramedullary"),
    ],
)
def test_a_denial_that_turns_denies_nothing(text: str, topic: str) -> None:
    assert not read(text, topic).values
