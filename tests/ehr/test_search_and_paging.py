"""Cases 1 to 15: searches that servers refuse, shorten, page, or answer oddly."""

import pytest

from cds_service.ehr.needs import NEEDS
from tests.ehr.hostile import (
    ATHENA,
    EPIC,
    ORACLE,
    PERSONALITIES,
    Personality,
    bundle,
    fhir,
    outcome,
    running,
)
from tests.ehr.looking import conditions, gaps, ids, look, only
from tests.policy.chart_notes import LOINC, PATIENT, condition, observation, order, patient

LAB = {"category": [{"coding": [{"code": "laboratory"}]}]}


@pytest.mark.parametrize("name", PERSONALITIES)
def test_every_personality_shows_the_whole_patient(name):
    chart = [
        patient(),
        *conditions(45),
        *[observation("777-3", f"2026-01-{d:02}", 90, "10*3/uL", **LAB) for d in range(1, 32)],
    ]
    with running(chart, PERSONALITIES[name]) as ehr:
        seen = look(ehr)
    assert gaps(seen) == {}
    assert (len(ids(seen, "Condition")), len(ids(seen, "Observation"))) == (45, 31)


def test_case_01_observations_refused_without_category_are_asked_by_category_once():
    with running([observation("777-3", "2026-01-01", 90, "10*3/uL", **LAB)], EPIC) as ehr:
        seen = look(ehr, only("otherObservations"))
    assert gaps(seen) == {}
    assert ids(seen, "Observation") == {"777-3-2026-01-01-90"}
    first, second = ehr.asked("Observation")
    assert ("category" in first, "category=laboratory," in second) == (False, True)


def test_case_01_the_reverse_codes_refused_are_answered_by_all_observations():
    with running([observation("777-3", "2026-01-01", 90, "10*3/uL")], Personality(refuses_codes=True)) as ehr:
        seen = look(ehr)
    assert "observations" not in gaps(seen)
    assert ids(seen, "Observation") == {"777-3-2026-01-01-90"}


def test_case_01_all_observations_refused_leave_only_their_own_gap():
    with running([observation("777-3", "2026-01-01", 90, "10*3/uL")]) as ehr:
        ehr.script("Observation?patient=p1&_count", fhir(outcome("error", "processing"), 500))
        assert gaps(look(ehr, only("observations", "otherObservations"))) == {
            "otherObservations": "the server answered 500"
        }


@pytest.mark.parametrize("case", ["02 _sort", "03 _include"])
def test_case_02_and_03_no_search_relies_on_what_servers_refuse_or_ignore(case):
    assert [row.search for row in NEEDS if case.split()[1] in row.search] == []


def test_case_04_a_count_that_is_silently_lowered_still_gives_all_rows():
    with running([observation("777-3", f"2025-{m:02}-{d:02}", 90, "10*3/uL")
                  for m in range(1, 7) for d in range(1, 21)], ORACLE) as ehr:  # fmt: skip
        seen = look(ehr, only("observations"))
    assert (gaps(seen), len(ids(seen, "Observation"))) == ({}, 120)
    assert {len(ehr.asked("Observation"))} == {3}


def test_case_05_five_pages_by_opaque_token_are_read_to_the_end():
    with running(conditions(100), Personality(most_rows=20, paging="opaque")) as ehr:
        seen = look(ehr, only("conditions"))
    assert (gaps(seen), len(ids(seen, "Condition"))) == ({}, 100)
    assert {r.origin for r in seen.record.of_type("Condition")} == {
        "fetched", "fetched page 2", "fetched page 3", "fetched page 4", "fetched page 5",
    }  # fmt: skip


def test_case_06_a_relative_next_link_is_followed():
    with running(conditions(25), ATHENA) as ehr:
        seen = look(ehr, only("conditions"))
    assert (gaps(seen), len(ids(seen, "Condition"))) == ({}, 25)


