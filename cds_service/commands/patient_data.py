"""What is kept about one patient, and its removal when a patient or a hospital asks for it."""

from __future__ import annotations

import json

import click

from cds_service.commands.start import database_or_exit, settings_or_exit
from cds_service.store import patient_data as kept


@click.command("patient-data")
@click.option("--tenant", "tenant_id", required=True, help="The hospital's id in the trust file.")
@click.option("--patient", required=True, help="The patient's FHIR id.")
@click.option("--delete", "remove", is_flag=True, help="Remove it instead; the audit trail stays.")
def patient_data(tenant_id: str, patient: str, remove: bool) -> None:
    """Print all that is kept about one patient, as NDJSON; or remove it.

    Shown cards and feedback on them are found by the cards' patient, decisions by theirs, audit events by
    what they name. The audit trail is never changed: it accounts for what was done, until its retention is over.
    """
    reference = f"Patient/{patient.removeprefix('Patient/')}"
    settings = settings_or_exit()
    if tenant_id not in {tenant.id for tenant in settings.tenants}:
        raise click.ClickException(f"the trust file has no tenant {tenant_id}")
    with database_or_exit(settings) as database:
        if not remove:
            for table, row in kept.found(database, tenant_id, reference):
                # In ASCII: no text of a caller's steers the terminal or breaks a line.
                click.echo(json.dumps({"table": table, "row": row}, default=str))
            return
        for table, count in kept.removed(database, tenant_id, reference).items():
            click.echo(f"{count:8} {table}")
        events = sum(table == "audit" for table, _ in kept.found(database, tenant_id, reference))
    click.echo(f"{events:8} audit events stay until CDS_AUDIT_DAYS is over")
