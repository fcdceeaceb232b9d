"""POL-REC-DECEASED, POL-REC-VALUE, POL-REC-BSA: what is wrong with the record itself."""

import pytest

from cards.suggestions import with_table_dose
from tests.policy.chart_notes import body_size, determine, observation, order, patient
from tests.policy.treated import C1D1, COUNT, NEVER_TREATED, first_cycle, raised, second_cycle

UNREADABLE = {("unreadable-data", "warning")}
SIZE = body_size()


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"deceasedBoolean": True}, UNREADABLE),
        ({"deceasedDateTime": "2026-04-15T08:00:00-04:00"}, UNREADABLE),
        ({"deceasedDateTime": "2026-04-15"}, UNREADABLE),
        ({"deceasedDateTime": "2026-04-15T10:00:00-04:00"}, set()),
        ({"deceasedBoolean": False}, set()),
        ({}, set()),
    ],
    ids=["dead", "an hour ago", "today", "in an hour", "alive", "not said"],
)
def test_pol_rec_deceased_warns_and_changes_neither_criteria_nor_dose(about, expected):
    d = determine([patient(**about), *NEVER_TREATED[1:]], C1D1)
    assert raised(d, "POL-REC-DECEASED") == expected
    assert d.coverage.value == "met"
    assert d.dose.verdict == "ok"


def weight(value, unit="kg", day="2026-04-14"):
    return observation("29463-7", day, value, unit, id="weight")


IMPLAUSIBLE = {
    "platelets 150000 x10*9/L": observation("777-3", "2026-04-15", 150000, COUNT),
    "platelets just above 3000": observation("777-3", "2026-04-15", 3001, COUNT),
    "ANC above 200": observation("751-8", "2026-04-15", 201, COUNT),
    "weight above 350 kg": observation("29463-7", "2026-04-15", 351, "kg"),
    "height above 250 cm": observation("8302-2", "2026-04-15", 251, "cm"),
    "BSA below 0.2 m2": observation("3140-1", "2026-04-15", 0.19, "m2"),
    "BSA above 3.5 m2": observation("3140-1", "2026-04-15", 3.6, "m2"),
    "bilirubin above 60 mg/dL": observation("1975-2", "2026-04-15", 61, "mg/dL"),
    "QTc in the wrong unit": observation("76634-5", "2026-04-15", 415, "s"),
    "QTc below 200 ms": observation("76634-5", "2026-04-15", 199, "ms"),
    "no unit": observation("777-3", "2026-04-15") | {"valueQuantity": {"value": 150}},
    "another unit": observation("29463-7", "2026-04-15", 68, "mmol/L"),
    "text": observation("777-3", "2026-04-15", text="clumped, see comment"),
}


@pytest.mark.parametrize("result", IMPLAUSIBLE.values(), ids=IMPLAUSIBLE)
def test_pol_rec_value_a_newest_value_that_cannot_be_used_is_named(result):
    d = second_cycle(result)
    assert raised(d, "POL-REC-VALUE") == UNREADABLE
    (found,) = [f for f in d.findings if "POL-REC-VALUE" in f.rules]
    assert found.evidence == (f"Observation/{result['id']}",)
    assert found.action.startswith("Check")


def test_pol_rec_value_the_boundary_values_are_plausible():
    values = [
        observation("777-3", "2026-04-15", 3000, COUNT), observation("751-8", "2026-04-15", 200, COUNT),
        observation("29463-7", "2026-04-15", 350, "kg"), observation("8302-2", "2026-04-15", 250, "cm"),
        observation("1975-2", "2026-04-15", 60, "mg/dL"), observation("76634-5", "2026-04-15", 800, "ms"),
    ]  # fmt: skip
    assert raised(second_cycle(*values), "POL-REC-VALUE") == set()


def test_pol_rec_value_a_rejected_value_is_treated_as_missing():
    d = determine([r for r in NEVER_TREATED if r not in SIZE] + [SIZE[0], weight(680)], C1D1)
    assert d.dose.verdict == "unknown"
    assert {"dose-unchecked", "unreadable-data"} <= {f.kind for f in d.findings}
    assert "height-weight" in {n.item for n in d.needed}


def test_pol_rec_value_a_rejected_value_gives_way_to_the_older_usable_one():
    d = first_cycle(observation("29463-7", "2026-04-15", 680, "kg"))
    assert raised(d, "POL-REC-VALUE") == UNREADABLE
    assert d.dose.verdict == "ok"


def test_pol_rec_value_an_old_unusable_value_under_a_newer_usable_one_is_not_named():
    assert raised(second_cycle(observation("29463-7", "2025-04-15", 680, "kg")), "POL-REC-VALUE") == set()


# 165 cm and 68 kg: 1.7654 m2 by Mosteller.
BSA = [
    (1.77, "2026-04-14", set()),
    (1.941, "2026-04-14", set()),
    (1.943, "2026-04-14", {("bsa-mismatch", "warning")}),
    (1.5889, "2026-04-14", set()),
    (1.58, "2026-04-14", {("bsa-mismatch", "warning")}),
    (2.2, "2026-03-15", {("bsa-mismatch", "warning")}),
    (2.2, "2026-03-14", set()),
]


