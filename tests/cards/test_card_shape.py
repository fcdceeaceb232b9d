"""Cards as CDS Hooks and the contract want them, over many patients."""

import re
import uuid

import pytest

from cards import render
from cds_service.engine.determination import CardKind, Indicator
from cds_service.fhir.record import DataKind, Gap
from tests.cards.rendering import URL, cards_of, facts, of_kind, texts
from tests.fixtures import NAMES, Fixture
from tests.policy.chart_notes import (
    administration,
    adverse_event,
    condition,
    drug_order,
    held,
    observation,
    order,
    patient,
    report,
)
from tests.policy.treated import C1D1, C2D1, NEVER_TREATED, TREATED

PATIENTS = {
    "never treated": (NEVER_TREATED, [C1D1]),
    "treated": (TREATED, [C2D1]),
    "nothing but an order": ([], [order("2026-04-16", None, None, dose={})]),
    "a patient without a birth date": ([patient(None)], [C1D1]),
    "undated and bare records": (
        [
            *TREATED, condition(None, text="VOD"), adverse_event("Infusion reaction"), condition("A41.9"),
            observation("777-3", None, 10, "10*9/L"), observation("76634-5", None, 520, "ms"), condition("Z33.1"),
        ],
        [C2D1],
    ),
    "all at once": (
        [
            *TREATED, condition("K76.5", onset="2026-04-10"), adverse_event("Oral mucositis, grade 4", "2026-04-10"),
            observation("76634-5", "2026-04-14", 510, "ms"), observation("2823-3", "2026-04-14", 3.0, "mmol/L"),
            drug_order("nilotinib", authored="2026-03-01"), observation("777-3", "2026-04-15", 20, "10*9/L"),
            observation("1975-2", "2026-04-14", 5, "mg/dL"), observation("1742-6", "2026-04-14", 400, "U/L"),
            condition("Z33.1", onset="2026-03-01"), observation("3140-1", "2026-04-14", 2.4, "m2"),
        ],
        [order("2026-04-16", "Cycle 2 Day 1", 14.1)],
    ),
    "nothing seen": ([], [C1D1], [Gap(need, "the server answered 503") for need in DataKind]),
    "an infant with circulating blasts": (
        [*NEVER_TREATED[1:], patient("2025-10-01"), observation("30376-8", "2026-04-14", 40, "10*9/L")], [C1D1],
    ),
    "doses too close": (NEVER_TREATED, [C1D1, order("2026-04-18", "C1D8", 0.88, id="draft-2")]),
    "a long interruption": (
        [
            *NEVER_TREATED, administration("2026-03-05", 1.41, "C1D1"), held("2026-03-12", "Mucositis grade 3", "C1D8"),
            adverse_event("Mucositis grade 3", "2026-03-11", suspect="Inotuzumab ozogamicin", outcome="resolved", recorded="2026-04-10"),
        ],
        [C2D1],
    ),
    "values that cannot be read": (
        [*TREATED, observation("777-3", "2026-04-15", text="see comment"), patient(deceasedDateTime="2026-04-14")], [C2D1],
    ),
    "an order for several cycles": (NEVER_TREATED, [C1D1 | {"dispenseRequest": {"numberOfRepeatsAllowed": 3}}]),
    "three orders": (
        TREATED, [order(f"2026-05-{5 + 7 * n:02}", f"C2D{(1, 8, 15)[n]}", 0.88, id=f"d{n}") for n in range(3)],
    ),
}  # fmt: skip
EXCLUDED = re.compile(r"\b(?:None|null|NaN|nan|Infinity|undefined)\b")


def cards(name):
    resources, orders, *gaps = PATIENTS[name]
    return cards_of(resources, orders, gaps=gaps[0] if gaps else ())


every_patient = pytest.mark.parametrize("name", PATIENTS)


@every_patient
def test_every_card_has_the_members_of_cds_hooks(name):
    for card in cards(name):
        assert uuid.UUID(card["uuid"])
        assert 0 < len(card["summary"]) <= 139
        assert card["indicator"] in ("info", "warning", "critical")
        assert card["source"]["label"]
        assert card["source"]["topic"]["system"] == "http://terminology.hl7.org/CodeSystem/cdshooks-card-type"
        assert all({"code", "system", "display"} <= set(reason) for reason in card["overrideReasons"])
        assert ("selectionBehavior" in card) is ("suggestions" in card)
        for suggestion in card.get("suggestions", ()):
            assert suggestion["label"]
            assert uuid.UUID(suggestion["uuid"])
            assert all(a["description"] and a["type"] in ("create", "update") for a in suggestion["actions"])


