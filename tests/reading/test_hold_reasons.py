"""Why a dose was held: a value that is too high is a toxicity, the name of a test or of an errand is none."""

import pytest

from cds_service.clinical.reading.reader import read
from cds_service.oncology.hold_reasons import reason_kind
from tests.reading.asking import UPPER


@pytest.mark.parametrize("text", ["ALT 320", "Bili up", "bili 3.2", "bili 2-3", "ALT 1,200", "ALT 5x ULN", "Held for elevated LFTs", "TRANSAMINITIS GR 3", "rising bilirubin", "Held for suspected infection", "On hold until LFTs improve"])  # fmt: skip
def test_a_toxicity_is_one(text):
    assert reason_kind(text, UPPER) is True


@pytest.mark.parametrize("text", [
    "ALT normal", "bili 0.6, ALT 20", "Awaiting ALT", "Awaiting LFT results", "Held for ALT scheduling", "pain clinic visit", "Held: fracture clinic",
    "Held because of father's infection", "LFTs and counts", "LFTs improved", "Provider request",
    "Awaiting LFTs of 2026-04-10", "LFTs 2026-04-10 pending", "Awaiting ALT 4/10", "Awaiting ALT from 45/2026",
])  # fmt: skip
def test_the_name_of_a_test_a_clinic_or_another_person_is_none(text):
    assert reason_kind(text, UPPER) is None


@pytest.mark.parametrize("text", ["Held for father's funeral", "death in family", "Thrombocytopenia, LFTs wnl", "fall break, clinic closed"])  # fmt: skip
def test_another_reason_is_one(text):
    assert reason_kind(text, UPPER) is False


@pytest.mark.parametrize(
    "text", ["MRD relapse", "Molecular relapse", "B-ALL with MRD recurrence", "Relapse by MRD"]
)
def test_residual_disease_alone_is_no_relapse(text):
    assert read(text, "status").assertions == ()
    assert read(text, "response").assertions == ()


TOXICITIES = [
    "hepatotoxicity", "Gr 3 LFTs", "ALT 5x ULN", "elevated LFTs", "bili 3.2", "hyperbili", "transaminitis G3", "VOD", "r/o VOD", "concern for VOD",
    "sepsis", "neutropenic fever", "febrile neutropenia", "PNA", "pneumonia", "fungal infection", "invasive aspergillosis", "CMV viremia", "COVID",
    "flu A", "C diff", "cellulitis", "line infection", "CLABSI", "UTI", "pyelonephritis", "bacteremia", "candidemia", "GI bleed", "hematemesis",
    "melena", "epistaxis needing packing", "ICH", "SDH", "hematuria", "mucositis", "G3 mucositis", "colitis", "typhlitis", "diarrhea", "N/V",
    "pancreatitis", "lipase 1200", "AKI", "TLS", "rash", "SJS", "IRR", "anaphylaxis", "QTc 520", "QT prolongation", "afib", "NSTEMI", "CHF", "DVT",
    "PE", "stroke", "seizure", "AMS", "confusion", "neuropathy", "PRES", "hyponatremia", "hyperglycemia", "hypoxia", "resp failure", "ARDS",
    "pleural effusion", "fall with hip fracture", "hospitalized for sepsis", "admitted w/ fever", "fatigue gr 3", "weight loss", "dehydration",
    "hypotension", "liver failure", "ascites", "cholecystitis", "appendicitis", "abscess", "zoster", "sinusitis", "toxicity", "adverse event",
    "side effects", "intolerance",
]  # fmt: skip
OTHERS = [
    "plt 20", "ANC 200", "low counts", "cytopenias", "thrombocytopenia", "neutropenia", "pancytopenia", "count recovery", "counts", "pt vacation",
    "pt request", "patient preference", "travel", "weather", "snow", "transport", "no ride", "insurance", "prior auth pending", "drug shortage",
    "no chair", "holiday", "family emergency", "funeral", "wedding", "child care", "work schedule", "missed appt", "no show", "scheduling",
    "moved to next week", "surgery", "port placement", "awaiting marrow", "awaiting MRD", "HSCT", "transplant", "LP", "IT chemo", "vaccination",
    "COVID vaccine", "lost to follow up", "hospice",
]  # fmt: skip
SENTENCES = [
    ("Hold reason: [ ] Toxicity [x] Low counts", False), ("Reason for hold: ☒ AE (hepatotoxicity) ☐ Cytopenia", True), ("Reason for hold: patient request", False),
    ("Delayed 1 wk for count recovery", False), ("His platelet count had not recovered to the level required for treatment.", False), ("ICU for resp failure", True),
    ("Waiting on drug from pharmacy", False), ("hospital was out of drug", False), ("bleeding duodenal ulcer", True), ("PICC thrombosis excluded, held for counts", False),
    ("no respiratory failure", None), ("Reason for hold: none", None), ("1 wk delay", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "toxic"), [*((t, True) for t in TOXICITIES), *((t, False) for t in OTHERS)]
)
def test_reasons_in_few_words(reason, toxic):
    assert reason_kind(f"Held for {reason}", UPPER) is toxic


@pytest.mark.parametrize(("text", "toxic"), SENTENCES)
def test_reasons_in_sentences_and_forms(text, toxic):
    assert reason_kind(text, UPPER) is toxic
