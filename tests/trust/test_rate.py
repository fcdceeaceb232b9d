"""Rate limits: a minute's worth at once, then as fast as it refills, name by name."""

from __future__ import annotations

from cds_service.trust.rate import MOST_NAMES, RateLimit


class HandClock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_worth_may_come_at_once_and_no_more() -> None:
    limit = RateLimit(60, HandClock())

    assert [limit.wait_s("a") for _ in range(60)] == [0] * 60
    assert limit.wait_s("a") == 1


def test_the_wait_that_is_named_suffices() -> None:
    clock = HandClock()
    limit = RateLimit(6, clock)
    for _ in range(6):
        limit.wait_s("a")
    wait = limit.wait_s("a")

    clock.now += wait - 1
    assert limit.wait_s("a") > 0
    clock.now += 1
    assert limit.wait_s("a") == 0


def test_one_name_does_not_use_up_anothers_calls() -> None:
    limit = RateLimit(1, HandClock())

    assert [limit.wait_s("a"), limit.wait_s("a"), limit.wait_s("b")] == [0, 60, 0]


def test_zero_means_no_limit() -> None:
    limit = RateLimit(0, HandClock())

    assert {limit.wait_s("a") for _ in range(1000)} == {0}


def test_many_names_do_not_fill_the_memory() -> None:
    limit = RateLimit(1, HandClock())
    for number in range(MOST_NAMES + 500):
        limit.wait_s(str(number))

    assert len(limit._left) == MOST_NAMES
