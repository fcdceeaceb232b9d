"""Section B: unacceptable toxicity, and whether the response is documented.

Holds never change toxicity; a document to submit is met or unknown, never "not met".
Procedure: docs/policies/inotuzumab/continuation.md#toxicity. Also: docs/policies/inotuzumab/continuation.md#response-documented.
"""

from __future__ import annotations

from cds_service.engine.answers import MET, NOT, Answer, unknown
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.places import may_be_overruled
from cds_service.policies.inotuzumab.case.response import Status
from cds_service.policies.inotuzumab.continuation.stops import stop_reasons, undecided_reasons


def toxicity(case: Case) -> Answer:
    """POL-B-I-TOX. NOT only for what the policy says to stop for permanently."""
    if stops := stop_reasons(case):
        found = "; ".join(s.text for s in stops)
        evidence = tuple(r for s in stops for r in s.evidence)
        return Answer(NOT, f"{found}: the policy says to stop permanently", evidence)
    if open_ := undecided_reasons(case):
        needed = tuple(dict.fromkeys(s.item for s in open_))
        asks = "; ".join(dict.fromkeys(s.asks for s in open_ if s.asks))
        evidence = tuple(r for s in open_ for r in s.evidence)
        return unknown("; ".join(s.text for s in open_), *needed, evidence=evidence, changes=asks)
    if reason := may_be_overruled(case.chart, "toxicity-detail"):
        return unknown(f"toxicity could not be looked for everywhere ({reason})", "toxicity-detail")
    return Answer(MET, "no event is recorded for which the policy says to stop")


def response_documented(case: Case) -> Answer:
    """POL-B-I-B: achieved, not achieved or lost is documented; else unknown."""
    r = case.response
    if r.status is Status.UNKNOWN:
        settle = "marrow, blood and extramedullary findings of this course, or a note that states CR or CRi"
        return unknown(r.because, *r.needed, evidence=r.evidence, changes=settle)
    because = r.because if r.status is Status.LOST else f"CR/CRi {r.status.value}: {r.because}"
    return Answer(MET, because, r.evidence)
