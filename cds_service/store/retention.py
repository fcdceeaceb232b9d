"""How long what is kept is kept. Knows the tables and ages, nothing of what a row means."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import delete, select

from cds_service.store import audit_trail, token_guard
from cds_service.store.database import Database
from cds_service.store.schema import (
    decision_cards,
    decisions,
    feedback,
    shown_cards,
    vault,
)
from cds_service.values import dataclass

_DAY_S = 86400.0
FORM_CONTEXT = "dtr-context"  # the vault's kind for what a CRD answer leaves for its form


@dataclass(frozen=True, slots=True)
class Retention:
    """Days that each kind is kept. Decisions are not kept at all at 0."""

    audit_days: int
    feedback_days: int
    decision_days: int


def purge(database: Database, retention: Retention, clock: Callable[[], float] = time.time) -> dict[str, int]:
    """Remove what is over; the number of rows removed of each kind. May run while the service does."""
    now = clock()

    def old(days: int) -> float:
        return now - days * _DAY_S

    removed: dict[str, int] = {}
    with database.write() as db:
        removed["used tokens"] = token_guard.forget_over(db)
        expired = delete(vault).where(vault.c.expires_at < now)
        removed["form contexts"] = db.execute(expired.where(vault.c.kind == FORM_CONTEXT)).rowcount
        removed["sessions and drafts"] = db.execute(expired).rowcount
    with database.write() as db:
        before = old(retention.feedback_days)
        removed["feedback"] = db.execute(delete(feedback).where(feedback.c.received_at < before)).rowcount
        removed["shown cards"] = db.execute(
            delete(shown_cards).where(shown_cards.c.last_at < before)
        ).rowcount
    with database.write() as db:
        over = select(decisions.c.id).where(decisions.c.at < old(retention.decision_days))
        db.execute(delete(decision_cards).where(decision_cards.c.decision.in_(over)))
        removed["decisions"] = db.execute(delete(decisions).where(decisions.c.id.in_(over))).rowcount
    with database.write() as db:
        removed["audit events"] = audit_trail.forget_before(db, old(retention.audit_days))
    return removed
