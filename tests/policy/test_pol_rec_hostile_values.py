"""POL-REC-VALUE at its edges: sentinel dates, doses of no patient, members of another type, rules that fail.

EHRs write 0001-01-01 and 9999-12-31 for "no date". None of it may take a card, a criterion or the dose away.
"""

import dataclasses
import importlib
import json

import pytest

import cards
from cds_service.engine.attempts import Allowance
from cds_service.engine.determination import CardKind
from cds_service.fhir.record import Resource
from cds_service.policies.inotuzumab import one_order
from cds_service.policies.inotuzumab.finders import FINDERS
from cds_service.policies.inotuzumab.numbers import filled
from tests.fixtures import CLOCK, NAMES, Fixture
from tests.policy.chart_notes import (
    administration,
    care_plan,
    condition,
    determine,
    drug_order,
    findings,
    needed,
    observation,
    order,
    patient,
    place,
    quantity,
    record,
    verdict,
)
from tests.policy.treated import C2D1, CYCLE_1, IN_CR, TREATED

DETERMINE = importlib.import_module("cds_service.policies.inotuzumab.determine")  # its package hides the name
SENTINELS = ["0001-01-01", "0001-01-01T00:00:00Z", "9999-12-31", "9999-12-31T23:59:59Z"]
UNTREATED = [r for r in TREATED if r not in CYCLE_1 and r != IN_CR]


def unreadable(determination):
    return [f.text for f in findings(determination, "unreadable-data")]


@pytest.mark.parametrize("day", SENTINELS)
def test_a_planned_day_that_is_no_day_is_taken_as_today_and_named(day):
    d = determine(TREATED, order(day, "Cycle 2 Day 1", 0.88))
    assert (place(d), d.planned, d.dose.verdict) == (("continuation", 2, 1), "2026-04-15", "ok")
    assert f"The order's date {day} cannot be used; it is read as planned for today" in unreadable(d)


def test_one_unusable_day_among_several_is_named():
    several = {
        "timing": {"event": ["2026-04-16", "9999-12-31"]},
        "doseAndRate": [{"doseQuantity": quantity(0.88, "mg")}],
    }
    d = determine(TREATED, order(text="Cycle 2 Day 1") | {"dosageInstruction": [several]})
    assert (d.planned, unreadable(d)) == ("2026-04-16", ["The order's date 9999-12-31 cannot be used"])


def test_a_usable_day_is_not_named():
    assert unreadable(determine(TREATED, C2D1)) == []


@pytest.mark.parametrize("day", SENTINELS)
def test_a_dose_given_on_no_day_is_named(day):
    d = determine([*TREATED, administration(day, 0.88, id="odd")], C2D1)
    assert [f.evidence for f in findings(d, "unreadable-data")] == [("MedicationAdministration/odd",)]
    assert day in unreadable(d)[0]


@pytest.mark.parametrize("day", SENTINELS)
def test_when_no_dose_was_given_on_a_day_the_cycle_is_unknown(day):
    d = determine([*UNTREATED, administration(day, 0.88, id="odd")], order("2026-04-16"))
    assert (d.cycle, d.coverage.value) == (None, "unknown")
    assert "cycle-number" in needed(d)


@pytest.mark.parametrize("day", SENTINELS)
def test_a_result_of_no_day_is_rejected_and_named(day):
    d = determine([*TREATED, observation("777-3", day, 20, "10*9/L", id="odd")], C2D1)
    assert unreadable(d) == [f"platelets of undated cannot be used: {day} is no usable date"]
    assert findings(d, "hem-hold") == []


@pytest.mark.parametrize("day", SENTINELS)
def test_a_birth_date_that_is_no_date_leaves_the_age_unknown(day):
    d = determine(
        [*(r for r in UNTREATED if r["resourceType"] != "Patient"), patient(day)], order(text="C1D1")
    )
    assert verdict(d, "POL-IND-A-AGE") == "unknown"
    assert "birth-date" in needed(d)


@pytest.mark.parametrize("day", SENTINELS)
def test_a_date_of_death_that_is_no_date_is_to_be_checked(day):
    people = [patient(deceasedDateTime=day), *(r for r in TREATED if r["resourceType"] != "Patient")]
    assert unreadable(determine(people, C2D1)) == [
        f"the record has a date of death that cannot be read ({day})"
    ]


@pytest.mark.parametrize("ended", ["9999-12-31", "0001-01-01"])
def test_a_problem_that_ended_on_no_day_is_still_there(ended):
    pregnant = condition("Z33.1", recorded="2026-03-01", ended=ended)
    assert findings(determine([*TREATED, pregnant], C2D1), "embryo-fetal")


