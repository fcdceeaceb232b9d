"""What became of the cards: kept once, counted by the latest, silence told from what was shown."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event

from cds_service.store import feedback
from cds_service.store.database import Database
from cds_service.store.feedback import Item, ShownCard

CARD = "4e0a3a1e-3283-4575-ab82-028d55fe2719"


def _item(card: str = CARD, outcome: str = "accepted", at: float = 100.0, **more: Any) -> Item:
    return Item(card, outcome, at, {"card": card, "outcome": outcome, "at": at, **more})


def _keep(database: Database, *items: Item, tenant: str = "a") -> None:
    with database.write() as db:
        feedback.keep_items(db, items, tenant=tenant, service="s", at=500.0)


def _show(database: Database, *cards: ShownCard, tenant: str = "a") -> None:
    with database.write() as db:
        feedback.keep_shown(db, cards, tenant=tenant, service="s", patient="Patient/1", at=500.0)


def _counts(database: Database) -> dict[str, tuple[int, int, int, int]]:
    return {k.kind: (k.shown, k.accepted, k.overridden, k.silent) for k in feedback.report(database)}


def test_a_repeated_item_changes_nothing(database: Database) -> None:
    _keep(database, _item(), _item())
    _keep(database, _item())

    assert len(list(feedback.items(database))) == 1


def test_another_item_on_the_same_card_is_history(database: Database) -> None:
    _keep(database, _item(at=100.0), _item(outcome="overridden", at=200.0))

    assert [item["outcome"] for item in feedback.items(database)].count("accepted") == 1
    assert len(list(feedback.items(database))) == 2


def test_the_latest_item_on_a_card_counts_whatever_order_they_came_in(database: Database) -> None:
    _show(database, ShownCard(CARD, "dose"))
    _keep(database, _item(outcome="overridden", at=300.0))
    _keep(database, _item(outcome="accepted", at=100.0))

    assert _counts(database) == {"dose": (1, 0, 1, 0)}


def test_a_card_that_nobody_answered_is_silent(database: Database) -> None:
    _show(database, ShownCard("c1", "dose"), ShownCard("c2", "dose"), ShownCard("c3", "safety"))
    _keep(database, _item("c2"))

    assert _counts(database) == {"dose": (2, 1, 0, 1), "safety": (1, 0, 0, 1)}


def test_a_card_shown_again_is_one_card(database: Database) -> None:
    _show(database, ShownCard("c1", "dose"))
    _show(database, ShownCard("c1", "dose"))

    assert _counts(database) == {"dose": (1, 0, 0, 1)}


def test_feedback_on_an_unknown_card_is_kept_under_a_kind_of_its_own(database: Database) -> None:
    _keep(database, _item("never shown", outcome="overridden"))

    assert _counts(database) == {"unknown": (0, 0, 1, 0)}
    assert next(feedback.items(database))["kind"] == "unknown"


def test_hospitals_do_not_mix(database: Database) -> None:
    _show(database, ShownCard(CARD, "dose"), tenant="a")
    _keep(database, _item(), tenant="b")

    assert _counts(database) == {"dose": (1, 0, 0, 1), "unknown": (0, 1, 0, 0)}


def test_reasons_are_counted_by_their_code_and_never_by_typed_words(database: Database) -> None:
    _show(database, *(ShownCard(f"c{n}", "dose") for n in range(4)))
    picked = {"reason": {"code": "will-review"}, "userComment": "Mrs Doe called"}
    _keep(
        database,
        _item("c0", "overridden", overrideReason=picked),
        _item("c1", "overridden", overrideReason=picked),
        _item("c2", "overridden", overrideReason={"userComment": "Mrs Doe called"}),
        _item("c3", "overridden"),
    )

    reasons = feedback.report(database)[0].reasons
    assert reasons == {"will-review": 2, "comment only": 1, "no reason given": 1}


def test_the_patients_of_cards_are_found_for_the_audit_trail(database: Database) -> None:
    _show(database, ShownCard("c1", "dose"), ShownCard("c2", "safety"))

    with database.read() as db:
        assert feedback.patients_of(db, "a", ["c2", "c1", "other"]) == ["Patient/1"]
        assert feedback.patients_of(db, "b", ["c1"]) == []


def test_a_card_counts_with_each_of_its_rules(database: Database) -> None:
    _show(
        database,
        ShownCard("c1", "dose", ("R-1", "R-2")),
        ShownCard("c2", "dose", ("R-2",)),
        ShownCard("c3", "dose"),
    )
    reason = {"overrideReason": {"reason": {"code": "policy-contradicts"}}}
    _keep(database, _item("c1", outcome="overridden", **reason), _item("c2"))

    told = {
        r.kind: (r.shown, r.accepted, r.overridden, r.silent) for r in feedback.report(database, by_rule=True)
    }
    assert told == {"R-1": (1, 0, 1, 0), "R-2": (2, 1, 1, 0), "unknown": (1, 0, 0, 1)}
    by_rule = {r.kind: r.reasons for r in feedback.report(database, by_rule=True)}
    assert by_rule["R-1"] == {"policy-contradicts": 1}
    assert {i["card"]: i["rules"] for i in feedback.items(database)} == {"c1": ["R-1", "R-2"], "c2": ["R-2"]}


def test_a_large_batch_names_its_cards_in_statements_that_any_database_takes(database: Database) -> None:
    cards = [f"c{number}" for number in range(1_200)]
    _show(database, ShownCard(cards[0], "dose"), ShownCard(cards[-1], "dose"))
    named: list[int] = []

    def hear(_db: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        if "shown_cards" in statement:
            named.append(len(given))

    with database.read() as db:
        event.listen(db, "before_cursor_execute", hear)
        found = feedback.patients_of(db, "a", cards)

    assert found == ["Patient/1"]
    assert named
    assert max(named) < 999  # the least that SQLite was ever built for; PostgreSQL takes 65,535
