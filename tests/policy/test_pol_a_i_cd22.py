"""POL-A-I-CD22, CD22 positive: the procedure step by step, with its boundaries and traps."""

import pytest

from cds_service.fhir.record import DataKind, Gap
from tests.policy.chart_notes import (
    SNOMED,
    administration,
    condition,
    criterion,
    determine,
    document,
    observation,
    order,
    patient,
    procedure,
    quantity,
    report,
    stated,
    verdict,
)

FLAG = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"


def flag(code):
    return [{"coding": [{"system": FLAG, "code": code}]}]


def blasts(value=None, day="2026-03-02", loinc="51124-6", **more):
    return observation(loinc, day, value, "%" if value is not None else None, **more)


def bounded(comparator, value):
    return blasts(valueQuantity=quantity(value, "%") | {"comparator": comparator})


PATIENTS = {
    "4: 20 %": ([blasts(20)], "met"),
    "4: 19.9 %": ([blasts(19.9)], "unknown"),
    "4: 5 %": ([blasts(5)], "unknown"),
    "4: 4.9 %": ([blasts(4.9)], "not-met"),
    "4: 0 %": ([blasts(0)], "not-met"),
    "4: more than 95 %": ([bounded(">", 95)], "met"),
    "4: less than 1 %": ([bounded("<", 1)], "not-met"),
    "4: less than 20 % decides nothing": ([bounded("<", 20)], "unknown"),
    "4: in blood": ([blasts(60, loinc="51125-3")], "met"),
    "4: in an unspecified specimen": ([blasts(60, loinc="51126-1")], "met"),
    "4: a number without a unit": ([blasts(valueQuantity={"value": 85})], "unknown"),
    "4: 120 % is implausible": ([blasts(120)], "unknown"),
    "4: a number in a text": ([blasts(text="85 %")], "met"),
    "3: positive": ([blasts(text="Positive")], "met"),
    "3: asked whether it is negative, yes": ([stated("CD22 negative", "Yes", "2026-03-02")], "not-met"),
    "3: flagged positive": ([blasts(interpretation=flag("POS"))], "met"),
    "3: answered detected": ([blasts(valueCodeableConcept={"coding": [{"system": SNOMED, "code": "260373001"}]})], "met"),
    "3: dim": ([blasts(text="dim")], "met"),
    "3: partial, with 30 %": ([blasts(30, interpretation=[{"text": "partial"}])], "met"),
    "3: in a subset": ([blasts(text="Expressed in a subset of blasts")], "met"),
    "3: heterogeneous": ([blasts(text="heterogeneous expression")], "met"),
    "3: positive with 5 %": ([blasts(5, interpretation=flag("POS"))], "met"),
    "3: positive with 4 %": ([blasts(4, interpretation=flag("POS"))], "unknown"),
    "3: negative": ([blasts(text="Negative")], "not-met"),
    "3: flagged not detected": ([blasts(interpretation=flag("ND"))], "not-met"),
    "3: negative with 19 %": ([blasts(19, interpretation=flag("NEG"))], "not-met"),
    "3: negative with 20 %": ([blasts(20, interpretation=flag("NEG"))], "unknown"),
    "3: indeterminate with 85 %": ([blasts(85, interpretation=flag("IND"))], "unknown"),
    "3: flagged abnormal only": ([blasts(85, interpretation=flag("A"))], "met"),
    "3: arbitrary units, flagged positive": ([blasts(loinc="51127-9", interpretation=flag("POS"))], "met"),
    "3: positive with 3 % in its words": ([blasts(text="Positive (dim, 3%)")], "unknown"),
    "3: positive with 12 % in its words": ([blasts(text="Partial, 12 %")], "met"),
    "3: negative with 25 % in its words": ([blasts(text="Negative (25%)")], "unknown"),
    "3: negative with 2 % in its words": ([blasts(text="Negative (2%)")], "not-met"),
    "3: positive beside the assay's limit": ([blasts(text="Positive (cut-off 2%)")], "met"),
    "1: of the gene": ([stated("CD22 gene mutation", "Negative", "2026-03-02")], "unknown"),
    "1: in serum": ([stated("Soluble CD22", "Positive", "2026-03-02")], "unknown"),
    "1: normal B cells": ([blasts(90, loinc="14017-8")], "unknown"),
    "1: cells of an unspecified specimen": ([blasts(90, loinc="20596-3")], "unknown"),
    "1: B cells counted": ([observation("21013-8", "2026-03-02", 0.2, "10*9/L")], "unknown"),
    "1: a report without CD22 says nothing": ([report("2026-03-02", "Blasts positive for CD19, CD10 and CD20")], "unknown"),
    "1: a report that names CD22": ([report("2026-03-02", "Blasts positive for CD19 and CD22; negative for CD20")], "met"),
    "1: a report that denies CD22": ([report("2026-03-02", "No CD22 expression detected on blasts")], "not-met"),
    "1: lost": ([report("2026-03-02", "Blasts lack CD22")], "not-met"),
    "1: a panel text": ([observation("101119-6", "2026-03-02", text="CD10+, CD19+, CD22+, CD34+")], "met"),
    "1: a component named CD22": ([observation("101119-6", "2026-03-02", component=[{"code": {"text": "CD22"}, "valueString": "Positive"}])], "met"),
    "1: a local code with its name": ([stated("CD22 on blasts", "negative", "2026-03-02")], "not-met"),
    "1: a local code with a per cent": ([stated("CD22 on blasts", "", "2026-03-02", valueQuantity=quantity(90, "%"))], "met"),
    "1: a local code with a number in words and no unit": ([stated("CD22 by flow", "1.2", "2026-03-02")], "unknown"),
    "1: a local code with a per cent in words": ([stated("CD22 by flow", "95% of blasts", "2026-03-02")], "met"),
    "1: a local name that gives the unit": ([stated("% CD22 on blasts", "1.2", "2026-03-02")], "not-met"),
    "1: normal cells under a local code": ([stated("CD22 cells, normal B lymphocytes", "positive", "2026-03-02")], "unknown"),
    "1: a note": ([document("2026-03-02", "Flow: CD22 positive in 85% of blasts.")], "met"),
    "1: a note that plans CD22-directed therapy": ([document("2026-03-02", "Plan CD22-directed therapy")], "unknown"),
    "1: a problem's note": ([condition("C91.02", recorded="2026-03-01", note="CD22 bright on flow")], "met"),
    "1: no CD22-positive blasts left says nothing of the marker": ([report("2026-03-02", "No CD22-positive blasts detected")], "unknown"),
    "1: still pending": ([blasts(text="pending")], "unknown"),
    "1: an old sample, of any age": ([blasts(85, "2019-05-01")], "met"),
    "1: dated after the clock": ([blasts(85, "2026-04-20")], "unknown"),
    "1: registered, without a result": ([blasts(85, status="registered")], "unknown"),
    "1: entered in error": ([blasts(85, status="entered-in-error")], "unknown"),
    "1: of another patient": ([blasts(85, subject={"reference": "Patient/other"})], "unknown"),
    "2: the newest sample wins, negative": ([blasts(85, "2025-03-02"), blasts(1, "2026-03-02")], "not-met"),
    "2: the newest sample wins, positive": ([blasts(1, "2025-03-02"), report("2026-03-02", "CD22 positive")], "met"),
    "2: a later test still pending changes nothing": ([blasts(85, "2025-03-02"), blasts(day="2026-03-02", text="pending")], "met"),
    "2: a later equivocal result leaves it open": ([blasts(85, "2025-03-02"), blasts(day="2026-03-02", text="equivocal")], "unknown"),
    "2: one sample, opposite results": ([blasts(85), report("2026-03-02", "CD22 negative")], "unknown"),
    "2: one sample, two results that agree": ([blasts(85), blasts(70, loinc="51125-3")], "met"),
    "2: one sample, corrected after": ([blasts(85, id="a"), blasts(1, id="b", status="corrected")], "not-met"),
    "2: one sample, preliminary beside final": ([blasts(1, id="a", status="preliminary"), blasts(85, id="b")], "met"),
    "2: undated": ([blasts(85, None)], "unknown"),
    "2: dated by its issue": ([blasts(85, None, issued="2026-03-02T10:00:00Z")], "met"),
}  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), PATIENTS.values(), ids=PATIENTS)
def test_pol_a_i_cd22(record, expected):
    d = determine([patient(), *record], order(text="C1D1"))
    assert verdict(d, "POL-A-I-CD22") == expected
    assert ("cd22" in criterion(d, "POL-A-I-CD22").needed) == (expected == "unknown")


