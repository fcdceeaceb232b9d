"""A word or two behind a statement that doubt it, take it back or say whose word it is: it is stated no more."""

from datetime import date

import pytest

from cds_service.clinical.reading.assertions import Certainty
from cds_service.clinical.reading.reader import read

STATES = [("response", "In CR"), ("response", "No progression"), ("extramedullary", "No extramedullary disease"), ("mrd", "MRD negative"), ("cd22", "CD22 positive"), ("ph", "BCR::ABL1 detected")]  # fmt: skip
ASIDES = [
    "hopefully", "maybe", "perhaps", "presumably", "supposedly", "provisional", "so she says", "or so we thought", "too early to say", "other pt",
    "debunked", "voided", "since overturned", "later rescinded", "disputed", "unfounded", "self-reported", "team disagrees", "cannot tell", "typo",
]  # fmt: skip
JOINED = ["{0}, {1}", "{0} ({1})", "{0} - {1}"]


def stated(topic: str, text: str) -> set[str]:
    found = read(text, topic, date(2026, 4, 12)).assertions
    return {a.value for a in found if a.is_now and a.certainty is Certainty.STATED}


@pytest.mark.parametrize("joined", JOINED)
@pytest.mark.parametrize("aside", ASIDES)
@pytest.mark.parametrize(("topic", "state"), STATES)
def test_what_an_aside_takes_back_is_not_stated(topic: str, state: str, aside: str, joined: str) -> None:
    assert stated(topic, state)
    assert not stated(topic, joined.format(state, aside))


@pytest.mark.parametrize(
    "aside",
    [
        "feeling well",
        "afebrile",
        "marrow 4/8",
        "C2 today",
        "will start C2",
        "4 weeks after starting Besponsa",
    ],
)
def test_what_stands_beside_it_leaves_it(aside: str) -> None:
    assert stated("response", f"In complete remission, {aside}") == {"cr"}


@pytest.mark.parametrize(
    ("text", "value"),
    [("MRD negative, so she will go to transplant", "negative"), ("MRD positive, we will give blinatumomab", "positive"), ("MRD negative, which is wonderful", "negative")],
)  # fmt: skip
def test_what_is_done_next_is_no_part_of_a_result(text: str, value: str) -> None:
    assert stated("mrd", text) == {value}


@pytest.mark.parametrize("became", ["relapsed 3/2026", "discharged", "treated", "recovered"])
def test_what_became_of_the_patient_takes_nothing_back(became: str) -> None:
    assert read(f"AlloSCT 6/2025 c/b VOD, {became}.", "vod").values == {"vod"}
