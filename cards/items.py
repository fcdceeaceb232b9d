"""Documentation items in words: their names, and what a prescriber does about each."""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.engine.determination import Need

NAMES: Mapping[str, str] = {
    "diagnosis": "diagnosis of B-cell ALL",
    "pathology": "pathology or flow cytometry report",
    "cd22": "CD22 on blasts",
    "ph-status": "Philadelphia chromosome status",
    "therapy-history": "treatment history",
    "line-of-therapy": "line of therapy",
    "partner-drugs": "drugs given with this cycle",
    "response": "response (CR or CRi)",
    "mrd": "MRD after two cycles",
    "hsct-plan": "transplant plan",
    "progression-note": "note on progression",
    "cbc": "blood count with differential",
    "ecg-baseline": "baseline ECG",
    "ecg-follow-up": "follow-up ECG",
    "electrolytes-baseline": "baseline electrolytes",
    "electrolytes-follow-up": "follow-up electrolytes",
    "qt-drugs": "list of QT-relevant drugs",
    "infusion-monitoring-note": "note on watching the infusion",
    "myelosuppression-note": "note on infection and bleeding",
    "height-weight": "height and weight",
    "birth-date": "birth date",
    "cycle-number": "cycle and day",
    "interruption-reason": "reason for the interruption",
    "hepatic-recovery": "recovery of the liver tests",
    "extramedullary-status": "extramedullary disease status",
    "toxicity-detail": "detail of the toxicity",
}
_TO_DO: Mapping[str, str] = {
    "diagnosis": "State the diagnosis",
    "pathology": "Attach the pathology or flow cytometry report",
    "cd22": "Order or attach CD22 on blasts",
    "ph-status": "Order or attach the Philadelphia chromosome test",
    "therapy-history": "State the treatment history",
    "line-of-therapy": "State the line of therapy",
    "partner-drugs": "State the drugs given with this cycle",
    "response": "Document the response (CR or CRi)",
    "mrd": "Order or attach MRD after two cycles",
    "hsct-plan": "State whether a transplant is planned",
    "progression-note": "Write a note on progression",
    "cbc": "Get a blood count with differential",
    "ecg-baseline": "Record or attach the baseline ECG",
    "ecg-follow-up": "Record a follow-up ECG",
    "electrolytes-baseline": "Measure or attach the baseline electrolytes",
    "electrolytes-follow-up": "Measure the electrolytes again",
    "qt-drugs": "List the QT-relevant drugs",
    "infusion-monitoring-note": "Document the watch during and after the infusion",
    "myelosuppression-note": "Write a note on infection and bleeding",
    "height-weight": "Record height and weight",
    "birth-date": "Record the birth date",
    "cycle-number": "State cycle and day on the order",
    "interruption-reason": "State the reason for the interruption",
    "hepatic-recovery": "Document the recovery of the liver tests",
    "extramedullary-status": "State the extramedullary disease status",
    "toxicity-detail": "Document the toxicity: date, grade, cause",
}
_FROM_BEFORE: Mapping[str, str] = {
    "ecg-baseline": "Attach the ECG from before the first dose, else tell the payer that none exists",
    "electrolytes-baseline": "Attach the electrolytes from before the first dose, else tell the payer that none exist",
}


def to_do(need: Need, request: str) -> str:
    """What to do about an item, as a verb first. What only the past could bring is never asked for anew."""
    if "ordered, result awaited" in need.because:
        return f"Await the result: {NAMES[need.item]}"
    if request == "continuation" and need.item in _FROM_BEFORE:
        return _FROM_BEFORE[need.item]
    return _TO_DO[need.item]
