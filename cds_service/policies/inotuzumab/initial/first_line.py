"""What makes this treatment first line: a recent diagnosis, texts that call the disease untreated, plans and orders that say so.

These count only for this disease, and dated on day 1 or shortly before it.
Procedure: docs/policies/inotuzumab/initial.md#frontline.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from cds_service.clinical.chart import Chart
from cds_service.clinical.code_sets import code_set
from cds_service.clinical.leukemia.indication import Indication, indication
from cds_service.clinical.problems import Problem
from cds_service.clinical.reading.reader import read
from cds_service.clinical.statements import when_stated
from cds_service.clinical.therapy.exposure import DrugUse
from cds_service.clinical.therapy.orders import Order
from cds_service.clinical.therapy.reasons import reasons_of
from cds_service.fhir.codings import codes_in
from cds_service.fhir.dates import When, whole_day
from cds_service.fhir.json_types import as_text
from cds_service.fhir.record import Resource
from cds_service.policies.inotuzumab.case.lines import OPEN_STATUSES
from cds_service.policies.inotuzumab.numbers import span

_PLANS = ("CarePlan", "MedicationRequest", "ServiceRequest")
_FIRST_LINE_CODES = code_set("first_line")


def stated_first_line(
    chart: Chart, day_one: date, order: Order, drafts: Sequence[DrugUse]
) -> tuple[str, ...]:
    """References of plans, of the order and of orders signed with it that say first line or induction."""
    current = {r.reference for r in _current_plans(chart, day_one)}
    found = [
        s.reference
        for s in chart.statements
        if (s.reference in current or (s.kind == "DocumentReference" and _is_recent(s.when, day_one)))
        and (_says_first_line(s.text) or (not s.answered and _says_first_line(s.topic)))
    ]
    found += [order.reference for text in order.texts if _says_first_line(text)]
    orders = [u for u in chart.uses if u.reference in current]
    found += [use.reference for use in (*orders, *drafts) if _says_first_line(use.all_text)]
    planning = (order.resource, *_current_plans(chart, day_one))
    found += [r.reference for r in planning if _carries_first_line_code(r.body)]
    return tuple(dict.fromkeys(found))


def newly_diagnosed(leukemia: Iterable[Problem], day_one: date) -> Problem | None:
    """The earliest diagnosis, when it is recent wherever in its date it lies."""
    dated = [(w.first, p.reference, p) for p in leukemia if (w := p.dated) is not None]
    if not dated:
        return None
    first, _, problem = min(dated, key=lambda t: t[:2])
    return problem if day_one - first < span("frontline.diagnosed_within") else None


def _current_plans(chart: Chart, day_one: date) -> Iterator[Resource]:
    """The plans and orders that stand, of day 1 or the 90 days before it, and not for another disease."""
    for kind in _PLANS:
        for resource in chart.record.of_type(kind):
            reasons = reasons_of(resource.body, chart.record, resource)
            if (
                as_text(resource.body.get("status")) in OPEN_STATUSES
                and _is_recent(when_stated(resource, chart.zone), day_one)
                and indication(reasons) is not Indication.OTHER
            ):
                yield resource


def _is_recent(when: When | None, day_one: date) -> bool:
    window = span("frontline.diagnosed_within")
    return when is not None and when.is_within(day_one - window, day_one) is True


def _says_first_line(text: str) -> bool:
    """Whether a text calls the treatment first line or induction, and names no other line or day beside it."""
    reading = read(text, "line")
    dated = any(a.when is not None for a in reading.assertions)
    return reading.values == {"first"} and not reading.not_understood and not dated


def _carries_first_line_code(value: object) -> bool:
    """Whether "first line treatment" is coded anywhere in a resource: as category, reason, activity or extension."""
    inside = [value]
    for each in inside:  # which grows as it is gone through
        if isinstance(each, list):
            inside += each
        elif isinstance(each, dict):
            if (
                "code" in each
                and "system" in each
                and _FIRST_LINE_CODES.has_any(codes_in({"coding": [each]}))
            ):
                return True
            inside += each.values()
    return False


def stated_untreated(chart: Chart, day_one: date, order: Order) -> Iterator[tuple[When, str]]:
    """Texts that call the disease untreated or newly diagnosed, of day 1 or shortly before: when, and where.

    An older one, or one without a date, says nothing of the disease that is treated now.
    """
    texts = [(s.whole, s.when, s.reference) for s in chart.statements]
    texts += [(text, whole_day(day_one), order.reference) for text in order.texts]
    earliest = day_one - span("frontline.diagnosed_within") + timedelta(days=1)
    for text, when, reference in texts:
        for said in read(text, "status", when.last if when is not None else None).assertions:
            dated = said.when or when
            is_untreated = said.value == "untreated" and said.is_now
            if is_untreated and dated is not None and earliest <= dated.first <= day_one:
                yield dated, reference
