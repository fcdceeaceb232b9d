"""Named sets of codes, from the table ``code_sets``: what rules tell apart within or beside a concept.

A concept says what a code means wherever it stands; a set holds the codes that one question treats alike.
A code of the table that ends in ``*`` stands for all codes of its system, ICD-10-CM or ATC, that begin so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache

from cds_service.clinical.terminology import rows
from cds_service.fhir.codings import System, normal_code, system_of
from cds_service.values import dataclass

Code = tuple[System, str]


@dataclass(frozen=True, slots=True)
class CodeSet:
    """Single ``codes``, and beginnings of codes by system; ``bare`` are the single codes as the table writes them."""

    codes: frozenset[Code]
    beginnings: Mapping[System, tuple[str, ...]]
    bare: frozenset[str]

    def __contains__(self, code: Code) -> bool:
        system, text = code
        if code in self.codes:
            return True
        return system in self.beginnings and text.startswith(self.beginnings[system])

    def has_any(self, codes: Collection[Code]) -> bool:
        """Whether one of these codes, in normal form, belongs to the set."""
        if not self.codes.isdisjoint(codes):
            return True
        if self.beginnings:
            for system, text in codes:
                if system in self.beginnings and text.startswith(self.beginnings[system]):
                    return True
        return False


@cache
def code_set(*names: str) -> CodeSet:
    """The codes of one set, or of several together. Raises KeyError for a name that the table lacks."""
    held = [row for row in rows("code_sets") if row["concept"] in names]
    if missing := set(names) - {row["concept"] for row in held}:
        raise KeyError(f"no code set {', '.join(sorted(missing))}")
    single = [row for row in held if not row["code"].endswith("*")]
    begun = _by_system(row for row in held if row["code"].endswith("*"))
    return CodeSet(
        frozenset((system, code) for system, codes in _by_system(single).items() for code in codes),
        {system: tuple(code.removesuffix("*") for code in codes) for system, codes in begun.items()},
        frozenset(row["code"] for row in single),
    )


def code_shown(codes: Iterable[Code]) -> str:
    """The first of these codes in the order of the alphabet as a person reads it; empty where there is none."""
    pointed = (f"{c[:3]}.{c[3:]}" if system is System.ICD10CM and c[3:] else c for system, c in codes)
    return min(pointed, default="")


def _by_system(held: Iterable[Mapping[str, str]]) -> dict[System, list[str]]:
    """The codes of rows in normal form; a row of a system that is not read has none."""
    found: dict[System, list[str]] = {}
    for row in held:
        if (system := system_of(row["system"])) is not None:
            found.setdefault(system, []).append(normal_code(system, row["code"]))
    return found
