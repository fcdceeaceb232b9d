"""One use for each token: of any number of callers with the same one, exactly one is let through.

Knows an issuer and a token's own id, and keeps a hash of both. The database decides by its primary
key, so that it holds across threads, workers and hosts.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import text

from cds_service.store.database import Database

_TAKE = text(
    "INSERT INTO used_tokens (token_hash, expires_at) VALUES (:token_hash, :expires_at)"
    " ON CONFLICT DO NOTHING"
)


class TokenGuard:
    """Remembers which tokens were used until they could no longer be used anyway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def first_use(self, issuer: str, token_id: str, until: float) -> bool:
        """Whether this is the first use. ``until``: when the token is refused for its age.

        Raises StoreError when the database cannot tell: the caller must then let nobody in.
        """
        key = hashlib.sha256(f"{len(issuer)}:{issuer}{token_id}".encode()).hexdigest()
        with self._database.write() as db:
            return db.execute(_TAKE, {"token_hash": key, "expires_at": until}).rowcount == 1