@pytest.mark.parametrize(
    "elsewhere",
    ["https://other.example/fhir/Condition?page=2", "//other.example/fhir/Condition", "file:///etc/passwd",
     "http://user@127.0.0.1/x", "http://[", "http://127.0.0.1:1/fhir/Condition"],
)  # fmt: skip
def test_case_07_a_next_link_to_another_host_is_not_followed_and_leaves_a_part_unseen(elsewhere):
    with running() as ehr:
        ehr.script("Condition", fhir(bundle(*conditions(2), next_link=elsewhere)))
        seen = look(ehr, only("conditions"))
    assert gaps(seen) == {"conditions": "partly: the next page lies on another server, which is not asked"}
    assert ids(seen, "Condition") == {"c0", "c1"}


def test_case_08_next_links_that_loop_end_the_reading():
    with running() as ehr:
        ehr.script("Condition", fhir(bundle(*conditions(2), next_link="Condition?again=1")))
        seen = look(ehr, only("conditions"))
    assert gaps(seen) == {"conditions": "partly: the server's pages lead back to themselves"}
    assert len(ehr.requests) == 2


def test_case_08_pages_without_end_stop_at_twenty():
    with running() as ehr:
        pages = [fhir(bundle(*conditions(2), next_link=f"Condition?n={n}")) for n in range(40)]
        ehr.script("Condition", *pages)
        seen = look(ehr, only("conditions"))
    assert gaps(seen) == {"conditions": "partly: only the first 20 pages were read"}
    assert len(ehr.requests) == 20


def test_case_08_rows_without_end_stop_at_two_thousand():
    with running(conditions(2100), Personality(most_rows=200)) as ehr:
        seen = look(ehr, only("conditions"))
    assert gaps(seen) == {"conditions": "partly: only the first 2000 rows were read"}


@pytest.mark.parametrize("status", [410, 404])
def test_case_09_a_next_link_that_has_expired_leaves_a_part_unseen(status):
    with running() as ehr:
        ehr.script("Condition?patient", fhir(bundle(*conditions(2), next_link="Condition?token=old")))
        ehr.script("Condition?token", fhir(outcome("error", "processing"), status))
        seen = look(ehr, only("conditions"))
    assert gaps(seen) == {"conditions": f"partly: the server answered {status}"}
    assert ids(seen, "Condition") == {"c0", "c1"}


@pytest.mark.parametrize("total", [{}, {"total": 0}, {"total": 10**9}, {"total": "many"}])
def test_case_10_total_decides_nothing(total):
    with running() as ehr:
        ehr.script("Condition", fhir(bundle(*conditions(2)) | total))
        seen = look(ehr, only("conditions"))
    assert (gaps(seen), ids(seen, "Condition")) == ({}, {"c0", "c1"})


@pytest.mark.parametrize("empty", [{"resourceType": "Bundle"}, bundle(), bundle() | {"entry": None}])
def test_case_11_a_bundle_without_entry_is_known_to_be_empty(empty):
    with running() as ehr:
        ehr.script("Condition", fhir(empty))
        seen = look(ehr, only("conditions"))
    assert (gaps(seen), ids(seen, "Condition")) == ({}, set())


def test_case_12_entries_without_full_url_or_mode_count_and_included_ones_too():
    include = {"resource": patient(), "search": {"mode": "include"}}
    bare = {"resource": condition("C91.02", id="c1")}
    with running() as ehr:
        ehr.script("Condition", fhir({"resourceType": "Bundle", "entry": [bare, include, {}, "x", None]}))
        seen = look(ehr, only("conditions"))
    assert (gaps(seen), ids(seen, "Condition"), ids(seen, "Patient")) == ({}, {"c1"}, {"p1"})


