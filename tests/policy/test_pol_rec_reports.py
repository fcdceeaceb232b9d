"""POL-REC-ORDER for reports: a final report goes before a preliminary one of its kind and time; a registered one says nothing."""

import pytest

from tests.policy.chart_notes import (
    SNOMED,
    condition,
    criterion,
    determine,
    document,
    observation,
    order,
    patient,
    report,
    verdict,
)
from tests.policy.cycles import before_cycle

DAY = "2026-03-02"
FLOW = "101119-6"


def flow(text, status, day=DAY, **more):
    return report(
        day, text, loinc=FLOW, id=f"flow-{status}-{day}"[:60].replace(":", ""), status=status, **more
    )


def cd22(*resources):
    return verdict(determine([patient(), *resources], order(text="C1D1")), "POL-A-I-CD22")


POSITIVE, NEGATIVE = "Blasts CD22 positive", "Blasts CD22 negative"
CD22 = {
    "final before preliminary": ([flow(NEGATIVE, "preliminary"), flow(POSITIVE, "final")], "met"),
    "corrected before final": ([flow(POSITIVE, "final"), flow(NEGATIVE, "corrected")], "not-met"),
    "amended before preliminary": ([flow(NEGATIVE, "preliminary"), flow(POSITIVE, "amended")], "met"),
    "a day and a time within it are equal": ([flow(NEGATIVE, "preliminary", f"{DAY}T10:00:00-04:00"), flow(POSITIVE, "final")], "met"),
    "a preliminary one alone is used": ([flow(POSITIVE, "preliminary")], "met"),
    "a later preliminary one wins by time": ([flow(POSITIVE, "final"), flow(NEGATIVE, "preliminary", "2026-03-20")], "not-met"),
    "a final result before a preliminary report": ([observation("51124-6", DAY, 85, "%"), flow(NEGATIVE, "preliminary")], "met"),
    "two final ones that differ": ([flow(POSITIVE, "final"), report(DAY, NEGATIVE, loinc=FLOW, id="second")], "unknown"),
    "a registered one says nothing": ([flow(POSITIVE, "registered")], "unknown"),
}  # fmt: skip


@pytest.mark.parametrize(("reports", "expected"), CD22.values(), ids=CD22)
def test_which_report_speaks_of_cd22(reports, expected):
    assert cd22(*reports) == expected


def test_a_preliminary_report_that_is_used_is_said_to_be_one():
    d = determine([patient(), flow(POSITIVE, "preliminary")], order(text="C1D1"))
    assert "preliminary" in criterion(d, "POL-A-I-CD22").because


def marrow(text, status):
    return report("2026-04-10", text, loinc="33721-2", id=f"marrow-{status}", status=status)


RESPONSES = {
    "final remission, preliminary relapse": ([marrow("Relapsed disease.", "preliminary"), marrow("Complete remission.", "final")], "met"),
    "final relapse, preliminary remission": ([marrow("Complete remission.", "preliminary"), marrow("Relapsed disease.", "final")], "not-met"),
    "preliminary remission alone": ([marrow("Complete remission.", "preliminary")], "met"),
}  # fmt: skip


@pytest.mark.parametrize(("reports", "expected"), RESPONSES.values(), ids=RESPONSES)
def test_which_report_speaks_of_the_response(reports, expected):
    earlier_cr = document("2026-04-01", "Complete remission.")
    assert verdict(before_cycle(2, earlier_cr, *reports), "POL-B-I-PROG") == expected


def test_a_registered_report_is_no_document_yet():
    note, all_ = document("2026-03-03"), condition("277572006", system=SNOMED, recorded="2026-03-01")
    asked = [
        "pathology" in {n.item for n in determine([patient(), all_, note, flow("", status)]).needed}
        for status in ("registered", "preliminary", "final")
    ]
    assert asked == [True, False, False]
