"""The newest value that cannot be read: POL-REC-VALUE and POL-REC-ORDER (a question it would have decided is open)."""

import pytest

from tests.policy.chart_notes import (
    administration,
    care_plan,
    condition,
    criterion,
    determine,
    needed,
    observation,
    order,
    quantity,
    report,
    stated,
    verdict,
)
from tests.policy.treated import (
    C1D1,
    COUNT,
    COUNTS,
    IN_CR,
    NEVER_TREATED,
    TREATED,
    first_cycle,
    raised,
    second_cycle,
)

MARROW, BLOOD, PLATELETS, ANC = "11150-0", "26446-5", "777-3", "751-8"
SEE = "see comment"
UNREADABLE = ("unreadable-data", "warning")
RANGE = {"valueRange": {"low": quantity(60, "%"), "high": quantity(70, "%")}}


def named(determination, words):
    return any(f.kind == "unreadable-data" and words in f.text for f in determination.findings)


# ---- Counts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("loinc", [PLATELETS, ANC])
def test_pol_rec_value_the_newest_count_unreadable_leaves_the_hold_open(loinc):
    d = second_cycle(observation(loinc, "2026-04-15", text=SEE))
    assert raised(d, "POL-HEM-1", "POL-HEM-2") == {("hem-unknown", "warning")}
    assert UNREADABLE in raised(d, "POL-REC-VALUE")
    assert "cbc" in needed(d)


def test_pol_rec_value_an_older_count_of_its_window_keeps_its_hold():
    low = observation(PLATELETS, "2026-04-14", 40, COUNT, id="low")
    d = second_cycle(low, observation(PLATELETS, "2026-04-15", text=SEE), without=COUNTS[2:3])
    assert raised(d, "POL-HEM-2") == {("hem-hold", "warning")}


@pytest.mark.parametrize(
    ("white", "percent"),
    [({"text": SEE}, {"value": 60, "unit": "%"}), ({"value": 4, "unit": COUNT}, {"text": SEE})],
)
def test_pol_rec_value_an_anc_that_cannot_be_derived_leaves_the_hold_open(white, percent):
    d = second_cycle(
        observation("6690-2", "2026-04-15", **white), observation("770-8", "2026-04-15", **percent)
    )
    assert raised(d, "POL-HEM-1") == {("hem-unknown", "warning")}


def test_pol_rec_value_a_readable_result_of_the_same_sample_decides():
    d = second_cycle(observation(PLATELETS, "2026-04-14", text=SEE))
    assert raised(d, "POL-HEM-2") == set()
    assert not named(d, "platelets")


def test_pol_rec_value_an_interval_decides_where_every_value_in_it_agrees():
    settled = second_cycle(observation(PLATELETS, "2026-04-15", text="60-70 K/uL"))
    assert raised(settled, "POL-HEM-2") == set()
    held = second_cycle(observation(PLATELETS, "2026-04-15", text="30-45 K/uL"))
    assert raised(held, "POL-HEM-2") == {("hem-hold", "warning")}
    open_ = second_cycle(observation(PLATELETS, "2026-04-15", text="45-55 K/uL"))
    assert raised(open_, "POL-HEM-2") == {("hem-unknown", "warning")}


@pytest.mark.parametrize("text", ["Pending", "not performed"])
def test_pol_rec_value_no_result_yet_lets_the_older_one_decide_and_says_so(text):
    d = second_cycle(observation(PLATELETS, "2026-04-15", text=text))
    assert raised(d, "POL-HEM-2") == set()
    assert raised(d, "POL-REC-VALUE") == {("unreadable-data", "info")}
    assert named(d, "the one before decides: 150")


def test_pol_rec_value_what_only_asks_whether_it_was_done_is_met_by_a_readable_one():
    d = second_cycle(observation(PLATELETS, "2026-04-15", text=SEE))
    assert verdict(d, "POL-B-I-C-1") == "met"


