"""What an answer leaves behind: all of it or nothing, in one order, whatever else goes on and whatever is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, select, text

from cds_service.operations.audit_events import Deed
from cds_service.operations.ledger import Ledger
from cds_service.store import audit_trail
from cds_service.store.database import Database, StoreError
from cds_service.store.decisions import Decisions, of_patient
from cds_service.store.feedback import ShownCard
from cds_service.store.schema import decision_cards, shown_cards
from cds_service.store.vault import Vault
from tests.databases import database, database_url, open_database, postgres

__all__ = ["database", "database_url", "open_database", "postgres"]
SECRET = "k" * 32
THREADS = 32


def deed(name: str) -> Deed:
    return Deed("hook", "service", "tenant", 200, name, patients=("Patient/p1",))


def names(database: Database) -> list[str]:
    """The request ids of all events, in the order of the chain."""
    return [
        entity["what"]["identifier"]["value"]
        for line in audit_trail.exported(database)
        for entity in json.loads(line)["entity"]
        if entity["type"]["code"] == "XrequestId"
    ]


@pytest.fixture
def commits(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_: Connection) -> None:
        seen.append("commit")

    event.listen(database.engine, "commit", note)
    yield seen
    event.remove(database.engine, "commit", note)


def test_audit_cards_decision_and_draft_are_one_transaction(database: Database, commits: list[str]) -> None:
    vault, decisions = Vault(database, (SECRET,)), Decisions(database, (SECRET,))
    commits.clear()
    Ledger(database, "https://cds.example.org", decisions).keep(
        deed("1"),
        [ShownCard("c1", "coverage")],
        b"grounds",
        [vault.putting("draft", "key", {"order": 1}, 60)],
    )

    assert commits == ["commit"]
    assert names(database) == ["1"]
    assert decisions.latest("c1") == b"grounds"
    assert vault.get("draft", "key") == {"order": 1}


def test_when_one_part_cannot_be_kept_no_part_is(database: Database) -> None:
    def broken(db: Connection) -> None:
        db.execute(text("INSERT INTO no_such_table VALUES (1)"))

    ledger = Ledger(database, "https://cds.example.org")
    with pytest.raises(StoreError):
        ledger.keep(deed("lost"), [ShownCard("c1", "coverage")], None, [broken])
    ledger.keep(deed("kept"))

    assert names(database) == ["kept"]
    with database.read() as db:
        assert db.execute(select(shown_cards.c.card)).all() == []


def test_thirty_two_threads_make_one_chain_in_which_each_keeps_its_order(database: Database) -> None:
    ledgers = [Ledger(database, "https://cds.example.org") for _ in range(2)]  # as of two workers

    def answer(thread: int) -> None:
        for n in range(8):
            cards = [ShownCard(f"card-{(thread + n + i) % 5}", "coverage") for i in range(3)]
            ledgers[thread % 2].keep(deed(f"{thread}-{n}"), cards)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(answer, range(THREADS)))

    found = audit_trail.verified(database)
    assert (found.events, found.fault) == (THREADS * 8, None)
    of_thread = defaultdict(list)
    for name in names(database):
        thread, _, n = name.partition("-")
        of_thread[int(thread)].append(int(n))
    assert of_thread == {thread: list(range(8)) for thread in range(THREADS)}
    with database.read() as db:
        shown = db.execute(select(shown_cards.c.times)).scalars().all()
    assert sum(shown) == THREADS * 8 * 3


_ENDLESS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from cds_service.operations.ledger import Ledger
from cds_service.store.database import Database
from cds_service.store.decisions import Decisions
from cds_service.store.feedback import ShownCard
from tests.operations.test_ledger import SECRET, THREADS, deed
database = Database(sys.argv[1])
ledger, say = Ledger(database, "https://cds.example.org", Decisions(database, (SECRET,))), Lock()
def answer(thread):
    n = 0
    while True:
        name = f"{thread}-{n}"
        ledger.keep(deed(name), [ShownCard(name, "coverage")], name.encode())
        with say:
            print(name, flush=True)
        n += 1
with ThreadPoolExecutor(THREADS) as pool:
    list(pool.map(answer, range(THREADS)))
"""


def test_what_was_acknowledged_before_a_kill_is_there_whole_and_the_chain_holds(
    database: Database, database_url: str
) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", _ENDLESS, database_url]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        acknowledged = [process.stdout.readline().strip() for _ in range(150)]
        process.send_signal(signal.SIGKILL)
        acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]

    assert audit_trail.verified(database).fault is None
    kept = Counter(names(database))
    assert set(acknowledged) <= set(kept)
    assert set(kept.values()) == {1}
    with database.read() as db:
        assert set(db.execute(select(shown_cards.c.card)).scalars()) == set(kept)
        by = {*kept, of_patient("tenant", "Patient/p1")}
        assert set(db.execute(select(decision_cards.c.card)).scalars()) == by
