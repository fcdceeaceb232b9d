"""Where a stop ends no sentence: after an abbreviation ("no evid. of relapse")."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.clinical.reading.tokens import Shape, Token

# A stop after these ends no sentence when a small letter or a figure follows.
_ABBREVIATED = frozenset({
    "pt", "pts", "cand", "cont", "approx", "vs", "dr", "dx", "tx", "hx", "rx", "wt", "bx", "no", "nos", "incl",
    "excl", "resp", "eval", "temp", "neg", "pos", "st", "cf", "e.g", "i.e", "est", "max", "min",
})  # fmt: skip
# Nor after these, which are no words, whatever follows.
_SHORTENED = frozenset({
    "evid", "ev", "susp", "poss", "prob", "signif", "clin", "morph", "prelim", "prev", "sx", "r/o", "e/o", "w/o", "h/o", "unlik", "monit", "prophy",
    "def", "assoc",
})  # fmt: skip
# Nor before these: no sentence begins so.
_GOING_ON = frozenset({"of", "for", "nor", "than"})


def is_abbreviated(found: Sequence[Token], i: int) -> bool:
    """Whether the stop at a place belongs to the word before it."""
    if found[i].text != "." or i == 0 or i + 1 == len(found):
        return False
    following = found[i + 1]
    if following.text in _GOING_ON or (found[i - 1].word in _SHORTENED and following.shape is not Shape.END):
        return True
    small = following.text[0].islower() or following.shape in (Shape.NUMBER, Shape.SIGN)
    return found[i - 1].word in _ABBREVIATED and small
