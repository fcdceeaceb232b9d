"""Grades and words of severity: the highest that a text states of its event, and what it leaves open."""

import pytest

from cds_service.clinical.reading.grades import grade_in, open_rank, severity_in, stated_rank
from tests.policy.chart_notes import adverse_event, condition, verdict
from tests.policy.treated import raised, second_cycle

SEVERE = [
    "Infusion reaction grade 2-3",
    "IRR gr 2-3",
    "Infusion reaction, grade 2 to 3",
    "Infusion reaction grade 2 -> 3",
    "Infusion reaction grade 2 \u2192 grade 3",
    "Infusion reaction grade 1-3",
    "Infusion reaction grade 2/3",
    "Infusion reaction grade 2 or 3",
    "Infusion reaction G2-3",
    "Infusion reaction grade II-III",
    "Infusion reaction gr III",
    "grade three infusion reaction",
    "CTCAE gr. 3 infusion reaction",
    "Infusion reaction, CTCAE v5.0 grade 3",
    "grade 1 infusion reaction (grade 3 with the previous dose)",
    "Infusion reaction improved from grade 3 to grade 1",
    "Infusion reaction grade 2, later progressed to grade 3",
    "Infusion reaction grade 3 requiring pressors",
    "Infusion reaction, severe",
    "Infusion reaction grade 3, no prior reaction of grade 4",
    "Infusion reaction, grade 3: wheezing, epinephrine given",
]
MILD = [
    "Infusion reaction grade 2, did not progress to grade 3",
    "Infusion reaction grade 2; never reached grade 3",
    "Infusion reaction grade 2, below grade 3",
    "Infusion reaction grade 2, less than grade 3",
    "Infusion reaction grade 2; grade 3 criteria not met",
    "Infusion reaction grade 2, grade 3 ruled out",
    "Infusion reaction grade 1. Stop if grade 3.",
    "Infusion reaction, grade 1; if grade 3: hypotension, stop",
    "Infusion reaction grade 2. No prior severe reaction.",
    "Infusion reaction grade 1; risk of severe reaction discussed",
    "Infusion reaction grade 2. Patient education on severe reactions.",
    "Infusion reaction grade 1, not severe",
    "Infusion reaction grade 1-2",
    "Infusion reaction gr II",
    "Infusion reaction grade 2 and 3 doses given",
    "Infusion reaction grade 2 - 4/12/2026",
]
OPEN = [
    "Infusion reaction corrected from grade 3 to grade 2",
    "Grade 2 infusion reaction; downgraded from grade 3 by PI",
    "Infusion reaction grade 1, stop for grade 3",
    "Infusion reaction grade 1, severe headache",
    "Infusion reaction with grade 3 hypotension",
    "Infusion reaction grade 2; neutropenia grade 4",
    "Infusion reaction grade 2, history of grade 3 reaction to rituximab",
    "Infusion reaction grade 2, possibly grade 3",
    "Infusion reaction grade 3?",
    "Infusion reaction grade 1, sister had severe reactions",
    "Infusion reaction grade 3/10",
    "Infusion reaction grade 2/5",
    "Severe rigors with infusion reaction",
    "Infusion reaction grade 2 (severe reactions are grade 3)",
    "Infusion reaction grade 2, almost grade 3",
]


@pytest.mark.parametrize("text", SEVERE)
def test_the_highest_grade_that_is_stated_counts(text):
    assert stated_rank(text) == 3
    assert open_rank(text) <= 3


@pytest.mark.parametrize("text", MILD)
def test_a_denied_supposed_or_taught_grade_is_none(text):
    assert stated_rank(text) in (1, 2)
    assert open_rank(text) == 0


@pytest.mark.parametrize("text", OPEN)
def test_a_grade_that_may_be_anothers_is_left_open(text):
    assert stated_rank(text) < 3
    assert open_rank(text) > stated_rank(text)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [(SEVERE, {"unknown", "not-met"}), (MILD, {"met", "unknown"}), (OPEN, {"unknown"})],
    ids=["severe", "mild", "open"],
)
def test_only_a_severe_reaction_stops_and_only_a_mild_one_lets_go_on(texts, expected):
    for text in texts:
        assert verdict(second_cycle(adverse_event(text, "2026-04-01")), "POL-B-I-TOX") in expected, text


