"""Real-shaped input: the mCODE child "brian-l" (CC0), newly diagnosed B-ALL treated once, and one draft order.

Runs when the environment variable FHIR_EXAMPLES names the folder that holds ``mcode/``.
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
from tests.policy.chart_notes import order

FOLDER = Path(os.environ.get("FHIR_EXAMPLES", "absent")) / "mcode"
PATIENT_ID = "cancer-patient-brian-l"
CLOCK = datetime.fromisoformat("2026-04-15T09:00:00-04:00")
DRAFT = order("2026-04-16", "Cycle 1 Day 1", 0.47, subject={"reference": f"Patient/{PATIENT_ID}"})

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="FHIR_EXAMPLES does not name the examples")


@pytest.fixture(scope="module")
def record():
    read = [
        json.loads(p.read_text(encoding="utf-8"), parse_float=Decimal) for p in sorted(FOLDER.glob("*.json"))
    ]
    return record_from(PATIENT_ID, [Resource(r) for r in read])


@pytest.fixture(scope="module")
def determination(record):
    (only,) = installed()["inotuzumab"].determine(record, [Resource(DRAFT, "draft order")], CLOCK)
    return only


@pytest.fixture(scope="module")
def verdicts(determination):
    return {c.id: c.verdict.value for c in determination.criteria}


def test_age_and_b_all_are_met(verdicts):
    assert (verdicts["POL-IND-A-AGE"], verdicts["POL-A-I-DX"]) == ("met", "met")


def test_an_immunophenotype_without_cd22_leaves_cd22_unknown(verdicts):
    assert verdicts["POL-A-I-CD22"] == "unknown"


def test_newly_diagnosed_and_treated_once_is_not_relapsed_by_the_record(verdicts):
    assert verdicts["POL-A-II-A"] in ("not-met", "unknown")


def test_etv6_runx1_says_nothing_of_the_philadelphia_chromosome(verdicts):
    assert verdicts["POL-A-IV-PH"] == "unknown"


def test_coverage_is_not_met_or_unknown(determination):
    assert determination.request == "initial"
    assert determination.coverage.value in ("not-met", "unknown")


def test_the_dose_rests_on_the_recorded_body_surface_area_and_says_so(determination):
    dose = determination.dose
    assert dose.bsa_m2 == Decimal("0.59")
    assert dose.expected_mg == Decimal("0.472")
    (item,) = [n for n in determination.needed if n.item == "height-weight"]
    assert "rests on a recorded BSA (0.59 m2" in item.because


def test_the_cards_name_the_missing_cd22_test(determination):
    rendered = cards.render(
        [determination], tenant="dev", patient_id=PATIENT_ID, orders={"MedicationRequest/draft-1": DRAFT},
        public_url="http://127.0.0.1:8080",
    )  # fmt: skip
    kinds = {c["extension"]["payer-policy-cds"]["kind"] for c in rendered}
    assert {"coverage", "documentation"} <= kinds
    assert any("CD22" in c["detail"] for c in rendered)


def test_without_the_order_there_is_nothing_to_say(record):
    other = {
        "resourceType": "MedicationRequest", "id": "other", "status": "draft", "intent": "order",
        "subject": {"reference": f"Patient/{PATIENT_ID}"}, "medicationCodeableConcept": {"text": "gemtuzumab ozogamicin"},
    }  # fmt: skip
    assert installed()["inotuzumab"].determine(record, [Resource(other, "draft order")], CLOCK) == ()
