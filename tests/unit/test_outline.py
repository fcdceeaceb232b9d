"""The outline engine: orphans are refused, leaves decide once, a leaf that raises is unknown."""

import pytest

from cds_service.engine.answers import Answer
from cds_service.engine.attempts import Allowance, Missed
from cds_service.engine.determination import Basis, CardKind, Finding, Indicator
from cds_service.engine.finders import Finder, find
from cds_service.engine.outline import bind, leaves_of, needed_by_every_path
from cds_service.engine.policy_file import PolicyError, read_policy
from cds_service.engine.verdict import Verdict

HEAD = """
[policy]
id = "P-1"
effective = "2026-01-01"
title = "t"
payer = "p"
[drug]
name = "drug"
short = "Drug"
billing_code = "J0000"
billing_display = "Drug"
billing_unit = "1 mg"
[service]
title = "t"
description = "d"
[[group]]
id = "all"
operator = "all"
title = "all"
parts = ["A", "either"]
[[group]]
id = "either"
operator = "any"
title = "either"
parts = ["A", "B"]
[[criterion]]
id = "A"
section = "1"
page = 1
title = "a"
basis = "policy"
kind = "CC"
[[criterion]]
id = "B"
section = "2"
page = 1
title = "b"
basis = "policy"
kind = "CC"
"""


def load(text, leaves, finders=()):
    return bind(read_policy(text), leaves, finders)


def met(_case):
    return Answer(Verdict.MET, "because")


def broken(_case):
    raise RuntimeError("patient Doe")


def test_a_criterion_without_a_function_is_refused():
    with pytest.raises(PolicyError, match="without a function: B"):
        load(HEAD, {"A": met})


def test_a_function_without_a_criterion_is_refused():
    with pytest.raises(PolicyError, match="without a criterion: C"):
        load(HEAD, {"A": met, "B": met, "C": met})


def test_a_part_without_a_meaning_is_refused():
    with pytest.raises(PolicyError, match="names X"):
        load(HEAD.replace('["A", "B"]', '["A", "X"]'), {"A": met, "B": met})


def test_a_leaf_is_decided_once_wherever_it_stands():
    calls = []

    def counted(case):
        calls.append(case)
        return met(case)

    outline = load(HEAD, {"A": counted, "B": met})
    result = outline.evaluate("all", "case")
    assert calls == ["case"]
    assert result.verdict is Verdict.MET
    assert [leaf.id for leaf in leaves_of(result)] == ["A", "B"]


def test_a_leaf_that_raises_is_unknown_with_an_error_id_and_no_patient_data(caplog):
    outline = load(HEAD, {"A": broken, "B": met})
    result = outline.evaluate("all", "case")
    leaf = leaves_of(result)[0]
    assert leaf.verdict is Verdict.UNKNOWN
    assert "error" in leaf.because
    assert "Doe" not in leaf.because
    assert result.verdict is Verdict.UNKNOWN
    assert "criterion A" in caplog.text
    assert "Doe" not in caplog.text


def test_a_finder_of_a_rule_that_the_file_lacks_is_refused():
    with pytest.raises(PolicyError, match="finders of rules that the file lacks: R-1"):
        load(HEAD, {"A": met, "B": met}, [Finder(("A", "R-1"), "r", lambda _: ())])


def test_leaves_after_the_time_is_over_are_unknown_and_say_so():
    outline = load(HEAD, {"A": met, "B": met})
    first, second = leaves_of(outline.evaluate("all", "case", Allowance(only=1)))
    assert first.verdict is Verdict.MET
    assert (second.verdict, second.because) == (Verdict.UNKNOWN, "this criterion was not reached in time")


def test_a_group_of_which_nothing_could_be_decided_is_unknown():
    outline = load(HEAD, {"A": met, "B": met})
    result = outline.undecided("all", Missed("could not be evaluated (error 1)"))
    assert result.verdict is Verdict.UNKNOWN
    assert {leaf.because for leaf in leaves_of(result)} == {"this criterion could not be evaluated (error 1)"}


def test_a_finder_of_an_item_that_the_file_lacks_is_refused():
    with pytest.raises(PolicyError, match="finders of items that the file lacks: cbc"):
        load(HEAD, {"A": met, "B": met}, [Finder(("A",), "a", lambda _: (), "cbc")])


def finding(rule):
    return Finding("k", Indicator.INFO, CardKind.SAFETY, (rule,), Basis.POLICY, "text")


def test_a_finding_of_a_rule_that_the_file_lacks_costs_its_own_line_and_no_other():
    finders = [
        Finder(("A",), "the first", lambda _: (finding("R-1"),)),
        Finder(("B",), "the second", lambda _: (finding("B"),)),
    ]
    found, asked = find(finders, "case", Allowance(), read_policy(HEAD))
    assert [f.rules for f in found] == [("B",), ("A",)]
    assert "The first could not be evaluated" in found[1].text
    assert asked == ()


def test_what_every_path_needs_is_told_from_what_one_needs():
    outline = load(HEAD, {"A": met, "B": met}).evaluate("all", "case")
    assert needed_by_every_path(outline) == {"A"}
    (_, either) = outline.parts
    assert needed_by_every_path(either) == frozenset()


def test_a_finding_that_asks_for_an_unknown_act_is_at_fault(caplog):
    odd = Finding("k", Indicator.INFO, CardKind.SAFETY, ("A",), Basis.POLICY, "text", "Ponder the dose")
    found, _ = find([Finder(("A",), "the first", lambda _: (odd,))], "case", Allowance(), read_policy(HEAD))
    assert [f.action for f in found] == ["Check by hand what was not evaluated"]
    assert "rule A could not be evaluated" in caplog.text
