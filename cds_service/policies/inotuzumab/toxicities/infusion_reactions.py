"""Infusion reactions, over any course.

An event is attributed by its day or by the drug that is suspected, then judged by severity.
Procedure: docs/policies/inotuzumab/toxicities.md#infusion-reactions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta

from cds_service.clinical.code_sets import code_set
from cds_service.clinical.problems import Problem, is_unread, named_causes
from cds_service.clinical.reading.assertions import Assertion, Time
from cds_service.clinical.reading.grades import grade_in, severity_in
from cds_service.clinical.reading.mentioned import names_in
from cds_service.clinical.reading.reader import read
from cds_service.clinical.reading.recorded import Named
from cds_service.clinical.reading.tokens import folded
from cds_service.clinical.therapy.drugs import INOTUZUMAB, drugs_in_text
from cds_service.engine.verdict import any_true
from cds_service.engine.wording import upper_first
from cds_service.fhir.dates import When
from cds_service.oncology.toxic_events import (
    NOTES,
    Event,
    Meaning,
    is_candidate,
    is_confirmed,
    naming,
    told,
)
from cds_service.policies.inotuzumab.case.case import Case, doses_unseen
from cds_service.policies.inotuzumab.numbers import days
from cds_service.remembering import once
from cds_service.values import dataclass

_TOPIC = "reaction"
_NAMES = ("reaction", "anaphylaxis")
_ANAPHYLAXIS_CODES = code_set("anaphylaxis")
_INOTUZUMAB_CODES = "|".join(sorted(code_set("inotuzumab_suspected").bare))
_INOTUZUMAB = re.compile(rf"\b(?:inotuzumab|besponsa|InO|{_INOTUZUMAB_CODES})\b", re.IGNORECASE)
_AT_INFUSION = re.compile(rf"{_INOTUZUMAB.pattern}|\b(?:infusions?|doses?|cycles?|C\d)", re.IGNORECASE)
# Behind its name a reaction's text may speak of agents that did not cause it ("grade 3, platelets 20").
_CLAUSES = re.compile(r"[.;,|()\n]| - ")
_WHEN = re.compile(r"(?:after|during|following|from)\b", re.IGNORECASE)
# What follows "due to" and names no drug.
_NO_AGENT = re.compile(
    r"(?:\w{1,40} )?(?:infusion|dose|treatment|therapy|chemo\w{0,20}|drug|medication|cycle|rate|antibody|conjugate)\b",
    re.IGNORECASE,
)
_OTHER_AGENT = re.compile(
    r"\b(?:contrast|iodin\w+|gadolinium|transfusion|platelets?|red (?:blood )?cells?|blood product|immunoglobulin|IVIG|food|peanuts?|nuts|"
    r"shellfish|bee|wasp|insect|latex|antibiotics?|vancomycin|penicillin|amoxicillin|ce[fp]\w+in|\w+cillin|asparaginase|pegaspargase|"
    r"rituximab|amphotericin|iron|vaccine)\b",
    re.IGNORECASE,
)

# Alone behind a comma it is the cause, as the names of conditions put it ("Anaphylaxis, food"); no treatment is called so.
_ALLERGEN = re.compile(
    r"(?:foods?|peanuts?|(?:tree )?nuts|shellfish|latex|(?:bee|wasp|insect)(?: stings?| venom)?)(?: allergy)?",
    re.IGNORECASE,
)


_SAYS_SO = re.compile(r"\b(?:infusion[- ](?:related )?reaction|anaphyla\w+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Suspects:
    """Whether inotuzumab, another agent, or something that could not be read is named as the cause."""

    ours: bool
    other: bool
    unread: bool


@once
def infusion_reactions(case: Case) -> tuple[Event, ...]:
    """Every recorded reaction judged; one that does not count gives nothing."""
    candidates = [p for p in case.chart.problems if is_candidate(p, "infusion_reaction", _TOPIC, *_NAMES)]
    judged = tuple(event for p in candidates if (event := _judged(case, p)) is not None)
    if any(e.meaning in (Meaning.STOP, Meaning.UNDECIDED) for e in judged):
        return judged
    return (*judged, *_in_notes(case))


def _in_notes(case: Case) -> Iterator[Event]:
    """Step 4: a severe reaction stated only in a note is undecided; one of the past has no day but its own."""
    for s in case.chart.statements:
        if s.kind not in NOTES or not s.text:
            continue
        for said in read(told(s), _TOPIC, s.when.last if s.when else None).assertions:
            if said.value not in _NAMES or not _is_severe_in_words(said, told(s)):
                continue
            if _may_be_at_dose(case, said, s.when) and not _suspects_of(said.quote, []).other:
                day = said.when or (f"noted {s.when}" if s.when is not None else "undated")
                text = f"Severe infusion reaction stated only in free text ({day})"
                asks = "the record of the infusion reaction, with its date, grade and cause"
                yield Event(Meaning.UNDECIDED, "POL-TOX-IRR-SEV", text, (s.reference,), asks)


def _may_be_at_dose(case: Case, said: Assertion, noted: When | None) -> bool:
    """Whether a reaction told in a note may have been at a dose.

    Where the note gives it no day, it was on that of the note or, as the reaction to an infusion or dose, on any day before.
    """
    if said.when is not None:
        return _at_dose(case, said.when) is not False
    if said.time is Time.PRESENT and _at_dose(case, noted) is not False:
        return True
    history = case.frame.history
    given = noted is None or any(d.day <= noted.last for d in history.given)
    of_infusion = said.value == "reaction" or _AT_INFUSION.search(said.quote) is not None
    return of_infusion and (given or bool(history.undated or doses_unseen(case.chart, history)))


def _is_severe_in_words(said: Assertion, text: str) -> bool:
    severe = severity_in(said.quote) in ("severe", "life-threatening")
    told = text if grade_in(said.quote) is None else _sentence_of(said, text)
    return said.value == "anaphylaxis" or severe or (grade_in(told) or 0) >= days("tox.grade_severe")


_STOPS = re.compile(r"[.;](?=\s|$)|\n")


def _sentence_of(said: Assertion, text: str) -> str:
    """The sentence that grades a reaction: a grade in another one is another event's ("grade 3 neutropenia; reaction grade 1")."""
    text = folded(text)
    start = max((m.end() for m in _STOPS.finditer(text, 0, said.span[0])), default=0)
    end = _STOPS.search(text, said.span[1])
    return text[start : end.start() if end is not None else len(text)]


