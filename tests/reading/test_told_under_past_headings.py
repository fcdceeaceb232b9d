"""Under a heading of the past nothing is so now; what has a day of its own is so of that day, and some questions ask whenever."""

from datetime import date

import pytest

from cds_service.clinical.leukemia.marker_words import Source, stated_in
from cds_service.fhir.dates import whole_day
from cds_service.policies.inotuzumab.initial.stated_relapse import _said

NOTED = date(2026, 4, 12)
HEADINGS = ["HPI:", "HPI", "Oncologic history:", "ONCOLOGIC HISTORY", "Onc Hx:", "PMH:\n-", "Treatment history:\n1.", "Past Medical History\n-"]  # fmt: skip


def told(text: str, topic: str) -> dict[str, bool | None]:
    return {str(s.when): s.sign for s in stated_in(Source(text, "D/1", whole_day(NOTED)), topic)}


def under(heading: str, said: str) -> str:
    return f"{heading} {said}" if heading[-1] in ":-." else f"{heading}\n{said}"


@pytest.mark.parametrize("heading", HEADINGS)
@pytest.mark.parametrize(("name", "topic"), [("CD22", "cd22"), ("MRD", "mrd")])
@pytest.mark.parametrize(("word", "sign"), [("positive", True), ("negative", False)])
def test_a_result_of_its_own_day_is_that_days(
    word: str, sign: bool, name: str, topic: str, heading: str
) -> None:
    text = under(heading, f"Marrow 3/10/2026: {name} {word}.")
    assert told(text, topic) == {"2026-03-10": sign}


@pytest.mark.parametrize("heading", HEADINGS)
@pytest.mark.parametrize(("said", "topic"), [("CD22 positive", "cd22"), ("MRD negative", "mrd"), ("MRD positive", "mrd")])  # fmt: skip
def test_one_without_a_day_is_no_result_of_now(said: str, topic: str, heading: str) -> None:
    assert told(under(heading, f"{said}."), topic) == {}


@pytest.mark.parametrize("heading", [h for h in HEADINGS if "-" not in h])
@pytest.mark.parametrize(("said", "sign"), [("Ph-negative B-ALL", False), ("Ph+ ALL", True)])
def test_the_philadelphia_chromosome_is_asked_of_whenever(said: str, sign: bool, heading: str) -> None:
    assert sign in told(under(heading, f"Diagnosed with {said}."), "ph").values()


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_relapse_is_asked_of_whenever(heading: str) -> None:
    found = _said(under(heading, "First relapse 1/2026."), whole_day(NOTED))
    assert [str(a.when) for a in found if a.value in ("relapsed", "relapse")][:1] == ["2026-01"]


@pytest.mark.parametrize("heading", ["Goals:", "Patient education:", "Family history:", "If relapse:"])
def test_under_other_headings_a_day_changes_nothing(heading: str) -> None:
    assert told(f"{heading} Marrow 3/10/2026: CD22 positive.", "cd22") == {}


def test_a_silent_heading_before_it_ends_there() -> None:
    note = "Goals: remission.\nOncologic history:\n- Marrow 3/10/2026: CD22 positive."
    assert told(note, "cd22") == {"2026-03-10": True}
