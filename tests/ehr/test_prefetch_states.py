"""What a prefetch value may be, and which calls follow from it: the right ones, each once."""

import pytest

from cds_service.ehr.gather import NoAccess
from cds_service.ehr.needs import BY_NEED, CLINICAL, NEEDS, prefetch_templates
from cds_service.fhir.record import DataKind
from tests.ehr.hostile import bundle, fhir, outcome, running
from tests.ehr.looking import NOTHING, conditions, gaps, ids, look, only
from tests.policy.chart_notes import condition, observation, patient, procedure

ONE = condition("C91.02", id="c0")
UNREAD = "entries whose resource cannot be read were left out"
OTHER = "what came is of another kind than was asked for"
FAILED = "the EHR sent an error instead"

# value of prefetch.conditions -> (Condition ids, gap, requests to the server)
STATES = {
    "a Bundle": (bundle(ONE), {"c0"}, None, 0),
    "a Bundle without type or link": (
        {"resourceType": "Bundle", "entry": [{"resource": ONE}]},
        {"c0"},
        None,
        0,
    ),
    "null is known to be empty": (None, set(), None, 0),
    "an empty Bundle is known to be empty": ({"resourceType": "Bundle"}, set(), None, 0),
    "an OperationOutcome is unknown": (outcome("error", "forbidden"), set(), FAILED, 0),
    "a Bundle that holds only an error": (bundle(outcome("error", "timeout")), set(), FAILED, 0),
    "a lone resource": (ONE, {"c0"}, None, 0),
    "an array of resources": ([ONE], {"c0"}, None, 0),
    "an array of entries": ([{"resource": ONE}], {"c0"}, None, 0),
    "the entry of a batch answer": (
        {"response": {"status": "200 OK"}, "resource": bundle(ONE)},
        {"c0"},
        None,
        0,
    ),
    "the entry of a failed batch answer": (
        {"response": {"status": "403"}, "resource": None},
        set(),
        FAILED,
        0,
    ),
    "a Bundle within a Bundle": (bundle(bundle(ONE)), {"c0"}, None, 0),
    "an entry without its resource": (
        {"resourceType": "Bundle", "entry": [{"resource": ONE}, {"fullUrl": "urn:uuid:1"}]},
        {"c0"},
        f"partly: {UNREAD}",
        0,
    ),
    "entries whose resources do not say what they are": (
        {"resourceType": "Bundle", "entry": [{"resource": {"id": "c1"}}, {"resource": "c2"}]},
        set(),
        UNREAD,
        0,
    ),
    "entries that are no objects": ({"resourceType": "Bundle", "entry": ["c1", None]}, set(), UNREAD, 0),
    "entries that are no array": ({"resourceType": "Bundle", "entry": "c1"}, set(), UNREAD, 0),
    "entries of null are none": ({"resourceType": "Bundle", "entry": None}, set(), None, 0),
    "rows of another kind alone": (
        bundle(patient(), observation("718-7", "2026-04-01", 9, "g/dL")),
        set(),
        OTHER,
        0,
    ),
    "a lone resource of another kind": (observation("718-7", "2026-04-01", 9, "g/dL"), set(), OTHER, 0),
    "rows of all other kinds": (
        bundle(patient(), observation("718-7", "2026-04-01", 9, "g/dL"), procedure("x", "2026-04-01")),
        set(),
        None,
        0,
    ),
    "only what may be included with any rows": (
        bundle(patient(), {"resourceType": "Medication", "id": "m"}),
        set(),
        None,
        0,
    ),
    "rows of another kind beside": (bundle(patient(), ONE), {"c0"}, None, 0),
    "an error page in HTML counts as absent": ("<html>Error</html>", {"fetched"}, None, 1),
    "a number counts as absent": (7, {"fetched"}, None, 1),
    "an object without a type counts as absent": ({"entry": []}, {"fetched"}, None, 1),
}


