"""SQLite: one file in WAL mode, for the workers of one host. Knows no table."""

from __future__ import annotations

import os
import sqlite3
import time
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from cds_service.store import patience
from cds_service.store.failures import CORRECT_ADDRESS, MOVED, Failure, StoreError

# For commands, which may wait; a call has less.
LONGEST_WAIT_S = 30.0
# Kinds of fault that others' work on the same file causes.
_WAITS = "milliseconds that it waits for a lock"
_FILE = "the file that it has open"
_WORTH_WAITING = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL")


def sqlite_engine(url: str, path: str | None) -> Engine:
    """Connections to the file, whose folder is made. Raises StoreError for an address of no use."""
    if not path or path == ":memory:":
        raise StoreError(Failure("address", "it must name a file, which workers share", CORRECT_ADDRESS))
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise StoreError(
            Failure("file", "the folder of the database cannot be made", CORRECT_ADDRESS)
        ) from None
    engine = create_engine(url, pool_size=10, max_overflow=40, pool_timeout=2, hide_parameters=True)
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "connect", partial(_remember_file, path))
    event.listen(engine, "begin", partial(_begin, path))
    return engine


def _set_up(connection: sqlite3.Connection, _: Any) -> None:
    # The driver's own transactions start too late to keep what was read from changing.
    connection.isolation_level = None
    _wait_for_locks(connection, _patience_ms())
    _switch_to_wal(connection)
    connection.execute("PRAGMA synchronous=FULL")


def _remember_file(path: str, _: sqlite3.Connection, record: Any) -> None:
    record.info[_FILE] = _file_at(path)


def _file_at(path: str) -> tuple[int, int] | None:
    """What tells one file from another, whatever its name; None where there is none of this name."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _refuse_lost_file(db: Connection, path: str) -> None:
    """SQLite goes on writing to a file that has lost its name, and all of it is gone with the process."""
    if db.info[_FILE] == (there := _file_at(path)):
        return
    if there is not None:  # another file: from now on that one is used
        db.engine.dispose()
        db.invalidate()
    raise StoreError(MOVED)


def _wait_for_locks(connection: sqlite3.Connection | Any, milliseconds: int) -> None:
    connection.execute(f"PRAGMA busy_timeout={milliseconds}")


def _patience_ms() -> int:
    """In whole tenths of a second, so that it seldom has to be set anew."""
    return int(patience.left(LONGEST_WAIT_S) * 10) * 100


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """SQLite's own wait does not cover this switch: of workers that start at once on a new file, one is refused."""
    until = time.monotonic() + patience.left(LONGEST_WAIT_S)
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as fault:
            if time.monotonic() > until or not fault.sqlite_errorname.startswith(_WORTH_WAITING):
                raise
            time.sleep(0.02)
        else:
            return


def _begin(path: str, db: Connection) -> None:
    _refuse_lost_file(db, path)
    if db.info.get(_WAITS) != (milliseconds := _patience_ms()):
        _wait_for_locks(db.connection.driver_connection, milliseconds)
        db.info[_WAITS] = milliseconds
    reading = db.get_execution_options().get("reading", False)
    db.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
