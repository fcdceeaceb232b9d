"""Which stops end a sentence, and which belong to an abbreviation ("no evid. of relapse")."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.clinical.reading.tokens import Shape, Token

# A stop after these ends no sentence when a small letter or a figure follows.
_ABBREVIATED = frozenset({
    "pt", "pts", "cand", "cont", "approx", "vs", "dr", "dx", "tx", "hx", "rx", "wt", "bx", "no", "nos", "incl",
    "excl", "resp", "eval", "temp", "neg", "pos", "st", "cf", "e.g", "i.e", "est", "max", "min", "c",
})  # fmt: skip
# Nor after these, which are no words, whatever follows.
_SHORTENED = frozenset({
    "evid", "ev", "susp", "poss", "prob", "signif", "clin", "morph", "prelim", "prev", "sx", "r/o", "e/o", "w/o", "h/o", "unlik", "monit", "prophy",
    "def", "assoc",
})  # fmt: skip
# Nor before these: no sentence begins so.
_GOING_ON = frozenset({"of", "for", "nor", "than"})
_BEFORE_NAMES = frozenset({"Dr", "dr", "Drs", "drs", "Mr", "Mrs", "Ms", "Prof"})  # "DR" is an antigen


def is_abbreviated(found: Sequence[Token], i: int) -> bool:
    """Whether the stop at a place belongs to the word before it."""
    if found[i].text != "." or i == 0 or i + 1 == len(found):
        return False
    before, following = found[i - 1], found[i + 1]
    if following.text in _GOING_ON or before.text in _BEFORE_NAMES:
        return True
    if before.word in _SHORTENED and following.shape is not Shape.END:
        return True
    small = following.text[0].islower() or following.shape in (Shape.NUMBER, Shape.SIGN)
    return before.word in _ABBREVIATED and small


def is_name_of_doctor(found: Sequence[Token], i: int) -> bool:
    """Whether a token is the name behind "Dr." or "Mrs"; who it was says nothing."""
    if i == 0 or not found[i].text[0].isupper():
        return False
    title = found[i - 2] if i > 1 and found[i - 1].text == "." else found[i - 1]
    return title.text in _BEFORE_NAMES
