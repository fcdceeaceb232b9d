"""Which drugs go with this cycle: the procedure PARTNERS of policy analysis 2.4.

A drug is concurrent when its period overlaps the cycle, possible when the record leaves that
open, and left out when it is premedication, cytoreduction, intrathecal or for another disease.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from cds_service.clinical.drugs import (
    ANTHRACYCLINES,
    INOTUZUMAB,
    MINI_HYPER_CVD,
    STEROIDS,
    TKIS,
    UNRESOLVED,
    drugs_in_text,
    is_antineoplastic,
    shown,
)
from cds_service.clinical.exposure import DrugUse
from cds_service.clinical.words import Said, phrase, says
from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.lines import is_cytoreduction
from cds_service.policies.inotuzumab.numbers import days

_MINI_HYPER_CVD = phrase(
    r"mini-?\s?hyper-?\s?C-?VD", r"mini-?HCVD", r"MHCVD", r"low[- ]intensity hyper-?C-?VD"
)
_FULL_HYPER_CVAD = re.compile(r"(?<!mini)(?<!mini-)(?<!mini )\bhyper-?\s?C-?VAD", re.IGNORECASE)
_PREMEDICATION = re.compile(
    r"\bpre-?med\w*|\bprior to (?:each )?(?:infusion|dose)|\bpre-?treatment for infusion|\bantiemet\w*|\bnausea",
    re.IGNORECASE,
)
_LATER = re.compile(r"\b(?:conditioning|maintenance|consolidation)\b", re.IGNORECASE)
_PLAN_ENDED = {"completed", "revoked", "entered-in-error", "cancelled"}


class Concurrency(StrEnum):
    """How a drug stands to this cycle."""

    CONCURRENT = "concurrent"
    POSSIBLE = "possible"
    NOT = "not concurrent"


@dataclass(frozen=True, slots=True)
class Partner:
    """One drug beside inotuzumab, how sure that is, and where it stands."""

    drug: str
    concurrency: Concurrency
    reference: str
    why: str

    @property
    def shown(self) -> str:
        return f"{shown(self.drug)} ({self.why})"


@dataclass(frozen=True, slots=True)
class Partners:
    """All partners of this cycle, and the plan that names mini-hyper-CVD, if one does."""

    all: tuple[Partner, ...]
    mini_hyper_cvd_plan: str | None
    full_hyper_cvad: str | None

    def named(self, concurrency: Concurrency, drugs: Iterable[str] | None = None) -> tuple[Partner, ...]:
        wanted = None if drugs is None else set(drugs)
        return tuple(
            p for p in self.all if p.concurrency is concurrency and (wanted is None or p.drug in wanted)
        )

    def antineoplastic(self, concurrency: Concurrency) -> tuple[Partner, ...]:
        """Partners that are systemic antineoplastics; steroids alone never defeat single-agent use."""
        return tuple(p for p in self.named(concurrency) if p.drug not in STEROIDS)


def partners(case: Case) -> Partners:
    """Read requests, drafts, administrations, statements and care plans for this cycle."""
    first = case.day_one
    last = first + timedelta(
        days=days("cycle.day1_min.c1" if case.highest_cycle == 1 else "cycle.length.sub") - 1
    )
    strongest: dict[str, Partner] = {}
    order = (Concurrency.CONCURRENT, Concurrency.POSSIBLE, Concurrency.NOT)
    for partner in (*_of_uses(case, first, last), *_of_plans(case, first, last)):
        held = strongest.get(partner.drug)
        if held is None or order.index(partner.concurrency) < order.index(held.concurrency):
            strongest[partner.drug] = partner
    plan, full = _regimen_named(case, last)
    return Partners(tuple(strongest[d] for d in sorted(strongest)), plan, full)


def _of_uses(case: Case, first: date, last: date) -> Iterator[Partner]:
    given = _days_given(case)
    for use in (*case.chart.uses, *case.drafts):
        drugs = _counted(use, first)
        if not drugs:
            continue
        for drug in sorted(drugs):
            concurrency, why = _concurrency(use, drug, first, last, given.get(drug, ()), case)
            yield Partner(drug, concurrency, use.reference, why)


def _counted(use: DrugUse, day_one: date) -> frozenset[str]:
    """The drugs of a use that may be partners, after step 2 left out what is none."""
    drugs = frozenset(
        d
        for d in use.drugs
        if d != INOTUZUMAB and (is_antineoplastic(d, use.concept) or d in MINI_HYPER_CVD or d == UNRESOLVED)
    )
    if not drugs or use.intrathecal or use.benign_reason or use.status == "not-done":
        return frozenset()
    if is_cytoreduction(use, day_one) or "hydroxyurea" in drugs:
        return frozenset()
    if drugs <= STEROIDS and _PREMEDICATION.search(use.all_text):
        return frozenset()
    return drugs


def _days_given(case: Case) -> dict[str, tuple[date, ...]]:
    found: dict[str, list[date]] = {}
    for use in case.chart.uses:
        if use.is_given and not use.intrathecal:
            for drug in use.drugs:
                found.setdefault(drug, []).extend(w.last for w in (*use.days, use.end) if w is not None)
    return {drug: tuple(sorted(found[drug])) for drug in found}


def _concurrency(
    use: DrugUse, drug: str, first: date, last: date, given: tuple[date, ...], case: Case
) -> tuple[Concurrency, str]:
    if use.is_given and use.kind != "MedicationStatement":
        return _of_given(use, first, last)
    if use.kind == "MedicationStatement" and use.status in ("completed", "stopped"):
        return _of_ended(use, first, last)
    if use.status in ("stopped", "completed", "cancelled", "not-taken"):
        return _of_ended(use, first, last)
    return _of_open(use, drug, first, last, given, case)


def _of_given(use: DrugUse, first: date, last: date) -> tuple[Concurrency, str]:
    if use.kind == "MedicationRequest":
        return _of_ended(use, first, last)
    if any(w.is_within(first, last) for w in use.days):
        return Concurrency.CONCURRENT, f"given {max(w.first for w in use.days)}"
    if use.start is not None and use.end is None and not use.days and use.start.first <= last:
        return Concurrency.CONCURRENT, f"since {use.start}"
    if use.start is not None and use.end is not None and use.start.first <= last and use.end.last >= first:
        return Concurrency.CONCURRENT, f"{use.start} to {use.end}"
    return Concurrency.NOT, "given outside this cycle"


def _of_ended(use: DrugUse, first: date, last: date) -> tuple[Concurrency, str]:
    ended = use.end or (use.days[-1] if use.days else None)
    begun = use.first_known
    if ended is not None and ended.last >= first and (begun is None or begun.first <= last):
        return Concurrency.CONCURRENT, f"until {ended}"
    return Concurrency.NOT, f"ended {ended}" if ended is not None else f"status {use.status}"


def _of_open(
    use: DrugUse, drug: str, first: date, last: date, given: tuple[date, ...], case: Case
) -> tuple[Concurrency, str]:
    """Active, on-hold, intended and draft uses."""
    if use.start is not None or use.days:
        begins = use.start.first if use.start is not None else use.days[0].first
        ends = (
            use.end.last
            if use.end is not None
            else (use.days[-1].last if use.days and use.start is None else None)
        )
        if begins > last:
            return Concurrency.NOT, f"planned to start {begins}"
        if ends is not None and ends < first:
            recorded_end = use.kind == "MedicationRequest" and use.status == "active"
            return (
                (Concurrency.POSSIBLE, f"active, but its period ended {ends}")
                if recorded_end
                else (Concurrency.NOT, f"ended {ends}")
            )
        if use.status == "on-hold":
            return Concurrency.POSSIBLE, "on hold"
        return Concurrency.CONCURRENT, f"from {begins}"
    if _LATER.search(use.all_text) and drug not in TKIS and _starts_later(use):
        return Concurrency.NOT, "planned for later"
    if use.status == "on-hold":
        return Concurrency.POSSIBLE, "on hold"
    if use.kind == "MedicationStatement":
        return Concurrency.CONCURRENT, "stated as being taken"
    recent = first - timedelta(days=days("partner.stale_order"))
    if any(day >= first for day in given):
        return Concurrency.CONCURRENT, "ordered, and given in this cycle"
    if use.status == "draft" or (use.authored is not None and use.authored.last >= recent):
        return (
            Concurrency.CONCURRENT,
            f"ordered {use.authored}" if use.authored else "ordered in this session",
        )
    if use.authored is not None and any(day > use.authored.last for day in given):
        return (
            (Concurrency.CONCURRENT, "ordered, and given since")
            if any(d >= recent for d in given)
            else (Concurrency.POSSIBLE, _stale(use))
        )
    return Concurrency.POSSIBLE, _stale(use)


def _stale(use: DrugUse) -> str:
    return (
        f"active order of {use.authored}, not given since" if use.authored else "active order without a date"
    )


def _starts_later(use: DrugUse) -> bool:
    """An order whose text puts it after this treatment, such as conditioning or maintenance."""
    return (
        use.intent in ("plan", "proposal")
        or use.status == "draft"
        or bool(re.search(r"\b(?:planned|after|following|then)\b", use.all_text, re.IGNORECASE))
    )


def _of_plans(case: Case, first: date, last: date) -> Iterator[Partner]:
    """Drugs that a care plan's activities name."""
    for act in case.chart.acts:
        if (
            act.kind != "CarePlan"
            or act.status in _PLAN_ENDED
            or (act.when is not None and act.when.first > last)
        ):
            continue
        for drug in sorted(act.concepts | drugs_in_text(act.words)):
            if (
                drug != INOTUZUMAB
                and drug != "blinatumomab"
                and (is_antineoplastic(drug) or drug in MINI_HYPER_CVD)
            ):
                if drug != "hydroxyurea" and drug not in STEROIDS - MINI_HYPER_CVD:
                    yield Partner(drug, Concurrency.CONCURRENT, act.reference, "in the care plan")


