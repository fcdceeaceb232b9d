"""Key sets over HTTP from a real loopback server: only what a well-behaved address would give is taken."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from cds_service.settings.tenants import Client
from cds_service.trust.callers import Callers, Refusal
from cds_service.trust.jwks import KeySets, KeysUnavailable, fetch_through
from cds_service.trust.outbound import Outbound
from tests.trust.minting import HOOK, ISSUER, NOW, ec_key, header, mint, tenant
from tests.trust.test_key_sets import jwks


class KeyAddress:
    """What the EHR's key address answers next, and the paths it was asked for."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/jwks.json"
        self.status, self.body, self.headers = 200, jwks("ehr-1"), dict[str, str]()
        self.asked: list[str] = []


def at(address: KeyAddress) -> Client:
    return Client(ISSUER, jwks_url=address.url)


@pytest.fixture
def address() -> Iterator[KeyAddress]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given.asked.append(self.path)
            self.send_response(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(given.body)))
            self.end_headers()
            self.wfile.write(given.body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    given = KeyAddress(server.server_port)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield given
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("cache_control", "fresh_s"),
    [
        ("", 600),
        ("max-age=900", 900),
        ("public, MAX-AGE=900, immutable", 900),
        ("max-age=1", 60),
        ("max-age=31536000", 86400),
        ("s-maxage=900", 600),
        ("max-age=soon", 600),
    ],
)
def test_freshness_is_the_servers_word_within_bounds(
    address: KeyAddress, cache_control: str, fresh_s: float
) -> None:
    address.headers = {"Cache-Control": cache_control}

    assert fetch_through(Outbound(loopback=True))(at(address)).fresh_s == fresh_s


def test_a_redirect_is_not_followed(address: KeyAddress) -> None:
    address.status, address.headers = 302, {"Location": address.url.replace("jwks", "other")}

    with pytest.raises(KeysUnavailable, match="status"):
        fetch_through(Outbound(loopback=True))(at(address))
    assert address.asked == ["/jwks.json"]


@pytest.mark.parametrize(("status", "body"), [(404, b"{}"), (500, b""), (200, b"x" * 300_000)])
def test_other_answers_are_no_keys(address: KeyAddress, status: int, body: bytes) -> None:
    address.status, address.body = status, body

    with pytest.raises(KeysUnavailable):
        fetch_through(Outbound(loopback=True))(at(address))


def test_a_private_address_is_not_asked_outside_of_development(address: KeyAddress) -> None:
    with pytest.raises(KeysUnavailable, match="refused"):
        fetch_through(Outbound())(at(address))
    assert address.asked == []


def test_a_caller_is_known_by_a_rotated_key_and_unknown_while_no_keys_can_be_read(
    address: KeyAddress,
) -> None:
    def callers() -> Callers:
        key_sets = KeySets(fetch_through(Outbound(loopback=True)))
        return Callers([tenant(Client(ISSUER, jwks_url=address.url))], key_sets, clock=lambda: NOW)

    known = callers()
    assert known.identified(mint(key=ec_key("ehr-1")), {HOOK}).issuer == ISSUER
    address.body = jwks("ehr-2")
    assert known.identified(mint(header(kid="ehr-2"), key=ec_key("ehr-2")), {HOOK}).issuer == ISSUER
    with pytest.raises(Refusal, match="kid"):
        known.identified(mint(key=ec_key("ehr-1")), {HOOK})

    address.status = 503
    with pytest.raises(Refusal, match="keys status"):
        callers().identified(mint(header(kid="ehr-2"), key=ec_key("ehr-2")), {HOOK})
