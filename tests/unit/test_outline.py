"""The outline engine: orphans are refused, leaves decide once, a leaf that raises is unknown."""

import pytest

from cds_service.engine.answers import Answer
from cds_service.engine.attempts import Allowance, Missed
from cds_service.engine.finders import Finder
from cds_service.engine.outline import PolicyError, leaves_of, load
from cds_service.engine.verdict import Verdict

HEAD = """
[policy]
id = "P-1"
effective = "2026-01-01"
title = "t"
payer = "p"
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
NUMBERS = '[numbers]\n"n" = { value = "0.8", unit = "mg/m2", section = "1", basis = "policy" }\n'


def met(_case):
    return Answer(Verdict.MET, "because")


def broken(_case):
    raise RuntimeError("patient Doe")


def test_a_criterion_without_a_function_is_refused():
    with pytest.raises(PolicyError, match="without a function: B"):
        load(HEAD + NUMBERS, {"A": met})


def test_a_function_without_a_criterion_is_refused():
    with pytest.raises(PolicyError, match="without a criterion: C"):
        load(HEAD + NUMBERS, {"A": met, "B": met, "C": met})


def test_a_part_without_a_meaning_is_refused():
    with pytest.raises(PolicyError, match="names X"):
        load(HEAD.replace('["A", "B"]', '["A", "X"]') + NUMBERS, {"A": met, "B": met})


def test_a_number_without_a_section_is_refused():
    with pytest.raises(PolicyError, match="cites no section"):
        load(HEAD + NUMBERS.replace('section = "1", basis', 'section = "", basis'), {"A": met, "B": met})


def test_a_leaf_is_decided_once_wherever_it_stands():
    calls = []

    def counted(case):
        calls.append(case)
        return met(case)

    outline = load(HEAD + NUMBERS, {"A": counted, "B": met})
    result = outline.evaluate("all", "case")
    assert calls == ["case"]
    assert result.verdict is Verdict.MET
    assert [leaf.id for leaf in leaves_of(result)] == ["A", "B"]


def test_a_leaf_that_raises_is_unknown_with_an_error_id_and_no_patient_data(caplog):
    outline = load(HEAD + NUMBERS, {"A": broken, "B": met})
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
        load(HEAD + NUMBERS, {"A": met, "B": met}, [Finder(("A", "R-1"), "r", lambda _: ())])


def test_leaves_after_the_time_is_over_are_unknown_and_say_so():
    outline = load(HEAD + NUMBERS, {"A": met, "B": met})
    first, second = leaves_of(outline.evaluate("all", "case", Allowance(only=1)))
    assert first.verdict is Verdict.MET
    assert (second.verdict, second.because) == (Verdict.UNKNOWN, "this criterion was not reached in time")


def test_a_group_of_which_nothing_could_be_decided_is_unknown():
    outline = load(HEAD + NUMBERS, {"A": met, "B": met})
    result = outline.undecided("all", Missed("could not be evaluated (error 1)"))
    assert result.verdict is Verdict.UNKNOWN
    assert {leaf.because for leaf in leaves_of(result)} == {"this criterion could not be evaluated (error 1)"}
