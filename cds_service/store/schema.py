"""The tables, and the steps that lead from one version of them to the next.

Knows what is kept and under which key; opens no connection. A step is never changed once released:
a new one is added. No column holds a token, a JWT or a clinical value in clear text.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    inspect,
    text,
)

metadata = MetaData()
# SQLite numbers rows by itself for INTEGER keys only.
_ROW = BigInteger().with_variant(Integer, "sqlite")

schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True))

used_tokens = Table(
    "used_tokens",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("expires_at", Float, nullable=False, index=True),
)

vault = Table(
    "vault",
    metadata,
    Column("kind", String(40), primary_key=True),
    Column("key_hash", String(64), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", Float, nullable=False, index=True),
)

shown_cards = Table(
    "shown_cards",
    metadata,
    Column("tenant", String(200), primary_key=True),
    Column("card", String(36), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("service", String(100), nullable=False),
    Column("patient", String(100), nullable=False),
    Column("times", Integer, nullable=False),
    Column("first_at", Float, nullable=False),
    Column("last_at", Float, nullable=False, index=True),
    # Of the findings that gave the card its urgency, separated by blanks.
    Column("rules", Text, nullable=False, server_default=""),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", _ROW, primary_key=True, autoincrement=True),
    Column("tenant", String(200), nullable=False),
    Column("service", String(100), nullable=False),
    Column("card", String(200), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("item", Text, nullable=False),
    Column("item_hash", String(64), nullable=False),
    Column("outcome_at", Float, nullable=False),
    Column("received_at", Float, nullable=False, index=True),
    Index("one_of_each_item", "tenant", "service", "item_hash", unique=True),
    Index("feedback_on_card", "tenant", "card"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", _ROW, primary_key=True, autoincrement=False),
    Column("at", Float, nullable=False, index=True),
    Column("event", Text, nullable=False),
    Column("hash", String(64), nullable=False),
)

# One row: where the chain ends, and the link before its first kept event (moved by retention).
audit_chain = Table(
    "audit_chain",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("last_seq", _ROW, nullable=False),
    Column("last_hash", String(64), nullable=False),
    Column("anchor_seq", _ROW, nullable=False),
    Column("anchor_hash", String(64), nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("at", Float, nullable=False, index=True),
)

decision_cards = Table(
    "decision_cards",
    metadata,
    Column("card", String(36), primary_key=True),
    Column("decision", String(36), primary_key=True, index=True),
)

START_OF_CHAIN = "0" * 64


def _first_tables(db: Connection) -> None:
    metadata.create_all(db)
    db.execute(
        audit_chain.insert().values(
            id=1, last_seq=0, last_hash=START_OF_CHAIN, anchor_seq=0, anchor_hash=START_OF_CHAIN
        )
    )


def _rules_of_cards(db: Connection) -> None:
    if "rules" not in {column["name"] for column in inspect(db).get_columns("shown_cards")}:
        db.execute(text("ALTER TABLE shown_cards ADD COLUMN rules TEXT NOT NULL DEFAULT ''"))


STEPS: tuple[Callable[[Connection], None], ...] = (_first_tables, _rules_of_cards)
"""Step n leads from version n to version n + 1."""
