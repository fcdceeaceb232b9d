"""The Philadelphia chromosome (A.iv, A.ii.B.2).

Procedure: docs/policies/inotuzumab/initial.md#philadelphia-chromosome.
"""

from __future__ import annotations

from cds_service.clinical.leukemia.ph_words import Of
from cds_service.clinical.leukemia.philadelphia import PhEvidence, ph_evidence
from cds_service.clinical.problems import Problem
from cds_service.engine.answers import MET, NOT, Answer, unknown
from cds_service.fhir.dates import When
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.open_items import absent, not_understood
from cds_service.policies.inotuzumab.case.places import may_be_overruled
from cds_service.policies.inotuzumab.initial.disease_states import DiseaseCourse, disease_course
from cds_service.policies.inotuzumab.initial.relapsed_or_frontline import frontline
from cds_service.policies.inotuzumab.numbers import span
from cds_service.values import dataclass

PH_TEST = "FISH for t(9;22), cytogenetics or a BCR::ABL1 transcript test at diagnosis or relapse"


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
    if reason := may_be_overruled(case.chart, "ph-status"):
        because = f"the evidence on the Philadelphia chromosome could not all be seen ({reason})"
        return PhStatus(None, because, tuple(e.reference for e in found))
    if negative := [e for e in found if _is_of_the_disease(case, e)]:
        return _status(False, negative)
    if found:
        because = (
            f"{found[0].shown} is not shown to be of a sample at diagnosis or relapse: an absence on treatment or in "
            "remission is response, not Philadelphia-negative disease"
        )
        return PhStatus(None, because, tuple(e.reference for e in found))
    on_file = tuple(found.reference for found in not_understood(case, "ph-status"))
    return PhStatus(None, absent(case, "test for the Philadelphia chromosome", "ph-status"), on_file)


def _status(positive: bool, found: list[PhEvidence]) -> PhStatus:
    shown = "; ".join(dict.fromkeys(e.shown for e in found))
    return PhStatus(positive, shown, tuple(dict.fromkeys(e.reference for e in found)))


def _is_of_the_disease(case: Case, negative: PhEvidence) -> bool:
    """Whether an absence is the disease's own: of a diagnosis, or of a sample at diagnosis or relapse.

    One without a date is no later than any other; one in words of response never is the disease's.
    """
    if negative.of is Of.RESPONSE:
        return False
    if negative.when is None:
        return True
    course = disease_course(case)
    if course.was_in_remission(negative.when.day or negative.when.last):
        return False
    return (
        negative.of is Of.DISEASE
        or _is_at_onset(case, course, negative.when)
        or _is_before_treatment(case, negative.when)
    )


def _is_at_onset(case: Case, course: DiseaseCourse, when: When) -> bool:
    """Whether a sample surely lies near the disease's first entry or near a relapse; without any such date it may."""
    onsets = [s.when for s in course.states if not s.remission]
    onsets += [w for p in case.diagnosis.leukemia if (w := _entered(p)) is not None]
    near = span("ph.test_within")
    return not onsets or any(when.last <= o.first + near and when.first >= o.last - near for o in onsets)


def _entered(p: Problem) -> When | None:
    """When an entry began: its onset, or the day of its record where that lies in an onset not known to the day."""
    onset, written = p.onset or p.recorded, p.recorded
    if onset is None or written is None or onset.day is not None:
        return onset
    return written if written.is_within(onset.first, onset.last) else onset


def _is_before_treatment(case: Case, when: When) -> bool:
    """Whether nothing was there to respond to: a sample up to day 1 of what the record shows to be frontline."""
    return when.last <= case.day_one and frontline(case).verdict is MET


def philadelphia_negative(case: Case) -> Answer:
    """POL-A-IV-PH. "Ph-like" says nothing of BCR::ABL1."""
    status = philadelphia(case)
    if status.positive is None:
        return unknown(status.because, "ph-status", evidence=status.evidence, changes=PH_TEST)
    if status.positive:
        return Answer(NOT, f"Philadelphia chromosome positive: {status.because}", status.evidence)
    return Answer(MET, f"Philadelphia chromosome negative: {status.because}", status.evidence)