@every_patient
def test_each_order_has_one_coverage_card_and_at_most_one_of_each_other_kind(name):
    found = [(facts(c)["order"], facts(c)["kind"]) for c in cards(name)]
    assert len(found) == len(set(found))
    orders = sorted(f"MedicationRequest/{o['id']}" for o in PATIENTS[name][1])
    assert sorted(order for order, kind in found if kind == "coverage") == orders


@every_patient
def test_indicators_follow_the_findings_and_coverage_is_never_critical(name):
    rank = ("info", "warning", "critical")
    for card in cards(name):
        if facts(card)["kind"] == "coverage":
            assert card["indicator"] == ("info" if facts(card)["coverage"] == "met" else "warning")
        elif facts(card)["findings"]:
            assert card["indicator"] == max((f["indicator"] for f in facts(card)["findings"]), key=rank.index)


@every_patient
def test_no_text_contains_none_null_or_nan_or_ends_in_a_colon(name):
    for card in cards(name):
        for text in texts(card):
            assert not EXCLUDED.search(text), text
            assert not text.rstrip().endswith(":") or "\n" in text, text
            assert "  " not in text, text
            assert not re.search(r"\(\s*\)|: \.|\(undated, undated\)|, \.", text), text


@every_patient
def test_detail_is_without_html_tables_and_headings(name):
    for card in cards(name):
        assert not re.search(r"(?<!\\)<|^\s*\|.*\||^#", card["detail"], re.MULTILINE)


@every_patient
def test_the_same_request_gives_the_same_cards(name):
    assert cards(name) == cards(name)


def test_ids_differ_by_tenant_patient_order_decision_and_kind():
    def ids(**how):
        return {c["uuid"] for c in cards_of(how.pop("resources", TREATED), how.pop("orders", [C2D1]), **how)}

    same = ids()
    for other in (
        ids(tenant="hospital-b"),
        ids(orders=[order("2026-04-16", "Cycle 2 Day 1", 0.89)]),
        ids(resources=[*TREATED, condition("K76.5", onset="2026-04-10")]),
    ):
        assert not same & other
    many = [c["uuid"] for c in cards("all at once")]
    assert len(many) == len(set(many))


def test_an_order_of_another_drug_gives_no_card():
    assert cards_of(TREATED, [drug_order("gemtuzumab ozogamicin", status="draft", id="draft-2")]) == []


def test_the_link_to_the_detail_view_carries_only_the_opaque_id():
    (card,) = cards_of(TREATED, [C2D1], app_context={"MedicationRequest/draft-1": "a1b2"})
    (link,) = card["links"]
    assert link["url"] == f"{URL}/launch"
    assert (link["type"], link["appContext"]) == ("smart", "a1b2")


@pytest.mark.parametrize(
    ("resources", "orders", "begins"),
    [
        (TREATED, [C2D1], "Inotuzumab (J9229): record appears to meet MP-RX-FP-12-23 section B"),
        (NEVER_TREATED, [C1D1], "Inotuzumab (J9229): record appears to meet MP-RX-FP-12-23 section A, path 1 (relapsed or refractory, alone)"),
        ([r for r in NEVER_TREATED if "51124" not in r["id"]], [C1D1], "Inotuzumab (J9229): coverage cannot be determined from the record, which leaves open: CD22 on blasts"),
        ([patient(), condition("C83.30", recorded="2026-03-01")], [C1D1], "Inotuzumab (J9229): does not appear to meet A.i: C83.30 (2026-03-01) is recorded, no B-cell ALL"),
    ],
    ids=["met, continuation", "met, initial", "unknown", "not met"],
)  # fmt: skip
def test_the_coverage_sentence_says_what_the_record_shows_and_approves_nothing(resources, orders, begins):
    card = of_kind(cards_of(resources, orders), "coverage")
    assert card["summary"].startswith(begins)
    assert "neither approves nor denies" in card["detail"]
    assert "MP-RX-FP-12-23, effective 2026-03-24" in card["detail"]


def test_each_criterion_stands_once_in_the_extension_with_its_reason():
    criteria = facts(of_kind(cards_of(TREATED, [C2D1]), "coverage"))["criteria"]
    assert len({c["id"] for c in criteria}) == len(criteria) == 7
    assert all(c["because"] for c in criteria)


