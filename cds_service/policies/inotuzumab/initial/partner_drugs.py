"""Which drugs go with this cycle.

Gathers them from orders, administrations, statements and care plans, and leaves out premedication,
cytoreduction, intrathecal drugs and drugs for another disease.
Procedure: docs/policies/inotuzumab/initial.md#partner-drugs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from cds_service.clinical.acts import Act
from cds_service.clinical.statements import when_stated
from cds_service.clinical.therapy.drugs import (
    ANTHRACYCLINES,
    MINI_HYPER_CVD,
    ORAL_TKIS,
    STEROIDS,
    TAKEN_DAILY,
    UNRESOLVED,
)
from cds_service.clinical.therapy.exposure import ONLY_PROPOSED, ORDERS, DrugUse
from cds_service.clinical.therapy.plans import Plan, current_plans
from cds_service.clinical.therapy.services import is_another_service, service_parts
from cds_service.fhir.codings import words_in
from cds_service.oncology.concurrency import (
    CONCURRENT,
    POSSIBLE,
    Concurrency,
    Cycle,
    standing,
)
from cds_service.policies.inotuzumab.case import regimens
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.initial.partner import Partner, counted
from cds_service.policies.inotuzumab.initial.partners_in_plans import (
    drugs_of_known_regimen,
    of_plans,
    overlapping,
    standing_texts,
)
from cds_service.policies.inotuzumab.numbers import days, span
from cds_service.remembering import once
from cds_service.values import dataclass

_QUOTED = 60  # characters
_REGIMEN_HINT = re.compile(r"cva?d|c-vad|single[- ]agent|monotherapy|\balone\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Partners:
    """All partners of this cycle, and the plan that names mini-hyper-CVD or full hyper-CVAD, if one does."""

    all: tuple[Partner, ...]
    mini_hyper_cvd_plan: str | None
    full_hyper_cvad: str | None

    def named(self, concurrency: Concurrency, drugs: Iterable[str] | None = None) -> tuple[Partner, ...]:
        wanted = None if drugs is None else set(drugs)
        return tuple(
            [p for p in self.all if p.concurrency is concurrency and (wanted is None or p.drug in wanted)]
        )

    def antineoplastic(self, concurrency: Concurrency) -> tuple[Partner, ...]:
        """Partners that are systemic antineoplastics; steroids alone never defeat single-agent use."""
        return tuple(p for p in self.named(concurrency) if p.drug not in STEROIDS)

    @property
    def unidentified(self) -> tuple[Partner, ...]:
        """What goes or may go with this cycle and is some drug, not known which."""
        return (*self.named(CONCURRENT, {UNRESOLVED}), *self.named(POSSIBLE, {UNRESOLVED}))

    @property
    def full_hyper_cvad_drugs(self) -> tuple[Partner, ...]:
        """An anthracycline with another drug of hyper-CVAD in this cycle; a steroid alone is none (step 7)."""
        anthracyclines = self.named(CONCURRENT, ANTHRACYCLINES)
        others = self.named(CONCURRENT, MINI_HYPER_CVD - STEROIDS)
        return (*anthracyclines, *others) if anthracyclines and others else ()


@once
def partners(case: Case) -> Partners:
    """Read requests, drafts, administrations, statements and care plans for this cycle."""
    cycle = _cycle(case)
    plans = tuple(overlapping(current_plans(case.record, case.chart.zone), cycle))
    strongest: dict[str, Partner] = {}
    order = list(Concurrency)
    for partner in (*_of_uses(case, cycle), *of_plans(plans, cycle)):
        held = strongest.get(partner.drug)
        if held is None or order.index(partner.concurrency) < order.index(held.concurrency):
            strongest[partner.drug] = partner
    texts = tuple(_plan_texts(case, plans, cycle))
    noted = _planned_in_notes(case, cycle)

    def plan_of(regimen: str) -> str | None:
        named = (reference for text, reference in texts if regimens.plans(text, regimen, cycle.first))
        return next(named, noted.get(regimen))

    return Partners(
        tuple(strongest[d] for d in sorted(strongest)),
        plan_of(regimens.MINI_HYPER_CVD),
        plan_of(regimens.HYPER_CVAD),
    )


def _cycle(case: Case) -> Cycle:
    """Day 1 to the last day of the cycle, which is shorter for cycle 1."""
    length = days("cycle.length.c1" if case.highest_cycle == 1 else "cycle.length.sub")
    goes_on = span("partner.stale_order")
    given: dict[str, tuple[date, ...]] = {}
    for use in case.chart.uses:
        if use.is_given and not use.intrathecal:
            on = _days_of_use(use, case.day_one - goes_on)
            for drug in use.drugs:
                given[drug] = (*given[drug], *on) if drug in given else on
    return Cycle(
        case.day_one, case.day_one + timedelta(days=length - 1), case.chart.today,
        {drug: tuple(sorted(on)) for drug, on in given.items()}, goes_on, span("partner.stale_tki"), span("partner.tki_given"),
        ORAL_TKIS, TAKEN_DAILY, frozenset(_ended(case, given)),
    )  # fmt: skip


def _ended(case: Case, given: Mapping[str, Sequence[date]]) -> Iterator[str]:
    """The drugs taken daily of which an order or statement says that they ended, and that were not given since."""
    for use in case.chart.uses:
        if use.status in ("completed", "stopped", "not-taken") and use.kind in (
            *ORDERS,
            "MedicationStatement",
        ):
            end = use.end or use.authored
            for drug in use.drugs & TAKEN_DAILY:
                if end is None or all(day <= end.last for day in given.get(drug, ())):
                    yield drug


def _days_of_use(use: DrugUse, recent: date) -> tuple[date, ...]:
    """The days on which a drug was given, dispensed or stated as taken; not those of a supply that ran out."""
    if use.kind == "MedicationDispense" and use.end is not None and use.end.last < recent:
        return ()
    taken = use.authored if use.kind == "MedicationStatement" and use.status == "active" else None
    return tuple([when.last for when in (*use.days, taken) if when is not None])


def _of_uses(case: Case, cycle: Cycle) -> Iterator[Partner]:
    drafted = {use.reference for use in case.drafts}
    recorded = (*case.chart.uses, *case.chart.ordered_services)
    held = (u for u in recorded if u.status != "draft" and u.reference not in drafted)
    for use in (*held, *case.drafts):
        regimen, understood = _unnamed_drugs(use)
        if not (use.drugs or use.benign_reason) and standing(use, "", cycle)[0] is POSSIBLE:
            regimen = drugs_of_known_regimen(use.words) or regimen
        for drug in regimen or sorted(counted(use, cycle.first)):
            concurrency, why = standing(use, drug, cycle)
            if (use.in_doubt or not understood) and concurrency is CONCURRENT:
                concurrency, why = POSSIBLE, "named in an order that is not wholly understood"
            yield Partner(drug, concurrency, use.reference, why)


def _unnamed_drugs(use: DrugUse) -> tuple[tuple[str, ...], bool]:
    """The name of a use that names no drug but chemotherapy or a regimen, and whether it is wholly understood.

    The two regimens that count by themselves are read as plans.
    """
    if use.drugs or use.intrathecal or use.benign_reason or _names_known_regimen(use):
        return (), True
    understood = regimens.names_therapy(use.words)
    return ((use.words.split(" | ")[0][:_QUOTED],) if understood is not False else ()), understood is True


def _names_known_regimen(use: DrugUse) -> bool:
    return any(regimens.names(use.words, r) for r in (regimens.MINI_HYPER_CVD, regimens.HYPER_CVAD))


def _plan_texts(case: Case, plans: Sequence[Plan], cycle: Cycle) -> Iterator[tuple[str, str]]:
    """Texts that may name the regimen of this cycle, with their source."""
    yield from ((text, case.order.reference) for text in case.order.texts)
    yield from ((use.all_text, use.reference) for use in case.drafts)
    for plan in plans:
        if plan.end is None or plan.end.last >= cycle.first:
            yield from ((text, plan.reference) for text in standing_texts(plan, cycle))
    for request in case.requests:
        if not is_another_service(request.body):
            yield from ((words_in(part), request.reference) for part in service_parts(request.body))
    for act in case.chart.acts:
        if act.kind == "ServiceRequest" and act.status == "active" and _may_be_of(act, case, cycle):
            yield act.words, act.reference
    for use in case.chart.uses:
        recent = use.authored is None or use.authored.last >= cycle.recent
        if use.kind == "MedicationRequest" and use.status == "active" and recent:
            yield use.all_text, use.reference
        elif not use.drugs and use.kind != "MedicationRequest" and standing(use, "", cycle)[0] is CONCURRENT:
            yield use.words, use.reference


def _planned_in_notes(case: Case, cycle: Cycle) -> dict[str, str]:
    """The regimen that recent notes plan with inotuzumab, and where: the newest note that speaks of it, if it names one."""
    found: list[tuple[date, str, frozenset[str]]] = []
    for s in case.chart.statements:
        if s.kind != "DocumentReference" or s.when is None or _REGIMEN_HINT.search(s.text) is None:
            continue
        day = s.when.last
        if cycle.recent <= day and (named := regimens.planned_beside(s.text, day)):
            found.append((day, s.reference, named))
    last = max((day for day, _, _ in found), default=None)
    newest = [(reference, named) for day, reference, named in found if day == last]
    said = frozenset(regimen for _, named in newest for regimen in named)
    return dict.fromkeys(said, newest[0][0]) if len(said) == 1 else {}


def _may_be_of(act: Act, case: Case, cycle: Cycle) -> bool:
    """Whether a request for a service may be for this cycle's treatment: no test, and neither old nor for later."""
    resource = case.record.resolve(act.reference)
    if resource is None or is_another_service(resource.body) or act.intent in ONLY_PROPOSED:
        return False
    when = act.when or when_stated(resource, case.chart.zone)
    return when is None or (when.last >= cycle.recent and when.first <= cycle.last)
