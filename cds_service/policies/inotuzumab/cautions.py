"""Cautions beside the tables: risk factors, cytoreduction, pregnancy, BSA, unreadable data, reminders.

Policy analysis 2.1 (boxed warning), 2.6 (POL-REC-BSA), 2.9 (label rules) and 1.2 (values).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from cds_service.clinical.body import age_on, body_surface, differs_by
from cds_service.clinical.evidence import newest
from cds_service.clinical.problems import Problem
from cds_service.clinical.results import Result
from cds_service.clinical.transplant import newest_intention, transplants
from cds_service.fhir.quantities import plain
from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.dose_check import is_combination
from cds_service.policies.inotuzumab.lines import prior_lines
from cds_service.policies.inotuzumab.numbers import days, number
from cds_service.policies.inotuzumab.toxicity import Stop, vod_events
from cds_service.policy.determination import Basis, CardKind, Finding, Indicator, Need

INFO, WARNING = Indicator.INFO, Indicator.WARNING
_READ = (
    "platelets", "anc", "body_height", "body_weight", "bsa", "bilirubin_total", "alt", "ast", "potassium", "magnesium",
    "qtc_fridericia", "qtc_bazett", "qtc_unspecified", "marrow_blasts_pct", "pb_blasts_pct", "pb_blasts_abs", "cd22_blasts_pct",
)  # fmt: skip
_SERIOUS = re.compile(r"cirrhosis|hepatic failure|liver failure|\bK7[04]|\bK72", re.IGNORECASE)
_SERIOUS_CODES = frozenset({"K7030", "K7460", "K7469", "K7200", "K7290", "19943007", "59927004"})


def _finding(
    kind: str,
    indicator: Indicator,
    card: CardKind,
    rule: str,
    basis: Basis,
    text: str,
    action: str = "",
    evidence: tuple[str, ...] = (),
) -> Finding:
    return Finding(kind, indicator, card, (rule,), basis, text, action, evidence)


def findings(case: Case) -> Iterator[Finding]:
    yield from _first_order(case)
    yield from _transplant_mortality(case)
    yield from _cytoreduction(case)
    yield from _pregnancy(case)
    yield from _bsa_mismatch(case)
    yield from _unreadable(case)
    if is_combination(case):
        yield _finding(
            "dose-note-combination",
            INFO,
            CardKind.COVERAGE,
            "POL-DOSE-COMBINATION",
            Basis.RECOMMENDATION,
            "The dose table is for use alone; regimens with a TKI or mini-hyper-CVD use other schedules",
        )


def _is_first(case: Case) -> bool:
    return case.cycle == 1 and case.day == 1


def _first_order(case: Case) -> Iterator[Finding]:
    """POL-BBW-VOD reminder and POL-BBW-RISK, once, on the day-1 order of cycle 1."""
    if not _is_first(case):
        return
    yield _finding(
        "boxed-warning",
        INFO,
        CardKind.COVERAGE,
        "POL-BBW-STOP",
        Basis.POLICY,
        "Boxed warning: liver toxicity with fatal veno-occlusive disease; stop for good if it occurs",
    )
    reasons, evidence = [], []
    for event in vod_events(case):
        if event.meaning is Stop.RISK:
            reasons.append(event.text)
            evidence.append(event.reference)
    for p in case.chart.problems:
        if p.is_a("liver_disease") and p.verified and p.is_active and _is_serious(p):
            reasons.append(f"liver disease ({p.shown})")
            evidence.append(p.reference)
    for t in transplants(case.chart):
        reasons.append(f"stem cell transplant before this course ({t.when or 'undated'})")
        evidence.append(t.reference)
    if case.frame.earlier:
        reasons.append(f"inotuzumab in an earlier course (last {case.frame.earlier[-1].day})")
    if reasons:
        text = f"Higher risk of veno-occlusive disease: {'; '.join(dict.fromkeys(reasons))}"
        yield _finding(
            "safety-hepatic",
            WARNING,
            CardKind.SAFETY,
            "POL-BBW-RISK",
            Basis.RECOMMENDATION,
            text,
            "Weigh the risk of veno-occlusive disease",
            tuple(evidence),
        )
    yield from _minor_risks(case)


def _is_serious(p: Problem) -> bool:
    return (
        bool(_SERIOUS.search(p.words))
        or any(code in _SERIOUS_CODES for _, code in p.codes)
        or p.severity in ("severe", "life-threatening")
    )


def _minor_risks(case: Case) -> Iterator[Finding]:
    """Other liver disease, age and later lines: information only."""
    reasons = [
        f"liver disease ({p.shown})"
        for p in case.chart.problems
        if p.is_a("liver_disease") and p.verified and p.is_active and not _is_serious(p)
    ]
    if case.chart.birth is not None and age_on(case.chart.birth, case.planned).least >= 55:
        reasons.append(f"age {age_on(case.chart.birth, case.planned).least}")
    lines = prior_lines(case.chart, case.frame.start or case.day_one)
    if len({line.what for line in lines}) > 1:
        reasons.append("more than one prior therapy")
    if reasons:
        yield _finding(
            "boxed-warning",
            INFO,
            CardKind.COVERAGE,
            "POL-BBW-RISK",
            Basis.POLICY,
            f"Also raises the risk of veno-occlusive disease: {'; '.join(reasons)}",
        )


def _transplant_mortality(case: Case) -> Iterator[Finding]:
    """POL-BBW-NRM: a planned transplant; a warning when cycle 3 or later is ordered."""
    planned, statements = newest_intention(case.chart)
    if planned is not True:
        return
    late = (case.highest_cycle or 0) >= days("cycle.max.hsct")
    text = "A transplant is planned: boxed warning of higher non-relapse mortality after transplant" + (
        ", more so with more cycles" if late else ""
    )
    card = CardKind.DETAILS if late else CardKind.COVERAGE
    yield _finding(
        "boxed-warning",
        WARNING if late else INFO,
        card,
        "POL-BBW-NRM",
        Basis.POLICY,
        text,
        "",
        tuple(i.reference for i in statements),
    )


def _cytoreduction(case: Case) -> Iterator[Finding]:
    """POL-LAB-CYTO: circulating lymphoblasts above 10,000/mm3 before the first dose."""
    if case.frame.given:
        return
    tied = newest(case.chart.usable("pb_blasts_abs", "pb_lymphoblasts_abs"))
    if tied and all(
        r.value is not None and r.value.is_above(number("cytoreduction.pb_blasts")) for r in tied
    ):
        text = f"Circulating blasts {tied[0].shown}: the label says to cytoreduce to at most 10 x10*9/L (10,000/mm3) before the first dose"
        yield _finding(
            "cytoreduction",
            WARNING,
            CardKind.SAFETY,
            "POL-LAB-CYTO",
            Basis.LABEL,
            text,
            "Cytoreduce before the first dose",
            (tied[0].reference,),
        )


def _pregnancy(case: Case) -> Iterator[Finding]:
    """POL-LAB-EMBRYO: an active record at most 300 days old, or a positive test within 30 days, nothing newer against it."""
    positive, negative = [], []
    for p in case.chart.problems:
        when = p.dated
        if p.is_a("pregnancy") and p.is_active and p.verified and when is not None:
            if (case.chart.today - when.last).days <= days("pregnancy.record_window"):
                positive.append((when.last, p.shown, p.reference))
    earliest = case.chart.today - timedelta(days=days("pregnancy.test_window"))
    for r in case.chart.results_for("pregnancy_test", "pregnancy_status"):
        sign = _pregnancy_sign(r)
        if r.when is not None and sign is not None:
            if sign and r.when.first >= earliest:
                positive.append((r.when.last, f"pregnancy test or status positive ({r.when})", r.reference))
            elif not sign:
                negative.append(r.when.last)
    current = [p for p in positive if not any(day > p[0] for day in negative)]
    if current:
        _, text, reference = max(current)
        yield _finding(
            "embryo-fetal",
            WARNING,
            CardKind.SAFETY,
            "POL-LAB-EMBRYO",
            Basis.LABEL,
            f"Pregnancy recorded: {text}. The label warns of harm to the fetus",
            "Check pregnancy before the infusion",
            (reference,),
        )
    for p in case.chart.problems:
        if p.is_a("lactation") and p.is_active and p.verified:
            yield _finding(
                "embryo-fetal",
                INFO,
                CardKind.SAFETY,
                "POL-LAB-EMBRYO",
                Basis.LABEL,
                f"Lactation recorded ({p.shown}): the label says not to breastfeed during treatment and 2 months after",
                "",
                (p.reference,),
            )


def _pregnancy_sign(r: Result) -> bool | None:
    if re.search(r"\bnot (?:currently )?pregnant\b", r.words, re.IGNORECASE):
        return False
    if re.search(r"\bpregnant\b", r.words, re.IGNORECASE):
        return True
    return r.sign


def _bsa_mismatch(case: Case) -> Iterator[Finding]:
    """POL-REC-BSA: a recorded BSA within 30 days of the weight differs by more than 10 %."""
    body = body_surface(case.chart)
    recorded, weight = body.recorded, body.weight
    if (
        body.how != "computed"
        or body.m2 is None
        or recorded is None
        or weight is None
        or recorded.value is None
    ):
        return
    value = recorded.value.exact
    if value is None or recorded.when is None or weight.when is None:
        return
    apart = abs((recorded.when.first - weight.when.first).days)
    if apart <= days("bsa.recorded_window") and differs_by(value, body.m2) > number("bsa.mismatch"):
        text = f"Recorded BSA {recorded.shown} differs by more than 10 % from {plain(body.m2.quantize(Decimal('0.01')))} m2 computed from height and weight; the dose is judged by the computed one"
        yield _finding(
            "bsa-mismatch",
            WARNING,
            CardKind.SAFETY,
            "POL-REC-BSA",
            Basis.RECOMMENDATION,
            text,
            "Check height, weight and BSA",
            (recorded.reference, *body.evidence),
        )


def _unreadable(case: Case) -> Iterator[Finding]:
    """POL-REC-DECEASED, and POL-REC-VALUE: values that would have counted and cannot be used, quoted."""
    if case.chart.death:
        yield _finding(
            "unreadable-data",
            WARNING,
            CardKind.SAFETY,
            "POL-REC-DECEASED",
            Basis.RECOMMENDATION,
            f"Check the patient: {case.chart.death}",
            "Check the patient",
            ("Patient/" + case.record.patient_id,),
        )
    for name in _READ:
        usable = newest(case.chart.usable(name))
        last = max((r.when.last for r in usable if r.when is not None), default=None)
        bad = [
            r
            for r in case.chart.unusable((name,))
            if last is None or (r.when is not None and r.when.first >= last)
        ]
        for r in sorted(bad, key=lambda r: r.reference)[:3]:
            text = f"{name.replace('_', ' ')} of {r.day_text} cannot be used: {r.problem}"
            yield _finding(
                "unreadable-data",
                WARNING,
                CardKind.SAFETY,
                "POL-REC-VALUE",
                Basis.RECOMMENDATION,
                text,
                "Check the value in the record",
                (r.reference,),
            )


def asked(case: Case) -> Iterator[Need]:
    """Old height or weight (used, and said so), and treatments without a date. They decide nothing."""
    if case.frame.undated_ends:
        yield Need(
            "therapy-history",
            f"{case.frame.undated_ends[0].text}: it may have ended the course",
            decides=False,
        )
    body = body_surface(case.chart)
    if body.how == "recorded" and body.recorded is not None:
        yield Need(
            "height-weight",
            f"the dose rests on a recorded BSA ({body.recorded.shown}); no usable height and weight",
            decides=False,
        )
    elif body.how == "computed" and (old := _old_measures(case)):
        yield Need("height-weight", f"{' and '.join(old)}: old, but used", decides=False)


def _old_measures(case: Case) -> list[str]:
    body = body_surface(case.chart)
    adult = case.chart.birth is None or age_on(case.chart.birth, case.planned).least >= 18
    limits = (
        ("weight", body.weight, "weight.max_age"),
        ("height", body.height, "height.max_age.adult" if adult else "height.max_age.child"),
    )
    return [
        f"{label} {result.shown}"
        for label, result, most in limits
        if result is not None
        and (result.when is None or (case.horizon - result.when.first).days > days(most))
    ]
