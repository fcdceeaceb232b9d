"""What is wrong with the record itself: a recorded death, values nobody can use, BSA that disagrees, old measures.

Policy analysis POL-REC-DECEASED and POL-REC-VALUE (1.2), POL-REC-BSA (2.6). Coverage and dose stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from cds_service.clinical.body import age_on, body_surface, differs_by
from cds_service.clinical.evidence import newest
from cds_service.clinical.results import Result
from cds_service.fhir.dates import unusable_times
from cds_service.fhir.decimals import to_place
from cds_service.fhir.quantities import plain
from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.numbers import days, number
from cds_service.policy.determination import Basis, CardKind, Finding, Indicator, Need

# The measurements that some rule reads, by their names on a card.
_READ = {
    "platelets": "platelets", "anc": "ANC", "body_height": "height", "body_weight": "weight", "bsa": "BSA",
    "bilirubin_total": "bilirubin", "alt": "ALT", "ast": "AST", "potassium": "potassium", "magnesium": "magnesium",
    "qtc_fridericia": "QTcF", "qtc_bazett": "QTcB", "qtc_unspecified": "QTc", "marrow_blasts_pct": "marrow blasts",
    "pb_blasts_pct": "blasts in blood", "pb_blasts_abs": "blasts in blood", "cd22_blasts_pct": "CD22 on blasts",
}  # fmt: skip
_VALUE = "POL-REC-VALUE"
_PLANNED = frozenset({"event", "start", "occurrenceDateTime"})
_GIVEN = frozenset({"event", "start", "effectiveDateTime", "whenHandedOver", "whenPrepared"})
_MOST = 3  # of one measurement; more would bury the card


def _warning(kind: str, rule: str, text: str, action: str, evidence: tuple[str, ...]) -> Finding:
    basis = Basis.RECOMMENDATION
    return Finding(kind, Indicator.WARNING, CardKind.SAFETY, (rule,), basis, text, action, evidence)


def deceased(case: Case) -> Iterator[Finding]:
    """POL-REC-DECEASED: the record says that the patient has died."""
    if case.chart.death:
        reference = f"Patient/{case.record.patient_id}"
        text = case.chart.death
        yield _warning("unreadable-data", "POL-REC-DECEASED", text, "Check the patient", (reference,))


def unreadable(case: Case) -> Iterator[Finding]:
    """POL-REC-VALUE: values that would have counted, being the newest, and cannot be used; quoted."""
    for concept, name in _READ.items():
        for r in _rejected(case, concept)[:_MOST]:
            text = f"{name} of {r.day_text} cannot be used: {r.problem}"
            yield _warning("unreadable-data", _VALUE, text, f"Check the {name} in the record", (r.reference,))


def unreadable_dates(case: Case) -> Iterator[Finding]:
    """POL-REC-VALUE: the planned day of the order, or the day of a dose given, that is written and no usable date."""
    order = case.order
    if written := unusable_times(order.resource.body, _PLANNED):
        text = f"The order's date {' and '.join(written)} cannot be used"
        text += "" if order.planned_is_stated else "; it is read as planned for today"
        yield _warning("unreadable-data", _VALUE, text, "Check the date of the order", (order.reference,))
    undated = [case.record.resolve(use.reference) for use in case.frame.history.undated]
    for resource in [r for r in undated if r is not None and unusable_times(r.body, _GIVEN)][:_MOST]:
        text = f"A dose of inotuzumab has the date {' and '.join(unusable_times(resource.body, _GIVEN))}, which cannot be used"
        yield _warning("unreadable-data", _VALUE, text, "Check the date of the dose", (resource.reference,))


def _rejected(case: Case, concept: str) -> list[Result]:
    usable = newest(case.chart.usable(concept))
    last = max((r.when.last for r in usable if r.when is not None), default=None)
    bad = case.chart.unusable((concept,))
    counting = [r for r in bad if last is None or r.when is None or r.when.last >= last]
    return sorted(counting, key=lambda r: r.reference)


def bsa_mismatch(case: Case) -> Iterator[Finding]:
    """POL-REC-BSA: a recorded BSA within 30 days of the weight differs by more than 10 % from the computed one."""
    body = body_surface(case.chart)
    recorded, weight = body.recorded, body.weight
    if body.how != "computed" or body.m2 is None or recorded is None or weight is None:
        return
    value = recorded.value.exact if recorded.value is not None else None
    if value is None or recorded.when is None or weight.when is None:
        return
    apart = abs((recorded.when.first - weight.when.first).days)
    if apart <= days("bsa.recorded_window") and differs_by(value, body.m2) > number("bsa.mismatch"):
        computed = plain(to_place(body.m2, Decimal("0.01")))
        text = f"recorded BSA {recorded.shown} differs by more than 10 % from {computed} m2 computed from height and weight; the dose is judged by the computed one"
        evidence = (recorded.reference, *body.evidence)
        yield _warning("bsa-mismatch", "POL-REC-BSA", text, "Check height, weight and BSA", evidence)


def undated_treatment(case: Case) -> Iterator[Need]:
    """A treatment without a date that may have ended the course. It decides nothing."""
    if case.frame.undated_ends:
        because = f"{case.frame.undated_ends[0].text}: it may have ended the course"
        yield Need("therapy-history", because, decides=False)


def body_measures(case: Case) -> Iterator[Need]:
    """Old height or weight, or a recorded BSA: used, and said so."""
    body = body_surface(case.chart)
    if body.how == "recorded" and body.recorded is not None:
        because = f"the dose rests on a recorded BSA ({body.recorded.shown}); no usable height and weight"
        yield Need("height-weight", because, decides=False)
    elif body.how == "computed" and (old := _old_measures(case)):
        yield Need("height-weight", f"{' and '.join(old)}: old, but used", decides=False)


def _old_measures(case: Case) -> list[str]:
    body = body_surface(case.chart)
    adult = case.chart.birth is None or age_on(case.chart.birth, case.planned).least >= 18
    limits = (
        ("weight", body.weight, "weight.max_age"),
        ("height", body.height, "height.max_age.adult" if adult else "height.max_age.child"),
    )
    return [
        f"{label} {result.shown}"
        for label, result, most in limits
        if result is not None
        and (result.when is None or (case.horizon - result.when.first).days > days(most))
    ]
