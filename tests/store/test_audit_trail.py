"""The chain of audit events: whole, broken in each way, and moved on by retention."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, event, select, update

from cds_service.store import audit_trail
from cds_service.store.audit_trail import Link
from cds_service.store.database import Database
from cds_service.store.schema import audit, audit_chain


def _append(database: Database, *events: str, at: float = 100.0) -> Link:
    link = Link(0, "")
    for text in events:
        with database.write() as db:
            link = audit_trail.extend(db, audit_trail.held_end(db), [(at, text)])
    return link


def test_events_come_out_as_they_went_in(database: Database) -> None:
    _append(database, '{"n":1}', '{"n":2}', '{"ü":"…"}')

    assert list(audit_trail.exported(database)) == ['{"n":1}', '{"n":2}', '{"ü":"…"}']
    assert audit_trail.verified(database).events == 3
    assert audit_trail.verified(database).fault is None


def test_an_empty_trail_holds(database: Database) -> None:
    assert audit_trail.verified(database).fault is None


def test_many_threads_make_one_chain(database: Database) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: _append(database, f"event {n}"), range(200)))

    found = audit_trail.verified(database)
    assert (found.events, found.head.seq, found.fault) == (200, 200, None)


def test_a_check_is_of_one_moment_while_events_are_kept_and_forgotten(database: Database) -> None:
    _append(database, "old", at=1.0)
    _append(database, "first", "second")
    meanwhile = iter([True])

    @event.listens_for(database.engine, "after_cursor_execute")
    def keep_and_forget(_db, _cursor, statement, *_) -> None:  # type: ignore[no-untyped-def]
        if "audit_chain" in statement and next(meanwhile, False):
            _append(database, "meanwhile")
            with database.write() as db:
                audit_trail.forget_before(db, 50.0)

    found = audit_trail.verified(database)
    assert (found.events, found.fault) == (3, None)
    assert audit_trail.verified(database).events == 3  # "old" is gone, "meanwhile" is there


def test_an_event_that_is_not_committed_is_not_in_the_chain(database: Database) -> None:
    with database.engine.connect() as db, db.begin() as transaction:
        audit_trail.extend(db, audit_trail.held_end(db), [(100.0, "lost")])
        transaction.rollback()

    assert audit_trail.verified(database).head.seq == 0


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (update(audit).where(audit.c.seq == 2).values(event="other"), "event 2 was changed"),
        (update(audit).where(audit.c.seq == 2).values(hash="0" * 64), "event 2 was changed"),
        (delete(audit).where(audit.c.seq == 2), "event 2 is missing"),
        (delete(audit).where(audit.c.seq == 1), "event 1 is missing"),
        (delete(audit).where(audit.c.seq == 3), "events after 2 are missing"),
        (delete(audit), "events after 0 are missing"),
        (update(audit_chain).values(last_hash="0" * 64), "events after 3 are missing"),
    ],
)
def test_damage_is_named(database: Database, damage: object, fault: str) -> None:
    _append(database, "one", "two", "three")
    with database.write() as db:
        db.execute(damage)  # type: ignore[call-overload]

    assert audit_trail.verified(database).fault == fault


def test_a_chain_made_anew_is_caught_by_a_link_noted_before(database: Database) -> None:
    _append(database, "one", "two")
    noted = audit_trail.verified(database).head
    _append(database, "three")
    assert audit_trail.verified(database, noted).fault is None

    with database.write() as db:
        db.execute(delete(audit))
        db.execute(update(audit_chain).values(last_seq=0, last_hash="0" * 64))
    _append(database, "one", "nothing happened", "three")

    assert audit_trail.verified(database).fault is None
    assert audit_trail.verified(database, noted).fault == f"the chain does not hold the noted link {noted}"


def test_retention_takes_the_oldest_and_leaves_a_whole_chain(database: Database) -> None:
    _append(database, "old 1", "old 2", at=100.0)
    noted = _append(database, "old 3", at=100.0)
    _append(database, "new", at=200.0)

    with database.write() as db:
        assert audit_trail.forget_before(db, 150.0) == 3

    assert list(audit_trail.exported(database)) == ["new"]
    assert audit_trail.verified(database).fault is None
    assert audit_trail.verified(database, noted).fault is None
    assert audit_trail.verified(database, Link(1, "x")).fault == "event 1 is older than what is kept"
    assert _append(database, "next").seq == 5


def test_retention_may_take_all(database: Database) -> None:
    _append(database, "old", at=100.0)
    with database.write() as db:
        assert audit_trail.forget_before(db, 150.0) == 1

    assert _append(database, "new").seq == 2
    assert audit_trail.verified(database).fault is None


def test_a_host_whose_clock_is_behind_leaves_no_hole(database: Database) -> None:
    _append(database, "new", at=200.0)
    _append(database, "from a slow clock", at=100.0)

    with database.write() as db:
        assert audit_trail.forget_before(db, 150.0) == 0
        assert sorted(db.execute(select(audit.c.seq)).scalars()) == [1, 2]
