"""The time of a call bounds the evaluation too: what it did not reach is unknown, named, and replayed alike."""

from __future__ import annotations

import json
from itertools import count

import pytest

from cds_service.evaluation.decision import read, written
from cds_service.evaluation.order_sign import Answered, answer
from cds_service.evaluation.services import Services
from cds_service.policies import installed
from cds_service.settings import Settings
from cds_service.trust.outbound import Outbound
from tests.contract.calls import CLOCK
from tests.operations.whole_service import complete_request


def answered(step: float, first: float = 0.0, ends: float | None = None) -> Answered:
    """A call on a clock that goes on by so many seconds whenever it is read, after the first reading."""
    settings = Settings.from_environment(
        {"CDS_DEV": "1", "CDS_AUTH": "optional", "CDS_FIXED_NOW": CLOCK, "CDS_DEADLINE_S": "4"}
    )
    readings = (0.0 if n == 0 else first + n * step for n in count())
    now = settings.fixed_now
    assert now is not None
    services = Services(
        settings, Outbound(loopback=True), clock=lambda: now, monotonic=lambda: next(readings)
    )
    return answer(json.dumps(complete_request()).encode(), services, ends=ends)


def late(call: Answered) -> list[str]:
    (determination,) = call.determinations
    findings = [f.text for f in determination.findings if "ot reached in time" in f.text]
    return findings + [c.because for c in determination.criteria if "not reached" in c.because]


def test_a_call_with_time_enough_reaches_all() -> None:
    call = answered(0.0)
    assert late(call) == []
    assert call.grounds is not None
    assert call.grounds.steps is None


@pytest.mark.parametrize("step", [0.1, 0.2, 0.3, 0.5])
def test_what_a_call_had_no_time_for_is_named_on_its_cards(step: float) -> None:
    call = answered(step)
    assert late(call)
    text = json.dumps(call.cards)
    assert "ot reached in time" in text
    assert {c["extension"]["payer-policy-cds"]["kind"] for c in call.cards} >= {"coverage", "safety"}


def test_the_log_says_that_the_time_was_over_and_nothing_of_the_patient(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answered(0.2)
    assert caplog.messages[0].startswith("the evaluation was not finished in time: ")
    assert "Patient" not in caplog.text


@pytest.mark.parametrize("step", [0.0, 0.1, 0.3, 0.5])
def test_an_answer_that_was_cut_short_is_replayed_to_the_same_cards(step: float) -> None:
    call = answered(step)
    assert call.grounds is not None
    grounds, kept = read(written(call.grounds, call.body))
    replayed = grounds.cards(grounds.determinations(installed()))
    assert json.loads(json.dumps({"cards": replayed}, default=str)) == json.loads(kept)


def test_an_ehr_that_used_up_the_time_leaves_a_share_for_deciding() -> None:
    assert late(answered(0.0, first=60.0)) == []


def test_an_evaluation_ends_where_the_time_for_the_account_begins() -> None:
    assert late(answered(0.1, ends=1.0))
    assert late(answered(0.1, ends=1000.0)) == []


def test_a_card_that_cannot_be_worded_is_counted_and_replayed_to_the_same_cards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    assert answered(0.0).faults == 0
    monkeypatch.setattr("cards.coverage_text.detail", broken)
    call = answered(0.0)
    assert call.faults == 1
    assert call.grounds is not None
    grounds, kept = read(written(call.grounds, call.body))
    assert json.loads(
        json.dumps({"cards": grounds.cards(grounds.determinations(installed()))})
    ) == json.loads(kept)
