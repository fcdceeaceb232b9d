"""What the vault keeps is found by its key alone, encrypted, for its time, and taken once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cds_service.store.database import Database
from cds_service.store.vault import Vault
from tests.web.conftest import SECRET, HandClock

VALUE = {"patient": "canary-patient", "token": "canary-token"}


def test_a_value_lives_for_its_time_only(vault: Vault, clock: HandClock) -> None:
    vault.put("session", "k", VALUE, 60)
    assert vault.get("session", "k") == VALUE
    clock.now += 60
    assert vault.get("session", "k") is None
    assert not vault.renew("session", "k", 60)


def test_kinds_do_not_mix(vault: Vault) -> None:
    vault.put("session", "k", VALUE, 60)
    assert vault.get("launch", "k") is None


def test_a_value_is_replaced_by_a_later_one(vault: Vault) -> None:
    vault.put("session", "k", VALUE, 60)
    vault.put("session", "k", {"patient": "other"}, 60)
    assert vault.get("session", "k") == {"patient": "other"}


def test_renewing_prolongs_what_is_there_and_revives_nothing(vault: Vault, clock: HandClock) -> None:
    vault.put("session", "k", VALUE, 60)
    clock.now += 50
    assert vault.renew("session", "k", 60)
    clock.now += 50
    assert vault.get("session", "k") == VALUE
    vault.drop("session", "k")
    assert not vault.renew("session", "k", 60)


def test_of_many_takers_one_gets_the_value(vault: Vault) -> None:
    vault.put("launch", "k", VALUE, 60)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: vault.take("launch", "k"), range(16)))
    assert [value for value in taken if value is not None] == [VALUE]


def test_neither_key_nor_value_can_be_read_in_the_database(vault: Vault, tmp_path: Path) -> None:
    vault.put("session", "canary-key", VALUE, 60)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for canary in (b"canary-key", b"canary-patient", b"canary-token"):
        assert canary not in stored


def test_an_older_secret_still_opens_and_a_removed_one_does_not(
    vault: Vault, clock: HandClock, tmp_path: Path
) -> None:
    vault.put("session", "k", VALUE, 60)
    database = Database(f"sqlite:///{tmp_path}/vault.sqlite3")
    new = "b" * 32
    assert Vault(database, (new, SECRET), clock).get("session", "k") == VALUE
    assert Vault(database, (new,), clock).get("session", "k") is None
    database.close()


def test_what_cannot_be_opened_is_left_for_a_host_that_can(
    vault: Vault, clock: HandClock, tmp_path: Path
) -> None:
    vault.put("launch", "k", VALUE, 60)
    database = Database(f"sqlite:///{tmp_path}/vault.sqlite3")
    assert Vault(database, ("b" * 32,), clock).take("launch", "k") is None
    database.close()

    assert vault.take("launch", "k") == VALUE
    assert vault.take("launch", "k") is None


def test_purging_removes_only_what_has_expired(vault: Vault, clock: HandClock) -> None:
    vault.put("session", "old", VALUE, 10)
    vault.put("session", "new", VALUE, 60)
    clock.now += 30
    assert vault.purge() == 1
    assert vault.get("session", "new") == VALUE
