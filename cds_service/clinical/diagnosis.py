"""What the record calls the disease: the leukemia, its lineage, and other diseases that stand alone.

Groups conditions and immunophenotype texts; decides nothing (policy analysis 2.4, DX, reads this).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cds_service.clinical.chart import Chart
from cds_service.clinical.markers import marker_sign
from cds_service.clinical.problems import Problem
from cds_service.clinical.words import Said, phrase, says
from cds_service.fhir.codings import System
from cds_service.fhir.dates import When

# "Lymphocytic" and "lymphoid" leukemia may be chronic: only with "acute" do they name ALL.
_ACUTE = r"(?:acute lympho(?:blastic|cytic|id)|lymphoblastic) leuk(?:a)?emia"
_ABBREVIATED = r"(?-i:ALL)"  # the word "all" is no diagnosis


def _of_lineage(letter: str) -> re.Pattern[str]:
    cell = rf"{letter}(?:[ -]?(?:cell|precursor|lineage|lymphoid))*"
    return phrase(
        rf"(?:precursor |early |common |pre[ -]?|pro[ -]?)*{cell}[ -]?(?:{_ACUTE}|acute[ -]{_ACUTE})(?:/lymphoma)?",
        rf"acute {cell}[ -]lympho(?:blastic|cytic|id) leuk(?:a)?emia",
        rf"{_ACUTE},? (?:of )?(?:precursor )?{cell}(?: type)?",
        rf"(?:precursor |early |common |pre[ -]?|pro[ -]?)*{cell}[ -]?{_ABBREVIATED}",
        rf"{_ABBREVIATED},? (?:of )?{cell}",
    )


_B_ALL = _of_lineage("B")
_T_ALL = _of_lineage("T")
_BCP = phrase(r"BCP[ -]?(?-i:ALL)")
_ETP = phrase(
    r"ETP[ -]?(?-i:ALL)",
    r"(?:precursor )?T[ -]?(?:cell )?lymphoblastic (?:leuk(?:a)?emia|lymphoma)(?:/lymphoma)?",
)
_ALL = phrase(r"acute lympho(?:blastic|cytic|id) leuk(?:a)?emia", _ABBREVIATED)
_MIXED = phrase(
    r"mixed[ -]phenotype(?: acute leuk\w+)?", r"MPAL", r"bi-?phenotypic", r"mixed lineage acute leuk\w+"
)
_B_LINEAGE = phrase(
    r"B(?:-| )?(?:cell )?(?:lineage|lymphoblast\w*|precursor\w*)", r"precursor B(?:-| )?cells?"
)
_T_LINEAGE = phrase(
    r"T(?:-| )?(?:cell )?(?:lineage|lymphoblast\w*|precursor\w*)", r"precursor T(?:-| )?cells?"
)
_UNCLEAR_ICD = ("C950", "C959", "C919")
_RELAPSE_CODES = frozenset({"all_relapsed", "all_refractory"})
_OTHER = frozenset({"dlbcl", "mds_rcmd", "other_leukemia"})


@dataclass(frozen=True, slots=True)
class Lineage:
    """An immunophenotype text that states a lineage: ``B``, ``T`` or ``mixed``."""

    lineage: str
    reference: str
    when: When | None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The conditions that bear on the diagnosis, and the immunophenotypes."""

    b_all: tuple[Problem, ...]
    t_all: tuple[Problem, ...]
    mixed: tuple[Problem, ...]
    unspecified_all: tuple[Problem, ...]
    unclear: tuple[Problem, ...]
    unconfirmed: tuple[Problem, ...]
    other: tuple[Problem, ...]
    lineages: tuple[Lineage, ...]

    @property
    def leukemia(self) -> tuple[Problem, ...]:
        """The conditions that say acute lymphoblastic leukemia, of any lineage, confirmed."""
        return (*self.b_all, *self.unspecified_all, *self.t_all)


def diagnosis(chart: Chart) -> Diagnosis:
    """Group the conditions of a chart. AdverseEvents are no diagnoses."""
    groups: dict[str, list[Problem]] = {}
    for problem in chart.problems:
        if not problem.is_event and (group := _group(problem)) is not None:
            groups.setdefault(group if problem.verified or group == "other" else "unconfirmed", []).append(
                problem
            )

    def take(name: str) -> tuple[Problem, ...]:
        return tuple(groups.get(name, ()))

    return Diagnosis(
        take("b_all"), take("t_all"), take("mixed"), take("unspecified_all"), take("unclear"),
        take("unconfirmed"), tuple(p for p in take("other") if p.verified), tuple(_lineages(chart)),
    )  # fmt: skip


def _group(problem: Problem) -> str | None:
    icd = [code for system, code in problem.codes if system is System.ICD10CM]
    if problem.is_a("t_all"):
        return "t_all"
    if problem.is_a("b_all"):
        return "b_all"
    if says(problem.words, _MIXED) is Said.AFFIRMED or (
        any(c.startswith("C950") for c in icd) and _MIXED.search(problem.words)
    ):
        return "mixed"
    worded = _group_in_words(problem)
    if problem.concepts & ({"all_unspecified_lineage", "ph_positive"} | _RELAPSE_CODES):
        return worded if worded in ("b_all", "t_all") else "unspecified_all"
    if problem.is_a("lymphoblastic_lymphoma_c835") or problem.is_a("null_cell_all"):
        return "unclear"
    if any(code.startswith(_UNCLEAR_ICD) for code in icd):
        return "unclear"
    if problem.concepts & _OTHER or any(_is_other_blood_cancer(c) for c in icd):
        return "other" if "Z856" not in icd else None
    return worded if not icd else None


def _group_in_words(problem: Problem) -> str | None:
    if Said.AFFIRMED in (says(problem.words, _T_ALL), says(problem.words, _ETP)):
        return "t_all"
    if Said.AFFIRMED in (says(problem.words, _B_ALL), says(problem.words, _BCP)):
        return "b_all"
    return "unspecified_all" if says(problem.words, _ALL) is Said.AFFIRMED else None


def _is_other_blood_cancer(code: str) -> bool:
    """ICD-10-CM C81 to C96 and D45 to D47, other than the codes grouped before."""
    return bool(re.match(r"C8[1-9]|C9[0-6]|D4[5-7]", code)) and not code.startswith(("C910", "C835"))


def _lineages(chart: Chart) -> list[Lineage]:
    found = []
    for result in chart.results_for("immunophenotype_panel"):
        if (lineage := lineage_in(result.words)) is not None:
            found.append(Lineage(lineage, result.reference, result.when))
    for document in chart.documents:
        if (lineage := lineage_in(document.text)) is not None:
            found.append(Lineage(lineage, document.reference, document.when))
    return found


def lineage_in(text: str) -> str | None:
    """The lineage that an immunophenotype text states: ``B``, ``T``, ``mixed`` or None."""
    if not text:
        return None
    if says(text, _MIXED) is Said.AFFIRMED:
        return "mixed"
    b = says(text, _B_LINEAGE) is Said.AFFIRMED or any(
        marker_sign(text, m) for m in ("CD19", "CD79a", "CD22")
    )
    t = says(text, _T_LINEAGE) is Said.AFFIRMED or any(
        marker_sign(text, m) for m in ("cCD3", "cytoplasmic CD3")
    )
    if b and t:
        return "mixed"
    return "B" if b else "T" if t else None
