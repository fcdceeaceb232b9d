"""Resources in the shapes that EHRs, converters and earlier versions of FHIR give them, read the whole way from prefetch to verdict."""

import pytest

from tests.ehr.hooking import sign, verdicts
from tests.ehr.hostile import bundle
from tests.ehr.looking import NOTHING, gaps, look
from tests.policy.chart_notes import (
    ICD10,
    PATIENT,
    SNOMED,
    adverse_event,
    coded,
    condition,
    observation,
    patient,
    procedure,
)

B_ALL = coded(SNOMED, "277572006")


def prefetch(**rows):
    """Everything known to be empty but the patient and these."""
    return NOTHING | {"patient": patient()} | {key: bundle(*found) for key, found in rows.items()}


def initial(**rows):
    """The verdicts of a first order on these rows alone."""
    return verdicts(sign(prefetch=prefetch(**rows)))


def b_all(**more):
    return {"resourceType": "Condition", "id": "all", "subject": PATIENT, "code": B_ALL} | more


# A bare code as status, as STU3 had it -> verdicts on diagnosis and relapse.
BARE = {
    "recurrence": ({"clinicalStatus": "recurrence", "verificationStatus": "confirmed"}, "met", "met"),
    "relapse": ({"clinicalStatus": "relapse"}, "met", "met"),
    "provisional": ({"verificationStatus": "provisional"}, "unknown", "unknown"),
    "refuted": ({"clinicalStatus": "active", "verificationStatus": "refuted"}, "unknown", "unknown"),
    "entered in error": ({"verificationStatus": "entered-in-error"}, "unknown", "unknown"),
}


@pytest.mark.parametrize("name", BARE)
def test_a_status_may_be_a_bare_code(name):
    status, diagnosis, relapse = BARE[name]
    found = initial(conditions=[b_all(**status)])
    assert (found["POL-A-I-DX"], found["POL-A-II-A"]) == (diagnosis, relapse)


@pytest.mark.parametrize(
    "system",
    ["http://snomed.info/sct/731000124108", "http://snomed.info/sct/900000000000207008/version/20230901"],
)
def test_an_edition_of_snomed_is_snomed(system):
    found = initial(conditions=[b_all(code=coded(system, "277572006"))])
    assert found["POL-A-I-DX"] == "met"


CHANGED = {"modifierExtension": [{"url": "http://example.org/not-done", "valueBoolean": True}]}
LEFT_OUT = "entries with an extension that changes their meaning in a way not known here were left out"


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("conditions", b_all()),
        ("adverseEvents", adverse_event("Veno-occlusive disease", "2026-04-01")),
        ("procedures", procedure("234336002", "2025-05-01")),
        ("otherObservations", observation("51124-6", "2026-03-02", 85, "%")),
    ],
)
def test_what_an_unknown_extension_may_turn_is_not_read_and_is_named(key, changed):
    seen = look(None, prefetch(**{key: [changed | CHANGED]}))
    assert seen.record.of_type(changed["resourceType"]) == ()
    assert gaps(seen) == {key: LEFT_OUT}


def test_what_it_may_turn_is_unknown_and_its_neighbors_are_read():
    relapsed = condition("C91.02", system=ICD10, text="B-ALL in relapse")
    found = initial(
        conditions=[relapsed], otherObservations=[observation("51124-6", "2026-03-02", 85, "%") | CHANGED]
    )
    assert (found["POL-A-I-DX"], found["POL-A-I-CD22"]) == ("met", "unknown")


def test_an_empty_list_of_such_extensions_changes_nothing():
    assert initial(conditions=[b_all(modifierExtension=[])])["POL-A-I-DX"] == "met"
