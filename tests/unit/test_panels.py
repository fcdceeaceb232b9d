"""Results in a panel: Observations that another one names as its members, held beside it or within it."""

import pytest

from cds_service.clinical.chart import read_chart
from cds_service.fhir.record import Resource, record_from
from tests.policy.chart_notes import CLOCK, LOINC, PATIENT, coded, quantity

DAY = "2026-04-14"


def result(id="plt", loinc="777-3", value=48, **more):
    return {
        "resourceType": "Observation", "id": id, "status": "final", "code": coded(LOINC, loinc),
        "valueQuantity": quantity(value, "10*9/L"),
    } | more  # fmt: skip


def panel(*members, **more):
    found = {
        "resourceType": "Observation", "id": "cbc", "status": "final", "subject": PATIENT, "code": coded(LOINC, "58410-2"),
        "effectiveDateTime": DAY, "hasMember": [{"reference": name} for name in members],
    }  # fmt: skip
    return found | more


def platelets(*bodies):
    record = record_from("p1", [Resource(b) for b in bodies])
    again = record_from("p1", [r for rs in record.by_type.values() for r in rs])
    found, twice = (
        [(str(r.value), str(r.when), r.reference) for r in read_chart(one, CLOCK).results_for("platelets")]
        for one in (record, again)
    )
    assert twice == found
    return found


def test_a_member_without_a_time_has_that_of_its_panel():
    assert platelets(result(subject=PATIENT), panel("Observation/plt")) == [("48", DAY, "Observation/plt")]
    own = result(subject=PATIENT, effectiveDateTime="2026-04-10")
    assert platelets(own, panel("Observation/plt")) == [("48", "2026-04-10", "Observation/plt")]


def test_a_member_within_its_panel_is_a_result_that_the_panel_is_cited_for():
    assert platelets(panel("#plt", contained=[result()])) == [("48", DAY, "Observation/cbc")]


def test_a_panel_that_a_report_names_hands_its_time_on():
    bare = {k: v for k, v in panel("Observation/plt").items() if k != "effectiveDateTime"}
    report = {
        "resourceType": "DiagnosticReport", "id": "r", "status": "final", "subject": PATIENT, "code": {"text": "CBC"},
        "effectiveDateTime": DAY, "result": [{"reference": "Observation/cbc"}],
    }  # fmt: skip
    assert platelets(result(subject=PATIENT), bare, report) == [("48", DAY, "Observation/plt")]


@pytest.mark.parametrize(
    "held",
    [
        [panel(contained=[result()])],
        [panel("#plt", contained=[result(status="cancelled")])],
        [panel("#plt", contained=[result(subject={"reference": "Patient/another"})])],
        [panel("#plt", contained=[result(resourceType="Specimen")])],
        [panel("#plt", contained=[result()], status="entered-in-error")],
    ],
    ids=["not a member", "withdrawn", "another patient's", "no result", "a withdrawn panel"],
)
def test_what_is_no_result_of_the_panel_is_not_read(held):
    assert platelets(*held) == []


def test_the_name_of_a_panel_tells_of_what_sample_its_members_are():
    local = result(subject=PATIENT) | {"code": {"text": "PLT"}}
    assert platelets(local, panel("Observation/plt")) == [("48", DAY, "Observation/plt")]
    marrow = panel("Observation/plt") | {"code": {"text": "Bone marrow differential"}}
    assert platelets(local, marrow) == []
