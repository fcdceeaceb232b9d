"""What texts of a record say of markers: surface antigens, the Philadelphia chromosome, residual disease.

The reading itself is :mod:`cds_service.clinical.reading`'s; here it becomes a sign with its day, and a
mention that could not be read becomes something to show. A text that is not understood decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cds_service.clinical.leukemia.mentions import Mention
from cds_service.clinical.reading.assertions import Assertion, Reading, Time
from cds_service.clinical.reading.layout.past import with_course_told, with_past
from cds_service.clinical.reading.lexicon import Kind, Term, terms
from cds_service.clinical.reading.markers.lists import EQUIVOCAL, NEGATIVE, POSITIVE
from cds_service.clinical.reading.markers.reader import read_marker
from cds_service.clinical.reading.tokens import tokens
from cds_service.fhir.dates import When
from cds_service.fhir.quantities import Interval
from cds_service.values import dataclass

_SIGNS = {POSITIVE: True, NEGATIVE: False}


@dataclass(frozen=True, slots=True)
class Source:
    """A text with the resource that holds it and its day; ``question`` when it answers a question for the topic.

    ``rank`` and ``preliminary`` are those of a result of the same resource.
    """

    text: str
    reference: str
    when: When | None
    question: bool = False
    rank: int = 1
    preliminary: bool = False


@dataclass(frozen=True, slots=True)
class Stated:
    """What one text says of a marker at one time: a sign, a number in per cent, or that it was left open.

    ``cycle`` is the cycle after which the text places it, if it says so.
    """

    sign: bool | None
    amount: Interval | None
    undecided: bool
    when: When | None
    quote: str
    cycle: int | None = None


def stated_in(source: Source, topic: str) -> tuple[Stated, ...]:
    """What a text says of a marker, for each day that it gives; the text's own day where it gives none."""
    told = _read(source, topic).assertions
    if not told:
        return ()
    found: dict[When | None, list[Assertion]] = {}
    for a in told:
        if a.time is Time.PRESENT:
            found.setdefault(a.when or source.when, []).append(a)
    return tuple([_stated(said, when) for when, said in found.items()])


def _stated(said: list[Assertion], when: When | None) -> Stated:
    signs = {_SIGNS[a.value] for a in said if a.value in _SIGNS}
    open_ = any(a.value == EQUIVOCAL for a in said)
    amounts = {a.amount for a in said if a.amount is not None}
    unsure = open_ or len(signs) > 1 or len(amounts) > 1
    return Stated(
        None if unsure or not signs else signs.pop(),
        None if unsure or not amounts else amounts.pop(),
        open_, when, said[0].quote, max((a.cycle for a in said if a.cycle is not None), default=None),
    )  # fmt: skip


def _read(source: Source, topic: str) -> Reading:
    """What a text says, also under its headings of the past where it has a day of its own; of Ph, whenever it was."""
    on, text = source.when.last if source.when is not None else None, source.text
    reading = read_marker(text, topic, on, question=source.question)
    if not (":" in text or "\n" in text) or (told := with_course_told(text)) == text:
        return reading  # without a heading
    past = read_marker(told, topic, on, question=source.question)
    return with_past(reading, past, whenever=topic == "ph")


def mentions_in(sources: Iterable[Source], topic: str) -> tuple[Mention, ...]:
    """The passages that name a marker and could not be read, of texts that say nothing else of it.

    One whose words are understood, and are about a goal, a risk or another person, is no such passage; one
    that gives a result beside a word on other cells is.
    """
    found: list[Mention] = []
    for source in sources:
        reading = _read(source, topic)
        if not reading.assertions:
            found += [
                Mention(source.when, source.reference, n.quote)
                for n in reading.not_understood
                if not n.silenced or _gives_a_result(n.quote, topic)
            ]
    return tuple(dict.fromkeys(found))


_OF_LEUKEMIA = re.compile(r"(?<!no )\b(?:\w*blasts?|leuk[a-z]*)\b", re.IGNORECASE)
_TARGETS = re.compile(
    r"\b(?:target(?:able)?|therapeutic|immunotherapy)\s+(?:antigens?|markers?|targets?)\b", re.IGNORECASE
)


def _gives_a_result(quote: str, topic: str) -> bool:
    """Whether a passage that was silenced gives a result of the marker all the same.

    A word on other cells silences it ("blasts CD22 positive, hematogones CD22 negative"), or a heading of targets
    ("Target antigens: CD22 87 %"), or a heading of the past ("PMH: CD22 positive").
    """
    found = terms(tokens(quote), topic)
    named = any(t.kind is Kind.MARKER and t.value == topic for t in found)
    blocks = {t.value for t in found if t.kind is Kind.BLOCK}
    if not named or not any(_is_result(t) for t in found):
        return False
    if not blocks:
        return topic != "mrd" and any(t.kind is Kind.PAST for t in found)
    if _TARGETS.search(quote):
        return blocks <= {"cells", "goal"}
    return blocks == {"cells"} and (topic != "cd22" or bool(_OF_LEUKEMIA.search(quote)))


def _is_result(term: Term) -> bool:
    return term.kind in (Kind.SIGN, Kind.UNIT) or (term.kind is Kind.LEAD and term.value in _SIGNS)


def past_in(sources: Iterable[Source], topic: str) -> tuple[Mention, ...]:
    """What texts that say nothing of the present say of a marker at an earlier time without a date."""
    return tuple(
        Mention(source.when, source.reference, a.quote, of_the_past=True)
        for source in sources
        for told in [_read(source, topic).assertions]
        if all(a.time is Time.PAST for a in told)
        for a in told
    )


def marker_sign(text: str, marker: str) -> bool | None:
    """Whether a text calls a surface marker positive (also dim, partial, subset) or negative, of now."""
    return next((s.sign for s in stated_in(Source(text, "", None), marker.lower()) if s.when is None), None)


def ever_positive(source: Source) -> bool:
    """Whether a text says that the Philadelphia chromosome is there, or was."""
    return any(a.value == POSITIVE for a in _read(source, "ph").assertions)


def ph_sign(text: str, *, is_karyotype: bool = False) -> bool | None:
    """Whether a text states the Philadelphia chromosome (BCR::ABL1) present, now or once, or absent now.

    "Ph-like" is no statement about it. ``is_karyotype``: the text answers a test for it.
    """
    return ph_sign_of(Source(text, "", None, is_karyotype))


def ph_sign_of(source: Source) -> bool | None:
    """The same of a text with its day."""
    if ever_positive(source):
        return True
    return next((s.sign for s in stated_in(source, "ph") if s.sign is not None), None)
