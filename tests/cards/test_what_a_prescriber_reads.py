"""What stands on every card, for every kind of finding: order, length, no ids, whole sentences, values with dates."""

import csv
import re
from dataclasses import replace
from decimal import Decimal
from importlib.resources import files

import pytest

from cards import coverage_text, render
from cards.fitting import Part, fitted
from cards.suggestions import offered_mg
from cds_service.engine.determination import (
    Basis,
    CardKind,
    Determination,
    Dose,
    Finding,
    Indicator,
    NeededItem,
    Payer,
    Unseen,
)
from cds_service.policies.inotuzumab.numbers import POLICY
from tests.cards.rendering import facts, of_kind
from tests.cards.test_card_shape import PATIENTS, bundled_cards, cards
from tests.fixtures import NAMES, Fixture
from tests.policy.chart_notes import determine_all, order
from tests.policy.treated import C2D1, TREATED

ID = re.compile(r"\b[A-Z]\w+/[\w-]*[\d-][\w-]*|POL-")
TRAILING_ZERO = re.compile(r"(?<![\w.])\d+\.\d*0(?![\d.])")
MOST = {"coverage": 120}
RANK = {"critical": 0, "warning": 1, "info": 2}
KINDS = ("coverage", "dose", "safety", "documentation", "details")
RULE = "-".join(("POL", "HEM", "2"))  # any rule of the policy; this file is no example of it
LONG = "Platelets 48.0 x10*9/L (2026-04-14) of " + "a very long report that does not come to an end " * 12
FINDING_KINDS = {
    "dose": CardKind.DOSE, "dose-unchecked": CardKind.DOSE, "age": CardKind.COVERAGE,
    "authorization-duration": CardKind.COVERAGE, "dose-note-combination": CardKind.COVERAGE, "boxed-warning": CardKind.DETAILS,
    **dict.fromkeys(
        ("dose-reduction-due", "interval", "hem-hold", "hem-unknown", "nonhem-hold", "permanent-discontinuation",
         "consider-permanent-discontinuation", "discontinue-no-response", "safety-qt", "electrolyte", "safety-hepatic",
         "cytoreduction", "embryo-fetal", "bsa-mismatch", "unreadable-data"), CardKind.SAFETY),
}  # fmt: skip


def made(determination, draft):
    return render(
        [determination],
        tenant="t",
        patient_id="p1",
        orders={determination.order: draft},
        public_url="https://x",
    )


def treated() -> Determination:
    return determine_all(TREATED, [C2D1])[0]


def with_finding(kind, text, indicator=Indicator.WARNING, action="Check the finding"):
    found = Finding(
        kind, indicator, FINDING_KINDS[kind], (RULE,), Basis.POLICY, text, action, ("Observation/p-1",)
    )
    return replace(treated(), findings=(*treated().findings, found))


def everything():
    for name in NAMES:
        yield name, bundled_cards(name)
    for name in PATIENTS:
        yield name, cards(name)
    for kind in FINDING_KINDS:
        for text in (LONG, "Platelets 48 x10*9/L (2026-04-14); wait until >= 50.0"):
            yield kind, made(with_finding(kind, text), C2D1)
    needs = tuple(NeededItem(item, f"A.i: {LONG}") for item in POLICY.items)
    yield "every item", made(replace(treated(), needed=needs), C2D1)
    many = tuple(f"{kind}: {LONG}" for kind in FINDING_KINDS)
    yield (
        "much unseen",
        made(
            replace(
                treated(), unseen=tuple(Unseen(kind, LONG) for kind in FINDING_KINDS), notes=many, attach=many
            ),
            C2D1,
        ),
    )


ALL = list(everything())
every = pytest.mark.parametrize("found", [found for _, found in ALL], ids=[name for name, _ in ALL])


@every
def test_the_strongest_card_comes_first_then_the_order_then_the_kind(found):
    orders = list(dict.fromkeys(facts(c)["order"] for c in sorted(found, key=lambda c: facts(c)["order"])))
    places = [
        (RANK[c["indicator"]], orders.index(facts(c)["order"]), KINDS.index(facts(c)["kind"])) for c in found
    ]
    assert places == sorted(places)


