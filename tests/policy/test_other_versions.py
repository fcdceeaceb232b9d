"""Resources of STU3 and R5, which some servers send though they say R4, decide as those of R4 do."""

import pytest

from cds_service.fhir.record import Resource
from tests.policy.chart_notes import adverse_event, care_plan, coded, document, drug_order, procedure
from tests.policy.shapes import changed, decided
from tests.policy.treated import C1D1, C2D1, NEVER_TREATED, TREATED

VOD = adverse_event("Veno-occlusive liver disease", "2026-04-05", id="vod")
REACTION = adverse_event("Infusion reaction", "2026-04-01", severity="severe", suspect="rituximab", id="irr")
RESOLVED = coded("http://terminology.hl7.org/CodeSystem/adverse-event-outcome", "resolved")
MUCOSITIS = adverse_event(
    "Grade 3 mucositis", "2026-04-05", recorded="2026-04-10", outcome="resolved", id="m"
)
DASATINIB = drug_order("Dasatinib", authored="2026-04-10", day="2026-04-10", reason="Ph+ B-ALL")
ARTHRITIS = drug_order("Methotrexate", authored="2026-04-10", reason="rheumatoid arthritis")
TRANSPLANT = procedure("234336002", "2026-04-05")
NOTE = document("2026-04-13", "Relapsed disease in the marrow today.", id="note")

EVENTS = {
    "R5: code": (VOD, changed(VOD, event=None, code=VOD["event"])),
    "R5: occurrenceDateTime": (VOD, changed(VOD, date=None, occurrenceDateTime="2026-04-05")),
    "R5: occurrencePeriod": (VOD, changed(VOD, date=None, occurrencePeriod={"start": "2026-04-05"})),
    "R5: resultingEffect": (VOD, changed(VOD, event=None, resultingEffect=[{"display": VOD["event"]["text"]}])),
    "STU3: type": (VOD, changed(VOD, event=None, type=VOD["event"])),
    "R5: another suspect by reference": (
        REACTION, changed(REACTION, suspectEntity=[{"instanceReference": {"display": "rituximab"}}]),
    ),
    "R5: another suspect by concept": (
        REACTION, changed(REACTION, suspectEntity=[{"instanceCodeableConcept": {"text": "rituximab"}}]),
    ),
    "R5: a list of outcomes": (MUCOSITIS, changed(MUCOSITIS, outcome=[RESOLVED])),
    "R5: outcomes that differ leave it open": (
        changed(MUCOSITIS, outcome=None), changed(MUCOSITIS, outcome=[RESOLVED, {"text": "ongoing"}]),
    ),
    "R5: a procedure's time": (
        TRANSPLANT, changed(TRANSPLANT, performedDateTime=None, occurrenceDateTime="2026-04-05"),
    ),
    "STU3: a note's time": (NOTE, changed(NOTE, date=None, created=NOTE["date"])),
    "R5: a note's period": (
        changed(NOTE, date=None, context={"period": {"end": "2026-04-13"}}),
        changed(NOTE, date=None, period={"end": "2026-04-13"}, context=[{"reference": "Encounter/1"}]),
    ),
}  # fmt: skip


# The members that a case is about, where the rest of the resource tells something as well.
TOLD = {
    "R5: another suspect by reference": ["suspectEntity"],
    "R5: another suspect by concept": ["suspectEntity"],
    "R5: a list of outcomes": ["outcome"],
}


@pytest.mark.parametrize("name", EVENTS)
def test_what_happened_is_read(name):
    ours, theirs = EVENTS[name]
    assert decided([*TREATED, theirs], C2D1) == decided([*TREATED, ours], C2D1)
    unread = [changed(ours, **dict.fromkeys(TOLD[name]))] if name in TOLD else []
    assert decided([*TREATED, ours], C2D1) != decided([*TREATED, *unread], C2D1)


def with_concept(resource, **more):
    """The drug as R5 has it, by a concept."""
    return changed(
        resource, medicationCodeableConcept=None, medication={"concept": resource["medicationCodeableConcept"]}, **more
    )  # fmt: skip


def with_reference(resource):
    """The drug as R5 has it, by a reference to a Medication of one ingredient."""
    made_of = [{"item": {"concept": resource["medicationCodeableConcept"]}}]
    contained = [{"resourceType": "Medication", "id": "m", "ingredient": made_of}]
    pointer = {"reference": {"reference": "#m"}}
    return changed(resource, medicationCodeableConcept=None, medication=pointer, contained=contained)


@pytest.mark.parametrize("way", [with_concept, with_reference])
@pytest.mark.parametrize("time", ["effectiveDateTime", "occurenceDateTime", "occurrenceDateTime"])
def test_doses_given_are_read(way, time):
    chart = [
        changed(way(r), **{"effectiveDateTime": None, time: r["effectiveDateTime"]})
        if r["resourceType"] == "MedicationAdministration"
        else r
        for r in TREATED
    ]
    assert decided(chart, way(C2D1)) == decided(TREATED, C2D1)


def statement(status, **more):
    """A MedicationStatement of dasatinib that R5 records."""
    drug = {"concept": {"text": "Dasatinib"}}
    found = {
        "resourceType": "MedicationStatement",
        "id": "s",
        "subject": DASATINIB["subject"],
        "medication": drug,
    }
    return found | {"status": status, "effectivePeriod": {"start": "2026-04-01"}} | more  # fmt: skip


def in_r4(status):
    return changed(statement(status), medication=None, medicationCodeableConcept={"text": "Dasatinib"})


def adherence(code):
    return {"code": coded("http://hl7.org/fhir/CodeSystem/medication-statement-adherence", code)}


USES = {
    "a partner by concept": (DASATINIB, with_concept(DASATINIB)),
    "a partner by reference": (DASATINIB, with_reference(DASATINIB)),
    "a reason by concept": (
        ARTHRITIS, with_concept(ARTHRITIS, reasonCode=None, reason=[{"concept": ARTHRITIS["reasonCode"][0]}]),
    ),
    "an ended order": (changed(DASATINIB, status="stopped"), with_concept(DASATINIB, status="ended")),
    "recorded": (in_r4("active"), statement("recorded")),
    "recorded, and taken": (in_r4("active"), statement("recorded", adherence=adherence("taking-as-directed"))),
    "recorded, and not taken": (
        changed(in_r4("active"), status="not-taken"), statement("recorded", adherence=adherence("not-taking")),
    ),
    "recorded, and stopped": (in_r4("stopped"), statement("recorded", adherence=adherence("stopped-as-directed"))),
    "the reason of a plan": (
        care_plan("mini-hyper-CVD", created="2026-04-10", addresses=[{"display": "B-ALL"}]),
        care_plan("mini-hyper-CVD", created="2026-04-10", addresses=[{"concept": {"text": "B-ALL"}}]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", USES)
def test_uses_of_drugs_are_read(name):
    ours, theirs = USES[name]
    assert decided([*NEVER_TREATED, theirs], C1D1) == decided([*NEVER_TREATED, ours], C1D1)


def test_a_resource_of_r4_is_left_as_it_came():
    for body in [*TREATED, C1D1, VOD, REACTION, TRANSPLANT, DASATINIB]:
        assert Resource(body).body == body


def test_a_member_of_r4_stands_where_both_are_there():
    both = VOD | {"occurrenceDateTime": "2020-01-01", "code": {"text": "Rash"}}
    assert decided([*TREATED, both], C2D1) == decided([*TREATED, VOD], C2D1)
