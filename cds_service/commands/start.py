"""What most commands begin with: the settings and the database, or a message that says what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from cds_service.settings import Settings, SettingsError
from cds_service.store.database import Database, StoreError


def settings_or_exit() -> Settings:
    """The settings of the environment; faults end the command, each with a line."""
    try:
        return Settings.from_environment()
    except SettingsError as error:
        raise click.ClickException("\n".join(fault.text for fault in error.faults)) from None


@contextmanager
def database_or_exit(settings: Settings, *, ready: bool = True) -> Iterator[Database]:
    """The database that settings name, with this program's schema if ``ready``; a fault ends the command."""
    try:
        database = Database(settings.database_url)
        try:
            if ready:
                database.check()
            yield database
        finally:
            database.close()
    except StoreError as fault:
        raise click.ClickException(f"CDS_DATABASE_URL: {fault}; {fault.failure.mend}") from None
