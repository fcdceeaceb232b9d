"""Whose a resource is: asked once, in the same way, by the reading of an EHR and by the record."""

import pytest

from cds_service.fhir.belonging import MAY_NAME_NOBODY, Owner, owner, owners
from cds_service.fhir.gaps import GapCode
from cds_service.fhir.record import Resource, record_from
from tests.ehr.hostile import bundle, fhir, running
from tests.ehr.looking import conditions, gaps, ids, look, only

OWN, OTHER = {"reference": "Patient/p1"}, {"reference": "Patient/p2"}
NOT_LOCAL = {"reference": "https://ehr.example.org/fhir/Patient/p1"}
PLACE = {"actor": {"reference": "Location/l1"}}
MINE, ANOTHERS, UNCLEAR = Owner.PATIENT, Owner.ANOTHER, Owner.UNCLEAR

WHOSE = {
    "own": ("Condition", {"subject": OWN}, MINE),
    "own by a whole address": ("Condition", {"subject": NOT_LOCAL}, MINE),
    "own as beneficiary": ("Coverage", {"beneficiary": OWN}, MINE),
    "another's": ("Condition", {"subject": OTHER}, ANOTHERS),
    "nobody named": ("Condition", {}, UNCLEAR),
    "a name only": ("Condition", {"subject": {"display": "P. One"}}, UNCLEAR),
    "a group": ("Condition", {"subject": {"reference": "Group/g1"}}, UNCLEAR),
    "a name beside a reference": ("Condition", {"subject": {"display": "P. One"}, "patient": OWN}, MINE),
    "two patients": ("Condition", {"subject": OWN, "patient": OTHER}, ANOTHERS),
    "two patients, turned": ("Condition", {"subject": OTHER, "patient": OWN}, ANOTHERS),
    "an appointment with others": (
        "Appointment", {"participant": [PLACE, {"actor": OTHER}, {"actor": OWN}]}, MINE,
    ),
    "an appointment without this one": ("Appointment", {"participant": [{"actor": OTHER}]}, ANOTHERS),
    "an appointment of a place": ("Appointment", {"participant": [PLACE]}, UNCLEAR),
    "another patient who names this one": ("Patient", {"subject": OWN}, ANOTHERS),
    "own encounter": ("Encounter", {"subject": OWN}, MINE),
    "another's encounter": ("Encounter", {"subject": OTHER}, ANOTHERS),
    "an encounter of nobody": ("Encounter", {}, MINE),
    "a medication": ("Medication", {}, MINE),
}  # fmt: skip


def test_a_reference_that_is_none_names_nobody_even_where_it_is_written_alike():
    body = {"resourceType": "Condition", "subject": {"reference": "Patient/p_1"}}
    assert owner(body, "p_1") is owners("p_1")(body) is UNCLEAR
    assert owners("p_1")({**body, "subject": None}) is UNCLEAR


@pytest.mark.parametrize("name", WHOSE)
def test_whose_a_resource_is(name):
    kind, members, whose = WHOSE[name]
    body = {"resourceType": kind, "id": "x", **members}
    assert owner(body, "p1") is whose
    held = record_from("p1", [Resource(body)]).of_type(kind)
    assert bool(held) is (whose is Owner.PATIENT)


@pytest.mark.parametrize("kind", sorted(MAY_NAME_NOBODY))
def test_what_comes_along_and_names_no_patient_leaves_no_gap(kind):
    with running() as ehr:
        ehr.script("Condition", fhir(bundle(*conditions(1), {"resourceType": kind, "id": "x"})))
        seen = look(ehr, only("conditions"))
    assert gaps(seen) == {}
    assert ids(seen, kind) == {"x"}


def test_another_patients_encounter_is_left_out_and_counted():
    stranger = {"resourceType": "Encounter", "id": "x", "subject": OTHER}
    with running() as ehr:
        ehr.script("Condition", fhir(bundle(*conditions(1), stranger)))
        seen = look(ehr, only("conditions"))
    assert ids(seen, "Encounter") == set()
    assert {note.need: note.strangers for note in seen.notes if note.strangers} == {"conditions": 1}


@pytest.mark.parametrize("kind", sorted(MAY_NAME_NOBODY))
def test_what_comes_along_does_not_stand_in_for_this_patients_own_rows(kind):
    stranger = {"resourceType": "Condition", "id": "c9", "subject": OTHER}
    with running() as ehr:
        ehr.script("Condition", fhir(bundle(stranger, {"resourceType": kind, "id": "x"})))
        seen = look(ehr, only("conditions"))
    assert list(gaps(seen)) == ["conditions"]
    assert seen.record.gaps[0].code is GapCode.ANOTHER_PATIENT
