"""Which stops end a sentence, and which an abbreviation. Knows no medicine."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.clinical.reading.tokens import Shape, Token

# A stop after these ends no sentence when a small letter or a figure follows.
_ABBREVIATED = frozenset({
    "pt", "pts", "cand", "cont", "approx", "vs", "dr", "dx", "tx", "hx", "rx", "wt", "bx", "no", "nos", "incl",
    "excl", "resp", "eval", "temp", "neg", "pos", "st", "cf", "e.g", "i.e", "est", "max", "min",
})  # fmt: skip
_BEFORE_NAMES = frozenset({"Dr", "dr", "Drs", "drs", "Mr", "Mrs", "Prof"})  # "DR" is an antigen


def is_abbreviated(found: Sequence[Token], i: int) -> bool:
    """Whether a stop only ends an abbreviation ("pt. was seen")."""
    if found[i].text != "." or i == 0 or i + 1 == len(found):
        return False
    following = found[i + 1]
    small = following.text[0].islower() or following.shape in (Shape.NUMBER, Shape.SIGN)
    before = found[i - 1]
    return before.text in _BEFORE_NAMES or (before.word in _ABBREVIATED and small)


def is_name_of_doctor(found: Sequence[Token], i: int) -> bool:
    """Whether a token is the name behind "Dr."; who it was says nothing."""
    return (
        i > 1
        and found[i - 1].text == "."
        and found[i - 2].text in _BEFORE_NAMES
        and found[i].text[0].isupper()
    )
