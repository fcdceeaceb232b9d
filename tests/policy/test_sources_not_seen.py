"""A search that failed leaves open what that source could decide; one that the EHR does not offer does not."""

from dataclasses import replace

import pytest

from cds_service.fhir.record import DataKind, Gap, Resource
from cds_service.policies import installed
from tests.policy.chart_notes import (
    CLOCK,
    care_plan,
    condition,
    determine,
    observation,
    order,
    patient,
    record,
    verdict,
)
from tests.policy.treated import C1D1, C2D1, COUNTS, NEVER_TREATED, TREATED, raised, second_cycle

FAILED = "the server answered 503"
PLAN = care_plan("Frontline mini-hyper-CVD induction", created="2026-04-10", start="2026-04-16")
NEW = [patient(), condition("277572006", system="http://snomed.info/sct", recorded="2026-04-01"), PLAN]
FISH = observation("51867-0", "2026-04-02", text="not detected")
K = DataKind
CASES = {
    "POL-B-I-TOX": (TREATED, C2D1, (K.DOCUMENT_REFERENCES, K.DIAGNOSTIC_REPORTS, K.PROCEDURES, K.CONDITIONS)),
    "POL-A-IV-FL": (NEW, order("2026-04-16", "C1D1"), (K.DOCUMENT_REFERENCES, K.DIAGNOSTIC_REPORTS, K.CARE_PLANS, K.SERVICE_REQUESTS, K.OBSERVATIONS)),
    "POL-A-IV-PH": ([*NEW, FISH], order("2026-04-16", "C1D1"), (K.OBSERVATIONS, K.OTHER_OBSERVATIONS, K.CONDITIONS, K.DIAGNOSTIC_REPORTS)),
    "POL-A-II-B-1": (NEVER_TREATED, C1D1, (K.CARE_PLANS, K.SERVICE_REQUESTS, K.MEDICATION_REQUESTS)),
}  # fmt: skip
ALWAYS_OFFERED = (K.CONDITIONS, K.OBSERVATIONS, K.OTHER_OBSERVATIONS, K.MEDICATION_REQUESTS)
ROWS = [(name, need) for name, (_, _, needs) in CASES.items() for need in needs]


def decided(name, *, gaps=(), not_offered=()):
    resources, draft, _ = CASES[name]
    held = replace(record(*resources, gaps=gaps), not_offered=tuple(not_offered))
    (found,) = installed()["inotuzumab"].determine(held, [Resource(draft, "draft order")], CLOCK)
    return verdict(found, name), next(c.because for c in found.criteria if c.id == name)


@pytest.mark.parametrize("name", CASES)
def test_with_everything_seen_it_is_met(name):
    assert decided(name)[0] == "met"


@pytest.mark.parametrize(("name", "need"), ROWS)
def test_a_failed_search_leaves_it_open_and_is_named(name, need):
    found, because = decided(name, gaps=[Gap(need, FAILED)])
    assert found == "unknown"
    assert FAILED in because


@pytest.mark.parametrize(("name", "need"), [r for r in ROWS if r[1] not in ALWAYS_OFFERED])
def test_a_type_that_is_not_offered_does_not(name, need):
    assert decided(name, not_offered=[need])[0] == "met"


def test_what_results_and_diagnoses_say_of_the_philadelphia_chromosome_stands_without_notes():
    assert decided("POL-A-IV-PH", gaps=[Gap(K.DOCUMENT_REFERENCES, FAILED)])[0] == "met"


def test_platelets_may_follow_a_transfusion_that_was_not_seen():
    gaps = [Gap(K.PROCEDURES, FAILED)]
    assert raised(second_cycle(), "POL-HEM-2") == set()
    assert ("hem-unknown", "warning") in raised(second_cycle(gaps=gaps))


def test_untreated_disease_is_not_stated_where_notes_were_not_seen():
    new = [*NEW[:2], observation("11503-0", "2026-04-02", text="Newly diagnosed, untreated B-ALL")]
    assert verdict(determine(new, order(text="C1D1")), "POL-A-II-A") == "not-met"
    unseen = determine(new, order(text="C1D1"), gaps=[Gap(K.DOCUMENT_REFERENCES, FAILED)])
    assert verdict(unseen, "POL-A-II-A") == "unknown"


def test_low_platelets_are_a_hold_whether_or_not_transfusions_were_seen():
    low = observation("777-3", "2026-04-14", 40, "10*9/L", id="low")
    for gaps in ([], [Gap(K.PROCEDURES, FAILED)]):
        counts = [r for r in COUNTS if r["id"] == "777-3-2026-04-14-150"]
        found = second_cycle(low, without=counts, gaps=gaps)
        assert "hem-unknown" not in {kind for kind, _ in raised(found)}
        assert ("hem-hold", "warning") in raised(found, "POL-HEM-2")
