"""Whatever JSON an EHR sends, as prefetch or as an answer: a record or a gap, never an exception."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_service.ehr.bundles import read_page
from cds_service.fhir.record import DataKind
from tests.ehr.hostile import Reply, running
from tests.ehr.looking import NOTHING, look

# Thousands of answers over the same lines, which the other tests measure: tracing them would double the time.
pytestmark = pytest.mark.no_cover
MEMBERS = [
    "resourceType", "entry", "resource", "fullUrl", "link", "relation", "url", "issue", "severity", "code",
    "details", "coding", "subject", "patient", "reference", "participant", "actor", "medicationReference",
    "medicationCodeableConcept", "id", "status", "response", "meta", "verificationStatus", "display", "contained",
]  # fmt: skip
WORDS = st.sampled_from(
    ["Bundle", "OperationOutcome", "Patient", "Observation", "MedicationRequest", "Medication", "p1", "Patient/p1",
     "Patient/p2", "Medication/m1", "#m", "next", "self", "http://[", "error", "warning", "4101", "urn:uuid:1", "", " "]
)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | WORDS
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=6),
    max_leaves=25,
)
# Most of the time the outer shape is right, so that the inner oddities are reached.
RESOURCE = st.builds(
    lambda kind, more: more | {"resourceType": kind},
    st.sampled_from(
        ["MedicationRequest", "Patient", "Observation", "Appointment", "OperationOutcome", "Bundle"]
    ),
    st.dictionaries(st.sampled_from(MEMBERS), ANY, max_size=6),
)
ANSWER = ANY | RESOURCE | st.builds(
    lambda entries, link: {"resourceType": "Bundle", "link": link, "entry": entries},
    st.lists(st.builds(lambda r: {"resource": r}, RESOURCE) | ANY, max_size=4) | ANY,
    st.lists(st.builds(lambda u: {"relation": "next", "url": u}, WORDS), max_size=1) | ANY,
)  # fmt: skip


@given(answer=ANSWER)
@settings(max_examples=300)
def test_any_prefetch_value_is_a_record_or_a_gap(answer):
    seen = look(None, NOTHING | {"medicationRequests": answer, "observations": answer})
    assert {gap.need for gap in seen.record.gaps} <= set(DataKind)


@pytest.fixture(scope="module")
def ehr():
    with running() as up:
        yield up


@given(answer=ANSWER)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_answer_of_the_server_is_a_record_or_a_gap(ehr, answer):
    ehr.script("", Reply(200, json.dumps(answer).encode()))
    seen = look(ehr)
    assert len(seen.notes) == len(DataKind)


@given(answer=ANSWER)
@settings(max_examples=200)
def test_a_page_that_failed_holds_no_resource(answer):
    page = read_page(answer)
    assert not (page.failed and page.resources)
