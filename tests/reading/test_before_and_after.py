"""States in an order of time: a relapse after a remission is a relapse; the one before inotuzumab is no relapse on it."""

from datetime import date

import pytest

from cds_service.clinical.reading.reader import read

NOTED = date(2026, 4, 12)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Marrow 4/10: relapsed disease after brief CR to C1 InO.", "relapse"),
        ("Marrow 4/10: relapse after brief CR.", "relapse"),
        ("Progressive disease following CR with inotuzumab.", "progression"),
        ("Relapse after short-lived remission.", "relapse"),
        ("Overt relapse following a transient CR with C1", "relapse"),
        ("Relapsed from CR2.", "relapse"),
        ("Progression after partial response.", "progression"),
        ("After brief CR, relapsed.", "relapse"),
        ("Following a brief CR, she relapsed.", "relapse"),
        ("No relapse after CR.", "no-progression"),
        ("CR after C1", "cr"),
    ],
)
def test_what_something_else_came_after_is_over(text, says):
    assert read(text, "response", NOTED).values == {says}


@pytest.mark.parametrize("text", ["After CR", "After a brief CR, seen in clinic", "In CR after relapse"])
def test_what_came_after_is_not_said(text):
    assert read(text, "response", NOTED).values == frozenset()
