"""What a CRD answer leaves for its form: sealed, for its tenant, for as long as settings say."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from cds_service.evaluation.form_context import KIND, keep_context, recall_context
from cds_service.store.database import Database
from cds_service.store.failures import Failure, StoreError
from cds_service.store.retention import Retention, purge
from cds_service.store.schema import vault as vault_table
from cds_service.store.vault import Vault
from tests.databases import database, database_url, open_database, postgres
from tests.fixtures import CLOCK
from tests.packet.insured import authorizations, drafts
from tests.packet.test_answers import days_of_a_cycle

__all__ = ["database", "database_url", "open_database", "postgres"]
KEYS = ["k" * 32]
HOUR = 3600.0


def keep(vault: Vault, hours: int = 72, tenant: str = "a", **changed: Any) -> None:
    (one,) = authorizations(
        "relapsed-single-agent", orders=changed.pop("drafts", drafts("relapsed-single-agent"))
    )
    given = {
        "assertions": {d.order: (f"assertion of {d.order}", "Coverage/cov-1") for d in one.determinations},
        "determinations": one.determinations,
        "orders": one.orders,
        "record": one.record,
        "clock": CLOCK,
        **changed,
    }
    keep_context(vault, hours, tenant=tenant, **given)


ORDER = "assertion of MedicationRequest/relapsed-single-agent-draft-1"


def rows(database: Database) -> list[bytes]:
    with database.read() as db:
        return list(db.execute(select(vault_table.c.sealed).where(vault_table.c.kind == KIND)).scalars())


def test_what_was_kept_is_what_was_assessed(database: Database) -> None:
    vault = Vault(database, KEYS)
    keep(vault)
    (one,) = authorizations("relapsed-single-agent")

    assert recall_context(vault, "a", ORDER) == one.assessment


def test_nothing_is_kept_with_no_hours(database: Database) -> None:
    keep(Vault(database, KEYS), hours=0)

    assert rows(database) == []


def test_it_is_another_tenants_never(database: Database) -> None:
    vault = Vault(database, KEYS)
    keep(vault, tenant="a")

    assert recall_context(vault, "b", ORDER) is None
    assert recall_context(vault, "", "1:a" + ORDER) is None
    assert recall_context(vault, "a", "another") is None


def test_it_is_unreadable_without_the_key(database: Database) -> None:
    keep(Vault(database, KEYS))
    (sealed,) = rows(database)

    assert b"relapsed" not in sealed
    assert b"Coverage" not in sealed
    assert recall_context(Vault(database, ["b" * 32]), "a", ORDER) is None


def test_it_is_gone_after_its_time_and_counted_when_purged(database: Database) -> None:
    now = [1_000_000.0]
    vault = Vault(database, KEYS, lambda: now[0])
    keep(vault, hours=2)
    now[0] += 2 * HOUR - 1
    assert recall_context(vault, "a", ORDER) is not None

    now[0] += 1
    assert recall_context(vault, "a", ORDER) is None
    removed = purge(database, Retention(1, 1, 0), lambda: now[0] + 1)
    assert removed["form contexts"] == 1
    assert removed["sessions and drafts"] == 0
    assert rows(database) == []


def test_the_same_call_again_replaces_its_own_row(database: Database) -> None:
    vault = Vault(database, KEYS)
    keep(vault)
    keep(vault)

    assert len(rows(database)) == 1


def test_the_orders_of_one_cycle_are_found_together_under_each_of_their_ids(database: Database) -> None:
    vault = Vault(database, KEYS)
    keep(vault, drafts=days_of_a_cycle())
    found = [recall_context(vault, "a", f"assertion of MedicationRequest/day-{day}") for day in (1, 8, 15)]

    assert found[0] is not None
    assert len(found[0].orders) == 3
    assert found == [found[0]] * 3


def test_an_order_without_an_assertion_is_left_out(database: Database) -> None:
    keep(Vault(database, KEYS), assertions={})

    assert rows(database) == []


def test_a_database_that_fails_does_not_cost_the_answer(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Vault):
        def put(self, *_: object) -> None:
            raise StoreError(Failure("full", "the disk is full"))

    keep(Failing(database, KEYS))

    assert "could not be kept" in caplog.text
