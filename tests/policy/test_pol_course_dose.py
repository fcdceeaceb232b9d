"""POL-COURSE-DOSE: which records are doses given, and which are one dose."""

from datetime import timedelta

import pytest

from cds_service.clinical.chart import read_chart
from cds_service.fhir.record import Resource, record_from
from cds_service.oncology.doses import dose_history
from cds_service.policies.inotuzumab.numbers import PLANNED_DAYS
from tests.policy.chart_notes import (
    CLOCK,
    HCPCS,
    J9229,
    PATIENT,
    administration,
    condition,
    criterion,
    determine,
    drug_order,
    finding_kinds,
    held,
    needed,
    order,
    place,
    procedure,
    service_request,
)
from tests.policy.cycles import DIAGNOSIS

INO = J9229


def placed(events, draft):
    return place(determine([*DIAGNOSIS, *events], draft))


def statement(day=None, period=None, status="completed"):
    times = {"effectiveDateTime": day} if day else {"effectivePeriod": period} if period else {}
    return {
        "resourceType": "MedicationStatement",
        "id": f"statement-{day or 'period'}",
        "status": status,
        "subject": PATIENT,
        "medicationCodeableConcept": INO,
    } | times


def dispense(day, status="completed"):
    return {
        "resourceType": "MedicationDispense",
        "id": f"dispense-{day}",
        "status": status,
        "subject": PATIENT,
        "medicationCodeableConcept": INO,
        "whenHandedOver": day,
    }


def request(*events, status="completed", authored="2026-04-01"):
    found = drug_order(INO, status=status, authored=authored, id=f"request-{status}")
    return found | ({"dosageInstruction": [{"timing": {"event": list(events)}}]} if events else {})


def billed(day=None, *, code=INO, **more):
    """An infusion recorded as a procedure."""
    return procedure("x", day, id=f"billed-{day or 'period'}") | {"code": code} | more


DAY_8 = order("2026-04-16", None, 0.88)


@pytest.mark.parametrize(
    "record",
    [
        *[administration("2026-04-09", status=status) for status in ("completed", "in-progress", "stopped")],
        *[statement("2026-04-09", status=status) for status in ("completed", "active")],
        statement(period={"start": "2026-04-09", "end": "2026-04-09"}),
        statement(period={"start": "2026-04-09T10:00:00-04:00", "end": "2026-04-09T11:00:00-04:00"}),
        dispense("2026-04-09"),
        request("2026-04-09"),
        request(authored="2026-04-09"),
        billed("2026-04-09"),
        billed("2026-04-09", status="in-progress"),
        billed("2026-04-09", code={"text": "Inotuzumab ozogamicin infusion"}),
        billed(performedPeriod={"start": "2026-04-09T10:00:00-04:00", "end": "2026-04-09T11:00:00-04:00"}),
        service_request("J9229", system=HCPCS, day="2026-04-09", status="completed"),
        administration(None, effectivePeriod={"start": "2026-04-09T10:00:00-04:00", "end": "2026-04-09T11:00:00-04:00"}),
    ],
    ids=lambda r: f"{r['resourceType']}-{r['status']}-{r['id']}",
)  # fmt: skip
def test_each_kind_of_record_that_is_a_dose(record):
    body = {k: v for k, v in record.items() if v is not None}
    assert placed([body], DAY_8) == ("initial", 1, 8)