def _regimen_named(case: Case, last: date) -> tuple[str | None, str | None]:
    """References of the current plan (or order) that names mini-hyper-CVD, or full hyper-CVAD."""
    mini: str | None = None
    full: str | None = None
    texts = [(t, case.order.reference) for t in case.order.texts]
    texts += [(u.all_text, u.reference) for u in case.drafts]
    for act in case.chart.acts:
        if (
            act.kind == "CarePlan"
            and act.status not in _PLAN_ENDED
            and not (act.when is not None and act.when.first > last)
        ):
            texts += [(t, act.reference) for t in (act.words, *act.texts)]
    for use in case.chart.uses:
        if use.status in ("active", "draft") and use.kind == "MedicationRequest":
            texts.append((use.all_text, use.reference))
    for text, reference in texts:
        if says(text, _MINI_HYPER_CVD) is Said.AFFIRMED and not re.search(
            r"\b(?:prior|previous|after|failed|s/p)\b", text, re.IGNORECASE
        ):
            mini = mini or reference
        if (
            _FULL_HYPER_CVAD.search(text)
            and says(text, re.compile(_FULL_HYPER_CVAD.pattern, re.I)) is Said.AFFIRMED
        ):
            full = full or reference
    return mini, full


def anthracyclines(found: Partners) -> tuple[Partner, ...]:
    return found.named(Concurrency.CONCURRENT, ANTHRACYCLINES)
