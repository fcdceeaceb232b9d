"""A report that counts blasts in words and no more than that leaves an older CR open; what is told of another time does not."""

import pytest

from tests.reading.asking import SECOND, Chart, put, quiet_note

REPORT = "DiagnosticReport.conclusion"


def progression(text):
    chart = Chart(SECOND)
    quiet_note(chart)
    put(chart, REPORT, text, "2026-04-13")
    return next(c.verdict.value for c in chart.determine().criteria if c.id == "POL-B-I-PROG")


@pytest.mark.parametrize("text", [
    "B LYMPHOBLASTIC LEUKEMIA, 60% BLASTS (SEE COMMENT)", "Marrow involved by B lymphoblastic leukemia (60% blasts).",
    "Persistent/recurrent B lymphoblastic leukemia, 60 % blasts", "Blasts comprise 12% of nucleated cells.",
])  # fmt: skip
def test_many_blasts_leave_it_open(text):
    assert progression(text) == "unknown"


@pytest.mark.parametrize("text", [
    "Normocellular marrow, 2% blasts.", "Less than 5% blasts.", "Blasts: CD19 95%, CD22 88%.", "CD22 positive in 95% blasts.",
    "Prior marrow 1/20 had 62% blasts.", "Clinical history: B-ALL with 62% blasts at relapse.",
])  # fmt: skip
def test_few_blasts_and_those_of_another_time_change_nothing(text):
    assert progression(text) == "met"


@pytest.mark.parametrize(
    "text", ["Blasts are back.", "InO discontinued due to disease progression.", "Loss of response."]
)
def test_more_words_for_a_relapse(text):
    assert progression(text) == "not-met"
