"""Cards shown and what became of them. Knows a card's id and kind, and nothing of what it said.

The same item sent again changes nothing; another item on the same card is history. A card that
nobody answered is silent: EHRs never report it, so it is counted by what was shown.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from sqlalchemy import Connection, select, text

from cds_service.store.database import Database
from cds_service.store.schema import feedback, shown_cards
from cds_service.values import dataclass

UNKNOWN_KIND = "unknown"
_AT_ONCE = 500
_SHOWN = text(
    "INSERT INTO shown_cards (tenant, card, kind, service, patient, times, first_at, last_at, rules)"
    " VALUES (:tenant, :card, :kind, :service, :patient, 1, :at, :at, :rules)"
    " ON CONFLICT (tenant, card) DO UPDATE"
    " SET times = shown_cards.times + 1, last_at = excluded.last_at"
)
_ITEM = text(
    "INSERT INTO feedback"
    " (tenant, service, card, outcome, item, item_hash, outcome_at, received_at)"
    " VALUES (:tenant, :service, :card, :outcome, :item, :item_hash, :outcome_at, :received_at)"
    " ON CONFLICT (tenant, service, item_hash) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card on its way to a prescriber, with the rules of the findings that gave it its urgency."""

    card: str
    kind: str
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One item of feedback. ``content`` is what is kept of it; ``outcome_at`` is its own instant."""

    card: str
    outcome: str
    outcome_at: float
    content: Mapping[str, Any]


@dataclass(slots=True)
class KindReport:
    """What became of the cards of one kind, or of one rule. Numbers of different cards, not of showings."""

    kind: str
    shown: int = 0
    accepted: int = 0
    overridden: int = 0
    silent: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


def keep_shown(
    db: Connection, cards: Sequence[ShownCard], *, tenant: str, service: str, patient: str, at: float
) -> None:
    """Note that cards go out, in the caller's transaction."""
    if cards:  # in one order everywhere: two calls with the same cards must not wait for each other
        common = {"tenant": tenant, "service": service, "patient": patient, "at": at}
        rows = {
            card.card: {"card": card.card, "kind": card.kind, "rules": " ".join(card.rules), **common}
            for card in cards
        }
        db.execute(_SHOWN, [rows[card] for card in sorted(rows)])


def keep_items(db: Connection, items: Sequence[Item], *, tenant: str, service: str, at: float) -> None:
    """Keep a batch of feedback, in the caller's transaction; repeats change nothing."""
    rows: dict[str, dict[str, Any]] = {}
    for item in items:
        content = json.dumps(item.content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        key = hashlib.sha256(content.encode()).hexdigest()
        rows[key] = {
            "tenant": tenant,
            "service": service,
            "card": item.card,
            "outcome": item.outcome,
            "item": content,
            "item_hash": key,
            "outcome_at": item.outcome_at,
            "received_at": at,
        }
    if rows:
        db.execute(_ITEM, [rows[key] for key in sorted(rows)])


def patients_of(db: Connection, tenant: str, cards: Sequence[str]) -> list[str]:
    """The references of the patients that cards were shown for, without repeats."""
    wanted = select(shown_cards.c.patient).distinct().where(shown_cards.c.tenant == tenant)
    # Databases bound how many values a statement may name, and a batch may hold more.
    named = sorted(set(cards))
    found: set[str] = set()
    for at in range(0, len(named), _AT_ONCE):
        found.update(db.execute(wanted.where(shown_cards.c.card.in_(named[at : at + _AT_ONCE]))).scalars())
    return sorted(found)


def report(database: Database, *, by_rule: bool = False) -> list[KindReport]:
    """Shown, accepted, overridden and silent per kind of card, or per rule. The latest item on a card counts.

    A card of several rules counts with each of them; one of before rules were kept as unknown.
    """
    answered: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    kinds: dict[str, KindReport] = {}
    with database.read() as db:
        for row in db.execute(select(feedback).order_by(feedback.c.outcome_at, feedback.c.id)):
            answered[row.tenant, row.card].append(json.loads(row.item))
        columns = (shown_cards.c.tenant, shown_cards.c.card, shown_cards.c.kind, shown_cards.c.rules)
        for row in db.execute(select(*columns)):
            told = answered.pop((row.tenant, row.card), [])
            for name in (row.rules.split() or [UNKNOWN_KIND]) if by_rule else [row.kind]:
                kind = kinds.setdefault(name, KindReport(name))
                kind.shown += 1
                _count(kind, told)
    for items in answered.values():
        _count(kinds.setdefault(UNKNOWN_KIND, KindReport(UNKNOWN_KIND)), items)
    return [kinds[name] for name in sorted(kinds)]


def _count(kind: KindReport, items: Sequence[Mapping[str, Any]]) -> None:
    if not items:
        kind.silent += 1
        return
    last = items[-1]
    if last["outcome"] == "accepted":
        kind.accepted += 1
    else:
        kind.overridden += 1
        kind.reasons[_reason(last)] += 1


def _reason(item: Mapping[str, Any]) -> str:
    """The code that was picked: words typed in by a prescriber may name a patient."""
    given = item.get("overrideReason") or {}
    code = (given.get("reason") or {}).get("code")
    return str(code) if code else ("comment only" if given else "no reason given")


def items(database: Database) -> Iterator[dict[str, Any]]:
    """Every kept item with what is known of its card, in the order received."""
    joined = feedback.outerjoin(
        shown_cards,
        (shown_cards.c.tenant == feedback.c.tenant) & (shown_cards.c.card == feedback.c.card),
    )
    wanted = (
        select(feedback, shown_cards.c.kind, shown_cards.c.rules).select_from(joined).order_by(feedback.c.id)
    )
    with database.read() as db:
        for row in db.execute(wanted).yield_per(_AT_ONCE):
            yield {
                "tenant": row.tenant,
                "service": row.service,
                "kind": row.kind or UNKNOWN_KIND,
                "rules": (row.rules or "").split(),
                "receivedAt": row.received_at,
                **json.loads(row.item),
            }
