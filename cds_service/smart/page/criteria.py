"""The criteria as rows for a reader: grouped by section, what blocks first, what does not matter last."""

from __future__ import annotations

from collections.abc import Iterable

from cds_service.engine.determination import CriterionResult, Determination
from cds_service.engine.verdict import Verdict
from cds_service.engine.wording import upper_first
from cds_service.fhir.record import Record
from cds_service.smart.page.found import found
from cds_service.smart.page.head import MARKS
from cds_service.smart.page.sources import Source, sources_of
from cds_service.values import dataclass

WORDS = {Verdict.MET: "Met", Verdict.NOT_MET: "Not met", Verdict.UNKNOWN: "Cannot be determined"}
_ASIDE = "Not needed here"
_URGENCY = {Verdict.NOT_MET: 0, Verdict.UNKNOWN: 1, Verdict.MET: 2}
_LAST = 3


@dataclass(frozen=True, slots=True)
class CriterionRow:
    """One criterion. ``tone`` is met, not-met, unknown, or aside when the path taken does not need it."""

    result: CriterionResult
    tone: str
    mark: str
    word: str
    sources: tuple[Source, ...]

    @property
    def because(self) -> str:
        """The reason, as a sentence begins."""
        return upper_first(self.result.because)

    @property
    def found(self) -> str:
        """What was found, in its first clauses: the heading of a row that is not met."""
        return upper_first(found(self.result))

    @property
    def rest(self) -> str:
        """What the reason says beyond that; empty when that is all."""
        return upper_first(self.result.because[len(self.found) :].lstrip(" .;:"))

    @property
    def urgency(self) -> int:
        return _URGENCY[self.result.verdict] if self.result.applies else _LAST


@dataclass(frozen=True, slots=True)
class CriteriaGroup:
    """The rows of one section of the policy."""

    section: str
    rows: tuple[CriterionRow, ...]

    @property
    def title(self) -> str:
        return self.section if " " in self.section else f"Section {self.section}"

    @property
    def open(self) -> tuple[CriterionRow, ...]:
        """The rows that count and are not met or cannot be determined."""
        return tuple(row for row in self.rows if row.tone in ("not-met", "unknown"))

    @property
    def quiet(self) -> tuple[CriterionRow, ...]:
        """The rows that are met or do not count here."""
        return tuple(row for row in self.rows if row.tone not in ("not-met", "unknown"))

    @property
    def quiet_counted(self) -> str:
        """``2 met, 1 not needed here``"""
        words = [row.word.lower() for row in self.quiet]
        return ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))


def grouped(determination: Determination, record: Record) -> tuple[CriteriaGroup, ...]:
    """All criteria, by section; sections and rows in order of urgency, else in the policy's own order."""
    sections: dict[str, list[CriterionRow]] = {}
    for result in determination.criteria:
        sections.setdefault(_section(result.section), []).append(_row(result, record))
    groups = [CriteriaGroup(name, tuple(sorted(rows, key=_by_urgency))) for name, rows in sections.items()]
    return tuple(sorted(groups, key=lambda group: min(row.urgency for row in group.rows)))


def _row(result: CriterionResult, record: Record) -> CriterionRow:
    sources = sources_of(result.evidence, record)
    if not result.applies:
        return CriterionRow(result, "aside", "·", _ASIDE, sources)
    return CriterionRow(result, result.verdict.value, MARKS[result.verdict], WORDS[result.verdict], sources)


def _by_urgency(row: CriterionRow) -> int:
    return row.urgency


def _section(section: str) -> str:
    """``A.ii.B.1`` and ``A.ii.A`` belong under ``A.ii``."""
    return ".".join(section.partition(",")[0].split(".")[:2])


def tally(criteria: Iterable[CriterionResult]) -> str:
    """``5 met, 1 not met, 1 cannot be determined``, of the criteria that count here."""
    counting = [c.verdict for c in criteria if c.applies]
    parts = [
        f"{counting.count(verdict)} {word}"
        for verdict, word in (
            (Verdict.MET, "met"),
            (Verdict.NOT_MET, "not met"),
            (Verdict.UNKNOWN, "cannot be determined"),
        )
        if counting.count(verdict)
    ]
    return ", ".join(parts) or "no criterion applies"
