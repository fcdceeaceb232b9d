"""Every row of the lexicon: the text that must be read is read, and the one that must not is not."""

import pytest

from cds_service.clinical.leukemia.cd22_therapy import told_in
from cds_service.clinical.reading.lexicon import Kind, _words_of, as_in_texts, rows
from cds_service.clinical.reading.markers.lineage import TOPIC as LINEAGE
from cds_service.clinical.reading.markers.lineage import lineages
from cds_service.clinical.reading.markers.reader import MARKER_TOPICS
from cds_service.clinical.reading.mentioned import mentioned, names_in
from cds_service.clinical.reading.reader import read
from cds_service.clinical.reading.topics import (
    CD22_THERAPY,
    KINDS_OF_TRANSPLANT,
    MONITORING,
    OBSERVATION,
    SITES,
    TOPICS,
)

ROWS = [
    pytest.param(row, id=f"{row.kind}-{'-'.join(sorted(row.topics)) or 'all'}-{row.value}-{i}")
    for i, row in enumerate(rows())
]


def values(topic: str, text: str) -> set[str]:
    """The values that a text asserts, suspected or of the past included; for topics of mentions, what is mentioned."""
    if topic in (MONITORING, OBSERVATION):
        return {v for named, _ in mentioned(text, topic) for v in named}
    if topic == LINEAGE:
        return set(lineages(text))
    if topic in (SITES, KINDS_OF_TRANSPLANT):
        return set(names_in(text, topic))
    if topic == CD22_THERAPY:
        return {"inotuzumab" if told.is_inotuzumab else "other" for told in told_in(text, None)}
    return {a.value for a in read(text, topic).assertions}


@pytest.mark.parametrize("row", ROWS)
def test_the_text_that_must_be_read_is_read(row):
    topic, value, text = row.read.split(">", 2)
    assert values(topic, text) >= ({value} if value else set())
    assert values(topic, text)


@pytest.mark.parametrize("row", ROWS)
def test_the_text_that_must_not_be_read_states_nothing_now(row):
    topic, text = row.unread.split(">", 1)
    if topic in (MONITORING, OBSERVATION):
        assert not values(topic, text) >= {"watched", "after", "hour"}
        assert not values(topic, text) >= {"infection", "bleeding"}
    elif topic in (SITES, KINDS_OF_TRANSPLANT, CD22_THERAPY):
        assert not values(topic, text)
    else:
        assert (lineages(text) if topic == LINEAGE else read(text, topic).values) == frozenset()


def test_each_topic_is_known_and_each_phrase_stands_once_in_its_topic():
    seen = {}
    for row in rows():
        for topic in row.topics:
            assert topic in TOPICS or topic in (
                MONITORING,
                OBSERVATION,
                CD22_THERAPY,
                LINEAGE,
                SITES,
                KINDS_OF_TRANSPLANT,
                *MARKER_TOPICS,
            )
            for phrase in row.phrases:
                if row.kind is Kind.TARGET:
                    assert seen.setdefault((topic, phrase), row) is row, phrase


def test_no_phrase_is_empty():
    assert all(phrase.strip() for row in rows() for phrase in row.phrases)


def test_a_phrase_in_the_tables_has_the_words_that_a_text_has():
    phrases = {phrase.removeprefix("=") or phrase for row in rows() for phrase in row.phrases}
    assert [p for p in phrases if _words_of(p) != as_in_texts(p)] == []
