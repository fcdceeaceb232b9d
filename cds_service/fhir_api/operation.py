"""``$questionnaire-package``: which forms a request asks for, and the answers that are known to each.

Answers come from the context that a CRD answer left, and from nothing else: this operation sees no record.
Knows no HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field, replace
from datetime import date, datetime
from typing import Any

from cds_service.clinical.therapy.orders import Order
from cds_service.engine.attempts import Allowance, Missed, attempt
from cds_service.engine.verdict import Verdict
from cds_service.evaluation.refused import Refused
from cds_service.fhir.record import Record, Resource
from cds_service.fhir_api.asked import Asked
from cds_service.packet.assessment import AssessedOrder, Assessment, order_content, order_reference
from cds_service.packet.canonical import form_url, form_version
from cds_service.packet.package import package, parameters
from cds_service.policies import DrugPolicy
from cds_service.values import dataclass

Recall = Callable[[str], Assessment | None]


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue of the outcome that stands beside success."""

    severity: str
    code: str
    text: str

    @property
    def as_json(self) -> dict[str, Any]:
        return {"severity": self.severity, "code": self.code, "details": {"text": self.text}}


@dataclass(slots=True)
class _Wanted:
    """The forms asked for so far, each with what is known of it, and what has to be said.

    ``settled`` is the policy that a context spoke of: its orders are dealt with.
    """

    packages: list[tuple[DrugPolicy, Assessment]] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    settled: str = ""

    def add(self, policy: DrugPolicy, assessment: Assessment) -> None:
        self.packages.append((policy, assessment))

    def holds(self, policy: DrugPolicy) -> bool:
        return any(held is policy for held, _ in self.packages)

    def say(self, severity: str, code: str, text: str) -> None:
        self.issues.append(Issue(severity, code, text))


def answer(
    asked: Asked, policies: Sequence[DrugPolicy], recall: Recall, clock: datetime, public_url: str
) -> dict[str, Any]:
    """The operation's answer as Parameters. Raises Refused with 404 for a context that is not this request's."""
    offering = [policy for policy in policies if policy.authorization is not None]
    wanted, made = _Wanted(), _Request(asked, offering, clock, public_url)
    if asked.context:
        made.take_context(wanted, _context(asked, recall))
    made.take_orders(wanted)
    made.take_forms(wanted)
    _leave_out_unchanged(wanted, asked, clock)
    if not wanted.packages and not wanted.issues:
        wanted.say("information", "informational", "There is no form for these orders.")
    outcome = {"resourceType": "OperationOutcome", "issue": [issue.as_json for issue in wanted.issues]}
    made_of = ((policy.authorization, one) for policy, one in wanted.packages)
    packages = [package(terms, one, public_url) for terms, one in made_of if terms is not None]
    return parameters(packages, outcome if wanted.issues else None)


def _context(asked: Asked, recall: Recall) -> Assessment:
    """What was kept for this request's context; the same refusal whatever is wrong with it."""
    kept = recall(asked.context)
    coverage = asked.coverage.reference if asked.coverage.id else ""
    if kept is None or kept.patient != asked.patient or (coverage and kept.coverage not in ("", coverage)):
        raise Refused(404, "not-found", "There is no such context for this coverage.", "context")
    return kept


