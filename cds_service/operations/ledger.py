"""Accounting for what was done: the audit event, the cards shown, the decision's grounds, the links' drafts, kept as one.

Knows how these belong together and nothing of HTTP. What is not accounted for must not be answered:
a failure of the database is the caller's to turn into a refusal.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from cds_service.operations.audit_events import Deed, audit_event
from cds_service.store import audit_trail, feedback
from cds_service.store.database import Database, Write
from cds_service.store.decisions import Decisions, of_patient
from cds_service.store.feedback import Item, ShownCard
from cds_service.store.shared_commit import SharedCommit
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class _Entry:
    """One deed, done at ``at``, with all that is kept of it."""

    deed: Deed
    at: float
    shown: Sequence[ShownCard]
    writes: Sequence[Write]


def _written(db: Connection, entry: _Entry) -> Deed:
    """Note the cards that a deed shows; the deed, about whom feedback is included."""
    deed = entry.deed
    if entry.shown:
        patient = deed.patients[0] if deed.patients else ""
        feedback.keep_shown(
            db, entry.shown, tenant=deed.tenant, service=deed.service, patient=patient, at=entry.at
        )
    if deed.what == "feedback":
        return replace(deed, patients=feedback.patients_of(db, deed.tenant, deed.cards))
    return deed


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
        self._shared = SharedCommit(database, self._commit)

    def keep(
        self,
        deed: Deed,
        shown: Sequence[ShownCard] = (),
        grounds: bytes | None = None,
        beside: Sequence[Write] = (),
        traces: Sequence[str] = (),
    ) -> None:
        """Account for a deed, with the cards that it shows, what they were made from, and what else belongs to it.

        The grounds are found again by the cards, by ``traces``, further ids in the answer, and by their patient.
        Raises StoreError; then nobody may rely on it.
        """
        at = self._clock()
        writes = [*beside]
        if grounds is not None and self.decisions is not None:
            patients = (of_patient(deed.tenant, patient) for patient in deed.patients)
            names = [*(card.card for card in shown), *traces, *patients]
            writes.append(self.decisions.keeping(grounds, names, at))
        self._shared.keep(_Entry(deed, at, shown, writes))

    def _commit(self, entries: Sequence[_Entry]) -> None:
        """All of it in one transaction. The chain is held first, so that two hosts never wait for each other's rows."""
        with self._database.write() as db:
            end = audit_trail.held_end(db)
            events = []
            for entry in entries:
                for write in entry.writes:
                    write(db)
                events.append((entry.at, audit_event(_written(db, entry), entry.at, self._site)))
            audit_trail.extend(db, end, events)

    def keep_feedback(self, items: Sequence[Item], *, tenant: str, service: str) -> None:
        """Keep a batch whole or not at all; once this returns it is safe to acknowledge it."""
        with self._database.write() as db:
            feedback.keep_items(db, items, tenant=tenant, service=service, at=self._clock())
