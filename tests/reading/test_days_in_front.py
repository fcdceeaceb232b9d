"""A day that stands in front of an entry, behind which it is set apart, is the day of the entry."""

from __future__ import annotations

from datetime import date

import pytest

from cds_service.clinical.reading.assertions import Time
from cds_service.clinical.reading.reader import read

ON = date(2026, 4, 12)
ENTRIES = [
    ("CR", "response"),
    ("Relapse", "response"),
    ("VOD", "vod"),
    ("Leukemia cutis", "extramedullary"),
    ("Anaphylaxis", "reaction"),
    ("Relapsed B-ALL", "status"),
    ("MRD negative", "mrd"),
    ("CD22 positive", "cd22"),
    ("Mini-hyper-CVD", "regimen"),
]
WRITTEN = [
    "{d} - {x}",
    "- {d} - {x}",
    "* {d} - {x}",
    "{d} | {x}",
    "| {d} | {x} |",
    "[{d}] {x}",
    "({d}) {x}",
    "{d}: {x}",
]


@pytest.mark.parametrize(("entry", "topic"), ENTRIES)
@pytest.mark.parametrize("written", WRITTEN)
def test_an_entry_is_of_the_day_in_front_of_it(written: str, entry: str, topic: str) -> None:
    (said,) = read(written.format(d="3/1/2025", x=entry), topic, ON).assertions
    assert said.when is not None
    assert said.when.last == date(2025, 3, 1)


@pytest.mark.parametrize("span", ["12/1/2024 - 3/1/2025", "12/1/2024-3/1/2025"])
def test_of_a_span_it_is_the_last_day(span: str) -> None:
    (said,) = read(f"{span} - CR", "response", ON).assertions
    assert said.when is not None
    assert said.when.last == date(2025, 3, 1)


def test_it_is_the_day_of_all_of_its_line_and_of_no_other() -> None:
    said = read("3/1/2025 - Relapse. CR achieved.\nMarrow shows CRi.", "response", ON).assertions
    assert {a.value: a.when and a.when.last for a in said} == {
        "relapse": date(2025, 3, 1), "cr": date(2025, 3, 1), "cri": None,
    }  # fmt: skip


def test_entries_of_two_days_are_no_contradiction() -> None:
    said = read("3/1/2025 - relapse\n10/2025 - CR", "response", ON)
    assert [a.value for a in said.assertions] == ["relapse", "cr"]
    assert not said.not_understood


@pytest.mark.parametrize(
    ("text", "day"), [("3/1/2025 - CR on 4/2/2026", date(2026, 4, 2)), ("3/1/2025 - now in CR", None)]
)
def test_a_time_of_its_own_stands(text: str, day: date | None) -> None:
    (said,) = read(text, "response", ON).assertions
    assert (said.when and said.when.last) == day


@pytest.mark.parametrize(("day", "time"), [("3/1/2025", Time.PAST), ("3/1/2026", Time.PRESENT)])
def test_a_plan_of_an_earlier_year_is_an_old_one(day: str, time: Time) -> None:
    (said,) = read(f"{day} - transplant planned", "transplant", ON).assertions
    assert said.time is time
