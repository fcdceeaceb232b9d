"""From record and orders to determinations: the one place where criteria, dose and safety meet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from cds_service.clinical.chart import Chart, read_chart
from cds_service.clinical.drugs import INOTUZUMAB
from cds_service.clinical.exposure import DrugUse, medication_concept, use_of
from cds_service.clinical.orders import Order, is_for, read_order
from cds_service.fhir.record import Record, Resource, record_from
from cds_service.policies.inotuzumab import (
    criteria,
    criteria_continuation,
    criteria_disease,
    criteria_partners,
    safety,
)
from cds_service.policies.inotuzumab.case import Case, build_case
from cds_service.policies.inotuzumab.documents import progress_notes, supporting_documents
from cds_service.policies.inotuzumab.dose_check import check_dose
from cds_service.policies.inotuzumab.numbers import days, policy_text
from cds_service.policy.determination import (
    Basis,
    CardKind,
    CriterionResult,
    Determination,
    Finding,
    GroupResult,
    Indicator,
    Need,
)
from cds_service.policy.outline import Answer, leaves_of, load
from cds_service.policy.verdict import Verdict

LEAVES: dict[str, Callable[[Case], Answer]] = {
    "POL-IND-A-AGE": criteria.age,
    "POL-A-I-DX": criteria.diagnosis,
    "POL-A-I-CD22": criteria.cd22,
    "POL-A-II-A": criteria_disease.relapsed_or_refractory,
    "POL-A-II-B-1": criteria_partners.single_agent,
    "POL-A-II-B-2": criteria_partners.with_tki,
    "POL-A-II-B-3": criteria_partners.with_mini_hyper_cvd,
    "POL-A-IV-FL": criteria_disease.frontline,
    "POL-A-IV-PH": criteria.philadelphia_negative,
    "POL-A-V": criteria_partners.with_mini_hyper_cvd,
    "POL-B-I-TOX": criteria_continuation.toxicity,
    "POL-B-I-PROG": criteria_continuation.progression,
    "POL-B-I-MAX": criteria_continuation.duration,
    "POL-B-I-B": criteria_continuation.response_documented,
    "POL-B-I-C-1": criteria_continuation.monitoring_counts,
    "POL-B-I-C-2": criteria_continuation.monitoring_infusion,
    "POL-B-I-C-3": criteria_continuation.monitoring_qt,
}
# Judged for a day 8 or 15 order with the facts up to day 1 as well (POL-COURSE 4).
_EITHER_WAY = frozenset(
    {"POL-A-I-DX", "POL-A-I-CD22", "POL-A-II-A", "POL-A-IV-FL", "POL-A-IV-PH", "POL-B-I-MAX", "POL-B-I-B", "POL-B-I-C-1", "POL-B-I-C-2", "POL-B-I-C-3"}
)  # fmt: skip


def _either_way(leaf: Callable[[Case], Answer]) -> Callable[[Case], Answer]:
    """MET if met with the facts up to day 1 or with all; NOT if so both ways; else unknown."""

    def decide(case: Case) -> Answer:
        now = leaf(case)
        then_case = case.as_of_day_one
        if then_case is None or now.verdict is Verdict.MET:
            return now
        then = leaf(then_case)
        if then.verdict is Verdict.MET:
            return replace(then, because=f"as of day 1 of this cycle ({case.day_one}): {then.because}")
        if now.verdict is then.verdict:
            return now
        return now if now.verdict is Verdict.UNKNOWN else then

    return decide


OUTLINE = load(
    policy_text(),
    {leaf_id: _either_way(leaf) if leaf_id in _EITHER_WAY else leaf for leaf_id, leaf in LEAVES.items()},
)


def in_scope(resource: Resource, resolve: Callable[[str, Resource], Resource | None]) -> bool:
    """Whether a draft order is for inotuzumab, with the given way to resolve its medication reference."""
    if resource.type not in ("MedicationRequest", "ServiceRequest"):
        return False
    return is_for(resource, INOTUZUMAB, _Resolver("", resolve=resolve))


class _Resolver(Record):
    """A record that only resolves references, for an order whose record is not yet read."""

    def __init__(self, patient_id: str, *, resolve: Callable[[str, Resource], Resource | None]) -> None:
        super().__init__(patient_id)
        object.__setattr__(self, "_resolve", resolve)

    def resolve(self, reference: str, inside: Resource | None = None) -> Resource | None:
        found = super().resolve(reference, inside)
        if found is not None or inside is None:
            return found
        result: Resource | None = self.__dict__["_resolve"](reference, inside)
        return result


def determine(record: Record, drafts: Sequence[Resource], clock: datetime) -> tuple[Determination, ...]:
    """One determination for each inotuzumab order among the drafts, in their order."""
    whole = _without_drafts(record, drafts)
    concepts = [medication_concept(d, whole) for d in drafts]
    ours = [
        d for d, c in zip(drafts, concepts, strict=True) if c is not None and is_for(d, INOTUZUMAB, whole)
    ]
    orders = [read_order(d, d.reference, clock) for d in ours]
    zone = clock.tzinfo
    assert zone is not None
    partners = tuple(
        use_of(d, whole, zone) for d in drafts if d not in ours and d.type == "MedicationRequest"
    )
    chart = read_chart(whole, clock)
    return tuple(_one(chart, order, [o for o in orders if o is not order], partners) for order in orders)


def _without_drafts(record: Record, drafts: Sequence[Resource]) -> Record:
    """The record without copies of the orders being signed (a re-signed order may be on the server)."""
    signed = {d.reference for d in drafts if d.id}
    medications = [d for d in drafts if d.type == "Medication"]
    held = {r.reference for kind in ("MedicationRequest", "ServiceRequest") for r in record.of_type(kind)}
    if not medications and not signed & held:
        return record
    kept = [r for rs in record.by_type.values() for r in rs if r.reference not in signed]
    return record_from(record.patient_id, [*kept, *medications], record.gaps)


def _one(chart: Chart, order: Order, others: list[Order], partners: tuple[DrugUse, ...]) -> Determination:
    case = build_case(chart, order, others, partners)
    outline = OUTLINE.evaluate(case.request, case)
    dose = check_dose(case)
    found, asked = safety.findings(case)
    decided = list(_decisive(outline))
    leaves = leaves_of(outline)
    results = tuple(replace(c, applies=_applies(c, outline)) for c in leaves)
    extra = [Need(item, because, decides) for item, because, decides in dose.needed]
    needs = _needs(case, outline, decided, (*extra, *asked, *_informing(case)))
    findings = (
        *_coverage_findings(case, outline, leaves),
        *_documentation(needs, decided),
        *dose.findings,
        *found,
    )
    return Determination(
        order=order.reference,
        drug="inotuzumab ozogamicin (J9229)",
        policy=OUTLINE.reference,
        request=case.request,
        cycle=case.cycle,
        day=case.day,
        coverage=outline.verdict,
        outline=outline,
        criteria=results,
        path=_path(outline),
        findings=tuple(dict.fromkeys(findings)),
        needed=needs,
        dose=dose.dose,
        unseen=tuple(f"{g.need}: {g.reason}" for g in chart.record.gaps),
        notes=tuple(_notes(case)),
        planned=order.planned.isoformat(),
    )


def _decisive(group: GroupResult) -> Iterator[CriterionResult]:
    """The unknown leaves that keep the group unknown: what would settle it."""
    if group.verdict is not Verdict.UNKNOWN:
        return
    for part in group.parts:
        if isinstance(part, GroupResult):
            yield from _decisive(part)
        elif part.verdict is Verdict.UNKNOWN:
            yield part


def _applies(criterion: CriterionResult, outline: GroupResult) -> bool:
    """Whether the path taken needs a criterion: alternatives that fell out before the deciding ones do not."""
    return criterion.id in {c.id for c in _carrying(outline)}


def _carrying(group: GroupResult) -> Iterator[CriterionResult]:
    """The leaves that carry a group's verdict: of alternatives, those with the verdict of the whole."""
    for part in group.parts:
        if group.operator == "any" and part.verdict is not group.verdict:
            continue
        if isinstance(part, GroupResult):
            yield from _carrying(part)
        else:
            yield part


