"""The organs in which extramedullary disease is said to be, or not to be.

Absence in one organ says nothing of the others. A side belongs to its organ where the text names one side only.
Source: docs/record-reading.md#statements, step 11.
"""

from __future__ import annotations

import re

from cds_service.clinical.reading.mentioned import names_in
from cds_service.clinical.reading.topics import SITES

CNS = "cns"
_SIDES = frozenset({"left", "right"})
_SHAPE = "chloroma"  # a mass, which may lie anywhere; beside an organ the organ tells where
_WORD = re.compile(r"[a-z]+")
_NOWHERE = "tissue"  # an infiltrate or a biopsy, of what is not told


def sites_in(text: str) -> frozenset[str]:
    """The sites that a text names, such as ``cns`` or ``breast left``; empty when it names none."""
    named = names_in(text, SITES)
    sides, organs = named & _SIDES, named - _SIDES - {_NOWHERE}
    organs = organs - {_SHAPE} or organs
    side = f" {min(sides)}" if len(sides) == 1 else ""
    return frozenset(f"{organ}{side}" for organ in organs)


_MARROW = frozenset({"marrow", "bm", "bmbx", "bma", "blood", "pb", "smear"})
_OUTSIDE = frozenset({"extramedullary", "extranodal", "emd", "csf", "fluid"})


def is_of_marrow(said: str, text: str) -> bool:
    """Whether an infiltrate of no named organ is one of marrow or blood ("bone marrow positive for lymphoblasts").

    ``text`` is all in which it is said.
    """
    return _names_marrow_only(said) or (_is_nowhere(said) and _names_marrow_only(text))


def _names_marrow_only(text: str) -> bool:
    text = text.lower().replace("iliac", "")  # where marrow is taken from
    return not _MARROW.isdisjoint(_WORD.findall(text)) and _is_nowhere(text)


def _is_nowhere(text: str) -> bool:
    outside = not _OUTSIDE.isdisjoint(_WORD.findall(text.lower())) or sites_in(text)
    return not outside and _NOWHERE in names_in(text, SITES)


def is_within(site: str, other: str) -> bool:
    """Whether a site is the other or one side of it."""
    return site == other or site.startswith(f"{other} ")
