"""What a text says of a stem cell transplant: planned, not planned, or neither; and whether a name names one.

A transplant of the past is no plan, nor is a former plan; doubt and preparation (evaluation, typing, donor search) are
neither. To exclude one kind or donor excludes no other, and transplants of organs are other things.
Source: docs/record-reading.md#transplants.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from cds_service.clinical.reading.assertions import Assertion, Time
from cds_service.clinical.reading.clauses import Sentence, sentences
from cds_service.clinical.reading.layout.past import with_history_told
from cds_service.clinical.reading.lexicon import Kind, Term
from cds_service.clinical.reading.mentioned import names_in
from cds_service.clinical.reading.reader import read
from cds_service.clinical.reading.text_dates import HALF_A_YEAR, read_date
from cds_service.clinical.reading.tokens import folded
from cds_service.clinical.reading.topics import KINDS_OF_TRANSPLANT
from cds_service.remembering import remembered

_TOPIC = "transplant"
_BARE = frozenset({"transplant", "transplantation", "transplants", "tplant", "txplant"})


_PLANNED, _NOT_PLANNED = "planned", "not-planned"
# The value of words for what is done or said around a transplant ("consent signed"): none of them is part of its name.
_AROUND = "around"
# What undoes a plan, wherever a text says it.
_UNDONE = re.compile(
    r"\b(?:pt|patient|she|he) (?:now |has |then |has now )?(?:declines|declined|refuses|refused)(?: (?:it|this|that))?(?=[.;,\n]|\s*$)|"
    r"\b(?:fell through|falls through|backed out|withdrew as donor|donor (?:is )?(?:no longer available|unavailable|withdrew|declined))\b",
    re.IGNORECASE,
)
# What leaves a plan that is cancelled for its day or for now ("cancelled, will reschedule", "to be readdressed").
_PUT_OFF = re.compile(
    r"\b(?:re-?schedul|postpone|(?:will|to|now|and|be) (?:be )?re-?(?:address|visit|consider|discuss|evaluat))",
    re.IGNORECASE,
)
# A rule on the number of cycles ("no HSCT - 6 cycles") speaks of all patients.
_NAME = r"\b(?:transplant\w*|(?:allo|auto|haplo)?-?(?:HSCT|SCT|HCT|BMT))\b"
_CYCLES = r"(?:\d|two|three|four|six)\s(?:(?:more|further|additional) )?(?:cycle|course)s?\b"
_RULE = re.compile(
    rf"{_NAME}[^.;\n]{{0,40}}(?:[:=]|\s-)\s*(?:up to |at most |max(?:imum)?(?: of)? )?{_CYCLES}"
    rf"|\b{_CYCLES}\s\((?:if |when |not )?[^).;\n]{{0,40}}{_NAME}",
    re.IGNORECASE,
)
_SENTENCES = re.compile(r"(?<=[;\n])|(?<=\.)(?=\s)")


@remembered(400_000)
def intention_in(text: str, on: date | None = None) -> bool | None:
    """Whether a text of a day says that a transplant is planned (True), is not (False), or neither (None)."""
    text = folded(with_history_told(text))
    if _RULE.search(text):
        text = "".join(s for s in _SENTENCES.split(text) if not _RULE.search(s))
    said = {
        a.value for a in read(text, _TOPIC, on).assertions if a.time is Time.PRESENT and not _is_over(a, on)
    }
    if _NOT_PLANNED in said:
        other = "autologous" in names_in(text, KINDS_OF_TRANSPLANT)  # beside a denial, one that may be open
        return None if other or _PLANNED in said or _PUT_OFF.search(text) else False
    planned = _PLANNED in said or (not said and _is_dated_ahead(text, on))
    return True if planned and not _UNDONE.search(text) else None


# A name that is of the procedure alone: "BMT 5/20" and "transplant 5/20" may be a visit, "HCT" a hematocrit.
_PROCEDURE = re.compile(r"\b(?:allo|haplo|mud|msd)|\bhsct\b", re.IGNORECASE)
_MONTH_OF_YEAR = re.compile(r"\d{1,2}[/-]\d\d")
_PLAIN = frozenset({Kind.TARGET, Kind.NEUTRAL, Kind.NUMBER, Kind.DATE, Kind.AND})


def _is_dated_ahead(text: str, on: date | None) -> bool:
    """Whether a text gives nothing but the day of a transplant, which lies ahead ("alloSCT 5/20")."""
    if on is None:
        return False
    return any(_gives_a_day_ahead(s, text, on) for s in sentences(text, _TOPIC))


def _gives_a_day_ahead(sentence: Sentence, text: str, on: date) -> bool:
    found = sentence.terms
    if sentence.silenced or sentence.question or not all(t.kind in _PLAIN for t in found):
        return False
    days = [t.tokens[-1].text for t in found if t.kind is Kind.DATE]
    named = (text[t.start : t.end] for t in found if t.kind is Kind.TARGET)
    ahead = bool(days) and all(_lies_ahead(day, on) for day in days)
    return ahead and any(_PROCEDURE.search(name) for name in named)


def _lies_ahead(day: str, on: date) -> bool:
    """Whether a day lies ahead for sure: "5/18" may be May 2018."""
    when = read_date(day, on)
    if when is None or (_MONTH_OF_YEAR.fullmatch(day) and int(day[-2:]) <= on.year % 100):
        return False
    return when.first > on or (when.last < on and not _lies_behind(day, on))


def _is_over(said: Assertion, on: date | None) -> bool:
    """Whether the only days that a plan names lie before that of its text ("HSCT planned for 2/2026")."""
    if said.value != _PLANNED or on is None:
        return False
    days = list(_days(said.quote))
    return bool(days) and all(_lies_behind(day, on) for day in days)


def _lies_behind(day: str, on: date) -> bool:
    when = read_date(day, on)
    if when is None or when.last >= on:
        return False
    has_year = read_date(day, None) is not None
    return has_year or on - when.last < HALF_A_YEAR


def _days(quote: str) -> Iterator[str]:
    """The days and months that stand behind the name of the transplant or its plan."""
    named = False
    for term in (t for s in sentences(quote, _TOPIC) for t in s.terms):
        named = named or term.kind in (Kind.TARGET, Kind.AFFIRM)
        if named and _is_day(term):
            yield term.tokens[-1].text


def _is_day(term: Term) -> bool:
    return term.kind is Kind.DATE or term.value == "month"


def is_transplant(name: str) -> bool:
    """Whether the name of a procedure is a stem cell transplant itself, and not what is done around one.

    A bare "transplant" is none: it may be of any organ.
    """
    return _names(name, frozenset({Kind.TARGET, Kind.NEUTRAL, Kind.NUMBER, Kind.DATE, Kind.AND}))


def is_request(name: str) -> bool:
    """Whether the name of a request, appointment or plan is a stem cell transplant, also as planned."""
    return _names(name, frozenset({Kind.TARGET, Kind.NEUTRAL, Kind.NUMBER, Kind.DATE, Kind.AND, Kind.AFFIRM}))


def _names(name: str, allowed: frozenset[Kind]) -> bool:
    """Whether some name of several (a code's displays) is wholly understood and names the transplant."""
    return any(_is_named(folded(part), allowed) for part in name.split(" | "))


# In a name a stop parts no statements: what stands behind it says of what sort the thing is ("transplant; HLA typing").
_STOP = re.compile(r"\s?[.;](?=\s\S)")


def _is_named(name: str, allowed: frozenset[Kind]) -> bool:
    name = _STOP.sub(",", name)
    found = [t for s in sentences(name, _TOPIC) for t in s.terms]
    named = [t for t in found if t.kind is Kind.TARGET]
    bare = all(" ".join(w.word for w in t.tokens) in _BARE for t in named)
    if any(t.kind is Kind.NEUTRAL and t.value == _AROUND for t in found):
        return False
    return bool(named) and not bare and all(t.kind in allowed for t in found)