# ---- Blasts and response ---------------------------------------------------------------------------


@pytest.mark.parametrize("loinc", [MARROW, BLOOD])
def test_pol_rec_value_a_newer_unreadable_blast_result_leaves_a_cr_unproven(loinc):
    d = second_cycle(observation(loinc, "2026-04-14", text=SEE))
    assert verdict(d, "POL-B-I-PROG") == "unknown"
    assert "see comment" in criterion(d, "POL-B-I-PROG").because
    assert verdict(d, "POL-B-I-B") == "unknown"
    assert {o.when for o in d.dose.options} == {"cr-or-cri", "no-cr"}
    assert raised(d, "POL-REC-VALUE") == {UNREADABLE}


SHAPES = {"range": RANGE, "integer": {"valueInteger": 65}, "text": {"valueString": "60-70%"}}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_pol_def_cr_a_relapse_marrow_in_any_shape_ends_the_cr(shape):
    d = second_cycle(observation(MARROW, "2026-04-14", id="m", **shape))
    assert verdict(d, "POL-B-I-PROG") == "not-met"


def test_pol_rec_value_an_older_unreadable_marrow_changes_nothing():
    d = second_cycle(observation(MARROW, "2026-04-08", text=SEE))
    assert verdict(d, "POL-B-I-B") == "met"
    assert d.dose.verdict == "ok"


def test_pol_rec_value_a_statement_of_the_same_day_settles_the_marrow():
    d = second_cycle(
        observation(MARROW, "2026-04-14", text="see report"),
        report("2026-04-14", "Complete remission, marrow blasts below 5 %."),
    )
    assert verdict(d, "POL-B-I-B") == "met"


def test_pol_rec_value_unreadable_blasts_where_every_value_gives_the_same_answer_decide_nothing_new():
    d = second_cycle(
        observation(MARROW, "2026-04-09", text=SEE),
        stated("Response", "partial remission", "2026-04-13"),
        without=[IN_CR],
    )
    assert verdict(d, "POL-B-I-B") == "met"  # not in CR, whatever that marrow was


def test_pol_rec_value_only_remission_on_record_and_blasts_that_cannot_be_read_is_no_no():
    remission = condition("C91.01", recorded="2026-02-01")
    rest = [r for r in NEVER_TREATED if r.get("resourceType") != "Condition"]
    assert verdict(determine([*rest, remission], C1D1), "POL-A-II-A") == "not-met"
    d = determine([*rest, remission, observation(MARROW, "2026-04-01", text=SEE)], C1D1)
    assert verdict(d, "POL-A-II-A") == "unknown"
    assert "see comment" in criterion(d, "POL-A-II-A").because


# ---- CD22, MRD -------------------------------------------------------------------------------------


def test_pol_rec_value_the_newest_cd22_unreadable_is_unknown():
    d = first_cycle(observation("51124-6", "2026-04-01", text=SEE))
    assert verdict(d, "POL-A-I-CD22") == "unknown"
    assert "is not readable" in criterion(d, "POL-A-I-CD22").because


def test_pol_rec_value_a_cd22_test_that_was_not_performed_is_no_result():
    d = first_cycle(observation("51124-6", "2026-04-01", text="not performed"))
    assert verdict(d, "POL-A-I-CD22") == "met"


def test_pol_rec_value_a_cd22_range_decides_where_it_can():
    assert (
        verdict(first_cycle(observation("51124-6", "2026-04-01", id="x", **RANGE)), "POL-A-I-CD22") == "met"
    )
    d = first_cycle(observation("51124-6", "2026-04-01", text="10-30 %"))
    assert verdict(d, "POL-A-I-CD22") == "unknown"