@every
def test_a_detail_is_within_its_words_and_a_summary_within_its_characters(found):
    for card in found:
        assert len(card["detail"].split()) <= MOST.get(facts(card)["kind"], 80), card["detail"]
        assert 0 < len(card["summary"]) <= 139


@every
def test_no_id_ellipsis_or_trailing_zero_is_read(found):
    for card in found:
        labels = [s["label"] for s in card.get("suggestions", ())]
        for text in (card["summary"], card["detail"], *labels):
            assert not ID.search(text), text
            assert "\u2026" not in text
            assert "..." not in text
            assert not TRAILING_ZERO.search(text), text


@every
def test_the_detail_does_not_begin_with_the_summary(found):
    for card in found:
        first = card["detail"].replace("*", "").replace("\\", "").splitlines()[0].lstrip("- []").rstrip(".")
        assert not first.lower().startswith(card["summary"].rstrip(".").lower())
        assert not card["summary"].endswith((":", ",", ";", "("))


SAYS = re.compile(
    r"\b(?:is|are|was|has|lack\w*|appears?|leaves|neither|covers|needed|rests|stands?|see|met|fits|above|below|reduce|"
    r"recorded|found|stop|hold|check|correct|tell|add|attach|order\w*|get|record|state|list|write|measure|document|await|"
    r"discontinue|mean|set|dose|wait|raised|implies|may|could|not|judged|given|read|held|due|look)\b|\d{4}-\d{2}-\d{2}|\d",
    re.IGNORECASE,
)


@every
def test_every_line_has_a_verb_or_a_value(found):
    for card in found:
        for line in (card["summary"], *card["detail"].splitlines()):
            assert not line.strip() or SAYS.search(line), line


@every
def test_the_path_not_taken_is_not_spoken_of(found):
    for card in found:
        assert "not needed on this path" not in card["detail"]


def test_each_kind_is_tried_with_a_sentence_of_its_own_rule_as_well():
    own = [c for name, found in ALL if name in PATIENTS or name in NAMES for c in found]
    assert {f["kind"] for c in own for f in facts(c)["findings"]} >= {*FINDING_KINDS}


def test_a_card_says_what_its_findings_rest_on():
    for _, found in ALL:
        for card in found:
            if facts(card)["kind"] in ("dose", "safety", "details"):
                assert re.search(r"policy|FDA label|recommendation", card["detail"]), card["detail"]


def test_all_kinds_of_finding_are_tried():
    seen = {f["kind"] for _, found in ALL for c in found for f in facts(c)["findings"]}
    assert seen >= {*FINDING_KINDS, "coverage", "documentation"}


def test_what_does_not_fit_is_counted_and_nothing_is_lost():
    parts = [
        Part(("one two three four five six",), rank=0),
        *(Part((f"- {n} " + "word " * 6,)) for n in range(5)),
    ]
    text = fitted(parts, 30)
    stands = sum(f"- {n} " in text for n in range(5))
    assert 0 < stands < 5
    assert f"- and {5 - stands} more, see every criterion" in text
    assert len(text.split()) <= 30
    assert "more" not in fitted(parts, 60)


def test_parts_are_shortened_before_one_is_left_out():
    parts = [Part((f"- {n} " + "word " * 9, f"- {n} short"), rank=2) for n in range(3)]
    text = fitted(parts, 20)
    assert all(f"- {n} " in text for n in range(3))
    assert "more" not in text


# ---- Suggestions ---------------------------------------------------------------------------------


def codes():
    return {(t.code, t.display, t.name) for item in POLICY.items.values() for t in item.tests if t.code}


def test_each_offered_code_has_the_display_of_the_terminology_and_stands_for_one_test():
    table = files("cds_service.clinical.terminology").joinpath("labs.csv").read_text(encoding="utf-8")
    displays = {row[2]: row[3] for row in csv.reader(table.splitlines()) if len(row) > 3}
    assert codes()
    for code, display, _ in codes():
        assert displays[code] == display
    assert len({code for code, _, _ in codes()}) == len(codes())


def test_mrd_is_ordered_by_its_words_alone():
    card = of_kind(bundled_cards("transplant-third-cycle-mrd-unknown"), "documentation")
    (offer,) = card["suggestions"]
    assert offer["actions"][0]["resource"]["code"] == {
        "text": "Measurable residual disease (MRD) in bone marrow"
    }


