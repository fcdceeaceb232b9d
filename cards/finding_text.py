"""The words of cards made of findings, and of the checklist: what to do first, then why.

A summary says as much of the first finding as fits; the detail goes on from there and repeats nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cards.cited import ground, source
from cards.fitting import Part, fitted
from cards.items import name_of, to_do
from cards.text import SUMMARY_MOST, beginnings, counted, plain_line, sentence, shortened, shown, typeset
from cds_service.engine.determination import Determination, Finding, NeededItem
from cds_service.engine.wording import lower_first, upper_first

MOST_WORDS = 80
_OF_ONE = 45  # words of one finding
_OF_AN_ITEM = 30
_OF_A_NAME = 10
_ACTIONS = ("Stop", "Do not", "Hold", "Reduce")


def strongest_first(found: Sequence[Finding]) -> list[Finding]:
    """Critical, warning, info; among equals stop, hold and reduce before the rest."""
    return sorted(found, key=lambda f: (-f.indicator.rank, _strength(f)))


def _strength(f: Finding) -> int:
    ranked = (n for n, word in enumerate(_ACTIONS) if f.action.startswith(word))
    return next(ranked, len(_ACTIONS) + (not f.action))


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


def lines(d: Determination, found: Sequence[Finding], told: str) -> str:
    """One line for each finding, without what the summary said of the first; what does not fit is counted."""
    first, *others = found
    rest = plain_line(first.text).removeprefix(told).lstrip(" .;:")
    because = _cited(d, first, upper_first(shortened(rest, _OF_ONE))) if rest else ground(d, first)
    parts = [Part((f"- {shown(because)}",), rank=0), *(_line(d, f) for f in others)]
    return fitted(parts, MOST_WORDS)


def _line(d: Determination, f: Finding) -> Part:
    lead = f"- **{shown(f.action)}:** " if f.action else "- "
    text = shortened(f.text, _OF_ONE).rstrip(".")
    brief = f"- {shown(f.action or upper_first(shortened(f.text, 12)))} ({source(d, f)})."
    said = lower_first(text) if f.action else upper_first(text)
    return Part((f"{lead}{shown(_cited(d, f, said))}", brief))


def _cited(d: Determination, f: Finding, text: str) -> str:
    """A text with what it rests on, unless it ends by saying so."""
    line, rests_on = text.rstrip("."), source(d, f)
    return (
        f"{line}."
        if line.endswith(("recommendation, not policy", f"({rests_on})"))
        else f"{line} ({rests_on})."
    )


def documentation_summaries(d: Determination, name: str) -> Iterator[str]:
    """What to add to the record, by name; where that is too long, how much."""
    decides = [n for n in d.needed if n.decides]
    lead = f"Add to the record{name}" if decides else f"Attach if on hand{name}, nothing depends on it"
    wanted = decides or d.needed
    yield f"{lead}: {', '.join(name_of(d, n) for n in wanted)}"
    yield f"{lead}: {counted(len(wanted), 'item', 'items')}, see the checklist"


def checklist(d: Determination) -> str:
    """One line for each item, those that decide first; what does not fit is counted."""
    items = sorted(d.needed, key=lambda n: not n.decides)
    several = any(n.decides for n in items)
    parts = [_item(d, n, several) for n in items]
    if d.attach:
        held = "; ".join(shortened(a, _OF_A_NAME) for a in d.attach)
        parts.append(Part((f"Attach what is on record: {shown(held)}.",), rank=2))
    return fitted(parts, MOST_WORDS)


def _item(d: Determination, need: NeededItem, several: bool) -> Part:
    aside = " (for information)" if several and not need.decides else ""
    what = f"- [ ] **{to_do(d, need)}{aside}.**"
    return Part((f"{what} {shown(sentence(shortened(need.because, _OF_AN_ITEM)))}", what))
