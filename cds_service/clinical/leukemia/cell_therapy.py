"""CAR-T cells given as a procedure; collection, preparation and visits around them are none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cds_service.clinical.chart import Act, Chart

_CAR_T = re.compile(
    r"\bCAR[- ]?T\b|\bchimeric antigen receptor|tisagenlecleucel|brexucabtagene|obecabtagene", re.IGNORECASE
)
_AROUND = re.compile(
    r"\b(?:apheresis|leukapheresis|collection|harvest\w*|manufactur\w+|consult\w*|evaluat\w+|education|referral|screen\w*|bridging|"
    r"lymphodeplet\w+|monitoring|follow-?\s?up|visit|planning|preparation|thaw\w*)\b",
    re.IGNORECASE,
)


def cell_therapies(chart: Chart) -> Iterator[Act]:
    """The procedures done, up to the clock, that gave CAR-T cells."""
    for act in chart.acts:
        done = act.kind == "Procedure" and act.status in ("completed", "in-progress", "")
        if done and _CAR_T.search(act.words) and not _AROUND.search(act.words):
            yield act
