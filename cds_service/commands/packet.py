"""The prior-authorization packet of one saved hook request, written to files, offline."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

from cds_service.commands.evaluate import at, offline
from cds_service.evaluation.order_sign import answer
from cds_service.evaluation.packets import packets_of_call
from cds_service.evaluation.refused import Refused
from cds_service.evaluation.saved_request import saved_request
from cds_service.evaluation.services import services_from
from cds_service.fhir.record import Resource
from cds_service.json_text import read_json
from cds_service.packet.assembly import REQUEST, Packet
from cds_service.packet.named import resources_in
from cds_service.settings import DEFAULT_PUBLIC_URL
from cds_service.settings.tenants import address_fault, without_slash


@click.command()
@click.argument(
    "request_file", metavar="REQUEST.json", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--out", "out", metavar="DIR", required=True, type=click.Path(file_okay=False, path_type=Path),
    help="Where to write: a folder for each authorization, named by its order.",
)  # fmt: skip
@click.option(
    "--as-of", "as_of", metavar="INSTANT", help="The evaluation clock, an ISO instant with an offset."
)
@click.option(
    "--fhir-server", "fhir_server", metavar="BASE",
    help="The EHR's FHIR base, for the addresses in the draft; by default the request's. It is not asked.",
)  # fmt: skip
def packet(request_file: Path, out: Path, as_of: str | None, fhir_server: str | None) -> None:
    """Write the prior-authorization packet of one saved order-sign request.

    The form with its answers, a request draft for the provider to complete, and what the draft lacks.
    CDS_PUBLIC_URL is the address that the form is published under. Exit status: 0 written, 1 no order is
    in scope, 2 wrong use.
    """
    if fhir_server is not None and (fault := address_fault(fhir_server, allow_loopback_http=True)):
        raise click.UsageError(f"--fhir-server {fault}: {fhir_server}")
    made = _packets(request_file, as_of, fhir_server)
    if not made:
        click.echo("No order in this request is for a drug of a policy: nothing is written.", err=True)
        raise click.exceptions.Exit(1)
    for one in made:
        _write(one, out)
        blocking = sum(gap.blocks for gap in one.gaps)
        click.echo(
            f"{out / one.name}: {', '.join(one.files)}; {len(one.gaps)} gaps, {blocking} of them block"
        )


def _packets(request_file: Path, as_of: str | None, fhir_server: str | None) -> list[Packet]:
    try:
        settings = replace(offline(), public_url=_public_url())
        services = at(services_from(settings), as_of)
        answered = answer(saved_request(request_file), services)
        base = without_slash(fhir_server or answered.call.fhir_server or "")
        return packets_of_call(answered, services, base, _beside(request_file))
    except Refused as refused:
        raise click.UsageError(f"{refused.status}: {refused.text}") from None
    except click.ClickException as fault:
        raise click.UsageError(fault.message) from None


def _public_url() -> str:
    value = os.environ.get("CDS_PUBLIC_URL", "").strip() or DEFAULT_PUBLIC_URL
    if (fault := address_fault(value, allow_loopback_http=True)) is not None:
        raise click.UsageError(f"CDS_PUBLIC_URL {fault}: {value}")
    return without_slash(value)


def _beside(request_file: Path) -> Iterator[Resource]:
    """What ``resources.json`` beside the request holds of people, organizations and places."""
    beside = request_file.with_name("resources.json")
    return resources_in([read_json(beside.read_bytes())] if beside.is_file() else [])


def _write(one: Packet, out: Path) -> None:
    folder = out / one.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in one.files.items():
            (folder / name).write_text(text, encoding="utf-8")
        if REQUEST not in one.files:  # of an earlier run, whose record had a Coverage
            (folder / REQUEST).unlink(missing_ok=True)
    except OSError as error:
        raise click.UsageError(f"{folder} cannot be written: {error.strerror}") from None
