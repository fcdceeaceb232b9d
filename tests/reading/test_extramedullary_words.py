"""Extramedullary disease beside a remission: whose the remission is, and what it says of the other sites."""

from datetime import date

import pytest

from cds_service.clinical.reading.reader import read

TODAY = date(2026, 4, 13)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("CNS disease in remission", "absent-there"),
        ("CNS leukemia, in CR", "absent-there"),
        ("Complete remission without extramedullary disease", "absent"),
        ("In CR with no extramedullary disease", "absent"),
        ("In CR, no EMD", "absent"),
        ("Isolated CNS relapse, marrow in remission", "present"),
        ("CSF flow positive for B-ALL", "present"),
        ("CNS3c", "present"),
        ("EMD pos", "present"),
    ],
)
def test_what_it_says(text, value):
    assert read(text, "extramedullary", TODAY).values == {value}


@pytest.mark.parametrize(
    "text", ["CNS leukemia is not in remission", "Leukemia cutis in CR", "In CR with CNS disease pending"]
)
def test_what_it_leaves_open(text):
    assert not read(text, "extramedullary", TODAY).values
