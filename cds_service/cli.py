"""The ``cds-service`` command: which there are, and in which module each is."""

from __future__ import annotations

import sys
from importlib import import_module

import click

_FOLDER = "cds_service.commands"
_MODULES = {
    "audit": "keeping",
    "call": "call",
    "db": "keeping",
    "doctor": "doctor",
    "evaluate": "evaluate",
    "feedback-report": "keeping",
    "hapi-check": "hapi_check",
    "keys": "keys",
    "packet": "packet",
    "patient-data": "patient_data",
    "purge": "keeping",
    "replay": "replay",
    "replay-decision": "keeping",
}


class _OneByOne(click.Group):
    """A group that loads the module of the command that is called, and not those of all others."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(_MODULES)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in _MODULES:
            return None
        found = getattr(import_module(f"{_FOLDER}.{_MODULES[name]}"), name.replace("-", "_"))
        assert isinstance(found, click.Command)
        return found


@click.group(cls=_OneByOne)
@click.version_option(package_name="payer-policy-cds")
def main() -> None:
    """Check inotuzumab ozogamicin orders against a payer's policy."""


if __name__ == "__main__":
    sys.exit(main())
