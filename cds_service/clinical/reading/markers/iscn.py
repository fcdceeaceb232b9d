"""Cytogenetics in its own notation (ISCN): what a karyotype or a FISH result says of BCR::ABL1.

Knows chromosomes 9 and 22 and their breakpoints q34 and q11; other changes only as "another change".
A karyotype denies the fusion only where it shows neither breakpoint changed, is complete, and rests
on enough cells or on a clone. Source: docs/record-reading.md#statements, step 13.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

_CHROMOSOME = r"\??(?:\d{1,2}|[XYv])"  # v: a further one, whichever it is
_SEVERAL = rf"\(\s?{_CHROMOSOME}(?:\s?[;:,]\s?{_CHROMOSOME}){{1,4}}\s?\)"
_POINTS = r"\s?\(\s?\??[pqv][^()\n]{0,60}\)"
_TRANSLOCATION = rf"(?:t|dic|ins)\s?{_SEVERAL}(?:{_POINTS})?"
_OF_ONE = rf"(?:ider|idic|der|del|add|inv|dup|ins|trp)\s?\(\s?{_CHROMOSOME}\s?\)(?:{_POINTS})?(?:{_TRANSLOCATION}){{0,2}}"
_CELLS = r"\s?\[(?:cp)?\d{1,3}\]"
_ITEM = r"[+\-?]|[a-z]{1,5}\(|inc|mar|dmin|idem|sl|sdl|\d{1,2}(?:~\d{1,2})?(?:dmin|mar)|[XY]\b"
_KARYOTYPE = (
    r"(?://\s?)?\b\d{2}(?:[~-]\d{2})?(?:<\dn>)?,\s?[XY]{1,4}(?![a-z])"
    rf"(?:\([^()\n]{{1,60}}\)|{_CELLS}|,\s?(?={_ITEM})|\s?//?\s?(?=\d{{2}}[,~<-]|sl\b|idem\b)|,\s?(?=[XY]{{1,4}}\b)|[\w+~?*<>\-]){{0,400}}"
)
_PROBES = r"[\w.]{0,10}\((?:[^()\n]|\([^()\n]{0,30}\)){1,80}\)(?:x\d(?:[~-]\d)?)?[,;]?\s?"
_FISH = rf"\b(?:nuc\s)?ish\s?(?:{_PROBES}){{1,8}}(?:\[[^\[\]\n]{{1,20}}\])?"
_LOCUS = r"(?<![\w.])(?:\d{1,2}|[XY])[pq]\d{1,2}(?:\.\d{1,2})?(?![\w.]\w)"
# One token of a text; no group captures, and every repetition is bounded.
NOTATION = rf"{_KARYOTYPE}|{_FISH}|(?<![A-Za-z])(?:{_TRANSLOCATION}|{_OF_ONE})|{_LOCUS}"

ENOUGH_CELLS = 20  # metaphases
LEAST_SHARE = 5  # per cent of nuclei: below, a fusion signal may lie within the cut-off of the probe


class Meaning(Enum):
    """What a notation says of BCR::ABL1. ``NAME``: the translocation is named, without a count or a karyotype."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NAME = "name"
    OTHER = "other"  # another change
    SILENT = "silent"  # a test that settles nothing
    LOCUS = "locus"


def meaning(text: str) -> Meaning:
    """What one notation says. ``text`` is a token that :data:`NOTATION` matched."""
    if re.match(r"(?:nuc\s)?ish\b", text, re.IGNORECASE):
        return _of_fish(text)
    if re.match(r"(?://\s?)?\d{2}[~<,-]", text):
        return _of_karyotype(text)
    if re.fullmatch(_LOCUS, text, re.IGNORECASE):
        return Meaning.LOCUS
    return Meaning.NAME if _is_fusion(text) else Meaning.OTHER


