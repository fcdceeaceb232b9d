"""One use for each token: of any number of callers with the same one, exactly one is let through.

Knows an issuer and a token's own id, and keeps a hash of both. The database decides by its primary
key, so that it holds across threads, workers and hosts. A clock that is wrong must not free a token
that may still be used: see ``forget_over``.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, delete, func, select, text

from cds_service.store.database import Database
from cds_service.store.schema import used_tokens

_TAKE = text(
    "INSERT INTO used_tokens (token_hash, expires_at) VALUES (:token_hash, :expires_at)"
    " ON CONFLICT DO NOTHING"
)


_SLACK_S = 86400.0
# PostgreSQL's server has a clock of its own; SQLite's is that of the process.
_NOW = {
    "postgresql": text("SELECT extract(epoch FROM clock_timestamp())::float8"),
    "sqlite": text("SELECT (julianday('now') - 2440587.5) * 86400.0"),
}


class TokenGuard:
    """Remembers which tokens were used until they could no longer be used anyway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def first_use(self, issuer: str, token_id: str, until: float) -> bool:
        """Whether this is the first use. ``until``: when the token is refused for its age.

        Raises StoreError when the database cannot say: the caller must then let nobody in.
        """
        key = hashlib.sha256(f"{len(issuer)}:{issuer}{token_id}".encode()).hexdigest()
        with self._database.write() as db:
            return db.execute(_TAKE, {"token_hash": key, "expires_at": until}).rowcount == 1


def forget_over(db: Connection) -> int:
    """Remove tokens that are over for a day, in the caller's transaction; the number removed.

    By the database's clock, not the caller's, and by the newest token that was let in as well: a clock
    that runs ahead is not believed further than the EHRs' own.
    """
    newest = db.execute(select(func.max(used_tokens.c.expires_at))).scalar_one()
    now = db.execute(_NOW[db.dialect.name]).scalar_one()
    before = min(now, newest if newest is not None else now) - _SLACK_S
    return db.execute(delete(used_tokens).where(used_tokens.c.expires_at < before)).rowcount
