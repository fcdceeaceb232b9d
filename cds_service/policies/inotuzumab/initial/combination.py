"""Alone, with a listed TKI, or with mini-hyper-CVD (A.ii.B, A.v): what the partner drugs mean for coverage.

Procedure: docs/policies/inotuzumab/initial.md#partner-drugs.
"""

from __future__ import annotations

from collections.abc import Iterable

from cds_service.clinical.therapy.drugs import MINI_HYPER_CVD, STEROIDS, TKIS, UNRESOLVED, shown
from cds_service.engine.answers import MET, NOT, Answer, unknown
from cds_service.oncology.concurrency import CONCURRENT, POSSIBLE
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.places import unseen
from cds_service.policies.inotuzumab.initial.partner import Partner
from cds_service.policies.inotuzumab.initial.partner_drugs import Partners, partners
from cds_service.policies.inotuzumab.initial.philadelphia import PH_TEST, philadelphia

_SETTLE = "which drugs are given with this cycle: stop or complete orders that have ended"
_LISTED = "bosutinib, dasatinib, imatinib, nilotinib or ponatinib"


def _text(found: Iterable[Partner]) -> str:
    return ", ".join(p.shown for p in found)


def _refs(found: Iterable[Partner]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(p.reference for p in found))


def _open(because: str, evidence: Iterable[str] = ()) -> Answer:
    return unknown(because, "partner-drugs", evidence=tuple(evidence), changes=_SETTLE)


def _unseen(case: Case) -> Answer | None:
    """Step 1: where the drugs could not be seen, nothing is decided."""
    if reason := unseen(case.chart, "partner-drugs"):
        return _open(f"the other drugs could not all be seen ({reason})")
    return None


def single_agent(case: Case) -> Answer:
    """POL-A-II-B-1, step 5: a concurrent systemic antineoplastic is not single-agent use."""
    if missing := _unseen(case):
        return missing
    found = partners(case)
    concurrent = found.antineoplastic(CONCURRENT)
    sure = [p for p in concurrent if p.drug != UNRESOLVED]
    settle = "a record that this is not part of the cycle"
    if sure:
        return Answer(NOT, f"given with {_text(sure)}", _refs(sure), changes=settle)
    if plan := found.full_hyper_cvad or found.mini_hyper_cvd_plan:
        name = "hyper-CVAD" if found.full_hyper_cvad else "mini-hyper-CVD"
        return Answer(NOT, f"the plan names {name}", (plan,), changes=settle)
    if possible := (*found.antineoplastic(POSSIBLE), *concurrent):
        return _open(f"it is open whether these go with this cycle: {_text(possible)}", _refs(possible))
    return Answer(MET, "no other systemic cancer drug is recorded for this cycle")


def with_tki(case: Case) -> Answer:
    """POL-A-II-B-2, step 6: a listed TKI, Philadelphia-positive disease, and nothing else beside it."""
    if missing := _unseen(case):
        return missing
    found = partners(case)
    listed, possible = found.named(CONCURRENT, TKIS), found.named(POSSIBLE, TKIS)
    if not listed and not possible:
        return _no_listed_tki(found)
    ph = philadelphia(case)
    names = _text((*listed, *possible))
    where = tuple(dict.fromkeys((*_refs((*listed, *possible)), *ph.evidence)))
    if ph.positive is False:
        return Answer(NOT, f"{names}, and the Philadelphia chromosome is negative: {ph.because}", where)
    if not listed:
        return _open(f"it is open whether it goes with this cycle: {names}", where)
    if ph.positive is None:
        because = f"{names}, but the Philadelphia chromosome status is not known: {ph.because}"
        return unknown(because, "ph-status", evidence=where, changes=PH_TEST)
    beside = [p for c in (CONCURRENT, POSSIBLE) for p in found.antineoplastic(c) if p.drug not in TKIS]
    if beside or found.mini_hyper_cvd_plan or found.full_hyper_cvad:
        because = f"{names} with {_text(beside) or 'a chemotherapy plan'}: the policy does not name this combination"
        return _open(because, (*where, *_refs(beside)))
    return Answer(MET, f"{names}, Philadelphia chromosome positive: {ph.because}", where)


def _no_listed_tki(found: Partners) -> Answer:
    if unread := found.unidentified:
        return _open(f"it could be {_text(unread)}", _refs(unread))
    others = found.named(CONCURRENT, {"asciminib"})
    because = (
        f"{_text(others)} is not one of {_LISTED}" if others else f"no {_LISTED} is recorded for this cycle"
    )
    return Answer(NOT, because, _refs(others))


def with_mini_hyper_cvd(case: Case) -> Answer:
    """POL-A-II-B-3 (and POL-A-V), step 7: all five drugs, or a plan that names the regimen."""
    if missing := _unseen(case):
        return missing
    found = partners(case)
    if extra := found.full_hyper_cvad_drugs:
        return Answer(NOT, f"{_text(extra)}: that is full hyper-CVAD, not mini-hyper-CVD", _refs(extra))
    if found.full_hyper_cvad:
        return Answer(NOT, "the plan names full hyper-CVAD, not mini-hyper-CVD", (found.full_hyper_cvad,))
    sure, possible = found.named(CONCURRENT, MINI_HYPER_CVD), found.named(POSSIBLE, MINI_HYPER_CVD)
    if found.mini_hyper_cvd_plan or {p.drug for p in sure} == MINI_HYPER_CVD:
        return _beside_regimen(found, sure)
    some = (*sure, *possible)
    if len({p.drug for p in some}) <= 1 and not found.unidentified:
        none = "no drug of mini-hyper-CVD is recorded for this cycle"
        because = f"of the five drugs of mini-hyper-CVD only {_text(some)} is recorded" if some else none
        return Answer(NOT, because, _refs(some))
    recorded = (*some, *found.unidentified)
    absent = sorted(shown(d) for d in MINI_HYPER_CVD - {p.drug for p in sure})
    because = (
        f"{_text(recorded)} recorded; courses A and B of the regimen alternate, "
        f"so it is open whether {', '.join(absent)} {'belongs' if len(absent) == 1 else 'belong'} to it"
    )
    settle = "a plan that names mini-hyper-CVD, or orders of all five drugs"
    return unknown(because, "partner-drugs", evidence=_refs(recorded), changes=settle)


def _beside_regimen(found: Partners, sure: tuple[Partner, ...]) -> Answer:
    """The regimen is given; rituximab, a TKI or another drug beside it is not named by the policy."""
    named = (found.mini_hyper_cvd_plan,) if found.mini_hyper_cvd_plan else ()
    what = "the plan names mini-hyper-CVD" if named else f"all five drugs of mini-hyper-CVD: {_text(sure)}"
    where = tuple(dict.fromkeys((*named, *_refs(sure))))
    allowed = MINI_HYPER_CVD | STEROIDS | {"blinatumomab"}
    beside = [p for c in (CONCURRENT, POSSIBLE) for p in found.antineoplastic(c) if p.drug not in allowed]
    if beside:
        because = f"{_text(beside)} beside the regimen, which the policy does not name; {what}"
        return _open(because, (*where, *_refs(beside)))
    return Answer(MET, what, where)