@dataclass(frozen=True)
class _Request:
    """One request, and what it is answered by."""

    asked: Asked
    policies: Sequence[DrugPolicy]
    clock: datetime
    public_url: str

    def take_context(self, wanted: _Wanted, kept: Assessment) -> None:
        """The form that was assessed, filled; without verdicts where the order is another by now."""
        wanted.settled = kept.policy
        policy = next((p for p in self.policies if p.reference.id == kept.policy), None)
        if policy is None or kept.form != form_version(policy.reference):
            wanted.say(
                "warning", "not-found", "The form of this context has another version now: call CRD again."
            )
            return
        if kept.verdict is Verdict.NOT_MET and not self._is_named(policy):
            text = "No form applies: the criteria are not met. Ask the payer what can be done instead."
            wanted.say("information", "informational", text)
            return
        orders = self._orders_of(policy)
        known = {one.content for one in kept.orders}
        if any(order_content(order.body) not in known for order in orders):
            text = "An order has changed since it was assessed: call CRD again for its answers."
            wanted.say("warning", "conflict", text)
            kept = replace(kept, orders=_assessed(orders), request="", cycle=None, criteria={})
        elif orders:
            kept = replace(kept, orders=_assessed(orders))
        wanted.add(policy, kept)

    def take_orders(self, wanted: _Wanted) -> None:
        """A form for orders that no context spoke of, with what their own words tell."""
        for policy in (p for p in self.policies if p.reference.id != wanted.settled):
            by_cycle: dict[int | None, list[Resource]] = {}
            for order in self._orders_of(policy):
                by_cycle.setdefault(self._cycle(policy, order), []).append(order)
            for cycle, orders in by_cycle.items():
                request = "" if cycle is None else "initial" if cycle == 1 else "continuation"
                wanted.add(policy, replace(self._empty(policy, orders), cycle=cycle, request=request))

    def take_forms(self, wanted: _Wanted) -> None:
        """The forms that are asked for by their address, where nothing else asked for them already."""
        for canonical in dict.fromkeys(self.asked.questionnaires):
            url, _, version = canonical.partition("|")
            policy = next((p for p in self.policies if form_url(p.reference, self.public_url) == url), None)
            if policy is None or version not in ("", form_version(policy.reference)):
                wanted.say(
                    "warning", "not-found", "A form that was asked for is not known, or not in this version."
                )
            elif not wanted.holds(policy):
                wanted.add(policy, self._empty(policy, ()))

    def _is_named(self, policy: DrugPolicy) -> bool:
        url = form_url(policy.reference, self.public_url)
        return any(canonical.partition("|")[0] == url for canonical in self.asked.questionnaires)

    def _orders_of(self, policy: DrugPolicy) -> list[Resource]:
        held = Record(self.asked.patient.removeprefix("Patient/"))
        return [order for order in self.asked.orders if policy.in_scope(order, held.resolve)]

    def _cycle(self, policy: DrugPolicy, order: Resource) -> int | None:
        """The cycle that the order's own words state."""
        read: Order | Missed = attempt("the order", lambda: policy.order_of(order, self.clock), Allowance())
        return None if isinstance(read, Missed) or read.label is None else read.label.cycle

    def _empty(self, policy: DrugPolicy, orders: Sequence[Resource]) -> Assessment:
        return Assessment(
            policy=policy.reference.id,
            form=form_version(policy.reference),
            patient=self.asked.patient,
            orders=_assessed(orders),
            coverage=self.asked.coverage.reference if self.asked.coverage.id else "",
            decided=self.clock.isoformat(timespec="seconds"),
            verdict=Verdict.UNKNOWN,
        )


def _assessed(orders: Sequence[Resource]) -> tuple[AssessedOrder, ...]:
    return tuple(AssessedOrder(order_reference(o), order_content(o.body)) for o in orders)


def _leave_out_unchanged(wanted: _Wanted, asked: Asked, clock: datetime) -> None:
    """Leave out the forms that the client has: older than its last request, with no newer answers."""
    since = asked.changed_since
    if since is None or not wanted.packages:
        return

    def is_newer(policy: DrugPolicy, one: Assessment) -> bool:
        published = date.fromisoformat(policy.reference.effective)
        answered = bool(one.criteria) and datetime.fromisoformat(one.decided) > since
        return answered or published > since.astimezone(clock.tzinfo).date()

    kept = [(policy, one) for policy, one in wanted.packages if is_newer(policy, one)]
    if len(kept) < len(wanted.packages):
        wanted.say("information", "informational", "Nothing has changed since then.")
    wanted.packages[:] = kept
