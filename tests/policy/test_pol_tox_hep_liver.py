"""POL-TOX-HEP: liver tests, rules of the label; single limbs are a recommendation."""

from datetime import datetime

import pytest

from tests.policy.chart_notes import condition, document, observation, quantity, verdict
from tests.policy.treated import first_cycle, raised, second_cycle

HOLD = ("safety-hepatic", "warning")
INFO = ("safety-hepatic", "info")
CONSIDER = ("consider-permanent-discontinuation", "warning")


def bilirubin(value, day="2026-04-14", unit="mg/dL", high=None, **more):
    return observation("1975-2", day, value, unit, **_range(high, unit), **more)


def alt(value, day="2026-04-14", high=None):
    return observation("1742-6", day, value, "U/L", **_range(high, "U/L"))


def ast(value, day="2026-04-14", high=None):
    return observation("1920-8", day, value, "U/L", **_range(high, "U/L"))


def _range(high, unit):
    return {"referenceRange": [{"high": quantity(high, unit)}]} if high is not None else {}


# The default limits: bilirubin 1.2 mg/dL (1.5x: 1.8, 3x: 3.6), AST and ALT 40 U/L (2.5x: 100, 5x: 200).
LOW_BEFORE = bilirubin(0.8, "2026-03-17")
ROWS = {
    "both at the limits": ([bilirubin(1.8), alt(100)], set()),
    "both above": ([bilirubin(1.9), alt(101)], {(HOLD, "label")}),
    "both above, by AST": ([bilirubin(1.9), ast(101)], {(HOLD, "label")}),
    "bilirubin in umol/L": ([bilirubin(33, unit="umol/L"), alt(101)], {(HOLD, "label")}),
    "by the results' own limits": ([bilirubin(1.6, high=1.0), alt(101, high=40)], {(HOLD, "label")}),
    "within the results' own limits": ([bilirubin(1.9, high=1.5), alt(101, high=50)], set()),
    "within the results' own limits in words": (
        [bilirubin(1.9) | {"referenceRange": [{"text": "0.2-1.5"}]}, alt(101) | {"referenceRange": [{"text": "<=50 U/L"}]}], set(),
    ),
    "one limb, bilirubin": ([bilirubin(1.9), alt(30)], {(INFO, "label")}),
    "one limb, ALT": ([bilirubin(0.5), alt(150)], {(INFO, "label")}),
    "ALT at five times": ([alt(200)], {(INFO, "label")}),
    "ALT above five times": ([alt(201)], {(HOLD, "recommendation")}),
    "AST above five times": ([ast(201)], {(HOLD, "recommendation")}),
    "bilirubin at three times, not risen": ([bilirubin(3.6), bilirubin(4, "2026-03-17")], {(INFO, "label")}),
    "bilirubin above three times": ([bilirubin(3.7), bilirubin(4, "2026-03-17")], {(HOLD, "recommendation")}),
    "bilirubin 2.0, risen": ([bilirubin(2.0), LOW_BEFORE], {(HOLD, "recommendation")}),
    "bilirubin 1.9, risen": ([bilirubin(1.9), LOW_BEFORE], {(INFO, "label")}),
    "bilirubin 2.0, nothing known before": ([bilirubin(2.0)], {(HOLD, "recommendation")}),
    "bilirubin 2.0, as before": ([bilirubin(2.0), bilirubin(2.0, "2026-03-17")], {(INFO, "label")}),
    "both above, and far": ([bilirubin(3.7), alt(250)], {(HOLD, "label"), (HOLD, "recommendation")}),
    "of 7 days before": ([bilirubin(1.9, "2026-04-08"), alt(101, "2026-04-08")], {(HOLD, "label")}),
    "of 8 days before": ([bilirubin(1.9, "2026-04-07"), alt(101, "2026-04-07")], set()),
    "the newest counts": ([bilirubin(1.9, "2026-04-12"), alt(101, "2026-04-12"), bilirubin(1.0), alt(40)], set()),
    "direct bilirubin is another test": ([observation("1968-7", "2026-04-14", 4, "mg/dL"), alt(101)], {(INFO, "label")}),
    "a bound that decides": ([bilirubin(0.5), alt(5) | {"valueQuantity": quantity(200, "U/L") | {"comparator": ">"}}], {(HOLD, "recommendation")}),
    "a bound that does not decide": ([bilirubin(0.5), alt(5) | {"valueQuantity": quantity(100, "U/L") | {"comparator": "<"}}], set()),
    "normal": ([bilirubin(0.6), alt(20), ast(20)], set()),
}  # fmt: skip


