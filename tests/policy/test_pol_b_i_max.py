"""POL-B-I-MAX (POL-B-II, POL-B-II-A, POL-B-III, POL-B-III-A): how many cycles, by transplant plan and response.

Orders are for day 1 of a cycle on 2026-04-16; earlier cycles are complete.
"""

import pytest

from cds_service.fhir.record import DataKind, Gap
from tests.policy.chart_notes import (
    PATIENT,
    administration,
    care_plan,
    coded,
    condition,
    criterion,
    determine,
    document,
    finding_kinds,
    needed,
    observation,
    order,
    procedure,
    report,
    service_request,
    stated,
    verdict,
)
from tests.policy.cycles import DIAGNOSIS, before_cycle, doses, on

ALLO = "425843001"
PLANNED = stated("Transplant plan", "allogeneic HSCT planned", "2026-04-12", id="plan")
NOT_PLANNED = stated("Transplant plan", "not proceeding to HSCT", "2026-04-12", id="plan")
CR = stated("Response", "CR", "2026-04-10", id="response")
SD = stated("Response", "stable disease", "2026-04-10", id="response")
MRD_NEGATIVE = stated("MRD by flow cytometry", "negative", "2026-04-10", id="mrd")
MRD_BY_A_FLAG = {k: v for k, v in MRD_NEGATIVE.items() if k != "valueString"} | {
    "interpretation": [{"coding": [{"code": "NEG"}]}]
}
MRD_POSITIVE = stated("MRD by flow cytometry", "positive", "2026-04-10", id="mrd")
MAX = "POL-B-I-MAX"


def mrd_part(name, percent):
    """A flow cytometry panel with one component."""
    part = {"code": {"text": name}, "valueQuantity": {"value": percent, "unit": "%"}}
    return {k: v for k, v in MRD_NEGATIVE.items() if k != "valueString"} | {
        "code": {"text": "Flow cytometry"},
        "component": [part],
    }


def duration(cycle, *notes, **how):
    return verdict(before_cycle(cycle, *notes, **how), MAX)


def response_on(text, cycle, before, day):
    return stated("Response", text, on(cycle, before, day), id=f"r-{text}-{cycle}-{day}")


@pytest.mark.parametrize(
    ("cycle", "notes", "expected"),
    [
        # a transplant is planned
        (2, [PLANNED], "met"),
        (3, [PLANNED, CR, MRD_NEGATIVE], "not-met"),
        (3, [PLANNED, CR, MRD_BY_A_FLAG], "not-met"),
        (3, [PLANNED, CR, mrd_part("MRD %", 0.3)], "met"),
        (3, [PLANNED, CR, mrd_part("MRD %", 0.003)], "not-met"),
        (3, [PLANNED, CR, mrd_part("MRD limit of detection", 0.003)], "unknown"),
        (3, [PLANNED, CR, MRD_POSITIVE], "met"),
        (3, [PLANNED, SD, MRD_NEGATIVE], "met"),
        (3, [PLANNED, SD], "met"),
        (3, [PLANNED, MRD_POSITIVE], "met"),
        (3, [PLANNED, CR], "unknown"),
        (3, [PLANNED, MRD_NEGATIVE], "unknown"),
        (3, [PLANNED], "unknown"),
        (4, [PLANNED, CR, MRD_POSITIVE], "not-met"),
        # no transplant is planned
        (2, [NOT_PLANNED], "met"),
        (3, [NOT_PLANNED, CR, MRD_NEGATIVE], "met"),
        (3, [NOT_PLANNED], "met"),
        (4, [NOT_PLANNED, CR], "met"),
        (4, [NOT_PLANNED, SD], "not-met"),
        (4, [NOT_PLANNED], "unknown"),
        (7, [NOT_PLANNED, CR], "not-met"),
        # the plan is not known
        (2, [], "met"),
        (3, [SD], "met"),
        (3, [MRD_POSITIVE], "met"),
        (3, [CR, MRD_NEGATIVE], "unknown"),
        (3, [CR], "unknown"),
        (3, [], "unknown"),
        (4, [CR], "unknown"),
        (4, [SD], "not-met"),
        (7, [CR], "not-met"),
    ],
)
def test_cycles_by_plan_response_and_mrd(cycle, notes, expected):
    assert duration(cycle, *notes) == expected


