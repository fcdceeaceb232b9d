"""Extramedullary disease that is suspected is no finding, but clear marrow and blood then give no CR."""

from datetime import date

import pytest

from cds_service.clinical.reading.reader import read
from tests.reading.asking import Chart, put, quiet_note

CLEAR = "second-cycle-cri-by-components"
NOTE = "DocumentReference.description"


def answer(*notes):
    chart = Chart(CLEAR)
    quiet_note(chart)
    for text, day in notes:
        put(chart, NOTE, text, day)
    return chart.determine()


def asks(determination):
    return "extramedullary-status" in {n.item for n in determination.needed}


SUSPECTED = [
    "Suspected extramedullary disease.", "CNS disease cannot be excluded.", "Concern for CNS disease given headache, LP pending.",
    "Possible testicular involvement.", "CNS2 on LP 4/11.", "Traumatic tap with blasts 4/11.",
]  # fmt: skip


@pytest.mark.parametrize("text", SUSPECTED)
def test_components_give_no_cr_beside_a_suspicion(text):
    assert asks(answer((text, "2026-04-12")))


@pytest.mark.parametrize("text", ["CNS prophylaxis with IT MTX.", "Discussed risk of CNS relapse.", "Sister had CNS relapse.", "No CNS disease."])  # fmt: skip
def test_what_is_no_suspicion_changes_nothing(text):
    assert not asks(answer((text, "2026-04-12")))


def test_a_later_absence_settles_it_and_one_elsewhere_does_not():
    suspicion = ("CNS disease cannot be excluded.", "2026-04-11")
    assert not asks(answer(suspicion, ("No extramedullary disease.", "2026-04-13")))
    assert not asks(answer(suspicion, ("CNS disease resolved.", "2026-04-13")))
    assert asks(answer(suspicion, ("No testicular disease.", "2026-04-13")))
    assert asks(answer(("No extramedullary disease.", "2026-04-09"), suspicion))


def test_a_stated_cr_stands():
    assert not asks(answer((SUSPECTED[0], "2026-04-12"), ("In CR after cycle 1.", "2026-04-13")))


@pytest.mark.parametrize("text", ["CSF: blasts seen on cytospin.", "CSF involved by B-ALL", "Isolated CNS relapse.", "Bulky EMD", "CSF cytology positive for leukemia."])  # fmt: skip
def test_more_words_for_disease_that_is_there(text):
    assert {a.value for a in read(text, "extramedullary", date(2026, 4, 12)).assertions} == {"present"}
