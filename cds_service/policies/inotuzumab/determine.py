"""From record and orders to determinations: the one place where criteria, dose and safety meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from cds_service.clinical.chart import read_chart
from cds_service.clinical.drugs import INOTUZUMAB
from cds_service.clinical.exposure import orders_a_drug, use_of
from cds_service.clinical.medication import medication_concept
from cds_service.clinical.orders import is_for, read_order
from cds_service.fhir.record import Record, Resource, record_from
from cds_service.policies.inotuzumab import (
    criteria,
    criteria_continuation,
    criteria_disease,
    criteria_partners,
    criteria_philadelphia,
    duration,
    monitoring,
    progression,
    safety,
)
from cds_service.policies.inotuzumab.case import Case, build_case, replaced_and_active
from cds_service.policies.inotuzumab.checklist import checklist, documentation
from cds_service.policies.inotuzumab.coverage import applies, coverage_findings, decisive, met_path
from cds_service.policies.inotuzumab.documents import attachments
from cds_service.policies.inotuzumab.dose_check import check_dose
from cds_service.policies.inotuzumab.numbers import policy_text
from cds_service.policy.determination import (
    Determination,
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
    "POL-A-IV-PH": criteria_philadelphia.philadelphia_negative,
    "POL-A-V": criteria_partners.with_mini_hyper_cvd,
    "POL-B-I-TOX": criteria_continuation.toxicity,
    "POL-B-I-PROG": progression.progression,
    "POL-B-I-MAX": duration.duration,
    "POL-B-I-B": criteria_continuation.response_documented,
    "POL-B-I-C-1": monitoring.counts,
    "POL-B-I-C-2": monitoring.infusion,
    "POL-B-I-C-3": monitoring.heart,
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
    partners = tuple(use_of(d, whole, zone) for d in drafts if d not in ours and orders_a_drug(d))
    chart = read_chart(whole, clock)
    requests = tuple(d for d in drafts if d not in ours and d.type == "ServiceRequest")
    return tuple(
        _one(
            replace(
                build_case(chart, order, [o for o in orders if o is not order], partners), requests=requests
            )
        )
        for order in orders
    )


def _without_drafts(record: Record, drafts: Sequence[Resource]) -> Record:
    """The record without copies of the orders being signed (a re-signed order may be on the server)."""
    signed = {d.reference for d in drafts if d.id}
    medications = [d for d in drafts if d.type in ("Medication", "Substance")]
    held = {r.reference for kind in ("MedicationRequest", "ServiceRequest") for r in record.of_type(kind)}
    if not medications and not signed & held:
        return record
    kept = [r for rs in record.by_type.values() for r in rs if r.reference not in signed]
    return record_from(record.patient_id, [*kept, *medications], record.gaps, record.not_offered)


def _one(case: Case) -> Determination:
    chart, order = case.chart, case.order
    outline = OUTLINE.evaluate(case.request, case)
    dose = check_dose(case)
    found, asked = safety.findings(case)
    decided = list(decisive(outline))
    leaves = leaves_of(outline)
    results = tuple(replace(c, applies=applies(c, outline)) for c in leaves)
    extra = [Need(item, because, decides) for item, because, decides in dose.needed]
    needs = checklist(case, outline, decided, (*extra, *asked))
    findings = (
        *coverage_findings(case, outline, leaves),
        *documentation(needs, decided),
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
        path=met_path(outline),
        findings=tuple(dict.fromkeys(findings)),
        needed=needs,
        dose=dose.dose,
        unseen=tuple(f"{g.need}: {g.reason}" for g in chart.record.gaps),
        notes=tuple(_notes(case)),
        planned=order.planned.isoformat(),
        attach=attachments(case),
    )


def _notes(case: Case) -> Iterator[str]:
    """What the reader should know of how the order was read, and of the policy in force (POL-META-1)."""
    if not case.order.planned_is_stated:
        yield f"The order states no date; it is read as planned for today ({case.planned})."
    for replaced in replaced_and_active(case):
        yield f"The earlier order for {replaced.planned}, which this one replaces, is still active."
    if case.frame.position.label_unchecked:
        yield "The doses given could not all be seen; cycle and day are those the order states."
    elif case.frame.position.why_unknown:
        yield f"Cycle and day: {case.frame.position.why_unknown}."
    if case.frame.earlier:
        last = case.frame.earlier[-1].day
        ended = max((e.day, e.text) for e in case.frame.ends if e.day is not None)[1]
        yield (
            f"A new course: inotuzumab was given before (last {last}), then {ended}. The earlier exposure raises the risk of "
            "veno-occlusive disease. The policy does not state whether earlier cycles count toward six."
        )
    effective = date.fromisoformat(OUTLINE.reference.effective)
    if case.planned < effective:
        yield f"The planned date lies before the policy's effective date ({effective}); the policy may not apply."
    if case.response.note:
        yield f"Response: {case.response.note}."
