"""A fault while one card is worded costs that card, which the safety card names; never the other cards."""

import json
import re
from importlib import import_module

import pytest

from cds_service.engine.determination import CardKind
from tests.cards.rendering import cards_of, facts, of_kind
from tests.policy.chart_notes import document, observation
from tests.policy.cycles import DIAGNOSIS, cycle_order, doses
from tests.policy.treated import C2D1, TREATED

rendering = import_module("cards.render")  # the package has a function of this name
NOT_SHOWN = re.compile(r"card could not be shown \(error [0-9a-f]{8}\)")
CHART = [
    *DIAGNOSIS,
    *doses(3),
    document("2026-04-12", "Allogeneic transplant planned."),
    observation("76634-5", "2026-04-14", 512, "ms"),
]


def made():
    """All five kinds: the dose is far too high, the QTc long, a transplant planned, the response not recorded."""
    return cards_of(CHART, [cycle_order(3, mg=14.1)])


def broken(*_):
    raise RuntimeError("Ada Example")


@pytest.fixture
def breaking(monkeypatch):
    def breaks(kind):
        monkeypatch.setattr(rendering._Maker, kind.value, broken)

    return breaks


OTHERS = [kind for kind in CardKind if kind is not CardKind.SAFETY]


def test_without_a_fault_no_card_is_missing():
    kinds = [facts(card)["kind"] for card in made()]
    assert sorted(kinds) == sorted(kind.value for kind in CardKind)
    assert not NOT_SHOWN.search(json.dumps(made()))


@pytest.mark.parametrize("kind", OTHERS)
def test_a_card_that_cannot_be_made_is_named_on_the_safety_card(kind, breaking, caplog):
    whole = {facts(card)["kind"]: card for card in made()}
    breaking(kind)
    left = {facts(card)["kind"]: card for card in made()}
    assert left.keys() == whole.keys() - {kind.value}
    assert {k for k in left if left[k] != whole[k]} == {"safety"}
    safety = left["safety"]
    assert f"the {kind} card could not be shown" in f"{safety['summary']} {safety['detail']}".lower()
    assert len(facts(safety)["findings"]) == len(facts(whole["safety"])["findings"]) + 1
    assert "Ada" not in f"{json.dumps(made())} {caplog.text}"
    assert f"the {kind} card could not be shown" in caplog.text


def test_the_line_is_as_urgent_as_what_stood_on_the_card(breaking):
    dose = of_kind(made(), "dose")
    assert dose["indicator"] == "critical"
    breaking(CardKind.DOSE)
    safety = of_kind(made(), "safety")
    assert safety["indicator"] == "critical"
    line = facts(safety)["findings"][0]
    assert (line["kind"], line["indicator"]) == ("unreadable-data", "critical")
    assert set(line["rules"]) == {rule for found in facts(dose)["findings"] for rule in found["rules"]}


def test_a_safety_card_is_made_for_the_line_where_there_was_none(breaking):
    quiet = cards_of(TREATED, [C2D1])
    assert of_kind(quiet, "safety") is None
    breaking(CardKind.COVERAGE)
    first = cards_of(TREATED, [C2D1])[0]
    assert (facts(first)["kind"], first["indicator"]) == ("safety", "warning")
    assert NOT_SHOWN.search(first["summary"])


def test_a_safety_card_that_cannot_be_made_is_replaced_by_one_that_says_so(monkeypatch):
    whole = {facts(card)["kind"]: card for card in made()}
    first = rendering.finding_text.lines

    def broken_by_the_qtc(d, found, *more):
        if any("QTc" in f.text for f in found):
            raise RuntimeError
        return first(d, found, *more)

    monkeypatch.setattr(rendering.finding_text, "lines", broken_by_the_qtc)
    left = {facts(card)["kind"]: card for card in made()}
    assert {k for k in whole if left[k] != whole[k]} == {"safety"}
    assert NOT_SHOWN.search(left["safety"]["summary"])
    assert len(facts(left["safety"])["findings"]) == 1


def test_the_same_fault_gives_the_same_cards(breaking):
    breaking(CardKind.COVERAGE)
    assert made() == made()
