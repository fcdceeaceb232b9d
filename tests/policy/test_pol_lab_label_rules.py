"""POL-LAB-CYTO and POL-LAB-EMBRYO: rules of the label, marked as such; coverage is never changed by them."""

import pytest

from tests.policy.chart_notes import (
    SNOMED,
    administration,
    coded,
    condition,
    determine_all,
    observation,
    order,
    stated,
    verdict,
)
from tests.policy.treated import COUNT, NEVER_TREATED, first_cycle, raised, second_cycle

CYTO = {("cytoreduction", "warning")}
WARNED = {("embryo-fetal", "warning")}

BLASTS = [
    ("exactly 10,000 per mm3", observation("30376-8", "2026-04-14", 10, COUNT), set()),
    ("just above, in 10*9/L", observation("30376-8", "2026-04-14", 10.1, COUNT), CYTO),
    ("12,000 per microliter", observation("708-8", "2026-04-14", 12000, "/uL"), CYTO),
    ("lymphoblasts", observation("35050-4", "2026-04-14", 15, COUNT), CYTO),
    ("a percentage is no count", observation("26446-5", "2026-04-14", 60, "%"), set()),
    ("a count without a unit", observation("30376-8", "2026-04-14") | {"valueQuantity": {"value": 15}}, set()),
    ("a bound that decides", observation("30376-8", "2026-04-14", 50, COUNT) | {"valueQuantity": {"value": 50, "comparator": ">", "unit": COUNT, "code": COUNT, "system": "http://unitsofmeasure.org"}}, CYTO),
]  # fmt: skip


@pytest.mark.parametrize(("result", "expected"), [b[1:] for b in BLASTS], ids=[b[0] for b in BLASTS])
def test_pol_lab_cyto_circulating_blasts_before_the_first_dose(result, expected):
    d = first_cycle(result)
    assert raised(d, "POL-LAB-CYTO") == expected
    assert d.coverage.value == "met"
    assert {f.basis.value for f in d.findings if "POL-LAB-CYTO" in f.rules} <= {"label"}


def test_pol_lab_cyto_the_newest_count_speaks():
    high, low = (
        observation("30376-8", "2026-04-10", 40, COUNT),
        observation("30376-8", "2026-04-14", 4, COUNT),
    )
    assert raised(first_cycle(high, low), "POL-LAB-CYTO") == set()


def test_pol_lab_cyto_counts_of_the_same_time_that_differ_are_both_named():
    d = first_cycle(
        observation("30376-8", "2026-04-14", 12, COUNT, id="a"),
        observation("30376-8", "2026-04-14", 2, COUNT, id="b"),
    )
    (found,) = (f for f in d.findings if f.kind == "cytoreduction")
    assert found.action == "Check the circulating blasts: values differ"
    assert "12 x10*9/L" in found.text
    assert "2 x10*9/L" in found.text


def test_pol_lab_cyto_ends_with_the_first_dose():
    blasts = observation("30376-8", "2026-04-14", 40, COUNT)
    d = first_cycle(
        blasts, administration("2026-04-09", 1.41, "C1D1"), draft=order("2026-04-16", "C1D8", 0.88)
    )
    assert raised(d, "POL-LAB-CYTO") == set()


def test_pol_lab_cyto_stands_on_the_first_of_three_orders_signed_together():
    blasts = observation("30376-8", "2026-04-14", 40, COUNT)
    orders = [
        order("2026-04-16", "C1D1", 1.41, id="d1"),
        order("2026-04-23", "C1D8", 0.88, id="d8"),
        order("2026-04-30", "C1D15", 0.88, id="d15"),
    ]
    found = [raised(d, "POL-LAB-CYTO") for d in determine_all([*NEVER_TREATED, blasts], orders)]
    assert found == [CYTO, set(), set()]


def status(code, day):
    return observation("82810-3", day, valueCodeableConcept=coded(SNOMED, code))


