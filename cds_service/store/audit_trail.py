"""The audit trail: events in the order they were kept, each bound to the one before by a hash.

Knows an event only as text. Whoever changes, removes or reorders kept events breaks the chain;
whoever can rewrite all of it is caught by a link that was noted elsewhere (``audit verify --head``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from cds_service.store.database import Database
from cds_service.store.schema import audit, audit_chain
from cds_service.values import dataclass

_AT_ONCE = 500
# Made once: every commit of the ledger runs these three.
_END = select(audit_chain.c.last_seq, audit_chain.c.last_hash).with_for_update()
_KEEP = insert(audit)
_MOVE_END = update(audit_chain).values(last_seq=bindparam("seq"), last_hash=bindparam("link"))


@dataclass(frozen=True, slots=True)
class Link:
    """A place in the chain: how many events have been kept so far, and the hash over all of them."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of the chain found. ``fault`` is None when every link holds."""

    events: int
    head: Link
    fault: str | None = None


def linked(before: str, event: str) -> str:
    """The hash that binds an event to the chain that ends in ``before``."""
    return hashlib.sha256(f"{before}\n{event}".encode()).hexdigest()


def held_end(db: Connection) -> Link:
    """The end of the chain; other writers of any host wait here until the caller's transaction is over."""
    end = db.execute(_END).one()
    return Link(end.last_seq, end.last_hash)


def extend(db: Connection, end: Link, events: Sequence[tuple[float, str]]) -> Link:
    """Add events, each with its instant, to the chain whose end the caller's transaction holds; the new end."""
    rows = []
    for at, event in events:
        end = Link(end.seq + 1, linked(end.hash, event))
        rows.append({"seq": end.seq, "at": at, "event": event, "hash": end.hash})
    db.execute(_KEEP, rows)
    db.execute(_MOVE_END, {"seq": end.seq, "link": end.hash})
    return end


def exported(database: Database) -> Iterator[str]:
    """Every kept event, oldest first."""
    with database.read() as db:
        for row in db.execute(select(audit.c.event).order_by(audit.c.seq)).yield_per(_AT_ONCE):
            yield row.event


def verified(database: Database, noted: Link | None = None) -> Verified:
    """Follow the chain from its anchor to its end; ``noted`` is a link that must lie on it."""
    with database.read() as db:
        ends = db.execute(select(audit_chain)).one()
        at, count, seen_noted = Link(ends.anchor_seq, ends.anchor_hash), 0, noted is None
        # A link older than what retention keeps can no longer be checked, and is said so.
        if noted is not None and noted.seq < at.seq:
            return Verified(0, at, f"event {noted.seq} is older than what is kept")
        seen_noted = seen_noted or at == noted
        for row in db.execute(select(audit).order_by(audit.c.seq)).yield_per(_AT_ONCE):
            if row.seq != at.seq + 1:
                return Verified(count, at, f"event {at.seq + 1} is missing")
            if linked(at.hash, row.event) != row.hash:
                return Verified(count, at, f"event {row.seq} was changed")
            at, count = Link(row.seq, row.hash), count + 1
            seen_noted = seen_noted or at == noted
    if at != Link(ends.last_seq, ends.last_hash):
        return Verified(count, at, f"events after {at.seq} are missing")
    if not seen_noted:
        return Verified(count, at, f"the chain does not hold the noted link {noted}")
    return Verified(count, at)


def forget_before(db: Connection, at: float) -> int:
    """Remove events kept before an instant, in the caller's transaction; the number removed.

    The chain stays whole: its anchor moves to the last event removed. Only a run of events from the
    start is removed, so that clocks of hosts that differ leave no hole.
    """
    db.execute(select(audit_chain.c.id).with_for_update())
    first_kept = db.execute(select(func.min(audit.c.seq)).where(audit.c.at >= at)).scalar_one()
    old = audit.c.seq < first_kept if first_kept is not None else audit.c.at < at
    last = db.execute(
        select(audit.c.seq, audit.c.hash).where(old).order_by(audit.c.seq.desc()).limit(1)
    ).first()
    if last is None:
        return 0
    db.execute(update(audit_chain).values(anchor_seq=last.seq, anchor_hash=last.hash))
    return db.execute(delete(audit).where(audit.c.seq <= last.seq)).rowcount
