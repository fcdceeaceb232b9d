"""What the account of a hook call says: who, which patient and orders, which cards, what was unseen.

Takes ids, references and times from a call and its answer, and nothing that a card says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cds_service.evaluation.decision import written
from cds_service.evaluation.order_sign import Answered
from cds_service.evaluation.request import OrderSign
from cds_service.operations import metrics
from cds_service.store.feedback import ShownCard
from cds_service.web.accounts import Account

# An EHR may put anything into hookInstance; only what it should be is taken over.
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _rules(card: Mapping[str, Any]) -> tuple[str, ...]:
    """The rules of the findings that gave a card its urgency."""
    findings = card["extension"]["payer-policy-cds"]["findings"]
    rules = (r for f in findings if f["indicator"] == card["indicator"] for r in f["rules"])
    return tuple(dict.fromkeys(rules))


def hear(account: Account, call: OrderSign) -> None:
    """Note who called about whom, before anything is decided."""
    account.patient, account.user = call.patient_id, call.user_id
    if _UUID.fullmatch(call.hook_instance):
        account.facts.append(("hookInstance", call.hook_instance))


def note(account: Account, answered: Answered) -> None:
    """Note what was answered, and count it."""
    account.orders = [d.order for d in answered.determinations]
    account.policies = sorted({(d.policy.id, d.policy.effective) for d in answered.determinations})
    for card in answered.cards:
        kind = card["extension"]["payer-policy-cds"]["kind"]
        account.shown.append(ShownCard(card["uuid"], kind, _rules(card)))
        metrics.CARDS.labels(kind, card["indicator"]).inc()
    account.traces = answered.traces
    account.facts += [("coverage-assertion-id", trace) for trace in answered.traces]
    if answered.gathered is None:
        return
    gaps = answered.gathered.record.gaps
    account.facts.append(("completeness", "partial" if gaps else "complete"))
    account.facts += [("unseen", gap.need.value) for gap in gaps]
    _note_what_is_missing(account, answered)
    for gap in gaps:
        metrics.EHR_FAILURES.labels(gap.code.value).inc()
    if strangers := sum(n.strangers for n in answered.gathered.notes):
        account.facts.append(("rows of another patient dropped", str(strangers)))
        metrics.STRANGERS.inc(strangers)
    for phase, ms in (
        ("prefetch", answered.gathered.prefetch_ms),
        ("fetch", answered.gathered.fetch_ms),
        ("evaluation", answered.evaluation_ms),
    ):
        metrics.PHASE_SECONDS.labels(phase).observe(ms / 1000)
        account.facts.append((f"{phase} ms", f"{ms:.1f}"))
    grounds = answered.grounds
    if grounds is not None:
        account.grounds = lambda: written(grounds, answered.body)


def _note_what_is_missing(account: Account, answered: Answered) -> None:
    """Rules that an error or the time cost; the cards name them, operators see them here."""
    if answered.faults:
        account.facts.append(("evaluation", f"{answered.faults} failed"))
        metrics.NOT_EVALUATED.labels("error").inc()
    if answered.grounds is not None and answered.grounds.steps is not None:
        account.facts.append(("evaluation", "not finished in time"))
        metrics.NOT_EVALUATED.labels("time").inc()
