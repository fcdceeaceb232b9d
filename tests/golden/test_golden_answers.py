"""No answer changes unseen: every bundled and every worked patient gets what is written down, to the letter."""

import json

import pytest

from tests.fixtures import NAMES
from tests.golden.answers import BENCH, FOLDER, WORKED, bundled, of_bench, text_of, worked


@pytest.fixture(scope="module")
def answers():
    return {path.stem: text_of(body) for path, body in bundled()}


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_patient_gets_the_answer_that_is_written_down(answers, name):
    assert answers[name] == (FOLDER / "bundled" / f"{name}.json").read_text(encoding="utf-8")


def test_the_worked_patients_get_the_cards_that_are_written_down():
    found, kept = worked(), json.loads(WORKED.read_text(encoding="utf-8"))
    assert sorted(found) == sorted(kept)
    assert [note for note in kept if text_of(found[note]) != text_of(kept[note])] == []


def test_the_requests_of_the_benchmark_get_the_answers_that_are_written_down():
    assert text_of(of_bench()) == BENCH.read_text(encoding="utf-8")


def test_no_answer_is_kept_of_a_patient_who_is_no_longer_bundled():
    assert sorted(path.stem for path in (FOLDER / "bundled").iterdir()) == NAMES
