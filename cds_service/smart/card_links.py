"""The links that cards carry to the detail view: each leaves its draft order behind for whoever opens it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from cds_service.engine.determination import Determination
from cds_service.evaluation.order_sign import Links
from cds_service.evaluation.request import OrderSign
from cds_service.smart.door import SmartDoor
from cds_service.store.database import StoreError

log = logging.getLogger(__name__)


def card_links(door: SmartDoor) -> Links:
    """What a hook call asks for its links: the ``appContext`` of each order, by its reference."""

    def links(call: OrderSign, determinations: Sequence[Determination]) -> Mapping[str, str]:
        iss = (call.fhir_server or "").removesuffix("/")
        if not door.can_launch(iss):
            return {}
        found = {}
        try:
            for determination in determinations:
                app_context = door.handoff.remember(
                    determination.order, call.drafts, iss=iss, patient=call.patient_id, user=call.user_id
                )
                if app_context is not None:
                    found[determination.order] = app_context
        except StoreError:  # a card without its link is better than no card
            log.error("draft orders could not be kept for the detail view")
        return found

    return links