@pytest.mark.parametrize(
    ("cycle", "response", "expected"),
    [
        (5, ("CR", 3, 20), "met"),
        (6, ("CR", 3, 20), "met"),
        (6, ("CR", 4, 1), "met"),  # up to the day of C4D1
        (6, ("CR", 4, 2), "unknown"),  # later, and what it was before is not recorded
        (6, ("SD", 3, 2), "not-met"),  # after C3D1
        (6, ("SD", 3, 1), "unknown"),  # on C3D1
        (6, ("SD", 5, 20), "not-met"),
    ],
)
def test_the_response_by_cycle_3_decides_cycles_4_to_6(cycle, response, expected):
    text, in_cycle, day = response
    assert duration(cycle, NOT_PLANNED, response_on(text, in_cycle, cycle, day)) == expected


def test_a_first_remission_after_cycle_4_began_is_too_late():
    late = [response_on("SD", 3, 5, 20), response_on("CR", 4, 5, 20)]
    assert duration(5, NOT_PLANNED, *late) == "not-met"


def test_a_remission_by_cycle_3_that_was_lost_was_reached():
    lost = [response_on("CR", 2, 4, 20), response_on("relapse", 3, 4, 20)]
    assert duration(4, NOT_PLANNED, *lost) == "met"


@pytest.mark.parametrize(
    ("cycle", "notes", "items"),
    [
        (3, [PLANNED, CR], {"mrd"}),
        (3, [PLANNED], {"response", "mrd"}),
        (3, [CR, MRD_NEGATIVE], {"hsct-plan"}),
        (4, [CR], {"hsct-plan"}),
        (4, [NOT_PLANNED], {"response"}),
    ],
)
def test_an_open_duration_asks_for_what_would_settle_it(cycle, notes, items):
    determination = before_cycle(cycle, *notes)
    assert set(criterion(determination, MAX).needed) == items
    assert items <= needed(determination)


def test_mrd_is_asked_for_as_information_where_the_third_cycle_stands_without_it():
    (mrd,) = [n for n in before_cycle(3, PLANNED, SD).needed if n.item == "mrd"]
    assert not mrd.decides


@pytest.mark.parametrize(
    ("cycle", "notes"), [(2, [PLANNED]), (3, [NOT_PLANNED, SD]), (3, [PLANNED, SD, MRD_POSITIVE])]
)
def test_mrd_is_not_asked_for_otherwise(cycle, notes):
    assert "mrd" not in needed(before_cycle(cycle, *notes))


@pytest.mark.parametrize("plan", [[PLANNED], [NOT_PLANNED], []], ids=["planned", "not-planned", "unknown"])
def test_pol_b_iii_a_no_response_within_three_cycles_holds_whatever_the_plan(plan):
    assert "discontinue-no-response" in finding_kinds(before_cycle(4, SD, *plan))
    assert "discontinue-no-response" not in finding_kinds(before_cycle(3, SD, *plan))
    assert "discontinue-no-response" not in finding_kinds(before_cycle(4, CR, *plan))


def test_pol_b_iii_a_an_entry_of_the_relapse_without_a_cr_before_it_is_no_missing_response():
    """A problem-list entry tells of the disease, not of the course: after a CR only it is a relapse of it."""
    entry = condition("C91.02", onset=on(3, 4, 5), recorded=on(3, 4, 5), id="relapse")
    found = before_cycle(4, NOT_PLANNED, entry)
    assert verdict(found, MAX) == "unknown"
    assert "discontinue-no-response" not in finding_kinds(found)


# --- The plan: at cycle 4 after a CR, planned is "not-met", not planned "met", unknown "unknown". ---


def appointment(status="booked", created="2026-04-01"):
    return {
        "resourceType": "Appointment",
        "id": "appointment",
        "status": status,
        "created": created,
        "start": "2026-06-01T08:00:00-04:00",
        "end": "2026-06-01T09:00:00-04:00",
        "serviceType": [coded("http://snomed.info/sct", ALLO)],
        "participant": [{"actor": PATIENT, "status": "accepted"}],
    }


def described(words, **members):
    """An appointment that says in its subject line only what it is for."""
    bare = {k: v for k, v in appointment().items() if k != "serviceType"}
    return bare | {"description": words} | members


def with_activity(activity, **members):
    """A care plan whose title says nothing, with one activity."""
    return care_plan("ALL therapy", created="2026-04-01", activity=[activity], **members)