@pytest.mark.parametrize(
    "record",
    [
        administration("2026-04-09", status="on-hold"),
        administration("2026-04-09", status="unknown"),
        administration("2026-04-09", status="entered-in-error"),
        statement("2026-04-09", status="intended"),
        statement("2026-04-09", status="not-taken"),
        statement("2026-04-09") | {"taken": "n", "id": "stu3"},
        statement("2026-04-09") | {"wasNotTaken": True, "id": "dstu2"},
        dispense("2026-04-09", status="in-progress"),
        *[request("2026-04-09", status=status) for status in ("active", "draft", "stopped", "on-hold")],
        billed("2026-04-09", status="not-done"),
        billed("2026-04-09", status="preparation"),
        billed("2026-04-09", code={"text": "Teaching about inotuzumab"}),
        billed("2026-04-09", code={"text": "Inotuzumab level"}),
        service_request("J9229", system=HCPCS, day="2026-04-09"),
        administration("2026-04-15T10:00:00-04:00"),  # an hour after the clock
        administration("2026-04-09", drug={"text": "rituximab"}),
        administration("2026-04-09", subject={"reference": "Patient/other"}),
    ],
    ids=lambda r: f"{r['resourceType']}-{r['status']}-{r['id']}",
)
def test_each_kind_of_record_that_is_none(record):
    assert placed([record], DAY_8) == ("initial", 1, 1)


@pytest.mark.parametrize("member", ["notGiven", "wasNotGiven"])
def test_a_dose_that_an_earlier_version_of_fhir_says_was_not_given_fills_its_slot(member):
    first, second = administration("2026-04-02", 1.41, "C1D1"), administration("2026-04-09", None, "C1D8")
    assert placed([first, second | {member: True}], order("2026-04-16", "C1D8", 0.88)) == ("initial", 1, 8)
    assert placed([first, second | {member: False}], order("2026-04-16", "C1D15", 0.88)) == ("initial", 1, 15)


def test_each_event_of_a_completed_request_is_a_dose():
    assert placed([request("2026-04-01", "2026-04-08")], DAY_8) == ("initial", 1, 15)


def test_one_calendar_day_is_one_dose():
    twice = [administration("2026-04-09T08:00:00-04:00"), administration("2026-04-09T15:00:00-04:00")]
    assert placed(twice, DAY_8) == ("initial", 1, 8)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("2026-04-07", ("initial", 1, 8)),
        ("2026-04-11", ("initial", 1, 8)),  # 2 days apart: the same dose
        ("2026-04-12", ("initial", 1, 15)),  # 3 days: another
    ],
)
def test_a_statement_within_two_days_of_an_administration_is_the_same_dose(stated, expected):
    assert placed([administration("2026-04-09"), statement(stated)], DAY_8) == expected


def test_a_procedure_within_two_days_of_an_administration_is_the_same_dose():
    assert placed([administration("2026-04-09"), billed("2026-04-11")], DAY_8) == ("initial", 1, 8)


def test_vod_after_doses_that_only_procedures_record_stops():
    vod = condition("K76.5", onset="2026-04-13")
    d = determine([*DIAGNOSIS, billed("2026-04-09"), vod], DAY_8)
    assert "permanent-discontinuation" in finding_kinds(d)


def test_the_higher_rank_gives_the_label():
    events = [administration("2026-04-09", 1.41, "Cycle 3 Day 1"), request("2026-04-09")]
    assert placed(events, order("2026-04-16", "Cycle 3 Day 8", 0.88)) == ("continuation", 3, 8)


def test_the_day_of_a_dose_is_that_of_its_own_offset():
    # 2026-04-06 at 23:30 in the record's offset is the 7th in UTC: day 8 ends 10 days after the 6th.
    late = administration("2026-04-06T23:30:00-04:00")
    assert placed([late], order("2026-04-17")) == ("initial", 1, 15)


def test_a_not_done_administration_outranks_a_completed_request_of_its_day():
    events = [
        administration("2026-04-01", 1.41, "C1D1"),
        request("2026-04-08"),
        held("2026-04-08", "infection"),
    ]
    determination = determine([*DIAGNOSIS, *events], order("2026-04-16", "Cycle 1 Day 8", 0.88))
    assert place(determination) == ("initial", 1, 8)


def test_a_dose_given_later_on_the_day_it_was_first_not_done_is_given():
    events = [held("2026-04-09T08:00:00-04:00"), administration("2026-04-09T15:00:00-04:00")]
    assert placed(events, DAY_8) == ("initial", 1, 8)


PERIOD = {"start": "2026-02-01", "end": "2026-03-15"}


