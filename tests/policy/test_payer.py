"""Whose plan is in force on the planned day, by the Coverages on record; it decides no criterion."""

from dataclasses import replace
from datetime import date

import pytest

from cds_service.engine.attempts import Allowance
from cds_service.engine.determination import Payer, PayerMatch
from cds_service.evaluation import payer as payer_module
from cds_service.evaluation.payer import with_payer
from cds_service.fhir.record import DataKind, Gap, Record, Resource
from cds_service.policies import installed
from tests.policy.chart_notes import CLOCK, PATIENT, condition, determine, order, patient, record

OURS = "urn:oid:1.2.3|MMM"
PAYERS = (OURS, "http://hl7.org/fhir/sid/us-naic|12345")
MMM = {"identifier": {"system": "urn:oid:1.2.3", "value": "MMM"}}
ANOTHER = {"identifier": {"system": "urn:oid:1.2.3", "value": "OTHER"}, "display": "Another Health Plan"}
WORDS_ONLY = {"display": "MMM"}
PLANNED = date(2026, 4, 16)


def coverage(id, *payors, status="active", start=None, end=None, **more):
    """A Coverage of the patient; its period is left out when it has neither end."""
    period = {name: day for name, day in (("start", start), ("end", end)) if day}
    found = {"resourceType": "Coverage", "id": id, "beneficiary": PATIENT, "payor": list(payors)}
    return found | ({"status": status} if status else {}) | ({"period": period} if period else {}) | more


def determined(chart, payers=PAYERS):
    """The determination of an order for 2026-04-16."""
    drafts = [Resource(order(PLANNED.isoformat()), "draft order")]
    (only,) = with_payer(installed()["inotuzumab"].determine(chart, drafts, CLOCK), chart, CLOCK, payers)
    return only


def payer(*resources, payers=PAYERS, gaps=()):
    return determined(record(*resources, gaps=gaps), payers).payer


def said(*resources, **more):
    """The match and its evidence."""
    found = payer(*resources, **more)
    return found.match, found.evidence


ACTIVE = coverage("c1", MMM, start="2026-01-01", end="2026-12-31")
OTHER = coverage("c2", ANOTHER)
ENDED = coverage("c3", MMM, end="2026-03-31")


@pytest.mark.parametrize(
    "held",
    [
        ACTIVE,
        coverage("c1", MMM),
        coverage("c1", MMM, start="2026-04-16", end="2026-04-16"),
        coverage("c1", MMM, start="2026", end="2026-04"),
        coverage("c1", MMM, period={"start": "2026-01-01", "end": None}),
        coverage("c1", ANOTHER, MMM),
        coverage("c1", {"identifier": {"system": "http://hl7.org/fhir/sid/us-naic", "value": " 12345 "}}),
    ],
)
def test_a_plan_of_this_payer_that_is_in_force(held):
    assert said(held) == ("yes", ("Coverage/c1",))


@pytest.mark.parametrize(
    ("resources", "match", "evidence"),
    [
        ([OTHER], "other", ["c2"]),
        ([OTHER, ENDED], "other", ["c2"]),
        ([coverage("c2", {"reference": "Patient/p1"})], "other", ["c2"]),
        ([coverage("c2", {"reference": "RelatedPerson/parent"})], "other", ["c2"]),
        ([ENDED], "ended", ["c3"]),
        ([coverage("c3", MMM, status="cancelled", start="2026-01-01")], "ended", ["c3"]),
        ([coverage("c3", WORDS_ONLY, status="cancelled")], "ended", ["c3"]),
        ([ENDED, coverage("c4", ANOTHER, end="2025-12-31")], "ended", ["c3"]),
        ([coverage("c4", ANOTHER, end="2025-12-31")], "ended", ["c4"]),
        ([], "none", []),
        ([coverage("c5", MMM, start="2026-05-01")], "none", ["c5"]),
        ([coverage("c6", MMM, status="draft")], "none", []),
        ([coverage("c7", MMM, status="entered-in-error")], "none", []),
        ([ACTIVE, OTHER, ENDED], "yes", ["c1"]),
        ([ACTIVE, coverage("c8", WORDS_ONLY), coverage("c9", MMM)], "yes", ["c1", "c9"]),
    ],
)
def test_what_holds_on_the_planned_day(resources, match, evidence):
    assert said(*resources) == (match, tuple(f"Coverage/{id}" for id in evidence))


@pytest.mark.parametrize(
    "held",
    [
        coverage("c1", WORDS_ONLY),
        coverage("c1"),
        coverage("c1", {"identifier": {"value": "MMM"}}),
        coverage("c1", {"reference": "Organization/not-here"}),
        coverage("c1", ANOTHER, WORDS_ONLY),
        coverage("c1", MMM, end="soon"),
        coverage("c1", MMM, status=None),
        coverage("c1", ANOTHER, start="whenever"),
    ],
)
def test_what_cannot_be_told_is_neither_this_payer_nor_another(held):
    assert said(held) == (None, ("Coverage/c1",))
    assert "not verified" in payer(held).because


def test_a_plan_that_cannot_be_told_leaves_another_payers_open():
    assert said(OTHER, coverage("c1", WORDS_ONLY)) == (None, ("Coverage/c1",))


ORGANIZATION = {"resourceType": "Organization", "id": "mmm", "identifier": [MMM["identifier"]]}