EARLIER_COURSE = [
    administration("2025-03-04", 1.4, "C1D1"), administration("2025-03-11", 0.9, "C1D8"), procedure("234336002", "2025-06-01"),
]  # fmt: skip
AFTER_THERAPY = {
    "a sample after the earlier course": ([*EARLIER_COURSE, blasts(85, "2026-03-02")], "met"),
    "a sample before the earlier course": ([*EARLIER_COURSE, blasts(85, "2025-01-02")], "unknown"),
    "a sample of the last day of the earlier course": (
        [*EARLIER_COURSE, blasts(85, "2025-03-11")],
        "unknown",
    ),
    "a sample before a condition tells of CAR-T cells against CD22": (
        [blasts(85), condition(None, text="S/P CD22-directed CAR-T therapy", recorded="2026-03-20")],
        "unknown",
    ),
    "a sample after it": (
        [blasts(85), condition(None, text="S/P CD22-directed CAR-T therapy", recorded="2026-01-20")],
        "met",
    ),
    "a sample before another drug against CD22 was given": (
        [blasts(85), administration("2026-03-20", None, drug={"text": "moxetumomab pasudotox"})],
        "unknown",
    ),
    "a sample after another drug against CD22 was given": (
        [blasts(85), administration("2026-01-20", None, drug={"text": "moxetumomab pasudotox"})],
        "met",
    ),
    "a condition named by the marker": (
        [
            blasts(85),
            condition("C91.02", text="CD22-positive B-ALL, status post relapse", recorded="2026-03-20"),
        ],
        "met",
    ),
    "a sample known by its month only": ([*EARLIER_COURSE, blasts(85, "2025-03")], "unknown"),
    "a later sample that lost CD22": (
        [*EARLIER_COURSE, blasts(85, "2025-01-02"), blasts(0, "2026-03-02")],
        "not-met",
    ),
}