def _path(outline: GroupResult) -> str:
    """The met path of section A in words."""
    if outline.id != "initial" or outline.verdict is not Verdict.MET:
        return ""
    carrying = {c.id for c in _carrying(outline)}
    if "POL-A-II-A" in carrying:
        use = {"POL-A-II-B-1": "alone", "POL-A-II-B-2": "with a TKI", "POL-A-II-B-3": "with mini-hyper-CVD"}
        how = next((text for leaf, text in use.items() if leaf in carrying), "")
        return f"path 1 (relapsed or refractory, {how})"
    return "path 2 (frontline, Philadelphia-negative, with mini-hyper-CVD)"


_ORDER = (
    "birth-date", "diagnosis", "pathology", "cd22", "ph-status", "therapy-history", "line-of-therapy", "partner-drugs",
    "cycle-number", "toxicity-detail", "progression-note", "response", "extramedullary-status", "mrd", "hsct-plan", "cbc",
    "myelosuppression-note", "infusion-monitoring-note", "ecg-baseline", "ecg-follow-up", "electrolytes-baseline",
    "electrolytes-follow-up", "qt-drugs", "height-weight", "interruption-reason", "hepatic-recovery",
)  # fmt: skip


def _needs(
    case: Case, outline: GroupResult, decided: list[CriterionResult], asked: Iterable[Need]
) -> tuple[Need, ...]:
    """The checklist in the payer's order, each item once; one that decides beats one that informs."""
    found: dict[str, Need] = {}
    unknown = [
        c for c in leaves_of(outline) if c.verdict is Verdict.UNKNOWN and case.request == "continuation"
    ]
    for c in (*decided, *unknown):
        settles = f"; would settle it: {c.changes}" if c.changes else ""
        own = dict(c.asks)
        for item in c.needed:
            because = own.get(item, f"{c.because}{settles}")
            found.setdefault(item, Need(item, f"{c.section}: {because}", decides=c in decided))
    if case.cycle is None or case.day is None:
        why = case.frame.position.why_unknown or "the cycle and day are not known"
        found.setdefault("cycle-number", Need("cycle-number", why))
    for need in asked:
        held = found.get(need.item)
        if held is None or (need.decides and not held.decides):
            found[need.item] = need
    return tuple(found[item] for item in _ORDER if item in found)


