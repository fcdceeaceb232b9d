"""One saved hook request, answered offline: as the response, or as the criteria in words."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import replace
from pathlib import Path

import click

from cds_service.engine.determination import CriterionResult, Determination, GroupResult
from cds_service.evaluation.dialect import ANY_DRUG, CdsService
from cds_service.evaluation.order_sign import answer
from cds_service.evaluation.refused import Refused
from cds_service.evaluation.saved_request import saved_request
from cds_service.evaluation.services import Services, services_from
from cds_service.fhir.dates import instant
from cds_service.hooks.services import offered
from cds_service.json_text import write_json
from cds_service.settings import Settings, SettingsError


@click.command()
@click.argument(
    "request_file", metavar="REQUEST.json", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--explain", is_flag=True, help="Print the criteria as a table instead of the response.")
@click.option(
    "--service",
    "service",
    metavar="ID",
    help="The CDS service to ask, by its id in discovery; left out: cards alone.",
)
@click.option(
    "--as-of", "as_of", metavar="INSTANT", help="The evaluation clock, an ISO instant with an offset."
)
def evaluate(request_file: Path, explain: bool, service: str | None, as_of: str | None) -> None:
    """Answer one saved order-sign request, on the same path as the endpoint, and print the response.

    A request of a folder that holds resources.json beside it is evaluated with those as its prefetch.
    """
    services = at(services_from(offline()), as_of)
    try:
        answered = answer(saved_request(request_file), services, service=_row(service))
    except Refused as refused:
        raise click.ClickException(f"{refused.status}: {refused.text}") from None
    if explain:
        for determination in answered.determinations:
            click.echo(explained(determination))
    else:
        click.echo(write_json(answered.body))


def _row(service: str | None) -> CdsService:
    rows = offered()
    if service is not None and service not in rows:
        raise click.ClickException(f"--service: {service} is none of {', '.join(rows)}")
    return rows[service] if service is not None else ANY_DRUG


def offline() -> Settings:
    """Settings under which no server is asked: a saved request brings all that there is to see."""
    clock = {name: value for name, value in os.environ.items() if name == "CDS_FIXED_NOW"}
    try:
        settings = Settings.from_environment({"CDS_DEV": "1", **clock})
    except SettingsError as fault:
        raise click.ClickException(str(fault)) from None
    return replace(settings, tenants=(), dev=False)


def at(services: Services, as_of: str | None) -> Services:
    """The services with their clock at an instant that was given. Raises ClickException for what is none."""
    if as_of is None:
        return services
    try:
        clock = instant(as_of)
    except ValueError as fault:
        raise click.ClickException(f"--as-of: {fault}") from None
    return replace(services, clock=lambda: clock)


def explained(d: Determination) -> str:
    """The criteria tree of one order: verdict, section, reason and evidence, indented by the outline."""
    place = f"cycle {d.cycle if d.cycle is not None else '?'} day {d.day if d.day is not None else '?'}"
    lines = [f"{d.order}: {d.request} request, {place}, coverage {d.coverage.value}"]
    lines += _tree(d.outline, 0)
    lines += [
        f"  {f.indicator.value:<8} {f.kind}: {f.text} [{', '.join(f.rules)}; {f.basis.value}]"
        for f in d.findings
    ]
    lines += [
        f"  needed   {n.item}{'' if n.decides else ' (for information)'}: {n.because}" for n in d.needed
    ]
    return "\n".join(map(_visible, lines))


def _visible(line: str) -> str:
    """The line without what would steer a terminal: a chart's text may hold control and direction characters."""
    return "".join(
        " " if c.isspace() else c for c in line if c.isspace() or unicodedata.category(c)[0] != "C"
    )


def _tree(node: GroupResult | CriterionResult, depth: int) -> list[str]:
    indent = "  " * (depth + 1)
    if isinstance(node, CriterionResult):
        evidence = f" [{', '.join(node.evidence)}]" if node.evidence else ""
        return [f"{indent}{node.verdict.value:<8} {node.section:<13} {node.id}: {node.because}{evidence}"]
    lines = [f"{indent}{node.verdict.value:<8} {node.title} ({node.operator} of)"]
    return [*lines, *(line for part in node.parts for line in _tree(part, depth + 1))]
