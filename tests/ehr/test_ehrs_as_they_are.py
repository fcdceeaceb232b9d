"""EHRs with ways of their own give the same coverage as one that answers by the book, or say what is unseen."""

import threading
import time
from dataclasses import replace

import pytest

from cds_service.ehr.capabilities import Capabilities
from cds_service.ehr.fhir_client import FhirClient
from cds_service.fhir.record import DataKind
from tests.ehr.hooking import coverage_card, sign, verdicts
from tests.ehr.hostile import (
    EPIC,
    NOTICES,
    SILENT_WITHOUT_TYPES,
    SMALL_PAGES,
    STRANGERS,
    STRICT,
    WITHOUT_TYPES,
    Personality,
    fhir,
    hangs,
    outcome,
    running,
)
from tests.ehr.looking import OUTBOUND, gaps, look, only
from tests.policy.chart_notes import adverse_event, condition
from tests.policy.treated import C1D1, C2D1, NEVER_TREATED, TREATED

PATIENTS = {"before the first dose": (NEVER_TREATED, C1D1), "before the second cycle": (TREATED, C2D1)}
WAYS = {
    "a notice beside every answer": Personality(says=outcome("warning", "suppressed", "4119")),
    "notices beside answers and in place of nothing": NOTICES,
    "a row of another patient in every answer": STRANGERS,
    "no MedicationStatement and no AdverseEvent": WITHOUT_TYPES,
    "the same, and it does not say what it offers": SILENT_WITHOUT_TYPES,
    "a page of at most 100": SMALL_PAGES,
    "422 for the page size": Personality(unknown=("_count",)),
    "422 for statuses": Personality(unknown=("status",)),
    "422 for all but the patient": STRICT,
    "one vendor's ways together": replace(
        EPIC, says=outcome("warning", "suppressed", "4119"), refuses_count_above=100
    ),
}


def answered(personality, resources, draft):
    resources = [r | CATEGORY if r["resourceType"] == "Observation" else r for r in resources]
    with running(resources, personality) as ehr:
        return sign(draft, server=ehr.base)


CATEGORY = {"category": [{"coding": [{"code": "laboratory"}]}]}


@pytest.mark.parametrize("name", PATIENTS)
@pytest.mark.parametrize("way", WAYS)
def test_an_ehr_with_ways_of_its_own_gets_the_same_answer(way, name):
    plain, odd = (answered(p, *PATIENTS[name]) for p in (Personality(), WAYS[way]))
    assert coverage_card(plain)["extension"]["payer-policy-cds"]["coverage"] == "met"
    assert odd.gathered.record.gaps == ()
    assert odd.cards == plain.cards


# ---- Types that are not offered --------------------------------------------------------------------


def test_a_type_that_is_not_offered_is_no_gap_and_is_told_apart():
    with running(personality=Personality(lacks=("AdverseEvent",))) as ehr:
        seen = look(ehr, only("adverseEvents", "carePlans"))
    assert gaps(seen) == {}
    assert seen.record.not_offered == (DataKind.ADVERSE_EVENTS,)


@pytest.mark.parametrize("kind", ["Condition", "Observation", "MedicationRequest"])
def test_what_is_always_needed_is_a_gap_even_where_it_is_not_offered(kind):
    with running(personality=Personality(lacks=(kind,))) as ehr:
        seen = look(ehr)
    assert seen.record.not_offered == ()
    assert any("404" in reason for reason in gaps(seen).values())


@pytest.mark.parametrize("status", [401, 403, 400, 422, 500, 503])
def test_other_refusals_of_a_type_that_the_server_offers_are_gaps(status):
    with running() as ehr:
        ehr.script("AdverseEvent", fhir(outcome("error", "processing"), status))
        seen = look(ehr, only("adverseEvents"))
    assert (seen.record.not_offered, "adverseEvents" in gaps(seen)) == ((), True)


@pytest.mark.parametrize(
    ("status", "missing"), [(404, True), (405, True), (501, True), (403, False), (500, False), (400, False)]
)
def test_without_a_capability_statement_the_refusal_of_the_bare_search_decides(status, missing):
    with running(personality=Personality(states_capabilities=False)) as ehr:
        ehr.script("MedicationStatement", fhir(outcome("error", "processing"), status))
        seen = look(ehr, only("medicationStatements"))
    assert (DataKind.MEDICATION_STATEMENTS in seen.record.not_offered) is missing
    assert ("medicationStatements" in gaps(seen)) is not missing


def test_a_scope_that_is_not_granted_is_a_gap_whatever_the_server_offers():
    with running(personality=Personality(lacks=("AdverseEvent",))) as ehr:
        seen = look(ehr, only("adverseEvents"), scope="patient/Condition.read", token="t")
    assert gaps(seen) == {"adverseEvents": "the granted scopes do not allow it"}


def test_a_call_whose_searches_succeed_never_asks_what_the_server_offers():
    with running(TREATED) as ehr:
        look(ehr)
        assert ehr.asked("metadata") == []


