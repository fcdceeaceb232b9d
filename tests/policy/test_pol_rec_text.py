"""POL-REC-TEXT: what a text states of this patient now, and what follows where it was not understood.

The order is for cycle 3; cycle 2 (the last completed one) began on 2026-03-19, cycle 1 on 2026-02-26.
"""

from decimal import Decimal

import pytest

from tests.policy.chart_notes import (
    SNOMED,
    body_size,
    condition,
    criterion,
    determine,
    document,
    needed,
    order,
    patient,
    report,
    stated,
    verdict,
)
from tests.policy.cycles import before_cycle
from tests.policy.treated import C1D1, C2D1, IN_CR, TREATED, second_cycle

PROG, DOCUMENTED = "POL-B-I-PROG", "POL-B-I-B"
BASE = [patient(), condition("C91.02", recorded="2026-03-01"), *body_size()]


def first_order(*notes):
    return determine([*BASE, *notes], order("2026-04-16", "Cycle 1 Day 1", 1.41))


CR = document("2026-04-05", "CR after two cycles.", id="cr")


def rows(*notes, cycle=3):
    """The rows of the dose table that the response leaves."""
    dose = before_cycle(cycle, *notes).dose
    found = [dose.mg_per_m2] if dose.mg_per_m2 is not None else [o.mg_per_m2 for o in dose.options]
    return sorted(Decimal(r).normalize() for r in found)


WITH, WITHOUT, BOTH = [Decimal("0.5")], [Decimal("0.8")], [Decimal("0.5"), Decimal("0.8")]


# ---- "Not in CR" after a CR (step 3) ----------------------------------------------------------------


def test_not_in_cr_after_a_cr_and_no_relapse_leaves_both_rows_and_names_both():
    d = before_cycle(3, CR, document("2026-04-12", "Not in CR."))
    assert rows(CR, document("2026-04-12", "Not in CR.")) == BOTH
    assert verdict(d, DOCUMENTED) == "unknown"
    assert "CR stated (2026-04-05)" in criterion(d, DOCUMENTED).because
    assert "no CR or CRi stated (2026-04-12)" in criterion(d, DOCUMENTED).because


def test_a_relapse_after_that_is_a_lost_response():
    d = before_cycle(
        3, CR, document("2026-04-10", "Not in CR."), document("2026-04-12", "Relapsed, blasts 40 %.")
    )
    assert verdict(d, PROG) == "not-met"


def test_a_cr_after_that_stands():
    assert (
        rows(CR, document("2026-04-10", "Not in CR."), document("2026-04-12", "CR on repeat marrow.")) == WITH
    )


@pytest.mark.parametrize("text", ["PR.", "Stable disease."])
def test_a_lesser_response_alone_does_not_end_a_cr(text):
    assert rows(CR, document("2026-04-12", text)) == WITH


# ---- The disease's name, and entries of a relapse (step 4) ---------------------------------------------


@pytest.mark.parametrize(
    "text", ["Relapsed B-ALL, seen in clinic.", "R/R ALL on inotuzumab.", "Refractory B-ALL."]
)
def test_the_name_of_the_disease_is_no_relapse_of_this_course(text):
    assert rows(CR, document("2026-04-12", text)) == WITH


def test_the_code_of_a_relapse_repeated_at_a_visit_ends_no_cr():
    visit = condition("C91.02", recorded="2026-04-12", id="visit")
    assert rows(CR, visit) == WITH
    assert verdict(before_cycle(3, CR, visit), PROG) == "met"


def test_an_entry_whose_own_onset_is_later_than_the_cr_is_a_relapse():
    entry = condition("C91.02", onset="2026-04-12", recorded="2026-04-12", id="entry")
    assert rows(CR, entry) == BOTH
    assert verdict(before_cycle(3, CR, entry), PROG) == "not-met"


def test_an_entry_of_a_relapse_without_a_cr_before_it_says_nothing_of_the_response():
    entry = condition("C91.02", onset="2026-04-01", recorded="2026-04-01", id="entry")
    assert rows(entry) == BOTH
    assert verdict(before_cycle(3, entry), PROG) == "unknown"


# ---- The time that a text gives itself (steps 1 and 5) --------------------------------------------------


def test_a_state_after_an_earlier_cycle_is_dated_to_that_cycle():
    assert (
        rows(document("2026-04-12", "Not in CR after cycle 1.")) == BOTH
    )  # older than the last cycle: not valid
    assert rows(document("2026-04-12", "Not in CR after cycle 2.")) == WITHOUT


def test_a_cr_after_an_earlier_cycle_stands():
    assert rows(document("2026-04-12", "CR after cycle 1.")) == WITH


