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
    "Peripheral smear: circulating blasts present (15%). Thrombocytopenia.", "Rare circulating blasts.",
    "Circulating lymphoblasts seen, 15%.", "Circulating blasts 15%, suspicious for relapse.",
])  # fmt: skip
def test_many_blasts_leave_it_open(text):
    assert progression(text) == "unknown"


@pytest.mark.parametrize("text", [
    "Normocellular marrow, 2% blasts.", "Less than 5% blasts.", "Blasts: CD19 95%, CD22 88%.", "CD22 positive in 95% blasts.",
    "Prior marrow 1/20 had 62% blasts.", "Clinical history: B-ALL with 62% blasts at relapse.",
    "No circulating blasts are seen.", "Circulating blasts not identified.", "Smear reviewed for circulating blasts: none found.",
    "Peripheral smear: rare normoblasts present, blasts absent.", "Circulating blasts: 0%.", "Circulating blasts have cleared.",
])  # fmt: skip
def test_few_blasts_and_those_of_another_time_change_nothing(text):
    assert progression(text) == "met"


@pytest.mark.parametrize(
    "text", ["Blasts are back.", "InO discontinued due to disease progression.", "Loss of response."]
)
def test_more_words_for_a_relapse(text):
    assert progression(text) == "not-met"


@pytest.mark.parametrize("topic", ["Peripheral blood smear", "Blood smear finding"])
@pytest.mark.parametrize("kind", ["DiagnosticReport.conclusion", "Observation.valueString"])
def test_blasts_seen_on_a_smear_leave_it_open(topic, kind):
    chart = Chart(SECOND)
    quiet_note(chart)
    put(chart, f"{kind}@{topic}", "Blasts present, 15%.", "2026-04-13")
    assert next(c.verdict.value for c in chart.determine().criteria if c.id == "POL-B-I-PROG") == "unknown"


@pytest.mark.parametrize(
    "text", ["Acute lymphoid leukemia relapse", "ALL relapse", "B-ALL in relapse", "Relapsed B-ALL"]
)
def test_a_report_that_concludes_the_leukemia_in_relapse_leaves_an_older_cr_open(text):
    assert progression(text) == "unknown"


@pytest.mark.parametrize(
    "text",
    [
        "No relapse of B-ALL.",
        "B-ALL, no evidence of relapse.",
        "Relapsed B-ALL, now in complete remission.",
        "Relapsed B-ALL, MRD negative",
        "Relapsed B-ALL status post inotuzumab, no residual leukemia",
    ],
)
def test_a_report_that_denies_a_relapse_does_not(text):
    assert progression(text) == "met"


def test_a_relapse_that_a_report_concludes_by_code_leaves_it_open():
    chart = Chart(SECOND)
    quiet_note(chart)
    coded = {"coding": [{"system": "http://snomed.info/sct", "code": "12301000132103"}]}
    marrow = {"coding": [{"system": "http://loinc.org", "code": "33721-2"}]}
    chart.add(
        "DiagnosticReport",
        status="final",
        code=marrow,
        effectiveDateTime="2026-04-13",
        conclusionCode=[coded],
    )
    assert next(c.verdict.value for c in chart.determine().criteria if c.id == "POL-B-I-PROG") == "unknown"


@pytest.mark.parametrize(
    ("answer", "expected"), [("Worsening", "unknown"), ("See comment", "unknown"), ("Pending", "met")]
)
def test_a_newer_answer_on_the_state_of_the_disease_that_is_not_understood_leaves_it_open(answer, expected):
    chart = Chart(SECOND)
    quiet_note(chart)
    put(chart, "Observation.value@97509-4", answer, "2026-04-13")
    assert next(c.verdict.value for c in chart.determine().criteria if c.id == "POL-B-I-PROG") == expected


def test_one_by_a_code_that_no_table_has_leaves_it_open_too():
    chart = Chart(SECOND)
    quiet_note(chart)
    code = {
        "coding": [{"system": "http://loinc.org", "code": "97509-4", "display": "Cancer disease progression"}]
    }
    answer = {"coding": [{"system": "http://snomed.info/sct", "code": "1"}]}
    chart.add(
        "Observation", status="final", code=code, effectiveDateTime="2026-04-13", valueCodeableConcept=answer
    )
    assert next(c.verdict.value for c in chart.determine().criteria if c.id == "POL-B-I-PROG") == "unknown"
