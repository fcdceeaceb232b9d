"""Numbers and units as laboratories send them."""

from decimal import Decimal

import pytest
from ucumvert import PintUcumRegistry

from cds_service.clinical.observations.measurements import MEASUREMENTS
from cds_service.clinical.observations.units import CANONICAL, convert, factors, ucum_of, written
from cds_service.clinical.terminology import rows
from cds_service.fhir.quantities import Interval, exactly, figure_in_text, quantity, unit_names

D = Decimal


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"value": D("48")}, "48"),
        ({"value": D("48.50")}, "48.5"),
        ({"value": 48}, "48"),
        ({"value": "48"}, "48"),
        ({"value": D("0.2"), "comparator": "<"}, "< 0.2"),
        ({"value": D("45"), "comparator": ">="}, ">= 45"),
    ],
)
def test_a_quantity_is_an_interval(given, shown):
    assert str(quantity(given)) == shown


@pytest.mark.parametrize(
    "given",
    [{}, {"value": None}, {"value": "high"}, {"value": True}, {"value": "NaN"}, {"value": []}, "5", None],
)
def test_what_has_no_number_is_no_quantity(given):
    assert quantity(given) is None


@pytest.mark.parametrize(
    ("interval", "limit", "below", "above"),
    [
        (exactly(D(49)), D(50), True, False),
        (exactly(D(50)), D(50), False, False),
        (exactly(D(51)), D(50), False, True),
        (Interval(None, D(50), high_open=True), D(50), True, False),
        (Interval(None, D(50)), D(50), None, False),
        (Interval(None, D(60), high_open=True), D(50), None, None),
        (Interval(D(50), None, low_open=True), D(50), False, True),
        (Interval(D(50), None), D(50), False, None),
        (Interval(D(40), None, low_open=True), D(50), None, None),
    ],
)
def test_a_comparator_counts_only_when_it_decides(interval, limit, below, above):
    assert interval.is_below(limit) is below
    assert interval.is_above(limit) is above


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("<10 IU/mL", "< 10", "IU/mL"),
        ("< 0.2", "< 0.2", None),
        (">150 U/L", "> 150", "U/L"),
        ("GT 45", "> 45", None),
        ("1,200", "1200", None),
        ("1.2 H", "1.2", None),
        ("1,200 /uL", "1200", "/uL"),
        ("≥ 5 %", ">= 5", "%"),
        ("less than 5 %", "< 5", "%"),
        ("up to 5%", "<= 5", "%"),
        ("3-5", "3 to 5", None),
        ("5 to 10", "5 to 10", None),
        ("between 3 and 4 K/uL", "3 to 4", "K/uL"),
        ("60-70 %", "60 to 70", "%"),
        ("60%-70%", "60 to 70", "%"),
        ("60 \u2013 70%", "60 to 70", "%"),
        ("approx. 60", "48 to 72", None),
        ("~60 %", "48 to 72", "%"),
        ("about 60-70 %", "48 to 84", "%"),
        ("48 10*3/uL", "48", "10*3/uL"),
        ("1.2 x 10^9/L", "1.2", "x 10^9/L"),
        ("LL 0.4", "0.4", None),
        ("*0.4 K/uL", "0.4", "K/uL"),
        ("0.4 (LL) K/uL", "0.4", "K/uL"),
        ("0.4 L*", "0.4", None),
        (".4 K/uL", "0.4", "K/uL"),
        ("48 K/uL (150-400)", "48", "K/uL"),
        ("4.1 mmol/L [ref: 3.5 - 5.1 mmol/L]", "4.1", "mmol/L"),
        ("512 ms (normal range <470)", "512", "ms"),
        ("0.4 (LL) K/uL (1.5 to 8 K/uL)", "0.4", "K/uL"),
        ("68 kg (150 lb)", "68", "kg"),
        ("165 cm (5' 5\")", "165", "cm"),
        ("165.1 cm (5 ft 5 in)", "165.1", "cm"),
        ("5' 5\"", "65", "in"),
        ("5 ft 5.5 in", "65.5", "in"),
        ("5 feet, 5 inches", "65", "in"),
        ("149 lb 14 oz", "2398", "oz"),
        ("149 lbs., 14.5 oz", "2398.5", "oz"),
    ],
)
def test_a_text_that_is_wholly_one_figure_is_read(text, value, unit):
    interval, found = figure_in_text(text)
    assert (str(interval), found) == (value, unit)


