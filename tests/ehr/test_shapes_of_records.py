"""Resources in the shapes that EHRs, converters and earlier versions of FHIR give them, read the whole way from prefetch to verdict."""

import pytest

from cds_service.clinical.chart import read_chart
from tests.ehr.hooking import sign, verdicts
from tests.ehr.hostile import bundle
from tests.ehr.looking import NOTHING, gaps, look
from tests.policy.chart_notes import (
    CLOCK,
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


# Names and units of laboratories and EHRs, as they are written -> concept and value read.
WRITTEN = [
    ("NEUTROPHIL # (AUTO)", 0.4, "10*3/uL", "anc", "0.4"),
    ("# Neutrophils", 0.4, "K/uL", "anc", "0.4"),
    ("Absolute Neutrophil Count (ANC), Automated", 0.4, "K/uL", "anc", "0.4"),
    ("AUTO ABSOLUTE NEUTROPHILS", 0.4, "K/uL", "anc", "0.4"),
    ("POC Platelet", 48, "K/microL", "platelets", "48"),
    ("Platelets (K/uL)", 48, "K/uL", "platelets", "48"),
    ("PLT", 48, "x103/\u00b5L", "platelets", "48"),
    ("PLT", 48, "THO/uL", "platelets", "48"),
    ("PLT", 48, "10+3/uL", "platelets", "48"),
    ("Q-Tc Interval", 512, "ms", "qtc_unspecified", "512"),
    ("QTC INTERVAL EKG", 512, "ms", "qtc_unspecified", "512"),
    ("QTC(MUSE)", 512, "msec", "qtc_unspecified", "512"),
    ("QTcF Interval (Fridericia)", 512, "ms", "qtc_fridericia", "512"),
    ("ALT, P5P", 300, "IntUnit/L", "alt", "300"),
    ("AST", 300, "Unit(s)/L", "ast", "300"),
    ("Bilirubin Tot", 4, "mg/dL", "bilirubin_total", "4"),
    ("Mg Lvl", 1.2, "mg/dL", "magnesium", "1.2"),
    ("Dosing Weight", 68, "kg", "body_weight", "68"),
    ("Clinical Height", 165, "cm", "body_height", "165"),
]


@pytest.mark.parametrize(("name", "value", "unit", "concept", "read"), WRITTEN)
def test_a_result_is_known_by_its_name_in_whatever_words_on_how_it_was_measured(
    name, value, unit, concept, read
):
    result = {
        "resourceType": "Observation", "id": "o", "status": "final", "subject": PATIENT, "code": {"text": name},
        "effectiveDateTime": "2026-04-01", "valueQuantity": {"value": value, "unit": unit},
    }  # fmt: skip
    found = read_chart(look(None, prefetch(otherObservations=[result])).record, CLOCK).results_for(concept)
    assert [str(r.value) for r in found] == [read]


# A name of another thing, and a name or unit that is not sure.
NOT_KNOWN = [
    ("Immature Platelet Fraction, Automated", 9, "%", "platelets"),
    ("Neutrophils (Auto)", 40, "%", "anc"),
    ("PLT", 48, "x10^3", "platelets"),
    ("Manual", 48, "K/uL", "platelets"),
    ("Ideal weight, dosing", 60, "kg", "body_weight"),
]


@pytest.mark.parametrize(("name", "value", "unit", "concept"), NOT_KNOWN)
def test_words_on_how_it_was_measured_make_no_name(name, value, unit, concept):
    result = {
        "resourceType": "Observation", "id": "o", "status": "final", "subject": PATIENT, "code": {"text": name},
        "effectiveDateTime": "2026-04-01", "valueQuantity": {"value": value, "unit": unit},
    }  # fmt: skip
    found = read_chart(look(None, prefetch(otherObservations=[result])).record, CLOCK).results_for(concept)
    assert [r for r in found if r.value is not None] == []


def test_a_code_of_icd_10_itself_does_not_hide_the_words_beside_it():
    worded = condition("C91.0", system="http://hl7.org/fhir/sid/icd-10", text="B-cell ALL, relapsed")
    found = initial(conditions=[worded])
    assert (found["POL-A-I-DX"], found["POL-A-II-A"]) == ("met", "met")
