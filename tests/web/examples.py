"""Determinations and records as the page meets them, made by hand: the page's tests need no policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cds_service.engine.determination import (
    Basis,
    CardKind,
    CriterionResult,
    Determination,
    Dose,
    Drug,
    Finding,
    GroupResult,
    Indicator,
    NeededItem,
    PolicyReference,
    Unseen,
)
from cds_service.engine.verdict import Verdict
from cds_service.fhir.record import DataKind, Gap, Record, Resource, record_from
from cds_service.policies.inotuzumab.numbers import POLICY
from cds_service.smart.page.detail import Provenance

CLOCK = datetime(2026, 4, 15, 13, 0, tzinfo=UTC)
REFERENCE = PolicyReference(
    "MP-RX-FP-12-23",
    "2026-03-24",
    "Inotuzumab ozogamicin (Besponsa), J9229",
    "MMM Medicare Advantage",
    Drug("inotuzumab ozogamicin", "Inotuzumab", "J9229", "Injection", "0.1 mg"),
    items=POLICY.reference.items,
)
PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"given": ["Ada"], "family": "Example"}],
    "birthDate": "1981-03-02",
    "gender": "female",
    "identifier": [{"value": "MRN-0001"}],
}


def observation(id: str, name: str, value: Any, unit: str, day: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "code": {"text": name},
        "valueQuantity": {"value": value, "unit": unit},
        "effectiveDateTime": day,
        **more,
    }


def record(*bodies: dict[str, Any], gaps: tuple[Gap, ...] = ()) -> Record:
    return record_from("p1", [Resource(body, "fetched") for body in (PATIENT, *bodies)], gaps)


CHART = record(
    observation("cd22", "CD22 on blasts, flow cytometry", Decimal(92), "%", "2026-04-02"),
    observation("plt", "Platelets", Decimal(48), "10*9/L", "2026-04-14"),
)


def criterion(
    id: str, section: str, title: str, verdict: Verdict, because: str, **more: Any
) -> CriterionResult:
    return CriterionResult(id, section, title, verdict, because, page=3, **more)


CRITERIA = (
    criterion(
        "POL-IND-A-AGE",
        "Indications A",
        "Patient is at least 1 year old",
        Verdict.MET,
        "45 years on 2026-04-15",
    ),
    criterion(
        "POL-A-I-CD22",
        "A.i",
        "Leukemia is CD22-positive",
        Verdict.MET,
        "CD22 92 % on 2026-04-02",
        evidence=("Observation/cd22",),
    ),
    criterion(
        "POL-A-II-A",
        "A.ii.A",
        "Disease is relapsed or refractory",
        Verdict.UNKNOWN,
        "no relapse is recorded and the treatment before is not known",
        changes="A record of the relapse, or of the treatment that failed",
        needed=("therapy-history",),
    ),
    criterion(
        "POL-A-II-B-2",
        "A.ii.B.2",
        "Used with a listed TKI for Philadelphia-positive disease",
        Verdict.NOT_MET,
        "imatinib is ordered and the Philadelphia chromosome was negative on 2026-03-28",
        applies=False,
    ),
    criterion(
        "POL-A-IV-PH",
        "A.iv",
        "Disease is Philadelphia-negative",
        Verdict.NOT_MET,
        "BCR::ABL1 found on 2026-03-28",
        changes="A negative test at diagnosis or relapse",
    ),
)
UNKNOWN = Determination(
    order="MedicationRequest/draft-1",
    policy=REFERENCE,
    request="initial",
    cycle=1,
    day=1,
    coverage=Verdict.UNKNOWN,
    outline=GroupResult("initial", "Section A", "all", Verdict.UNKNOWN, CRITERIA),
    criteria=CRITERIA,
    findings=(
        Finding(
            "safety-qt",
            Indicator.CRITICAL,
            CardKind.SAFETY,
            ("POL-B-I-C-3",),
            Basis.RECOMMENDATION,
            "QTcF 510 ms on 2026-04-10",
            "Repeat the ECG before the dose",
        ),
        Finding(
            "boxed-warning", Indicator.INFO, CardKind.DETAILS, ("POL-BBW-VOD",), Basis.POLICY, "Liver risk."
        ),
    ),
    needed=(
        NeededItem("therapy-history", "treatment before this order, with dates"),
        NeededItem("height-weight", "the height is missing"),
        NeededItem("pathology", "attach the pathology report", decides=False),
    ),
    dose=Dose(
        "ok",
        Decimal("1.41"),
        Decimal("1.412"),
        Decimal("1.271"),
        Decimal("1.554"),
        Decimal("0.8"),
        Decimal("1.7654"),
        15,
        2,
        arithmetic="0.8 mg/m2 x 1.7654 m2 = 1.412 mg; ordered 1.41 mg",
    ),
    unseen=(Unseen("adverseEvents", "the server answered 403"),),
    planned="2026-04-15",
)
MET = replace(
    UNKNOWN,
    coverage=Verdict.MET,
    criteria=tuple(replace(c, verdict=Verdict.MET, applies=True, changes="") for c in CRITERIA),
    findings=(),
    needed=(),
    unseen=(),
)
NOT_MET = replace(UNKNOWN, coverage=Verdict.NOT_MET)
PROVENANCE = Provenance(
    CLOCK, "0.1.0", "https://ehr.example.org/fhir", "Practitioner/1", ("For the order on the card.",)
)
GAP = Gap(DataKind.ADVERSE_EVENTS, "the server answered 403")
