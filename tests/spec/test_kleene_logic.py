"""Kleene's three-valued logic, as truth tables. M met, N not met, ? unknown."""

import pytest

from cds_service.engine.verdict import (
    Verdict,
    agreed,
    agreed_answer,
    all_of,
    all_true,
    any_of,
    any_true,
)

M, N, U = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
ANSWER = {M: True, N: False, U: None}
LETTERS = {"M": M, "N": N, "?": U}

TABLE = """
a b  and or
M M  M   M
M N  N   M
M ?  ?   M
N M  N   M
N N  N   N
N ?  N   ?
? M  ?   M
? N  N   ?
? ?  ?   ?
"""
ROWS = [tuple(LETTERS[x] for x in line.split()) for line in TABLE.strip().splitlines()[1:]]


@pytest.mark.parametrize(("a", "b", "conjunction", "disjunction"), ROWS)
def test_and_or_follow_the_truth_table(a, b, conjunction, disjunction):
    assert a & b is conjunction
    assert a | b is disjunction
    assert all_of([a, b]) is conjunction
    assert any_of([a, b]) is disjunction


@pytest.mark.parametrize(("a", "negation"), [(M, N), (N, M), (U, U)])
def test_negation_leaves_unknown_unknown(a, negation):
    assert ~a is negation


@pytest.mark.parametrize(("a", "b"), [(a, b) for a in Verdict for b in Verdict])
def test_de_morgan_holds(a, b):
    assert ~(a & b) is (~a | ~b)


def test_nothing_to_check_is_met_and_nothing_to_choose_from_is_not():
    assert all_of([]) is M
    assert any_of([]) is N


@pytest.mark.parametrize(
    ("readings", "expected"), [([M, M], M), ([N], N), ([M, N], U), ([M, U], U), ([U, U], U), ([], U)]
)
def test_readings_that_agree_decide(readings, expected):
    assert agreed(readings) is expected


@pytest.mark.parametrize(("a", "b", "conjunction", "disjunction"), ROWS)
def test_answers_to_questions_of_fact_follow_the_same_table(a, b, conjunction, disjunction):
    answers = [ANSWER[a], ANSWER[b]]
    assert all_true(answers) is ANSWER[conjunction]
    assert any_true(answers) is ANSWER[disjunction]
    assert agreed_answer(answers) is ANSWER[agreed([a, b])]


def test_of_no_answers_all_are_true_and_none_is():
    assert (all_true([]), any_true([]), agreed_answer([])) == (True, False, None)
