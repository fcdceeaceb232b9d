"""Why a database cannot be used: from what a driver says to a kind, a sentence, and what to do about it.

Knows the error codes and connection messages of SQLite and PostgreSQL. Nothing that a driver said is
passed on: its texts may hold values of a statement, or a part of a password.
"""

from __future__ import annotations

import re
from typing import Any

from cds_service.values import dataclass

_ANY = "look at the server, the account and the disk"
_QUOTED = re.compile(r'"[^"]*"')


@dataclass(frozen=True, slots=True)
class Failure:
    """One way to fail: a word for logs and alerts, a sentence without values, and the way out of it."""

    kind: str
    text: str
    mend: str = _ANY


class Silence(Exception):
    """Of a driver's error that means: the server did not answer before the transaction's time was over."""


class StoreError(Exception):
    """The database cannot be used now. The message holds no value of any statement."""

    def __init__(self, failure: Failure | str) -> None:
        self.failure = Failure("other", failure) if isinstance(failure, str) else failure
        super().__init__(self.failure.text)


CORRECT_ADDRESS = "correct CDS_DATABASE_URL"
DRIVER = Failure(
    "driver",
    "the PostgreSQL driver psycopg is not installed",
    "install the requirements for PostgreSQL into this environment",
)
SILENT = Failure(
    "silent",
    "the database does not answer in time",
    "see whether the server hangs, and whether the network lets its answers through",
)
_SLOW = Failure("slow", "the database takes too long for a statement", "see what else its server does")
LOCKED = Failure(
    "locked", "another program holds the database locked", "see which program writes for so long"
)
DAMAGED = Failure(
    "damaged", "the file is no database, or is damaged", "name another file, or put a backup back"
)
MOVED = Failure(
    "moved",
    "the file of the database was removed, or another was put in its place",
    "put a backup there; one that is there now is used from the next call on",
)
READ_ONLY = Failure(
    "read-only", "the database can only be read", "name the primary server, or make the file writable"
)
FULL = Failure("disk-full", "the disk of the database is full", "make room on it")
_UNREACHABLE = Failure(
    "unreachable",
    "the server of the database cannot be reached",
    "correct its host in CDS_DATABASE_URL, or see to the network between",
)
_RIGHTS = Failure("rights", "the account has no right to do this", "grant it the rights on the tables")
_BUSY = Failure(
    "connections", "the server takes no more connections", "raise its max_connections, or stop other clients"
)
_STARTING = Failure("starting", "the server of the database is starting or stopping", "wait for it")

# In this order: a later one's words may stand in an earlier one's message.
_OF_CONNECTING: tuple[tuple[str, Failure], ...] = (
    (
        r"pg_hba\.conf",
        Failure(
            "not-admitted",
            "the server does not admit this host, account and database, or not without TLS",
            "add a line for them to its pg_hba.conf; hostssl lines need sslmode=verify-full in CDS_DATABASE_URL",
        ),
    ),
    (
        r"password authentication failed|no password supplied",
        Failure(
            "password",
            "the server refuses the account or its password",
            "correct them in CDS_DATABASE_URL (there @ is written %40, : %3A, / %2F and % %25)",
        ),
    ),
    (
        r"database\s+does not exist",
        Failure("no-database", "the server has no database of this name", "create it, or correct its name"),
    ),
    (
        r"role\s+does not exist|not permitted to log in|permission denied for database",
        Failure("account", "the server does not let this account in", "create it, and let it log in"),
    ),
    (r"too many (?:connections|clients)|remaining connection slots", _BUSY),
    (r"database system is|server closed the connection", _STARTING),
    (
        r"invalid response to ssl",
        Failure(
            "not-postgresql",
            "what answers there is no PostgreSQL server",
            "correct host and port in CDS_DATABASE_URL",
        ),
    ),
    (
        r"certificate",
        Failure(
            "certificate",
            "the server's certificate is not trusted, or is for another name",
            "name its authority with sslrootcert=… in CDS_DATABASE_URL, and the host as its certificate does",
        ),
    ),
    (
        r"\bssl\b|\btls\b|sslmode",
        Failure(
            "tls", "no TLS with the server", "switch ssl on there, or correct sslmode in CDS_DATABASE_URL"
        ),
    ),
    (
        r"translate host name|resolve host|name or service not known",
        Failure(
            "name",
            "the server's name is unknown",
            "correct the host in CDS_DATABASE_URL (an @ in a password is written %40), or see to the DNS",
        ),
    ),
    (
        r"connection refused|no such file or directory",
        Failure(
            "refused",
            "nothing listens at the address of the database",
            "start the server, or correct host and port in CDS_DATABASE_URL",
        ),
    ),
    (r"timeout|timed out|no route to host|unreachable", _UNREACHABLE),
    (
        r"fatal",  # in a language of the server's that is not English
        Failure(
            "refused-by-server",
            "the server refuses the account, its password or the database",
            "see the server's log, and correct CDS_DATABASE_URL",
        ),
    ),
    (
        r"invalid (?:connection option|sslmode|port|integer)|missing . after",
        Failure("address", "a part of the database's address is not understood", CORRECT_ADDRESS),
    ),
)

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_OF_POSTGRESQL = {
    "25006": READ_ONLY,
    "53100": FULL,
    "53300": _BUSY,
    "55P03": LOCKED,
    "57014": _SLOW,
    "42501": _RIGHTS,
    "57P01": _STARTING,
    "57P02": _STARTING,
    "57P03": _STARTING,
}

# https://www.sqlite.org/rescode.html; extended codes begin with the primary one's name.
_OF_SQLITE = (
    ("SQLITE_BUSY", LOCKED),
    ("SQLITE_LOCKED", LOCKED),
    ("SQLITE_READONLY", READ_ONLY),
    ("SQLITE_FULL", FULL),
    (
        "SQLITE_CANTOPEN",
        Failure(
            "file", "the file cannot be opened", "correct its path, and let the service's account write there"
        ),
    ),
    (
        "SQLITE_IOERR",
        Failure("disk", "the disk of the database fails", "see to the disk, and to limits on files"),
    ),
    ("SQLITE_NOTADB", DAMAGED),
    ("SQLITE_CORRUPT", DAMAGED),
)


def failure_of(error: BaseException | None) -> Failure:
    """What an error of a driver means. Unknown ones are named by their type."""
    name: Any = getattr(error, "sqlite_errorname", None)
    if isinstance(error, Silence):
        return SILENT
    if isinstance(name, str):
        found = next((failure for prefix, failure in _OF_SQLITE if name.startswith(prefix)), None)
    elif (state := getattr(error, "sqlstate", None)) is not None:
        found = _OF_POSTGRESQL.get(str(state))
    else:
        said = _QUOTED.sub("", str(error)).lower()
        found = next((failure for words, failure in _OF_CONNECTING if re.search(words, said)), None)
    return found or Failure("other", f"the database failed: {type(error).__name__}")