@pytest.mark.parametrize(
    "held",
    [
        [coverage("c1", {"reference": "#mmm"}, contained=[ORGANIZATION])],
        [coverage("c1", {"reference": "Organization/mmm"}), ORGANIZATION],
        [coverage("c1", {"reference": "Organization/mmm/_history/3"}), ORGANIZATION],
    ],
)
def test_a_payor_is_known_by_its_organization(held):
    assert said(*held) == ("yes", ("Coverage/c1",))


def test_an_organization_of_the_same_id_on_another_server_is_another():
    held = coverage("c1", {"reference": "https://elsewhere.example.org/fhir/Organization/mmm"})

    assert said(held, ORGANIZATION) == (None, ("Coverage/c1",))


def test_an_organization_is_found_by_its_full_address():
    address = "https://ehr.example.org/fhir/Organization/mmm"
    held = Resource(coverage("c1", {"reference": address}))
    from_bundle = Resource(ORGANIZATION, name=address)
    chart = Record("p1", {"Coverage": (held,), "Organization": (from_bundle,)})

    assert determined(chart).payer.match == "yes"


def test_nothing_is_said_without_identifiers_of_the_payer():
    assert payer(OTHER, payers=()) is None
    assert determine([OTHER]).payer is None


@pytest.mark.parametrize("partial", [True, False])
def test_nothing_is_said_when_coverage_could_not_be_seen(partial):
    gaps = [Gap(DataKind.COVERAGE, "the server answered 403", partial)]

    assert payer(OTHER, gaps=gaps) is None
    assert payer(gaps=gaps) is None


def test_a_plan_of_this_payer_is_said_though_others_could_not_be_seen():
    assert said(ACTIVE, gaps=[Gap(DataKind.COVERAGE, "only its first page was sent", True)])[0] == "yes"


def test_another_patients_coverage_is_nobodys():
    stranger = coverage("c1", MMM, beneficiary={"reference": "Patient/p2"})

    assert said(stranger) == ("none", ())


@pytest.mark.parametrize(
    ("resources", "sentence"),
    [
        ([ACTIVE], "A plan of this policy's payer is active on 2026-04-16"),
        ([OTHER], "The plan that is active on 2026-04-16 is of another payer: this policy may not apply"),
        ([ENDED], "The coverage on record ended 2026-03-31: this policy may not apply"),
        (
            [coverage("c3", MMM, status="cancelled")],
            "The coverage on record is cancelled: this policy may not apply",
        ),
        (
            [ENDED, coverage("c4", MMM, status="cancelled")],
            "The coverage on record is over: this policy may not apply",
        ),
        ([], "No insurance is on record for 2026-04-16: the plan is not verified"),
        (
            [coverage("c5", MMM, start="2026-05-01")],
            "No insurance is on record for 2026-04-16; what is on record begins later: the plan is not verified",
        ),
        (
            [coverage("c1", WORDS_ONLY)],
            "The plan is not verified: the coverage on record does not identify who pays",
        ),
        (
            [coverage("c1", MMM, end="soon")],
            "The plan is not verified: status or period of the coverage on record cannot be read",
        ),
    ],
)
def test_the_sentence(resources, sentence):
    assert payer(*resources).because == sentence


@pytest.mark.parametrize("resources", [[ACTIVE], [OTHER], [ENDED], [], [coverage("c1", WORDS_ONLY)]])
def test_it_decides_nothing(resources):
    chart = record(patient(), condition("C91.00", recorded="2026-01-01"), *resources)
    with_payers, without = determined(chart), determined(chart, ())

    assert with_payers.payer is not None
    assert replace(with_payers, payer=None) == without


@pytest.mark.parametrize(
    "members",
    [
        {"payor": [5, None, {"reference": []}, {"identifier": {"system": {}, "value": 7}}]},
        {"payor": {"reference": "Organization/x"}},
        {"period": {"start": 5, "end": []}},
        {"period": [{"end": "0001-01-01"}]},
        {"status": ["active"]},
    ],
)
def test_no_value_of_a_coverage_is_taken_for_a_plan_of_ours(members, caplog):
    found = payer(
        coverage("c1", WORDS_ONLY, **members) if "payor" not in members else coverage("c1") | members
    )
    assert found is None or found.match is not PayerMatch.YES
    assert not caplog.messages


def test_coverages_that_cannot_be_evaluated_leave_the_plan_unverified(monkeypatch):
    def broken(*_):
        raise RuntimeError

    monkeypatch.setattr(payer_module, "plans_of", broken)
    assert payer(ACTIVE).match is None
    assert payer(ACTIVE).because.startswith(
        "The plan is not verified: coverage could not be evaluated (error "
    )


def test_what_time_did_not_reach_is_not_verified():
    chart = record(patient(), ACTIVE)
    found = installed()["inotuzumab"].determine(chart, [Resource(order("2026-04-16"), "draft order")], CLOCK)
    (only,) = with_payer(found, chart, CLOCK, PAYERS, Allowance(only=0))
    assert only.payer == Payer(None, "The plan is not verified: coverage not reached in time")


def test_an_order_whose_day_was_not_read_says_nothing_of_a_plan():
    chart = record(patient(), ACTIVE)
    found = installed()["inotuzumab"].determine(
        chart, [Resource(order("2026-04-16"), "draft order")], CLOCK, Allowance(only=0)
    )
    (only,) = with_payer(found, chart, CLOCK, PAYERS)
    assert only.payer is None
