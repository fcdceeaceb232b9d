"""What fits on a card: the parts of a detail within its number of words, the rest counted.

Knows length and urgency, nothing of what a part says. Nothing is left out without a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards.text import words
from cds_service.values import dataclass

_REST = "and {} more, see every criterion"
_RESERVED = words(_REST) + 1


@dataclass(frozen=True, slots=True)
class Part:
    """A paragraph or list line of a detail, as Markdown: its wordings, the longest first.

    ``rank`` 0 always stands, 1 comes before all others, which are shortened before one is left out.
    """

    wordings: tuple[str, ...]
    rank: int = 1


def fitted(parts: Sequence[Part], most: int) -> str:
    """The detail: every part that fits, in the order given; what does not fit as a number."""
    chosen = _chosen(parts, most)
    if _missing(parts, chosen):
        chosen = _chosen(parts, most - _RESERVED)
    return _joined(parts, chosen, _missing(parts, chosen))


def _chosen(parts: Sequence[Part], most: int) -> dict[int, str]:
    """The wording of each part that stands: what matters most in full, then of the rest as many as fit."""
    lengths = {wording: words(wording) for part in parts for wording in part.wordings}
    order = sorted(range(len(parts)), key=lambda i: parts[i].rank)
    first = [i for i in order if parts[i].rank <= 1]
    rest = [i for i in order if parts[i].rank > 1]
    chosen = {i: parts[i].wordings[-1] for i in order if parts[i].rank == 0}
    for here in (first, rest):
        for i in here:
            if i not in chosen:
                _take(chosen, i, parts[i].wordings[-1:], most, lengths)
        for i in here:
            if i in chosen:
                _take(chosen, i, parts[i].wordings, most, lengths)
    return chosen


def _missing(parts: Sequence[Part], chosen: dict[int, str]) -> int:
    return len(parts) - len(chosen)


def _take(
    chosen: dict[int, str], i: int, wordings: Sequence[str], most: int, lengths: Mapping[str, int]
) -> None:
    """The longest of the wordings that fits beside what is chosen."""
    used = sum([lengths[text] for at, text in chosen.items() if at != i])
    for wording in wordings:
        if used + lengths[wording] <= most:
            chosen[i] = wording
            return


def _joined(parts: Sequence[Part], chosen: dict[int, str], missing: int) -> str:
    """List lines one below another, paragraphs apart; the number of what is missing after the last list line."""
    lines = [chosen[i] for i in range(len(parts)) if i in chosen]
    if missing:
        at = max((n + 1 for n, line in enumerate(lines) if line.startswith("- ")), default=len(lines))
        lines.insert(at, f"- {_REST.format(missing)}")
    text = ""
    for before, line in zip(["", *lines], lines, strict=False):
        both_listed = before.startswith("- ") and line.startswith("- ")
        text += ("\n" if both_listed else "\n\n" if text else "") + line
    return text
