"""Accounting for what was done: the audit event, the cards shown, the decision's grounds, kept as one.

Knows how these belong together and nothing of HTTP. What is not accounted for must not be answered:
a failure of the database is the caller's to turn into a refusal.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from cds_service.operations.audit_events import Deed, audit_event
from cds_service.store import audit_trail, feedback
from cds_service.store.database import Database
from cds_service.store.decisions import Decisions
from cds_service.store.feedback import Item, ShownCard


class Ledger:
    """One for the life of a process. ``decisions`` is None while nothing is kept for disputes."""

    def __init__(
        self,
        database: Database,
        site: str,
        decisions: Decisions | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database, self._site, self._clock = database, site, clock
        self.decisions = decisions

    def keep(
        self,
        deed: Deed,
        shown: Sequence[ShownCard] = (),
        grounds: bytes | None = None,
        traces: Sequence[str] = (),
    ) -> None:
        """Account for a deed, with the cards that it shows and what they were made from.

        The grounds are found again by the cards, and by ``traces``, further ids in the answer.
        Raises StoreError; then nothing of it is kept.
        """
        at = self._clock()
        with self._database.write() as db:
            if shown:
                feedback.keep_shown(
                    db,
                    shown,
                    tenant=deed.tenant,
                    service=deed.service,
                    patient=deed.patients[0] if deed.patients else "",
                    at=at,
                )
            if grounds is not None and self.decisions is not None:
                self.decisions.keep(db, grounds, [*(card.card for card in shown), *traces], at)
            if deed.what == "feedback":
                deed = replace(deed, patients=feedback.patients_of(db, deed.tenant, deed.cards))
            audit_trail.append(db, audit_event(deed, at, self._site), at)

    def keep_feedback(self, items: Sequence[Item], *, tenant: str, service: str) -> None:
        """Keep a batch whole or not at all; once this returns it is safe to acknowledge it."""
        with self._database.write() as db:
            feedback.keep_items(db, items, tenant=tenant, service=service, at=self._clock())
