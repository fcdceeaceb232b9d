"""One step at a time: an error or the end of the time costs a step, never the ones beside it."""

import re
from types import SimpleNamespace

import pytest

from cds_service.engine.attempts import LATE, Allowance, Missed, attempt
from cds_service.engine.determination import Basis, CardKind, Finding, Indicator, NeededItem
from cds_service.engine.finders import Finder, find
from cds_service.engine.numbers import Numbers

POLICY = SimpleNamespace(
    citations=dict.fromkeys(f"R-{n}" for n in range(20)), items={"mrd": None}, numbers=Numbers({})
)
FOUND = Finding("interval", Indicator.WARNING, CardKind.SAFETY, ("R-2",), Basis.POLICY, "too early", "Check")


def broken(_case):
    raise RuntimeError("patient Doe")


def half(_case):
    yield FOUND
    raise RuntimeError("patient Doe")


def fine(_case):
    yield FOUND
    yield NeededItem("mrd", "why")


def found_by(finders, case, time):
    return find(finders, case, time, POLICY)


def finders(first, *, item=""):
    return [Finder(("R-1",), "the QTc", first, item), Finder(("R-2", "R-3"), "the interval", fine)]


def test_without_a_limit_every_step_is_reached():
    time = Allowance()
    assert [attempt("x", lambda n=n: n, time) for n in range(3)] == [0, 1, 2]
    assert (time.steps, time.is_over) == (3, False)


def test_no_step_begins_after_the_time_is_over_even_if_the_clock_were_put_back():
    late = iter([False, True, False])
    time = Allowance(lambda: next(late))
    assert [attempt("x", lambda n=n: n, time) for n in range(3)] == [0, LATE, LATE]
    assert (time.steps, time.is_over) == (1, True)


def test_a_replay_ends_at_the_step_of_the_first_run():
    late = iter([False, False, True])
    first = Allowance(lambda: next(late))
    run = [attempt("x", lambda n=n: n, first) for n in range(4)]
    again = Allowance(only=first.steps)
    assert [attempt("x", lambda n=n: n, again) for n in range(4)] == run == [0, 1, LATE, LATE]


def test_the_same_fault_has_the_same_error_id_and_its_text_is_nowhere(caplog):
    one, two = (attempt("rule R-1", lambda: broken(None), Allowance()) for _ in range(2))
    assert one == two
    time = Allowance()
    attempt("rule R-1", lambda: broken(None), time)
    assert (time.faults, time.steps, time.is_over) == (1, 1, False)
    assert re.fullmatch(r"could not be evaluated \(error [0-9a-f]{8}\)", one.because)
    assert "rule R-1 could not be evaluated" in caplog.text
    assert "RuntimeError at broken" in caplog.text
    assert "Doe" not in f"{one} {caplog.text}"


def test_different_faults_have_different_ids():
    assert attempt("rule R-1", lambda: broken(None), Allowance()) != attempt(
        "rule R-2", lambda: 1 / 0, Allowance()
    )


@pytest.mark.parametrize("fault", [broken, half])
def test_a_finder_that_raises_costs_its_own_line_and_is_named(fault):
    found, needed = found_by(finders(fault), "case", Allowance())
    assert found[0] == FOUND
    assert (found[1].kind, found[1].indicator, found[1].rules) == (
        "unreadable-data",
        Indicator.WARNING,
        ("R-1",),
    )
    assert re.fullmatch(r"The QTc could not be evaluated \(error [0-9a-f]{8}\)", found[1].text)
    assert needed == (NeededItem("mrd", "why"),)
    assert len(found) == 2


def test_an_item_whose_finder_raises_stays_open():
    found, needed = found_by(finders(broken, item="cbc"), "case", Allowance())
    assert found == (FOUND,)
    assert [(n.item, n.decides) for n in needed] == [("mrd", True), ("cbc", False)]
    assert "could not be evaluated" in needed[1].because


def test_an_item_that_was_not_reached_is_named_and_not_asked_for():
    (said,), needed = found_by(finders(fine, item="cbc"), "case", Allowance(only=0))
    assert said.text == "Not reached in time: the QTc, the interval"
    assert needed == ()


def test_all_that_time_was_short_for_stands_in_one_line():
    found, needed = found_by([*finders(fine), *finders(fine)], "case", Allowance(only=1))
    assert found[0] == FOUND
    assert found[1].text == "Not reached in time: the interval, the QTc, the interval"
    assert found[1].rules == ("R-2", "R-3", "R-1")
    assert needed == (NeededItem("mrd", "why"),)


def test_of_many_late_rules_some_are_named_and_the_rest_counted():
    many = [Finder((f"R-{n}",), f"rule {n}", fine) for n in range(9)]
    (said,), _ = found_by(many, "case", Allowance(only=0))
    assert said.text == "Not reached in time: rule 0, rule 1, rule 2, rule 3, rule 4 and 4 more"
    assert said.rules == tuple(f"R-{n}" for n in range(9))


def test_missed_is_no_outcome():
    assert isinstance(attempt("x", lambda: broken(None), Allowance()), Missed)
