"""The table of non-hematologic toxicities: bleeding, severe infection, events by grade.

Of several records of one event the newest counts. VOD and infusion reactions have procedures of
their own; hematologic toxicity has its own table.
Procedure: docs/policies/inotuzumab/toxicities.md#graded-toxicities.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from cds_service.clinical.code_sets import code_set
from cds_service.clinical.leukemia.mentions import Mention, newest_of
from cds_service.clinical.problems import Problem, problem_shown
from cds_service.clinical.reading.assertions import Reading
from cds_service.clinical.reading.grades import RANKS
from cds_service.clinical.reading.mentioned import first_name
from cds_service.clinical.reading.reader import read
from cds_service.clinical.reading.recorded import Named, is_taken_back, recorded_as
from cds_service.clinical.reading.tokens import folded
from cds_service.clinical.statements import Statement
from cds_service.engine.determination import NeededItem
from cds_service.fhir.codings import System
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.numbers import days, span
from cds_service.remembering import once
from cds_service.values import dataclass

# The reader's topics on infection and bleeding, and the values that state one.
_TOPICS = ("infection", "bleeding")
_STATING = frozenset({"infection", "severe", "bleeding"})
# The lists of codes of the events that a row of the table names.
_CONCEPTS = {"POL-TOX-BLEED": "hemorrhage", "POL-TOX-INF": "infection"}
_PLANS = frozenset({"MedicationRequest", "ServiceRequest", "CarePlan", "Appointment"})
_SEVERE_INFECTION_CODES = code_set("severe_infection")
_NEOPLASM = re.compile(
    r"leuk[ae]mia|lymphoma|carcinoma|cancer|tumou?r|neoplas|glioma|sarcoma|gvhd|graft", re.IGNORECASE
)
_NEOPLASMS = re.compile(r"C|D[0-4]")  # of ICD-10-CM
# Named in an event as its cause, or a toxicity that only sounds like a neoplasm.
_NO_NEOPLASM = re.compile(
    r"\banti-?neoplas\w+|\bchemo\w*|\btumou?r lysis|\b(?:due|secondary|related) to (?:the )?treatment",
    re.IGNORECASE,
)
# Topics, and their values, of the events that have a procedure of their own.
_OWN_RULES = (("vod", "vod"), ("reaction", "reaction", "anaphylaxis"))
_BESIDE = re.compile(r"[,;.(]| - ")
_PREVENTION = re.compile(r"\b(?:prophyla\w+|prevent\w*)\b", re.IGNORECASE)
_PAST = re.compile(r"\b(?:history of|h/o|past)\b", re.IGNORECASE)
_GRADE = re.compile(r"[\s,(]{0,9}\b(?:CTCAE\s*)?(?:grade|gr\.?|G)\s*[1-5]\b\)?[\s,]*", re.IGNORECASE)
_PHYSICIANS_WORDS = frozenset(
    {"DocumentReference", "DiagnosticReport", "Observation", "AdverseEvent", "Condition", "CarePlan"}
)


@dataclass(frozen=True, slots=True)
class Toxicity:
    """An active non-hematologic event, the row of the table that it falls under, and its CTCAE grade.

    ``understood`` is False where its name tells of bleeding or an infection in words that are not wholly understood.
    """

    problem: Problem
    rule: str
    grade: int | None
    understood: bool = True

    @property
    def shown(self) -> str:
        if self.problem.grade and _GRADE.search(self.problem.words):
            return self.problem.shown
        grade = f"grade {self.grade}" if self.grade else self.problem.severity or "grade not recorded"
        return f"{self.problem.shown if self.problem.words else problem_shown(self.problem)}, {grade}"


@once
def graded_toxicities(case: Case) -> tuple[Toxicity, ...]:
    """POL-TOX-BLEED, POL-TOX-INF, POL-TOX-GR2: active, confirmed, not resolved, and not of long ago."""
    return tuple(t for t in _active(case) if not _is_of_long_ago(case, t))


def long_ago(case: Case) -> Iterator[NeededItem]:
    """Infections and bleeding of long ago that have no end on record: for information, no hold."""
    before = days("tox.long_ago")
    for p in (t.problem for t in _active(case) if _is_of_long_ago(case, t)):
        because = f"{p.shown}: no end recorded; it began more than {before} days before the course, so it is no hold"
        mention = _mentioned_since(case, p, _long_before(case))
        unsaid = f"; on file and not understood: {mention.shown}" if mention is not None else ""
        yield NeededItem("toxicity-detail", f"{because}{unsaid}", decides=False)


def _long_before(case: Case) -> date:
    return (case.frame.start or case.day_one) - span("tox.long_ago")


@once
def _active(case: Case) -> tuple[Toxicity, ...]:
    return tuple(
        Toxicity(p, rule, _grade(p), _CONCEPTS.get(rule) not in p.undecided)
        for p in _newest_of_each(case)
        if p.is_active and not _has_its_own_rule(p) and (rule := _rule_for(case, p)) is not None
    )


def _is_of_long_ago(case: Case, t: Toxicity) -> bool:
    """An infection or bleeding begun more than 90 days before the course, since neither restated nor treated."""
    p, since = t.problem, _long_before(case)
    began = p.onset or p.recorded
    if t.rule == "POL-TOX-GR2" or began is None or began.is_before(since) is not True:
        return False
    written_anew = p.recorded is not None and p.recorded.is_before(since) is not True
    return not (written_anew or _is_restated(case, p, since) or _is_treated(case, p, since))


def _term(p: Problem) -> str:
    """The name of the infection or bleeding within an event's name, else the whole name; in small letters."""
    own = p.words.split(" | ")[0] or p.reference
    return next((name for topic in _TOPICS if (name := first_name(own, topic))), own).lower()


