"""Of many calls at once a few think; who waits for an EHR holds up nobody; whose time is over is answered all the same."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from cds_service.evaluation.order_sign import answer
from cds_service.evaluation.services import Services, services_from
from cds_service.evaluation.turns import AT_ONCE, Turns
from cds_service.settings import Settings
from tests.contract.calls import CLOCK, order_sign
from tests.ehr.hostile import Ehr, running

BODY = json.dumps(order_sign()).encode()
CALLS = 12


@pytest.fixture
def services() -> Services:
    return services_from(
        Settings.from_environment({"CDS_DEV": "1", "CDS_AUTH": "optional", "CDS_FIXED_NOW": CLOCK})
    )


def test_no_more_than_a_few_calls_think_at_once(services: Services) -> None:
    at_once: list[int] = []
    thinking, lock = 0, threading.Lock()

    def heard(_: object) -> None:
        nonlocal thinking
        with lock:
            thinking += 1
            at_once.append(thinking)
        time.sleep(0.01)
        with lock:
            thinking -= 1

    with ThreadPoolExecutor(CALLS) as pool:
        answers = list(pool.map(lambda _: answer(BODY, services, heard=heard).body, range(CALLS)))

    assert len(at_once) == CALLS
    assert max(at_once) <= AT_ONCE
    assert answers == [answers[0]] * CALLS
    assert answers[0]["cards"]


class Waited(Ehr):
    """An EHR that answers when it is let to; ``was_asked`` is set once it was asked anything."""

    def __init__(self, *given: object, **named: object) -> None:
        super().__init__(*given, **named)
        self.was_asked, self.may_answer = threading.Event(), threading.Event()

    def reply_to(self, target: str) -> object:
        self.was_asked.set()
        assert self.may_answer.wait(30)
        return super().reply_to(target)


def test_calls_that_wait_for_their_ehr_hold_up_nobody(services: Services) -> None:
    services = replace(services, settings=replace(services.settings, deadline_s=120.0))
    with running([], kind=Waited) as ehr, ThreadPoolExecutor(AT_ONCE) as pool:
        slow = json.dumps(order_sign() | {"fhirServer": ehr.base, "prefetch": {}}).encode()
        waiting = [pool.submit(answer, slow, services) for _ in range(AT_ONCE)]
        assert ehr.was_asked.wait(30)
        soon = time.monotonic() + 30
        with services.turns.taken(soon) as one, services.turns.taken(soon) as other:
            assert one.is_had
            assert other.is_had
        assert answer(BODY, services).cards
        assert not any(call.done() for call in waiting)
        ehr.may_answer.set()
        for call in waiting:
            call.result(30)


def test_whose_time_is_over_goes_on_without_a_turn(services: Services) -> None:
    none_free = replace(services, turns=Turns(time.monotonic, at_once=0))
    expected = answer(BODY, services).body

    assert answer(BODY, none_free, ends=time.monotonic()).body == expected


def test_a_call_that_is_refused_gives_its_turn_back(services: Services) -> None:
    for _ in range(AT_ONCE + 1):
        with pytest.raises(Exception, match="cannot be read"):
            answer(b"{", services)

    with services.turns.taken(0.0) as turn:
        assert turn.is_had
