"""Which things the statements of a text mention at all, whether it affirms or denies them.

For questions such as "does the note address infection and bleeding": the answer needs no polarity, but
sentences that speak of plans, rules, teaching or other people do not count. And by which name a text speaks of a topic.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from cds_service.clinical.reading.clauses import Sentence, sentences
from cds_service.clinical.reading.lexicon import Kind, rows, terms
from cds_service.clinical.reading.tokens import Shape, folded, tokens, without_hyphens
from cds_service.clinical.reading.topics import OBSERVATION
from cds_service.remembering import remembered


def mentioned(text: str, topic: str) -> tuple[tuple[frozenset[str], str], ...]:
    """For each sentence that counts, the things of the topic that it names, and the sentence."""
    return _mentioned(folded(text), topic)


@remembered(400_000)
def _mentioned(text: str, topic: str) -> tuple[tuple[frozenset[str], str], ...]:
    return tuple(_counting(text, topic))


def _counting(text: str, topic: str) -> Iterator[tuple[frozenset[str], str]]:
    for sentence in sentences(text, topic):
        named = frozenset(t.value for t in sentence.terms if t.kind is Kind.TARGET)
        denied = sentence.form.denied and topic == OBSERVATION  # "Observed for 1 hour after: No"
        if named and not (sentence.silenced or sentence.question or denied or _is_order(sentence)):
            yield named, text[sentence.start : sentence.end]


# What begins an order ("Monitor during the infusion and for 1 hour after"), and no report of what was done.
_ORDERING = frozenset(
    {"monitor", "observe", "watch", "assess", "check", "evaluate", "avoid", "ask", "return", "keep"}
)
_DONE = frozenset({"observed", "monitored", "watched", "kept", "stayed", "remained", "completed"})
# Who does it as a rule ("Nurses assess for infection").
_STAFF = frozenset({"nurses", "nursing", "staff", "rn", "rns", "we", "team", "clinicians", "providers"})


def _is_order(sentence: Sentence) -> bool:
    """Whether a sentence begins with an order, and no answer to it stands behind a colon or a dash."""
    words = [w.word for t in sentence.terms for w in t.tokens if w.shape is Shape.WORD]
    answered = any(t.tokens[0].text in (":", "-") for t in sentence.terms)
    if "protocol" in words and _DONE.isdisjoint(words):
        return True  # "Observation during and after infusion per protocol"
    opening = words[1:] if words[:1] and words[0] in _STAFF else words
    return not answered and bool(opening) and opening[0] in _ORDERING


@remembered(100_000)
def names_in(text: str, topic: str) -> frozenset[str]:
    """The things of a topic that a text names, whatever it says of them."""
    found = terms(without_hyphens(tokens(folded(text))), topic)
    return frozenset(t.value for t in found if t.kind is Kind.TARGET)


def first_name(text: str, topic: str) -> str:
    """The first name of the topic in a text, as it is written there; empty when it has none."""
    text = folded(text)
    named = (t for s in sentences(text, topic) for t in s.terms if t.kind is Kind.TARGET)
    return next((text[t.start : t.end] for t in named), "")


def speaks_of_past(text: str, topic: str) -> bool:
    """Whether a text has a word of the past, as the topic knows them."""
    text = folded(text)
    return any(t.kind is Kind.PAST for s in sentences(text, topic) for t in s.terms)


@cache
def another_person() -> re.Pattern[str]:
    """What names somebody else than the patient, for readers that look at a text by patterns."""
    named = (
        p
        for row in rows()
        if row.value == "person" and row.kind is Kind.BLOCK and not row.topics
        for p in row.phrases
    )
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, named))})\b", re.IGNORECASE)
