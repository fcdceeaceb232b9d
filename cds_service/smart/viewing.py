"""From a login to the page: read the chart with the login's token, decide, arrange.

The same record, chart and determination as the hook's, in time that is shared in the same way; what
differs is only who asked.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version

from cds_service.clinical.observations.series import Picture, Series
from cds_service.engine.attempts import Allowance, Missed, attempt, reading_ends, time_to_decide
from cds_service.engine.determination import Determination
from cds_service.evaluation.payer import with_payer
from cds_service.fhir.quantities import plain
from cds_service.fhir.record import Record
from cds_service.policies import DrugPolicy, installed
from cds_service.settings import Tenant
from cds_service.smart.door import BUDGET_S, SmartDoor
from cds_service.smart.login.session import Login
from cds_service.smart.page.detail import DetailPage, Provenance, detail_page
from cds_service.smart.page.form_fields import name_of
from cds_service.smart.page.timeline import Timeline, order_mark, reason_held, timeline
from cds_service.smart.subject import Subject, choose

log = logging.getLogger(__name__)


def shown(
    door: SmartDoor,
    tenant: Tenant,
    login: Login,
    ends: float,
    monotonic: Callable[[], float] = time.monotonic,
) -> DetailPage:
    """The page for a login, made by a monotonic instant; what was not reached by then is unknown and named.

    Raises Refused when the EHR lets nothing be seen.
    """
    drafts = door.handoff.recall(login.app_context, iss=login.iss, patient=login.patient, user=login.user)
    draft_orders = drafts.resources if drafts is not None else ()
    record = door.read_chart(login, draft_orders, reading_ends(ends, BUDGET_S))
    clock = door.settings.fixed_now or datetime.now(UTC).astimezone()
    subject = choose(
        _policies(tenant),
        record,
        drafts,
        named=login.orders,
        came_from_card=login.app_context is not None,
        clock=clock,
    )
    told = _told(subject, tenant, record, clock, time_to_decide(ends, BUDGET_S, monotonic))
    notices = (*subject.notices, *told.notices)
    order = next(order for order in subject.orders if order.reference == subject.shown)
    return detail_page(
        told.determination,
        record,
        series=told.series,
        timeline=told.timeline,
        provenance=Provenance(
            clock, version("payer-policy-cds"), login.iss, name_of(login.user, order), notices
        ),
        full_banner=login.need_patient_banner,
        order=order,
        brief=login.intent == "summary",
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """What the page says of its order, and draws; ``notices`` say what could not be drawn."""

    determination: Determination
    series: tuple[Series, ...] = ()
    timeline: Timeline | None = None
    notices: tuple[str, ...] = ()


def _told(subject: Subject, tenant: Tenant, record: Record, clock: datetime, time: Allowance) -> _Told:
    found = subject.policy.determine(record, subject.orders, clock, time)
    determined = with_payer(found, record, clock, tenant.payer_identifiers, time)
    determination = next(d for d in determined if d.order == subject.shown)
    picture = attempt("the charts", lambda: subject.policy.picture(record, clock), time)
    if time.is_over:
        log.warning("the evaluation of a view was not finished in time: %d steps reached", time.steps)
    if isinstance(picture, Missed):
        notice = f"Results and doses are not drawn: {picture.because}."
        return _Told(determination, notices=(notice,))
    return _Told(determination, picture.series, timeline_of(picture, determination, record))


def timeline_of(picture: Picture, determination: Determination, record: Record) -> Timeline | None:
    """The doses given and held, with their reasons, what happened since, and the order beside them."""
    one = determination
    ordered = one.dose.ordered_mg if one.dose is not None else None
    amount = f"{plain(ordered)} mg" if ordered is not None else ""
    return timeline(
        picture.doses,
        planned=order_mark(one.order, one.planned, one.cycle, one.day, amount),
        reason=partial(reason_held, record),
        events=picture.events,
    )


def _policies(tenant: Tenant) -> list[DrugPolicy]:
    """The tenant's policies; all of them where it names none, as for its hooks."""
    return [policy for name, policy in installed().items() if not tenant.policies or name in tenant.policies]
