"""The feedback route: what became of the cards, checked item by item and kept whole or not at all.

Knows the shapes of CDS Hooks feedback. An item on a card that nobody remembers is kept as well: the
EHR has done its part, and a refusal would lose the rest of its batch.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from cds_service.evaluation.refused import Refused
from cds_service.operations import metrics
from cds_service.operations.ledger import Ledger
from cds_service.store.feedback import Item
from cds_service.web.accounts import account_of, opened
from cds_service.web.body import json_body
from cds_service.web.errors import json_response
from cds_service.web.gate import Gate

OUTCOMES = ("accepted", "overridden")
_CARD = re.compile(r"[\x21-\x7e]{1,200}")
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d):(\d\d)(?:\.(\d{1,12}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def feedback_routes(gate: Gate, ledger: Ledger, services: Collection[str]) -> Blueprint:
    """``POST /cds-services/{id}/feedback``: 200 once every item of the batch is safely kept."""
    routes = Blueprint("feedback", __name__)

    @routes.post("/cds-services/<service>/feedback")
    def feedback(service: str) -> Response:
        caller = gate.feedback(request, service)
        if service not in services:
            raise Refused(404, "not-found", "There is no such service.")
        account = opened(account_of("feedback", service, caller))
        items = feedback_items(json_body(request))
        account.cards = list(dict.fromkeys(item.card for item in items))
        ledger.keep_feedback(items, tenant=account.tenant, service=service)
        for item in items:
            metrics.FEEDBACK.labels(item.outcome).inc()
        return json_response({})

    return routes


def feedback_items(body: object) -> list[Item]:
    """The items of a feedback post. Raises Refused with 400 that names the first member at fault."""
    if not isinstance(body, dict):
        raise Refused(400, "structure", "The body must be a JSON object.")
    given = body.get("feedback")
    if given is None:
        raise _fault("required", "feedback", "is required")
    if not isinstance(given, list):
        raise _fault("structure", "feedback", "must be an array")
    return [_item(item, f"feedback[{index}]") for index, item in enumerate(given)]


def _item(item: object, at: str) -> Item:
    if not isinstance(item, dict):
        raise _fault("structure", at, "must be an object")
    card = _text(item, at, "card")
    if not _CARD.fullmatch(card):
        raise _fault("value", f"{at}.card", "must be the uuid of a card")
    outcome = _text(item, at, "outcome")
    if outcome not in OUTCOMES:
        raise _fault("value", f"{at}.outcome", "must be accepted or overridden")
    stamp = _text(item, at, "outcomeTimestamp")
    content: dict[str, Any] = {"card": card, "outcome": outcome, "outcomeTimestamp": stamp}
    if outcome == "accepted":
        content["acceptedSuggestions"] = _suggestions(item, f"{at}.acceptedSuggestions")
    elif item.get("overrideReason") is not None:
        content["overrideReason"] = _override(item["overrideReason"], f"{at}.overrideReason")
    return Item(card, outcome, _instant(stamp, f"{at}.outcomeTimestamp"), content)


def _suggestions(item: Mapping[str, Any], at: str) -> list[dict[str, str]]:
    given = item.get("acceptedSuggestions")
    if given is None:
        raise _fault("required", at, "is required when a card was accepted")
    if not isinstance(given, list) or not given:
        raise _fault("structure", at, "must be an array of at least one suggestion")
    accepted = []
    for index, suggestion in enumerate(given):
        if not isinstance(suggestion, dict):
            raise _fault("structure", f"{at}[{index}]", "must be an object")
        accepted.append({"id": _text(suggestion, f"{at}[{index}]", "id")})
    return accepted


def _override(given: object, at: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise _fault("structure", at, "must be an object")
    kept: dict[str, Any] = {}
    reason = given.get("reason")
    if reason is not None:
        if not isinstance(reason, dict):
            raise _fault("structure", f"{at}.reason", "must be an object")
        kept["reason"] = {"code": _text(reason, f"{at}.reason", "code")}
        for member in ("system", "display"):
            if reason.get(member) is not None:
                kept["reason"][member] = _text(reason, f"{at}.reason", member)
    if given.get("userComment") is not None:
        kept["userComment"] = _text(given, at, "userComment", blank=True)
    if not kept:
        raise _fault("required", f"{at}.reason", "or userComment is required in an overrideReason")
    return kept


def _instant(stamp: str, at: str) -> float:
    """Seconds since the epoch of an RFC 3339 instant; a leap second counts as the one before."""
    parts = _INSTANT.fullmatch(stamp)
    if parts is not None:
        day, minutes, seconds, fraction, offset = parts.groups()
        text = f"{day}T{minutes}:{'59' if seconds == '60' else seconds}.{(fraction or '0')[:6].ljust(6, '0')}"
        try:
            return datetime.fromisoformat(text + offset.upper().replace("Z", "+00:00")).timestamp()
        except (ValueError, OverflowError):
            pass
    raise _fault("value", at, "must be an instant such as 2026-04-15T13:00:00Z")


def _text(holder: Mapping[str, Any], at: str, member: str, *, blank: bool = False) -> str:
    value, path = holder.get(member), f"{at}.{member}"
    if value is None:
        raise _fault("required", path, "is required")
    if not isinstance(value, str):
        raise _fault("structure", path, "must be a string")
    if not blank and not value.strip():
        raise _fault("value", path, "must not be blank")
    return value


def _fault(code: str, path: str, what: str) -> Refused:
    return Refused(400, code, f"{path} {what}.", path)
