"""The safety card: one for an order, its first words the strongest action, one line for each finding."""

import pytest

from tests.cards.rendering import cards_of, facts, of_kind
from tests.policy.chart_notes import adverse_event, condition, drug_order, observation, order
from tests.policy.treated import C1D1, C2D1, NEVER_TREATED, TREATED

VOD = condition("K76.5", onset="2026-04-10")
SEPSIS = condition("A41.9", onset="2026-04-10")
MUCOSITIS = adverse_event("Oral mucositis, grade 2", "2026-04-10")
LOW_K = observation("2823-3", "2026-04-14", 3.2, "mmol/L")
NILOTINIB = drug_order("nilotinib", authored="2026-03-01")
LOW_PLATELETS = observation("777-3", "2026-04-15", 40, "10*9/L")


def safety(*added, resources=TREATED, orders=(C2D1,)):
    return of_kind(cards_of([*resources, *added], list(orders)), "safety")


@pytest.mark.parametrize(
    ("added", "first", "indicator"),
    [
        ([VOD], "Stop", "critical"),
        ([VOD, SEPSIS, MUCOSITIS, LOW_K], "Stop", "critical"),
        ([observation("76634-5", "2026-04-14", 510, "ms"), MUCOSITIS], "Do not infuse yet", "critical"),
        ([SEPSIS, MUCOSITIS, LOW_K], "Hold", "warning"),
        ([LOW_PLATELETS, SEPSIS], "Hold", "warning"),
        ([SEPSIS, LOW_K], "Check", "warning"),
        ([NILOTINIB], "Tell the payer", "info"),
    ],
    ids=[
        "a stop",
        "a stop among others",
        "QTc above 500",
        "holds before checks",
        "low platelets",
        "checks",
        "only named",
    ],
)
def test_the_first_words_are_the_strongest_action(added, first, indicator):
    card = safety(*added)
    assert card["summary"].startswith(first)
    assert card["indicator"] == indicator
    assert not card["detail"].startswith(f"- {card['summary']}")


def test_a_card_has_one_line_for_each_finding_with_values_and_basis_and_no_ids():
    card = safety(VOD, SEPSIS, LOW_K)
    lines = card["detail"].splitlines()
    assert len(lines) == len(facts(card)["findings"]) == 3
    assert "2026-04-10" in card["summary"]
    assert "policy, Background" in lines[0]
    assert "2026-04-10" in lines[1]
    assert "(policy, Limits B, non-hematologic table)" in lines[1]
    assert any("(recommendation)" in line for line in lines)
    vod = facts(card)["findings"][0]
    assert (vod["rules"], vod["evidence"]) == (["POL-BBW-STOP"], [f"Condition/{VOD['id']}"])


def test_the_card_indicator_is_the_highest_of_its_findings():
    card = safety(SEPSIS, NILOTINIB)
    indicators = {f["indicator"] for f in facts(card)["findings"]}
    assert indicators == {"info", "warning"}
    assert card["indicator"] == "warning"


def test_a_label_rule_is_marked_as_label():
    card = safety(condition("Z33.1", onset="2026-03-01"))
    assert "FDA label" in card["detail"]
    assert facts(card)["findings"] == [
        {
            "kind": "embryo-fetal",
            "indicator": "warning",
            "rules": ["POL-LAB-EMBRYO"],
            "basis": "label",
            "evidence": ["Condition/Z33.1-2026-03-01"],
        }
    ]


def test_nothing_found_gives_no_safety_card():
    assert safety() is None


def test_orders_signed_together_each_name_their_place():
    orders = [order("2026-04-16", "C1D1", 1.41, id="d1"), order("2026-04-23", "C1D8", 0.88, id="d8")]
    cards = cards_of([*NEVER_TREATED, condition("Z33.1", onset="2026-03-01")], orders)
    found = [c for c in cards if facts(c)["kind"] == "safety"]
    assert [facts(c)["order"] for c in found] == ["MedicationRequest/d1", "MedicationRequest/d8"]
    assert ["(cycle 1 day 1)" in found[0]["summary"], "(cycle 1 day 8)" in found[1]["summary"]] == [
        True,
        True,
    ]


def test_a_well_documented_second_cycle_gives_exactly_one_info_coverage_card():
    (card,) = cards_of(TREATED, [C2D1])
    assert (facts(card)["kind"], card["indicator"]) == ("coverage", "info")


def test_a_first_cycle_carries_the_boxed_warning_inside_its_coverage_card():
    cards = cards_of(NEVER_TREATED, [C1D1])
    assert of_kind(cards, "safety") is None
    assert "Boxed warning" in of_kind(cards, "coverage")["detail"]


def test_with_many_findings_the_critical_ones_keep_their_reason():
    """Under a stop for VOD, "do not infuse yet" says which QTc; holds follow by what to do."""
    found = [
        VOD, MUCOSITIS, observation("76634-5", "2026-04-15", 510, "ms"), observation("777-3", "2026-04-15", 30, "10*9/L"),
        observation("2823-3", "2026-04-15", 3, "mmol/L"), observation("1975-2", "2026-04-15", 4, "mg/dL"),
        drug_order("Ondansetron", authored="2026-04-15"),
    ]  # fmt: skip
    detail = safety(*found)["detail"]
    assert "- **Do not infuse yet:** QTcF 510 ms (2026-04-15)" in detail
    for act in ("Hold the next cycle", "Hold the dose until grade 1", "Correct potassium"):
        assert act in detail


def test_a_disease_that_is_recorded_by_its_code_alone_is_named_by_it():
    cirrhosis = condition("K74.60", recorded="2023-01-01")
    summary = safety(cirrhosis, resources=NEVER_TREATED, orders=(C1D1,))["summary"]
    assert summary.endswith("liver disease (K74.60, 2023-01-01)")