@pytest.mark.parametrize(("m2", "day", "expected"), BSA)
def test_pol_rec_bsa_a_recorded_bsa_within_30_days_of_the_weight_is_compared(m2, day, expected):
    d = first_cycle(observation("3140-1", day, m2, "m2"))
    assert raised(d, "POL-REC-BSA") == expected
    assert str(d.dose.bsa_m2) == "1.7654"
    assert d.dose.verdict == "ok"


def test_pol_rec_bsa_without_height_and_weight_there_is_nothing_to_compare():
    d = determine(
        [r for r in NEVER_TREATED if r not in SIZE] + [observation("3140-1", "2026-04-14", 1.77, "m2")], C1D1
    )
    assert raised(d, "POL-REC-BSA") == set()
    assert float(d.dose.bsa_m2) == 1.77


# ---- Sizes that quarrel ----------------------------------------------------------------------------


def dose_levels(d):
    return {f.indicator.value for f in d.findings if f.kind == "dose"}


def test_pol_rec_bsa_weights_that_quarrel_are_named_and_a_loud_dose_is_only_a_warning():
    """The newest weight is three times too low: the order fits the weight of the week before."""
    d = first_cycle(weight(68, day="2026-04-08"), observation("29463-7", "2026-04-15", 24, "kg"))
    assert dose_levels(d) == {"warning"}
    assert d.dose.verdict == "over"
    assert d.dose.disputed
    (found,) = [f for f in d.findings if f.kind == "bsa-mismatch"]
    assert found.indicator.value == "warning"
    assert "24 kg" in found.text
    assert "68 kg" in found.text


def test_pol_rec_bsa_a_dose_that_every_size_calls_an_overdose_stays_critical():
    tenfold = order("2026-04-16", "Cycle 1 Day 1", 14.1)
    d = first_cycle(observation("29463-7", "2026-04-15", 50, "kg"), draft=tenfold)
    assert dose_levels(d) == {"critical"}
    assert ("bsa-mismatch", "warning") in raised(d, "POL-REC-BSA")


def test_pol_rec_bsa_where_only_the_other_size_is_out_of_range_it_says_by_how_much():
    d = first_cycle(weight(110, day="2026-04-01"))
    assert d.dose.verdict == "ok"
    assert dose_levels(d) == set()
    (found,) = [f for f in d.findings if f.kind == "bsa-mismatch"]
    assert "by the other weight the ordered dose would be 21 % below the table" in found.text


@pytest.mark.parametrize(("kg", "day"), [(84, "2026-04-01"), (110, "2026-03-14"), (110, "2025-04-01")])
def test_pol_rec_bsa_weights_within_a_quarter_or_a_month_older_do_not_quarrel(kg, day):
    d = first_cycle(weight(kg, day=day))
    assert raised(d, "POL-REC-BSA") == set()
    assert not d.dose.disputed


def test_pol_rec_bsa_no_dose_is_suggested_where_sizes_quarrel():
    tenfold = order("2026-04-16", "Cycle 1 Day 1", 14.1)
    assert with_table_dose(tenfold, first_cycle(draft=tenfold)) is not None
    assert with_table_dose(tenfold, first_cycle(weight(110, day="2026-04-01"), draft=tenfold)) is None


TOO_LONG = "No VOD. " * 9_000 + "VOD confirmed."


@pytest.mark.parametrize(
    "resource",
    [
        observation("777-3", "2026-04-15", 150, COUNT) | {"note": [{"text": TOO_LONG}]},
        observation("8480-6", "2026-04-15", text=TOO_LONG),
    ],
    ids=["note", "value"],
)
def test_pol_rec_value_a_text_that_is_too_long_is_named_and_decides_nothing(resource):
    d = second_cycle(resource)
    (found,) = [f for f in d.findings if "POL-REC-VALUE" in f.rules]
    assert found.evidence == (f"Observation/{resource['id']}",)
    assert "65536 characters was not read (Observation)" in found.text
    assert raised(d) == raised(second_cycle()) | UNREADABLE


def test_pol_rec_value_a_text_of_the_order_that_is_too_long_is_named():
    d = first_cycle(draft=C1D1 | {"note": [{"text": TOO_LONG}]})
    (found,) = [f for f in d.findings if "POL-REC-VALUE" in f.rules]
    assert "was not read (order)" in found.text
    assert found.evidence == (d.order,)


def test_pol_rec_value_a_text_as_long_as_is_read_is_not_named():
    text = "No VOD. " * 8_192
    assert len(text) == 65_536
    note = observation("777-3", "2026-04-15", 150, COUNT) | {"note": [{"text": text}]}
    assert raised(second_cycle(note), "POL-REC-VALUE") == set()
