"""Override reasons, from the HL7 non-adherence reason codes, so that feedback can be compared across sites."""

from __future__ import annotations

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


def override_reasons(kind: str, indicator: str) -> list[dict[str, str]]:
    """The reasons offered on a card of this kind and urgency."""
    codes = _OF_INFORMATION if indicator == "info" else _BY_KIND[kind]
    return [{"system": _SYSTEM, "code": code, "display": _ALL[code]} for code in codes]
