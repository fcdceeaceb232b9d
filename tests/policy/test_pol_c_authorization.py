"""POL-C-I, POL-C-II and POL-D-I: one cycle for each authorization, and what a failed section A means."""

import pytest

from tests.policy.chart_notes import condition, determine, findings, order, patient
from tests.policy.cycles import DIAGNOSIS, cycle_order, doses


def lasting(start, *, events=(), end=None):
    timing = {"event": list(events)} if events else {"repeat": {"boundsPeriod": {"start": start, "end": end}}}
    draft = order(start)
    dosage = draft["dosageInstruction"][0] | {"timing": timing}
    return draft | {"dosageInstruction": [dosage]}


@pytest.mark.parametrize(
    ("draft", "exceeds"),
    [
        (order("2026-04-16"), False),
        (lasting("2026-04-16", events=["2026-04-16", "2026-04-23", "2026-04-30"]), False),
        (lasting("2026-04-16", events=["2026-04-16", "2026-04-23", "2026-04-30", "2026-05-07"]), True),
        (lasting("2026-04-16", end="2026-05-14"), False),  # 28 days
        (lasting("2026-04-16", end="2026-05-15"), True),  # 29 days
        (lasting("2026-04-16", events=["2026-04-16", "2026-05-15"]), True),
    ],
)
def test_pol_c_i_an_initial_order_covers_at_most_one_cycle(draft, exceeds):
    found = findings(determine(DIAGNOSIS, draft), "authorization-duration")
    assert [f.rules for f in found] == ([("POL-C-I",)] if exceeds else [])


def test_pol_c_ii_so_does_a_continuation():
    draft = cycle_order(2)
    timing = {"timing": {"event": ["2026-04-16", "2026-05-15"]}}
    draft = draft | {"dosageInstruction": [draft["dosageInstruction"][0] | timing]}
    (found,) = findings(determine([*DIAGNOSIS, *doses(2)], draft), "authorization-duration")
    assert (found.rules, found.indicator.value) == (("POL-C-II",), "warning")


def test_pol_d_i_an_initial_request_that_fails_section_a_is_not_covered():
    determination = determine([patient(), condition("C83.31")])
    (coverage,) = findings(determination, "coverage")
    assert determination.coverage.value == "not-met"
    assert {"POL-A-I-DX", "POL-D-I"} <= set(coverage.rules)
    assert coverage.indicator.value == "warning"
