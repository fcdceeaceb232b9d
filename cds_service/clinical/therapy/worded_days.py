"""The days of its doses that a dosage text states in words: days of a cycle, or how often and how many.

Words of another drug, of monitoring, of the regimen as a whole or of earlier and later doses plan no
dose. Words that name several days and are not surely understood are quoted as a problem; which dose
is right is not known here.
Source: docs/record-reading.md#timing-of-an-order, step 5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

from cds_service.clinical.therapy.drugs import INOTUZUMAB, drugs_in_text
from cds_service.clinical.therapy.labels import Mention, PlannedDays, in_figures, mentions_in
from cds_service.clinical.therapy.worded_dose import dose_in_text, is_understood, words_around
from cds_service.clinical.therapy.worded_rhythm import Rhythm, rhythms_in
from cds_service.fhir.json_types import as_prose
from cds_service.remembering import remembered
from cds_service.values import dataclass

_QUOTED = 80  # characters of a text that is not understood


@dataclass(frozen=True, slots=True)
class WordedDays:
    """The days of a cycle that are those of the doses, one or several, in order; the cycle where it is named.

    ``repeat`` is how often, as the text of a timing code ("weekly x 3"). ``problem`` quotes words for several
    doses whose days cannot be read surely; there are then neither days nor a repeat.
    """

    cycle: int | None = None
    days: tuple[int, ...] = ()
    repeat: str = ""
    problem: str = ""


class _About(Enum):
    """What the words around a day or a rhythm speak of."""

    DOSE = "the dose"
    REGIMEN = "the regimen, or another dose of it"
    OTHER = "something else"
    UNREAD = "not understood"


_REFERENCE = re.compile(
    r"\b(?:regimen|schedule|protocol|part of|series|days? \d{1,2} of|course of|after|previous(?:ly)?|prior|last|since|following|next|"
    r"return\w*|further|remaining|subsequent|separate(?:ly)?|omit(?:ted)?|held|hold|not|missed|skip\w*|due|expected|received|was|were)\b",
    re.IGNORECASE,
)
_REFERENCE_AFTER = re.compile(
    r"^[\s,(]*(?:(?:was|were|had been|has been)\b|(?:given|received|administered|tolerated|omitted|held|missed)\b|(?:to be |will be |are |is )?(?:ordered )?separate(?:ly)?)|"
    r"^ ?(?:regimen|schedule|protocol)\b",
    re.IGNORECASE,
)
_JUST_BEFORE = re.compile(r"\b(?:after|before|prior to)\W*(?:the )?(?:doses? )?(?:of |on )?$", re.IGNORECASE)
_OF_DAYS = re.compile(r"\b(?:repeat(?:ed)?|again|planned|scheduled|both|consecutive)\b", re.IGNORECASE)
_OTHER_THING = re.compile(
    r"\b(?:monitor\w*|check\w*|CBC|labs?|LFTs?|liver|(?:blood )?counts?|ECG|EKG|electrolytes|bilirubin|platelets?|vitals?|visits?|"
    r"appointments?|follow-?up|assess\w*|biops\w*|marrow|puncture|transfus\w*|temperature|call|stor(?:e|ed|age)|stable|stability|"
    r"refrigerat\w*|pre-?med\w*|steroids?|corticosteroids?|anti-?(?:histamines?|pyretics?|emetics?|biotics?)|prophyla\w+|hydration|"
    r"mesna|leucovorin|as needed|prn|PO|p\.o\.|orally|oral|by mouth|tablets?|tabs?|capsules?|intrathecal\w*|creatinine|"
    r"weight|pregnancy|contracepti\w+|breast-?feed\w*)\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"\d\s*(?:mg|mcg|[µμ]g|ug)\b", re.IGNORECASE)


@remembered(200_000)
def days_in_text(text: str, cycle: PlannedDays, *, is_note: bool = False) -> WordedDays:
    """What a text says of the days of its doses; nothing where it names none.

    ``is_note``: it is prose beside the dosage, where a rhythm that is not understood and a regimen are none.
    """
    written = " ".join(text.split())
    text = in_figures(written)
    mentions = [(m, _about(text, m.start, m.end)) for m in mentions_in(text)]
    if is_note:
        mentions = [(m, about) for m, about in mentions if about is not _About.REGIMEN]
    rhythms = [r for r in rhythms_in(text) if not _is_inside(r, mentions)]
    counting = {_About.DOSE} if is_note else {_About.DOSE, _About.UNREAD}
    of_dose = [r for r in rhythms if _about(text, r.start, r.end) in counting]
    problem = WordedDays(problem=written[:_QUOTED])
    one = _one_stated(mentions, cycle)
    if one is not None:
        return _with_rhythms(one, of_dose, cycle, problem)
    several = [(m, about) for m, about in mentions if about is not _About.OTHER and _counts(m, cycle)]
    if several:
        return _several(several, text, cycle) or problem
    return _of_rhythms(of_dose, text, problem)


def _about(text: str, start: int, end: int) -> _About:
    """What the words around a place in the text speak of."""
    before, after = words_around(text[:start], text[end:])
    named = drugs_in_text(before) or drugs_in_text(after)
    if named and INOTUZUMAB not in named:
        return _About.OTHER
    if _OTHER_THING.search(before) or _OTHER_THING.search(after):
        return _About.UNREAD if _FIGURE.search(before) else _About.OTHER
    beside = _REFERENCE.search(before) or _REFERENCE_AFTER.search(text[end:])
    if beside or _JUST_BEFORE.search(text[:start]):
        return _About.REGIMEN
    understood = named or is_understood(_OF_DAYS.sub("", before), _OF_DAYS.sub("", after))
    return _About.DOSE if understood else _About.UNREAD


def _is_inside(rhythm: Rhythm, mentions: Sequence[tuple[Mention, _About]]) -> bool:
    return any(m.start < rhythm.end and rhythm.start < m.end for m, _ in mentions)


def _counts(mention: Mention, cycle: PlannedDays) -> bool:
    """Whether a mention may be of a dose: a day without a cycle only where the drug is given on it, or among several."""
    (first_cycle, first), *others = mention.days
    return bool(others) or first_cycle is not None or first in cycle.days


def _one_stated(mentions: Sequence[tuple[Mention, _About]], cycle: PlannedDays) -> WordedDays | None:
    """The one day that the text states, where all else it names is the regimen or another dose."""
    of_dose = [m for m, about in mentions if about in (_About.DOSE, _About.UNREAD) and _counts(m, cycle)]
    if not of_dose or not all(m.is_one for m in of_dose):
        return None
    stated = {m.days[0] for m in of_dose}
    if len({day for _, day in stated}) != 1 or len({c for c, _ in stated if c is not None}) > 1:
        return None
    return WordedDays(max((c for c, _ in stated if c is not None), default=None), (of_dose[0].days[0][1],))


def _with_rhythms(
    one: WordedDays, rhythms: Sequence[Rhythm], cycle: PlannedDays, problem: WordedDays
) -> WordedDays:
    """One stated day beside words of how often: how often cycles begin says nothing, a number of doses goes on from it."""
    apart = [r for r in rhythms if r.period is None or r.period <= cycle.days[-1]]
    if not apart:
        return one
    if len(apart) == 1 and apart[0].count and apart[0].phrase:
        return WordedDays(one.cycle, one.days, apart[0].phrase)
    return problem


def _several(mentions: Sequence[tuple[Mention, _About]], text: str, cycle: PlannedDays) -> WordedDays | None:
    """The days that the mentions list together; None where they are not surely the days of one dose each."""
    if any(about is not _About.DOSE or not _is_sure(m, cycle) for m, about in mentions):
        return None
    days = [one for m, _ in mentions for one in m.days]
    cycles = {c for c, _ in days if c is not None}
    numbers = [day for _, day in days]
    dose = dose_in_text(text)
    if len(cycles) > 1 or numbers != sorted(set(numbers)) or (dose is not None and dose.value is None):
        return None
    return WordedDays(cycles.pop() if cycles else None, tuple(numbers))


def _is_sure(mention: Mention, cycle: PlannedDays) -> bool:
    """Whether a mention surely lists days: after "day" only days on which the drug is given, after "days" any."""
    return mention.is_list and (
        mention.is_one or mention.is_plural or all(day in cycle.days for _, day in mention.days)
    )


def _of_rhythms(rhythms: Sequence[Rhythm], text: str, problem: WordedDays) -> WordedDays:
    """How often, where the text names no day."""
    if not rhythms:
        return WordedDays()
    (first, *others) = rhythms
    sure = not others and first.phrase and _about(text, first.start, first.end) is _About.DOSE
    return WordedDays(repeat=first.phrase) if sure else problem


def days_of_order(
    dosages: Sequence[Mapping[str, Any]], beside: Iterable[str], cycle: PlannedDays
) -> list[WordedDays]:
    """For each dosage instruction what its own text says, else its patient instruction.

    Where none says anything, the texts ``beside`` them speak of all; not of instructions with times of their own.
    """
    own = [_of_instruction(dosage, cycle) for dosage in dosages]
    apart = {(str(d.get("timing")), str(d.get("sequence"))) for d in dosages}
    if any(words != WordedDays() for words in own) or len(apart) > 1:
        return own
    return [_first_said(beside, cycle)] * len(own)


def _of_instruction(dosage: Mapping[str, Any], cycle: PlannedDays) -> WordedDays:
    words = days_in_text(as_prose(dosage.get("text")) or "", cycle)
    return (
        words if words != WordedDays() else _first_said([as_prose(dosage.get("patientInstruction"))], cycle)
    )


def _first_said(texts: Iterable[str | None], cycle: PlannedDays) -> WordedDays:
    """What the first text that names a day says."""
    said = (days_in_text(text, cycle, is_note=True) for text in texts if text)
    return next((words for words in said if words != WordedDays()), WordedDays())
