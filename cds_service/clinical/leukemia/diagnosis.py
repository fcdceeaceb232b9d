"""What the record calls the disease: the leukemia, its lineage, and other diseases.

Groups conditions and immunophenotype texts; decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from cds_service.clinical.chart import Chart
from cds_service.clinical.code_sets import code_set
from cds_service.clinical.leukemia.marker_words import marker_sign
from cds_service.clinical.problems import Problem
from cds_service.clinical.reading.markers.lineage import (
    ALL,
    B_ALL,
    B_LINEAGE,
    LYMPHOMA,
    MIXED,
    OTHER,
    T_ALL,
    T_LINEAGE,
    lineages,
)
from cds_service.clinical.reading.recorded import Named, named
from cds_service.fhir.codings import System
from cds_service.fhir.dates import When
from cds_service.values import dataclass

_UNCLEAR_CODES = code_set("all_unclear")
_OTHER_CODES = code_set("hematologic_neoplasm")
_UNSPECIFIED = frozenset({"all_unspecified_lineage", "ph_positive", "all_relapsed", "all_refractory"})
# C83.5x leaves the lineage open (POL-CODE-C835); D46.A is another disease (POL-CODE-D46A).
_UNCLEAR = frozenset({"lymphoblastic_lymphoma_c835", "null_cell_all"})
OTHER_DISEASES = frozenset({"dlbcl", "mds_rcmd", "other_leukemia"})
NOT_ALL_BY_ITSELF = code_set("not_all_by_itself")
PAST_LEUKEMIA = code_set("history_of_leukemia")
_RELAPSE_CODES = code_set("all_in_relapse")
REMISSION_CODES = code_set("all_in_remission")


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
        if problem.is_event or (group := _group(problem)) is None:
            continue
        if not problem.verified:
            group = "unconfirmed" if group != "other" else "unconfirmed other"
        groups.setdefault(group, []).append(problem)

    def take(name: str) -> tuple[Problem, ...]:
        return tuple(groups.get(name, ()))

    return Diagnosis(
        take("b_all"), take("t_all"), take("mixed"), take("unspecified_all"), take("unclear"),
        take("unconfirmed"), take("other"), tuple(_lineages(chart)),
    )  # fmt: skip


def _group(problem: Problem) -> str | None:
    """The group of a condition: codes first, words where there is no code of a known system."""
    if MIXED in _stated(problem.words) or (problem.is_a("t_all") and problem.is_a("b_all")):
        return "mixed"
    for lineage in ("t_all", "b_all"):
        if problem.is_a(lineage):
            return lineage
    worded = disease_in_words(problem.words)
    if problem.concepts & _UNSPECIFIED and problem.codes != NOT_ALL_BY_ITSELF.codes:
        return worded if worded in ("b_all", "t_all") else "unspecified_all"
    if problem.concepts & _UNCLEAR or _UNCLEAR_CODES.has_any(problem.codes):
        return "unclear"
    if PAST_LEUKEMIA.has_any(problem.codes):
        return None
    if problem.concepts & OTHER_DISEASES or _OTHER_CODES.has_any(problem.codes):
        return "other"
    return None if any(system is System.ICD10CM for system, _ in problem.codes) else worded


# The group of a condition that only words name, the first that is named.
_GROUPS = {T_ALL: "t_all", B_ALL: "b_all", LYMPHOMA: "unclear", OTHER: "other", ALL: "unspecified_all"}


def disease_in_words(words: str) -> str | None:
    """The group of the first disease that words affirm, such as ``b_all`` or ``other``; None when they name none."""
    stated = _stated(words)
    return next((group for name, group in _GROUPS.items() if name in stated), None)


def _stated(words: str) -> frozenset[str]:
    """The diseases that the names of a condition state."""
    return frozenset(disease for name in words.split(" | ") for disease in lineages(name, recorded=True))


def is_relapse(p: Problem) -> bool:
    """Whether a problem says relapsed or refractory: by code, clinical status or words."""
    if _RELAPSE_CODES.has_any(p.codes) or p.concepts & {"all_relapsed", "all_refractory"}:
        return True
    if p.clinical in ("relapse", "recurrence"):
        return True
    return not REMISSION_CODES.has_any(p.codes) and is_named(p, "relapsed", "refractory")


def is_named(p: Problem, *values: str) -> bool:
    """Whether a name of a problem states one of these; "history of" states it too (docs/record-reading.md#statements, step 2)."""
    return any(named(n, "status", *values) in (Named.STATED, Named.PAST) for n in p.words.split(" | "))


def _lineages(chart: Chart) -> Iterator[Lineage]:
    for text, reference, when in _immunophenotypes(chart):
        if text and (lineage := lineage_in(text)) is not None:
            yield Lineage(lineage, reference, when)


def _immunophenotypes(chart: Chart) -> Iterator[tuple[str, str, When | None]]:
    """Texts that may state a lineage: of immunophenotype results, reports, notes and problem notes."""
    for result in chart.results_for("immunophenotype_panel"):
        yield result.words, result.reference, result.when
    for d in chart.documents:
        yield d.text, d.reference, d.when
    for s in chart.statements:
        if s.kind == "Observation" and "immunophenotype_panel" not in s.codes:
            yield s.whole, s.reference, s.when
    for p in chart.problems:
        if p.verified and not p.is_event:
            yield p.notes, p.reference, p.recorded or p.onset


def lineage_in(text: str) -> str | None:
    """The lineage that an immunophenotype text states: ``B``, ``T``, ``mixed`` or None."""
    stated = lineages(text)
    b = bool({B_ALL, B_LINEAGE} & stated) or _has(text, "CD19", "CD79a")
    t = bool({T_ALL, T_LINEAGE} & stated) or _has(text, "cCD3")
    if MIXED in stated or (b and t):
        return "mixed"
    return "B" if b else "T" if t else None


def _has(text: str, *markers: str) -> bool:
    return any(marker_sign(text, m) for m in markers)