def _judged(case: Case, p: Problem) -> Event | None:
    suspects = _suspects(p)
    if suspects.other and not suspects.ours and not suspects.unread:
        return None
    near = _at_dose(case, _occurred(case, p))
    if near is False and not suspects.ours and not suspects.unread:
        return None
    if _is_mild(p):
        text = f"Infusion reaction ({_shown(p)}): treat as the policy's table says, consider steroid and antihistamine before the dose"
        return _mild(case, p, text)
    if suspects.unread or (suspects.ours and suspects.other):
        why = (
            "its cause is not clearly named"
            if suspects.unread
            else "inotuzumab and another cause are both suspected"
        )
        return _open(p, why, "the cause of the infusion reaction")
    if near is None and not suspects.ours:
        why = "neither its date nor a suspected drug places it at an inotuzumab dose"
        return _open(p, why, "the date or the suspected cause of the infusion reaction")
    if not is_confirmed(p, _TOPIC, *_NAMES):
        return _open(p, "not confirmed", "whether the infusion reaction is confirmed")
    if not _is_severe(p):
        why = (
            "its severity is not clear" if p.grade_open or p.stated_grade else "its severity is not recorded"
        )
        return _open(p, why, "the grade of the infusion reaction")
    text = f"Severe infusion reaction ({_shown(p)})"
    return Event(Meaning.STOP, "POL-TOX-IRR-SEV", text, (p.reference,))


