"""The facts of a determination as the JSON that outside programs rely on: docs/wire.md."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from cds_service.engine.determination import (
    CardKind,
    CriterionResult,
    Determination,
    Dose,
    DoseOption,
    Drug,
    Finding,
)


def criterion(c: CriterionResult) -> dict[str, Any]:
    """One criterion: id, section, verdict, why, and its evidence as references."""
    return {
        "id": c.id,
        "section": c.section,
        "verdict": c.verdict.value,
        "because": c.because,
        "evidence": list(c.evidence),
    }


def finding(f: Finding) -> dict[str, Any]:
    """One finding: kind, urgency, the rules and what they rest on, and its evidence as references."""
    return {
        "kind": f.kind,
        "indicator": f.indicator.value,
        "rules": list(f.rules),
        "basis": f.basis.value,
        "evidence": list(f.evidence),
    }


def _option(o: DoseOption) -> dict[str, Any]:
    return {
        "mg_per_m2": float(o.mg_per_m2), "expected_mg": float(o.expected_mg), "low_mg": float(o.low_mg),
        "high_mg": float(o.high_mg), "when": o.when,
    }  # fmt: skip


_MEMBERS = ("ordered_mg", "expected_mg", "low_mg", "high_mg", "mg_per_m2", "bsa_m2")


def dose(d: Dose, drug: Drug) -> dict[str, Any]:
    """The dose facts. What cannot be determined is null."""
    facts: dict[str, Any] = {name: _number(getattr(d, name)) for name in _MEMBERS}
    facts |= {"verdict": d.verdict, f"units_{drug.billing_code.lower()}": d.billing_units, "vials": d.vials}
    if d.options:
        facts["options"] = [_option(o) for o in d.options]
    return facts


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def card(d: Determination, kind: CardKind, extra: Mapping[str, Any]) -> dict[str, Any]:
    """The extension of a card of this kind: its order, its findings, and what its kind adds."""
    findings = [finding(f) for f in d.findings_on(kind)]
    return {"kind": kind.value, "order": d.order, "findings": findings, **extra}


def coverage(d: Determination) -> dict[str, Any]:
    """What the coverage card's extension adds."""
    facts: dict[str, Any] = {
        "policy": {"id": d.policy.id, "effective": d.policy.effective},
        "request": d.request,
        "cycle": d.cycle,
        "day": d.day,
        "coverage": d.coverage.value,
        "criteria": [criterion(c) for c in d.criteria],
    }
    if d.dose is not None:
        facts["dose"] = dose(d.dose, d.policy.drug)
    if d.payer is not None and d.payer.match is not None:
        facts["payer"] = {"match": d.payer.match.value, "evidence": list(d.payer.evidence)}
    return facts


def needed(d: Determination) -> list[dict[str, Any]]:
    """The documentation items; those that inform without deciding are marked."""
    return [
        {"item": n.item, "because": n.because, **({} if n.decides else {"decides": False})} for n in d.needed
    ]
