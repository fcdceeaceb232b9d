"""The boxed warning beside its stop rule: the reminder, risk factors for VOD, mortality after transplant.

Procedure: docs/policies/inotuzumab/toxicities.md#risk-and-reminders.
"""

from __future__ import annotations

from collections.abc import Iterator

from cds_service.clinical.code_sets import code_set
from cds_service.clinical.leukemia.transplants.recorded import told_transplants, transplants
from cds_service.clinical.observations.body import age_on
from cds_service.clinical.problems import Problem
from cds_service.engine.determination import Basis, CardKind, Finding, Indicator
from cds_service.engine.wording import lower_first
from cds_service.oncology.toxic_events import Meaning
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.lines import line_periods, prior_lines
from cds_service.policies.inotuzumab.case.transplant_plan import transplant_plan
from cds_service.policies.inotuzumab.initial.disease_states import leukemia_from
from cds_service.policies.inotuzumab.numbers import days
from cds_service.policies.inotuzumab.toxicities.vod import vod_events

_SERIOUS_CODES = code_set("serious_liver_disease")
_LIVER_CODES = code_set("serious_liver_disease", "liver_disease_by_code")


def vod_reminder(case: Case) -> Iterator[Finding]:
    """POL-BBW-VOD, once, on the day-1 order of cycle 1."""
    if case.cycle == 1 and case.day == 1:
        text = "Boxed warning: hepatotoxicity with fatal VOD; discontinue permanently if it occurs"
        yield _reminder("POL-BBW-VOD", Basis.POLICY, text)


def _reminder(rule: str, basis: Basis, text: str, evidence: tuple[str, ...] = ()) -> Finding:
    return Finding("boxed-warning", Indicator.INFO, CardKind.COVERAGE, (rule,), basis, text, "", evidence)


def vod_risks(case: Case) -> Iterator[Finding]:
    """POL-BBW-RISK, once, on the day-1 order of cycle 1: a warning for the grave ones, else information."""
    if case.cycle != 1 or case.day != 1:
        return
    grave, minor = list(_grave(case)), list(_minor(case))
    if grave:
        named = "; ".join(dict.fromkeys(text for text, _ in (*grave, *minor)))
        yield Finding(
            "safety-hepatic", Indicator.WARNING, CardKind.SAFETY, ("POL-BBW-RISK",), Basis.RECOMMENDATION,
            f"Raised by {named}", "Check the risk of veno-occlusive disease",
            tuple(dict.fromkeys(r for _, r in (*grave, *minor) if r)),
        )  # fmt: skip
    elif minor:
        named = "; ".join(dict.fromkeys(text for text, _ in minor))
        refs = tuple(r for _, r in minor if r)
        text = f"Raises the risk of veno-occlusive disease: {named}"
        yield _reminder("POL-BBW-RISK", Basis.POLICY, text, refs)


def _grave(case: Case) -> Iterator[tuple[str, str]]:
    """Earlier VOD, active serious liver disease or cirrhosis, transplant before inotuzumab; each with its source."""
    for event in vod_events(case):
        if event.meaning is Meaning.RISK:
            yield lower_first(event.text), event.references[0]
    for p in _liver_diseases(case):
        if _is_serious(p):
            yield f"liver disease ({p.shown})", p.reference
    for t in (*transplants(case.chart), *told_transplants(case.chart)):
        yield f"stem cell transplant before this course ({t.when or 'undated'})", t.reference


def _minor(case: Case) -> Iterator[tuple[str, str]]:
    """Other liver disease, earlier inotuzumab, age and later lines."""
    for p in _liver_diseases(case):
        if not _is_serious(p):
            yield f"liver disease ({p.shown})", p.reference
    if case.frame.earlier:
        last = case.frame.earlier[-1]
        yield f"inotuzumab in an earlier course (last {last.day})", last.reference
    if case.chart.birth is not None and (years := age_on(case.chart.birth, case.planned).least) >= days(
        "vod.older_than"
    ):
        yield f"age {years}", ""
    lines = prior_lines(case.chart, case.frame.start or case.day_one, (), leukemia_from(case))
    if len(line_periods([line for line in lines if not line.possible])) > 1:
        yield "more than one prior therapy", ""


def _liver_diseases(case: Case) -> list[Problem]:
    return [
        p
        for p in case.chart.problems
        if p.verified and p.is_active and (p.may_be("liver_disease") or _LIVER_CODES.has_any(p.codes))
    ]


def _is_serious(p: Problem) -> bool:
    return (
        p.may_be("serious_liver_disease")
        or _SERIOUS_CODES.has_any(p.codes)
        or p.severity in ("severe", "life-threatening")
    )


def transplant_mortality(case: Case) -> Iterator[Finding]:
    """POL-BBW-NRM: a planned transplant; a warning when cycle 3 or later is ordered."""
    plan = transplant_plan(case)
    if plan.planned is not True:
        return
    text = "A transplant is planned; non-relapse mortality after it is higher (boxed warning)"
    if (case.highest_cycle or 0) < days("cycle.max.hsct"):
        yield _reminder("POL-BBW-NRM", Basis.POLICY, text, plan.evidence)
        return
    yield Finding(
        "boxed-warning", Indicator.WARNING, CardKind.DETAILS, ("POL-BBW-NRM",), Basis.POLICY,
        "Non-relapse mortality after transplant is higher with inotuzumab (boxed warning)", "Check the number of cycles before transplant", plan.evidence,
    )  # fmt: skip
