"""Names of recorded conditions: what an entry's own words state, leave undecided or take back.

``names.csv``: ``now`` is recorded of this patient now, ``open`` named in words that are not wholly understood (quoted,
a warning, lifts nothing), ``no`` none of both: another person's, denied, over, past, doubted, planned, taught.
"""

import csv
from pathlib import Path

import pytest

from cds_service.clinical.named_conditions import recorded

with Path(__file__).with_name("names.csv").open(encoding="utf-8", newline="") as lines:
    NAMES = [(row["concept"], row["text"], row["says"]) for row in csv.DictReader(lines)]
NOW = [(concept, text) for concept, text, says in NAMES if says == "now"]


def said(concept, text, code=None):
    found = recorded({"text": text} | (code or {}), text)
    return "now" if concept in found.stated else "open" if concept in found.undecided else "no"


@pytest.mark.parametrize(("concept", "text", "expected"), NAMES, ids=[f"{c}-{t}" for c, t, _ in NAMES])
def test_what_a_name_records(concept, text, expected):
    assert said(concept, text) == expected


SILENCING = (
    "Father: ",
    "If ",
    "Risk of ",
    "Goal: ",
    "Discussed ",
    "Trial for ",
    "Wife with ",
    "Family history of ",
    "Education on ",
    "Avoid ",
)


@pytest.mark.parametrize("prefix", SILENCING)
def test_behind_words_of_another_person_time_or_place_a_name_records_nothing(prefix):
    assert {
        text: said(concept, f"{prefix}{text}")
        for concept, text in NOW
        if said(concept, f"{prefix}{text}") != "no"
    } == {}


@pytest.mark.parametrize("prefix", ["No ", "History of ", "Possible ", "No evidence of "])
def test_behind_a_denial_a_doubt_or_the_past_a_name_is_not_stated(prefix):
    assert [text for concept, text in NOW if said(concept, f"{prefix}{text}") == "now"] == []


@pytest.mark.parametrize(
    "text",
    [
        f"{text} {word}"
        for text in ("Sepsis", "Bleeding", "Pregnancy")
        for word in ("xyzzy", "of the quux", "(zyx)", "- plugh")
    ],
)
def test_a_word_that_is_not_known_never_silences_a_record(text):
    assert any(said(concept, text) in ("now", "open") for concept in ("infection", "hemorrhage", "pregnancy"))


SEPSIS = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "A41.9"}]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "now"),
        ("Transferred from outside", "now"),
        ("Sepsis of the quux", "now"),
        ("Sepsis, resolved", "no"),
        ("Sepsis ruled out", "no"),
        ("History of sepsis", "no"),
        ("Sepsis bundle teaching", "open"),
        ("Possible sepsis", "open"),
    ],
)
def test_beside_a_code_the_own_name_takes_back_only_what_it_denies(text, expected):
    assert said("infection", text, SEPSIS) == expected


def test_the_own_name_goes_before_the_names_of_codes():
    found = recorded({}, "Sepsis, resolved | Sepsis, unspecified organism")
    assert not found.stated & {"infection"}
    assert "infection" in recorded({}, "Problem 3 | Sepsis, unspecified organism").stated
