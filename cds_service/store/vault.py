"""Short-lived secrets at rest: sessions, pending launches, draft orders on their way to the page.

Knows encryption and expiry, nothing of what it keeps. A row is found by the hash of its key and
its content is encrypted, so that neither a copy of the database nor a log of it opens a session
or shows a patient. The first of the secret keys encrypts, all of them decrypt.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cryptography.fernet import InvalidToken
from sqlalchemy import Connection, delete, select, text, update

from cds_service.store.database import Database, Write
from cds_service.store.schema import vault as vault_table
from cds_service.store.sealing import cipher

_PUT = text(
    "INSERT INTO vault (kind, key_hash, sealed, expires_at) VALUES (:kind, :key_hash, :sealed, :expires_at)"
    " ON CONFLICT (kind, key_hash) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at"
)


class Vault:
    """JSON objects by kind and secret key, each until its time is over."""

    def __init__(
        self, database: Database, secret_keys: Sequence[str], clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._cipher = cipher(secret_keys, b"payer-policy-cds vault")
        self._clock = clock

    def put(self, kind: str, key: str, value: Mapping[str, Any], seconds: float) -> None:
        """Keep a value, in place of an earlier one under the same key."""
        keep = self.putting(kind, key, value, seconds)
        with self._database.write() as db:
            keep(db)

    def putting(self, kind: str, key: str, value: Mapping[str, Any], seconds: float) -> Write:
        """The same, to be written with something else that it belongs to."""
        sealed = self._cipher.encrypt(json.dumps(value, separators=(",", ":"), default=str).encode())
        row = {
            "kind": kind,
            "key_hash": _hash(key),
            "sealed": sealed,
            "expires_at": self._clock() + seconds,
        }

        def keep(db: Connection) -> None:
            db.execute(_PUT, row)

        return keep

    def get(self, kind: str, key: str) -> Mapping[str, Any] | None:
        """The value, or None when there is none or its time is over."""
        wanted = select(vault_table.c.sealed).where(*_is(kind, key), vault_table.c.expires_at > self._clock())
        with self._database.read() as db:
            return self._opened(db.execute(wanted).scalar_one_or_none())

    def take(self, kind: str, key: str) -> Mapping[str, Any] | None:
        """Get and remove. Of several callers at once exactly one gets the value.

        What cannot be opened stays: another host may have the key that this one lacks.
        """
        wanted = select(vault_table.c.sealed).where(*_is(kind, key), vault_table.c.expires_at > self._clock())
        with self._database.write() as db:
            value = self._opened(db.execute(wanted).scalar_one_or_none())
            if value is None or db.execute(delete(vault_table).where(*_is(kind, key))).rowcount != 1:
                return None
        return value

    def renew(self, kind: str, key: str, seconds: float) -> bool:
        """Let a value that is still there live on for so long; False when it is gone."""
        live = (*_is(kind, key), vault_table.c.expires_at > self._clock())
        with self._database.write() as db:
            renewed = update(vault_table).where(*live).values(expires_at=self._clock() + seconds)
            return db.execute(renewed).rowcount == 1

    def drop(self, kind: str, key: str) -> None:
        """Forget a value."""
        with self._database.write() as db:
            db.execute(delete(vault_table).where(*_is(kind, key)))

    def purge(self) -> int:
        """Remove what has expired; the number of rows removed."""
        with self._database.write() as db:
            return db.execute(delete(vault_table).where(vault_table.c.expires_at <= self._clock())).rowcount

    def _opened(self, sealed: bytes | None) -> Mapping[str, Any] | None:
        if sealed is None:
            return None
        try:
            value = json.loads(self._cipher.decrypt(sealed))
        except InvalidToken:  # under a key that this host does not have, or has no longer
            return None
        return value if isinstance(value, dict) else None


def _is(kind: str, key: str) -> tuple[Any, ...]:
    return vault_table.c.kind == kind, vault_table.c.key_hash == _hash(key)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
