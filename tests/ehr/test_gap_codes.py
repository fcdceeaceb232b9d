"""Each gap carries the kind of its reason, set where the gap is made and kept with a decision."""

import json
from dataclasses import replace

import pytest

from cds_service.evaluation.decision import read, written
from cds_service.fhir.gaps import GapCode
from cds_service.fhir.record import DataKind, Gap
from tests.ehr.hooking import sign
from tests.ehr.hostile import bundle, fhir, hangs, outcome, running
from tests.ehr.looking import conditions, look, only
from tests.ehr.test_references import BESPONSA, request_for
from tests.policy.chart_notes import patient


def codes(gathered):
    return {gap.need.value: gap.code for gap in gathered.record.gaps}


# What the server answers to a search for Conditions -> the kind of the gap.
ANSWERS = {
    "refused": (fhir(outcome("error", "forbidden"), 403), GapCode.STATUS),
    "outcome": (fhir(outcome("error", "exception")), GapCode.STATUS),
    "token": (fhir(outcome("error", "login"), 401), GapCode.UNAUTHORIZED),
    "withheld": (fhir(bundle(*conditions(1), outcome("warning", "suppressed"))), GapCode.OTHER),
    "late": (hangs, GapCode.TIMEOUT),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_kind_follows_from_what_the_server_did(name):
    answer, code = ANSWERS[name]
    with running() as ehr:
        ehr.script("Condition", answer)
        assert codes(look(ehr, only("conditions"), budget=0.5)) == {"conditions": code}


def test_a_server_that_answers_everything_leaves_no_code():
    with running(conditions(1)) as ehr:
        assert codes(look(ehr, only("conditions"))) == {}


@pytest.mark.parametrize("scope", ["patient/Procedure.rs", "patient/Condition.rs?category=problem-list-item"])
def test_a_scope_that_is_missing_or_narrow_is_one_kind(scope):
    with running(conditions(1)) as ehr:
        assert codes(look(ehr, only("conditions"), scope=scope)) == {"conditions": GapCode.SCOPE}


def test_pages_without_end_and_a_first_page_alone_are_cut_off():
    with running() as ehr:
        pages = [fhir(bundle(*conditions(1), next_link=f"Condition?n={n}")) for n in range(30)]
        ehr.script("Condition", *pages)
        assert codes(look(ehr, only("conditions"))) == {"conditions": GapCode.CUT_OFF}
    first_page = bundle(*conditions(1), next_link="Condition?page=2")
    seen = look(None, {**only(), "conditions": first_page, "patient": patient()})
    assert codes(seen) == {"conditions": GapCode.CUT_OFF}


def test_another_patients_record_in_the_place_of_this_ones():
    with running() as ehr:
        ehr.script("Patient", fhir(patient(id="someone-else")))
        assert codes(look(ehr, only("patient"))) == {"patient": GapCode.ANOTHER_PATIENT}


def test_a_drug_that_was_not_looked_up_has_the_kind_of_its_own_failure():
    with running([BESPONSA, request_for("Medication/m1")]) as ehr:
        seen = look(ehr, only("medicationRequests"), scope="patient/MedicationRequest.rs")
    assert codes(seen) == {"medicationRequests": GapCode.SCOPE}


def test_the_code_is_kept_with_a_decision_and_older_ones_read_as_other():
    grounds = sign(prefetch={**only(), "patient": patient()}).grounds
    late = Gap(DataKind.CONDITIONS, "in words of its own", partial=True, code=GapCode.TIMEOUT)
    kept = written(replace(grounds, record=replace(grounds.record, gaps=(late,))), {"cards": []})
    assert read(kept)[0].record.gaps == (late,)

    older = json.loads(kept)
    older["gaps"] = [gap[:3] for gap in older["gaps"]]
    assert read(json.dumps(older).encode())[0].record.gaps == (replace(late, code=GapCode.OTHER),)
