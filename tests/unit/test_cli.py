"""The command line loads what a command needs, and not what others do."""

from __future__ import annotations

import subprocess
import sys

import click

from cds_service.cli import main


def test_each_command_is_found_under_its_name():
    context = click.Context(main)
    names = main.list_commands(context)
    assert names == sorted(names)
    for name in names:
        command = main.get_command(context, name)
        assert command is not None
        assert command.name == name
    assert main.get_command(context, "approve") is None


def test_replay_loads_neither_a_store_nor_a_client():
    """It asks nobody, and its processes start the sooner."""
    look = (
        "import sys; import cds_service.commands.replay, cds_service.replay.local; "
        "print({'sqlalchemy', 'requests', 'flask', 'pyarrow', 'pyspark'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "set()"
