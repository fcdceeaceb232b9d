"""The newest results are the same whether all values are read or only as far back as one can count."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.clinical.chart import Chart, read_chart
from cds_service.clinical.evidence import newest, within
from cds_service.clinical.observations import newest_first
from cds_service.clinical.observations.newest_first import back_to_usable, newest_usable, surely_on
from cds_service.fhir.record import Record, Resource

# Thousands of records over the same lines, which the other tests measure: tracing them would double the time.
pytestmark = pytest.mark.no_cover
CLOCK = datetime(2026, 4, 15, 13, tzinfo=UTC)
_OFFSETS = ("Z", "+14:00", "-12:00", "-04:00")
_TIMES = st.one_of(
    st.none(),
    st.sampled_from(("2026-04", "2026-03", "2026", "2026-04-31", "2026-05-02")),
    st.dates(date(2026, 4, 5), date(2026, 4, 16)).map(str),
    st.builds(
        lambda day, hour, offset: f"{day}T{hour:02}:30:00{offset}",
        st.dates(date(2026, 4, 8), date(2026, 4, 16)), st.integers(0, 23), st.sampled_from(_OFFSETS),
    ),
)  # fmt: skip
_VALUES: tuple[Mapping[str, Any], ...] = (
    {"valueQuantity": {"value": 4, "unit": "mmol/L", "code": "mmol/L", "system": "http://unitsofmeasure.org"}},
    {"valueQuantity": {"value": 3, "unit": "mmol/L", "code": "mmol/L", "system": "http://unitsofmeasure.org"}},
    {"valueQuantity": {"value": 4}},
    {"valueString": "hemolyzed"},
    {"valueString": "not readable at all"},
)  # fmt: skip
_MEMBERS = st.fixed_dictionaries(
    {"time": _TIMES, "issued": st.one_of(st.none(), st.just("2026-04-10T08:00:00Z")),
     "value": st.sampled_from(_VALUES), "status": st.sampled_from(("final", "corrected", "preliminary"))}
)  # fmt: skip


def chart_of(members: list[dict[str, Any]]) -> Chart:
    """A chart of potassium values."""
    bodies = [
        {"resourceType": "Observation", "id": f"k{n}", "status": one["status"],
         "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]}, **one["value"]}
        | ({"effectiveDateTime": one["time"]} if one["time"] else {})
        | ({"issued": one["issued"]} if one["issued"] else {})
        for n, one in enumerate(members)
    ]  # fmt: skip
    return read_chart(Record("p", {"Observation": tuple(map(Resource, bodies))}), CLOCK)


@settings(max_examples=400)
@given(st.lists(_MEMBERS, max_size=14))
def test_the_newest_is_the_same_as_of_all_values(members: list[dict[str, Any]]) -> None:
    chart = chart_of(members)
    every = chart.usable("potassium")
    assert newest_usable(chart, "potassium") == newest(every)
    first, last = date(2026, 4, 7), date(2026, 4, 12)
    assert newest_usable(chart, "potassium", surely_on(first, last)) == newest(within(every, first, last))


@settings(max_examples=400)
@given(st.lists(_MEMBERS, max_size=14))
def test_no_value_that_could_have_counted_is_left_unread(members: list[dict[str, Any]]) -> None:
    chart = chart_of(members)
    used = [r.when.last for r in newest(chart.usable("potassium")) if r.when is not None]
    could_count = {
        r.reference
        for r in chart.results_of("potassium")
        if not used or r.when is None or r.when.last >= max(used)
    }
    assert could_count <= {r.reference for r in back_to_usable(chart, "potassium")}


def test_of_a_long_course_little_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    days = [
        {"time": f"2026-{m:02}-{d:02}T08:00:00Z", "issued": None, "value": _VALUES[0], "status": "final"}
        for m in (1, 2, 3)
        for d in range(1, 29)
    ]
    read: list[object] = []
    real = newest_first.read_part
    monkeypatch.setattr(newest_first, "read_part", lambda *given: read.append(given) or real(*given))
    (found,) = newest_usable(chart_of(days), "potassium")
    assert str(found.when) == "2026-03-28"
    assert len(read) == 3, "the day that counts, and two for clocks elsewhere"
