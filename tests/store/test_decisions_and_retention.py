"""Decisions kept for disputes, and how everything that is kept ends."""

from __future__ import annotations

from sqlalchemy import func, select

from cds_service.store import audit_trail, feedback
from cds_service.store.database import Database
from cds_service.store.decisions import Decisions
from cds_service.store.feedback import Item, ShownCard
from cds_service.store.retention import Retention, purge
from cds_service.store.schema import decision_cards, decisions, metadata
from cds_service.store.vault import Vault

OLD_KEY, NEW_KEY = "k" * 32, "n" * 32
DAY = 86400.0


def _keep(database: Database, content: bytes, at: float = 1.0, keys: tuple[str, ...] = (OLD_KEY,)) -> None:
    with database.write() as db:
        Decisions(database, keys).keeping(content, ["c1", "c2"], at)(db)


def test_a_decision_is_found_by_each_of_its_cards(database: Database) -> None:
    _keep(database, b"content")

    kept = Decisions(database, (OLD_KEY,))
    assert [kept.latest(card) for card in ("c1", "c2", "c3")] == [b"content", b"content", None]


def test_the_latest_decision_behind_a_card_is_the_one_found(database: Database) -> None:
    _keep(database, b"later", at=2.0)
    _keep(database, b"earlier", at=1.0)

    assert Decisions(database, (OLD_KEY,)).latest("c1") == b"later"


def test_a_decision_is_not_readable_in_the_database(database: Database) -> None:
    _keep(database, b"Patient MARKER " * 50)

    with database.read() as db:
        assert b"MARKER" not in db.execute(select(decisions.c.sealed)).scalar_one()


def test_a_rotated_key_opens_old_decisions_until_it_is_taken_out(database: Database) -> None:
    _keep(database, b"content")

    assert Decisions(database, (NEW_KEY, OLD_KEY)).latest("c1") == b"content"
    assert Decisions(database, (NEW_KEY,)).latest("c1") is None


def _fill(database: Database, at: float) -> None:
    Vault(database, (OLD_KEY,), clock=lambda: at - 10).put("session", "key", {"a": 1}, 10)
    _keep(database, b"content", at)
    with database.write() as db:
        audit_trail.extend(db, audit_trail.held_end(db), [(at, "{}")])
        feedback.keep_items(db, [Item("c", "accepted", at, {"card": "c"})], tenant="a", service="s", at=at)
        shown = [ShownCard("c", "dose")]
        feedback.keep_shown(db, shown, tenant="a", service="s", patient="Patient/1", at=at)


def test_each_kind_is_kept_for_its_own_time(database: Database) -> None:
    _fill(database, at=1000 * DAY)
    retention = Retention(audit_days=300, feedback_days=200, decision_days=100)

    def after(days: float) -> dict[str, int]:
        return {k: v for k, v in purge(database, retention, lambda: (1000 + days) * DAY).items() if v}

    assert after(0) == {}
    assert after(1) == {"sessions and drafts": 1}
    assert after(101) == {"decisions": 1}
    assert after(201) == {"feedback": 1, "shown cards": 1}
    assert after(301) == {"audit events": 1}


def test_nothing_is_left_of_what_is_over(database: Database) -> None:
    _fill(database, at=1000 * DAY)
    purge(database, Retention(1, 1, 0), lambda: 2000 * DAY)

    kept = {table.name for table in metadata.sorted_tables} - {"schema_version", "audit_chain"}
    with database.read() as db:
        for name in kept:
            assert db.execute(select(func.count()).select_from(metadata.tables[name])).scalar_one() == 0, name
        assert db.execute(select(func.count()).select_from(decision_cards)).scalar_one() == 0