def found(determination):
    return {
        ((f.kind, f.indicator.value), f.basis.value)
        for f in determination.findings
        if "POL-TOX-HEP" in f.rules
    }


@pytest.mark.parametrize(("results", "expected"), ROWS.values(), ids=ROWS)
def test_pol_tox_hep_limits_before_each_dose(results, expected):
    d = second_cycle(*results)
    assert found(d) == expected
    assert verdict(d, "POL-B-I-TOX") == "met"
    assert d.coverage.value == "met"


GILBERT = {
    "Gilbert": condition("E80.4", recorded="2015-01-01"),
    "Gilbert in words": condition(None, text="Gilbert's syndrome", recorded="2015-01-01"),
    "acquired hemolytic anemia": condition("D59.9", recorded="2026-04-01"),
    "hereditary hemolysis": condition("D58.0", recorded="2015-01-01"),
}


@pytest.mark.parametrize("cause", GILBERT.values(), ids=GILBERT)
def test_pol_tox_hep_gilbert_or_hemolysis_explains_bilirubin(cause):
    assert found(second_cycle(bilirubin(2.5), alt(30), LOW_BEFORE, cause)) == set()
    assert found(second_cycle(bilirubin(2.5), alt(101), LOW_BEFORE, cause)) == {(INFO, "label")}


def test_pol_tox_hep_an_unconfirmed_gilbert_explains_nothing():
    cause = condition("E80.4", recorded="2015-01-01", verification="provisional")
    assert found(second_cycle(bilirubin(1.9), alt(101), cause)) == {(HOLD, "label")}


@pytest.mark.parametrize(
    "name",
    [
        "Brother with Gilbert syndrome",
        "Hemolysis of specimen",
        "Hemolysis resolved",
        "Possible Gilbert syndrome",
        "Gilbert xyzzy",
    ],
)
def test_pol_tox_hep_what_does_not_wholly_state_a_cause_explains_nothing(name):
    cause = condition(None, text=name, recorded="2026-04-01")
    assert found(second_cycle(bilirubin(1.9), alt(101), cause)) == {(HOLD, "label")}


def test_pol_tox_hep_holds_before_the_first_dose_too_and_nothing_has_risen_yet():
    assert found(first_cycle(bilirubin(1.9), alt(101))) == {(HOLD, "label")}
    assert found(first_cycle(bilirubin(2.2), alt(30))) == {(INFO, "label")}


def test_pol_tox_hep_a_default_limit_is_said():
    (said,) = [
        f.text for f in second_cycle(bilirubin(1.9), alt(101, high=40)).findings if "POL-TOX-HEP" in f.rules
    ]
    assert "bilirubin 1.9 mg/dL (2026-04-14), upper limit 1.2 (default)" in said
    assert "ALT 101 U/L (2026-04-14), upper limit 40;" in f"{said};".replace(":", ";", 1)


TOMORROW = datetime.fromisoformat("2026-04-16T09:00:00-04:00")
BOTH_HIGH = [bilirubin(2.5, "2026-03-20"), alt(150, "2026-03-20")]


def lasting(*days):
    return [r for day in days for r in (bilirubin(2.4, day), alt(30, day))]


