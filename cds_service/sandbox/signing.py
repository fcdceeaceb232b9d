"""An order on its way to being signed: the orders, the alerts on them, and what the prescriber answered.

All of it travels with the page as a form's fields, so the sandbox keeps none. No Flask and no HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.sandbox.coverage_information import Statement, statements
from cds_service.values import dataclass

WORDS = {"critical": "Danger", "warning": "Attention", "info": "Information"}
_RANK = {"critical": 0, "warning": 1}
Card = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Alert:
    """One card in the list. ``outcome`` is applied, overridden or empty; ``said`` are the words of the answer.

    ``card`` is None when the order has changed since: then only the answer is left of it.
    """

    uuid: str
    indicator: str
    kind: str
    summary: str
    card: Card | None
    outcome: str = ""
    said: str = ""

    @property
    def suggestions(self) -> list[Mapping[str, Any]]:
        """What it offers to do."""
        return as_dicts(as_dict(self.card).get("suggestions"))

    @property
    def reasons(self) -> list[Mapping[str, Any]]:
        """The reasons with which it may be overridden."""
        return as_dicts(as_dict(self.card).get("overrideReasons"))

    @property
    def smart(self) -> Mapping[str, Any]:
        """Its SMART link; empty when it has none."""
        return next((link for link in self._links if link.get("type") == "smart"), {})

    @property
    def addresses(self) -> list[tuple[str, str]]:
        """Its other links as label and address; only those that a browser opens as pages."""
        said = [
            (as_text(link.get("label")), as_text(link.get("url")))
            for link in self._links
            if link != self.smart
        ]
        return [(label or url, url) for label, url in said if url and url.startswith(("https://", "http://"))]

    @property
    def app_context(self) -> str | None:
        """What its SMART link hands to the detail view."""
        return as_text(self.smart.get("appContext"))

    @property
    def _links(self) -> list[Mapping[str, Any]]:
        return as_dicts(as_dict(self.card).get("links"))

    @property
    def detail(self) -> str:
        """Its body, as Markdown."""
        return as_text(as_dict(self.card).get("detail")) or ""

    @property
    def source(self) -> str:
        """Who says so."""
        return as_text(as_dict(as_dict(self.card).get("source")).get("label")) or ""

    @property
    def word(self) -> str:
        """How urgent it is, in a word."""
        return WORDS.get(self.indicator, self.indicator)

    @property
    def state(self) -> str:
        """What became of it."""
        if self.outcome:
            return f"{self.outcome}: {self.said}" if self.said else self.outcome
        return "open" if self.is_open else "no answer needed"

    @property
    def is_open(self) -> bool:
        """Whether it asks for an answer and has none."""
        return not self.outcome and self.indicator in _RANK


@dataclass(frozen=True, slots=True)
class Signing:
    """The state of the page. ``status`` is None before the service was asked, 0 when it did not answer.

    ``service`` is the CDS service that is asked. ``filled`` is what the prescriber entered into the payer's forms:
    by the id of the statement that named the form, text by linkId.
    """

    orders: tuple[Mapping[str, Any], ...]
    status: int | None = None
    cards: tuple[Card, ...] = ()
    answers: Mapping[str, Any] | None = None
    signed: bool = False
    service: str = ""
    filled: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def statements(self) -> tuple[Statement, ...]:
        """What the payer states on the orders about their coverage."""
        return tuple(statement for order in self.orders for statement in statements(order))

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """The cards, strongest first; then what was answered before the order was changed."""
        given = as_dict(self.answers)
        present = sorted(
            (_alert(card, given) for card in self.cards), key=lambda a: _RANK.get(a.indicator, 2)
        )
        there = {alert.uuid for alert in present}
        earlier = (_earlier(uuid, as_dict(of)) for uuid, of in given.items() if uuid not in there)
        return (*present, *earlier)

    @property
    def open(self) -> tuple[Alert, ...]:
        """The alerts that ask for an answer and have none."""
        return tuple(alert for alert in self.alerts if alert.is_open)

    def alert(self, uuid: str) -> Alert | None:
        """The alert with a card's id."""
        return next((alert for alert in self.alerts if alert.uuid == uuid), None)

    def answered(self, alert: Alert, outcome: str, said: str) -> Signing:
        """The same with one more answer."""
        answer = {
            "indicator": alert.indicator,
            "kind": alert.kind,
            "summary": alert.summary,
            "outcome": outcome,
            "said": said,
        }
        return replace(self, answers={**as_dict(self.answers), alert.uuid: answer})

    def done(self) -> Signing:
        """The same once signed: the orders are active."""
        orders = tuple({**order, "status": "active"} for order in self.orders)
        return replace(self, orders=orders, signed=True)


def _alert(card: Card, answers: Mapping[str, Any]) -> Alert:
    uuid = as_text(card.get("uuid")) or ""
    own = as_dict(as_dict(card.get("extension")).get("payer-policy-cds"))
    shown = {"indicator": card.get("indicator"), "kind": own.get("kind"), "summary": card.get("summary")}
    return replace(_earlier(uuid, {**as_dict(answers.get(uuid)), **shown}), card=card)


def _earlier(uuid: str, answer: Mapping[str, Any]) -> Alert:
    indicator, kind, summary, outcome, said = (
        as_text(answer.get(member)) or "" for member in ("indicator", "kind", "summary", "outcome", "said")
    )
    return Alert(uuid, indicator, kind, summary, None, outcome, said)
