"""The Philadelphia chromosome (A.iv, A.ii.B.2).

Procedure: docs/policies/inotuzumab/initial.md#philadelphia-chromosome.
"""

from __future__ import annotations

from cds_service.clinical.leukemia.philadelphia import PhEvidence, ph_evidence
from cds_service.engine.answers import MET, NOT, Answer, unknown
from cds_service.fhir.dates import When
from cds_service.fhir.record import DataKind
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.open_items import absent, not_understood
from cds_service.policies.inotuzumab.initial.disease_states import DiseaseCourse, disease_course
from cds_service.values import dataclass

PH_TEST = "FISH for t(9;22), cytogenetics or a BCR::ABL1 transcript test at diagnosis or relapse"
_NEEDS = (DataKind.OBSERVATIONS, DataKind.CONDITIONS, DataKind.DIAGNOSTIC_REPORTS)


@dataclass(frozen=True, slots=True)
class PhStatus:
    """Philadelphia-positive (True), -negative (False) or not known (None), with the reason and evidence."""

    positive: bool | None
    because: str
    evidence: tuple[str, ...] = ()


def philadelphia(case: Case) -> PhStatus:
    """Ever positive is positive. Negative only by a test at diagnosis or relapse, and with all evidence seen."""
    found = ph_evidence(case.chart)
    if positive := [e for e in found if e.positive]:
        return _status(True, positive)
    if reason := case.chart.unseen(*_NEEDS):
        because = f"the evidence on the Philadelphia chromosome could not all be seen ({reason})"
        return PhStatus(None, because, tuple(e.reference for e in found))
    course = disease_course(case)
    if negative := [e for e in found if not _in_remission(course, e.when)]:
        return _status(False, negative)
    if found:
        because = (
            f"{found[0].shown} was taken in remission: that is response, not Philadelphia-negative disease"
        )
        return PhStatus(None, because, tuple(e.reference for e in found))
    on_file = tuple(found.reference for found in not_understood(case, "ph-status"))
    return PhStatus(None, absent(case, "test for the Philadelphia chromosome", "ph-status"), on_file)


def _status(positive: bool, found: list[PhEvidence]) -> PhStatus:
    shown = "; ".join(dict.fromkeys(e.shown for e in found))
    return PhStatus(positive, shown, tuple(dict.fromkeys(e.reference for e in found)))


def _in_remission(course: DiseaseCourse, when: When | None) -> bool:
    """Whether a test fell into a remission: the newest state of the disease recorded up to it is one."""
    day = when.day if when is not None else None
    return day is not None and course.was_in_remission(day)


def philadelphia_negative(case: Case) -> Answer:
    """POL-A-IV-PH. "Ph-like" says nothing of BCR::ABL1."""
    status = philadelphia(case)
    if status.positive is None:
        return unknown(status.because, "ph-status", evidence=status.evidence, changes=PH_TEST)
    if status.positive:
        return Answer(NOT, f"Philadelphia chromosome positive: {status.because}", status.evidence)
    return Answer(MET, f"Philadelphia chromosome negative: {status.because}", status.evidence)
