"""Which clinical concepts a code means, from the code tables.

Loaded once at import; read-only. Concept names are those of the tables' ``concept`` column.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from cds_service.clinical.terminology import rows
from cds_service.fhir.codings import System, codes_in, normal_code, system_of, words_in

_NOTHING: frozenset[str] = frozenset()
CodeTable = Mapping[tuple[System, str], frozenset[str]]

# Ends the concept of a row that is kept so that nobody takes its code for the concept it resembles.
_TRAP = "_trap"


@cache
def code_table(name: str) -> CodeTable:
    """(system, code) to concepts, for one of the terminology tables."""
    found: dict[tuple[System, str], set[str]] = {}
    for row in rows(name, unverified=name == "qt_drugs"):  # there only the QT level is unverified
        system = system_of(row["system"])
        if system is not None and not row["concept"].endswith(_TRAP):
            found.setdefault((system, normal_code(system, row["code"])), set()).add(row["concept"])
    return {key: frozenset(concepts) for key, concepts in found.items()}


@cache
def _together(tables: tuple[str, ...]) -> CodeTable:
    """Several tables as one."""
    found: dict[tuple[System, str], frozenset[str]] = {}
    for name in tables:
        for key, meant in code_table(name).items():
            found[key] = found.get(key, _NOTHING) | meant
    return found


@cache
def _names() -> Mapping[tuple[System, str], str]:
    """The names of conditions by their codes, as the table gives them."""
    coded = ((system_of(row["system"]), row) for row in rows("conditions"))
    return {(s, normal_code(s, row["code"])): row["display"] for s, row in coded if s is not None}


def condition_in(concept: object) -> str:
    """The words of a CodeableConcept that may name a condition; of a code alone its name in the table, if it stands there."""
    words = words_in(concept)
    return words or next((_names()[code] for code in codes_in(concept) if code in _names()), "")


@cache
def usual_code(table: str, concept: str) -> str:
    """The code that a table lists first for a concept: the one to ask for. Raises StopIteration for none."""
    return next(row["code"] for row in rows(table) if row["concept"] == concept)


def concepts(concept: object, *tables: str) -> frozenset[str]:
    """The concepts that the codes of a CodeableConcept mean in these tables."""
    codes = codes_in(concept)
    if not codes:
        return _NOTHING
    table, found = _together(tables), _NOTHING
    for key in codes:
        if key in table:
            found |= table[key]
    return found