def contained_request(**members):
    """A care plan that contains the request for a transplant."""
    request = {"resourceType": "ServiceRequest", "id": "sct", "status": "active", "intent": "plan"}
    request |= {"code": coded("http://snomed.info/sct", ALLO)} | members
    return with_activity({"reference": {"reference": "#sct"}}, contained=[request])


@pytest.mark.parametrize(
    "note",
    [
        with_activity({"detail": {"status": "scheduled", "code": coded("http://snomed.info/sct", ALLO)}}),
        with_activity({"detail": {"status": "scheduled", "description": "Allogeneic stem cell transplant"}}),
        contained_request(),
        service_request(ALLO, authored="2026-04-01"),
        service_request(ALLO, authored="2026-04-01", status="on-hold"),
        appointment() | {"appointmentType": {"coding": [{"code": "ROUTINE"}]}},
        appointment()
        | {"appointmentType": {"text": "Admission"}, "comment": "Arrive at 7, consult the guide"},
        service_request(ALLO, authored="2026-04-01", note=[{"text": "Evaluation complete, donor found."}]),
        service_request(ALLO, authored="2026-04-01", note=[{"text": "HLA typing done 3/1"}]),
        service_request(
            ALLO, authored="2026-04-01", reasonCode=[coded("http://snomed.info/sct", "277572006")]
        ),
        service_request(ALLO, authored="2026-04-01", category=[{"text": "Surgical procedure"}]),
        service_request(None, text="Allogeneic stem cell transplant", authored="2026-04-01"),
        service_request("38240", system="http://www.ama-assn.org/go/cpt", authored="2026-04-01"),
        appointment(),
        described("Allogeneic stem cell transplant"),
        described("Admission for allo-HSCT"),
        described("Stem cell transplant admission"),
        described("HSCT admission"),
        described("Inpatient admission - stem cell transplant"),
        described("Admit for allogeneic stem cell transplant"),
        described("Allo transplant - conditioning start"),
        described("", appointmentType={"text": "Allogeneic stem cell transplant"}),
        document("2026-04-01", "Transplant delayed to June."),
        care_plan("Bridge to allogeneic HSCT", created="2026-04-01"),
        care_plan("Allogeneic HSCT", created="2026-04-01"),
        care_plan("Allogeneic HSCT after cycle 3", created="2026-04-01"),
        care_plan("Leukemia", created="2026-04-01", description="Allogeneic stem cell transplant"),
        care_plan("ALL therapy", created="2026-04-01", description="Proceeding to HSCT after cycle 4."),
        document("2026-04-01", "Plan: allo-HSCT, planned for May."),
        condition("C91.01", recorded="2026-04-01", note="HSCT planned"),
    ],
    ids=lambda r: r["resourceType"],
)
def test_what_states_that_a_transplant_is_planned(note):
    assert duration(4, CR, note) == "not-met"


@pytest.mark.parametrize(
    "note",
    [
        document("2026-04-01", "Not proceeding to HSCT."),
        document("2026-04-01", "HSCT is no longer planned."),
        document("2026-04-01", "Not currently a candidate for transplant."),
        stated("Transplant candidate", "no", "2026-04-01"),
        care_plan("No HSCT planned", created="2026-04-01"),
        service_request(
            ALLO, authored="2026-03-01", status="revoked", note=[{"text": "Patient declines transplant"}]
        ),
    ],
)
def test_what_states_that_no_transplant_is_planned(note):
    assert duration(4, CR, note) == "met"


