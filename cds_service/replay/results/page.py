"""``summary.html``: the counts of a run as one page with tables and plots, without script and without links out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from cds_service.replay.results.plots import WIDTH, Plot, Row, bars, columns, rows_of
from cds_service.replay.results.summary import DOSE_VERDICTS, INDICATORS, VERDICTS
from cds_service.values import dataclass

_WORDS = {"not-met": "not met", "decides": "decides", "informs": "for information"}


@dataclass(frozen=True, slots=True)
class Section:
    """One question of the page: what the counts are of, the plot, and the table of the same rows: their parts by tone, and all."""

    id: str
    title: str
    note: str
    first: str
    tones: Sequence[str]
    rows: Sequence[Row]
    plot: Plot


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("cds_service.replay.results"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["words"] = lambda name: _WORDS.get(name, name)
    return found


def rendered(summary: Mapping[str, Any], comparison: Mapping[str, Any] | None = None) -> str:
    """The page of a summary, with what changed since another run if that is given."""
    template = _environment().get_template("summary.html")
    return template.render(
        summary=summary, sections=_sections(summary), comparison=comparison, width=WIDTH, verdicts=VERDICTS
    )


def _sections(s: Mapping[str, Any]) -> list[Section]:
    criteria = [
        Row(f"{one['section']} · {one['id']}", {v: one[v] for v in VERDICTS}) for one in s["criteria"]
    ]
    needed = rows_of(s["needed"], "item", ("decides", "informs"))
    dose = [Row(verdict, {f"dose-{verdict}": s["dose"][verdict]}) for verdict in DOSE_VERDICTS]
    months = rows_of(s["months"], "month", VERDICTS)
    findings = rows_of(s["findings"], "kind", INDICATORS)
    return [
        _section("coverage", "Coverage by month", "Orders by the month in which they are looked at.", "month", VERDICTS, months),
        _section(
            "criteria", "Criteria", "Every criterion of the order's kind of request, also one that the path taken does not need.",
            "criterion", VERDICTS, criteria,
        ),
        _section(
            "needed", "Needed items", "What the record lacks, the most frequent first: orders whose verdict depends on it, and "
            "orders where it only informs.", "item", ("decides", "informs"), needed,
        ),
        _section("dose", "Dose", "The ordered dose against the policy's table.", "verdict", (), dose),
        _section("findings", "Findings", "Orders with at least one finding of the kind, by urgency.", "kind", INDICATORS, findings),
    ]  # fmt: skip


def _section(
    name: str, title: str, note: str, first: str, tones: Sequence[str], rows: Sequence[Row]
) -> Section:
    draw = columns if name == "coverage" else bars
    return Section(name, title, note, first, tones, rows, draw(f"plot-{name}", title, rows))