def _documentation(needs: tuple[Need, ...], decided: list[CriterionResult]) -> Iterator[Finding]:
    """One finding for the checklist: a warning when an item of it decides."""
    if needs:
        decides = any(n.decides for n in needs)
        indicator = Indicator.WARNING if decides else Indicator.INFO
        rules = tuple(c.id for c in decided if c.needed) or ("POL-A-DOC",)
        text = f"{len(needs)} items of documentation are not found in the record"
        yield Finding("documentation", indicator, CardKind.DOCUMENTATION, rules, Basis.POLICY, text)


def _informing(case: Case) -> Iterator[Need]:
    if case.request == "continuation":
        yield from progress_notes(case).informing
        return
    documents = supporting_documents(case)
    if documents.verdict is not Verdict.MET:
        yield Need("pathology", f"{documents.because}; {documents.changes}", decides=False)


def _coverage_findings(
    case: Case, outline: GroupResult, leaves: tuple[CriterionResult, ...]
) -> Iterator[Finding]:
    failed = [c for c in leaves if c.verdict is Verdict.NOT_MET]
    if outline.verdict is Verdict.MET:
        indicator, rules = Indicator.INFO, tuple(c.id for c in leaves if _applies(c, outline))
    elif outline.verdict is Verdict.NOT_MET:
        initial = ("POL-D-I",) if case.request == "initial" else ()
        indicator, rules = Indicator.WARNING, (*(c.id for c in failed), *initial)
    else:
        indicator, rules = Indicator.WARNING, tuple(c.id for c in _decisive(outline))
    evidence = tuple(dict.fromkeys(e for c in leaves if c.id in rules for e in c.evidence))
    text = f"Coverage criteria {outline.verdict.value.replace('-', ' ')} by the record"
    yield Finding("coverage", indicator, CardKind.COVERAGE, rules, Basis.POLICY, text, "", evidence)
    age = next((c for c in leaves if c.id == "POL-IND-A-AGE"), None)
    if age is not None and age.verdict is Verdict.NOT_MET:
        yield Finding(
            "age",
            Indicator.WARNING,
            CardKind.COVERAGE,
            ("POL-IND-A-AGE",),
            Basis.POLICY,
            age.because,
            "",
            age.evidence,
        )
    yield from _authorization(case)


def _authorization(case: Case) -> Iterator[Finding]:
    """POL-C-I, POL-C-II: one cycle for each authorization."""
    order = case.order
    initial = case.request == "initial"
    most = days("auth.initial.max_days" if initial else "auth.reauth.max_days")
    covers = (order.last_day - order.planned).days + 1
    if covers > most or len(order.days) > 3:
        what = f"{len(order.days)} doses" if len(order.days) > 3 else f"{covers} days"
        text = f"The order covers {what}: one authorization covers one cycle (at most {most} days, 3 doses)"
        yield Finding(
            "authorization-duration",
            Indicator.WARNING,
            CardKind.COVERAGE,
            ("POL-C-I" if initial else "POL-C-II",),
            Basis.POLICY,
            text,
            "",
            (order.reference,),
        )


def _notes(case: Case) -> Iterator[str]:
    """What the reader should know of how the order was read."""
    if not case.order.planned_is_stated:
        yield f"The order states no date; it is read as planned for today ({case.planned})."
    if case.frame.position.label_unchecked:
        yield "The doses given could not all be seen; cycle and day are those the order states."
    elif case.frame.position.why_unknown:
        yield f"Cycle and day: {case.frame.position.why_unknown}."
    if case.frame.earlier:
        last = case.frame.earlier[-1].day
        ended = case.frame.ends[-1].text if case.frame.ends else "another course"
        yield (
            f"A new course: inotuzumab was given before (last {last}), then {ended}. The earlier exposure raises the risk of "
            "veno-occlusive disease. The policy does not state whether earlier cycles count toward six."
        )
    effective = date.fromisoformat(OUTLINE.reference.effective)
    if case.planned < effective:
        yield f"The planned date lies before the policy's effective date ({effective}); the policy may not apply."
    if case.response.note:
        yield f"Response: {case.response.note}."
