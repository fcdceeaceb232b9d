"""Accounting for a request once it is answered: what was done, by whom, and with which outcome.

A door opens an account once the caller has proved who it is, and adds to it what it learns on
the way. When the response is ready the account is settled; an answer that cannot be accounted for is
not given. Refused callers have no account: they are in the log and the metrics.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Response, g

from cds_service.operations import logs, metrics
from cds_service.operations.audit_events import Deed
from cds_service.operations.ledger import Ledger
from cds_service.settings.tenants import DEVELOPMENT_TENANT
from cds_service.store.database import StoreError, Write
from cds_service.store.feedback import ShownCard
from cds_service.trust.callers import Caller
from cds_service.web.errors import json_response, outcome

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Account:
    """What is known so far of one hook call, feedback post or view. No clinical value, no token.

    ``grounds`` gives what the answer was made from, and is asked for only when disputes are kept for;
    ``traces`` are ids in the answer, beside those of cards, by which it is found again.
    ``beside`` is what else has to be on record before the answer goes out.
    """

    what: str
    service: str
    tenant: str
    caller: str = ""
    user: str = ""
    patient: str = ""
    orders: list[str] = field(default_factory=list)
    policies: list[tuple[str, str]] = field(default_factory=list)
    shown: list[ShownCard] = field(default_factory=list)
    cards: list[str] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    grounds: Callable[[], bytes] | None = None
    traces: tuple[str, ...] = ()
    outcome_text: str = ""
    beside: list[Write] = field(default_factory=list)

    def deed(self, status: int) -> Deed:
        return Deed(
            what=self.what,
            service=self.service,
            tenant=self.tenant,
            status=status,
            request_id=logs.request_id.get(),
            caller=self.caller,
            user=self.user,
            patients=(f"Patient/{self.patient}",) if self.patient else (),
            orders=tuple(self.orders),
            policies=tuple(self.policies),
            cards=(*(card.card for card in self.shown), *self.cards),
            facts=tuple(self.facts),
            outcome_text=self.outcome_text,
        )


def account_of(what: str, service: str, caller: Caller | None) -> Account:
    """An account of what a client does; None has not said who it is, and need not in development."""
    if caller is None:
        return Account(what, service, DEVELOPMENT_TENANT)
    return Account(what, service, caller.tenant.id, caller=caller.issuer)


def opened(account: Account) -> Account:
    """Let this request be accounted for."""
    g.account = account
    return account


def keep_with_account(write: Write) -> None:
    """Let something be kept with the account of this request, in its transaction."""
    account: Account = g.account
    account.beside.append(write)


def settle(ledger: Ledger, response: Response) -> Response:
    """Keep the account of the request that ends with ``response``; a refusal when that fails."""
    account: Account | None = g.pop("account", None)
    if account is None:
        return response
    answered = response.status_code < 400
    grounds = account.grounds() if answered and account.grounds and ledger.decisions else None
    try:
        deed = account.deed(response.status_code)
        if answered:
            ledger.keep(deed, account.shown, grounds, account.beside, account.traces)
        else:
            ledger.keep(deed)
    except StoreError as fault:
        metrics.STORE_FAILURES.labels("ledger").inc()
        log.error("an answer could not be accounted for and is not given", extra={"kind": fault.failure.kind})
        if answered:
            text = "The service cannot account for an answer now, so it gives none."
            return json_response(outcome("transient", text), 503)
    return response
