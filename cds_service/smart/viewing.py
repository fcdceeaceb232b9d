"""From a login to the page and its packet: read the chart with the login's token, decide, arrange.

The same record, chart and determination as the hook's; what differs is only who asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version

from cds_service.clinical.observations.series import Picture
from cds_service.engine.determination import Determination
from cds_service.evaluation.packets import Setting
from cds_service.evaluation.payer import with_payer
from cds_service.fhir.quantities import plain
from cds_service.fhir.record import Record
from cds_service.packet.assembly import Packet
from cds_service.policies import DrugPolicy, installed
from cds_service.settings import Tenant
from cds_service.smart.door import SmartDoor
from cds_service.smart.login.session import Login
from cds_service.smart.packing import checklists, packet_of
from cds_service.smart.page.detail import DetailPage, Provenance, detail_page
from cds_service.smart.page.timeline import Timeline, order_mark, reason_held, timeline
from cds_service.smart.subject import Subject, choose


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen for a login: the record, what it is about, what was found, and the packet where there is one."""

    record: Record
    subject: Subject
    determination: Determination
    clock: datetime
    packet: Packet | None


def seen(door: SmartDoor, tenant: Tenant, login: Login, deadline: float) -> Seen:
    """Read the login's chart and decide. Raises Refused when the EHR lets nothing be seen."""
    drafts = door.handoff.recall(login.app_context, iss=login.iss, patient=login.patient, user=login.user)
    draft_orders = drafts.resources if drafts is not None else ()
    record = door.read_chart(login, draft_orders, deadline)
    clock = door.settings.fixed_now or datetime.now(UTC).astimezone()
    subject = choose(
        _policies(tenant),
        record,
        drafts,
        named=login.orders,
        came_from_card=login.app_context is not None,
        clock=clock,
    )
    determined = with_payer(
        subject.policy.determine(record, subject.orders, clock), record, clock, tenant.payer_identifiers
    )
    determination = next(d for d in determined if d.order == subject.shown)
    packet = None
    if subject.is_ordered:
        orders = [order for order in subject.orders if any(d.order == order.reference for d in determined)]
        whole = door.read_named(login, record, orders, deadline)
        setting = Setting(tenant.id, whole, clock, door.settings.public_url, login.iss)
        packet = packet_of(subject.shown, determined, orders, subject.policy, setting)
    return Seen(record, subject, determination, clock, packet)


def shown(door: SmartDoor, tenant: Tenant, login: Login, deadline: float) -> DetailPage:
    """The page for a login. Raises Refused when the EHR lets nothing be seen."""
    one = seen(door, tenant, login, deadline)
    picture = one.subject.policy.picture(one.record, one.clock)
    return detail_page(
        one.determination,
        one.record,
        series=picture.series,
        timeline=timeline_of(picture, one.determination, one.record),
        provenance=Provenance(
            one.clock, version("payer-policy-cds"), login.iss, login.user, one.subject.notices
        ),
        full_banner=login.need_patient_banner,
        brief=login.intent == "summary",
        packet=checklists(one.packet.gaps) if one.packet is not None else (),
    )


def timeline_of(picture: Picture, determination: Determination, record: Record) -> Timeline | None:
    """The doses given and held, with their reasons, and the order beside them."""
    one = determination
    ordered = one.dose.ordered_mg if one.dose is not None else None
    amount = f"{plain(ordered)} mg" if ordered is not None else ""
    return timeline(
        picture.doses,
        planned=order_mark(one.order, one.planned, one.cycle, one.day, amount),
        reason=partial(reason_held, record),
    )


def _policies(tenant: Tenant) -> list[DrugPolicy]:
    """The tenant's policies; all of them where it names none, as for its hooks."""
    return [policy for name, policy in installed().items() if not tenant.policies or name in tenant.policies]
