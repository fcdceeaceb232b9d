"""A vault in a scratch database, with a clock that tests move by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.fhir.record import Resource
from cds_service.smart.handoff import Handoff
from cds_service.store.database import Database
from cds_service.store.vault import Vault

SECRET = "a-secret-of-thirty-two-characters"


class HandClock:
    """Seconds since the epoch, moved by tests."""

    def __init__(self) -> None:
        self.now = 1_776_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def vault(tmp_path: Path, clock: HandClock) -> Iterator[Vault]:
    database = Database(f"sqlite:///{tmp_path}/vault.sqlite3")
    database.upgrade()
    yield Vault(database, (SECRET,), clock)
    database.close()


def remembered(vault: Vault, handoff: Handoff, draft: Resource, **who: str) -> str:
    """Keep a draft order as the account of a call does; its ``appContext``."""
    found = handoff.remember("MedicationRequest/draft-1", [draft], **who)
    assert found is not None
    app_context, keep = found
    with vault._database.write() as db:
        keep(db)
    return app_context
