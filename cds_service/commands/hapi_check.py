"""The integrator's check against a FHIR server: write one synthetic patient, answer a hook, clean up.

The hook is answered on the endpoint's own path, by REST calls only. What was written is deleted
also after a failure, an interruption or a request to stop.
"""

from __future__ import annotations

import signal
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from cds_service.commands.scratch_patient import WAIT_S, ScratchError, ScratchPatient, draft_order
from cds_service.commands.servers import is_r4b
from cds_service.ehr.fhir_client import FhirClient, FhirError
from cds_service.evaluation.order_sign import Answered, answer
from cds_service.evaluation.services import services_from
from cds_service.json_text import write_json
from cds_service.policies import installed
from cds_service.settings import Settings, Tenant
from cds_service.settings.tenants import address_fault, is_loopback, without_slash
from cds_service.trust.outbound import Outbound

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command("hapi-check")
@click.option("--fhir-server", "server", required=True, metavar="URL", help="Base of an open FHIR R4 server.")
def hapi_check(server: str) -> None:
    """Answer one order-sign hook against a FHIR server, with a synthetic patient that is deleted after."""
    server = without_slash(server)
    if (fault := address_fault(server, allow_loopback_http=True)) is not None:
        raise click.BadParameter(fault, param_hint="--fhir-server")
    outbound = Outbound(loopback=is_loopback(urlsplit(server).hostname or ""))
    scratch = ScratchPatient(outbound, server)
    with _stoppable():
        try:
            _introduce(FhirClient(outbound, server))
            _check(scratch)
        except (FhirError, ScratchError) as failure:
            raise click.ClickException(f"{failure}") from None
        finally:
            _clean_up(scratch)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Requests to stop end the check by way of its clean-up."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in _STOPS}
    try:
        yield
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
        sys.exit(130)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _introduce(client: FhirClient) -> None:
    found = client.get(client.url("metadata"), time.monotonic() + WAIT_S)
    version = str(found.get("fhirVersion"))
    _say(1, f"{client.server} speaks FHIR {version}")
    if is_r4b(version):
        _say(1, "that is R4B and not R4 (4.0.1), which this service reads: what differs may be missed")
    elif not version.startswith("4.0."):
        raise ScratchError(f"FHIR R4 (4.0.1) is needed, the server says {version}")


def _check(scratch: ScratchPatient) -> None:
    today = date.today()
    _say(2, "writing one synthetic patient")
    patient_id = scratch.write(today)
    _say(2, f"{len(scratch.written)} resources written, each with the tag {scratch.tag}")
    _say(3, "answering an order-sign hook by REST only")
    answered = _answered(scratch.server, patient_id, today)
    for note in answered.gathered.notes if answered.gathered else ():
        click.echo(f"      {note.need:<25} {note.rows:>3} rows {note.reason}")
    _say(4, f"{len(answered.cards)} cards")
    for card in answered.cards:
        _print(card)
    if answered.gathered is not None and answered.gathered.record.gaps:
        click.echo("      some data could not be seen; each gap is named above and on the cards")


def _answered(server: str, patient_id: str, today: date) -> Answered:
    tenant = Tenant("hapi-check", fhir_servers=(server,), policies=tuple(installed()))
    loopback = is_loopback(urlsplit(server).hostname or "")
    settings = Settings(
        dev=loopback, auth_required=False, deadline_s=WAIT_S, tenants=(tenant,), config_path=Path("none")
    )
    call = {
        "hook": "order-sign",
        "hookInstance": "hapi-check",
        "fhirServer": server,
        "context": {
            "userId": "Practitioner/hapi-check",
            "patientId": patient_id,
            "draftOrders": {
                "resourceType": "Bundle",
                "entry": [{"resource": draft_order(patient_id, today)}],
            },
        },
    }
    return answer(write_json(call).encode(), services_from(settings))


def _clean_up(scratch: ScratchPatient) -> None:
    """Delete, then count what is left. A second request to stop does not interrupt this."""
    for number in _STOPS:
        signal.signal(number, signal.SIG_IGN)
    try:
        deleted = scratch.delete()
        left = scratch.left() if deleted else []
    except (FhirError, ScratchError) as failure:
        raise click.ClickException(f"clean-up failed ({failure}); look for the tag {scratch.tag}") from None
    _say(5, f"{deleted} resources deleted, {len(left)} left on the server")
    if left:
        raise click.ClickException(f"not deleted: {', '.join(left)}")


def _say(step: int, text: str) -> None:
    click.echo(f"[{step}/5] {text}")


def _print(card: Mapping[str, Any]) -> None:
    click.echo(f"\n  [{card['indicator'].upper()}] {card['summary']}")
    for line in card["detail"].splitlines():
        click.echo(textwrap.fill(line, 100, initial_indent="    ", subsequent_indent="      "))
    click.echo()