LASTS = {
    "bilirubin high in every result for 26 days": (lasting("2026-04-01", "2026-04-15"), False),
    "stated as not recovering": ([document("2026-04-10", "Transaminases have not recovered.")], True),
    "stated as persistently elevated": ([document("2026-04-10", "Bilirubin persistently elevated.")], True),
    "stated as failing to normalize": ([document("2026-04-10", "LFTs failed to normalize.")], True),
    "stated before": ([document("2026-03-19", "Transaminases have not recovered.")], False),
    "another organ does not recover": ([document("2026-04-10", "Rash has not resolved since last breakfast.")], False),
    "recovered": ([document("2026-04-10", "Liver tests have recovered.")], False),
}  # fmt: skip


@pytest.mark.parametrize(("added", "expected"), LASTS.values(), ids=LASTS)
def test_pol_tox_hep_both_limits_exceeded_and_stated_as_not_recovering(added, expected):
    d = second_cycle(*BOTH_HIGH, *added)
    assert (CONSIDER in raised(d, "POL-TOX-HEP")) is expected
    assert verdict(d, "POL-B-I-TOX") == ("unknown" if expected else "met")
    assert ("hepatic-recovery" in {n.item for n in d.needed}) is expected


@pytest.mark.parametrize(
    ("first", "days", "expected"),
    [
        ("2026-03-18", ("2026-04-01", "2026-04-15"), False),
        ("2026-03-18", ("2026-04-01", "2026-04-16"), True),
    ],
    ids=["28 days", "29 days"],
)
def test_pol_tox_hep_high_for_more_than_28_days(first, days, expected):
    pair = [bilirubin(2.5, first), alt(150, first)]
    d = second_cycle(*pair, *lasting(*days), clock=TOMORROW)
    assert (CONSIDER in raised(d, "POL-TOX-HEP")) is expected


def test_pol_tox_hep_one_normal_result_between_ends_the_run():
    pair = [bilirubin(2.5, "2026-03-18"), alt(150, "2026-03-18")]
    normal = [bilirubin(0.8, "2026-04-01"), alt(30, "2026-04-01")]
    assert CONSIDER not in raised(second_cycle(*pair, *normal, bilirubin(2.4)), "POL-TOX-HEP")


def test_pol_tox_hep_a_pair_from_before_the_first_dose_does_not_count():
    pair = [bilirubin(2.5, "2026-03-10"), alt(150, "2026-03-10")]
    assert CONSIDER not in raised(
        second_cycle(*pair, document("2026-04-10", "ALT has not recovered.")), "POL-TOX-HEP"
    )


def test_pol_tox_hep_limbs_of_different_days_within_a_week_make_a_pair():
    pair = [bilirubin(2.5, "2026-03-20"), alt(150, "2026-03-22")]
    d = second_cycle(*pair, document("2026-04-10", "ALT has not recovered."))
    assert CONSIDER in raised(d, "POL-TOX-HEP")


def spread(result, low, high):
    """A result as a range in the unit that it has."""
    unit = result["valueQuantity"]["unit"]
    without = {k: v for k, v in result.items() if k != "valueQuantity"}
    return without | {"valueRange": {"low": quantity(low, unit), "high": quantity(high, unit)}}


BILIRUBIN, ALT = bilirubin(1.0), alt(30)
RANGES = {
    "on one side of all limits": ([spread(BILIRUBIN, 0.5, 1.7), spread(ALT, 20, 90)], set()),
    "above one limit, the other open": (
        [BILIRUBIN, spread(ALT, 120, 240)], {(INFO, "label")},
    ),
    "on both sides of one limit": ([BILIRUBIN, spread(ALT, 80, 120)], {(INFO, "label")}),
    "on both sides of the far limit": ([BILIRUBIN, spread(ALT, 180, 300)], {(INFO, "label"), (HOLD, "label")}),
    "both tests leaning over the limits": ([spread(BILIRUBIN, 1.6, 2.3), spread(ALT, 90, 130)], {(HOLD, "label")}),
    "a text": (
        [observation("1742-6", "2026-04-14", text="80-120 U/L")], {(INFO, "label")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RANGES)
def test_pol_tox_hep_a_range_across_a_limit_is_never_silent(name):
    results, expected = RANGES[name]
    d = second_cycle(LOW_BEFORE, *results)
    assert found(d) == expected
    assert d.coverage.value == "met"