@pytest.mark.parametrize(
    ("without", "kind", "says"),
    [
        ((), DataKind.PROCEDURES, "cannot be determined; look in the EHR for detail of the toxicity"),
        (("777-3", "751-8"), DataKind.ADVERSE_EVENTS,
         "; open: CBC with differential; look in the EHR for detail of the toxicity"),
    ],
)  # fmt: skip
def test_the_coverage_sentence_calls_nothing_lacking_that_may_be_there_unseen(without, kind, says):
    resources = [r for r in TREATED if not r["id"].startswith(without)] if without else TREATED
    card = of_kind(cards_of(resources, [C2D1], gaps=[Gap(kind, "the server answered 403")]), "coverage")
    assert card["summary"].endswith(says)
    asked = of_kind(cards_of(resources, [C2D1], gaps=[Gap(kind, "the server answered 403")]), "documentation")
    begins = (
        "Add to the record: CBC with differential; look in the EHR for " if without else "Look in the EHR"
    )
    assert asked["summary"].startswith(begins)


def test_what_is_on_file_and_not_understood_is_looked_for_and_not_called_lacking():
    told = report("2026-04-10", "At diagnosis CD22 positive.")
    resources = [*(r for r in NEVER_TREATED if "51124" not in r["id"]), told]
    cards = cards_of(resources, [C1D1])
    assert of_kind(cards, "coverage")["summary"].endswith("look in the EHR for CD22 on blasts")
    asked = of_kind(cards, "documentation")
    assert asked["summary"] == "Look in the EHR: CD22 on blasts"
    assert "**Look in the EHR for CD22 on blasts.** A.i: no readable CD22" in asked["detail"]


def test_what_could_not_be_seen_is_named():
    card = of_kind(
        cards_of(TREATED, [C2D1], gaps=[Gap(DataKind.CONDITIONS, "the server answered 403")]), "coverage"
    )
    assert "Could not be seen: conditions: the server answered 403." in card["detail"]


def bundled_cards(name):
    fixture = Fixture(name)
    orders = {f"{o['resourceType']}/{o['id']}": o for o in fixture.drafts}
    return render(
        fixture.determine(), tenant="hospital-a", patient_id=fixture.patient_id, orders=orders, public_url=URL
    )


def all_cards():
    """The cards of the patients above and of all bundled ones."""
    return [
        *(card for name in PATIENTS for card in cards(name)),
        *(card for name in NAMES for card in bundled_cards(name)),
    ]


def test_no_summary_is_cut_or_says_a_thing_twice():
    for card in all_cards():
        clauses = card["summary"].split(": ")
        assert "\u2026" not in card["summary"]
        assert len(clauses) == len(set(clauses)), card["summary"]


def test_the_only_suggestion_of_a_card_is_recommended_and_of_several_none():
    seen = set()
    for card in all_cards():
        suggestions = card.get("suggestions", [])
        recommended = [s.get("isRecommended", False) for s in suggestions]
        assert recommended == ([True] if len(suggestions) == 1 else [False] * len(suggestions))
        seen.add(min(len(suggestions), 2))
    assert seen == {0, 1, 2}


def test_the_reasons_to_override_fit_the_kind_of_card():
    kinds = set()
    for card in all_cards():
        offered = {reason["code"] for reason in card["overrideReasons"]}
        kind, is_info = facts(card)["kind"], card["indicator"] == "info"
        kinds.add((kind, is_info))
        urgent = {f["kind"] for f in facts(card)["findings"] if f["indicator"] == card["indicator"]}
        questions = {"dose-unchecked", "bsa-mismatch", "hem-unknown", "unreadable-data", "electrolyte"}
        answerable = kind in ("dose", "safety") and not is_info and not urgent <= questions
        assert ("risk-benefit-ratio" in offered) is answerable
        assert ("patient-refuses" in offered) is (kind == "documentation" and not is_info)
        assert "action-completed" in offered or kind == "dose"
    assert len(kinds) > 5


def test_a_warning_on_the_details_card_says_what_to_do():
    kinds = set()
    for name in NAMES:
        for found in (f for d in Fixture(name).determine() for f in d.findings_on(CardKind.DETAILS)):
            kinds.add(found.indicator)
            assert found.action or found.indicator is Indicator.INFO
    assert Indicator.WARNING in kinds


@pytest.mark.parametrize("name", NAMES)
def test_the_bundled_patients_cards_are_clean(name):
    found = bundled_cards(name)
    assert found
    for card in found:
        assert len(card["summary"]) <= 139
        assert not any(EXCLUDED.search(text) for text in texts(card))
