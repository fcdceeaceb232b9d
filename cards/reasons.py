"""Override reasons, from the HL7 non-adherence reason codes, so that feedback can be compared across sites."""

from __future__ import annotations

from collections.abc import Iterable

_SYSTEM = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"

_ALL = {
    "action-completed": "Already done or recorded elsewhere",
    "need-more-info": "More information is needed first",
    "risk-benefit-ratio": "Benefit judged to outweigh the risk",
    "policy-contradicts": "Another policy or guideline applies",
    "patient-contraindication": "Contraindicated for this patient",
    "patient-refuses": "Patient declines",
    "limited-time": "No time now, will review",
}
_BY_KIND = {
    "coverage": ("action-completed", "need-more-info", "policy-contradicts"),
    "documentation": ("action-completed", "need-more-info", "limited-time", "patient-refuses"),
    "dose": ("need-more-info", "policy-contradicts", "patient-contraindication", "risk-benefit-ratio"),
    "safety": ("action-completed", "need-more-info", "risk-benefit-ratio"),
    "details": ("action-completed", "need-more-info"),
}
_OF_INFORMATION = ("action-completed", "limited-time")  # which asks for nothing that one could go against


# What a finding is overridden for, where that differs from its card: a question is answered, not outweighed.
_BY_FINDING = {
    "unreadable-data": ("action-completed", "need-more-info"),
    "bsa-mismatch": ("action-completed", "need-more-info"),
    "hem-unknown": ("action-completed", "need-more-info"),
    "dose-unchecked": ("action-completed", "need-more-info"),
    "interval": ("action-completed", "need-more-info", "policy-contradicts", "risk-benefit-ratio"),
    "dose-reduction-due": ("action-completed", "need-more-info", "policy-contradicts", "risk-benefit-ratio"),
    "electrolyte": ("action-completed", "need-more-info", "limited-time"),
}


def override_reasons(kind: str, indicator: str, findings: Iterable[str] = ()) -> list[dict[str, str]]:
    """The reasons offered on a card of this kind and urgency, for the kinds of finding that gave it its urgency."""
    if indicator == "info":
        codes = set(_OF_INFORMATION)
    else:
        codes = {code for found in findings for code in _BY_FINDING.get(found, _BY_KIND[kind])}
    return [
        {"system": _SYSTEM, "code": code, "display": display}
        for code, display in _ALL.items()
        if code in (codes or _BY_KIND[kind])
    ]
