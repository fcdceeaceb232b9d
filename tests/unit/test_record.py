"""The record: what may count, copies, and references of every form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir.record import DataKind, Gap, Resource, record_from
from cds_service.fhir.versions import canonical

PATIENT = {"reference": "Patient/p1"}


def observation(**members):
    return {"resourceType": "Observation", "id": "o1", "status": "final", "subject": PATIENT} | members


def kept(*bodies):
    record = record_from("p1", [Resource(b) for b in bodies])
    return [r.reference for rs in record.by_type.values() for r in rs]


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "registered", "unknown"])
def test_withdrawn_or_empty_observations_never_count(status):
    assert kept(observation(status=status)) == []


@pytest.mark.parametrize("status", ["final", "preliminary", "amended", "corrected"])
def test_results_count(status):
    assert kept(observation(status=status)) == ["Observation/o1"]


@pytest.mark.parametrize("code", ["refuted", "entered-in-error"])
def test_refuted_conditions_never_count(code):
    condition = {
        "resourceType": "Condition",
        "id": "c",
        "subject": PATIENT,
        "verificationStatus": {"coding": [{"code": code}]},
    }
    assert kept(condition) == []


@pytest.mark.parametrize(
    "over", [{"status": "superseded"}, {"status": "current", "docStatus": "entered-in-error"}]
)
def test_a_document_that_was_replaced_or_withdrawn_never_counts(over):
    document = {"resourceType": "DocumentReference", "id": "d", "subject": PATIENT}
    assert kept(document | over) == []
    assert kept(document | {"status": "current", "docStatus": "preliminary"}) == ["DocumentReference/d"]


@pytest.mark.parametrize(
    "subject",
    ["Patient/p1", "https://ehr.example.org/fhir/Patient/p1", "Patient/p1/_history/2"],
)
def test_references_to_the_patient_are_known_in_every_form(subject):
    assert kept(observation(subject={"reference": subject})) == ["Observation/o1"]


@pytest.mark.parametrize("subject", ["Patient/p2", "Patient/p11", "Group/p1", "", None])
def test_resources_of_another_patient_never_count(subject):
    assert kept(observation(subject={"reference": subject})) == []


def test_a_resource_without_a_subject_is_nobodys():
    assert kept({"resourceType": "Observation", "id": "o1", "status": "final"}) == []


def test_an_appointment_is_the_patients_when_one_participant_is():
    appointment = {
        "resourceType": "Appointment",
        "id": "a",
        "status": "booked",
        "participant": [{"actor": PATIENT}],
    }
    assert kept(appointment) == ["Appointment/a"]


def test_of_two_copies_the_later_version_stands():
    old = observation(meta={"lastUpdated": "2026-04-01T00:00:00Z"}, valueString="old")
    new = observation(meta={"lastUpdated": "2026-04-02T00:00:00Z"}, valueString="new")
    for pair in ([old, new], [new, old]):
        record = record_from("p1", [Resource(b) for b in pair])
        assert [r.body["valueString"] for r in record.of_type("Observation")] == ["new"]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("2026-04-01T12:00:00Z", "2026-04-01T10:00:00-05:00"),
        ("2026-04-01T10:00:00.200Z", "2026-04-01T10:00:00.300Z"),
        ("2026-04-01T10:00:00Z", "2026-04-01T10:00:00.5Z"),
        ("no time at all", "2026-04-01T10:00:00Z"),
        ("0001-01-01T00:00:00+14:00", "2026-04-01"),
    ],
)
def test_versions_are_compared_by_their_instants(earlier, later):
    old, error = observation(meta={"lastUpdated": earlier}), observation(meta={"lastUpdated": later})
    error["status"] = "entered-in-error"
    assert kept(old, error) == kept(error, old) == []


def test_a_medication_needs_no_subject_and_is_found_by_reference():
    record = record_from("p1", [Resource({"resourceType": "Medication", "id": "m1"})])
    for reference in (
        "Medication/m1",
        "https://same.example.org/fhir/Medication/m1",
        "Medication/m1/_history/2",
    ):
        assert record.resolve(reference).id == "m1"


def test_a_contained_resource_is_found_inside_its_own_resource_only():
    holder = Resource(
        {
            "resourceType": "MedicationRequest",
            "id": "r",
            "contained": [{"resourceType": "Medication", "id": "m"}],
        }
    )
    record = record_from("p1", [])
    assert record.resolve("#m", holder).id == "m"
    assert record.resolve("#m") is None
    assert record.resolve("#other", holder) is None


@pytest.mark.parametrize("reference", ["Medication/none", "urn:uuid:6f1d", "", "#"])
def test_a_dangling_reference_resolves_to_nothing(reference):
    assert record_from("p1", []).resolve(reference) is None


def test_a_gap_is_told_by_its_need():
    record = record_from("p1", [], [Gap(DataKind.CONDITIONS, "the server answered 403")])
    assert record.unseen(DataKind.CONDITIONS) == "conditions: the server answered 403"
    assert record.unseen(DataKind.OBSERVATIONS) is None


def test_a_draft_without_an_id_goes_by_its_name():
    assert (
        Resource({"resourceType": "MedicationRequest"}, name="draftOrders.entry[0]").reference
        == "draftOrders.entry[0]"
    )


def test_a_resource_is_found_by_the_full_url_of_its_bundle_entry():
    entry = Resource({"resourceType": "Medication", "code": {"text": "Besponsa"}}, name="urn:uuid:6f1d")
    assert record_from("p1", [entry]).resolve("urn:uuid:6f1d") is entry


def test_a_contained_result_is_cited_by_its_report_and_survives_a_record_made_again():
    inside = {"resourceType": "Observation", "id": "plt", "code": {"text": "PLT"}}
    body = {"resourceType": "DiagnosticReport", "id": "cbc", "status": "final", "subject": {"reference": "Patient/p1"},
            "effectiveDateTime": "2026-04-14", "contained": [inside]}  # fmt: skip
    once = record_from("p1", [Resource(body)])
    again = record_from("p1", [r for held in once.by_type.values() for r in held])
    for record in (once, again):
        (result,) = record.of_type("Observation")
        assert result.reference == "DiagnosticReport/cbc"
        assert result.body["effectiveDateTime"] == "2026-04-14"
        assert record.resolve("DiagnosticReport/cbc").body == body


def test_a_contained_result_of_another_patient_or_withdrawn_is_left_out():
    def record(**inside):
        body = {"resourceType": "DiagnosticReport", "id": "cbc", "status": "final", "subject": {"reference": "Patient/p1"},
                "contained": [{"resourceType": "Observation", "id": "plt"} | inside]}  # fmt: skip
        return record_from("p1", [Resource(body)]).of_type("Observation")

    assert (
        len(record())
        == len(record(subject={"reference": "Patient/p1"}))
        == len(record(subject={"reference": "#p"}))
        == 1
    )
    assert record(subject={"reference": "Patient/p2"}) == ()
    assert record(status="entered-in-error") == ()
    assert len(record(status=["odd"])) == 1


_COPIES = st.lists(
    st.builds(
        lambda number, text, status, updated, origin: Resource(
            observation(id=f"o{number}", status=status, valueString=text, meta={"lastUpdated": updated}),
            origin,
        ),
        st.integers(1, 3),
        st.sampled_from("ab"),
        st.sampled_from(["final", "amended", "entered-in-error"]),
        st.sampled_from(["2026-04-01", "2026-04-02"]),
        st.sampled_from(["prefetch", "fetched", "fetched page 2"]),
    ),
    max_size=8,
)


def by_the_letter(copies):
    """Of each row the latest version, if it was not withdrawn.

    Of versions of one time the withdrawn one, else the text that sorts last.
    """
    versions = {}
    for one in copies:
        versions.setdefault(one.reference, []).append(one.body)
    latest = [
        max(
            held,
            key=lambda body: (
                body["meta"]["lastUpdated"],
                body["status"] == "entered-in-error",
                canonical(body),
            ),
        )
        for _, held in sorted(versions.items())
    ]
    return [body for body in latest if body["status"] != "entered-in-error"]


@given(_COPIES, st.randoms())
def test_of_any_copies_in_any_order_the_same_one_stands(copies, randomly):
    expected = record_from("p1", copies)
    assert [r.body for r in expected.of_type("Observation")] == by_the_letter(copies)
    randomly.shuffle(copies)
    assert record_from("p1", copies) == expected


@given(_COPIES)
def test_a_row_that_came_under_two_keys_is_the_row(copies):
    assert record_from("p1", [*copies, *copies]) == record_from("p1", copies)


def test_of_two_equal_copies_the_way_that_sorts_first_is_told():
    copies = [Resource(observation(), origin) for origin in ("prefetch", "fetched")]
    for given_so in (copies, copies[::-1]):
        assert [r.origin for r in record_from("p1", given_so).of_type("Observation")] == ["fetched"]


@pytest.mark.parametrize(
    ("withdrawn", "stands"),
    [("2026-05-02", []), ("2026-05-01", []), ("2026-04-30", ["Observation/o1"]), (None, ["Observation/o1"])],
)
def test_a_version_that_was_withdrawn_takes_the_older_ones_with_it(withdrawn, stands):
    final = observation(meta={"lastUpdated": "2026-05-01"})
    error = observation(status="entered-in-error", meta={"lastUpdated": withdrawn} if withdrawn else {})
    assert kept(final, error) == kept(error, final) == stands


def test_a_withdrawn_row_of_another_patient_with_the_same_id_takes_nothing():
    others = observation(
        status="entered-in-error", subject={"reference": "Patient/p2"}, meta={"lastUpdated": "2026-05-02"}
    )
    assert kept(observation(), others) == kept(others, observation()) == ["Observation/o1"]


def test_a_resource_knows_its_type_id_and_reference_and_equals_by_what_it_holds():
    blank = Resource({"resourceType": " Observation ", "id": 7})
    assert (blank.type, blank.id, blank.reference) == ("Observation", "", "Observation")
    assert Resource(observation()) == Resource(observation())
    assert Resource(observation()).come_by("fetched") == Resource(observation(), "fetched")