@pytest.mark.parametrize("name", STATES)
def test_a_prefetch_value_leads_to_its_rows_gap_and_calls(name):
    value, rows, gap, calls = STATES[name]
    with running([condition("C91.02", id="fetched")]) as ehr:
        seen = look(ehr, NOTHING | {"conditions": value})
    assert ids(seen, "Condition") == rows
    assert gaps(seen) == ({"conditions": gap} if gap else {})
    assert len(ehr.requests) == calls


def test_an_absent_key_is_fetched_and_nothing_else_is():
    with running(conditions(1)) as ehr:
        seen = look(ehr, only("conditions"))
    assert (ehr.requests, ids(seen, "Condition")) == (["Condition?patient=p1&_count=200"], {"c0"})


def test_the_pages_after_a_first_page_are_fetched_and_the_first_is_not():
    with running() as ehr:
        ehr.script("Condition?page=2", fhir(bundle(*conditions(3)[2:])))
        first = bundle(*conditions(2), next_link=f"{ehr.base}/Condition?page=2")
        seen = look(ehr, NOTHING | {"conditions": first})
    assert (ehr.requests, gaps(seen)) == (["Condition?page=2"], {})
    assert {r.id: r.origin for r in seen.record.of_type("Condition")} == {
        "c0": "prefetch", "c1": "prefetch", "c2": "fetched page 2",
    }  # fmt: skip


def test_a_first_page_without_a_server_is_only_a_part():
    first = bundle(*conditions(2), next_link="https://ehr.example/fhir/Condition?page=2")
    seen = look(None, NOTHING | {"patient": patient(), "conditions": first})
    assert gaps(seen) == {"conditions": "partly: only its first page was sent"}


def test_keys_that_were_not_asked_for_are_ignored():
    with running() as ehr:
        seen = look(ehr, NOTHING | {"coverageBundle": bundle(ONE), "": None})
    assert (ehr.requests, gaps(seen), ids(seen, "Condition")) == ([], {}, set())


def test_a_complete_prefetch_makes_no_call():
    with running() as ehr:
        seen = look(ehr, NOTHING | {"patient": patient()})
    assert (ehr.requests, gaps(seen)) == ([], {})


WITHOUT_SERVER = {
    "nothing sent": ({}, "refused"),
    "the patient absent": ({k: v for k, v in NOTHING.items() if k != "patient"}, "refused"),
    "every clinical key absent": ({"patient": patient(), "coverage": None}, "refused"),
    "one clinical key sent": ({"patient": patient(), "conditions": None}, "answered"),
    "patient known to be missing": (NOTHING, "answered"),
    "patient tried in vain": (NOTHING | {"patient": outcome("error", "forbidden")}, "answered"),
}


@pytest.mark.parametrize("name", WITHOUT_SERVER)
def test_case_39_without_a_usable_server_too_little_is_refused_and_the_rest_is_named(name):
    prefetch, answer = WITHOUT_SERVER[name]
    if answer == "refused":
        with pytest.raises(NoAccess):
            look(None, prefetch)
    else:
        absent = {need.value for need in DataKind} - prefetch.keys()
        reason = "it was not sent, and there is no FHIR server to ask"
        found = gaps(look(None, prefetch))
        assert {need for need, why in found.items() if why == reason} == absent


def test_there_is_one_row_and_one_template_for_each_need():
    assert sorted(row.need for row in NEEDS) == sorted(DataKind) == sorted(BY_NEED)
    assert list(prefetch_templates()) == [need.value for need in DataKind]
    assert set(DataKind) - set(CLINICAL) == {DataKind.PATIENT, DataKind.COVERAGE}


@pytest.mark.parametrize("row", NEEDS, ids=lambda row: row.need.value)
def test_templates_stay_in_the_portable_subset(row):
    """Type search or read; one context token at the root; token equality and _count only."""
    assert row.search.count("{{") == 1
    assert "{{context.patientId}}" in row.search
    names = [part.partition("=")[0] for part in row.search.partition("?")[2].split("&") if part]
    assert set(names) <= {"patient", "subject", "code", "status", "_count"}
