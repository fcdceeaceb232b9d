"""POL-REC-ORDER: which of several results counts. Ids never decide a value."""

from dataclasses import replace
from decimal import Decimal
from itertools import permutations

import pytest

from cds_service.clinical.evidence import newest
from cds_service.clinical.observations.results import Result
from cds_service.fhir.dates import parse_when
from cds_service.fhir.quantities import exactly

FINAL, CORRECTED, PRELIMINARY = 1, 2, 0


def result(value, when, *, rank=FINAL, issued=None, reference="Observation/x"):
    moment = parse_when(issued).instant if issued else None
    return Result(
        "platelets", reference, parse_when(when) if when else None, moment, rank, "", exactly(Decimal(value))
    )


def values(*results):
    return sorted(str(r.value) for r in newest(results))


CASES = {
    "the latest time wins": (
        [result(48, "2026-04-10"), result(90, "2026-04-12")], ["90"]),
    "a later instant beats an earlier one of the same day": (
        [result(48, "2026-04-10T08:00:00Z"), result(90, "2026-04-10T12:00:00Z")], ["90"]),
    "instants are compared as moments, whatever their offset": (
        [result(48, "2026-04-11T01:00:00+10:00"), result(90, "2026-04-10T20:00:00Z")], ["90"]),
    "a date and an instant within that day are equal in time": (
        [result(48, "2026-04-10"), result(90, "2026-04-10T12:00:00Z")], ["48", "90"]),
    "a corrected report beats a final one of the same time": (
        [result(48, "2026-04-10"), result(90, "2026-04-10", rank=CORRECTED)], ["90"]),
    "a final report beats a preliminary one of the same time": (
        [result(48, "2026-04-10", rank=PRELIMINARY), result(90, "2026-04-10")], ["90"]),
    "a preliminary report is used when it is alone": (
        [result(48, "2026-04-10", rank=PRELIMINARY)], ["48"]),
    "at equal time and status the later issue wins": (
        [result(48, "2026-04-10", issued="2026-04-10T09:00:00Z"), result(90, "2026-04-10", issued="2026-04-11T09:00:00Z")], ["90"]),
    "equal values of one time are one": (
        [result(48, "2026-04-10"), result(48, "2026-04-10", reference="Observation/y")], ["48"]),
    "values still different are a conflict, and both are returned": (
        [result(48, "2026-04-10"), result(90, "2026-04-10", reference="Observation/y")], ["48", "90"]),
    "a month that may be as late as the latest day stays in question": (
        [result(48, "2026-04"), result(90, "2026-04-10")], ["48", "90"]),
    "an earlier month does not": (
        [result(48, "2026-03"), result(90, "2026-04-10")], ["90"]),
    "a result without any time answers nothing": (
        [result(48, None), result(90, "2026-04-10")], ["90"]),
}  # fmt: skip


@pytest.mark.parametrize(("results", "expected"), CASES.values(), ids=CASES)
def test_order_of_evidence(results, expected):
    for shuffled in permutations(results):
        assert values(*shuffled) == expected


def test_the_resource_id_never_decides():
    a, b = (
        result(48, "2026-04-10", reference="Observation/a"),
        result(90, "2026-04-10", reference="Observation/b"),
    )
    swapped = replace(a, reference="Observation/b"), replace(b, reference="Observation/a")
    assert values(a, b) == values(*swapped) == ["48", "90"]
