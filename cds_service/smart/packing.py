"""The prior-authorization packet of the order that a page shows, and its gaps as the page's checklist."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.engine.attempts import Allowance, Missed, attempt
from cds_service.engine.determination import Determination
from cds_service.evaluation.packets import Setting, packets_of
from cds_service.fhir.record import Resource
from cds_service.packet.assembly import Packet
from cds_service.packet.assessment import together
from cds_service.packet.gaps import Gap, Who
from cds_service.policies import DrugPolicy
from cds_service.values import dataclass

_WHO = {
    Who.CLINICIAN: "You, in the form",
    Who.PROVIDER: "Your practice, in the request",
    Who.PAYER: "The payer",
}


@dataclass(frozen=True, slots=True)
class Checklist:
    """What one party has to add, those first without which the request is not valid."""

    who: str
    gaps: tuple[Gap, ...]


def packet_of(
    shown: str,
    determined: Sequence[Determination],
    orders: Sequence[Resource],
    policy: DrugPolicy,
    setting: Setting,
) -> Packet | None:
    """The packet of the authorization that the shown order belongs to; None when it could not be made."""
    group = next(g for g in together(determined) if any(d.order == shown for d in g))
    made = attempt(
        "the packet",
        lambda: packets_of(group, orders, {policy.name: policy}, setting),
        Allowance(),
    )
    return None if isinstance(made, Missed) else made[0]


def checklists(gaps: Sequence[Gap]) -> tuple[Checklist, ...]:
    """The gaps by who can fill them."""
    by_who = ((_WHO[who], tuple(gap for gap in gaps if gap.who is who)) for who in Who)
    return tuple(Checklist(who, theirs) for who, theirs in by_who if theirs)