def test_a_date_in_the_text_is_the_date_of_the_statement():
    assert rows(document("2026-04-12", "Relapse 2/2026. CRi on marrow of 4/10.")) == WITH
    assert rows(document("2026-04-12", "CR in 2024.")) == BOTH


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Was in CR after C1, now relapsed.", "not-met"),
        ("At start of InO not in remission; now CR.", "met"),
        ("Previously relapsed B-ALL, now in complete remission.", "met"),
        ("Progression. CORRECTION: no progression.", "met"),
        ("CR. Relapse.", "unknown"),
    ],
)
def test_of_several_states_the_latest_is_the_present_and_opposites_without_order_are_none(text, expected):
    assert verdict(before_cycle(3, document("2026-04-12", text)), PROG) == expected


# ---- What was not understood (step 7) ------------------------------------------------------------------


def test_a_text_that_was_not_understood_is_quoted_beside_the_item_that_it_could_have_settled():
    d = before_cycle(3, document("2026-04-12", "Robust CR vibes per the night team."))
    assert "response" in needed(d)
    (because,) = [n.because for n in d.needed if n.item == "response"]
    assert 'on file and not understood: text of 2026-04-12: "Robust CR vibes per the night team"' in because


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ("mrd", "MRD vibes good per the night team."),
        ("hsct-plan", "Transplant vibes good per the night team."),
    ],
)
def test_so_it_is_with_mrd_and_the_transplant_plan(item, text):
    plan = [document("2026-04-11", "HSCT planned.", id="plan")] if item == "mrd" else []
    d = before_cycle(3, CR, *plan, document("2026-04-12", text))
    (because,) = [n.because for n in d.needed if n.item == item]
    assert f'on file and not understood: text of 2026-04-12: "{text[:-1]}"' in because


def test_so_it_is_with_cd22_on_a_first_order():
    d = first_order(report("2026-04-10", "CD22 vibes good per the night team."))
    (because,) = [n.because for n in d.needed if n.item == "cd22"]
    assert 'text of 2026-04-10: "CD22 vibes good per the night team' in because


@pytest.mark.parametrize("text", ["Goal is CR.", "Father in CR.", "Seen in clinic."])
def test_a_text_that_speaks_of_something_else_is_not_quoted(text):
    d = before_cycle(3, document("2026-04-12", text))
    assert all("not understood" not in n.because for n in d.needed)


def test_a_text_that_was_not_understood_blocks_no_older_statement():
    assert rows(CR, document("2026-04-12", "Robust CR vibes per the night team.")) == WITH


def test_an_item_that_is_settled_quotes_nothing():
    d = before_cycle(3, CR, document("2026-04-12", "Robust CR vibes per the night team."))
    assert "response" not in needed(d)


# ---- Every place where words stand ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "note",
    [
        document("2026-04-12", "Failed to achieve complete remission."),
        report("2026-04-12", "Not yet in CR."),
        stated("Response to treatment", "CR rate 80 %", "2026-04-12"),
        stated("Response to treatment", "If CR, reduce the dose", "2026-04-12"),
    ],
    ids=["failed to achieve", "not yet", "a rate", "a condition"],
)
def test_what_is_not_a_remission_is_taken_for_none(note):
    assert rows(note) != WITH


# ---- Answers in the components of an Observation, as forms are kept ----


def form(question, day="2026-04-10", **value):
    return stated("Assessment", "", day, id="form") | {"component": [{"code": {"text": question}} | value]}


SNOMED_YES = {"coding": [{"system": SNOMED, "code": "373066001", "display": "Yes (qualifier value)"}]}
YES = [{"valueString": "yes"}, {"valueBoolean": True}, {"valueCodeableConcept": SNOMED_YES}]


@pytest.mark.parametrize("value", YES, ids=["words", "boolean", "SNOMED CT"])
def test_pol_rec_text_a_component_is_read_with_its_question(value):
    open_ = [r for r in TREATED if r["id"] not in ("progress-note", IN_CR["id"])]
    response = determine([*open_, form("Complete remission", **value)], C2D1)
    assert verdict(response, "POL-B-I-B") == "met"
    assert verdict(determine([*open_, form("Relapse", **value)], C2D1), "POL-B-I-PROG") == "not-met"
    assert verdict(second_cycle(form("VOD", **value)), "POL-B-I-TOX") == "unknown"
    diagnosis = condition("277572006", system=SNOMED, recorded="2026-04-01")
    for question in ("Prior HSCT", "Prior therapy"):
        d = determine([patient(), diagnosis, form(question, **value)], C1D1)
        assert verdict(d, "POL-A-IV-FL") in ("unknown", "not-met"), question


def test_pol_rec_text_a_component_that_says_no_denies():
    assert verdict(second_cycle(form("VOD", valueBoolean=False)), "POL-B-I-TOX") == "met"
