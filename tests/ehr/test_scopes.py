"""Scopes, SMART 1 and 2: read before a search is tried; what they forbid is skipped and named."""

import pytest

from cds_service.ehr.scopes import Access, access
from tests.ehr.hooking import sign
from tests.ehr.hostile import running
from tests.ehr.looking import conditions, gaps, ids, look, only
from tests.ehr.test_references import BESPONSA, request_for
from tests.policy.chart_notes import patient

FULL, PART, NONE = Access.FULL, Access.PART, Access.NONE
CATEGORY = "category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory"

# scope -> may Observations be searched, may one be read
SCOPES = {
    None: (FULL, FULL),
    "": (FULL, FULL),
    "launch openid fhirUser": (FULL, FULL),
    "patient/Observation.read": (FULL, FULL),
    "user/*.*": (FULL, FULL),
    "system/*.read": (FULL, FULL),
    "patient/Observation.rs": (FULL, FULL),
    "patient/*.cruds": (FULL, FULL),
    "patient/Observation.r": (NONE, FULL),
    "patient/Observation.s": (FULL, NONE),
    "patient/Observation.write": (NONE, NONE),
    "patient/Observation.cud": (NONE, NONE),
    "patient/Condition.read": (NONE, NONE),
    f"patient/Observation.rs?{CATEGORY}": (PART, PART),
    f"patient/Observation.rs?{CATEGORY} patient/Observation.rs": (FULL, FULL),
    f"patient/Condition.rs patient/Observation.rs?{CATEGORY}": (PART, PART),
}


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_allows_searching_and_reading(scope):
    assert (access(scope, "Observation"), access(scope, "Observation", reading=True)) == SCOPES[scope]


def test_forbidden_searches_are_skipped_and_named():
    with running(conditions(1)) as ehr:
        seen = look(ehr, only("conditions", "procedures"), scope="patient/Condition.rs")
    assert ehr.requests == ["Condition?patient=p1&_count=200"]
    assert (gaps(seen), ids(seen, "Condition")) == (
        {"procedures": "the granted scopes do not allow it"},
        {"c0"},
    )


def test_a_scope_for_a_part_leaves_a_partial_gap():
    with running(conditions(1)) as ehr:
        seen = look(ehr, only("conditions"), scope="patient/Condition.rs?category=problem-list-item")
    assert gaps(seen) == {"conditions": "partly: the granted scopes allow only a part of it"}


def test_drugs_by_reference_are_not_read_without_a_scope_for_medications():
    with running([BESPONSA, request_for("Medication/m1")]) as ehr:
        seen = look(ehr, only("medicationRequests"), scope="patient/MedicationRequest.rs")
        assert ehr.asked("Medication/") == []
    assert gaps(seen) == {
        "medicationRequests": "partly: which drug is meant is not known for 1 of them: "
        "the granted scopes do not allow it"
    }


@pytest.mark.parametrize("token", ["", "  "])
def test_the_scope_beside_a_blank_token_limits_nothing_and_no_token_is_sent(token):
    lent = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "patient/Patient.read patient/Observation.read",
        "subject": "cds-service4",
    }
    with running([patient(), *conditions(1)]) as ehr:
        answered = sign(server=ehr.base, fhirAuthorization=lent)
    assert answered.determinations[0].unseen == ()
    assert ehr.asked("Condition") != []
    assert not any("Authorization" in sent for sent in ehr.headers)