def test_a_due_reduction_is_one_click():
    card = of_kind(bundled_cards("reduction-due-and-ignored"), "safety")
    (offer,) = card["suggestions"]
    assert offer["label"] == "Set the dose to 0.66 mg"
    assert offer["isRecommended"]
    dosage = offer["actions"][0]["resource"]["dosageInstruction"][0]
    assert dosage["doseAndRate"][0]["doseQuantity"]["value"] == 0.66


@pytest.mark.parametrize(
    ("expected", "low", "high", "offered"),
    [
        ("1.412", "1.271", "1.554", "1.41"),
        ("0.662", "0.595", "0.729", "0.66"),
        ("0.034", "0.031", "0.037", "0.034"),
    ],
)
def test_a_dose_is_offered_to_a_hundredth_and_stays_in_its_range(expected, low, high, offered):
    dose = Dose("over", Decimal(2), Decimal(expected), Decimal(low), Decimal(high))
    assert offered_mg(dose) == Decimal(offered)


def test_no_dose_is_offered_that_would_keep_a_wrong_timing():
    fixture = Fixture("tenfold-overdose")
    d = fixture.determine()[0]
    draft = fixture.drafts[0]
    assert of_kind(made(d, draft), "dose")["suggestions"]
    assert "suggestions" not in of_kind(made(replace(d, timing_in_doubt=True), draft), "dose")


def test_a_dose_below_the_table_says_how_far():
    found = made(with_dose("under", "1", "1.412"), order(text="C1D1", mg=1))
    assert of_kind(found, "dose")["summary"] == "Dose 29 % below the table: 1 mg ordered, table 1.41 mg"


def with_dose(verdict, ordered, expected):
    dose = Dose(
        verdict,
        Decimal(ordered),
        Decimal(expected),
        Decimal("1.271"),
        Decimal("1.554"),
        Decimal("0.8"),
        Decimal("1.7654"),
        15,
        2,
    )
    return replace(with_finding("dose", "Ordered 1 mg; the table gives 1.412 mg"), dose=dose)


def test_what_was_unseen_who_pays_the_dose_and_the_first_open_criterion_always_stand():
    never = bundled("cd22-never-tested")
    payer = Payer(
        None, "the plan of Some Long Named Health Insurance Company of Puerto Rico is in force: not verified"
    )
    gaps = tuple(Unseen(kind, "the server answered 403 and said no more than that") for kind in FINDING_KINDS)
    detail = coverage_text.detail(replace(never, payer=payer, unseen=gaps, notes=(LONG,) * 3))
    for said in (
        "Cannot be determined, A.i",
        "Dose: 1.41 mg ordered",
        "Puerto Rico",
        "Could not be seen: 21 kinds of data",
        "neither approves",
    ):
        assert said in detail
    assert re.search(r"and \d more, see every criterion", detail)
    assert len(detail.split()) <= 120


def bundled(name):
    return Fixture(name).determine()[0]


def test_what_may_be_there_unseen_is_looked_for_and_not_asked_for_anew():
    (card,) = [c for c in cards("nothing seen") if facts(c)["kind"] == "documentation"]
    assert card["summary"].startswith("Look in the EHR, not all could be seen:")
    assert "**Look in the EHR for birth date, diagnosis of B-cell ALL, CD22 on blasts" in card["detail"]
    assert "Could not be seen:" in card["detail"]
    assert "the server answered 503" in card["detail"]
    assert not re.search(r"\b(?:Order|Record|Attach|State|Get)\b", card["detail"])


def test_a_lone_unseen_item_keeps_its_reason():
    needs = (NeededItem("cd22", "A.i: not all could be seen", unseen=True), NeededItem("mrd", "no MRD found"))
    (card,) = [c for c in made(replace(treated(), needed=needs), C2D1) if facts(c)["kind"] == "documentation"]
    assert card["summary"].startswith("Add to the record:")
    assert "**Look in the EHR for CD22 on blasts.** A.i: not all could be seen." in card["detail"]
    assert "**Order or attach MRD" in card["detail"]
