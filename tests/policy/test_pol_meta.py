"""POL-META-1 and what the notes of a determination say of how the order was read."""

from cards import render
from tests.policy.chart_notes import administration, determine, order, patient, procedure
from tests.policy.cycles import DIAGNOSIS, doses


def notes(*events, draft):
    return " ".join(determine([*DIAGNOSIS, *events], draft).notes)


def test_pol_meta_1_an_order_planned_before_the_effective_date_says_so():
    assert "effective date (2026-03-24)" in notes(draft=order("2026-03-23"))
    assert "effective date" not in notes(draft=order("2026-03-24"))


def test_pol_meta_1_the_policy_is_named_with_its_number_and_date():
    policy = determine(DIAGNOSIS, order()).policy
    assert (policy.id, policy.effective) == ("MP-RX-FP-12-23", "2026-03-24")


def test_a_new_course_names_what_ended_the_one_before():
    events = [
        administration("2025-10-01"),
        administration("2025-10-20", None, drug={"text": "doxorubicin"}, id="doxorubicin"),
        procedure("425843001", "2025-12-10"),
    ]
    assert "then stem cell transplant 2025-12-10" in notes(*events, draft=order())


def test_an_order_without_a_date_is_read_as_planned_for_today():
    draft = order()
    dosage = {k: v for k, v in draft["dosageInstruction"][0].items() if k != "timing"}
    undated = draft | {"dosageInstruction": [dosage]}
    assert "planned for today (2026-04-15)" in notes(draft=undated)


def test_a_contradicting_label_is_named_with_the_doses():
    said = notes(*doses(2), draft=order(text="Cycle 1 Day 1"))
    assert "the order says cycle 1 day 1" in said
    assert "3 doses recorded, the last cycle 1 day 15 on 2026-04-09" in said


def test_pol_meta_2_and_pol_code_disc_the_coverage_card_says_what_takes_precedence():
    d = determine([patient()])
    card = render([d], tenant="t", patient_id="p1", orders={d.order: order()}, public_url="http://127.0.0.1")[
        0
    ]
    assert "law, contract and plan rules may take precedence" in card["detail"]
    assert "A listed code implies no coverage by itself" in card["detail"]
