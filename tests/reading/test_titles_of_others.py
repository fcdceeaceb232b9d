"""Under a title that names another person, or rules for all patients, nothing is said of this patient, tests and samples included."""

from __future__ import annotations

import pytest

from cds_service.clinical.reading.reader import read

RESULTS = [("MRD negative", "mrd"), ("MRD positive", "mrd"), ("CD22: 95 %", "cd22"), ("CD22 positive", "cd22"), ("Ph negative", "ph")]  # fmt: skip
OTHERS = [
    "Family history", "Family history:", "FAMILY HISTORY\nMother: leukemia", "Donor", "DONOR", "Donor:", "Donor information",
    "DONOR INFORMATION\nCMV: negative", "Sibling donor", "Brother (donor)", "Donor evaluation", "Potential donor:", "Mother", "Her sister",
    "Donor\nDonor: brother",
]  # fmt: skip
RULES = ["ELIGIBILITY CRITERIA", "Key inclusion criteria", "Indications and usage", "Policy criteria", "Trial eligibility criteria", "NCCN guidelines"]  # fmt: skip


@pytest.mark.parametrize("title", [*OTHERS, *RULES, "Specimen: marrow (donor)", "Sample: donor lymphocytes"])
@pytest.mark.parametrize(("result", "topic"), RESULTS)
def test_a_result_under_it_is_none_of_this_patient(result: str, topic: str, title: str) -> None:
    assert read(result, topic).values
    assert not read(f"{title}\n{result}", topic).values
    assert not read(f"{title}\n1. {result}\n2. Age 18", topic).values


@pytest.mark.parametrize("title", [*OTHERS, "Specimen: marrow (donor)"])
@pytest.mark.parametrize("test", ["Flow:", "Bone marrow:", "Flow cytometry:", "Results:", "FLOW\n"])
@pytest.mark.parametrize("result", ["MRD negative", "MRD positive"])
def test_a_test_under_it_is_that_persons(result: str, test: str, title: str) -> None:
    assert read(f"{test} {result}", "mrd").values
    assert not read(f"{title}\n{test} {result}", "mrd").values


@pytest.mark.parametrize("title", OTHERS)
@pytest.mark.parametrize("part", ["Assessment:", "ASSESSMENT\n", "Labs:", "Exam: normal\nMarrow:", "Patient:", "Social history:\nnone\nFlow:"])  # fmt: skip
@pytest.mark.parametrize(("result", "value"), [("MRD negative", "negative"), ("MRD positive", "positive")])
def test_another_part_of_the_note_ends_it(result: str, value: str, part: str, title: str) -> None:
    assert read(f"{title}\n{part} {result}", "mrd").values == {value}


def test_what_stands_on_its_line_is_all_that_the_title_holds() -> None:
    for line in ("Donor: brother", "Family history: none", "Family history: non-contributory."):
        assert read(f"{line}\nFlow: MRD negative", "mrd").values == {"negative"}


def test_the_next_specimen_is_judged_by_itself() -> None:
    note = "Specimen: marrow (donor)\nFlow: MRD negative\nSpecimen: marrow (patient)\nFlow: MRD positive"
    assert read(note, "mrd").values == {"positive"}
    assert read("Specimen: marrow\nFlow: MRD negative", "mrd").values == {"negative"}
    assert not read("Goals:\nSpecimen: marrow\nMRD negative", "mrd").values


def test_a_line_that_says_more_is_no_title() -> None:
    for line in ("Donor search continues", "Family at bedside", "Her sister is here"):
        assert read(f"{line}\nMRD negative", "mrd").values == {"negative"}
