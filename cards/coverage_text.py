"""The words of the coverage card: the verdict, what is open or not met, what is met, the dose, the payer.

Nothing is said of a path that was not taken. Ids are in the extension, not in these words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from cards.cited import source
from cards.dose_text import dose_line
from cards.finding_text import note, unseen
from cards.fitting import Part, fitted
from cards.items import keeping_open, look_for, name_of
from cards.text import beginnings, listings, sentence, shortened, shown
from cds_service.engine.carrying import bearing, foremost_failure
from cds_service.engine.determination import CardKind, CriterionResult, Determination, Indicator
from cds_service.engine.verdict import Verdict
from cds_service.engine.wording import lower_first, upper_first

MOST_WORDS = 120
_REASON_WORDS = 46  # of one criterion that is open or not met
_PAYER_WORDS = 24
_FEW_WORDS = 15  # of a reason where room is short
_BRIEF_WORDS = 10  # of a document's name
_MOST_FAILED = 3  # criteria that fail and stand before what is met
_RANK = {Verdict.NOT_MET: 0, Verdict.UNKNOWN: 1, Verdict.MET: 2}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def place(d: Determination) -> str:
    """``cycle 2 day 8``, as far as it is known."""
    if d.cycle is not None and d.day is not None:
        return f"cycle {d.cycle} day {d.day}"
    if d.cycle is not None:
        return f"cycle {d.cycle}"
    return f"day {d.day}" if d.day is not None else ""


def summaries(d: Determination, name: str) -> Iterator[str]:
    """The coverage sentence, longest first."""
    drug = f"{d.policy.drug.coded}{name}"
    match d.coverage:
        case Verdict.MET:
            said = f"{drug}: record appears to meet {d.policy.id} section {d.outline.section}"
            yield from (f"{said}, {d.path}", said) if d.path else (said,)
        case Verdict.NOT_MET:
            yield from _not_met(d, drug)
        case _:
            yield from _unknown(d, drug)


def _unknown(d: Determination, drug: str) -> Iterator[str]:
    said = f"{drug}: coverage cannot be determined"
    decides = keeping_open(d)
    lacking = [name_of(d, n) for n in decides if not n.may_be_there]
    hidden = [n for n in decides if n.may_be_there]
    if lacking and hidden:
        yield f"{said}; open: {', '.join(lacking)}; {lower_first(look_for(d, hidden))}"
    if lacking:
        yield f"{said} from the record, which leaves open: {', '.join(lacking)}"
        yield from (f"{said}; open: {named}" for named in listings(lacking))
    elif hidden:
        names = [name_of(d, n) for n in hidden]
        yield from (f"{said}; look in the EHR for {named}" for named in listings(names))
    yield f"{said} from the record"


def _not_met(d: Determination, drug: str) -> Iterator[str]:
    if first := foremost_failure(d.outline):
        for because in beginnings(first.because):
            place = first.section if not first.names_section_in(because) else "the policy"
            yield f"{drug}: does not appear to meet {place}: {lower_first(because)}"
        yield f"{drug}: does not appear to meet {first.section} ({lower_first(first.title)})"
    yield f"{drug}: record does not appear to meet {d.policy.id} section {d.outline.section}"


def detail(d: Determination) -> str:
    """The body of the coverage card."""
    first = foremost_failure(d.outline)
    told = bearing(d.outline, d.criteria)
    opened = sorted(
        (c for c in told if c.verdict is not Verdict.MET), key=lambda c: (_RANK[c.verdict], c is not first)
    )
    parts = [
        Part((_opening(d),), rank=0),
        *(_open_line(d, c, _rank(n, c)) for n, c in enumerate(opened)),
        *_met_line(d, told),
        *_dose(d),
        *_payer(d),
        *_attach(d),
        *unseen(d),
        *_reminders(d, {c.because for c in opened}),
        Part((_footer(d),), rank=0),
    ]
    return fitted(parts, MOST_WORDS)


def _rank(place: int, c: CriterionResult) -> int:
    """How much an open criterion matters: the first most, and what fails before what is met."""
    if place == 0:
        return 1
    return 2 if c.verdict is Verdict.NOT_MET and place < _MOST_FAILED else 3


def _opening(d: Determination) -> str:
    where = place(d) or "cycle and day not known"
    return f"{upper_first(d.request)} request, {where}, planned {d.planned}."


def _open_line(d: Determination, c: CriterionResult, rank: int) -> Part:
    """What was found against the limit, and what would settle or change it: nothing new where it may be there."""
    place = "" if c.names_section_in(c.because) else f", {c.section}"
    lead = f"- **{'Not met' if c.verdict is Verdict.NOT_MET else 'Cannot be determined'}{place}:** "
    label = "Needed:" if c.verdict is Verdict.UNKNOWN else "Would change it:"
    asked = [n for n in d.needed if n.item in c.needed]
    is_hidden = bool(asked) and all(n.may_be_there for n in asked)
    settled = f" {label} {shown(lower_first(c.changes).rstrip('.'))}." if c.changes and not is_hidden else ""
    because, brief = (
        f"{lead}{shown(sentence(shortened(c.because, most)))}" for most in (_REASON_WORDS, _FEW_WORDS)
    )
    return Part(tuple(dict.fromkeys((because + settled, because, brief))), rank)


def _met_line(d: Determination, told: Collection[CriterionResult]) -> Iterator[Part]:
    """What is met, in words; by its section alone where room is short and nothing of the section is open."""
    met = [c for c in told if c.verdict is Verdict.MET]
    not_met = {section for c in told if c.verdict is not Verdict.MET for section in c.section.split(", ")}
    if met:
        names = [d.policy.rules[c.id].brief if c.id in d.policy.rules else c.title for c in met]
        brief = [f"{name} ({c.section})" for name, c in zip(names, met, strict=True)]
        dated = [
            named.replace(" (", f", {day} (", 1) if (day := _newest(d, c)) else named
            for c, named in zip(met, brief, strict=True)
        ]
        shortest = (
            named if (last := c.section.split(", ")[-1]) in not_met else last
            for c, named in zip(met, brief, strict=True)
        )
        sections = f"Met: {', '.join(dict.fromkeys(shortest))}."
        wordings = (dated, brief, dict.fromkeys(names))
        yield Part((*(f"Met: {shown('; '.join(said))}." for said in wordings), sections), rank=2)


def _newest(d: Determination, c: CriterionResult) -> str:
    """The newest day in a reason, which is that of its newest evidence; empty where that says nothing."""
    if c.id not in d.policy.rules or not d.policy.rules[c.id].dated:
        return ""
    return max((day for day in _DAY.findall(c.because) if day != d.planned[:10]), default="")


def _dose(d: Determination) -> Iterator[Part]:
    if said := dose_line(d):
        yield Part((shown(said),))


def _payer(d: Determination) -> Iterator[Part]:
    if d.payer is not None:
        yield Part(
            (shown(sentence(d.payer.because)), shown(sentence(shortened(d.payer.because, _PAYER_WORDS))))
        )


def _attach(d: Determination) -> Iterator[Part]:
    if d.attach and not d.needed:  # else the checklist says so
        yield Part((f"Attach: {shown('; '.join(shortened(a, _BRIEF_WORDS) for a in d.attach))}.",), rank=2)


def _reminders(d: Determination, told: Collection[str]) -> Iterator[Part]:
    for f in d.findings_on(CardKind.COVERAGE):
        if f.kind != "coverage" and f.text not in told:
            line = f"{shortened(f.text, _REASON_WORDS).rstrip('.')} ({source(d, f)})."
            yield Part((f"- {shown(upper_first(line))}",), rank=2 if f.indicator is Indicator.WARNING else 4)
    yield from (replace(note(text), rank=1) for text in d.notes)


def _footer(d: Determination) -> str:
    """Number and date of the policy, and what holds of every answer."""
    stated = f"Policy {d.policy.id}, effective {d.policy.effective}; this neither approves nor denies."
    return f"{stated} {sentence(d.policy.footer)}" if d.policy.footer else stated