PREGNANCY = {
    "an active problem": ([condition("Z33.1", onset="2026-03-01")], WARNED),
    "in SNOMED CT": ([condition("77386006", system=SNOMED, onset="2026-03-01")], WARNED),
    "supervised, by its code alone": ([condition("O09.92", onset="2026-03-01")], WARNED),
    "weeks of gestation": ([condition("Z3A.12", onset="2026-03-01")], WARNED),
    "a positive test by its code alone": ([condition("Z32.01", onset="2026-04-10")], WARNED),
    "a code whose name says otherwise": ([condition("Z34.90", text="Not pregnant", onset="2026-03-01")], set()),
    "a negative test by its code": ([condition("Z32.02", onset="2026-04-10")], set()),
    "after delivery, by its code": ([condition("Z39.2", onset="2026-03-01")], set()),
    "in words": ([condition(None, text="Pregnancy, second trimester", onset="2026-03-01")], WARNED),
    "recorded 300 days ago": ([condition("Z33.1", recorded="2025-06-19")], WARNED),
    "recorded 301 days ago": ([condition("Z33.1", recorded="2025-06-18")], set()),
    "without a date": ([condition("Z33.1")], WARNED),
    "ended": ([condition("Z33.1", onset="2025-09-01", ended="2026-02-01", clinical="resolved")], set()),
    "not confirmed": ([condition("Z33.1", onset="2026-03-01", verification="unconfirmed")], set()),
    "denied": ([condition(None, text="Not pregnant", onset="2026-03-01")], set()),
    "a family history": ([condition(None, text="Family history of pregnancy complications", onset="2026-03-01")], set()),
    "at high risk": ([condition(None, text="High risk pregnancy", onset="2026-03-01")], WARNED),
    "a status by its name": ([stated("Pregnancy status", "pregnant", "2026-04-10")], WARNED),
    "a status by its name, not": ([stated("Pregnancy status", "not pregnant", "2026-04-10")], set()),
    "asked and answered with yes": ([stated("Pregnant", "Yes", "2026-04-10")], WARNED),
    "the result of a test by its name": ([stated("Pregnancy test result", "Positive", "2026-04-10")], WARNED),
    "in words that are not wholly understood": ([condition(None, text="Pregnancy xyzzy", onset="2026-03-01")], WARNED),
    "of years ago by its name": ([condition(None, text="Pregnancy in 2015")], set()),
    "of the wife": ([condition(None, text="Wife pregnant", onset="2026-03-01")], set()),
    "a negative test as a problem": ([condition(None, text="Pregnancy test negative", onset="2026-03-01")], set()),
    "planned": ([condition(None, text="Plans pregnancy in future", onset="2026-03-01")], set()),
    "advised against": ([condition(None, text="Advised to avoid pregnancy", onset="2026-03-01")], set()),
    "status of the wife": ([observation("82810-3", "2026-04-10", text="Wife pregnant")], set()),
    "status pregnant in words": ([observation("82810-3", "2026-04-10", text="Pregnant")], WARNED),
    "a positive urine test": ([observation("2106-3", "2026-04-10", text="Positive")], WARNED),
    "a positive serum test 30 days ago": ([observation("2118-8", "2026-03-16", text="Positive")], WARNED),
    "a positive test 31 days ago": ([observation("2118-8", "2026-03-15", text="Positive")], set()),
    "a negative test": ([observation("2106-3", "2026-04-10", text="Negative")], set()),
    "a negative later on the day": ([observation("2106-3", "2026-04-10T08:00:00-04:00", text="Positive"), observation("2106-3", "2026-04-10T12:00:00-04:00", text="Negative", id="later")], set()),
    "a negative earlier on the day": ([observation("2106-3", "2026-04-10T12:00:00-04:00", text="Positive"), observation("2106-3", "2026-04-10T08:00:00-04:00", text="Negative", id="earlier")], WARNED),
    "a negative of the day": ([observation("2106-3", "2026-04-10T12:00:00-04:00", text="Positive"), observation("2106-3", "2026-04-10", text="Negative", id="day")], WARNED),
    "status pregnant by code": ([status("77386006", "2026-04-10")], WARNED),
    "status not pregnant by code": ([status("60001007", "2026-04-10")], set()),
    "status in words": ([observation("82810-3", "2026-04-10", text="Not pregnant")], set()),
    "a problem and a newer negative test": (
        [condition("Z33.1", onset="2026-03-01"), observation("2106-3", "2026-04-10", text="Negative")], set(),
    ),
    "a negative test older than the problem": (
        [condition("Z33.1", onset="2026-03-01"), observation("2106-3", "2026-02-10", text="Negative")], WARNED,
    ),
    "without a date, and a negative test of 30 days ago": (
        [condition("Z33.1"), observation("2106-3", "2026-03-16", text="Negative")], set(),
    ),
    "without a date, and a negative test of 31 days ago": (
        [condition("Z33.1"), observation("2106-3", "2026-03-15", text="Negative")], WARNED,
    ),
    "opposite tests of one day": (
        [observation("2106-3", "2026-04-10", text="Negative"), observation("2118-8", "2026-04-10", text="Positive")], WARNED,
    ),
    "lactation of the wife": ([condition(None, text="Wife breastfeeding", onset="2026-04-01")], set()),
    "lactation in words": ([condition(None, text="Breastfeeding", onset="2026-04-01")], {("embryo-fetal", "info")}),
    "lactation in words that are not wholly understood": ([condition(None, text="Breastfeeding xyzzy", onset="2026-04-01")], {("embryo-fetal", "info")}),
    "lactation that is over": ([condition(None, text="Stopped breastfeeding", onset="2026-04-01")], set()),
    "lactation": ([condition("Z39.1", onset="2026-04-01")], {("embryo-fetal", "info")}),
}  # fmt: skip


@pytest.mark.parametrize(("records", "expected"), PREGNANCY.values(), ids=PREGNANCY)
def test_pol_lab_embryo_pregnancy_warns_for_initial_and_later_cycles(records, expected):
    for d in (first_cycle(*records), second_cycle(*records)):
        assert raised(d, "POL-LAB-EMBRYO") == expected
        assert d.coverage.value == "met"
        assert {f.basis.value for f in d.findings if "POL-LAB-EMBRYO" in f.rules} <= {"label"}


def test_pol_lab_embryo_changes_no_verdict():
    assert verdict(second_cycle(condition("Z33.1", onset="2026-03-01")), "POL-B-I-TOX") == "met"


@pytest.mark.parametrize(
    "record",
    [
        condition(None, text="Pregnancy xyzzy", onset="2026-03-01"),
        observation("82810-3", "2026-04-10", text="Pregnancy xyzzy"),
    ],
    ids=["a problem", "a status"],
)
def test_pol_lab_embryo_says_what_is_not_wholly_understood(record):
    d = second_cycle(record)
    (found,) = [f for f in d.findings if f.kind == "embryo-fetal"]
    assert "Pregnancy xyzzy" in found.text
    assert "not wholly understood" in found.text