def test_pol_def_mrd_the_newest_mrd_unreadable_is_not_told():
    def third_cycle(*more):
        plan = care_plan("Allogeneic stem cell transplant planned", created="2026-02-01")
        resources = [administration("2026-02-11", 1.41), *TREATED, plan, *more]
        return determine(resources, order("2026-04-16", "Cycle 3 Day 1", 0.88))

    negative = stated("MRD", "negative", "2026-04-05")
    assert verdict(third_cycle(negative), "POL-B-I-MAX") == "not-met"
    unread = stated("MRD", "see attached", "2026-04-10")
    assert verdict(third_cycle(negative, unread), "POL-B-I-MAX") == "unknown"
    assert verdict(third_cycle(negative, stated("MRD", "pending", "2026-04-10")), "POL-B-I-MAX") == "not-met"


def test_pol_rec_value_a_value_whose_time_cannot_be_read_is_named():
    d = second_cycle(observation(PLATELETS, "14.04.2026", 40, COUNT, id="odd"))
    assert named(d, "not readable as FHIR (effectiveDateTime)")


@pytest.mark.parametrize(
    ("value", "place"), [({"value": "forty", "unit": COUNT}, "valueQuantity.value"), ([40], "valueQuantity")]
)
def test_pol_rec_value_an_odd_value_is_named_by_its_place_alone(value, place):
    d = second_cycle(
        observation(PLATELETS, "2026-04-15T08:00:00-04:00", 40, COUNT, id="odd") | {"valueQuantity": value}
    )
    assert named(d, f"not readable as FHIR ({place})")


# ---- QTc, liver, electrolytes ----------------------------------------------------------------------


def test_pol_rec_value_the_newest_qtc_unreadable_is_named_and_an_older_alarm_kept():
    d = second_cycle(
        observation("76634-5", "2026-04-13", 510, "ms"), observation("76634-5", "2026-04-15", text=SEE)
    )
    assert ("safety-qt", "critical") in raised(d, "POL-REC-QT")
    assert named(d, "QTcF of 2026-04-15")


def test_pol_rec_value_the_newest_electrolyte_unreadable_keeps_an_older_low_one():
    d = second_cycle(
        observation("2823-3", "2026-04-14", 2.9, "mmol/L"), observation("2823-3", "2026-04-15", text=SEE)
    )
    assert ("electrolyte", "warning") in raised(d)
    assert named(d, "potassium of 2026-04-15")


def test_pol_rec_value_the_newest_liver_test_unreadable_keeps_an_older_hold():
    d = second_cycle(
        observation("1975-2", "2026-04-13", 5, "mg/dL"), observation("1975-2", "2026-04-15", text=SEE)
    )
    assert ("safety-hepatic", "warning") in raised(d, "POL-TOX-HEP")
    assert named(d, "bilirubin of 2026-04-15")


def test_pol_rec_value_height_and_weight_fall_back_and_say_so():
    d = first_cycle(observation("29463-7", "2026-04-15", 680, "kg"))
    assert d.dose.verdict == "ok"
    assert named(d, "The one before is used: 68 kg (2026-04-14)")


def test_pol_rec_value_a_weight_that_is_only_a_range_falls_back_and_says_so():
    d = first_cycle(observation("29463-7", "2026-04-15", text="60-70 kg"))
    assert d.dose.verdict == "ok"
    assert named(d, "weight is only 60 to 70 kg (2026-04-15). The one before is used: 68 kg (2026-04-14)")


# ---- Results of reports, names, times --------------------------------------------------------------


def contained(loinc, value, **more):
    found = observation(loinc, None, value, COUNT, id=loinc) | more
    del found["subject"]
    return found


def test_pol_rec_value_counts_contained_in_their_report_are_read():
    panel = report(
        "2026-04-15", loinc="58410-2", contained=[contained(PLATELETS, 40), contained(ANC, 3)], id="cbc"
    )
    d = second_cycle(panel)
    assert raised(d, "POL-HEM-2") == {("hem-hold", "warning")}
    (hold,) = [f for f in d.findings if f.kind == "hem-hold"]
    assert "DiagnosticReport/cbc" in hold.evidence


