"""A text that says a thing again and again costs what its length costs, from the reader to the cards.

Counted in calls, not in seconds: four times the text may cost little more than four times the calls.
"""

import sys

import pytest

import cards
from tests.policy.chart_notes import document
from tests.policy.cycles import before_cycle, cycle_order

# The same lines over and over, which the other tests measure: tracing them would double the time.
pytestmark = pytest.mark.no_cover
SAID = [
    "VOD", "VOD excluded", "CR", "Relapse", "No response", "Anaphylaxis", "Grade 3 infusion reaction",
    "CD22 positive", "CD22 negative", "MRD positive", "BCR-ABL1 negative", "Transplant planned",
    "Held for low platelets", "Extramedullary disease", "No infection, no bleeding", "QTcF 510 ms",
    "Chart reviewed", "zxq CR", "If CR",
]  # fmt: skip
DAYS = [f"{y}-{m:02d}-{d:02d}" for y in range(2012, 2026) for m in range(1, 13) for d in (3, 9, 15, 21, 27)]


def calls(text):
    """How many functions are called, in Python and in C, from the chart to the cards."""
    counted = 0

    def count(_frame, event, _arg):
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        d = before_cycle(3, document("2026-04-12", text))
        orders = {d.order: cycle_order(3)}
        made = cards.render([d], tenant="t", patient_id="p1", orders=orders, public_url="http://x")
    finally:
        sys.setprofile(None)
    assert made
    return counted


@pytest.mark.parametrize("said", SAID)
def test_four_times_the_text_costs_little_more_than_four_times_the_calls(said):
    once = min(calls(f"{said}. ") for _ in range(2))  # the first builds the look-ups of its words
    short, long = (calls(f"{said}. " * times) - once for times in (200, 800))

    assert long < 5 * max(short, 1000)


@pytest.mark.parametrize("said", SAID)
def test_so_does_a_text_with_another_day_in_each_sentence(said):
    once = min(calls(f"{said} on {DAYS[0]}.") for _ in range(2))
    short, long = (
        calls(" ".join(f"{said} on {day}." for day in DAYS[:times])) - once for times in (150, 600)
    )

    assert long < 5 * max(short, 1000)
