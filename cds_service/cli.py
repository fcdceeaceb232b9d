"""The ``cds-service`` command. Each group of commands is a module of its own; this only gathers them."""

from __future__ import annotations

import sys

import click

from cds_service.commands import keeping
from cds_service.commands.call import call
from cds_service.commands.doctor import doctor
from cds_service.commands.evaluate import evaluate
from cds_service.commands.hapi_check import hapi_check
from cds_service.commands.keys import keys
from cds_service.commands.packet import packet
from cds_service.commands.patient_data import patient_data
from cds_service.commands.replay import replay


@click.group()
@click.version_option(package_name="payer-policy-cds")
def main() -> None:
    """Check inotuzumab ozogamicin orders against a payer's policy."""


for command in (evaluate, packet, doctor, hapi_check, keys, call, patient_data, replay, *keeping.COMMANDS):
    main.add_command(command)


if __name__ == "__main__":
    sys.exit(main())
