"""Orders that were withdrawn, and orders not to do something: they order nothing, wherever they stand."""

import pytest

from cds_service.fhir.record import Resource
from cds_service.policies import installed
from tests.policy.chart_notes import (
    care_plan,
    coded,
    determine,
    determine_all,
    drug_order,
    finding_kinds,
    order,
    place,
    record,
    service_request,
    verdict,
)
from tests.policy.treated import NEVER_TREATED, TREATED

POLICY = installed()["inotuzumab"]
NO_ORDERS = [
    {"status": "entered-in-error"},
    {"status": "cancelled"},
    {"status": "revoked"},
    {"doNotPerform": True},
    {"status": "active", "doNotPerform": True},
]
ORDERS = [{"status": s} for s in ("draft", "active", "on-hold", "unknown")] + [{"doNotPerform": False}]
SERVICE = {"resourceType": "ServiceRequest", "id": "draft-1", "subject": {"reference": "Patient/p1"}}
HSCT = {"code": coded("http://snomed.info/sct", "234336002", "Hematopoietic stem cell transplant")}


def drafts(change):
    service = SERVICE | {"code": order()["medicationCodeableConcept"]} | change
    return [order() | change, service]


@pytest.mark.parametrize("change", NO_ORDERS, ids=str)
def test_a_draft_that_does_not_stand_is_no_order_of_the_drug(change):
    for draft in drafts(change):
        assert determine_all(NEVER_TREATED, [draft]) == ()
        assert not POLICY.in_scope(Resource(draft), lambda *_: None)


@pytest.mark.parametrize("change", ORDERS, ids=str)
def test_any_other_draft_is_one(change):
    for draft in drafts(change):
        assert len(determine_all(NEVER_TREATED, [draft])) == 1
        assert POLICY.in_scope(Resource(draft), lambda *_: None)


def test_a_draft_without_a_status_is_one():
    draft = {k: v for k, v in order().items() if k != "status"}
    assert len(determine_all(NEVER_TREATED, [draft])) == 1


@pytest.mark.parametrize("change", NO_ORDERS, ids=str)
def test_beside_a_new_order_it_is_no_planned_dose(change):
    withdrawn = order("2026-04-16", "Cycle 1 Day 1", id="old") | change
    (only,) = determine_all(NEVER_TREATED, [withdrawn, order("2026-04-23", id="new")])
    assert (only.order, place(only)) == ("MedicationRequest/new", ("initial", 1, 1))
    assert only.dose.verdict == "ok"


def test_an_order_that_stands_beside_a_new_one_is_a_planned_dose():
    first = order("2026-04-16", "Cycle 1 Day 1", id="old")
    _, second = determine_all(NEVER_TREATED, [first, order("2026-04-23", id="new")])
    assert place(second) == ("initial", 1, 8)


@pytest.mark.parametrize("change", NO_ORDERS, ids=str)
def test_a_draft_of_another_drug_that_does_not_stand_is_no_partner(change):
    other = drug_order("blinatumomab", status="draft", authored="2026-04-15") | change
    (only,) = determine_all(NEVER_TREATED, [order(text="C1D1"), other])
    assert verdict(only, "POL-A-II-B-1") == "met"


def test_a_withdrawn_draft_takes_the_place_of_its_copy_on_record():
    active = order("2026-04-16", "Cycle 1 Day 1", id="old") | {"status": "active"}
    withdrawn = active | {"status": "cancelled"}
    (only,) = determine_all([*NEVER_TREATED, active], [withdrawn, order("2026-04-23", id="new")])
    assert place(only) == ("initial", 1, 1)


PROHIBITED = {"doNotPerform": True}


@pytest.mark.parametrize("kind", ["MedicationRequest", "ServiceRequest"])
@pytest.mark.parametrize(("change", "expected"), [({}, ("initial", 1, 8)), (PROHIBITED, ("initial", 1, 1))])
def test_an_active_prohibition_is_no_planned_dose(kind, change, expected):
    held = order("2026-04-16", "Cycle 1 Day 1", id="held") | {"status": "active"}
    if kind == "ServiceRequest":
        held = SERVICE | {
            "id": "held", "status": "active", "code": held["medicationCodeableConcept"], "occurrenceDateTime": "2026-04-16",
            "note": [{"text": "Cycle 1 Day 1"}],
        }  # fmt: skip
    found = determine([*NEVER_TREATED, held | change], order("2026-04-23", id="new"))
    assert place(found) == expected
    assert "interval" not in finding_kinds(found)


@pytest.mark.parametrize(("change", "planned"), [({}, True), (PROHIBITED, False)])
def test_a_transplant_that_is_not_to_be_done_is_no_plan(change, planned):
    request = service_request("234336002", authored="2026-04-10", day="2026-06-01", **change)
    activity = {"detail": HSCT | {"status": "scheduled"} | change}
    plan = care_plan("Treatment", created="2026-04-10", activity=[activity])
    for what in (request, plan):
        assert says_planned(what) is planned


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error"])
def test_a_withdrawn_activity_of_a_plan_is_no_plan(status):
    plan = care_plan("Treatment", created="2026-04-10", activity=[{"detail": HSCT | {"status": status}}])
    assert not says_planned(plan)


def says_planned(what):
    found = determine([*TREATED, what], order("2026-04-16", "Cycle 2 Day 1", 0.88))
    (because,) = [c.because for c in found.criteria if c.id == "POL-B-I-MAX"]
    return "transplant planned" in because


@pytest.mark.parametrize("change", [PROHIBITED, {"status": "active"} | PROHIBITED], ids=str)
def test_a_prohibition_is_not_in_the_record(change):
    body = service_request("234336002") | change
    assert record(body).by_type == {}
