"""Rules of the FDA label that the policy does not state: cytoreduction and embryo-fetal toxicity.

POL-LAB-CYTO and POL-LAB-EMBRYO. They advise and change no coverage.
Procedure: docs/policies/inotuzumab/label.md#cytoreduction. Also: docs/policies/inotuzumab/label.md#pregnancy-and-breastfeeding.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from cds_service.clinical.code_sets import code_set
from cds_service.clinical.evidence import newest
from cds_service.clinical.observations.results import Result
from cds_service.clinical.problems import Problem, problem_shown
from cds_service.clinical.reading.reader import read
from cds_service.clinical.reading.recorded import Named, named
from cds_service.engine.determination import Basis, CardKind, Finding, Indicator
from cds_service.fhir.codings import plain_codes
from cds_service.fhir.dates import When
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.numbers import days, filled, number, said
from cds_service.values import dataclass

_BY_CODE = code_set("pregnant_by_code")


def _finding(
    kind: str, rule: str, indicator: Indicator, text: str, action: str, evidence: tuple[str, ...]
) -> Finding:
    return Finding(kind, indicator, CardKind.SAFETY, (rule,), Basis.LABEL, text, action, evidence)


_AT_MOST = "{cytoreduction.pb_blasts} x10*9/L ({cytoreduction.pb_blasts:per_mm3}/mm3)"


def cytoreduction(case: Case) -> Iterator[Finding]:
    """POL-LAB-CYTO: too many circulating lymphoblasts before the first dose of the course."""
    if case.frame.given or case.frame.planned_before:
        return
    tied = newest(case.chart.usable("pb_blasts_abs", "pb_lymphoblasts_abs"))
    limit = number("cytoreduction.pb_blasts")
    above = [r.value is not None and r.value.is_above(limit) is True for r in tied]
    if not any(above):
        return
    measured, at_most = " and ".join(r.shown for r in tied), filled(_AT_MOST)
    if all(above):
        text = f"Circulating blasts {tied[0].shown}: the label says to cytoreduce to at most {at_most} before the first dose"
        action = "Hold the first dose until the blasts are reduced"
    else:
        text = f"Circulating blasts {measured}: values of the same time differ; above {at_most} the label says to cytoreduce first"
        action = "Check the circulating blasts: values differ"
    evidence = tuple(r.reference for r in tied)
    yield _finding("cytoreduction", "POL-LAB-CYTO", Indicator.WARNING, text, action, evidence)


@dataclass(frozen=True, slots=True)
class _Sign:
    """One record for or against a pregnancy; ``when`` None is a problem without any date."""

    when: When | None
    pregnant: bool
    text: str
    reference: str


def pregnancy(case: Case) -> Iterator[Finding]:
    """POL-LAB-EMBRYO: a recent active record, or a recent positive test, nothing newer against it."""
    signs = [*_problems(case), *_results(case)]
    against = [s.when for s in signs if not s.pregnant and s.when is not None]
    recent = case.chart.today - timedelta(days=days("pregnancy.test_window"))
    current = [
        s for s in signs if s.pregnant and not any(_is_newer(when, s.when, recent) for when in against)
    ]
    if current:
        last = max(current, key=lambda s: (s.when.last if s.when is not None else date.min, s.reference))
        text = f"Pregnancy recorded: {last.text}. The label warns of fetal harm"
        evidence = tuple(sorted(s.reference for s in current))
        action = "Check pregnancy status before the infusion"
        yield _finding("embryo-fetal", "POL-LAB-EMBRYO", Indicator.WARNING, text, action, evidence)


def _is_newer(when: When, than: When | None, recent: date) -> bool:
    """Whether a record is of a later day, or of a later time of one day; than one without a date, if it is recent."""
    if than is None:
        return when.last >= recent
    if when.instant is not None and than.instant is not None:
        return when.instant > than.instant
    return when.last > than.last


def _problems(case: Case) -> Iterator[_Sign]:
    oldest = case.chart.today - timedelta(days=days("pregnancy.record_window"))
    for p in case.chart.problems:
        if (
            (p.may_be("pregnancy") or (not p.words and _BY_CODE.has_any(p.codes)))
            and p.is_active
            and p.verified
            and (p.dated is None or p.dated.last >= oldest)
        ):
            shown = f"{p.shown if p.words else problem_shown(p)}{_unclear(p, 'pregnancy')}"
            yield _Sign(p.dated, True, shown, p.reference)


def _unclear(p: Problem, concept: str) -> str:
    return "" if p.is_a(concept) or not p.words else "; its name is not wholly understood"


def _results(case: Case) -> Iterator[_Sign]:
    oldest = case.chart.today - timedelta(days=days("pregnancy.test_window"))
    for r in case.chart.results_for("pregnancy_test", "pregnancy_status"):
        sign = _is_pregnant(case, r)
        unclear = sign is None and named(r.words, "pregnancy", "pregnant") is Named.UNDECIDED
        if r.when is None or (sign is None and not unclear) or (sign is not False and r.when.last < oldest):
            continue
        said = f'"{r.words}", not wholly understood' if unclear else "positive"
        yield _Sign(r.when, sign is not False, f"pregnancy test or status {said} ({r.when})", r.reference)


_PREGNANT, _NOT_PREGNANT = code_set("pregnant"), code_set("not_pregnant")


def _is_pregnant(case: Case, r: Result) -> bool | None:
    resource = case.record.resolve(r.reference)
    answers = plain_codes(resource.body.get("valueCodeableConcept")) if resource is not None else frozenset()
    for codes, sign in ((_PREGNANT, True), (_NOT_PREGNANT, False)):
        if codes.bare & answers:
            return sign
    told = read(r.words, "pregnancy").values
    return told == {"pregnant"} if told else r.sign


def lactation(case: Case) -> Iterator[Finding]:
    """POL-LAB-EMBRYO: breastfeeding during treatment."""
    for p in case.chart.problems:
        if p.may_be("lactation") and p.is_active and p.verified:
            text = f"Lactation recorded ({p.shown}{_unclear(p, 'lactation')}): the label says not to breastfeed during treatment and for {said('lactation.after')} after"
            yield _finding("embryo-fetal", "POL-LAB-EMBRYO", Indicator.INFO, text, "", (p.reference,))
