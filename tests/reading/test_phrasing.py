"""Constructions: every row is read as it says, its other text says nothing, and words around it stay what they are."""

from datetime import date

import pytest

from cds_service.clinical.reading.lexicon import Kind
from cds_service.clinical.reading.phrasing.patterns import Row, phrased, rows
from cds_service.clinical.reading.reader import read
from cds_service.clinical.reading.tokens import folded, tokens

DAY = date(2026, 4, 12)
ROWS = [pytest.param(row, id=f"{i}-{row.kind}-{row.value}") for i, row in enumerate(rows())]


@pytest.mark.parametrize("row", ROWS)
def test_the_text_that_must_be_read_is_read(row: Row) -> None:
    topic, value, text = row.read.split(">", 2)
    assert value in {a.value for a in read(text, topic, DAY).assertions}


@pytest.mark.parametrize("row", ROWS)
def test_the_text_that_must_not_be_read_states_nothing_now(row: Row) -> None:
    topic, text = row.unread.split(">", 1)
    assert read(text, topic, DAY).values == frozenset()


def parts(text: str, topic: str = "transplant") -> list[tuple[str, str]]:
    """Each term of a text: its kind, and its words."""
    found = phrased(tokens(folded(text)), topic, 60)
    return [(term.kind.value, " ".join(token.text for token in term.tokens)) for term in found]


def test_a_construction_is_one_term_whatever_fills_its_places() -> None:
    for donor in ("her brother", "a matched unrelated donor", "his 10/10 matched sister Ann"):
        assert parts(f"transplant from {donor}")[-1] == (Kind.NEUTRAL, f"from {donor}")


def test_a_longer_phrase_of_the_lexicon_comes_first() -> None:
    assert (Kind.DENY, "not going to") in parts("not going to undergo transplant")
    assert all(kind != Kind.AFFIRM for kind, _ in parts("not going to transplant"))


def test_what_only_has_to_stand_beside_keeps_its_own_meaning() -> None:
    assert parts("transplant next month") == [(Kind.TARGET, "transplant"), (Kind.AFFIRM, "next month")]
    assert (Kind.AFFIRM, "next month") not in parts("visit next month")


def test_a_name_is_a_word_with_a_capital_that_no_row_knows() -> None:
    assert (Kind.NEUTRAL, "from her sister Ann") in parts("transplant from her sister Ann")
    assert (Kind.NEUTRAL, "from her sister") in parts("transplant from her sister ann")
    assert (Kind.NEUTRAL, "FROM HER SISTER") in parts("TRANSPLANT FROM HER SISTER ANN")


def test_a_topic_without_constructions_is_read_by_its_lexicon_alone() -> None:
    assert [kind for kind, _ in parts("scheduled to undergo", "pregnancy")].count(Kind.AFFIRM) == 0


def test_of_two_constructions_the_one_that_reaches_farther_counts() -> None:
    assert (Kind.AFFIRM, "is planned to occur") in parts("transplant is planned to occur")
    assert (Kind.AFFIRM, "is planned to") in parts("she is planned to wait for transplant")


def test_what_is_done_around_a_transplant_is_no_transplant() -> None:
    for thing in ("echo", "caregiver meeting", "ursodiol", "video visit"):
        assert Kind.TARGET not in [kind for kind, _ in parts(f"transplant {thing} scheduled for May 14")]
