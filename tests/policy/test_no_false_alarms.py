"""A service that cries wolf is switched off: what must raise nothing, on whole patients."""

import json
import re
from datetime import datetime

import pytest

from cards import render
from tests.policy.chart_notes import (
    adverse_event,
    condition,
    determine_all,
    document,
    drug_order,
    order,
)
from tests.policy.treated import C2D1, TREATED, finding_free, second_cycle

QUIET = {
    "anaphylaxis to contrast on the day of a dose": adverse_event("Anaphylaxis", "2026-03-25", suspect="Iohexol (iodinated contrast)"),
    "ursodiol for VOD prophylaxis": drug_order("ursodiol", authored="2026-03-10", reason="VOD prophylaxis"),
    "no evidence of VOD": document("2026-04-13", "Liver ultrasound: no evidence of VOD."),
    "negated problem": condition(None, text="No evidence of veno-occlusive disease", onset="2026-04-10"),
    "premedication": drug_order("methylprednisolone", authored="2026-03-18", reason="premedication"),
    "a cough": condition(None, text="Cough", onset="2026-04-10"),
    "a family history of QT prolongation": condition(None, text="Family history of long QT syndrome", onset="2026-04-10"),
}  # fmt: skip


@pytest.mark.parametrize("added", QUIET.values(), ids=QUIET)
def test_a_well_documented_second_cycle_stays_one_info_card(added):
    d = second_cycle(added)
    assert finding_free(d)
    assert d.coverage.value == "met"
    assert d.needed == ()


DAY_15 = datetime.fromisoformat("2026-04-01T18:00:00-04:00")


def signed_ahead():
    """Signed in the evening of cycle 1 day 15, for the three weeks that begin 20 days later."""
    earlier = {"2026-04-10": "2026-03-30", "2026-04-12": "2026-03-30", "2026-04-14": "2026-03-30"}
    record = json.loads(re.sub("|".join(earlier), lambda m: earlier[m[0]], json.dumps(TREATED)))
    orders = [
        order(f"2026-{day}", f"Cycle 2 Day {n}", 0.88, id=f"day-{n}")
        for day, n in (("04-21", 1), ("04-28", 8), ("05-05", 15))
    ]
    return orders, determine_all(record, orders, clock=DAY_15)


def test_days_1_8_and_15_signed_three_weeks_ahead_raise_only_a_reminder_of_the_counts():
    _, found = signed_ahead()
    assert [(d.request, d.cycle, d.day) for d in found] == [("continuation", 2, day) for day in (1, 8, 15)]
    assert all(finding_free(d) and d.coverage.value == "met" for d in found)
    assert {n.item for d in found for n in d.needed} == {"cbc"}
    assert not any(n.decides for d in found for n in d.needed)


def test_their_cards_are_coverage_and_an_info_reminder_only():
    orders, found = signed_ahead()
    by_reference = {f"MedicationRequest/{o['id']}": o for o in orders}
    cards = render(
        found, tenant="t", patient_id="p1", orders=by_reference, public_url="https://cds.example.org"
    )
    assert {c["indicator"] for c in cards} == {"info"}
    assert {c["extension"]["payer-policy-cds"]["kind"] for c in cards} == {"coverage", "documentation"}


def test_the_plain_second_cycle_raises_nothing():
    assert finding_free(second_cycle(draft=C2D1))
