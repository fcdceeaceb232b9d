"""What a text says of the plan for a stem cell transplant: planned, not planned, or neither.

A transplant of the past is no plan, nor is a former plan; doubt and preparation (evaluation, typing, donor search) are
neither. To exclude one kind or donor excludes no other, and transplants of organs are other things.
Source: docs/record-reading.md#transplants.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from cds_service.clinical.leukemia.transplants import turns
from cds_service.clinical.leukemia.transplants.names import PLAIN
from cds_service.clinical.reading.assertions import Assertion, Time
from cds_service.clinical.reading.clauses import Sentence, sentences
from cds_service.clinical.reading.layout.past import with_course_told, with_history_told
from cds_service.clinical.reading.lexicon import Kind, Term
from cds_service.clinical.reading.mentioned import names_in
from cds_service.clinical.reading.reader import read
from cds_service.clinical.reading.text_dates import HALF_A_YEAR, read_date
from cds_service.clinical.reading.tokens import folded
from cds_service.clinical.reading.topics import KINDS_OF_TRANSPLANT
from cds_service.remembering import remembered

_TOPIC = "transplant"
_PLANNED, _NOT_PLANNED = "planned", "not-planned"
_SENTENCES = re.compile(r"(?<=[;\n])|(?<=\.)(?=\s)")
# A name that is of the procedure alone: "BMT 5/20" and "transplant 5/20" may be a visit, "HCT" a hematocrit.
_PROCEDURE = re.compile(r"\b(?:allo|haplo|mud|msd)|\bhsct\b", re.IGNORECASE)
_MONTH_OF_YEAR = re.compile(r"\d{1,2}[/-]\d\d")


@remembered(400_000)
def intention_in(text: str, on: date | None = None) -> bool | None:
    """Whether a text of a day says that a transplant is planned (True), is not (False), or neither (None)."""
    text = turns.BE_TRANSPLANTED.pattern.sub("undergo transplant", folded(with_history_told(text)))
    text = turns.TRANSPLANT_HER.pattern.sub(r"take \1 to transplant", text)
    text = "".join(s for s in _SENTENCES.split(text) if not _is_general(s))
    stated = [a for a in read(text, _TOPIC, on).assertions if a.time is Time.PRESENT and not _is_over(a, on)]
    said = {a.value for a in stated} - {a.value for a in stated if _is_turned(a, text)}
    if _NOT_PLANNED in said or _declines_it(text):
        other = "autologous" in names_in(text, KINDS_OF_TRANSPLANT)  # beside a denial, one that may be open
        return None if other or _PLANNED in said or turns.PUT_OFF.pattern.search(text) else False
    planned = _PLANNED in said or (not stated and (_is_dated_ahead(text, on) or _is_told_ahead(text, on)))
    return True if planned and not turns.UNDONE.pattern.search(text) else None


def _is_general(sentence: str) -> bool:
    """Whether a sentence is a rule, or speaks of the drug and of nothing of this patient."""
    if turns.RULE.pattern.search(sentence):
        return True
    opened = sentence.lstrip(" \n*\u2022-")
    return (
        turns.BEGINS_GENERAL.pattern.match(opened) is not None
        and turns.OF_THIS_PATIENT.pattern.search(sentence) is None
    )


def _declines_it(text: str) -> bool:
    """Whether a sentence speaks of a transplant and of nothing else, and says that the patient declined it."""
    return any(
        turns.ANOTHER_IT.pattern.search(found["told"]) is None
        for found in turns.DECLINED_IT.pattern.finditer(text)
    )


def _is_turned(said: Assertion, text: str) -> bool:
    """Whether what goes on about a plan or its denial doubts it, or says that the plan is off ("planned, but I doubt it")."""
    behind = turns.GOES_ON.match(text, said.span[1])
    told = behind[0] if behind is not None else ""
    return turns.IN_DOUBT.pattern.search(told) is not None or (
        said.value == _PLANNED and turns.IS_OFF.pattern.search(told) is not None
    )


# ---- Days: one that lies ahead is a plan, one that is over ends it ----


def _is_dated_ahead(text: str, on: date | None) -> bool:
    """Whether a text gives nothing but the day of a transplant, which lies ahead ("alloSCT 5/20")."""
    if on is None:
        return False
    return any(_gives_a_day_ahead(s, text, on) for s in sentences(text, _TOPIC))


def _is_told_ahead(text: str, on: date | None) -> bool:
    """Whether a timeline of the disease ends with a plan whose days lie ahead ("ONC HX: ... 5/2026 planned alloHSCT")."""
    told = with_course_told(text)
    if on is None or told == text:
        return False
    stated = read(told, _TOPIC, on).assertions
    planned = (a for a in stated if a.value == _PLANNED and not _is_turned(a, told))
    return any(
        all(_lies_ahead(day, on) for day in days)
        for a in planned
        if (
            days := [
                t.tokens[-1].text for s in sentences(a.quote, _TOPIC) for t in s.terms if t.kind is Kind.DATE
            ]
        )
    )


def _gives_a_day_ahead(sentence: Sentence, text: str, on: date) -> bool:
    found = sentence.terms
    if sentence.silenced or sentence.question or not all(t.kind in PLAIN for t in found):
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
