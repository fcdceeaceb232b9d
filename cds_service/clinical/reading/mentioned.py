"""Which things the statements of a text mention at all, whether it affirms or denies them.

For questions such as "does the note address infection and bleeding": the answer needs no polarity, but
sentences that speak of plans, rules, teaching or other people do not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from cds_service.clinical.reading.clauses import sentences
from cds_service.clinical.reading.lexicon import Kind
from cds_service.clinical.reading.tokens import folded


def mentioned(text: str, topic: str) -> tuple[tuple[frozenset[str], str], ...]:
    """For each sentence that counts, the things of the topic that it names, and the sentence."""
    return _mentioned(folded(text), topic)


@lru_cache(maxsize=1024)
def _mentioned(text: str, topic: str) -> tuple[tuple[frozenset[str], str], ...]:
    return tuple(_counting(text, topic))


def _counting(text: str, topic: str) -> Iterator[tuple[frozenset[str], str]]:
    for sentence in sentences(text, topic):
        named = frozenset(t.value for t in sentence.terms if t.kind is Kind.TARGET)
        if named and not sentence.silenced and not sentence.question:
            yield named, text[sentence.start : sentence.end]
