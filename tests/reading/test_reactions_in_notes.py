"""A severe infusion reaction told of in a note asks; another agent's, a denied one and one of the past do not."""

import pytest

from tests.reading.asking import ask

NOTE = "DocumentReference.description"


@pytest.mark.parametrize("text", [
    "She had anaphylaxis during the infusion.", "Developed gr 3 IRR 20 min into infusion.", "InO d/c'd due to severe IRR.",
    "InO permanently stopped due to anaphylaxis.", "Had severe infusion reaction during today's InO (SBP 70s), epi given.",
])  # fmt: skip
def test_a_severe_one_asks(text):
    assert ask("infusion-reaction", NOTE, text) == "ungraded"


@pytest.mark.parametrize("text", [
    "Had IRR with rituximab in 2019.", "Has had no infusion reactions.", "Had anaphylaxis to penicillin.", "Mother had anaphylaxis.",
    "She has never had an infusion reaction.", "Rituximab discontinued due to anaphylaxis", "Infusion should be discontinued for anaphylaxis.",
])  # fmt: skip
def test_one_that_is_not_of_this_drug_does_not(text):
    assert ask("infusion-reaction", NOTE, text) == "none"


@pytest.mark.parametrize("text", [
    "No IRR C1; grade 3 IRR C2", "No infusion reaction on D1. Grade 3 infusion reaction on D8.", "Grade 3 IRR on D1. No IRR on D8.",
    "No infusion reaction during first 10 min, then severe infusion reaction", "Grade 3 IRR on C1D1. Now no IRR.",
    "No infusion reaction with C1. Anaphylaxis with C2D1.", "Infusion reaction: none; hypersensitivity: anaphylaxis to InO 4/1",
    "Infusion reaction? [x] Yes [ ] No  Grade: 3",
])  # fmt: skip
def test_one_that_is_denied_of_another_time_still_asks(text):
    assert ask("infusion-reaction", NOTE, text) == "ungraded"


@pytest.mark.parametrize("text", [
    "Grade 3 neutropenia; infusion reaction grade 1", "Infusion reaction grade 1 today.\nNeutropenia grade 4.", "Infusion reaction? No infusion reaction.",
    "No infusion reaction. No anaphylaxis.",
])  # fmt: skip
def test_a_grade_of_another_event_makes_none_severe(text):
    assert ask("infusion-reaction", NOTE, text) == "none"


@pytest.mark.parametrize(
    "text",
    ["Infusion reaction today. Grade 3.", "Infusion reaction grade 1 (grade 3 with the previous dose)"],
)
def test_its_own_grade_may_stand_behind_it(text):
    assert ask("infusion-reaction", NOTE, text) == "ungraded"