def _of_fish(text: str) -> Meaning:
    if not ("ABL1" in text.upper() and "BCR" in text.upper()):
        return Meaning.OTHER
    if re.search(r"\bsep\b", text, re.IGNORECASE):
        return Meaning.SILENT
    if re.search(r"\bcon\b", text, re.IGNORECASE) is None:
        return Meaning.NEGATIVE
    fused = re.search(
        r"(?:ABL1 con (?:\w{1,6} con )?BCR|BCR con (?:\w{1,6} con )?ABL1)(x0)?", text, re.IGNORECASE
    )
    if fused and fused[1]:
        return Meaning.NEGATIVE
    return Meaning.POSITIVE if fused and _is_above_cut_off(text) else Meaning.SILENT


def _is_above_cut_off(text: str) -> bool:
    cells = re.search(r"\[(\d{1,4})/(\d{1,4})\]", text)
    return cells is None or int(cells[1]) * 100 >= LEAST_SHARE * int(cells[2]) > 0


# ---- Karyotypes ------------------------------------------------------------------------------------


def _of_karyotype(text: str) -> Meaning:
    text = text.partition("//")[0]  # behind it are a donor's cells
    changes = [c for c in _changes(text) if c]
    if any(_is_fusion(change) for change in changes):
        return Meaning.POSITIVE
    if re.search(r"\binc\b|\?", text) or any(_touches(change) for change in changes):
        return Meaning.SILENT
    cells = sum(int(n) for n in re.findall(r"\[(?:cp)?(\d{1,3})\]", text))
    return Meaning.NEGATIVE if changes or cells >= ENOUGH_CELLS else Meaning.SILENT


def _changes(text: str) -> Iterator[str]:
    """The changes of all clones, without chromosome number, sex chromosomes and counts of cells."""
    for clone in re.split(r"//?", re.sub(_CELLS, "", text)):
        for item in re.split(r",(?![^()]*\))", clone)[1:]:
            change = item.strip()
            if not re.fullmatch(r"[XY]{1,4}|idem|sl|sdl\d?", change):
                yield change


def _touches(change: str) -> bool:
    """Whether a change may lie at 9q34 or 22q11: there, at an unnamed place of these, or by a loss of the long arm."""
    if re.match(r"-(?:9|22)\b|[+-]?(?:del|add)\((?:9|22)\)\(q", change):
        return True
    points = list(_breakpoints(change))
    placed = {chromosome for chromosome, point in points if point}
    if {"9", "22"} <= placed:
        return True  # joined elsewhere than at q34 and q11
    unplaced = {chromosome for chromosome, point in points if not point} - placed
    return bool({"9", "22"} & unplaced) or any(
        _is_at(point, *place) for place in points for point in ("9q34", "22q11")
    )


def _is_at(point: str, chromosome: str, band: str) -> bool:
    return any(f"{chromosome}{part}".startswith(point) for part in re.findall(r"[pq]\d{1,2}", band))


def _is_fusion(change: str) -> bool:
    """Whether a change joins 9 and 22, at q34 and q11 or at places that it does not name."""
    if "?" in change:
        return False
    for match in re.finditer(rf"(?:t|ins)\s?({_SEVERAL})({_POINTS})?", change, re.IGNORECASE):
        places = dict(_paired(match[1], match[2]))
        if {"9", "22"} <= places.keys():
            return not match[2] or (_is_at("9q34", "9", places["9"]) and _is_at("22q11", "22", places["22"]))
    return False


def _breakpoints(change: str) -> Iterator[tuple[str, str]]:
    """The chromosomes that a structural change names, each with its breakpoints (empty when not named)."""
    for match in re.finditer(
        rf"(\(\s?{_CHROMOSOME}(?:\s?[;:,]\s?{_CHROMOSOME}){{0,4}}\s?\))({_POINTS})?", change
    ):
        yield from _paired(match[1], match[2])


def _paired(chromosomes: str, points: str | None) -> list[tuple[str, str]]:
    names = re.findall(r"\d{1,2}|[XYv]", chromosomes)
    bands = re.split("[;:,]", points.strip(" ()")) if points else []
    if len(names) == 1:
        return [(names[0], ";".join(bands))]
    return [(name, bands[i] if i < len(bands) else "") for i, name in enumerate(names)]