def test_a_range_up_to_grade_3_is_a_stop():
    d = second_cycle(adverse_event("Infusion reaction grade 2-3", "2026-04-01"))
    assert raised(d, "POL-TOX-IRR-SEV") == {("permanent-discontinuation", "critical")}


def test_a_recorded_severity_stands_beside_words_that_leave_a_higher_one_open():
    d = second_cycle(
        adverse_event("Infusion reaction. Neutropenia grade 4.", "2026-04-01", severity="severe")
    )
    assert verdict(d, "POL-B-I-TOX") == "not-met"
    d = second_cycle(adverse_event("Infusion reaction. Neutropenia grade 4.", "2026-04-01", severity="mild"))
    assert verdict(d, "POL-B-I-TOX") == "unknown"


@pytest.mark.parametrize(
    "text",
    [
        "Infusion reaction grade 1, possible anaphylaxis",
        "Infusion reaction grade 2, anaphylaxis cannot be excluded",
    ],
)
def test_a_suspected_anaphylaxis_neither_stops_nor_lets_go_on(text):
    assert verdict(second_cycle(adverse_event(text, "2026-04-01")), "POL-B-I-TOX") == "unknown"


@pytest.mark.parametrize(
    "text",
    [
        "Infusion reaction grade 3, platelets 20K",
        "Infusion reaction grade 3, given IVIG",
        "Infusion reaction grade 3. History of reaction to penicillin.",
        "Infusion reaction grade 3, allergic to penicillin",
    ],
)
def test_an_agent_beside_a_reaction_that_is_not_named_as_its_cause_silences_nothing(text):
    assert verdict(second_cycle(adverse_event(text, "2026-04-01")), "POL-B-I-TOX") in ("unknown", "not-met")


def test_a_severe_reaction_in_the_note_of_a_problem_counts():
    d = second_cycle(
        condition(None, text="Infusion reaction, grade 2", onset="2026-04-01", note="Grade 3 reaction")
    )
    assert verdict(d, "POL-B-I-TOX") == "not-met"


@pytest.mark.parametrize(
    ("text", "grade", "severity"),
    [
        ("Mucositis grade 3", 3, ""),
        ("Severe mucositis", None, "severe"),
        ("Mucositis grade 2-3", 3, ""),
        ("Mucositis, no grade 3 lesion", None, ""),
        ("Mucositis", None, ""),
        ("Fatal hemorrhage", None, "life-threatening"),
    ],
)
def test_grades_and_words_of_any_event(text, grade, severity):
    assert (grade_in(text), severity_in(text)) == (grade, severity)


@pytest.mark.parametrize("again", ["grade 2 to 3 ", "gr 3 - ", "severe ", "no grade 3 or "])
def test_a_grade_said_many_times_looks_no_further_than_its_surroundings(again):
    """A look at all that stands before each would take minutes for a text of this length."""
    assert grade_in(again * (60_000 // len(again))) in (3, None)


@pytest.mark.parametrize(
    "text", ["Anaphylaxis, food", "Anaphylactic reaction (bee sting)", "Anaphylaxis - peanuts"]
)
def test_an_allergen_alone_behind_the_name_is_its_cause(text):
    d = second_cycle(condition("", text=text, recorded="2026-04-01"))
    assert verdict(d, "POL-B-I-TOX") == "met"
    assert raised(d, "POL-TOX-IRR-SEV") == set()


@pytest.mark.parametrize(
    "text", ["Anaphylaxis, platelets", "Anaphylaxis, antibiotics given", "Anaphylaxis, no food since noon"]
)
def test_what_may_be_its_treatment_is_not(text):
    d = second_cycle(condition("", text=text, recorded="2026-04-01"))
    assert verdict(d, "POL-B-I-TOX") != "met"
