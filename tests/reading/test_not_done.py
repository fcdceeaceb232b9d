"""A bare "no" of an examination or of an act says that it was not done, and nothing of the thing that it names."""

from datetime import date

import pytest

from cds_service.clinical.reading.reader import read

TODAY = date(2026, 4, 13)
NOT_DONE = [
    ("No MRD done.", "mrd"), ("no MRD performed", "mrd"), ("no MRD yet", "mrd"), ("No MRD was sent on this marrow", "mrd"), ("No MRD collected", "mrd"),
    ("No CD22 performed.", "cd22"), ("No CD22 staining was performed.", "cd22"), ("No CD22 tested", "cd22"), ("No CD22 yet.", "cd22"),
    ("No BCR::ABL1 done.", "ph"), ("No FISH for BCR::ABL1 was done.", "ph"), ("No BCR::ABL1 FISH performed", "ph"),
    ("No remission marrow done.", "response"), ("No relapse work-up done", "response"), ("No progression scan done.", "response"),
    ("No progression imaging.", "response"), ("No relapse evaluation performed", "response"),
    ("No extramedullary disease evaluation done.", "extramedullary"), ("No EMD scan performed.", "extramedullary"),
    ("No extramedullary disease imaging.", "extramedullary"), ("No VOD labs.", "vod"), ("No VOD evaluation was done.", "vod"),
    ("No VOD imaging performed", "vod"),
    ("No transplant to date.", "transplant"), ("No HSCT so far", "transplant"), ("No transplant this month.", "transplant"),
    ("No HSCT performed.", "transplant"), ("HSCT: never.", "transplant"), ("No transplant donor.", "transplant"),
    ("No NGS done for MRD", "mrd"), ("No sample for MRD", "mrd"), ("No flow cytometry performed for MRD", "mrd"), ("No repeat MRD", "mrd"),
    ("No assessment of MRD", "mrd"), ("No clonoSEQ for MRD", "mrd"), ("No flow for CD22", "cd22"), ("No IHC for CD22 available", "cd22"),
    ("No blasts for CD22", "cd22"), ("No report of CD22", "cd22"), ("No FISH done for BCR::ABL1", "ph"), ("No PCR for BCR::ABL1", "ph"),
    ("No molecular testing done for BCR::ABL1", "ph"), ("No karyotype for t(9;22)", "ph"), ("No imaging of progression", "response"),
    ("No imaging for EMD", "extramedullary"), ("No IT for CNS leukemia", "extramedullary"), ("No radiation for CNS leukemia", "extramedullary"),
    ("Has not had progression assessed", "response"), ("has had no progression evaluated", "response"), ("without relapse checked", "response"),
    ("has not had extramedullary disease evaluated", "extramedullary"), ("No VOD assessed", "vod"),
    ("Criteria for CR: <5% blasts, ANC >1000", "response"), ("IWG criteria for CR", "response"), ("Criteria for CR to be met", "response"),
    ("PET for EMD today", "extramedullary"), ("PET 4/8 for extramedullary disease", "extramedullary"), ("US for VOD today", "vod"),
    ("Bone marrow for remission today", "response"), ("relapse workup", "response"), ("extramedullary disease workup", "extramedullary"),
    ("The enclosed records do not show CR", "response"), ("Chart review does not show progression", "response"), ("Confirm Ph negative", "ph"),
    ("MRD assay was confirmed with lab", "mrd"), ("BCR::ABL1 testing was confirmed", "ph"), ("CD22 order confirmed", "cd22"),
    ("No imaging for VOD", "vod"), ("No defibrotide for VOD", "vod"), ("No documentation of VOD", "vod"),
]  # fmt: skip
DENIED = [
    ("No MRD.", "mrd", "negative"), ("No MRD detected on marrow performed 4/10.", "mrd", "negative"), ("No MRD by flow.", "mrd", "negative"),
    ("No CD22 expression.", "cd22", "negative"), ("No BCR::ABL1 by FISH performed on marrow.", "ph", "negative"),
    ("No relapse seen.", "response", "no-progression"), ("No relapse on marrow done 4/10.", "response", "no-progression"),
    ("No progression by imaging.", "response", "no-progression"), ("No remission obtained.", "response", "no-cr"),
    ("No EMD on imaging.", "extramedullary", "absent"), ("No VOD on exam.", "vod", "excluded"),
    ("Has not had progression.", "response", "no-progression"), ("Has not had progression, assessed today.", "response", "no-progression"),
    ("Criteria for CR are met.", "response", "cr"), ("PET for EMD was negative.", "extramedullary", "absent"),
    ("No progression on exam, smear or imaging.", "response", "no-progression"), ("Progression on therapy: no", "response", "no-progression"),
    ("PET neg, no EM disease", "extramedullary", "absent"), ("EMD present: right testis", "extramedullary", "present"),
    ("No HSCT planned.", "transplant", "not-planned"), ("No transplant.", "transplant", "not-planned"),
    ("No flow MRD detected", "mrd", "negative"), ("No expression of CD22", "cd22", "negative"), ("No FISH evidence of BCR::ABL1", "ph", "negative"),
    ("No imaging evidence of EMD", "extramedullary", "absent"), ("No marrow relapse", "response", "no-progression"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "topic"), NOT_DONE)
