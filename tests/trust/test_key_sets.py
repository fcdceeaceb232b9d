"""Where keys come from: rotation, an address that is down, and callers who invent key ids."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from cds_service.settings.tenants import Client
from cds_service.trust.jwks import Fetched, KeySets, KeysUnavailable, key_set
from tests.trust.minting import ISSUER, JWKS_URL, ec_key, jwk

CLIENT = Client(ISSUER, jwks_url=JWKS_URL)


class KeyServer:
    """An EHR's key address that tests turn off, rotate and count."""

    def __init__(self, *kids: str, fresh_s: float = 600.0) -> None:
        self.kids, self.fresh_s, self.down, self.calls = list(kids), fresh_s, False, 0

    def __call__(self, client: Client) -> Fetched:
        assert client.jwks_url == JWKS_URL
        self.calls += 1
        if self.down:
            raise KeysUnavailable("connection")
        return Fetched(jwks(*self.kids), self.fresh_s)


class HandClock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def jwks(*kids: str) -> bytes:
    return json.dumps({"keys": [jwk(ec_key(kid), kid) for kid in kids]}).encode()


def kids(keys: Any) -> list[str]:
    return [key["kid"] for key in keys]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def test_keys_are_fetched_once_while_they_are_fresh(clock: HandClock) -> None:
    server = KeyServer("a")
    key_sets = KeySets(server, clock)

    for _ in range(10):
        assert kids(key_sets.keys(CLIENT, "a")) == ["a"]
        clock.now += 59

    assert server.calls == 1


def test_keys_are_fetched_again_when_no_longer_fresh(clock: HandClock) -> None:
    server = KeyServer("a")
    key_sets = KeySets(server, clock)
    key_sets.keys(CLIENT, "a")

    clock.now += 601
    server.kids = ["a", "b"]

    assert kids(key_sets.keys(CLIENT, "a")) == ["a", "b"]
    assert server.calls == 2


def test_a_rotated_key_is_found_at_once(clock: HandClock) -> None:
    server = KeyServer("a")
    key_sets = KeySets(server, clock)
    key_sets.keys(CLIENT, "a")

    server.kids = ["b"]

    assert kids(key_sets.keys(CLIENT, "b")) == ["b"]


def test_a_storm_of_unknown_key_ids_fetches_once_a_minute(clock: HandClock) -> None:
    server = KeyServer("a")
    key_sets = KeySets(server, clock)
    key_sets.keys(CLIENT, "a")

    for second in range(180):
        clock.now = 1000.0 + second
        key_sets.keys(CLIENT, f"invented-{second}")

    assert server.calls == 1 + 3


def test_the_first_load_does_not_count_as_the_fetch_of_that_minute(clock: HandClock) -> None:
    server = KeyServer("a")
    key_sets = KeySets(server, clock)
    key_sets.keys(CLIENT, "unknown")
    server.kids = ["a", "b"]

    assert "b" in kids(key_sets.keys(CLIENT, "b"))
    assert server.calls == 2


def test_concurrent_first_calls_share_one_fetch(clock: HandClock) -> None:
    gate, server = Event(), KeyServer("a")

    def slow(url: str) -> Fetched:
        gate.wait(10)
        return server(url)

    key_sets = KeySets(slow, clock)
    with ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(key_sets.keys, CLIENT, "a") for _ in range(16)]
        gate.set()
        assert all(kids(done.result()) == ["a"] for done in waiting)

    assert server.calls == 1


def test_nobody_waits_for_a_refresh_while_old_keys_may_be_used(clock: HandClock) -> None:
    fetching, gate, server = Event(), Event(), KeyServer("a")
    key_sets = KeySets(server, clock)
    key_sets.keys(CLIENT, "a")
    clock.now += 700

    def hanging(url: str) -> Fetched:
        fetching.set()
        gate.wait(10)
        return server(url)

    key_sets._fetch = hanging
    with ThreadPoolExecutor(1) as pool:
        refreshing = pool.submit(key_sets.keys, CLIENT, "a")
        assert fetching.wait(10)
        assert kids(key_sets.keys(CLIENT, "a")) == ["a"]
        gate.set()
        assert kids(refreshing.result()) == ["a"]


@pytest.mark.parametrize(("minutes_down", "believed"), [(30, True), (69, True), (71, False)])
def test_an_unreachable_address_is_believed_for_an_hour_beyond_freshness(
    clock: HandClock, minutes_down: int, believed: bool
) -> None:
    server = KeyServer("a")
    key_sets = KeySets(server, clock)
    key_sets.keys(CLIENT, "a")
    server.down = True
    clock.now += minutes_down * 60

    if believed:
        assert kids(key_sets.keys(CLIENT, "a")) == ["a"]
    else:
        with pytest.raises(KeysUnavailable):
            key_sets.keys(CLIENT, "a")


def test_an_address_that_never_answered_is_tried_again_after_a_second(clock: HandClock) -> None:
    server = KeyServer("a")
    server.down = True
    key_sets = KeySets(server, clock)
    for _ in range(5):
        with pytest.raises(KeysUnavailable):
            key_sets.keys(CLIENT, "a")
    assert server.calls == 1

    server.down = False
    clock.now += 1

    assert kids(key_sets.keys(CLIENT, "a")) == ["a"]


def test_a_key_set_that_turns_unreadable_does_not_replace_a_good_one(clock: HandClock) -> None:
    server = KeyServer("a")
    key_sets = KeySets(server, clock)
    key_sets.keys(CLIENT, "a")
    clock.now += 601
    key_sets._fetch = lambda _: Fetched(b"<html>maintenance</html>")

    assert kids(key_sets.keys(CLIENT, "a")) == ["a"]


def test_a_key_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "ehr.jwks.json"
    path.write_bytes(jwks("a"))
    client = Client(ISSUER, jwks_file=path)
    key_sets = KeySets(KeyServer())
    assert kids(key_sets.keys(client, "a")) == ["a"]

    path.write_bytes(jwks("b"))
    os.utime(path, ns=(1, 1))
    assert kids(key_sets.keys(client, "b")) == ["b"]

    path.write_bytes(b"half a fi")
    assert kids(key_sets.keys(client, "b")) == ["b"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": [{"kid": "a", "kid": "b"}]}',
        b'{"keys": [' + b"{}," * 300 + b"{}]}",
        b"\xff",
    ],
    ids=["empty", "a list", "no keys", "keys an object", "duplicate", "too many", "not UTF-8"],
)
def test_what_is_no_key_set_is_refused(body: bytes) -> None:
    with pytest.raises(KeysUnavailable):
        key_set(body)