def test_pol_rec_value_a_withdrawn_contained_count_is_not_read():
    gone = contained(PLATELETS, 40, status="entered-in-error")
    assert raised(second_cycle(report("2026-04-15", contained=[gone])), "POL-HEM-2") == set()


def test_pol_rec_value_a_result_named_by_a_report_takes_its_time():
    count = observation(PLATELETS, None, 40, COUNT, id="plt")
    assert raised(second_cycle(count), "POL-HEM-2") == set()
    named_by = report("2026-04-15", loinc="58410-2", result=[{"reference": "Observation/plt"}])
    assert raised(second_cycle(count, named_by), "POL-HEM-2") == {("hem-hold", "warning")}


def test_pol_rec_value_counts_under_local_codes_are_known_by_name_and_unit():
    local = stated("PLT", "", "2026-04-15", id="plt", valueQuantity={"value": 40, "unit": "K/mcL"})
    del local["valueString"]
    d = second_cycle(local)
    (hold,) = [f for f in d.findings if f.kind == "hem-hold"]
    assert 'known by its name "PLT"' in hold.text


def test_pol_rec_value_an_anc_follows_from_a_white_count_and_a_share_that_names_alone_tell():
    values = {"WBC": {"value": 1.2, "unit": "K/uL"}, "Neutrophils": {"value": 45, "unit": "%"}}
    found = []
    for name, value in values.items():
        local = stated(name, "", "2026-04-15", id=name.lower(), valueQuantity=value)
        del local["valueString"]
        found.append(local)
    assert ("hem-hold", "warning") in raised(second_cycle(*found), "POL-HEM-1")


@pytest.mark.parametrize(
    ("report_name", "held"), [("CBC with differential", True), ("Bone marrow differential", False), ("Pleural fluid", False)]
)  # fmt: skip
def test_pol_rec_value_a_result_under_a_local_code_is_of_the_sample_that_its_report_names(report_name, held):
    local = stated("Platelets", "", "2026-04-15", id="plt", valueQuantity={"value": 40, "unit": "K/uL"})
    del local["valueString"]
    of = report(
        "2026-04-15", loinc=None, code={"text": report_name}, result=[{"reference": "Observation/plt"}]
    )
    found = raised(second_cycle(local, of), "POL-HEM-2")
    assert (("hem-hold", "warning") in found) == held


@pytest.mark.parametrize("unit", ["K/mcL", "10\u00b3/\u00b5L", "thou/cumm", "10\\S\\3/uL", "/nL", "G/L"])
def test_pol_rec_value_counts_in_the_units_of_laboratories(unit):
    found = [
        observation(PLATELETS, "2026-04-15", id="p", valueQuantity={"value": 140, "unit": unit}),
        observation(ANC, "2026-04-15", id="a", valueQuantity={"value": 2600, "unit": "cells/uL"}),
    ]
    d = second_cycle(*found, without=COUNTS[2:])
    assert not {"hem-hold", "hem-unknown"} & {f.kind for f in d.findings}
    assert verdict(d, "POL-B-I-C-1") == "met"


@pytest.mark.parametrize("time", ["T14:00:00+0000", "T10:00:00-0400", " 10:00", "T14:00:00+00"])
def test_pol_rec_time_doses_with_times_that_are_nearly_fhir_are_counted(time):
    given = [
        r | {"effectiveDateTime": r["effectiveDateTime"] + time} if r["resourceType"] == "MedicationAdministration" else r
        for r in TREATED
    ]  # fmt: skip
    d = determine(given)
    assert (d.cycle, d.day) == (2, 1)


# ---- The remaining kinds stay as they were ---------------------------------------------------------


def test_pol_rec_value_unreadable_data_is_no_toxicity():
    d = second_cycle(observation(PLATELETS, "2026-04-15", text=SEE))
    assert verdict(d, "POL-B-I-TOX") == "met"
