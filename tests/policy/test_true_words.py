"""Reasons that say what is so: what is there is not asked for, what could not be seen is not missing, what is ordered is not given."""

from datetime import datetime

import pytest

from cds_service.fhir.record import DataKind, Gap
from tests.policy.chart_notes import (
    adverse_event,
    body_size,
    determine,
    determine_all,
    drug_order,
    findings,
    observation,
    order,
)
from tests.policy.treated import C1D1, C2D1, CYCLE_1, NEVER_TREATED, TREATED, first_cycle, second_cycle

HEIGHT, WEIGHT = body_size()
BARE = [r for r in NEVER_TREATED if r["id"] not in (HEIGHT["id"], WEIGHT["id"])]
OLD_HEIGHT, OLD_WEIGHT = body_size("2024-01-10")


@pytest.mark.parametrize(
    ("measures", "name"),
    [
        ([WEIGHT], "height"),
        ([HEIGHT], "weight"),
        ([HEIGHT, OLD_WEIGHT], "weight"),
        ([OLD_HEIGHT, WEIGHT], "height"),
        ([HEIGHT, WEIGHT, observation("29463-7", "2026-04-14", 100, "kg", id="other")], "weight"),
    ],
)
def test_of_height_and_weight_only_what_lacks_is_asked_for(measures, name):
    (need,) = [n for n in determine([*BARE, *measures], C1D1).needed if n.item == "height-weight"]
    assert need.part is not None
    assert need.part.name == name
    assert need.part.tests == (f"Body {name}",)


@pytest.mark.parametrize("measures", [[], [OLD_HEIGHT, OLD_WEIGHT]])
def test_where_both_lack_both_are_asked_for(measures):
    (need,) = [n for n in determine([*BARE, *measures], C1D1).needed if n.item == "height-weight"]
    assert need.part is None


def test_an_order_that_counts_as_given_is_not_called_recorded():
    again = order("2026-04-17", "Cycle 2 Day 1", 0.88, id="again")
    second = determine_all(TREATED, [C2D1, again])[1]
    assert "3 doses recorded and 1 ordered, the last cycle 2 day 1 on 2026-04-16" in "; ".join(second.notes)


def test_an_open_row_of_another_cycle_is_said_to_be_for_it():
    d = second_cycle(draft=order("2026-04-16", "Cycle 1 Day 1", 1.41))
    assert [option.said for option in d.dose.options] == ["for cycle 1 day 1", "for cycle 2 day 1"]


@pytest.mark.parametrize(
    ("planned", "clock", "said"),
    [
        ("2026-04-05", "2026-04-15T09:00:00-04:00", True),
        ("2026-04-13", "2026-04-15T09:00:00-04:00", True),
        (
            "2026-04-14",
            "2026-04-15T00:10:00+00:00",
            False,
        ),  # still the day before where the order was written
        ("2026-04-15", "2026-04-15T23:50:00-04:00", False),
        ("2026-04-16", "2026-04-15T09:00:00-04:00", False),
    ],
)
def test_a_planned_day_that_is_past_is_said(planned, clock, said):
    d = second_cycle(draft=order(planned, "Cycle 2 Day 1", 0.88), clock=datetime.fromisoformat(clock))
    assert ("The planned date is past." in d.notes) is said


def test_where_the_doses_could_not_be_seen_what_is_judged_from_them_is_not_missing():
    gap = Gap(DataKind.MEDICATION_ADMINISTRATIONS, "the server answered 503")
    d = second_cycle(without=CYCLE_1, gaps=[gap])
    of_doses = {n.item: n for n in d.needed if n.decides}
    for item in ("ecg-follow-up", "electrolytes-follow-up", "progression-note", "response"):
        assert of_doses[item].unseen, of_doses[item].because
        assert not of_doses[item].orderable
        assert "found" not in of_doses[item].because


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ({"1975-2": (2.5, "mg/dL")}, "bilirubin 2.5 mg/dL (2026-04-14): 2 mg/dL or more, and risen"),
        (
            {"1975-2": (4, "mg/dL")},
            "bilirubin 4 mg/dL (2026-04-14): more than 3 times its upper limit of 1.2 (default)",
        ),
        (
            {"1742-6": (250, "U/L")},
            "ALT 250 U/L (2026-04-14): more than 5 times its upper limit of 40 (default)",
        ),
    ],
)
def test_a_grave_liver_test_says_which_limit_it_is_beyond(tests, said):
    results = [observation(code, "2026-04-14", *value) for code, value in tests.items()]
    found = [f for f in findings(second_cycle(*results), "safety-hepatic") if "evaluate" in f.action]
    assert [f.text for f in found] == [said]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Infusion reaction", "Infusion reaction, 2026-03-25: its severity is not recorded"),
        ("Fever", None),
    ],
)
def test_a_reaction_is_named_once(name, said):
    d = second_cycle(adverse_event(name, "2026-03-25", suspect="Inotuzumab ozogamicin"))
    texts = [f.text for f in d.findings if "POL-TOX-IRR-SEV" in f.rules]
    assert (texts[0].split(". Needed")[0] if texts else None) == said


def test_a_value_that_cannot_be_read_is_told_once():
    d = first_cycle(observation("51124-6", "2026-04-10", text="see comment"))
    (found,) = [f for f in findings(d, "unreadable-data") if "CD22" in f.text]
    assert found.action == "Check the record"
    (reason,) = [c.because for c in d.criteria if c.id == "POL-A-I-CD22"]
    assert (
        reason.lower() == "the newest cd22 result is not readable: not a number: 'see comment' (2026-04-10)"
    )


def test_a_drug_of_uncertain_risk_is_said_to_be_so():
    d = first_cycle(drug_order("imatinib", authored="2026-04-10"))
    texts = " ".join(f.text for f in findings(d, "safety-qt"))
    assert "imatinib (QT risk uncertain)" in texts
    assert "unverified" not in texts
