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


BEGUN = [
    "{}, so InO was begun 3/18.",
    "She had a {}. Started InO 3/18.",
    "{} while waiting for transplant and was started on inotuzumab.",
    "Was to go to HSCT 3/1 but {}; now on InO.",
    "{}; now on InO.",
    "{}, on InO since 3/18.",
    "{} -> InO 3/18",
    "{}. InO C1 given 3/18.",
    "{}, switched to single-agent inotuzumab",
    "{}, day 14 of InO C1.",
    "On InO due to {}",
]


@pytest.mark.parametrize("way", BEGUN)
@pytest.mark.parametrize("name", ["relapse", "relapsed", "progressive disease"])
def test_the_relapse_for_which_inotuzumab_was_begun_is_none_on_it(name, way):
    assert read(way.format(name), "response", NOTED).values == frozenset()


def test_what_came_of_it_is_read():
    text = "Relapsed, so InO was begun 3/18. Marrow: now CR."
    assert read(text, "response", NOTED).values == {"cr"}


def test_as_the_status_before_treatment_it_counts():
    assert read("Relapsed, so InO to be started", "status", NOTED).values == {"relapsed"}


@pytest.mark.parametrize(
    "text",
    [
        "Relapsed on InO, switched to blinatumomab.",
        "Relapsed, switched from InO to blinatumomab.",
        "Relapsed. InO stopped.",
        "Relapsed; InO discontinued, started blinatumomab",
        "Relapse (on InO)",
        "Relapsed 4/10. InO stopped.",
        "Relapse after C1. Now on InO C2.",
        "Relapse. InO C2 cancelled.",
        "Relapse. Family updated.",
    ],
)
def test_a_relapse_on_inotuzumab_or_that_ends_it_is_one(text):
    assert read(text, "response", NOTED).values == {"relapse"}
