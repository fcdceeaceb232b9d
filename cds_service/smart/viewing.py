"""From a login to the page: read the chart with the login's token, decide, arrange.

The same record, chart and determination as the hook's; what differs is only who asked.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version

from cds_service.clinical.observations.series import Picture
from cds_service.engine.determination import Determination
from cds_service.evaluation.payer import with_payer
from cds_service.fhir.quantities import plain
from cds_service.fhir.record import Record
from cds_service.policies import DrugPolicy, installed
from cds_service.settings import Tenant
from cds_service.smart.door import SmartDoor
from cds_service.smart.login.session import Login
from cds_service.smart.page.detail import DetailPage, Provenance, detail_page
from cds_service.smart.page.form_fields import name_of
from cds_service.smart.page.timeline import Timeline, order_mark, reason_held, timeline
from cds_service.smart.subject import choose


def shown(door: SmartDoor, tenant: Tenant, login: Login, deadline: float) -> DetailPage:
    """The page for a login. Raises Refused when the EHR lets nothing be seen."""
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
    picture = subject.policy.picture(record, clock)
    order = next(order for order in subject.orders if order.reference == subject.shown)
    return detail_page(
        determination,
        record,
        series=picture.series,
        timeline=timeline_of(picture, determination, record),
        provenance=Provenance(
            clock, version("payer-policy-cds"), login.iss, name_of(login.user, order), subject.notices
        ),
        full_banner=login.need_patient_banner,
        order=order,
        brief=login.intent == "summary",
    )


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
