"""How units, names and states are written for a reader of the page. Changes no value and no date.

Knows how units are written in print, short names for what the policy measures, and which states of a
resource are the normal ones and need no word.
"""

from __future__ import annotations

import re

from cards.text import kinds_in_words
from cds_service.clinical.terms import concepts

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_POWER = re.compile(r"(?:(?<=\d)x|(?<![\w.])x?)10\*(\d+)(?=/)")
_TIMES_SIGN = "\N{MULTIPLICATION SIGN}"
_SQUARE = re.compile(r"\bm2\b")
_TIMES = re.compile(r"(?<=\S) x (?=\d|usual)")
_SENTENCE_END = re.compile(r"(?<=\w\w|.[)%])\.\s+(?=[A-Z])")
_CLASS_OF_CONCEPT = re.compile(
    r" \((?:qualifier value|disorder|finding|procedure|situation|observable entity)\)$"
)

_NORMAL_STATES = frozenset({"final", "current", "active", "completed", "confirmed", "finished"})

_SHORT = {
    "platelets": "Platelets",
    "anc": "Neutrophils (ANC)",
    "marrow_blasts_pct": "Marrow blasts",
    "pb_blasts_pct": "Blood blasts",
    "bilirubin_total": "Bilirubin",
    "alt": "ALT",
    "ast": "AST",
    "qtc_fridericia": "QTcF",
    "qtc_bazett": "QTcB",
    "potassium": "Potassium",
    "magnesium": "Magnesium",
    "calcium": "Calcium",
    "body_height": "Height",
    "body_weight": "Weight",
    "hemoglobin": "Hemoglobin",
    "wbc": "White blood cells",
    "cd22_blasts_pct": "CD22 on blasts",
    "mrd": "MRD",
    "bcr_abl1_transcript": "BCR::ABL1 transcript",
    "bcr_abl1_fish": "BCR::ABL1 by FISH",
}


def units(text: str) -> str:
    """A text with powers, squares, the times sign and plus-or-minus as they are printed: ``10⁹/L``, ``m²``, ``±``."""
    raised = _POWER.sub(_power, kinds_in_words(text))
    return _TIMES.sub(f" {_TIMES_SIGN} ", _SQUARE.sub("m²", raised).replace("+/-", "±"))


def _power(match: re.Match[str]) -> str:
    apart = " " if match.start() and match.string[match.start() - 1].isdigit() else ""
    return f"{apart}{_TIMES_SIGN}10{match[1].translate(_RAISED)}"


def short_name(code: object) -> str:
    """The short name of what a code measures; empty for what the policy does not know."""
    known = sorted(_SHORT[concept] for concept in concepts(code, "labs") if concept in _SHORT)
    return known[0] if known else ""


def as_said(name: str) -> str:
    """A terminology's name as one says it.

    ``Negative (qualifier value)`` as ``Negative``, ``Provider-unspecified Progress note`` as ``Progress note``.
    """
    return _CLASS_OF_CONCEPT.sub("", name).removeprefix("Provider-unspecified ")


def first_sentence(text: str) -> str:
    """The first sentence of a text without its full stop; a decimal point ends none."""
    return _SENTENCE_END.split(text, maxsplit=1)[0].removesuffix(".")


def not_normal(state: str) -> str:
    """The state of a resource where it is worth a word: ``preliminary``, ``not-done``, ``stopped``."""
    return "" if state.casefold() in _NORMAL_STATES else state