@pytest.mark.parametrize(
    "note",
    [
        care_plan("Allogeneic HSCT 2024", created="2026-04-01"),
        care_plan("HSCT completed", created="2026-04-01"),
        care_plan("Allogeneic HSCT evaluation", created="2026-04-01"),
        care_plan("Allogeneic HSCT", created="2026-04-01", status="revoked"),
        care_plan("Kidney transplant", created="2026-04-01"),
        with_activity({"detail": {"status": "scheduled", "description": "Transplant evaluation"}}),
        with_activity(
            {
                "detail": {
                    "status": "scheduled",
                    "description": "HLA typing and donor search for stem cell transplant",
                }
            }
        ),
        with_activity(
            {
                "detail": {
                    "status": "scheduled",
                    "description": "If in CR, consider allogeneic stem cell transplant",
                }
            }
        ),
        with_activity({"detail": {"status": "cancelled", "description": "Allogeneic stem cell transplant"}}),
        contained_request(status="revoked"),
        contained_request(status="completed"),
        service_request(ALLO, authored="2026-04-01", status="revoked"),
        service_request(ALLO, authored="2026-04-01", status="completed"),
        service_request(
            ALLO, authored="2026-04-01", status="revoked", note=[{"text": "HSCT planned for May"}]
        ),
        service_request(None, text="Transplant evaluation", authored="2026-04-01"),
        service_request(None, text="Kidney transplant", authored="2026-04-01"),
        service_request(None, text="Transplant of lung", authored="2026-04-01"),
        service_request(None, text="Transplantation", authored="2026-04-01"),
        service_request(None, text="Allotransplantation of kidney", authored="2026-04-01"),
        service_request(None, text="Referral to the bone marrow transplant clinic", authored="2026-04-01"),
        service_request(None, text="HLA typing for allogeneic stem cell transplant", authored="2026-04-01"),
        service_request(None, text="Donor search for stem cell transplant", authored="2026-04-01"),
        service_request(ALLO, authored="2026-04-01", text="Evaluation for stem cell transplant"),
        service_request(ALLO, authored="2026-04-01", note=[{"text": "Evaluation"}]),
        service_request(ALLO, authored="2026-04-01", note=[{"text": "Consult only, new patient eval."}]),
        service_request(ALLO, authored="2026-04-01", reasonCode=[{"text": "HLA typing"}]),
        service_request(
            None,
            text="Stem cell transplant",
            authored="2026-04-01",
            reasonCode=[{"text": "Transplant evaluation"}],
        ),
        service_request(
            None,
            text="Stem cell transplant",
            authored="2026-04-01",
            orderDetail=[{"text": "HLA typing of siblings"}],
        ),
        service_request(
            ALLO, authored="2026-04-01", category=[{"coding": [{"display": "Referral to service"}]}]
        ),
        service_request(
            "11368-8",
            authored="2026-04-01",
            reasonCode=[coded("http://snomed.info/sct", ALLO, "Stem cell transplant")],
        ),
        appointment() | {"serviceType": [{"text": "Stem cell transplant consultation"}]},
        appointment()
        | {"serviceType": [{"text": "Bone Marrow Transplant"}], "appointmentType": {"text": "Office Visit"}},
        appointment() | {"appointmentType": {"coding": [{"code": "FOLLOWUP"}]}},
        appointment() | {"appointmentType": {"text": "New Patient Consult"}},
        appointment() | {"comment": "Return visit, 30 min"},
        appointment(status="cancelled"),
        described("Stem cell transplant consultation"),
        described("Kidney transplant"),
        described("Transplant"),
        described("Transplant admission"),
        described("Admission for inotuzumab (pre HSCT)"),
        described("BMT admission"),
        described("Admission for HSCT evaluation"),
        described("Pre-transplant admission"),
        described("Admission for conditioning"),
        described("Kidney transplant admission"),
        described("", appointmentType={"text": "Stem cell transplant follow-up"}),
        described("Allogeneic stem cell transplant", serviceType=[{"text": "Follow-up visit"}]),
        described("Allogeneic stem cell transplant", status="cancelled"),
        document("2026-04-01", "Relapse after allo-HSCT, planned for inotuzumab."),
        document("2026-04-01", "HSCT to be discussed."),
        document("2026-04-01", "HSCT not yet decided."),
        condition("Z94.84", recorded="2024-01-01"),
    ],
)
def test_what_states_neither(note):
    assert duration(4, CR, note) == "unknown"


ORGANS = {
    "a status": condition("Z94.0", recorded="2015-01-01"),
    "a complication": condition("T86.11", recorded="2015-01-01"),
    "a procedure": procedure(None, "2015-01-01", text="Transplant of kidney (procedure)"),
    "a problem in words": condition(None, text="History of liver transplant", recorded="2015-01-01"),
}


@pytest.mark.parametrize("organ", ORGANS.values(), ids=ORGANS)
def test_beside_an_organ_transplant_a_bare_transplant_in_a_note_is_open(organ):
    bare = document("2026-04-01", "Not a candidate for transplant.", id="bare")
    named = document("2026-04-01", "Not a candidate for stem cell transplant.", id="named")
    assert [duration(4, CR, bare), duration(4, CR, bare, organ), duration(4, CR, named, organ)] == [
        "met",
        "unknown",
        "met",
    ]


