"""CAR-T cells given as a procedure, by code or words; collection, preparation, visits and talk around them are none."""

from __future__ import annotations

from collections.abc import Iterator

from cds_service.clinical.acts import Act
from cds_service.clinical.chart import Chart
from cds_service.clinical.reading.recorded import is_recorded

# The concepts of codes that give them: of the procedure, or of the product that a procedure is billed with.
CELLS = frozenset(
    {"car_t", "axicabtagene", "brexucabtagene", "ciltacabtagene", "idecabtagene", "lisocabtagene", "obecabtagene",
     "tisagenlecleucel"}
)  # fmt: skip


_BEFORE_IT = "car_t_preparation"


def cell_therapies(chart: Chart) -> Iterator[Act]:
    """The procedures done, up to the clock, that gave CAR-T cells."""
    for act in chart.acts:
        if act.kind == "Procedure" and act.status in ("completed", "in-progress", "") and _gave_cells(act):
            yield act


def _gave_cells(act: Act) -> bool:
    """By words, of which one half of a name may say that it is none ("CAR-T therapy; harvesting ..."), else by code."""
    coded = not CELLS.isdisjoint(act.concepts)
    if _BEFORE_IT in act.concepts and not coded:
        return False
    return is_recorded(act.words.replace(";", ","), "car-t", "car-t", unnamed=coded)
