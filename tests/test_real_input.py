"""A real-shaped child with B-ALL, published with the mCODE implementation guide (CC0), plus one order of ours.

Runs when ``FHIR_EXAMPLES`` names the folder that holds ``mcode/``.
"""

import json
import os
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

import cards
from cds_service.fhir.record import Resource, record_from
from cds_service.policies import installed

FOLDER = Path(os.environ.get("FHIR_EXAMPLES", "nowhere")) / "mcode"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="FHIR_EXAMPLES names no folder with mcode/")
CLOCK = datetime.fromisoformat("2024-02-15T09:00:00-05:00")
CHILD = "cancer-patient-brian-l"
ORDER = {
    "resourceType": "MedicationRequest",
    "id": "draft-1",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": f"Patient/{CHILD}"},
    "medicationCodeableConcept": {
        "coding": [
            {
                "system": "http://www.nlm.nih.gov/research/umls/rxnorm",
                "code": "1942950",
                "display": "inotuzumab ozogamicin",
            }
        ]
    },
    "dosageInstruction": [
        {
            "text": "Cycle 1 Day 1",
            "timing": {"event": ["2024-02-16"]},
            "doseAndRate": [
                {
                    "doseQuantity": {
                        "value": Decimal("0.47"),
                        "unit": "mg",
                        "system": "http://unitsofmeasure.org",
                        "code": "mg",
                    }
                }
            ],
        }
    ],
}


def determine(*drafts):
    bodies = [
        json.loads(p.read_text(encoding="utf-8"), parse_float=Decimal) for p in sorted(FOLDER.glob("*.json"))
    ]
    record = record_from(CHILD, [Resource(b) for b in bodies])
    return installed()["inotuzumab"].determine(record, [Resource(d, "draft order") for d in drafts], CLOCK)


@pytest.fixture(name="child")
def _child():
    (determination,) = determine(ORDER)
    return determination


def verdict(d, criterion):
    return next(c.verdict.value for c in d.criteria if c.id == criterion)


def test_age_and_diagnosis_are_met(child):
    assert verdict(child, "POL-IND-A-AGE") == "met"
    assert verdict(child, "POL-A-I-DX") == "met"


def test_an_immunophenotype_without_cd22_leaves_cd22_unknown(child):
    assert verdict(child, "POL-A-I-CD22") == "unknown"


def test_a_newly_diagnosed_child_is_not_shown_to_be_relapsed_or_refractory(child):
    assert verdict(child, "POL-A-II-A") in ("not-met", "unknown")


def test_etv6_runx1_does_not_settle_the_philadelphia_chromosome(child):
    assert verdict(child, "POL-A-IV-PH") == "unknown"


def test_coverage_is_not_met_or_unknown(child):
    assert child.coverage.value in ("not-met", "unknown")


def test_the_dose_rests_on_the_recorded_bsa_and_says_so(child):
    assert child.dose.bsa_m2 == Decimal("0.59")
    assert child.dose.expected_mg == Decimal("0.472")
    (coverage, *_) = cards.render(
        [child], tenant="t", patient_id=CHILD, orders={child.order: ORDER}, public_url="http://127.0.0.1"
    )
    assert "0.59" in coverage["detail"]
    assert any("recorded BSA" in n.because for n in child.needed)


def test_without_an_order_there_is_nothing_to_say():
    assert determine() == ()
