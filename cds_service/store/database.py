"""The database: connections, transactions, and bringing the schema up to date.

SQLite in WAL mode by default, PostgreSQL for several hosts. Knows no table but the schema's version.
What ``write`` has committed survives a killed process and, with either database, a lost power supply.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    create_engine,
    event,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from cds_service.store.schema import STEPS, schema_version

# Any number that no other program uses for a lock of its own in the same PostgreSQL database.
_UPGRADE_LOCK = 0x7061_7965
_WAIT_S = 5


class StoreError(Exception):
    """The database cannot be used now. The message holds no value of any statement."""


class Database:
    """One for the life of a process, shared by its threads; connects when first asked to."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._sqlite = self.engine.dialect.name == "sqlite"
        # SQLite takes one writer at a time and lets the others poll; threads queue here instead.
        self._turn = Lock()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is durable once the block has ended. Raises StoreError."""
        with _as_store_error():
            if not self._sqlite:
                with self.engine.begin() as db:
                    yield db
            else:
                with self._turn, self.engine.begin() as db:
                    yield db

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that changes nothing and waits for no writer. Raises StoreError."""
        with _as_store_error(), self.engine.connect().execution_options(reading=True) as db:
            yield db

    def upgrade(self) -> int:
        """Create or upgrade the tables; the version reached. Any number of processes may do so at once."""
        with self.write() as db:
            if not self._sqlite:
                db.execute(select(func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
            version = _version(db)
            if version > len(STEPS):
                raise StoreError(f"the database has schema version {version}, newer than this program's")
            for step in STEPS[version:]:
                step(db)
            if version == 0:
                db.execute(insert(schema_version).values(version=len(STEPS)))
            elif version < len(STEPS):
                db.execute(update(schema_version).values(version=len(STEPS)))
        return len(STEPS)

    def version(self) -> int:
        """The version of the schema that is there; 0 when there is none. Raises StoreError."""
        with self.read() as db:
            return _version(db)

    def check(self) -> None:
        """Raises StoreError unless the database answers and has this program's schema."""
        version = self.version()
        if version != len(STEPS):
            raise StoreError(f"the database has schema version {version}, this program needs {len(STEPS)}")

    def close(self) -> None:
        """Give all idle connections back."""
        self.engine.dispose()


def _version(db: Connection) -> int:
    if not inspect(db).has_table("schema_version"):
        return 0
    return int(db.execute(select(func.coalesce(func.max(schema_version.c.version), 0))).scalar_one())


@contextmanager
def _as_store_error() -> Iterator[None]:
    try:
        yield
    except PoolTimeout:
        raise StoreError("no database connection became free in time") from None
    except DBAPIError as error:
        raise StoreError(f"the database failed: {type(error.orig).__name__}") from None
    except SQLAlchemyError as error:
        raise StoreError(f"the database failed: {type(error).__name__}") from None


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError("it is not a database address") from None
    name = parsed.get_backend_name()
    if name == "sqlite":
        return _sqlite_engine(url, parsed.database)
    if name == "postgresql":
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        try:
            return create_engine(
                parsed,
                pool_size=10,
                max_overflow=40,
                pool_timeout=_WAIT_S,
                pool_pre_ping=True,
                connect_args={"connect_timeout": _WAIT_S},
                hide_parameters=True,
            )
        except (ImportError, NoSuchModuleError):
            raise StoreError("PostgreSQL needs the extra: pip install 'payer-policy-cds[postgres]'") from None
    raise StoreError("it must begin with sqlite: or postgresql:")


def _sqlite_engine(url: str, path: str | None) -> Engine:
    if not path or path == ":memory:":
        raise StoreError("it must name a file, which workers share")
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise StoreError("the folder of the database cannot be made") from None
    engine = create_engine(
        url,
        pool_size=10,
        max_overflow=40,
        pool_timeout=_WAIT_S,
        connect_args={"timeout": _WAIT_S},
        hide_parameters=True,
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    # The driver's own transactions start too late to keep what was read from changing.
    connection.isolation_level = None
    _switch_to_wal(connection)
    connection.execute("PRAGMA synchronous=FULL")


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """SQLite's own wait does not cover this switch: of workers that start at once on a new file, one is refused."""
    until = time.monotonic() + _WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(db: Connection) -> None:
    reading = db.get_execution_options().get("reading", False)
    db.execute(text("BEGIN" if reading else "BEGIN IMMEDIATE"))