def _spoken_since(case: Case, p: Problem, since: date) -> Iterator[tuple[Statement, Reading]]:
    """What texts since a day say of infection and bleeding; not the event's own, plans and orders."""
    for s in case.chart.statements:
        if (
            s.reference != p.reference
            and s.kind not in _PLANS
            and s.when
            and s.when.is_before(since) is False
        ):
            yield from ((s, read(s.whole, topic, s.when.last)) for topic in _TOPICS)


def _is_restated(case: Case, p: Problem, since: date) -> bool:
    """Whether a text since then says that it is there."""
    term = _term(p)
    return any(
        a.is_now and a.value in _STATING and term in a.quote.lower()
        for _, reading in _spoken_since(case, p, since)
        for a in reading.assertions
    )


def _mentioned_since(case: Case, p: Problem, since: date) -> Mention | None:
    """The newest text since a day that names it and was not understood."""
    term = _term(p)
    return newest_of(
        Mention(s.when, s.reference, n.quote)
        for s, reading in _spoken_since(case, p, since)
        for n in reading.not_understood
        if not n.silenced and term in n.quote.lower()
    )


def _is_treated(case: Case, p: Problem, since: date) -> bool:
    """Whether a drug was ordered or given for it since then."""
    term = _term(p)
    return any(
        term in use.reasons.lower()
        and not _PREVENTION.search(use.all_text)
        and (last := use.last_known) is not None
        and last.is_before(since) is not True
        for use in case.chart.uses
    )


def _newest_of_each(case: Case) -> list[Problem]:
    """Of the confirmed records of one event those of the latest day; undated ones stay."""
    confirmed = [(p, _kind(p), p.dated) for p in case.chart.problems if p.verified]
    last: dict[tuple[str, bool], date] = {}
    for _, kind, dated in confirmed:
        if dated is not None:
            last[kind] = max(dated.last, last.get(kind, date.min))
    return [p for p, kind, dated in confirmed if dated is None or dated.last == last[kind]]


def _kind(p: Problem) -> tuple[str, bool]:
    return _name(p), p.is_event


def _name(p: Problem) -> str:
    """The event's words without its grade, so that a later grade of it is the same event; without words its codes."""
    words = _GRADE.sub(" ", p.words).strip().lower()
    return words or " ".join(sorted(code for _, code in p.codes)) or p.reference


def _has_its_own_rule(p: Problem) -> bool:
    if p.is_a("vod_sos") or p.is_a("infusion_reaction") or p.is_hematologic:
        return True
    own = p.words.split(" | ")[0]
    return _names_one_with_its_own_rule(own)


def _names_one_with_its_own_rule(own: str) -> bool:
    """Whether a name speaks of VOD or a reaction, and not only denies it beside another event ("lipase up, no VOD")."""
    first = _BESIDE.split(own, maxsplit=1)[0]
    return any(
        said is not Named.ABSENT
        and (said is not Named.DENIED or recorded_as(first, topic, *values) is not Named.ABSENT)
        for topic, *values in _OWN_RULES
        for said in (recorded_as(own, topic, *values),)
    )


def _grade(p: Problem) -> int | None:
    return p.grade or (RANKS.get(p.severity) if p.is_event else None)


def _rule_for(case: Case, p: Problem) -> str | None:
    if _PAST.search(p.words):
        return None
    if p.may_be("hemorrhage"):
        return "POL-TOX-BLEED"
    if p.may_be("infection") and _is_severe_infection(p):
        return "POL-TOX-INF"
    graded = (_grade(p) or 0) >= days("tox.grade_interrupt") and not _is_called_over(p)
    if is_taken_back(p.words.split(" | ")[0]):
        return None
    coded = any(system is System.ICD10CM and _NEOPLASMS.match(code) for system, code in p.codes)
    neoplasm = coded or _NEOPLASM.search(_NO_NEOPLASM.sub(" ", p.words))
    return "POL-TOX-GR2" if graded and _began_in_treatment(case, p) and not neoplasm else None


def _is_called_over(p: Problem) -> bool:
    """Whether the whole of its own name says that it has recovered ("Mucositis resolved, grade 3")."""
    own = folded(p.words.split(" | ")[0])
    told = read(own, "recovery").assertions
    return any(a.is_now and a.value == "recovered" and a.quote == own for a in told)


def _is_severe_infection(p: Problem) -> bool:
    return (
        (p.grade or 0) >= days("tox.grade_severe")
        or p.severity in ("severe", "life-threatening")
        or p.may_be("severe_infection")
        or _SEVERE_INFECTION_CODES.has_any(p.codes)
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
    """docs/policies/inotuzumab/continuation.md#toxicity, step 2: life-threatening, unresolved, without a physician's statement that treatment may go on."""
    return tuple(
        t
        for t in graded_toxicities(case)
        if (t.grade or 0) >= days("tox.grade_life_threatening") and not _is_cleared(case, t.problem)
    )


def _is_cleared(case: Case, p: Problem) -> bool:
    for s in case.chart.statements:
        if s.kind in _PHYSICIANS_WORDS and "go-on" in read(s.text, "clearance").values:
            own = s.reference == p.reference
            if own or p.dated is None or (s.when is not None and s.when.is_before(p.dated.first) is False):
                return True
    return False