WITHHELD = "partly: the server says that rows are withheld or cut off"
OUTCOMES = {
    "13 an error alone is unknown": (
        [], ("error", "exception", None), "the server reported an error in its answer"),
    "13 nothing found, said by an outcome, is known to be empty": ([], ("warning", "processing", "4101"), None),
    "13 an information alone is known to be empty": ([], ("information", "informational", None), None),
    "14 the standing notice beside nearly every answer, whatever its type": (
        conditions(1), ("warning", "suppressed", "4119"), None),
    "14 the standing notice alone": ([], ("warning", "processing", "4119"), None),
    "14 parameters that were ignored": (conditions(1), ("warning", "not-supported", "59100"), None),
    "14 any other warning beside results": (conditions(1), ("warning", "business-rule", None), None),
    "14 rows withheld": (conditions(1), ("information", "suppressed", None), WITHHELD),
    "14 rows cut off": (conditions(1), ("warning", "too-costly", None), WITHHELD),
    "14 a sub-type withheld": (
        conditions(1), ("warning", "suppressed", "59204", "Client not authorized for Condition - Problem List."), WITHHELD),
    "14 a sub-type withheld that is not named": (conditions(1), ("warning", "suppressed", "59205"), WITHHELD),
    "14 a sub-type withheld that holds nothing of ours": (
        conditions(1), ("warning", "suppressed", "59204", "Client not authorized for Condition - Dental Finding."), None),
    "14 one of two sub-types withheld holds something": (
        conditions(1), ("warning", "suppressed", "59204",
                        "Client not authorized for Condition - Dental Finding. Client not authorized for Condition - Encounter Diagnosis."),
        WITHHELD),
    "14 break the glass": (conditions(1), ("information", "informational", "4134"), WITHHELD),
    "14 over a hundred results": (conditions(1), ("warning", "processing", "59133"), WITHHELD),
    "14 an error beside results": (
        conditions(1), ("error", "exception", None), "partly: the server reported an error in its answer"),
    "15 a parameter that was not understood": (
        [], ("warning", "not-supported", None), "the server did not understand the whole search"),
}  # fmt: skip


@pytest.mark.parametrize("name", OUTCOMES)
def test_case_13_to_15_outcomes_among_the_entries_say_what_is_missing(name):
    rows, said, reason = OUTCOMES[name]
    with running() as ehr:
        ehr.script("Condition", fhir(bundle(*rows, outcome(*said))))
        seen = look(ehr, only("conditions"))
    assert gaps(seen).get("conditions") == reason
    assert len(ids(seen, "Condition")) == len(rows)


def test_case_15_an_empty_answer_to_another_search_than_asked_is_unknown():
    with running() as ehr:
        ehr.script("AdverseEvent", fhir(bundle(self_link=f"{ehr.base}/AdverseEvent?_format=json")))
        ehr.script("Condition", fhir(bundle(self_link=f"{ehr.base}/Condition?patient=p1")))
        seen = look(ehr, only("adverseEvents", "conditions"))
    assert gaps(seen) == {"adverseEvents": "the server did not understand the whole search"}


def test_searches_name_their_statuses_and_stay_short_enough_for_gateways():
    with running() as ehr:
        look(ehr)
    sent = {request.partition("?")[0]: request for request in ehr.requests}
    assert "status=active,on-hold,completed,stopped" in sent["MedicationRequest"]
    assert "status=active,completed,intended,stopped,on-hold" in sent["MedicationStatement"]
    assert max(map(len, ehr.requests)) <= 1800


def test_a_long_code_list_is_asked_for_in_parts_that_lose_no_code():
    row = next(row for row in NEEDS if "code=" in row.search)
    codes = [f"{n}-{n % 10}" for n in range(10000, 10600)]
    longer = type(row)(
        row.need, row.resource_type, f"Observation?patient=x&code={','.join(codes)}&_count=200", ""
    )
    parts = longer.paths("p1")
    asked = [code for part in parts for code in part.partition("code=")[2].partition("&")[0].split(",")]
    assert (asked, max(map(len, parts)) <= 1800) == (codes, True)


def test_old_results_by_code_are_not_lost_behind_newer_ones():
    newer = [{"resourceType": "Observation", "id": f"n{n}", "status": "final", "subject": PATIENT,
              "code": {"coding": [{"system": LOINC, "code": "0-0"}]}} for n in range(300)]  # fmt: skip
    old = observation("51124-6", "2019-01-01", 95, "%")
    with running([*newer, old], ORACLE) as ehr:
        ehr.script("Observation?patient=p1&_count", fhir(bundle(*newer[:50])))
        seen = look(ehr, only("observations", "otherObservations"), drafts=[order()])
    assert old["id"] in ids(seen, "Observation")