def test_the_capability_statement_is_read_once_a_day_and_a_failure_sooner_again():
    now = [0.0]
    kept = Capabilities(monotonic=lambda: now[0])
    with running() as ehr:
        client = FhirClient(OUTBOUND, ehr.base)
        far = time.monotonic() + 5
        for at in (0.0, 3600.0, 86_399.0):
            now[0] = at
            assert "Condition" in kept.types_of(client, far)
        assert len(ehr.asked("metadata")) == 1
        ehr.script("metadata", fhir(outcome("error", "exception"), 500))
        now[0] = 86_401.0
        assert kept.types_of(client, far) is None
        now[0] += 60
        assert kept.types_of(client, far) is None
        assert len(ehr.asked("metadata")) == 2


def test_no_token_is_sent_for_the_capability_statement():
    with running(personality=Personality(lacks=("AdverseEvent",))) as ehr:
        look(ehr, only("adverseEvents"), token="secret")
        sent = [
            h.get("Authorization") for h, r in zip(ehr.headers, ehr.requests, strict=True) if r == "metadata"
        ]
    assert sent == [None]


def test_administrations_not_offered_and_no_dose_elsewhere_leave_the_doses_unseen():
    """The order's own label stands then, and the card says so."""
    no_doses = [r for r in TREATED if r["resourceType"] != "MedicationAdministration"]
    lacking = answered(Personality(lacks=("MedicationAdministration",)), no_doses, C2D1)
    (d,) = lacking.determinations
    assert (d.cycle, d.day) == (2, 1)
    assert any("doses given could not all be seen" in note for note in d.notes)
    (d,) = answered(Personality(), no_doses, C2D1).determinations
    assert (d.cycle, d.day) != (2, 1)


def test_the_rest_decides_a_no_evidence_criterion_where_adverse_events_are_not_offered():
    way = Personality(lacks=("AdverseEvent",))
    assert verdicts(answered(way, TREATED, C2D1))["POL-B-I-TOX"] == "met"
    vod = condition("K76.5", recorded="2026-04-10", text="Hepatic veno-occlusive disease")
    assert verdicts(answered(way, [*TREATED, vod], C2D1))["POL-B-I-TOX"] == "not-met"


def test_a_reason_says_which_type_the_ehr_lacks_where_the_thing_may_stand():
    (d,) = answered(Personality(lacks=("DocumentReference",)), NEVER_TREATED, C1D1).determinations
    (pathology,) = [n for n in d.needed if n.item == "pathology"]
    assert "this EHR does not offer documentReferences" in pathology.because


# ---- Rows of another patient -----------------------------------------------------------------------


def test_rows_of_another_patient_are_read_as_if_they_had_not_been_there():
    stranger = adverse_event("Veno-occlusive disease", "2026-04-10") | {
        "subject": {"reference": "Patient/p2"}
    }
    with running() as ehr:
        odd = sign(C2D1, server=ehr.base, prefetch=prefetch([*TREATED, stranger]))
    assert odd.gathered.record.gaps == ()
    assert verdicts(odd)["POL-B-I-TOX"] == "met"
    assert sum(n.strangers for n in odd.gathered.notes) == 1


def test_strangers_in_the_place_of_everything_are_a_gap():
    other = {"subject": {"reference": "Patient/p2"}}
    seen = look(None, {**dict.fromkeys((n.value for n in DataKind), None), "patient": TREATED[0],
                       "conditions": {"resourceType": "Bundle", "entry": [{"resource": condition("C91.02") | other}]}})  # fmt: skip
    assert "another patient" in gaps(seen)["conditions"]


KEYS = {
    "Patient": "patient", "Condition": "conditions", "Observation": "observations", "DocumentReference": "documentReferences",
    "MedicationAdministration": "medicationAdministrations", "AdverseEvent": "adverseEvents",
}  # fmt: skip


def prefetch(resources):
    found = {need.value: None for need in DataKind}
    for kind, key in KEYS.items():
        rows = [{"resource": r} for r in resources if r["resourceType"] == kind]
        found[key] = rows[0]["resource"] if kind == "Patient" else {"resourceType": "Bundle", "entry": rows}
    return found


# ---- A blank token ---------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "  "])
def test_the_scope_of_a_blank_token_limits_nothing(token):
    lent = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/Patient.read",
        "subject": "s",
    }
    with running(NEVER_TREATED) as ehr:
        blank = sign(C1D1, server=ehr.base, fhirAuthorization=lent)
        real = sign(C1D1, server=ehr.base, fhirAuthorization=lent | {"access_token": "t"})
    assert blank.gathered.record.gaps == ()
    assert real.gathered.record.gaps != ()


def test_a_server_that_keeps_one_waiting_keeps_no_other_servers_call_waiting():
    kept = Capabilities()
    with running() as slow, running() as quick:
        slow.script("metadata", hangs)
        waiting = threading.Thread(
            target=kept.types_of, args=(FhirClient(OUTBOUND, slow.base), time.monotonic() + 1)
        )
        waiting.start()
        while not slow.asked("metadata"):
            time.sleep(0.005)
        assert "Condition" in kept.types_of(FhirClient(OUTBOUND, quick.base), time.monotonic() + 5)
        assert waiting.is_alive()
        waiting.join()


def test_many_threads_ask_a_server_once():
    kept = Capabilities()
    with running() as ehr:
        threads = [
            threading.Thread(
                target=kept.types_of, args=(FhirClient(OUTBOUND, ehr.base), time.monotonic() + 5)
            )
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(ehr.asked("metadata")) == 1
