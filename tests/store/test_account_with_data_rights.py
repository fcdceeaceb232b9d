"""On PostgreSQL the service needs no account that may make or change tables, once these are there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

from cds_service.cli import main
from cds_service.settings import Settings
from cds_service.store import retention
from cds_service.store.database import Database
from tests.databases import database_url, open_database, postgres
from tests.operations.conftest import bearer, environment
from tests.operations.whole_service import complete_request, whole_service

__all__ = ["database_url", "environment", "open_database", "postgres"]

HOOK = "/cds-services/inotuzumab-order-sign"
PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
pytestmark = [
    pytest.mark.postgres,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]


@pytest.fixture
def account(database_url: str, open_database: Callable[[str], Database]) -> Iterator[str]:
    """The address by which the service's own account connects, with the rights that the page gives it."""
    owner = open_database(database_url)
    (rights,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    role = f"app_{database_url.rsplit('/', 1)[1]}"
    statements = rights.replace("cds_service", role)
    with owner.engine.begin() as db:
        db.execute(text(f"CREATE ROLE {role} LOGIN"))
    owner.upgrade()
    with owner.engine.begin() as db:
        for statement in statements.split(";"):
            if statement.strip():
                db.execute(text(statement))
    yield database_url.replace("cds@", f"{role}@")
    with owner.engine.begin() as db:
        db.execute(text(f"DROP OWNED BY {role}"))
        db.execute(text(f"DROP ROLE {role}"))


def test_the_service_starts_and_answers(account: str, environment: dict[str, str]) -> None:
    environment["CDS_DATABASE_URL"] = account
    environment["CDS_DISPUTE_DAYS"] = "30"
    with whole_service(environment) as app:
        client = app.test_client()
        assert client.get("/readyz").status_code == 200
        answer = client.post(HOOK, json=complete_request(), headers=bearer())
        assert answer.status_code == 200
        card = answer.get_json()["cards"][0]["uuid"]
        item = {
            "card": card,
            "outcome": "overridden",
            "overrideReason": {"reason": {"code": "will-review"}},
            "outcomeTimestamp": "2026-04-15T13:00:00Z",
        }
        path = f"{HOOK}/feedback"
        assert client.post(path, json={"feedback": [item]}, headers=bearer(path)).status_code == 200


@pytest.mark.parametrize("taken", ["", "REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC"])
def test_a_write_can_be_tried_and_leaves_nothing_even_without_the_right_to_temporary_tables(
    account: str, database_url: str, open_database: Callable[[str], Database], taken: str
) -> None:
    with open_database(database_url).engine.begin() as db:
        db.execute(text(taken.format(database_url.rsplit("/", 1)[1]) or "SELECT 1"))
    database = open_database(account)
    database.try_write()
    database.try_write()
    with database.read() as db:
        assert db.execute(text("SELECT count(*) FROM used_tokens")).scalar_one() == 0
        assert db.execute(text("SELECT count(*) FROM pg_class WHERE relname = 'room'")).scalar_one() == 0


def test_the_commands_that_read_work(account: str, environment: dict[str, str]) -> None:
    environment["CDS_DATABASE_URL"] = account
    for command in (["audit", "export"], ["audit", "verify"], ["feedback-report"], ["db", "upgrade"]):
        result = CliRunner(env=environment).invoke(main, command)
        assert result.exit_code == 0, (command, result.output)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET event = ''", "DELETE FROM audit", "DROP TABLE audit", "CREATE TABLE more (x int)"],
)
def test_the_account_cannot_change_the_audit_trail_or_the_tables(account: str, statement: str) -> None:
    engine = create_engine(account.replace("postgresql:", "postgresql+psycopg:"))
    try:
        with pytest.raises(ProgrammingError, match="InsufficientPrivilege"), engine.begin() as db:
            db.execute(text(statement))
    finally:
        engine.dispose()


def test_the_owner_removes_what_is_over(account: str, database_url: str, environment: dict[str, str]) -> None:
    assert account != database_url
    settings = Settings.from_environment({**environment, "CDS_DATABASE_URL": database_url})
    kept = retention.Retention(settings.audit_days, settings.feedback_days, settings.dispute_days)
    database = Database(settings.database_url)
    try:
        assert retention.purge(database, kept, lambda: 0.0)["audit events"] == 0
    finally:
        database.close()
