"""The table of non-hematologic toxicities (policy analysis 2.9): bleeding, severe infection, grade 2 or more.

Of several records of one event the newest speaks. VOD and infusion reactions have procedures of
their own; hematologic toxicity has its own table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from cds_service.clinical.problems import Problem
from cds_service.clinical.reading.reader import read
from cds_service.clinical.reading.recorded import Named, named
from cds_service.clinical.words import Said, phrase, says
from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.numbers import days

_HEMATOLOGIC = frozenset(
    {"neutropenia", "thrombocytopenia", "pancytopenia", "myelosuppression", "febrile_neutropenia"}
)
_HEMATOLOGIC_WORDS = phrase(
    r"neutropeni\w*", r"thrombocytopeni\w*", r"an(?:a)?emia", r"(?:pan)?cytopeni\w*", r"leukopeni\w*", r"lymphopeni\w*", r"myelosuppression",
    r"(?:neutrophil|platelet|white blood cell|lymphocyte) count decreased", r"low (?:platelets|neutrophils|hemoglobin)",
)  # fmt: skip
_SEVERE_INFECTION = re.compile(
    r"\b(?:sepsis|septic|pneumonia|bacter[ae]mia|fungemia|mucormycosis)\b", re.IGNORECASE
)
_SEVERE_INFECTION_CODES = frozenset({"A419", "B377", "J189", "91302008", "10001005", "233604007"})
_NEOPLASM = re.compile(
    r"leuk[ae]mia|lymphoma|carcinoma|cancer|tumou?r|neoplas|glioma|sarcoma|gvhd|graft", re.IGNORECASE
)
_PAST = re.compile(r"\b(?:history of|h/o|past)\b", re.IGNORECASE)
# CTCAE words its grades so; the only severity that an AdverseEvent has a member for.
_GRADE_OF = {"mild": 1, "moderate": 2, "severe": 3, "life-threatening": 4}
_GRADE = re.compile(r"[\s,(]{0,9}\b(?:CTCAE\s*)?(?:grade|gr\.?|G)\s*[1-5]\b\)?[\s,]*", re.IGNORECASE)
_PHYSICIANS_WORDS = frozenset(
    {"DocumentReference", "DiagnosticReport", "Observation", "AdverseEvent", "Condition", "CarePlan"}
)


@dataclass(frozen=True, slots=True)
class Toxicity:
    """An active non-hematologic event, the row of the table that it falls under, and its CTCAE grade."""

    problem: Problem
    rule: str
    grade: int | None

    @property
    def shown(self) -> str:
        if self.problem.grade and _GRADE.search(self.problem.words):
            return self.problem.shown
        grade = f"grade {self.grade}" if self.grade else self.problem.severity or "grade not recorded"
        return f"{self.problem.shown}, {grade}"


def graded_toxicities(case: Case) -> tuple[Toxicity, ...]:
    """POL-TOX-BLEED, POL-TOX-INF, POL-TOX-GR2: active, confirmed, not resolved."""
    found = []
    for p in _newest_of_each(case):
        if p.is_active and not _has_its_own_rule(p) and (rule := _rule_for(case, p)) is not None:
            found.append(Toxicity(p, rule, _grade(p)))
    return tuple(found)


def _newest_of_each(case: Case) -> list[Problem]:
    """Of the confirmed records of one event those of the latest day; undated ones stay."""
    confirmed = [p for p in case.chart.problems if p.verified]
    last: dict[tuple[str, bool], date] = {}
    for p in confirmed:
        if p.dated is not None:
            last[_kind(p)] = max(p.dated.last, last.get(_kind(p), date.min))
    return [p for p in confirmed if p.dated is None or p.dated.last == last[_kind(p)]]


def _kind(p: Problem) -> tuple[str, bool]:
    return _name(p), p.is_event


def _name(p: Problem) -> str:
    """The event's words without its grade, so that a later grade of it is the same event."""
    return _GRADE.sub(" ", p.words).strip().lower()


def _has_its_own_rule(p: Problem) -> bool:
    own = p.words.split(" | ")[0]
    named_so = any(named(own, topic) is not Named.ABSENT for topic in ("vod", "reaction"))
    if named_so or p.is_a("vod_sos") or p.is_a("infusion_reaction"):
        return True
    if p.is_a("infection") or p.is_a("hemorrhage"):
        return False
    return bool(p.concepts & _HEMATOLOGIC) or says(p.words, _HEMATOLOGIC_WORDS) is Said.AFFIRMED


def _grade(p: Problem) -> int | None:
    return p.grade or (_GRADE_OF.get(p.severity) if p.is_event else None)


def _rule_for(case: Case, p: Problem) -> str | None:
    if _PAST.search(p.words):
        return None
    if p.is_a("hemorrhage"):
        return "POL-TOX-BLEED"
    if p.is_a("infection") and _is_severe_infection(p):
        return "POL-TOX-INF"
    graded = (_grade(p) or 0) >= days("tox.grade_interrupt")
    return (
        "POL-TOX-GR2" if graded and _began_in_treatment(case, p) and not _NEOPLASM.search(p.words) else None
    )


def _is_severe_infection(p: Problem) -> bool:
    return (
        (p.grade or 0) >= 3
        or p.severity in ("severe", "life-threatening")
        or bool(_SEVERE_INFECTION.search(p.words))
        or any(code in _SEVERE_INFECTION_CODES for _, code in p.codes)
    )


def _began_in_treatment(case: Case, p: Problem) -> bool:
    """Whether it may have begun since the first dose, or grown beyond its pretreatment grade."""
    given = case.frame.history.given
    if not given:
        return False
    first = given[0].day
    before = [q for q in case.chart.problems if q.dated is not None and q.dated.is_before(first) is True]
    if p in before:
        return False
    return not any(
        _name(q) == _name(p) and q.is_active and (_grade(q) or 0) >= (_grade(p) or 0) for q in before
    )


def unresolved_grade_four(case: Case) -> tuple[Toxicity, ...]:
    """TOX step 2: grade 4 or more, unresolved, without a physician's statement that treatment may go on."""
    return tuple(
        t for t in graded_toxicities(case) if (t.grade or 0) >= 4 and not _is_cleared(case, t.problem)
    )


def _is_cleared(case: Case, p: Problem) -> bool:
    for s in case.chart.statements:
        if s.kind in _PHYSICIANS_WORDS and "go-on" in read(s.text, "clearance").values:
            own = s.reference == p.reference
            if own or p.dated is None or (s.when is not None and s.when.is_before(p.dated.first) is False):
                return True
    return False
