"""The words of cards made of findings, and of the checklist: what to do first, then why.

A summary says as much of the first finding as fits; the detail goes on from there and repeats nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cards.cited import BASIS, ground, source
from cards.fitting import Part, fitted
from cards.items import look_for, name_of, to_do
from cards.text import (
    SUMMARY_MOST,
    beginnings,
    counted,
    listings,
    plain_line,
    sentence,
    shortened,
    shown,
    typeset,
    words,
)
from cds_service.engine.determination import ACTS, Determination, Finding, NeededItem
from cds_service.engine.wording import lower_first, upper_first

MOST_WORDS = 80
_OF_ONE = 45  # words of one finding
_OF_AN_ITEM = 30
_OF_A_NAME = 10
_OF_A_BRIEF = 12


def strongest_first(found: Sequence[Finding]) -> list[Finding]:
    """Critical, warning, info; among equals stop, hold and reduce before the rest."""
    return sorted(found, key=lambda f: (-f.indicator.rank, _strength(f)))


def _strength(f: Finding) -> int:
    """The place of what to do among ``ACTS``; from "check" on all alike, then what asks for nothing."""
    first_mild = ACTS.index("Check")
    return min(ACTS.index(f.act), first_mild) if f.act else first_mild + 1


def opening(f: Finding, name: str) -> tuple[str, str]:
    """The summary of a card by its first finding, and the beginning of the finding's text that it says."""
    action = f.action or "For information"
    lead = f"{action}{name}"
    joint = ", " if ": " in action else ": "
    for beginning in beginnings(f.text):
        said = f"{lead}{joint}{lower_first(beginning)}"
        if len(typeset(said)) <= SUMMARY_MOST:
            return said, beginning
    return lead, ""


def lines(
    d: Determination, found: Sequence[Finding], told: str, about: str = "", notes: Sequence[str] = ()
) -> str:
    """One line for each finding, what the summary told left out of the first; what does not fit is counted.

    ``about`` says which order the card is about, ``notes`` what else a reader should know.
    """
    parts = _about(about)
    for first in found[:1]:
        rest = plain_line(first.text).removeprefix(told).lstrip(" .;:")
        because = _cited(d, first, upper_first(shortened(rest, _OF_ONE))) if rest else ground(d, first)
        parts.append(Part((f"- {shown(because)}",), rank=0))
    parts += (_line(d, f) for f in found[1:])
    parts += (note(text) for text in notes)
    return fitted(parts, MOST_WORDS)


def _about(order: str) -> list[Part]:
    return [Part((shown(order),), rank=0)] if order else []


def note(text: str) -> Part:
    """What the reader should know of how the order was read, as a line of a detail."""
    return Part((f"- {shown(text)}", f"- {shown(sentence(shortened(text, 24)))}"), rank=3)


def _line(d: Determination, f: Finding) -> Part:
    lead = f"- **{shown(f.action)}:** " if f.action else "- "
    text = shortened(f.text, _OF_ONE).rstrip(".")
    brief = f"- {shown(f.action or upper_first(shortened(f.text, 12)))} ({BASIS[f.basis]})."
    said = lower_first(text) if f.action else upper_first(text)
    first = next((b for b in beginnings(f.text) if words(b) <= _OF_A_BRIEF), "") if f.action else ""
    reasoned = (f"{lead}{shown(_cited(d, f, lower_first(first)))}",) if first else ()
    return Part((f"{lead}{shown(_cited(d, f, said))}", *reasoned, brief))


def _cited(d: Determination, f: Finding, text: str) -> str:
    """A text with what it rests on, unless it ends by saying so."""
    line, rests_on = text.rstrip("."), source(d, f)
    return f"{line}." if line.endswith(f"({rests_on})") else f"{line} ({rests_on})."


def documentation_summaries(d: Determination, name: str) -> Iterator[str]:
    """What to add to the record, by name as far as it fits."""
    decides = [n for n in d.needed if n.decides]
    wanted = decides or d.needed
    lead = f"Add to the record{name}" if decides else f"Attach if available{name}, not required"
    lacking, hidden = [n for n in wanted if not n.may_be_there], [n for n in wanted if n.may_be_there]
    if not lacking:
        partly = ", not all could be seen" if any(n.unseen for n in hidden) else ""
        lead = f"Look in the EHR{name}{partly}"
    elif hidden:
        yield f"{lead}: {', '.join(name_of(d, n) for n in lacking)}; {lower_first(look_for(d, hidden))}"
        wanted = lacking
    yield from (f"{lead}: {named}" for named in listings([name_of(d, n) for n in wanted]))


def checklist(d: Determination, about: str = "") -> str:
    """One line for each item, those that decide first; what does not fit is counted.

    Items that wait for data that could not be seen share one line.
    """
    items = sorted(d.needed, key=lambda n: not n.decides)
    several = any(n.decides for n in items)
    told = [n.because for n in items]
    parts = [
        *_about(about),
        *(_item(d, n, several, again=n.because in told[:at]) for at, n in enumerate(items) if not n.unseen),
    ]
    parts += _look_for(d, [n for n in items if n.unseen], several)
    if d.attach:
        held = "; ".join(shortened(a, _OF_A_NAME) for a in d.attach)
        parts.append(Part((f"Attach what is on record: {shown(held)}.",), rank=2))
    return fitted(parts, MOST_WORDS)


def _look_for(d: Determination, hidden: Sequence[NeededItem], several: bool) -> Iterator[Part]:
    if len(hidden) == 1:
        yield _item(d, hidden[0], several)
    elif hidden:
        yield Part(
            (f"- [ ] **{look_for(d, hidden)}.**", f"- [ ] **Look in the EHR for {len(hidden)} items.**")
        )
    if hidden:
        yield from unseen(d)


def unseen(d: Determination) -> Iterator[Part]:
    """Each kind of data with its reason; those of one reason together."""
    kinds: dict[str, list[str]] = {}
    for kind, reason in d.unseen:
        kinds.setdefault(reason, []).append(kind)
    if kinds:
        told = "; ".join(f"{', '.join(named)}: {reason}" for reason, named in kinds.items())
        few = f"{counted(len(d.unseen), 'kind', 'kinds')} of data ({next(iter(kinds))})"
        yield Part((f"Could not be seen: {shown(told)}.", f"Could not be seen: {shown(shortened(few, 16))}."))


def _item(d: Determination, need: NeededItem, several: bool, *, again: bool = False) -> Part:
    """One item; ``again`` says that the reason stands on an earlier line."""
    aside = " (for information)" if several and not need.decides else ""
    what = f"- [ ] **{to_do(d, need)}{aside}.**"
    if again:
        return Part((what,))
    return Part((f"{what} {shown(sentence(shortened(need.because, _OF_AN_ITEM)))}", what))
