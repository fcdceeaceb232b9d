"""What is wrong with the record itself: a recorded death, values nobody can use, old measures.

POL-REC-DECEASED and POL-REC-VALUE. Coverage and dose stay as they are.
Procedure: docs/policies/inotuzumab/recommended.md#record-quality. Also: docs/record-reading.md#values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from cds_service.clinical.evidence import deciding, newest
from cds_service.clinical.observations.body import age_on, body_surface, measures_lacking
from cds_service.clinical.observations.counts import anc
from cds_service.clinical.observations.newest_first import back_to_usable, newest_usable
from cds_service.clinical.observations.results import Result
from cds_service.engine.determination import Basis, CardKind, Finding, Indicator, NeededItem
from cds_service.fhir.dates import unusable_times
from cds_service.fhir.json_types import LONGEST_PROSE, holds_unread_prose
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.dose.body_size import item_of
from cds_service.policies.inotuzumab.numbers import days
from cds_service.remembering import once

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
_QTC = ("qtc_fridericia", "qtc_unspecified", "qtc_bazett")
_FALLING_BACK = frozenset({"body_height", "body_weight"})  # an older one is better than none
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
    found = [r for r in _newest_values(case) if r.is_unreadable]
    for concept, name in _READ.items() if found else ():
        for r in _rejected(case, concept, {r for r in found if r.concept == concept})[:_MOST]:
            text = f"{name} of {r.day_text} cannot be used: {r.problem}"
            if concept in _FALLING_BACK and (used := _exact(case, concept)):
                text += f". The one before is used: {used[0].shown}"
            yield _warning("unreadable-data", _VALUE, text, "Check the record", (r.reference,))


@once
def _newest_values(case: Case) -> list[Result]:
    """Of each measurement the newest values, back to the one that can be used: an older one would not have counted."""
    return [r for concept in _READ for r in back_to_usable(case.chart, concept)]


def unreadable_dates(case: Case) -> Iterator[Finding]:
    """POL-REC-VALUE: the planned day of the order, or the day of a dose given, that is written and no usable date."""
    order = case.order
    if written := unusable_times(order.resource.body, _PLANNED, to_the_day=True):
        text = f"The order's date {' and '.join(written)} cannot be used"
        text += "" if order.planned_is_stated else "; it is read as planned for today"
        yield _warning("unreadable-data", _VALUE, text, "Check the date of the order", (order.reference,))
    undated = [case.record.resolve(use.reference) for use in case.frame.history.undated]
    for resource in [r for r in undated if r is not None and unusable_times(r.body, _GIVEN)][:_MOST]:
        text = f"A dose of inotuzumab has the date {' and '.join(unusable_times(resource.body, _GIVEN))}, which cannot be used"
        yield _warning("unreadable-data", _VALUE, text, "Check the date of the dose", (resource.reference,))


def unread_texts(case: Case) -> Iterator[Finding]:
    """POL-REC-VALUE: a text of the order or the record that is too long to be read; what it says is not known."""
    if not case.record.may_hold_long_texts:
        return
    held = [case.order.resource]
    for resources in case.record.by_type.values():
        held += resources
    if holds_unread_prose([r.body for r in held]):  # hardly ever
        found = [r for r in held if holds_unread_prose(r.body)]
        types = " and ".join(dict.fromkeys("order" if r is case.order.resource else r.type for r in found))
        text = f"A text of more than {LONGEST_PROSE} characters was not read ({types})"
        references = tuple(dict.fromkeys(r.reference for r in found))
        yield _warning("unreadable-data", _VALUE, text, "Check the long text by hand", references)


def _rejected(case: Case, concept: str, bad: Set[Result]) -> list[Result]:
    """Of bad values those that would have counted: as new as the newest readable one, and of a sample without one."""
    counting = [r for r in deciding(_readable(case, concept), bad) if r in bad and _counts(case, concept, r)]
    return sorted(counting, key=lambda r: r.reference)


def inexact(case: Case) -> Iterator[Finding]:
    """A newest height or weight that is only a range or a bound: no BSA follows from it, the exact one before is used."""
    for concept in sorted(_FALLING_BACK):
        newer = [r for r in _newest(case, concept) if r.value is not None and r.value.exact is None]
        if newer and (used := _exact(case, concept)) and used[0].when != newer[0].when:
            name = _READ[concept]
            text = f"{name} is only {newer[0].shown}. The one before is used: {used[0].shown}"
            yield _warning("unreadable-data", _VALUE, text, "Check the record", (newer[0].reference,))


def _exact(case: Case, concept: str) -> tuple[Result, ...]:
    usable = case.chart.usable(concept)
    return newest(r for r in usable if r.value is not None and r.value.exact is not None)


def _counts(case: Case, concept: str, r: Result) -> bool:
    last = max((u.when.last for u in _newest(case, concept) if u.when is not None), default=None)
    return last is None or r.when is None or r.when.last >= last


def _newest(case: Case, concept: str) -> tuple[Result, ...]:
    return newest_usable(case.chart, concept)


def _readable(case: Case, concept: str) -> Sequence[Result]:
    """What can be read of the same question: a derived ANC, the same interval by another formula."""
    if concept == "anc":
        return anc(case.chart)
    return case.chart.usable(*(_QTC if concept in _QTC else (concept,)))


def awaited(case: Case) -> Iterator[Finding]:
    """A newer entry that says there is no result (yet): the one before it decides, and the card says so."""
    waiting = [r for r in _newest_values(case) if r.awaited]
    for r in waiting:
        name, before = _READ[r.concept], _newest(case, r.concept)
        last = max((u.when.last for u in before if u.when is not None), default=None)
        if last is not None and r.when is not None and r.when.first > last:
            text = (
                f"{name} of {r.day_text}: no result ({r.awaited}); the one before decides: {before[0].shown}"
            )
            yield Finding(
                    "unreadable-data", Indicator.INFO, CardKind.SAFETY, (_VALUE,), Basis.RECOMMENDATION,
                    text, "", (r.reference,),
                )  # fmt: skip


def undated_treatment(case: Case) -> Iterator[NeededItem]:
    """A treatment without a date that may have ended the course. It decides nothing."""
    if case.frame.undated_ends:
        because = f"{case.frame.undated_ends[0].text}: it may have ended the course"
        yield NeededItem("therapy-history", because, decides=False)


def body_measures(case: Case) -> Iterator[NeededItem]:
    """Old height or weight, or a recorded BSA: used, and said so."""
    body = body_surface(case.chart)
    if body.how == "recorded" and body.recorded is not None:
        because = f"the dose rests on a recorded BSA ({body.recorded.shown}); no usable height and weight"
        yield item_of(measures_lacking(case.chart), because, decides=False)
    elif body.how == "computed" and (old := _old_measures(case)):
        because = f"{' and '.join(f'{label} {shown}' for label, shown in old.items())}: old, but used"
        yield item_of(list(old), because, decides=False)


def _old_measures(case: Case) -> dict[str, str]:
    """The measures that are old, by name, with value and day."""
    body = body_surface(case.chart)
    adult = case.chart.birth is None or age_on(case.chart.birth, case.planned).least >= days("age.adult")
    limits = (
        ("weight", body.weight, "weight.max_age"),
        ("height", body.height, "height.max_age.adult" if adult else "height.max_age.child"),
    )
    return {
        label: result.shown
        for label, result, most in limits
        if result is not None
        and (result.when is None or (case.horizon - result.when.first).days > days(most))
    }
