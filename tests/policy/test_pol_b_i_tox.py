"""POL-B-I-TOX: no unacceptable toxicity. Not met only by what the policy says to stop for permanently.

Each rule has its own tests; here is what they add up to. The order is for cycle 2 day 1 of a
well documented patient; cycle 1 was given on 2026-03-18, 03-25 and 04-01.
"""

import pytest

from cds_service.fhir.record import DataKind, Gap
from tests.policy.chart_notes import (
    adverse_event,
    condition,
    criterion,
    document,
    finding_kinds,
    held,
    needed,
    observation,
    verdict,
)
from tests.policy.treated import COUNT, second_cycle, with_grade

TOX = "POL-B-I-TOX"


def toxicity(*notes, **how):
    return verdict(second_cycle(*notes, **how), TOX)


VOD = condition("K76.5", onset="2026-04-05")
SEVERE_REACTION = adverse_event("Infusion related reaction", "2026-04-01", severity="severe")
UNCONFIRMED_VOD = condition("K76.5", onset="2026-04-05", verification="provisional", id="maybe")


def test_nothing_found_by_searches_that_succeeded_is_met():
    assert toxicity() == "met"


@pytest.mark.parametrize("event", [VOD, SEVERE_REACTION], ids=["vod", "severe-infusion-reaction"])
def test_what_the_policy_says_to_stop_for_is_not_met(event):
    determination = second_cycle(event)
    assert verdict(determination, TOX) == "not-met"
    assert "permanent-discontinuation" in finding_kinds(determination)
    assert f"{event['resourceType']}/{event['id']}" in criterion(determination, TOX).evidence


@pytest.mark.parametrize(
    "event",
    [
        UNCONFIRMED_VOD,
        condition("K76.5", id="undated"),
        adverse_event("Infusion related reaction", "2026-04-01"),  # no severity
        with_grade(adverse_event("Pancreatitis", "2026-04-05"), 4),
    ],
    ids=["unconfirmed-vod", "undated-vod", "reaction-without-severity", "grade-4"],
)
def test_what_is_recorded_and_undecided_is_unknown_and_asks_for_detail(event):
    determination = second_cycle(event)
    assert verdict(determination, TOX) == "unknown"
    assert "toxicity-detail" in needed(determination)
    assert criterion(determination, TOX).changes


@pytest.mark.parametrize(
    "note",
    [
        observation("777-3", "2026-04-14T12:00:00-04:00", 30, COUNT, id="low"),  # a hematologic hold
        with_grade(adverse_event("Mucositis", "2026-04-10"), 2),  # a non-hematologic hold
        condition("K76.5", onset="2026-01-05"),  # before the first dose: a risk factor
        document("2026-04-10", "No evidence of VOD."),
        adverse_event("Anaphylaxis after contrast", "2026-04-08", severity="severe", suspect="iohexol"),
        held("2026-04-08", "patient request"),
        condition("K76.5", onset="2026-04-05", verification="refuted", id="refuted"),
    ],
)
def test_holds_risks_and_what_did_not_happen_leave_it_met(note):
    assert toxicity(note) == "met"


def test_a_stop_outweighs_what_is_undecided():
    assert toxicity(SEVERE_REACTION, UNCONFIRMED_VOD) == "not-met"


@pytest.mark.parametrize(
    "need",
    [DataKind.CONDITIONS, DataKind.ADVERSE_EVENTS, DataKind.OBSERVATIONS, DataKind.OTHER_OBSERVATIONS, DataKind.MEDICATION_ADMINISTRATIONS],
)  # fmt: skip
def test_a_search_that_failed_leaves_it_unknown_and_is_named(need):
    determination = second_cycle(gaps=[Gap(need, "the server answered 403")])
    assert verdict(determination, TOX) == "unknown"
    assert f"{need}: the server answered 403" in criterion(determination, TOX).because