def test_a_marrow_transplant_on_record_leaves_the_note_its_meaning():
    bare = document("2026-04-01", "Not a candidate for transplant.")
    assert duration(4, CR, bare, condition("Z94.84", recorded="2024-01-01")) == "met"


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ([("HSCT planned", "2026-03-01"), ("Not proceeding to HSCT", "2026-04-01")], "met"),
        ([("HSCT planned", "2026-04-01"), ("Not proceeding to HSCT", "2026-03-01")], "not-met"),
        ([("HSCT planned", "2026-04-01"), ("Not proceeding to HSCT", "2026-04-01")], "unknown"),
    ],
)
def test_the_newest_statement_of_the_plan_counts(notes, expected):
    documents = [document(day, text, id=f"n{n}") for n, (text, day) in enumerate(notes)]
    assert duration(4, CR, *documents) == expected


def test_the_day_of_an_appointment_is_not_when_it_was_planned():
    booked = {k: v for k, v in appointment().items() if k != "created"}
    assert duration(4, CR, booked, NOT_PLANNED) == "unknown"


def test_the_order_itself_may_state_the_plan():
    draft = order("2026-04-16", "Cycle 4 Day 1", 0.88, note=[{"text": "Not proceeding to HSCT."}])
    assert verdict(determine([*DIAGNOSIS, *doses(4), CR], draft), MAX) == "met"


def test_plans_that_could_not_be_seen_leave_the_plan_unknown_and_are_named():
    gaps = [Gap(DataKind.SERVICE_REQUESTS, "the server answered 403")]
    assert duration(4, CR, NOT_PLANNED, gaps=gaps) == "unknown"
    assert duration(4, CR, PLANNED, gaps=gaps) == "not-met"
    assert "403" in criterion(before_cycle(4, CR, gaps=gaps), MAX).because


def test_a_cycle_that_cannot_be_told_leaves_the_duration_unknown():
    use = {
        "resourceType": "MedicationStatement",
        "id": "use",
        "status": "completed",
        "subject": PATIENT,
        "medicationCodeableConcept": administration("2026-01-01")["medicationCodeableConcept"],
        "effectivePeriod": {"start": "2026-01-01", "end": "2026-03-01"},
    }
    determination = determine([*DIAGNOSIS, use], order())
    assert verdict(determination, MAX) == "unknown"
    assert "cycle-number" in needed(determination)


# --- POL-DEF-MRD, at cycle 3 before a transplant in CR: negative is "not-met", positive "met". ---


def mrd(text=None, day="2026-04-10", topic="MRD by flow cytometry", **more):
    return stated(topic, text, day, id="mrd", **more) if text else observation("98847-0", day, id="mrd", **more) | {"code": {"text": topic}}  # fmt: skip


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (mrd("negative"), "not-met"),
        (mrd("undetectable"), "not-met"),
        (mrd("MRD-"), "not-met"),
        (mrd("0.009 %"), "not-met"),
        (mrd("< 10^-4"), "not-met"),
        (mrd("0.01 %"), "met"),
        (mrd("positive"), "met"),
        (mrd("1x10^-3"), "met"),
        (mrd("< 0.1 %"), "unknown"),
        (mrd("pending"), "unknown"),
        (mrd("negative", topic="BCR::ABL1 transcript MRD"), "unknown"),
        (mrd(valueQuantity={"value": 0.005, "unit": "%"}), "not-met"),
        (mrd(valueQuantity={"value": 0.02, "unit": "%"}), "met"),
        (mrd(valueQuantity={"value": 0.01, "comparator": "<", "unit": "%"}), "not-met"),
        (mrd(valueQuantity={"value": 99, "unit": "residual clonal cells per million"}), "not-met"),
        (mrd(valueQuantity={"value": 100, "unit": "cells/million"}), "met"),
        (mrd(valueQuantity={"value": 100, "code": "/10*6"}), "met"),
        (mrd(valueQuantity={"value": 34, "code": "[ppm]"}), "not-met"),
        (mrd(valueCodeableConcept=coded("http://snomed.info/sct", "260385009")), "not-met"),
        (
            mrd(
                interpretation=[
                    coded("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "POS")
                ]
            ),
            "met",
        ),
        (document("2026-04-10", "In CR. No MRD detected."), "not-met"),
        (document("2026-04-10", "In CR. Flow: no residual B-ALL detected (sensitivity 0.01%)."), "not-met"),
        (document("2026-04-10", "In CR. No residual B-ALL on morphology."), "unknown"),
    ],
)
def test_pol_def_mrd_readings(result, expected):
    assert duration(3, PLANNED, CR, result) == expected


