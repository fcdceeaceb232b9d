"""Which drugs care plans put beside inotuzumab in a cycle.

An activity is read like an order; a title or description only makes possible what it names.
Procedure: docs/policies/inotuzumab/initial.md#partner-drugs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from cds_service.clinical.reading.reader import read
from cds_service.clinical.therapy.drugs import (
    INOTUZUMAB,
    MINI_HYPER_CVD,
    STEROIDS,
    UNRESOLVED,
    drugs_in_text,
    is_antineoplastic,
)
from cds_service.clinical.therapy.exposure import DrugUse
from cds_service.clinical.therapy.plans import Plan
from cds_service.oncology.concurrency import (
    CONCURRENT,
    LATER_TREATMENT,
    NOT,
    POSSIBLE,
    Cycle,
    Standing,
)
from cds_service.policies.inotuzumab.case import regimens
from cds_service.policies.inotuzumab.initial.partner import Partner, counted


def overlapping(plans: Iterable[Plan], cycle: Cycle) -> Iterator[Plan]:
    for plan in plans:
        if plan.start is None or plan.start.first <= cycle.last:
            yield plan


def of_plans(plans: Sequence[Plan], cycle: Cycle) -> Iterator[Partner]:
    """Drugs of the plans' activities, and regimens that these name; what only a plan's title names is possible."""
    for plan in plans:
        for activity in plan.activities:
            concurrency, why = _of_activity(activity, plan, cycle)
            for drug in sorted(counted(activity, cycle.first)) or _regimen_of(activity):
                yield Partner(drug, concurrency, plan.reference, why)
        for drug in sorted(_named_in_words(plan)) or _regimens_in_title(plan):
            yield Partner(drug, POSSIBLE, plan.reference, "named in the care plan")
        for company in filter(None, map(regimens.joined_to_inotuzumab, plan.texts)):
            yield Partner(
                UNRESOLVED if company.is_tki else company.quote,
                POSSIBLE,
                plan.reference,
                f"the care plan names {company.quote}",
            )
        for drug in dict.fromkeys(d for text in _texts_on_hold(plan) for d in drugs_of_known_regimen(text)):
            yield Partner(drug, POSSIBLE, plan.reference, "by its regimen, on hold in the care plan")


def drugs_of_known_regimen(text: str) -> tuple[str, ...]:
    """What a text that plans mini-hyper-CVD or hyper-CVAD stands for, where it leaves open whether that goes with the cycle."""
    if regimens.plans(text, regimens.MINI_HYPER_CVD):
        return tuple(sorted(MINI_HYPER_CVD))
    return ("hyper-CVAD",) if regimens.plans(text, regimens.HYPER_CVAD) else ()


def standing_texts(plan: Plan, cycle: Cycle) -> Iterator[str]:
    """The texts that may name the regimen of a cycle: of a plan and of its activities in it, but for those on hold."""
    if not plan.on_hold:
        yield from plan.texts
    for activity in plan.activities:
        if _of_activity(activity, plan, cycle)[0] is CONCURRENT:
            yield activity.all_text


def _texts_on_hold(plan: Plan) -> Iterator[str]:
    if plan.on_hold:
        yield from plan.texts
    yield from (a.all_text for a in plan.activities if a.status == "on-hold")


def _regimens_in_title(plan: Plan) -> list[str]:
    found = (text for text in plan.texts if regimens.is_other_regimen(text))
    return [t for t in found if not (LATER_TREATMENT.search(t) or INOTUZUMAB in drugs_in_text(t))]


def _regimen_of(activity: DrugUse) -> tuple[str, ...]:
    """A regimen that an activity without a known drug names; the two that count by themselves are read as plans."""
    if activity.drugs or activity.benign_reason or activity.intrathecal:
        return ()
    names = activity.all_text.split(" ; ")
    return tuple(name for name in names if regimens.is_other_regimen(name))[:1]


def _of_activity(activity: DrugUse, plan: Plan, cycle: Cycle) -> Standing:
    begins = activity.first_known or plan.start
    ends = activity.end or (activity.days[-1] if activity.days else plan.end)
    later = begins is not None and begins.first > cycle.last
    if later or LATER_TREATMENT.search(activity.all_text):
        return NOT, "in the care plan, for later"
    if plan.end is not None and plan.end.last < cycle.first:
        return POSSIBLE, f"in a care plan that ended {plan.end}"
    if ends is not None and ends.last < cycle.first:
        return NOT, f"in the care plan until {ends}"
    if activity.status == "on-hold":
        return POSSIBLE, "in the care plan, on hold"
    if activity.in_doubt:
        return POSSIBLE, "in the care plan, in words that are not wholly understood"
    return CONCURRENT, "in the care plan"


def beside_regimen(text: str, on: date) -> Iterator[tuple[str, str]]:
    """What a text that names mini-hyper-CVD makes possible with this cycle, and why.

    The drugs that it names together with the regimen; the regimen's own where the text is not wholly understood.
    """
    if regimens.plans(text, regimens.MINI_HYPER_CVD, on):
        found = [quote for quote in _quotes(text) if regimens.names(quote, regimens.MINI_HYPER_CVD)]
        yield from ((drug, "named with mini-hyper-CVD") for drug in sorted(_partners_in(found)))
    elif regimens.may_plan_mini_hyper_cvd(text):
        yield from ((drug, "by a regimen in words not wholly understood") for drug in sorted(MINI_HYPER_CVD))


def _named_in_words(plan: Plan) -> frozenset[str]:
    """The partners that a plan's texts name for this treatment: being named there makes one possible, words only take back."""
    return _partners_in(quote for text in plan.texts for quote in _quotes(text))


def _quotes(text: str) -> Iterator[str]:
    reading = read(text, "partner")
    yield from (a.quote for a in reading.assertions if a.is_now and a.value == "drug")
    yield from (n.quote for n in reading.not_understood if not n.silenced)


def _partners_in(quotes: Iterable[str]) -> frozenset[str]:
    named = {drug for quote in quotes for drug in drugs_in_text(quote)}
    return frozenset(d for d in named if _is_plan_partner(d) and d not in STEROIDS)


def _is_plan_partner(drug: str) -> bool:
    return drug not in (INOTUZUMAB, "hydroxyurea") and (is_antineoplastic(drug) or drug in MINI_HYPER_CVD)
