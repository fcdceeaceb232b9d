"""Cards of a determination: at most one of each kind, the first sentence says what to do.

A fault in the wording of one card costs that card: the safety card names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from typing import Any

from cards import coverage_text, facts, finding_text
from cards.dose_text import dose_summary, reduction_is_due
from cards.identity import card_uuid
from cards.reasons import override_reasons
from cards.suggestions import dose_update, orders_for
from cards.text import summary
from cds_service.engine.attempts import Allowance, Missed, attempt
from cds_service.engine.determination import Basis, CardKind, Determination, Finding, Indicator
from cds_service.engine.verdict import Verdict

_TOPIC_SYSTEM = "http://terminology.hl7.org/CodeSystem/cdshooks-card-type"
_TOPICS = {
    CardKind.COVERAGE: ("coverage-info", "Coverage Information"),
    CardKind.DOCUMENTATION: ("guideline", "Guideline"),
    CardKind.DOSE: ("off-guideline", "Off Guideline"),
    CardKind.SAFETY: ("contraindication", "Contraindication"),
    CardKind.DETAILS: ("guideline", "Guideline"),
}


class CardForm(Enum):
    """How an answer is spread over cards.

    WITHOUT_COVERAGE: coverage is said elsewhere. What a coverage card reminds of stands on the details card,
    and so does its link; no card mixes links and suggestions, and each names its order when there are several.
    """

    WITH_COVERAGE = 1
    WITHOUT_COVERAGE = 2


def render(
    determinations: Sequence[Determination],
    *,
    form: CardForm = CardForm.WITH_COVERAGE,
    tenant: str,
    patient_id: str,
    orders: Mapping[str, Mapping[str, Any]],
    public_url: str,
    app_context: Mapping[str, str] | None = None,
    time: Allowance | None = None,
) -> list[dict[str, Any]]:
    """All cards, the most urgent first, then by order. ``orders`` holds the order JSON by reference.

    ``app_context`` gives, by order reference, the opaque id that a SMART launch hands back. ``time``
    counts the faults; it must not have a limit, since what was decided has to be said.
    """
    cards: list[dict[str, Any]] = []
    for d in determinations:
        maker = _Maker(d, tenant, patient_id, orders[d.order], len(determinations) > 1)
        if form is CardForm.WITHOUT_COVERAGE:
            maker = _WithoutCoverage(
                _reminded_in_details(d), tenant, patient_id, orders[d.order], len(orders) > 1
            )
        link = (
            None
            if app_context is None or d.order not in app_context
            else _link(public_url, app_context[d.order])
        )
        cards += _guarded(maker, link, time or Allowance())
    return sorted(cards, key=lambda card: -Indicator(card["indicator"]).rank)


def _guarded(maker: _Maker, link: Mapping[str, str] | None, time: Allowance) -> list[dict[str, Any]]:
    """The cards of one determination; the safety card names those that could not be made."""
    steps: dict[CardKind, Callable[[], dict[str, Any] | None]] = {
        CardKind.COVERAGE: lambda: maker.coverage(link),
        CardKind.DOSE: maker.dose,
        CardKind.SAFETY: maker.safety,
        CardKind.DOCUMENTATION: maker.documentation,
        CardKind.DETAILS: lambda: maker.details(link),
    }
    made = {kind: attempt(f"the {kind} card", step, time, "shown") for kind, step in steps.items()}
    missed = {kind: card for kind, card in made.items() if isinstance(card, Missed)}
    if missed:
        made[CardKind.SAFETY] = _naming(maker, missed, time)
    return [card for card in made.values() if isinstance(card, dict)]


def _naming(maker: _Maker, missed: Mapping[CardKind, Missed], time: Allowance) -> dict[str, Any] | None:
    """The safety card with a line for each card that is missing; with these alone, if it is missing itself."""
    lines = tuple(_not_shown(maker.d, kind, why) for kind, why in missed.items())
    if CardKind.SAFETY not in missed:
        whole = maker.with_findings((*lines, *maker.d.findings))
        card = attempt("the safety card", whole.safety, time, "shown")
        if not isinstance(card, Missed):
            return card
        lines = (*lines, _not_shown(maker.d, CardKind.SAFETY, card))
    return maker.with_findings(lines).safety()


def _not_shown(d: Determination, kind: CardKind, why: Missed) -> Finding:
    """The line for a card that is missing, as urgent as what stood on it, and a warning at least."""
    lost = d.findings_on(kind)
    urgency = max((Indicator.WARNING, *(f.indicator for f in lost)), key=lambda i: i.rank)
    rules = tuple(dict.fromkeys(rule for f in lost for rule in f.rules))
    return Finding(
        "unreadable-data", urgency, CardKind.SAFETY, rules, Basis.RECOMMENDATION,
        f"The {kind} card {why.because}", "Check by hand before signing",
    )  # fmt: skip


def _link(public_url: str, context: str) -> dict[str, str]:
    return {
        "label": "Every criterion with its evidence",
        "url": f"{public_url.rstrip('/')}/launch",
        "type": "smart",
        "appContext": context,
    }


class _Maker:
    """The cards of one determination."""

    about = ""  # which order it is, where the card itself has to say so

    def __init__(
        self, d: Determination, tenant: str, patient_id: str, order: Mapping[str, Any], several: bool
    ) -> None:
        self.d, self.tenant, self.patient_id, self.order, self.several = d, tenant, patient_id, order, several

    def with_findings(self, findings: tuple[Finding, ...]) -> _Maker:
        """The maker of the same order with other findings."""
        d = replace(self.d, findings=findings)
        return type(self)(d, self.tenant, self.patient_id, self.order, self.several)

    def _card(
        self,
        kind: CardKind,
        indicator: Indicator,
        summaries: Sequence[str],
        detail: str,
        extra: Mapping[str, Any],
    ) -> dict[str, Any]:
        extension = facts.card(self.d, kind, extra)
        decided = (extension, detail, summaries[0])
        code, display = _TOPICS[kind]
        policy = self.d.policy
        return {
            "uuid": card_uuid(self.tenant, self.patient_id, self.order, decided, kind.value),
            "summary": summary(*summaries),
            "detail": detail,
            "indicator": indicator.value,
            "source": {
                "label": f"{policy.payer}, policy {policy.id} (effective {policy.effective})",
                "topic": {"system": _TOPIC_SYSTEM, "code": code, "display": display},
            },
            "overrideReasons": override_reasons(kind.value, indicator.value, self._urgent(kind, indicator)),
            "extension": {"payer-policy-cds": extension},
        }

    def _urgent(self, kind: CardKind, indicator: Indicator) -> list[str]:
        """The kinds of the findings that give a card its urgency."""
        return [f.kind for f in self.d.findings_on(kind) if f.indicator is indicator]

    def _name(self) -> str:
        """The place of the order, where several are signed together."""
        place = coverage_text.place(self.d)
        return f" ({place})" if self.several and place else ""

    def coverage(self, link: Mapping[str, str] | None) -> dict[str, Any] | None:
        indicator = Indicator.INFO if self.d.coverage is Verdict.MET else Indicator.WARNING
        summaries = tuple(coverage_text.summaries(self.d, self._name()))
        card = self._card(
            CardKind.COVERAGE, indicator, summaries, coverage_text.detail(self.d), facts.coverage(self.d)
        )
        if link is not None:
            card["links"] = [dict(link)]
        return card

    def documentation(self) -> dict[str, Any] | None:
        if not self.d.needed:
            return None
        decides = [n for n in self.d.needed if n.decides]
        indicator = Indicator.WARNING if decides else Indicator.INFO
        card = self._card(
            CardKind.DOCUMENTATION,
            indicator,
            tuple(finding_text.documentation_summaries(self.d, self._name())),
            finding_text.checklist(self.d, self.about),
            {"needed": facts.needed(self.d)},
        )
        return self._with(card, list(orders_for(self.d, self.patient_id, card["uuid"])), "any")

    def dose(self) -> dict[str, Any] | None:
        found = finding_text.strongest_first(self.d.findings_on(CardKind.DOSE))
        if not found or self.d.dose is None:
            return None
        first = dose_summary(self.d, self._name()) if found[0].kind == "dose" else ""
        summary_, told = finding_text.opening(found[0], self._name())
        detail = finding_text.lines(self.d, found, "" if first else told, self.about)
        extra = {"dose": facts.dose(self.d.dose, self.d.policy.drug)}
        card = self._card(CardKind.DOSE, found[0].indicator, (first or summary_, summary_), detail, extra)
        return self._with(card, list(dose_update(self.order, self.d, card["uuid"])), "at-most-one")

    def safety(self) -> dict[str, Any] | None:
        card = self._ranked(CardKind.SAFETY)
        on_dose_card = bool(self.d.findings_on(CardKind.DOSE))
        if card is None or on_dose_card or not reduction_is_due(self.d):
            return card
        return self._with(card, list(dose_update(self.order, self.d, card["uuid"])), "at-most-one")

    def details(self, _link: Mapping[str, str] | None) -> dict[str, Any] | None:
        return self._ranked(CardKind.DETAILS)

    def _ranked(self, kind: CardKind) -> dict[str, Any] | None:
        """A card of findings, the strongest first; its first words are what to do."""
        found = finding_text.strongest_first(self.d.findings_on(kind))
        if not found:
            return None
        said, told = finding_text.opening(found[0], self._name())
        worst = max((f.indicator for f in found), key=lambda i: i.rank)
        return self._card(kind, worst, (said,), finding_text.lines(self.d, found, told, self.about), {})

    def _with(self, card: dict[str, Any], suggestions: list[dict[str, Any]], behavior: str) -> dict[str, Any]:
        if suggestions:
            if len(suggestions) == 1:
                suggestions[0]["isRecommended"] = True
            card["suggestions"] = suggestions
            card["selectionBehavior"] = behavior
        return card


class _WithoutCoverage(_Maker):
    """The cards of one determination where coverage is said elsewhere."""

    def __init__(
        self, d: Determination, tenant: str, patient_id: str, order: Mapping[str, Any], several: bool
    ) -> None:
        super().__init__(d, tenant, patient_id, order, several)
        if several:
            where = coverage_text.place(d)
            self.about = f"For {d.policy.drug.full}{f', {where}' if where else ''}, planned {d.planned}."

    def coverage(self, _link: Mapping[str, str] | None) -> dict[str, Any] | None:
        return None

    def details(self, link: Mapping[str, str] | None) -> dict[str, Any] | None:
        """What is left to know, and the way to every criterion."""
        found = finding_text.strongest_first(self.d.findings_on(CardKind.DETAILS))
        if not (found or self.d.notes or link):
            return None
        indicator = max((f.indicator for f in found), key=lambda i: i.rank, default=Indicator.INFO)
        said, told = (f"See every criterion of policy {self.d.policy.id} with its evidence{self._name()}", "")
        if found:
            said, told = finding_text.opening(found[0], self._name())
        elif link is None:
            said = f"For information{self._name()}: how the order was read"
        detail = finding_text.lines(self.d, found, told, self.about, self.d.notes)
        detail = detail or "Policy and evidence in full. This neither approves nor denies."
        card = self._card(CardKind.DETAILS, indicator, (said,), detail, {})
        return card if link is None else {**card, "links": [dict(link)]}


def _reminded_in_details(d: Determination) -> Determination:
    """The determination with what its coverage card reminds of as findings of the details card."""
    return replace(
        d,
        findings=tuple(
            replace(f, card=CardKind.DETAILS) if f.card is CardKind.COVERAGE and f.kind != "coverage" else f
            for f in d.findings
        ),
    )
