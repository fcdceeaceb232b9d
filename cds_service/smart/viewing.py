"""From a login to the page and its packet: read the chart with the login's token, decide, arrange.

The same record, chart and determination as the hook's, in time that is shared in the same way; what
differs is only who asked.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from importlib.metadata import version

from cds_service.clinical.observations.series import Picture, Series
from cds_service.engine.attempts import Allowance, Missed, attempt, reading_ends, time_to_decide
from cds_service.engine.determination import Determination
from cds_service.evaluation.packets import Setting
from cds_service.evaluation.payer import with_payer
from cds_service.fhir.quantities import plain
from cds_service.fhir.record import Record
from cds_service.packet.assembly import Packet
from cds_service.policies import DrugPolicy, installed
from cds_service.settings import Tenant
from cds_service.smart.door import BUDGET_S, SmartDoor
from cds_service.smart.login.session import Login
from cds_service.smart.packing import checklists, packet_of
from cds_service.smart.page.detail import DetailPage, Provenance, detail_page
from cds_service.smart.page.form_fields import name_of
from cds_service.smart.page.timeline import Timeline, order_mark, reason_held, timeline
from cds_service.smart.subject import Subject, choose
from cds_service.values import dataclass

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen for a login: the record, what it is about, what was found, and the packet where there is one.

    ``packet`` is None where no order is at hand, or where the packet could not be made.
    """

    record: Record
    subject: Subject
    determination: Determination
    clock: datetime
    packet: Packet | None


def seen(
    door: SmartDoor,
    tenant: Tenant,
    login: Login,
    ends: float,
    monotonic: Callable[[], float] = time.monotonic,
) -> Seen:
    """Read the login's chart and decide by a monotonic instant. Raises Refused when the EHR lets nothing be seen."""
    return _seen(door, tenant, login, ends, monotonic)[0]


def _seen(
    door: SmartDoor, tenant: Tenant, login: Login, ends: float, monotonic: Callable[[], float]
) -> tuple[Seen, Allowance]:
    """What was seen, and the time that is left; what was not reached is unknown and named."""
    drafts = door.handoff.recall(login.app_context, iss=login.iss, patient=login.patient, user=login.user)
    draft_orders = drafts.resources if drafts is not None else ()
    reading = reading_ends(ends, BUDGET_S)
    record = door.read_chart(login, draft_orders, reading)
    clock = door.settings.now()
    subject = choose(
        _policies(tenant),
        record,
        drafts,
        named=login.orders,
        came_from_card=login.app_context is not None,
        clock=clock,
    )
    orders = [order for order in subject.orders if subject.policy.in_scope(order, record.resolve)]
    whole = door.read_named(login, record, orders, reading) if subject.is_ordered else record
    left = time_to_decide(ends, BUDGET_S, monotonic)
    found = subject.policy.determine(record, subject.orders, clock, left)
    determined = with_payer(found, record, clock, tenant.payer_identifiers, left)
    determination = next(d for d in determined if d.order == subject.shown)
    packet = None
    if subject.is_ordered:
        judged = [order for order in subject.orders if any(d.order == order.reference for d in determined)]
        setting = Setting(tenant.id, whole, clock, door.settings.public_url, login.iss)
        packet = packet_of(subject.shown, determined, judged, subject.policy, setting)
    return Seen(record, subject, determination, clock, packet), left


def shown(
    door: SmartDoor,
    tenant: Tenant,
    login: Login,
    ends: float,
    monotonic: Callable[[], float] = time.monotonic,
) -> DetailPage:
    """The page for a login, made by a monotonic instant. Raises Refused when the EHR lets nothing be seen."""
    one, left = _seen(door, tenant, login, ends, monotonic)
    drawn = _drawn(one, left)
    order = next(order for order in one.subject.orders if order.reference == one.subject.shown)
    notices = (*one.subject.notices, *drawn.notices)
    return detail_page(
        one.determination,
        one.record,
        series=drawn.series,
        timeline=drawn.timeline,
        provenance=Provenance(
            one.clock, version("payer-policy-cds"), login.iss, name_of(login.user, order), notices
        ),
        full_banner=login.need_patient_banner,
        order=order,
        brief=login.intent == "summary",
        packet=checklists(one.packet.gaps) if one.packet is not None else (),
    )


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What the page draws; ``notices`` say what could not be drawn."""

    series: tuple[Series, ...] = ()
    timeline: Timeline | None = None
    notices: tuple[str, ...] = ()


def _drawn(one: Seen, left: Allowance) -> _Drawn:
    picture = attempt("the charts", lambda: one.subject.policy.picture(one.record, one.clock), left)
    if left.is_over:
        log.warning("the evaluation of a view was not finished in time: %d steps reached", left.steps)
    if isinstance(picture, Missed):
        return _Drawn(notices=(f"Results and doses are not drawn: {picture.because}.",))
    return _Drawn(picture.series, timeline_of(picture, one.determination, one.record))


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
