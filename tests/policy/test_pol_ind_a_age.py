"""POL-IND-A-AGE: at least one year old on the planned date, birthday included."""

import pytest

from cds_service.fhir.record import DataKind, Gap
from tests.policy.chart_notes import (
    criterion,
    determine,
    determine_all,
    finding_kinds,
    order,
    patient,
    verdict,
)

AGES = {
    "first birthday on the planned date": ("2025-04-16", "met"),
    "first birthday the day after the planned date": ("2025-04-17", "not-met"),
    "an adult": ("1961-11-30", "met"),
    "born on a leap day, thirteen months ago and more": ("2024-02-29", "met"),
    "only the year, old enough on every day of it": ("2024", "met"),
    "only the year, which straddles the first birthday": ("2025", "unknown"),
    "only the month, old enough on its last day": ("2025-03", "met"),
    "only the month, which straddles": ("2025-04", "unknown"),
    "only the month, too young on its first day": ("2025-05", "not-met"),
    "born after the planned date": ("2026-06-01", "unknown"),
    "no date at all": ("not a date", "unknown"),
}


@pytest.mark.parametrize(("birth", "expected"), AGES.values(), ids=AGES)
def test_pol_ind_a_age(birth, expected):
    d = determine([patient(birth)], order("2026-04-16", "C1D1"))
    assert verdict(d, "POL-IND-A-AGE") == expected
    assert ("birth-date" in criterion(d, "POL-IND-A-AGE").needed) == (expected == "unknown")


def test_an_infant_is_warned_of_on_the_coverage_card():
    d = determine([patient("2025-10-01")], order(text="C1D1"))
    assert "age" in finding_kinds(d)
    assert d.coverage.value == "not-met"


def test_each_order_is_judged_on_its_own_planned_date():
    first, second = determine_all(
        [patient("2025-04-20")],
        [order("2026-04-16", "C1D1", id="a"), order("2026-04-23", "C1D8", 0.88, id="b")],
    )
    assert (verdict(first, "POL-IND-A-AGE"), verdict(second, "POL-IND-A-AGE")) == ("not-met", "met")


def test_a_patient_who_could_not_be_seen_leaves_the_age_unknown_and_says_why():
    d = determine([], order(text="C1D1"), gaps=[Gap(DataKind.PATIENT, "the server answered 403")])
    found = criterion(d, "POL-IND-A-AGE")
    assert found.verdict.value == "unknown"
    assert "403" in found.because


def test_a_birth_date_that_cannot_be_read_is_not_called_absent():
    because = criterion(determine([patient("not-a-date")]), "POL-IND-A-AGE").because
    assert because == "the birth date cannot be read (not-a-date)"
