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
    "coverage": ("action-completed", "need-more-info", "policy-contradicts", "risk-benefit-ratio"),
    "documentation": ("action-completed", "need-more-info", "limited-time", "patient-refuses"),
    "dose": ("risk-benefit-ratio", "policy-contradicts", "need-more-info", "patient-contraindication"),
    "safety": ("risk-benefit-ratio", "action-completed", "need-more-info", "patient-refuses"),
    "details": ("action-completed", "limited-time"),
}


def override_reasons(kind: str) -> list[dict[str, str]]:
    """The reasons offered on a card of this kind."""
    return [{"system": _SYSTEM, "code": code, "display": _ALL[code]} for code in _BY_KIND[kind]]