def test_what_was_not_done_says_nothing_of_the_thing(text, topic):
    assert not read(text, topic, TODAY).assertions


@pytest.mark.parametrize(("text", "topic", "value"), DENIED)
def test_a_denial_of_the_thing_is_still_read(text, topic, value):
    assert read(text, topic, TODAY).values == {value}


PLANNED = [
    "CAR-T declined, going to transplant 5/4.", "Blinatumomab cancelled, transplant booked for 5/7.",
    "Decided against CAR-T, proceeding to transplant.", "No CAR-T, proceeding to alloSCT.",
]  # fmt: skip


@pytest.mark.parametrize("text", PLANNED)
def test_what_is_said_of_another_therapy_denies_no_transplant(text):
    assert read(text, "transplant", TODAY).values <= {"planned"}


@pytest.mark.parametrize("text", ["CAR-T planned, not transplant.", "Transplant declined, CAR-T planned."])
def test_a_transplant_denied_beside_another_therapy_is_denied(text):
    assert read(text, "transplant", TODAY).values == {"not-planned"}


OF_ANOTHER = [
    ("No infection, alloSCT planned.", "transplant", {"planned"}), ("No infection, proceed to HSCT.", "transplant", {"planned"}),
    ("Ruled out infection, HSCT planned.", "transplant", {"planned"}), ("HSCT declined, no donor", "transplant", {"not-planned"}),
    ("No donor, no HSCT", "transplant", {"not-planned"}), ("No CD20, CD22 present.", "cd22", set()), ("No CD20 or CD22 detected.", "cd22", {"negative"}),
    ("No CD3, CD7 or CD22 seen", "cd22", {"negative"}), ("No TP53 mutation, BCR::ABL1 detected.", "ph", set()),
    ("No KMT2A or BCR::ABL1 rearrangement detected", "ph", {"negative"}), ("No morphologic leukemia, MRD detected.", "mrd", {"positive"}),
    ("No residual disease, MRD not detected", "mrd", {"negative"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "topic", "values"), OF_ANOTHER)
def test_a_denial_of_something_else_ends_at_its_comma(text, topic, values):
    assert read(text, topic, TODAY).values == values


TURNED = [
    ("HSCT planned 5/4; cancelled 4/10.", "transplant"), ("HSCT planned for 5/4. Cancelled today.", "transplant"),
    ("HSCT cancelled 4/2; now planned 5/20.", "transplant"), ("HSCT cancelled 4/2; rescheduled for 5/20.", "transplant"), ("In CR; lost 4/12.", "response"), ("Relapse suspected. Ruled out by marrow.", "response"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "topic"), TURNED)
def test_what_the_next_sentence_turns_without_naming_it_is_not_understood(text, topic):
    assert not read(text, topic, TODAY).assertions


@pytest.mark.parametrize(
    "text",
    [
        "HSCT planned 5/4. Cancelled dental visit.",
        "HSCT planned 5/4; excluded from trial",
        "HSCT planned. Lost weight.",
    ],
)
def test_what_the_next_sentence_says_of_something_else_turns_nothing(text):
    assert read(text, "transplant", TODAY).values == {"planned"}
