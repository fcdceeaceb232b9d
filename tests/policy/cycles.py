"""A course of many cycles, counted back from an order planned on 2026-04-16.

Cycle 1 lasts 21 days, later ones 28; every dose is given on days 1, 8 and 15 and says so.
"""

from datetime import date, timedelta

from tests.policy.chart_notes import administration, body_size, condition, determine, order, patient

PLANNED = date(2026, 4, 16)
DIAGNOSIS = [patient(), condition("C91.02", recorded="2024-01-10"), *body_size()]


def day_one(cycle, before):
    """Day 1 of a cycle when the order is for cycle ``before``, day 1."""
    length = sum(21 if c == 1 else 28 for c in range(cycle, before))
    return PLANNED - timedelta(days=length)


def on(cycle, before, day=1):
    """The ISO date of a day of a cycle."""
    return (day_one(cycle, before) + timedelta(days=day - 1)).isoformat()


def doses(before):
    """All doses of the cycles before the order's."""
    return [
        administration(on(cycle, before, day), 1.41 if day == 1 else 0.88, f"Cycle {cycle} Day {day}")
        for cycle in range(1, before)
        for day in (1, 8, 15)
    ]


def cycle_order(cycle, mg=0.88):
    return order(PLANNED.isoformat(), f"Cycle {cycle} Day 1", mg)


def before_cycle(cycle, *notes, **how):
    """The determination of the order for day 1 of a cycle, with what the chart says beside the doses."""
    return determine([*DIAGNOSIS, *doses(cycle), *notes], cycle_order(cycle), **how)
