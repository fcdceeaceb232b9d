"""CAR-T cells given as a procedure; collection, preparation, visits and talk around them are none."""

from __future__ import annotations

from collections.abc import Iterator

from cds_service.clinical.acts import Act
from cds_service.clinical.chart import Chart
from cds_service.clinical.reading.recorded import is_recorded


def cell_therapies(chart: Chart) -> Iterator[Act]:
    """The procedures done, up to the clock, that gave CAR-T cells."""
    for act in chart.acts:
        done = act.kind == "Procedure" and act.status in ("completed", "in-progress", "")
        if done and is_recorded(act.words, "car-t", "car-t"):
            yield act
