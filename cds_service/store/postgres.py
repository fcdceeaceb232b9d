"""PostgreSQL: connections that are hung up on when the server says nothing for too long.

A server that is stopped in mid-work, or cut off, keeps its connections open and never answers;
neither psycopg nor libpq ends a read by the clock. The server's own limits are set a little shorter
than ours, so that a server that works answers by itself and keeps its connection.
"""

from __future__ import annotations

from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from sqlalchemy import URL, Connection, Engine, create_engine, event, text

from cds_service.store import patience
from cds_service.store.failures import Silence

# Outside of a call: what a command or a start waits for a connection.
CONNECT_S = 5.0
_NETWORK = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# A worker that is stopped in mid-transaction, or whose host is gone, must not keep the others waiting.
_IDLE_MS = 10_000
Result = TypeVar("Result")


class _NoAnswer(psycopg.OperationalError, Silence):
    """Hung up on the server."""


class PatientConnection(psycopg.Connection[Any]):
    """Waits for the server no longer than the transaction may take, then hangs up."""

    def wait(self, gen: PQGen[Result], *given: Any, **named: Any) -> Result:
        """Psycopg's own wait, for all that is asked of the server, with an end. Raises Silence."""
        return super().wait(self._ending(gen), *given, **named)

    def _ending(self, gen: PQGen[Result]) -> PQGen[Result]:
        try:
            wanted = next(gen)
            while True:
                # Psycopg comes back at least ten times a second, with 0 when nothing has come.
                ready = yield wanted
                if patience.is_over():
                    self.pgconn.finish()
                    raise _NoAnswer("no answer in time")
                wanted = gen.send(ready)
        except StopIteration as done:
            result: Result = done.value
            return result


def take_pages(db: Connection) -> None:
    """Write to new pages of the tables' disk, which a rollback gives back; not where the account may not."""
    if db.execute(text("SELECT has_database_privilege(current_database(), 'TEMPORARY')")).scalar_one():
        db.execute(text("SET LOCAL temp_tablespaces = ''"))  # there the database's own
        db.execute(
            text("CREATE TEMPORARY TABLE room AS SELECT repeat('x', 1000) FROM generate_series(1, 64)")
        )


def postgres_engine(address: URL, longest_s: float | None) -> Engine:
    """Connections to the server; ``longest_s`` bounds a transaction that is part of a service's work."""
    engine = create_engine(
        address, pool_size=10, max_overflow=40, pool_timeout=2, pool_pre_ping=True, hide_parameters=True
    )

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, given: Any, named: dict[str, Any]) -> PatientConnection:
        return _connected(given, {**_NETWORK, **named})

    @event.listens_for(engine, "connect")
    def set_up(connection: PatientConnection, _record: Any) -> None:
        if longest_s is not None:
            _limit(connection, int(longest_s * 1000))

    return engine


def _connected(given: Any, named: dict[str, Any]) -> PatientConnection:
    """A connection, made by a thread of its own: looking up a host's name has no end that we could set."""
    made: Future[PatientConnection] = Future()

    def connect() -> None:
        try:
            made.set_result(PatientConnection.connect(*given, **named))
        except Exception as error:
            made.set_exception(error)

    Thread(target=connect, name="database", daemon=True).start()
    try:
        return made.result(min(CONNECT_S, patience.left(CONNECT_S)))
    except TimeoutError:
        made.add_done_callback(_drop)
        raise _NoAnswer("no connection in time") from None


def _drop(made: Future[PatientConnection]) -> None:
    if made.exception() is None:
        made.result().close()


def _limit(connection: PatientConnection, longest_ms: int) -> None:
    limits = (
        ("lock_timeout", longest_ms * 7 // 10),
        ("statement_timeout", longest_ms * 9 // 10),
        ("idle_in_transaction_session_timeout", _IDLE_MS),
    )
    for name, milliseconds in limits:
        connection.execute("SELECT set_config(%s, %s, false)", (name, str(milliseconds)))
    connection.commit()