def _occurred(case: Case, p: Problem) -> When | None:
    """When an event was. One of the past ("history of anaphylaxis") was before the day of its record, how long is not known."""
    is_past = p.onset is None and naming(p, _TOPIC, *_NAMES) is Named.PAST
    if not (is_past and p.recorded is not None):
        return p.dated
    given = case.frame.history.given
    return p.recorded if given and p.recorded.is_before(given[0].day) is True else None


def _open(p: Problem, why: str, asks: str) -> Event:
    return Event(Meaning.UNDECIDED, "POL-TOX-IRR-SEV", f"{_called(p)}: {why}", (p.reference,), asks)


def _called(p: Problem) -> str:
    """The event by its own name where that says what it is."""
    own = _SAYS_SO.search(p.shown) is not None
    return upper_first(p.shown) if own else f"Infusion reaction ({p.shown})"


def _mild(case: Case, p: Problem, text: str) -> Event | None:
    """A reaction that is no stop matters from the last dose on."""
    given = case.frame.history.given
    if given and p.dated is not None and p.dated.is_before(given[-1].day) is True:
        return None
    return Event(Meaning.NOTE, "POL-TOX-IRR", text, (p.reference,))


def _is_severe(p: Problem) -> bool:
    """Whether it is severe by what is surely its own grade, or anaphylaxis."""
    anaphylaxis = naming(p, _TOPIC, "anaphylaxis") is Named.STATED or _ANAPHYLAXIS_CODES.has_any(p.codes)
    return p.stated_grade >= days("tox.grade_severe") or anaphylaxis


def _is_mild(p: Problem) -> bool:
    """Whether it is surely mild: graded so, nothing higher left open, and no anaphylaxis suspected."""
    spoken_of = (
        "anaphyla" in f"{p.words} {p.notes}".lower()
    )  # words that are not understood need not be of it
    suspected = spoken_of and naming(p, _TOPIC, "anaphylaxis") in (Named.SUSPECTED, Named.UNDECIDED)
    return p.stated_grade > 0 and not (p.grade_open or suspected or _is_severe(p))


def _shown(p: Problem) -> str:
    """The event with its severity, once."""
    severity = f"grade {p.grade}" if p.grade else p.severity
    return p.shown if not severity or severity in p.words.lower() else f"{p.shown}, {severity}"


def _suspects(p: Problem) -> _Suspects:
    return _suspects_of(f"{p.words} ; {p.notes}", p.suspects)


def _suspects_of(text: str, recorded: Iterable[str]) -> _Suspects:
    named = [
        c for c in (*recorded, *named_causes(text)) if not names_in(c, _TOPIC)
    ]  # "stopped due to anaphylaxis"
    unread = any(is_unread(s) for s in named)
    ours = any(_is_inotuzumab(s) for s in named)
    other = any(not (_is_inotuzumab(s) or _NO_AGENT.match(s) or is_unread(s)) for s in named)
    if not named and not _is_inotuzumab(text):
        name, *beside = (c.strip() for c in _CLAUSES.split(text))
        other = any(_OTHER_AGENT.search(c) for c in (name, *filter(_WHEN.match, beside)))
        other = other or any(_ALLERGEN.fullmatch(c) for c in beside)
        unread = not other and _OTHER_AGENT.search(text) is not None
    return _Suspects(ours, other, unread)


def _is_inotuzumab(text: str) -> bool:
    return _INOTUZUMAB.search(text) is not None or INOTUZUMAB in drugs_in_text(text)


def _at_dose(case: Case, when: When | None) -> bool | None:
    """Whether an event falls on the day of an inotuzumab dose or the next; None: cannot be determined."""
    history = case.frame.history
    window = timedelta(days=days("irr.window"))
    answers = [None if when is None else when.is_within(d.day, d.day + window) for d in history.given]
    more = [None] if history.undated or doses_unseen(case.chart, history) else []
    return any_true([*answers, *more])