CSF = {
    "contained": [{"resourceType": "Specimen", "id": "s", "type": {"text": "Cerebrospinal fluid"}}],
    "specimen": {"reference": "#s"},
}


@pytest.mark.parametrize("sign", ["negative", "positive"])
def test_pol_def_mrd_is_not_that_of_another_sample(sign):
    elsewhere = [
        mrd(sign, topic="MRD in CSF by flow"), mrd(sign, bodySite={"text": "Lymph node"}), mrd(sign, **CSF),
        mrd(sign, bodySite={"text": "Testes"}), mrd(sign, method={"text": "Ascites, flow cytometry"}),
        mrd(valueQuantity={"value": 0.005, "unit": "%"}, **CSF),
        report("2026-04-10", f"MRD {sign}.", code={"text": "Flow cytometry, cerebrospinal fluid"}),
        document("2026-04-10", f"In CR. CSF: MRD {sign}."),
    ]  # fmt: skip
    assert [duration(3, PLANNED, CR, result) for result in elsewhere] == ["unknown"] * len(elsewhere)


@pytest.mark.parametrize(
    ("day", "expected"), [((2, 8), "not-met"), ((2, 7), "unknown")], ids=["on-C2D8", "the-day-before"]
)
def test_pol_def_mrd_counts_from_day_8_of_cycle_2(day, expected):
    assert duration(3, PLANNED, CR, mrd("negative", on(day[0], 3, day[1]))) == expected


def test_pol_def_mrd_counts_from_the_planned_day_8_when_it_was_not_given():
    given = [d for d in doses(3) if d["effectiveDateTime"] != on(2, 3, 8)]
    for day, expected in ((8, "not-met"), (7, "unknown")):
        notes = [*DIAGNOSIS, *given, PLANNED, CR, mrd("negative", on(2, 3, day))]
        assert verdict(determine(notes, order("2026-04-16", "Cycle 3 Day 1", 0.88)), MAX) == expected


@pytest.mark.parametrize(("sign", "expected"), [("positive", "unknown"), ("negative", "not-met")])
def test_pol_def_mrd_a_result_of_a_month_may_be_the_newest(sign, expected):
    """Cycle 2 began on 2026-03-19: a result of March may be from before its day 8, or after the other result."""
    of_the_month = stated("MRD by flow cytometry", sign, on(2, 3, 8)[:7], id="of-the-month")
    assert duration(3, PLANNED, CR, mrd("negative", on(2, 3, 9)), of_the_month) == expected


def test_pol_def_mrd_the_newest_result_counts():
    earlier = stated("MRD", "positive", "2026-04-01", id="earlier")
    assert duration(3, PLANNED, CR, mrd("negative"), earlier) == "not-met"
    assert (
        duration(3, PLANNED, CR, mrd("negative"), earlier | {"effectiveDateTime": "2026-04-10"}) == "unknown"
    )


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"valueBoolean": True}, "not-met"),
        ({"valueBoolean": False}, "met"),
        ({"valueCodeableConcept": coded("http://snomed.info/sct", "373067005", "No")}, "met"),
        ({"valueCodeableConcept": coded("http://example.org/local", "N")}, "unknown"),  # not understood
    ],
)
def test_a_question_about_the_plan_is_read_with_its_answer(answer, expected):
    question = {k: v for k, v in stated("Proceeding to HSCT", "", "2026-04-01").items() if k != "valueString"}
    assert duration(4, CR, question | answer) == expected


def test_a_day_8_order_says_what_was_known_on_day_1_and_what_since_then():
    """MRD found negative only after day 1 of cycle 3: open by the facts of day 1, and not said to be missing."""
    chart = [*DIAGNOSIS, *doses(3), PLANNED, CR]
    given = administration("2026-04-13", 0.88, "C3D1")
    d = determine(
        [*chart, given, stated("MRD by flow cytometry", "negative", "2026-04-15", id="mrd")],
        order("2026-04-20", "Cycle 3 Day 8", 0.88),
    )
    found = criterion(d, MAX)
    assert (d.cycle, d.day, found.verdict.value) == (3, 8, "unknown")
    assert found.because.startswith("as of day 1 of this cycle (2026-04-13): cycle 3, transplant planned")
    assert "since then: cycle 3 before transplant, with CR/CRi and MRD negative" in found.because
    (need,) = [n for n in d.needed if n.item == "mrd"]
    assert "as of day 1 of this cycle (2026-04-13): no MRD result" in need.because
