"""Cards of a determination: at most one of each kind, the first sentence says what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cards import coverage_text, facts
from cards.identity import card_uuid
from cards.reasons import override_reasons
from cards.suggestions import dose_update, orders_for
from cards.text import beginnings, counted, md, plain_line, sentence, summary
from cds_service.fhir.quantities import plain
from cds_service.policy.determination import Basis, CardKind, Determination, Finding, Indicator
from cds_service.policy.verdict import Verdict
from cds_service.policy.wording import lower_first, upper_first

_TOPIC_SYSTEM = "http://terminology.hl7.org/CodeSystem/cdshooks-card-type"
_TOPICS = {
    CardKind.COVERAGE: ("coverage-info", "Coverage Information"),
    CardKind.DOCUMENTATION: ("guideline", "Guideline"),
    CardKind.DOSE: ("off-guideline", "Off Guideline"),
    CardKind.SAFETY: ("contraindication", "Contraindication"),
    CardKind.DETAILS: ("guideline", "Guideline"),
}
_BASIS = {Basis.POLICY: "policy", Basis.LABEL: "FDA label", Basis.RECOMMENDATION: "recommendation"}


def render(
    determinations: Sequence[Determination],
    *,
    tenant: str,
    patient_id: str,
    orders: Mapping[str, Mapping[str, Any]],
    public_url: str,
    app_context: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """All cards, order by order. ``orders`` holds the order JSON by reference.

    ``app_context`` gives, by order reference, the opaque id that a SMART launch hands back.
    """
    cards: list[dict[str, Any]] = []
    for d in determinations:
        maker = _Maker(d, tenant, patient_id, orders[d.order], len(determinations) > 1)
        link = (
            None
            if app_context is None or d.order not in app_context
            else _link(public_url, app_context[d.order])
        )
        cards += [
            card
            for card in (
                maker.coverage(link),
                maker.documentation(),
                maker.dose(),
                maker.safety(),
                maker.details(),
            )
            if card
        ]
    return cards


def _link(public_url: str, context: str) -> dict[str, str]:
    return {
        "label": "Every criterion with its evidence",
        "url": f"{public_url.rstrip('/')}/launch",
        "type": "smart",
        "appContext": context,
    }


class _Maker:
    """The cards of one determination."""

    def __init__(
        self, d: Determination, tenant: str, patient_id: str, order: Mapping[str, Any], several: bool
    ) -> None:
        self.d, self.tenant, self.patient_id, self.order, self.several = d, tenant, patient_id, order, several

    def _card(
        self,
        kind: CardKind,
        indicator: Indicator,
        summaries: Sequence[str],
        detail: str,
        extra: Mapping[str, Any],
    ) -> dict[str, Any]:
        extension = {
            "kind": kind.value,
            "order": self.d.order,
            "findings": [facts.finding(f) for f in self.d.findings_on(kind)],
            **extra,
        }
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
            "overrideReasons": override_reasons(kind.value, indicator.value),
            "extension": {"payer-policy-cds": extension},
        }

    def _name(self) -> str:
        """The place of the order, where several are signed together."""
        place = coverage_text.place(self.d)
        return f" ({place})" if self.several and place else ""

    def coverage(self, link: Mapping[str, str] | None) -> dict[str, Any]:
        indicator = Indicator.INFO if self.d.coverage is Verdict.MET else Indicator.WARNING
        summaries = coverage_text.summaries(self.d, self._name())
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
        items = ", ".join(coverage_text.ITEMS[n.item] for n in (decides or self.d.needed))
        lead = "Documents or results needed" if decides else "For information, not deciding"
        short = f"{lead}{self._name()}: {counted(len(decides or self.d.needed), 'item', 'items')}, see the checklist"
        lines = [f"{lead}:"]
        for n in self.d.needed:
            mark = "" if n.decides else " (for information)"
            lines.append(
                f"- [ ] **{upper_first(coverage_text.ITEMS[n.item])}**{mark}: {md(sentence(n.because))}"
            )
        card = self._card(
            CardKind.DOCUMENTATION,
            indicator,
            (f"{lead}{self._name()}: {items}", short),
            "\n".join(lines),
            {"needed": facts.needed(self.d)},
        )
        return self._with(card, list(orders_for(self.d, self.patient_id, card["uuid"])), "any")

    def dose(self) -> dict[str, Any] | None:
        found = self.d.findings_on(CardKind.DOSE)
        if not found or self.d.dose is None:
            return None
        worst = _worst(found)
        first = next(f for f in found if f.indicator is worst)
        ordered, expected = self.d.dose.ordered_mg, self.d.dose.expected_mg
        if ordered is not None and expected is not None and first.kind == "dose":
            day = f" for {self.d.dose.on}" if self.d.dose.on else ""
            figures = f"ordered {plain(ordered)} mg{day}, table gives {plain(expected)} mg"
            lead = f"{first.action}: {figures}{self._name()}"
        else:
            lead = f"{first.action}{self._name()}: {plain_line(first.text)}"
        extra = {"dose": facts.dose(self.d.dose)}
        card = self._card(CardKind.DOSE, worst, (lead, f"{first.action}{self._name()}"), _lines(found), extra)
        return self._with(card, list(dose_update(self.order, self.d, card["uuid"])), "at-most-one")

    def safety(self) -> dict[str, Any] | None:
        return self._ranked(CardKind.SAFETY)

    def details(self) -> dict[str, Any] | None:
        return self._ranked(CardKind.DETAILS)

    def _ranked(self, kind: CardKind) -> dict[str, Any] | None:
        """A card of findings, the strongest first; its first words are what to do."""
        found = sorted(self.d.findings_on(kind), key=lambda f: (-f.indicator.rank, _strength(f)))
        if not found:
            return None
        lead = f"{_action(found[0]) or 'For information'}{self._name()}"
        summaries = (*(f"{lead}: {text}" for text in beginnings(found[0].text)), lead)
        return self._card(kind, _worst(found), summaries, _lines(found), {})

    def _with(self, card: dict[str, Any], suggestions: list[dict[str, Any]], behavior: str) -> dict[str, Any]:
        if suggestions:
            if len(suggestions) == 1:
                suggestions[0]["isRecommended"] = True
            card["suggestions"] = suggestions
            card["selectionBehavior"] = behavior
        return card


def _worst(found: Sequence[Finding]) -> Indicator:
    return max((f.indicator for f in found), key=lambda i: i.rank)


_ACTIONS = ("Stop", "Hold", "Check")


def _strength(f: Finding) -> int:
    """The rank of a finding's action: stop, hold, check, none."""
    first = re.match(r"\w*", f.action)
    word = first[0] if first else ""
    return _ACTIONS.index(word) if word in _ACTIONS else len(_ACTIONS) - 1 if f.action else len(_ACTIONS)


def _action(f: Finding) -> str:
    """The action in words that begin with stop, hold or check."""
    if not f.action or f.action.startswith(_ACTIONS):
        return f.action
    return f"Check: {lower_first(f.action)}"


def _lines(found: Sequence[Finding]) -> str:
    """One line for each finding: what to do, the values with dates, the rule and what it rests on."""
    lines = []
    for f in found:
        action = f"**{md(_action(f))}.** " if f.action else ""
        evidence = f" Evidence: {', '.join(md(e) for e in f.evidence)}." if f.evidence else ""
        lines.append(
            f"- {action}{md(sentence(f.text))} Rule {', '.join(f.rules)} ({_BASIS[f.basis]}).{evidence}"
        )
    return "\n".join(lines)
