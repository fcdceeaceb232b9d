"""Which clinical concepts a code means, from the code tables.

Loaded once at import; read-only. Concept names are those of the tables' ``concept`` column.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from cds_service.clinical.terminology import rows
from cds_service.fhir.codings import System, codes_in, normal_code, system_of

CodeTable = Mapping[tuple[System, str], frozenset[str]]

# Rows kept in the tables as known traps; reading them as the concept would be wrong.
_TRAPS = {
    (System.LOINC, "13056-7"),  # platelets in plasma, not in blood
    (System.LOINC, "26746-8"),  # magnesium in red cells
    (System.LOINC, "44974-4"),  # pulse by palpation, misused for QTc
}


# Neutrophils without the bands: a lower bound of the ANC, so a concept apart from it.
_APART = {(System.LOINC, "30451-9"): "anc_segmented", (System.LOINC, "768-2"): "anc_segmented"}


@cache
def code_table(name: str) -> CodeTable:
    """(system, code) to concepts, for one of the terminology tables."""
    found: dict[tuple[System, str], set[str]] = {}
    for row in rows(name, unverified=name == "qt_drugs"):  # there only the QT level is unverified
        system = system_of(row["system"])
        if system is None:
            continue
        key = (system, normal_code(system, row["code"]))
        if key not in _TRAPS:
            found.setdefault(key, set()).add(_APART.get(key, row["concept"]))
    return {key: frozenset(concepts) for key, concepts in found.items()}


def concepts(concept: object, *tables: str) -> frozenset[str]:
    """The concepts that the codes of a CodeableConcept mean in these tables."""
    found: set[str] = set()
    for key in codes_in(concept):
        for name in tables:
            found |= code_table(name).get(key, frozenset())
    return frozenset(found)
