"""Arithmetic on numbers that others sent never raises, and rounds as a clinician would."""

from decimal import Decimal
from fractions import Fraction

import pytest

from cds_service.clinical.therapy.worded_dose import dose_in_text
from cds_service.fhir.decimals import is_multiple, remainder, to_place, whole_up
from cds_service.fhir.quantities import as_decimal, figure_in_text, plain

ODD = [
    Decimal(t) for t in ("0", "-0", "1E+25", "1E+308", "-1E+308", "1E-308", "9" * 64, "0." + "0" * 60 + "1")
]


@pytest.mark.parametrize("value", ODD, ids=str)
def test_no_size_of_a_number_raises(value):
    assert abs(Fraction(to_place(value, Decimal("0.001"))) - Fraction(value)) <= Fraction(1, 2000)
    assert 0 <= whole_up(value, Decimal("0.1")) - Fraction(value) * 10 < 1
    assert is_multiple(value, Decimal(9)) in (True, False)


@pytest.mark.parametrize(
    ("value", "rounded"), [("1.0004", "1.000"), ("1.0005", "1.001"), ("-1.0005", "-1.001"), ("2", "2.000")]
)
def test_a_number_is_rounded_half_up_to_its_place(value, rounded):
    assert str(to_place(Decimal(value), Decimal("0.001"))) == rounded


@pytest.mark.parametrize(("value", "units"), [("1.412", 15), ("1.4", 14), ("0", 0), ("1E+30", 10**31)])
def test_units_are_rounded_up(value, units):
    assert whole_up(Decimal(value), Decimal("0.1")) == units


@pytest.mark.parametrize(("value", "is_so"), [("18", True), ("19", False), ("9E+40", True), ("1E+40", False)])
def test_a_multiple_is_told_whatever_its_size(value, is_so):
    assert is_multiple(Decimal(value), Decimal(9)) is is_so


def test_what_is_left_after_whole_units():
    assert remainder(Decimal("10.5"), Decimal(7)) == Decimal("3.5")
    assert remainder(Decimal(3650), Decimal("3e-100")) == Decimal("2e-100")


@pytest.mark.parametrize(
    "text", ["1e309", "1e999999999", "1e-999999999", "9" * 5000, "NaN", "Infinity", "", "x", "1 mg"]
)
def test_a_text_that_no_double_holds_is_no_number(text):
    assert as_decimal(text) is None


@pytest.mark.parametrize("value", [True, None, [], {}, 10**400])
def test_what_is_no_number_is_none(value):
    assert as_decimal(value) is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1E+25", "1E+25"),
        ("123456E+30", "1.235E+35"),
        ("1E-30", "1E-30"),
        ("1500.10", "1500.1"),
        ("0E-40", "0"),
        ("1E+3", "1000"),
    ],
)
def test_a_figure_never_fills_a_line_with_zeros(value, shown):
    assert plain(Decimal(value)) == shown


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (1e300, "1E+100"),
        (-1e300, "-1E+100"),
        (1e-300, "1E-100"),
        (1e100, "1E+100"),
        (10**99, "1" + "0" * 99),
        (0, "0"),
    ],
)
def test_a_number_beyond_the_bound_is_the_bound(given, read):
    assert str(as_decimal(given)) == read


def test_a_long_figure_in_a_text_is_read_without_an_error():
    value, _ = figure_in_text("9" + ",999" * 22 + " mg")
    assert value.exact == Decimal("9" * 67)
    assert figure_in_text("9" * 90 + " mg") is None
    assert dose_in_text("Give 1" + "0" * 120 + " mg").value == Decimal("1E+100")
