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
