"""Alone, with a listed TKI, or with mini-hyper-CVD (A.ii.B, A.v): what PARTNERS means for coverage."""

from __future__ import annotations

from collections.abc import Iterable

from cds_service.clinical.drugs import MINI_HYPER_CVD, STEROIDS, TKIS, UNRESOLVED, shown
from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.criteria import MET, NOT, ph_status, unknown
from cds_service.policies.inotuzumab.lines import history_unseen
from cds_service.policies.inotuzumab.partners import Concurrency, Partner, Partners, anthracyclines, partners
from cds_service.policy.outline import Answer

CONCURRENT, POSSIBLE = Concurrency.CONCURRENT, Concurrency.POSSIBLE
_SETTLE = "which drugs are given with this cycle: stop or complete orders that have ended"
_LISTED = "bosutinib, dasatinib, imatinib, nilotinib or ponatinib"


def _text(found: Iterable[Partner]) -> str:
    return ", ".join(p.shown for p in found)


def _refs(found: Iterable[Partner]) -> tuple[str, ...]:
    return tuple(p.reference for p in found)


def _unseen(case: Case) -> Answer | None:
    """Step 1: where the drugs could not be seen, nothing is decided."""
    if reason := history_unseen(case.chart):
        return unknown(f"the other drugs could not all be seen ({reason})", "partner-drugs", changes=_SETTLE)
    return None


def single_agent(case: Case) -> Answer:
    """POL-A-II-B-1, step 5: a concurrent systemic antineoplastic is not single-agent use."""
    found = partners(case)
    sure = [p for p in found.antineoplastic(CONCURRENT) if p.drug != UNRESOLVED]
    if sure:
        return Answer(
            NOT,
            f"given with {_text(sure)}",
            _refs(sure),
            changes="not a single agent while these are part of the cycle",
        )
    if missing := _unseen(case):
        return missing
    if found.full_hyper_cvad:
        return Answer(NOT, "the plan names hyper-CVAD", (found.full_hyper_cvad,))
    if found.mini_hyper_cvd_plan:
        return Answer(NOT, "the plan names mini-hyper-CVD", (found.mini_hyper_cvd_plan,))
    open_ = (
        *found.antineoplastic(POSSIBLE),
        *(p for p in found.antineoplastic(CONCURRENT) if p.drug == UNRESOLVED),
    )
    if open_:
        return unknown(
            f"it is open whether these go with this cycle: {_text(open_)}",
            "partner-drugs",
            evidence=_refs(open_),
            changes=_SETTLE,
        )
    return Answer(MET, "no other systemic cancer drug is recorded for this cycle")


def with_tki(case: Case) -> Answer:
    """POL-A-II-B-2, step 6: a listed TKI, Philadelphia-positive disease, and nothing else beside it."""
    found = partners(case)
    listed, possible = found.named(CONCURRENT, TKIS), found.named(POSSIBLE, TKIS)
    if missing := _unseen(case):
        return missing
    if not listed and not possible:
        if found.named(CONCURRENT, {UNRESOLVED}):
            return unknown("a drug of this cycle could not be identified", "partner-drugs", changes=_SETTLE)
        others = found.named(CONCURRENT, {"asciminib"})
        because = (
            f"{_text(others)} is not one of {_LISTED}"
            if others
            else f"no {_LISTED} is recorded for this cycle"
        )
        return Answer(NOT, because, _refs(others))
    positive, evidence, text = ph_status(case)
    names = _text((*listed, *possible))
    where = (*_refs((*listed, *possible)), *evidence)
    if positive is False:
        return Answer(NOT, f"{names}, and the Philadelphia chromosome is negative: {text}", where)
    if not listed:
        return unknown(
            f"it is open whether it goes with this cycle: {names}",
            "partner-drugs",
            evidence=where,
            changes=_SETTLE,
        )
    if positive is None:
        settle = "FISH for t(9;22), cytogenetics or a BCR::ABL1 transcript test"
        return unknown(
            f"{names}, but the Philadelphia chromosome status is not known",
            "ph-status",
            evidence=where,
            changes=settle,
        )
    beside = [
        p for p in (*found.antineoplastic(CONCURRENT), *found.antineoplastic(POSSIBLE)) if p.drug not in TKIS
    ]
    if beside or found.mini_hyper_cvd_plan or found.full_hyper_cvad:
        return unknown(
            f"{names} with {_text(beside) or 'a chemotherapy plan'}: the policy does not name this combination",
            "partner-drugs",
            evidence=(*where, *_refs(beside)),
            changes=_SETTLE,
        )
    return Answer(MET, f"{names}, Philadelphia chromosome positive: {text}", where)


def with_mini_hyper_cvd(case: Case) -> Answer:
    """POL-A-II-B-3 (and POL-A-V), step 7: all five drugs, or a plan that names the regimen."""
    found = partners(case)
    if missing := _unseen(case):
        return missing
    extra = anthracyclines(found)
    if extra or found.full_hyper_cvad:
        where = _refs(extra) or (found.full_hyper_cvad or "",)
        return Answer(
            NOT, f"{_text(extra) or 'hyper-CVAD'}: that is full hyper-CVAD, not mini-hyper-CVD", where
        )
    sure, possible = found.named(CONCURRENT, MINI_HYPER_CVD), found.named(POSSIBLE, MINI_HYPER_CVD)
    if found.mini_hyper_cvd_plan or {p.drug for p in sure} == MINI_HYPER_CVD:
        return _beside_regimen(found, sure)
    drugs = {p.drug for p in (*sure, *possible)}
    if len(drugs) <= 1 and not found.named(CONCURRENT, {UNRESOLVED}):
        because = (
            f"of the five drugs of mini-hyper-CVD only {_text((*sure, *possible))}"
            if drugs
            else "no drug of mini-hyper-CVD is recorded for this cycle"
        )
        return Answer(NOT, because, _refs((*sure, *possible)))
    absent = ", ".join(sorted(shown(d) for d in MINI_HYPER_CVD - {p.drug for p in sure}))
    because = f"{_text((*sure, *possible))} recorded; courses A and B of the regimen alternate, so it is open whether {absent} belong to it"
    return unknown(
        because,
        "partner-drugs",
        evidence=_refs((*sure, *possible)),
        changes="a plan that names mini-hyper-CVD, or orders of all five drugs",
    )


def _beside_regimen(found: Partners, sure: tuple[Partner, ...]) -> Answer:
    named = (found.mini_hyper_cvd_plan,) if found.mini_hyper_cvd_plan else ()
    what = "the plan names mini-hyper-CVD" if named else f"all five drugs of mini-hyper-CVD: {_text(sure)}"
    allowed = MINI_HYPER_CVD | STEROIDS | {"blinatumomab"}
    beside = [
        p
        for p in (*found.antineoplastic(CONCURRENT), *found.antineoplastic(POSSIBLE))
        if p.drug not in allowed
    ]
    where = (*named, *_refs(sure))
    if beside:
        return unknown(
            f"{what}, with {_text(beside)}, which the policy does not name",
            "partner-drugs",
            evidence=(*where, *_refs(beside)),
            changes=_SETTLE,
        )
    return Answer(MET, what, where)
