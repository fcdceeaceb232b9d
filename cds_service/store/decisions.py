"""Decisions kept for disputes: all that one answer was made from, encrypted, found by a card's id.

Knows encryption and retention, nothing of what it keeps. The first of the secret keys encrypts, all
of them decrypt; a decision under a key that has been taken out can no longer be read.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Sequence

from cryptography.fernet import InvalidToken, MultiFernet
from sqlalchemy import Connection, insert, select

from cds_service.store.database import Database, Write
from cds_service.store.schema import decision_cards, decisions
from cds_service.store.sealing import cipher

_PURPOSE = b"payer-policy-cds decisions"
_PATIENTS = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/payer-policy-cds/patient")
# A hostile row must not fill the memory of whoever replays it.
_LARGEST = 256 * 1024 * 1024


def of_patient(tenant: str, patient: str) -> str:
    """The id under which all decisions about a patient are found, whatever cards they showed.

    ``patient`` is a reference, as ``Patient/p1``.
    """
    return str(uuid.uuid5(_PATIENTS, f"{len(tenant)}:{tenant}{patient}"))


class Decisions:
    """Keeps and finds what answers were made from."""

    def __init__(self, database: Database, secret_keys: Sequence[str]) -> None:
        self._database = database
        self._cipher: MultiFernet = cipher(secret_keys, _PURPOSE)

    def keeping(self, content: bytes, cards: Sequence[str], at: float) -> Write:
        """One decision, sealed, and to be kept under all of its cards and other ids."""
        decision = str(uuid.uuid4())
        sealed = self._cipher.encrypt(zlib.compress(content, 3))
        rows = [{"card": card, "decision": decision} for card in sorted(set(cards))]

        def keep(db: Connection) -> None:
            db.execute(insert(decisions), {"id": decision, "sealed": sealed, "at": at})
            if rows:
                db.execute(insert(decision_cards), rows)

        return keep

    def latest(self, card: str) -> bytes | None:
        """What the card's latest decision was made from; None when unknown, over, or under a lost key."""
        wanted = (
            select(decisions.c.sealed)
            .join(decision_cards, decision_cards.c.decision == decisions.c.id)
            .where(decision_cards.c.card == card)
            .order_by(decisions.c.at.desc())
            .limit(1)
        )
        with self._database.read() as db:
            sealed = db.execute(wanted).scalar_one_or_none()
        if sealed is None:
            return None
        try:
            unpacking = zlib.decompressobj()
            return unpacking.decompress(self._cipher.decrypt(sealed), _LARGEST)
        except (InvalidToken, zlib.error):
            return None