@pytest.mark.parametrize(
    "text",
    [
        "see comment",
        "",
        "70 to 60",
        "3 % to 4 g/L",
        "2026-04-14",
        "12 blasts seen in 100 cells counted",
        "1.2.3",
        "was 60, now 3",
        "5-",
        "8510*3/uL",
        "H",
        "(150-400)",
        "48 of 100 (of blasts)",
        "CD22 (80-90)",
        "5' 13\"",
        "149 lb 16 oz",
        "68 kg (goal 60 kg)",
    ],
)
def test_a_text_that_is_more_than_a_figure_is_not_guessed_at(text):
    assert figure_in_text(text) is None


@pytest.mark.parametrize(
    ("kind", "words", "value", "expected"),
    [
        ("count", "K/uL", 48, "48"),
        ("time_qt", "msecs", 512, "512"),
        ("time_qt", "secs", "0.512", "512"),
        ("height", "cms", 165, "165"),
        ("height", "feet", 5, "152.4"),
        ("weight", "kilos", 68, "68"),
        ("bilirubin", "mg %", "2.4", "2.4"),
        ("magnesium", "mg%", "1.4", "1.4"),
        ("enzyme", "mU/mL", 210, "210"),
        ("enzyme", "mIU/mL", 210, "210"),
        ("count", "x10E3/uL", 48, "48"),
        ("count", "x10*9/L", 48, "48"),
        ("count", "10^9/L", 48, "48"),
        ("count", "/uL", 48000, "48"),
        ("count", "cells/mm³", 48000, "48"),
        ("count", "cumm", 48000, None),
        ("count", "K/mcL", 48, "48"),
        ("count", "cells/mcL", 48000, "48"),
        ("count", "x10(3)/uL", 48, "48"),
        ("count", "10x3/uL", 48, "48"),
        ("count", "X10-3/UL", 48, "48"),
        ("count", "10 3/uL", 48, "48"),
        ("count", "x1000/mm3", 48, "48"),
        ("count", "TH/mm3", 48, "48"),
        ("count", "10*3/\u00c2\u00b5L", 48, "48"),
        ("count", "10*3/uL{cells}", 48, "48"),
        ("fraction", "%{blasts}", 48, "48"),
        ("fraction", "/100 cells", 48, "48"),
        ("enzyme", "Units/Liter", 48, "48"),
        ("count", "10\u00b3/\u00b5L", 48, "48"),
        ("count", "10\u2079/L", 48, "48"),
        ("count", "10\\S\\3/uL", 48, "48"),
        ("count", "10E+03/uL", 48, "48"),
        ("count", "thou/cumm", 48, "48"),
        ("count", "K/cmm", 48, "48"),
        ("count", "K/cu mm", 48, "48"),
        ("count", "/nL", 48, "48"),
        ("count", "G/L", 48, "48"),
        ("count", "g/L", 48, None),
        ("weight", "lbs.", 150, "68.0388555"),
        ("weight", "G/L", 68, None),
        ("bilirubin", "umol/L", D("17.104"), "1"),
        ("bilirubin", "µmol/L", D("17.104"), "1"),
        ("enzyme", "IU/L", 40, "40"),
        ("magnesium", "mmol/L", 1, "2.4305"),
        ("magnesium", "mEq/L", 2, "2.4306"),
        ("potassium", "mEq/L", 4, "4"),
        ("height", "in", 65, "165.1"),
        ("weight", "lbs", 150, "68.0388555"),
        ("time_qt", "msec", 480, "480"),
        ("time_qt", "s", D("0.48"), "480"),
        ("area", "m^2", D("1.76"), "1.76"),
        ("fraction", "percent", 5, "5"),
    ],
)
def test_written_units_are_converted_by_the_table_or_refused(kind, words, value, expected):
    found = convert(exactly(D(value)), kind, None, words)
    if expected is None:
        assert found is None
    else:
        assert abs(found.exact - D(expected)) < D("0.00001")


def test_a_quantity_without_a_unit_is_not_usable():
    assert convert(exactly(D(48)), "count", None, None) is None


def test_a_unit_of_another_kind_is_refused():
    assert convert(exactly(D(48)), "count", "mg/dL", None) is None
    assert convert(exactly(D(1)), "height", "kg", None) is None


def test_words_beside_a_code_mend_a_code_that_is_none_but_no_other_unit():
    assert convert(exactly(D(48)), "count", "thou", "K/uL") == exactly(D(48))
    assert convert(exactly(D(48)), "count", "g/L", "K/uL") is None