@pytest.mark.parametrize("mg", [10**25, 10**30, 1e300, int("9" * 64), 26])
def test_a_dose_beyond_every_limit_is_over_and_critical(mg):
    d = determine(TREATED, order("2026-04-16", "Cycle 2 Day 1", mg))
    assert d.dose.verdict == "over"
    assert [f.indicator.value for f in findings(d, "dose")] == ["critical"]
    (card,) = [c for c in rendered(d) if c["extension"]["payer-policy-cds"]["kind"] == "dose"]
    assert card["indicator"] == "critical"
    assert len(card["summary"]) <= 139


@pytest.mark.parametrize("dose", [quantity(1e308, "g"), quantity(1e308, "mg/m2"), quantity(1e308, "mg")])
def test_the_facts_of_an_absurd_dose_are_numbers_that_json_has(dose):
    (card, *_) = rendered(determine(TREATED, order("2026-04-16", "Cycle 2 Day 1", dose=dose)))
    assert card["extension"]["payer-policy-cds"]["dose"]["verdict"] == "over"
    json.dumps(card, allow_nan=False)


@pytest.mark.parametrize("text", ["1" + "0" * 26 + " mg", "9" * 500 + " mg", "9" * 6000 + " mg"])
def test_a_dose_in_words_beyond_every_limit_is_over_and_critical(text):
    d = determine(
        TREATED, order("2026-04-16", f"Cycle 2 Day 1 {text}") | no_quantity(f"Cycle 2 Day 1 {text}")
    )
    assert (d.dose.verdict, [f.indicator.value for f in findings(d, "dose")]) == ("over", ["critical"])
    json.dumps(rendered(d), allow_nan=False)


def no_quantity(text):
    return {"dosageInstruction": [{"timing": {"event": ["2026-04-16"]}, "text": text}]}


@pytest.mark.parametrize("mg", [1e-300, 0.001])
def test_a_dose_next_to_nothing_is_under(mg):
    assert determine(TREATED, order("2026-04-16", "Cycle 2 Day 1", mg)).dose.verdict == "under"


@pytest.mark.parametrize("units", [9 * 10**40, 10**40])
def test_units_beyond_every_limit_are_no_error(units):
    draft = (
        order("2026-04-16", "Cycle 2 Day 1")
        | no_quantity("Cycle 2 Day 1")
        | {"dispenseRequest": {"quantity": {"value": units}}}
    )
    assert determine(TREATED, draft).dose.verdict == "over"
    assert (
        determine(
            [r for r in TREATED if r.get("valueQuantity", {}).get("unit") not in ("cm", "kg")], draft
        ).dose.verdict
        == "unknown"
    )


@pytest.mark.parametrize("odd", [{}, [], ["order"], 5, True, None])
def test_members_of_another_type_are_taken_as_absent(odd):
    ours = determine(TREATED, C2D1)
    more = [
        drug_order("ondansetron", day="2026-04-10", id="a", intent=odd, doNotPerform=odd),
        care_plan("supportive care", id="b", status=odd, activity=[{"detail": {"status": odd}}]),
        drug_order("acyclovir", id="c", dosageInstruction=[{"timing": {"repeat": {"periodUnit": odd, "boundsPeriod": {"start": "2026-04-01"}, "count": 3, "period": 1}}}]),
    ]  # fmt: skip
    d = determine([*TREATED, *more], C2D1)
    assert [(c.id, c.verdict) for c in d.criteria] == [(c.id, c.verdict) for c in ours.criteria]


@pytest.mark.parametrize("period", [1e300, 10**60, 400000])
def test_a_repeat_that_leaves_all_time_behind_is_its_first_day(period):
    repeat = {
        "repeat": {"boundsPeriod": {"start": "2026-04-16"}, "count": 3, "period": period, "periodUnit": "wk"}
    }
    timed = {
        "timing": repeat,
        "doseAndRate": [{"doseQuantity": quantity(0.88, "mg")}],
        "text": "Cycle 2 Day 1",
    }
    d = determine(TREATED, order() | {"dosageInstruction": [timed]})
    assert (d.planned, d.dose.verdict) == ("2026-04-16", "ok")


# ---- A rule that fails, and time that is over ------------------------------------------------------


def rendered(*determinations):
    orders = {d.order: C2D1 for d in determinations}
    return cards.render(determinations, tenant="t", patient_id="p1", orders=orders, public_url="http://x")


def broken(_case):
    raise RuntimeError("patient Doe")


