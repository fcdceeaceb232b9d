"""The database: connections, transactions, and bringing the schema up to date.

SQLite in WAL mode by default, PostgreSQL for several hosts. Knows no table but the schema's version
and one to try a write on. What ``write`` has committed survives a killed process and, with either
database, a lost power supply.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Lock

from sqlalchemy import Connection, Engine, func, insert, inspect, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from cds_service.store import patience
from cds_service.store.failures import (
    CORRECT_ADDRESS,
    DRIVER,
    LOCKED,
    SILENT,
    Failure,
    StoreError,
    failure_of,
)
from cds_service.store.schema import STEPS, schema_version, used_tokens
from cds_service.store.sqlite import LONGEST_WAIT_S, sqlite_engine

__all__ = ["SERVICE_S", "Database", "StoreError", "Write"]

SERVICE_S = 2.0
"""The longest that a transaction of a running service may take."""

# Any number that no other program uses for a lock of its own in the same PostgreSQL database.
_UPGRADE_LOCK = 0x7061_7965
# A row that fits into pages which PostgreSQL has already says nothing of its disk. New pages are tried this
# often, and after a write that failed.
_ROOM_HOLDS_S = 60.0
# Several pages of SQLite, more than it keeps in memory when told to keep one.
_TRIED_CHARACTERS = 32 * 1024


Write = Callable[[Connection], None]
"""Something to be written in a transaction of another's."""


class Database:
    """One for the life of a process, shared by its threads; connects when first asked to.

    ``longest_s`` bounds each transaction, which a service needs and commands do not.
    """

    def __init__(self, url: str, longest_s: float | None = None) -> None:
        self.engine = _engine(url, longest_s)
        self._longest_s = longest_s
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        # Each statement of a PostgreSQL transaction sees a moment of its own unless it is told otherwise.
        self._reading = {"reading": True} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        # SQLite takes one writer at a time and lets the others poll; threads queue here instead, for one connection.
        self._turn = Lock()
        self._writer: Connection | None = None
        self._is_silent = False
        self._asking = Lock()
        self._room_until = 0.0

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is durable once the block has ended. Raises StoreError."""
        try:
            with self._transaction(), self._writing() as db:
                yield db
        except StoreError:
            self._room_until = 0.0
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that changes nothing, waits for no writer and sees one moment throughout. Raises StoreError."""
        with self._transaction(), self.engine.connect().execution_options(**self._reading) as db:
            yield db

    def limited(self) -> AbstractContextManager[None]:
        """A block with as much time as a transaction has, for waiting and the transaction together."""
        return patience.transaction(self._longest_s)

    @property
    def is_silent(self) -> bool:
        """Whether the server last said nothing: then one thread waits for it at a time."""
        return self._is_silent

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self.limited(), self._unless_silent(), _as_store_error():
            yield

    @contextmanager
    def _unless_silent(self) -> Iterator[None]:
        """While the server does not answer one thread at a time waits for it; the others get an error at once."""
        alone = self._is_silent
        if alone and not self._asking.acquire(blocking=False):
            raise StoreError(SILENT)
        began = time.monotonic()
        try:
            yield
        except StoreError as fault:
            if fault.failure is not SILENT:
                self._is_silent = False
            # One whose call was nearly over may have given up too early to say.
            elif self._longest_s is not None and time.monotonic() - began > self._longest_s * 0.9:
                self._is_silent = True
            raise
        else:
            self._is_silent = False
        finally:
            if alone:
                self._asking.release()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        if not self.is_sqlite:
            with self.engine.begin() as db:
                yield db
            return
        if not self._turn.acquire(timeout=patience.left(LONGEST_WAIT_S)):
            raise StoreError(LOCKED)
        try:
            self._writer = self._writer or self.engine.connect()
            with self._writer.begin():
                yield self._writer
        except BaseException:
            self._give_back_writer()
            raise
        finally:
            self._turn.release()

    def _give_back_writer(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    def upgrade(self) -> int:
        """Create or upgrade the tables; the version reached. Any number of processes may do so at once."""
        if self.version() == len(STEPS):
            return len(STEPS)
        with self.write() as db:
            if not self.is_sqlite:
                db.execute(select(func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
            version = _version(db)
            if version > len(STEPS):
                raise StoreError(_newer(version))
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
        if version > len(STEPS):
            raise StoreError(_newer(version))
        if version != len(STEPS):
            told = f"the database has schema version {version}, this program needs {len(STEPS)}"
            raise StoreError(Failure("schema", told, "cds-service db upgrade"))

    def try_write(self) -> None:
        """Write as a call does, and take it back. Raises StoreError when it could not be kept."""
        with self.write() as db:
            if self.is_sqlite:
                _write_through(db)
            else:
                db.execute(insert(used_tokens).values(token_hash=uuid.uuid4().hex, expires_at=0.0))
                self._try_room(db)
            db.rollback()

    def _try_room(self, db: Connection) -> None:
        """Take new pages from the disk of the tables; the rollback gives them back."""
        from cds_service.store.postgres import take_pages

        if time.monotonic() >= self._room_until:
            take_pages(db)
            self._room_until = time.monotonic() + _ROOM_HOLDS_S

    def close(self) -> None:
        """Give all idle connections back."""
        with self._turn:
            self._give_back_writer()
        self.engine.dispose()


def _newer(version: int) -> Failure:
    told = f"the database has schema version {version}, newer than this program's {len(STEPS)}"
    return Failure("schema-newer", told, "run the version of this program that upgraded it, or a later one")


def _write_through(db: Connection) -> None:
    """SQLite writes to the disk at a commit, which must not be here, or when its memory is full."""
    memory = db.execute(text("PRAGMA cache_size")).scalar_one()
    db.execute(text("PRAGMA cache_size=1"))
    try:
        db.execute(insert(used_tokens).values(token_hash="x" * _TRIED_CHARACTERS, expires_at=0.0))
    finally:
        db.execute(text(f"PRAGMA cache_size={int(memory)}"))


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
        raise StoreError(failure_of(error.orig)) from None
    except SQLAlchemyError as error:
        raise StoreError(failure_of(error)) from None


def _engine(url: str, longest_s: float | None) -> Engine:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError(Failure("address", "it is not a database address", CORRECT_ADDRESS)) from None
    name = parsed.get_backend_name()
    if name == "sqlite":
        return sqlite_engine(url, parsed.database)
    if name == "postgresql":
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        try:
            from cds_service.store.postgres import postgres_engine

            return postgres_engine(parsed, longest_s)
        except (ImportError, NoSuchModuleError):
            raise StoreError(DRIVER) from None
    raise StoreError(Failure("address", "it must begin with sqlite: or postgresql:", CORRECT_ADDRESS))