@pytest.mark.parametrize(
    "use", [statement(period=PERIOD), statement(status="active"), administration("2026-03"), billed(), billed(performedPeriod=PERIOD)],
    ids=["period", "undated", "partial", "undated procedure", "procedure over a period"],
)  # fmt: skip
def test_use_without_single_dates_leaves_the_cycle_unknown(use):
    determination = determine([*DIAGNOSIS, use], order("2026-04-16"))
    assert place(determination) == ("continuation", None, None)
    assert "cycle-number" in needed(determination)


def test_use_over_a_period_contradicts_a_first_dose_but_no_later_label():
    assert placed([statement(period=PERIOD)], order(text="Cycle 1 Day 1")) == ("continuation", None, None)
    assert placed([statement(period=PERIOD)], order(text="Cycle 3 Day 1")) == ("continuation", 3, 1)


def test_a_list_entry_over_the_time_of_the_recorded_doses_adds_nothing():
    ongoing = statement(period={"start": "2026-04-09"}, status="active")
    assert placed([administration("2026-04-09"), ongoing], DAY_8) == ("initial", 1, 8)


def test_a_period_that_began_before_the_recorded_doses_leaves_the_cycle_unknown():
    earlier = statement(period={"start": "2026-02-01"}, status="active")
    assert placed([administration("2026-04-09"), earlier], DAY_8) == ("continuation", None, None)


# ---- Use over a period, in an earlier course ----

ALLO = procedure("425843001", "2025-06-10")
LAST_YEAR = {"start": "2025-02-01", "end": "2025-04-15"}


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        (LAST_YEAR, ("initial", 1, 1)),
        ({"start": "2025-02-01", "end": "2025-06-09"}, ("initial", 1, 1)),
        ({"start": "2025-02-01", "end": "2025-06-20"}, ("continuation", None, None)),  # over the transplant
        ({"start": "2025-02-01"}, ("continuation", None, None)),  # no end
        ({"start": "2025-08-01", "end": "2025-09-01"}, ("continuation", None, None)),  # after it
    ],
)
def test_use_over_a_period_before_what_ended_a_course_is_of_that_course(period, expected):
    assert placed([statement(period=period), ALLO], order("2026-04-16", "C1D1")) == expected


def test_the_same_beside_the_doses_of_the_present_course():
    events = [statement(period=LAST_YEAR), ALLO, administration("2026-04-09", 1.41, "C1D1")]
    assert placed(events, DAY_8) == ("initial", 1, 8)


def test_such_an_earlier_course_is_named_and_is_a_prior_line():
    d = determine([*DIAGNOSIS, statement(period=LAST_YEAR), ALLO], order("2026-04-16", "C1D1"))
    assert any("inotuzumab was given before (last 2025-04-15)" in note for note in d.notes)
    assert "an earlier course of inotuzumab" in criterion(d, "POL-A-IV-FL").because


def test_a_period_without_anything_that_ended_its_course_leaves_the_cycle_unknown():
    assert placed([statement(period=LAST_YEAR)], order("2026-04-16", "C1D1")) == ("continuation", None, None)


@pytest.mark.parametrize(
    ("first", "second", "doses"),
    [
        ("2026-04-08T22:00:00-04:00", "2026-04-09T02:00:00Z", 1),
        ("2026-04-08T22:00:00-04:00", "2026-04-09T03:00:00Z", 2),
        ("2026-04-08T22:00:00-04:00", "2026-04-08T22:00:00Z", 1),
    ],
)
def test_an_instant_with_two_offsets_is_one_dose_on_the_day_in_the_hospital(first, second, doses):
    """Given at ten in the evening; a copy of the record has the time in UTC."""
    given = [administration(first, id="a"), administration(second, id="b")]
    for record in (given, given[::-1]):
        history = dose_history(
            read_chart(record_from("p1", map(Resource, [*DIAGNOSIS, *record])), CLOCK),
            "inotuzumab_ozogamicin", timedelta(2), PLANNED_DAYS,
        ).given  # fmt: skip
        assert len(history) == doses
        assert str(history[0].day) == "2026-04-08"
