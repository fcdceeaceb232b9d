"""Earlier CD22-directed therapy in words: behind it only a later sample tells of CD22."""

import re
from datetime import date

import pytest

from cds_service.clinical.leukemia.cd22_therapy import told_in
from tests.policy.chart_notes import (
    SNOMED,
    administration,
    condition,
    criterion,
    determine,
    document,
    observation,
    order,
    patient,
    procedure,
    verdict,
)

TOLD = [
    ("s/p CD22 CAR-T 3/20/2026.", date(2026, 3, 20), False),
    ("Received inotuzumab ozogamicin 3/20/2026 at outside hospital.", date(2026, 3, 20), True),
    ("Prior therapy: hyper-CVAD, inotuzumab x2", None, True),
    ("Failed inotuzumab in 2025", date(2025, 12, 31), True),
    ("CD22 CAR-T infused 3/20 c/b CRS", date(2026, 3, 20), False),
    ("Relapsed after CD19/CD22 CAR-T", None, False),
    ("Previously treated with moxetumomab", None, False),
    ("S/p InO and blinatumomab", None, True),
]
NOT_TOLD = [
    "Relapsed after hyper-CVAD, starting inotuzumab", "B-ALL relapsed after HSCT, on inotuzumab", "Received first dose of inotuzumab", "Plan CD22-directed therapy",
    "No prior inotuzumab", "CD22 CAR-T considered", "If relapsed after inotuzumab, CAR-T", "Relapsed after blinatumomab, now inotuzumab", "Never received inotuzumab",
    "Relapsed after hyper-CVAD; plan inotuzumab", "Prior authorization for inotuzumab received", "Father received inotuzumab", "Inotuzumab naive", "s/p CD19 CAR-T",
    "Received hyper-CVAD, inotuzumab ordered", "Blasts CD22 positive prior to inotuzumab", "Received ino C1D8 4/8", "Received inotuzumab?", "Discussed prior inotuzumab",
    "Relapsed after blinatumomab, inotuzumab xyzzy", "No CD22 CAR-T given", "Trial requires prior CD22 CAR-T",
]  # fmt: skip


@pytest.mark.parametrize(("text", "last", "is_inotuzumab"), TOLD)
def test_therapy_given_before_is_told(text, last, is_inotuzumab):
    (told,) = told_in(text, date(2026, 4, 10))
    assert (told.when.last if told.when else None, told.is_inotuzumab) == (last, is_inotuzumab)


@pytest.mark.parametrize("text", NOT_TOLD)
def test_what_tells_of_no_therapy_given_before(text):
    assert list(told_in(text, date(2026, 4, 10))) == []


def cd22(*record, day="2026-03-02", **ordered):
    blasts = observation("51124-6", day, 85, "%")
    return determine(
        [patient(), condition("277572006", system=SNOMED), blasts, *record],
        order(**(ordered or {"text": "C1D1"})),
    )


CAR_T = procedure(None, "2026-03-20", text="CD22 CAR T-cell infusion")
THERAPIES = [
    [CAR_T],
    [document("2026-04-01", "s/p CD22 CAR-T 3/20/2026.")],
    [document("2026-04-01", "Received inotuzumab ozogamicin 3/20/2026 at outside hospital.")],
    [document("2026-04-01", "Relapsed after CD22 CAR-T.")],
]


@pytest.mark.parametrize("therapy", THERAPIES)
def test_pol_a_i_cd22_a_sample_before_therapy_in_words_leaves_it_open(therapy):
    d = cd22(*therapy)
    assert verdict(d, "POL-A-I-CD22") == "unknown"
    found = criterion(d, "POL-A-I-CD22")
    assert "not surely later than the CD22-directed therapy" in found.because
    assert not re.search(r"[A-Z]\w+/\w", found.because)  # ids stand in the evidence
    assert therapy[0]["resourceType"] in {reference.split("/")[0] for reference in found.evidence}


@pytest.mark.parametrize("therapy", THERAPIES)
def test_pol_a_i_cd22_a_sample_after_it_decides(therapy):
    assert verdict(cd22(*therapy, day="2026-04-02"), "POL-A-I-CD22") == "met"


@pytest.mark.parametrize("text", [*NOT_TOLD, "CD22 CAR-T 2019 in a cousin", "s/p CD22 CAR-T 1/5/2026."])
def test_pol_a_i_cd22_other_texts_leave_it_met(text):
    assert verdict(cd22(document("2026-04-01", text)), "POL-A-I-CD22") == "met"


def test_pol_a_i_cd22_a_note_on_the_present_course_tells_of_no_earlier_one():
    first = administration("2026-04-09", 1.41, "C1D1")
    note = document("2026-04-13", "Received inotuzumab 4/9.")
    d = determine(
        [
            patient(),
            condition("277572006", system=SNOMED),
            observation("51124-6", "2026-03-02", 85, "%"),
            first,
            note,
        ],
        order("2026-04-16", "C1D8", 0.88),
    )
    assert verdict(d, "POL-A-I-CD22") == "met"