@pytest.mark.parametrize(("record", "expected"), AFTER_THERAPY.values(), ids=AFTER_THERAPY)
def test_pol_a_i_cd22_needs_a_sample_later_than_earlier_cd22_therapy(record, expected):
    d = determine([patient(), condition("277572006", system=SNOMED), *record], order(text="C1D1"))
    assert (d.request, verdict(d, "POL-A-I-CD22")) == ("initial", expected)


DAY_8 = order("2026-04-16", "C1D8", 0.88)
FIRST_DOSE = administration("2026-04-09", 1.41, "C1D1")
DURING_THE_CYCLE = {
    "positive before the first dose of this course": ([blasts(85, "2026-03-02")], "met"),
    "positive before, negative on day 5: met with the facts up to day 1": ([blasts(85, "2026-03-02"), blasts(0, "2026-04-13")], "met"),
    "nothing before, positive on day 5: met with all facts": ([blasts(85, "2026-04-13")], "met"),
    "nothing before, negative on day 5: not both ways": ([blasts(0, "2026-04-13")], "unknown"),
    "negative before and on day 5": ([blasts(0, "2026-03-02"), blasts(1, "2026-04-13")], "not-met"),
}  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), DURING_THE_CYCLE.values(), ids=DURING_THE_CYCLE)
def test_pol_course_judges_a_day_8_order_both_ways(record, expected):
    d = determine([patient(), FIRST_DOSE, *record], DAY_8)
    assert (d.request, d.cycle, d.day) == ("initial", 1, 8)
    assert verdict(d, "POL-A-I-CD22") == expected


def test_results_that_could_not_all_be_seen_leave_a_seen_one_open():
    gaps = [Gap(DataKind.OBSERVATIONS, "page 2 was not answered", partial=True)]
    d = determine([patient(), blasts(85)], order(text="C1D1"), gaps=gaps)
    assert verdict(d, "POL-A-I-CD22") == "unknown"
    assert "page 2" in criterion(d, "POL-A-I-CD22").because


def test_reports_that_could_not_be_seen_do_not_unsettle_a_result():
    gaps = [Gap(DataKind.DIAGNOSTIC_REPORTS, "the server answered 403")]
    assert verdict(determine([patient(), blasts(85)], order(text="C1D1"), gaps=gaps), "POL-A-I-CD22") == "met"
    assert verdict(determine([patient()], order(text="C1D1"), gaps=gaps), "POL-A-I-CD22") == "unknown"


def test_a_missing_test_is_named_with_what_would_settle_it():
    found = criterion(determine([patient()], order(text="C1D1")), "POL-A-I-CD22")
    assert found.because == "no CD22 result on blasts found"
    assert "flow cytometry" in found.changes


def test_an_undated_result_is_named_as_such():
    found = criterion(determine([patient(), blasts(85, None)], order(text="C1D1")), "POL-A-I-CD22")
    assert found.because == "no CD22 result with a date: 85 % of blasts (undated)"


def test_the_value_and_its_day_are_named():
    found = criterion(determine([patient(), blasts(85)], order(text="C1D1")), "POL-A-I-CD22")
    assert found.because == "CD22 positive: 85 % of blasts (2026-03-02)"