def with_broken(index, monkeypatch):
    finders = tuple(dataclasses.replace(f, look=broken) if n == index else f for n, f in enumerate(FINDERS))
    monkeypatch.setattr(DETERMINE, "OUTLINE", dataclasses.replace(DETERMINE.OUTLINE, finders=finders))


@pytest.mark.parametrize(
    "index", range(len(FINDERS)), ids=[f"{f.rules[0]}-{f.about}".replace(" ", "-") for f in FINDERS]
)
def test_a_rule_that_raises_costs_its_own_line_and_is_named(index, monkeypatch):
    whole = determine(TREATED, order("2026-04-16", "Cycle 2 Day 1", 16))
    with_broken(index, monkeypatch)
    d = determine(TREATED, order("2026-04-16", "Cycle 2 Day 1", 16))
    assert (d.criteria, d.dose) == (whole.criteria, whole.dose)
    if FINDERS[index].item:
        assert any(
            n.item == FINDERS[index].item and "could not be evaluated (error" in n.because for n in d.needed
        )
    else:
        assert [f.rules for f in findings(d, "unreadable-data")] == [FINDERS[index].rules]
        about = filled(FINDERS[index].about)
        assert about in unreadable(d)[0].lower() or about[4:] in unreadable(d)[0]
    kinds = ("documentation", "unreadable-data")
    lost = [f for f in whole.findings if f not in d.findings and f.kind not in kinds]
    assert {rule for f in lost for rule in f.rules} <= set(FINDERS[index].rules)


def test_every_finding_cites_rules_that_its_finder_answers_for(monkeypatch):
    for name in NAMES:
        fixture = Fixture(name)
        for case in cases_of(fixture, monkeypatch):
            for finder in FINDERS:
                cited = {rule for f in finder.look(case) for rule in getattr(f, "rules", ())}
                assert cited <= set(finder.rules), (name, finder.about)


def cases_of(fixture, monkeypatch):
    seen = []
    whole = one_order.determination

    def remember(policy, case, time):
        seen.append(case)
        return whole(policy, case, time)

    monkeypatch.setattr(DETERMINE, "determination", remember)
    fixture.determine()
    return seen


def test_a_dose_that_cannot_be_evaluated_leaves_criteria_and_findings(monkeypatch):
    whole = determine(TREATED, C2D1)
    monkeypatch.setattr(one_order, "check_dose", broken)
    d = determine(TREATED, C2D1)
    assert (d.criteria, d.dose.verdict) == (whole.criteria, "unknown")
    (said,) = findings(d, "dose-unchecked")
    assert said.text.startswith("The dose could not be evaluated (error ")


def test_an_order_whose_place_cannot_be_evaluated_has_its_cards(monkeypatch, caplog):
    monkeypatch.setattr(DETERMINE, "build_case", broken)
    d = determine(TREATED, C2D1)
    assert (d.coverage.value, d.dose.verdict, d.cycle) == ("unknown", "unknown", None)
    assert {c["extension"]["payer-policy-cds"]["kind"] for c in rendered(d)} == {"coverage", "dose", "safety"}
    assert "planned for a day that was not read" in rendered(d)[0]["detail"]
    assert "Doe" not in json.dumps(rendered(d)) + caplog.text


def test_a_chart_that_cannot_be_read_leaves_the_cards_of_every_order(monkeypatch):
    monkeypatch.setattr(DETERMINE, "order_of", broken)
    assert determine(TREATED, C2D1).coverage.value == "unknown"


def limited(only, draft=C2D1):
    time = Allowance(only=only)
    (d,) = DETERMINE.determine(record(*TREATED), [Resource(draft, "draft order")], CLOCK, time)
    return d, time


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 7, 12, 30])
def test_what_was_not_reached_in_time_is_unknown_and_named(steps):
    d, time = limited(steps)
    assert (time.steps, time.is_over) == (steps, True)
    assert any("ot reached in time" in text for text in unreadable(d))
    for c in d.criteria:
        assert c.verdict.value == "unknown" or "not reached" not in c.because
    assert rendered(d)


def test_the_dose_is_looked_at_first():
    d, _ = limited(3, order("2026-04-16", "Cycle 2 Day 1", 16))
    assert d.dose.verdict == "over"
    assert {c.because for c in d.criteria} == {"this criterion was not reached in time"}
    assert [f.indicator.value for f in d.findings_on(CardKind.DOSE)] == ["critical"]


def test_with_time_enough_the_answer_is_that_without_a_limit():
    d, time = limited(1000)
    assert d == determine(TREATED, C2D1)
    assert not time.is_over