@pytest.mark.parametrize(
    ("first", "second", "less"),
    [
        (Interval(D(3), D(5)), exactly(D(6)), True),
        (Interval(D(3), D(5)), exactly(D(5)), None),
        (Interval(D(3), D(5), high_open=True), exactly(D(5)), True),
        (Interval(D(3), D(5)), exactly(D(4)), None),
        (Interval(D(3), D(5)), exactly(D(3)), False),
        (Interval(None, D(5)), Interval(D(7), None), True),
    ],
)
def test_one_interval_is_less_than_another_only_when_every_value_is(first, second, less):
    assert first.is_less_than(second) is less


def test_the_code_of_another_system_is_read_as_words():
    assert unit_names({"code": "mEq/L", "system": "(HL7_V2)"}) == (None, "mEq/L")
    assert unit_names({"code": "meq/L", "system": "http://unitsofmeasure.org"}) == ("meq/L", None)


_UREG = PintUcumRegistry()
_MOLAR = {("bilirubin", "umol/L"), ("potassium", "mg/dL"), ("magnesium", "mmol/L"), ("magnesium", "meq/L"),
          ("calcium", "mmol/L"), ("calcium", "meq/L"), ("potassium", "meq/L"), ("creatinine", "umol/L"), ("hemoglobin", "mmol/L")}  # fmt: skip
CHECKED = [
    (row["concept"], row["code"], row["factor"])
    for row in rows("units")
    if row["factor"] and row["concept"] in CANONICAL and (row["concept"], row["code"]) not in _MOLAR
]


@pytest.mark.parametrize(("kind", "code", "factor"), CHECKED)
def test_each_factor_agrees_with_a_ucum_library(kind, code, factor):
    """Factors that need a molar mass or a charge are left out; a UCUM library does not know them."""
    if code.startswith("{") or CANONICAL[kind] == "%":
        plain = {"{cells}/uL": "/uL", "{beats}/min": "/min", "1": "1", "%": "%"}.get(code, code)
        ratio = _UREG.from_ucum(plain).to(_UREG.from_ucum(CANONICAL[kind])).magnitude
    elif code in ("[IU]/L", "U/L", "ukat/L", "nkat/L"):
        ratio = {"[IU]/L": 1, "U/L": 1, "ukat/L": 60, "nkat/L": 0.06}[code]
    else:
        ratio = (1 * _UREG.from_ucum(code)).to(_UREG.from_ucum(CANONICAL[kind])).magnitude
    assert float(factor) == pytest.approx(float(ratio), rel=1e-4)


def test_the_values_that_can_be_are_stated_in_the_unit_that_values_are_converted_to():
    table = {row["concept"]: row for row in rows("measurements")}
    assert {c: row["code"] for c, row in table.items()} == {
        c: CANONICAL[m.kind] for c, m in MEASUREMENTS.items()
    }


@pytest.mark.parametrize(
    ("concept", "value", "can_be"),
    [("platelets", 3000, True), ("platelets", 3001, False), ("anc", 0, True), ("anc", -1, False),
     ("marrow_blasts_pct", 100, True), ("marrow_blasts_pct", 101, False), ("alt", 20000, True),
     ("qtc_fridericia", 199, False), ("bcr_abl1_transcript", -5, True)],
)  # fmt: skip
def test_which_values_a_living_patient_can_have(concept, value, can_be):
    assert MEASUREMENTS[concept].holds(exactly(D(value))) is can_be


def test_every_written_unit_means_an_accepted_code_of_some_kind():
    accepted = {code for kind in CANONICAL for code in factors(kind)} | {
        "mg",
        "ug",
        "mg/m2",
        "ug/kg",
        "mg/kg",
    }
    assert {ucum_of(w) for w in ("K/uL", "mg/dL", "U/L", "ms", "kg", "cm", "m2", "mcg", "mg/m2")} <= accepted


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        ("2.065925", "bilirubin", "2.07 mg/dL"),
        ("1.2", "bilirubin", "1.2 mg/dL"),
        ("0.04512", "count", "0.0451 x10*9/L"),
        ("0.045", "count", "0.045 x10*9/L"),
        ("49.96", "count", "49.96 x10*9/L"),
        ("69.99998", "weight", "70 kg"),
        ("140", "count", "140 x10*9/L"),
    ],
)
def test_a_card_shows_no_places_that_nobody_measured(value, kind, text):
    assert written(exactly(Decimal(value)), kind) == text


def test_a_bound_is_shown_so_as_well():
    assert written(Interval(Decimal("0.584658559"), None, low_open=True), "bilirubin") == "> 0.585 mg/dL"
