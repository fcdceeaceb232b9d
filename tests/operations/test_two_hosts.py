"""Two hosts on one database, while their secret keys are exchanged: launches, sessions and drafts go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from cds_service.fhir.record import Resource
from cds_service.smart.handoff import Handoff
from cds_service.store.database import Database
from cds_service.store.decisions import Decisions
from cds_service.store.vault import Vault
from tests.web.keys import ISSUER
from tests.web.launching import PUBLIC_URL, Bench, bench

OLD, NEW = "o" * 32, "n" * 32
Keys = tuple[str, ...]
# What the two hosts have while docs/operations.md is followed, one host after the other.
MOMENTS = [
    ((OLD,), (OLD, NEW)),
    ((OLD, NEW), (OLD, NEW)),
    ((NEW, OLD), (OLD, NEW)),
    ((NEW, OLD), (NEW, OLD)),
    ((NEW,), (NEW, OLD)),
]
WHO = {"iss": ISSUER, "patient": "p1", "user": "Practitioner/1"}
ORDER = Resource({"resourceType": "MedicationRequest", "id": "draft-1"}, "draft order")


@dataclass
class Proxy:
    """One browser in front of both hosts; a test says which of them answers."""

    hosts: tuple[Bench, Bench]
    at: int = 0

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        return self.hosts[self.at].app(environ, start_response)


@dataclass
class Browser:
    """The steps of a clinician, each at a host of the test's choice."""

    proxy: Proxy
    client: Client

    def get(self, host: int, path: str, **query: str) -> TestResponse:
        self.proxy.at = host
        return self.client.get(path, query_string=query, base_url=PUBLIC_URL)

    def begin(self, host: int) -> str:
        """Begin a launch and sign in; the state to come back with."""
        location = self.get(host, "/launch", iss=ISSUER, launch="xyz").headers["Location"]
        for served in self.proxy.hosts:
            state = served.ehr.authorize(location)
        return state

    def end(self, host: int, state: str) -> int:
        return self.get(host, "/callback", code="code-1", state=state).status_code


Hosts = Callable[[Keys, Keys], Browser]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    shared = Database(f"sqlite:///{tmp_path}/cds.sqlite3")
    shared.upgrade()
    yield shared
    shared.close()


@pytest.fixture
def hosts(database: Database) -> Hosts:
    def made(first: Keys, second: Keys) -> Browser:
        proxy = Proxy((bench(Vault(database, first)), bench(Vault(database, second))))
        return Browser(proxy, Client(proxy))

    return made


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("first", [0, 1])
def test_a_launch_goes_on_at_the_other_host(hosts: Hosts, moment: tuple[Keys, Keys], first: int) -> None:
    browser, other = hosts(*moment), 1 - first
    state = browser.begin(first)

    assert browser.end(other, state) == 303
    assert browser.get(first, "/view").status_code == 200
    assert browser.get(other, "/view").status_code == 200


@pytest.mark.parametrize(("before", "after"), [(0, 1), (1, 2), (2, 3)])
def test_a_session_outlives_each_step(hosts: Hosts, before: int, after: int) -> None:
    browser = hosts(*MOMENTS[before])
    assert browser.end(0, browser.begin(1)) == 303

    later = hosts(*MOMENTS[after])
    later.client = browser.client  # the same cookies
    browser.proxy.hosts = later.proxy.hosts
    later.proxy = browser.proxy
    assert [later.get(host, "/view").status_code for host in (0, 1)] == [200, 200]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("first", [0, 1])
def test_a_draft_and_a_decision_open_at_the_other_host(
    database: Database, moment: tuple[Keys, Keys], first: int
) -> None:
    here, there = moment[first], moment[1 - first]
    remembered = Handoff(Vault(database, here), here[0]).remember("MedicationRequest/draft-1", [ORDER], **WHO)
    assert remembered is not None
    app_context, keep_drafts = remembered
    with database.write() as db:
        keep_drafts(db)
        Decisions(database, here).keeping(b"grounds", ["card-1"], 1.0)(db)

    assert Handoff(Vault(database, there), there[0]).recall(app_context, **WHO) is not None
    assert Decisions(database, there).latest("card-1") == b"grounds"


def test_a_host_that_lacks_a_key_refuses_and_leaves_the_launch_to_the_other(hosts: Hosts) -> None:
    """The new key first, in one step, is what must not be done; it is no loss either."""
    browser = hosts((OLD,), (NEW, OLD))
    state = browser.begin(1)

    assert browser.end(0, state) == 400
    assert browser.end(1, state) == 303
