"""The links that cards carry to the detail view: each leaves its draft order behind for whoever opens it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cds_service.engine.determination import Determination
from cds_service.evaluation.order_sign import Links
from cds_service.evaluation.request import OrderSign
from cds_service.smart.door import SmartDoor
from cds_service.web.accounts import keep_with_account


def card_links(door: SmartDoor) -> Links:
    """What a hook call asks for its links: the ``appContext`` of each order, by its reference."""

    def links(call: OrderSign, determinations: Sequence[Determination]) -> Mapping[str, str]:
        iss = (call.fhir_server or "").removesuffix("/")
        if not door.can_launch(iss):
            return {}
        found = {}
        for determination in determinations:
            remembered = door.handoff.remember(
                determination.order, call.drafts, iss=iss, patient=call.patient_id, user=call.user_id
            )
            if remembered is not None:
                found[determination.order], write = remembered
                keep_with_account(write)
        return found

    return links
