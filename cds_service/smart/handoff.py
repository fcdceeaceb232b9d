"""From card to page: the draft order waits, encrypted, for the prescriber who opens the link.

The draft is not on the EHR's server, so the hook leaves it here and the card's link carries an
opaque ``appContext``. It opens only for the same EHR, patient and user, and for fifteen minutes.
The id is keyed, not random: the same request gives the same card.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from cds_service.fhir.json_types import as_text
from cds_service.fhir.record import Resource
from cds_service.fhir.references import local_reference
from cds_service.json_text import read_json, write_json
from cds_service.smart.vault import Vault
from cds_service.store.database import Write
from cds_service.values import dataclass

WAITING_S = 900
_KIND = "draft-order"
_MAX_BYTES = 256 * 1024
_OURS = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Drafts:
    """What the prescriber was ordering: the draft resources, and the reference of the order on the card."""

    order: str
    resources: tuple[Resource, ...]


class Handoff:
    """Keeps drafts for the detail view. ``secret`` keys the ids, so that nobody can guess one."""

    def __init__(self, vault: Vault, secret: str) -> None:
        self._vault = vault
        self._secret = hashlib.sha256(b"app-context:" + secret.encode()).digest()

    def remember(
        self,
        order: str,
        drafts: Sequence[Resource],
        *,
        iss: str,
        patient: str,
        user: str,
    ) -> tuple[str, Write] | None:
        """The drafts of a hook call for one order's link, to be kept with the call: the ``appContext``, and the write.

        None when they are too large.
        """
        resources = write_json([[draft.name, draft.body] for draft in drafts])
        if len(resources) > _MAX_BYTES:
            return None
        kept = {"order": order, "resources": resources, "iss": iss, "patient": patient, "user": user}
        content = json.dumps(kept, sort_keys=True).encode()
        app_context = hmac.new(self._secret, content, hashlib.sha256).hexdigest()
        return app_context, self._vault.putting(_KIND, app_context, kept, WAITING_S)

    def recall(self, app_context: str | None, *, iss: str, patient: str, user: str) -> Drafts | None:
        """The drafts behind an ``appContext``; None when unknown, too old, or for someone else."""
        if app_context is None or not _OURS.fullmatch(app_context):
            return None
        kept = self._vault.get(_KIND, app_context)
        if kept is None or not _belongs(kept, iss, patient, user):
            return None
        resources = read_json(kept["resources"].encode())
        return Drafts(
            str(kept["order"]), tuple(Resource(body, "draft order", name) for name, body in resources)
        )


def _belongs(kept: Mapping[str, Any], iss: str, patient: str, user: str) -> bool:
    return (
        kept.get("iss") == iss
        and kept.get("patient") == patient
        and local_reference(as_text(kept.get("user")) or "") == local_reference(user)
    )
