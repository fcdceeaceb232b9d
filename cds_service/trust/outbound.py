"""The one door to other servers: EHRs, their key sets and token endpoints.

Every request names who may be contacted, by when it must be over, and how much may come back.
Redirects are never followed; proxies, netrc and cookies of the environment play no part. A hospital's
own network is a door of its own. Knows HTTP and nothing of FHIR or OAuth. An error's message never
holds the URL: it may name a patient.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from threading import Lock
from typing import NotRequired, TypedDict, Unpack

import requests
from urllib3.exceptions import HTTPError
from urllib3.util import Timeout

from cds_service.settings.addresses import AllowedBases, plain_parts
from cds_service.settings.tenants import PUBLIC_INTERNET, Network
from cds_service.trust.failures import OutboundError, outbound_error
from cds_service.trust.peers import CheckedAdapter
from cds_service.values import dataclass

__all__ = ["AllowedBases", "Outbound", "OutboundError", "Response"]

MAX_BYTES = 8 * 1024 * 1024
KEPT_OPEN = 64  # idle connections per server: six for each of a worker's concurrent calls, and spare
_CHUNK = 65536
_USER_AGENT = "payer-policy-cds"


class Rules(TypedDict):
    """What every request says: its headers, which URLs ``allowed`` accepts, by when it is over, how much may come.

    ``deadline`` is on the monotonic clock; ``max_bytes`` counts the decoded body.
    """

    headers: Mapping[str, str]
    allowed: Callable[[str], bool]
    deadline: float
    max_bytes: NotRequired[int]


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer. Header names are in lower case; the body is decoded and within its cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Outbound:
    """Opens connections; one for the life of a process, shared by its threads.

    ``loopback`` (development) allows this machine and plain http to it. ``network`` is that of the
    one hospital whose servers are asked.
    """

    def __init__(self, *, loopback: bool = False, network: Network = PUBLIC_INTERNET) -> None:
        self._loopback = loopback
        self._adapter = CheckedAdapter(loopback=loopback, network=network, kept_open=KEPT_OPEN)
        self._within = {network: self}
        self._making = Lock()

    def within(self, network: Network) -> Outbound:
        """The door to the servers of one hospital: its networks, authorities and proxy are no other's."""
        with self._making:
            if network not in self._within:
                self._within[network] = Outbound(loopback=self._loopback, network=network)
            return self._within[network]

    def get(self, url: str, **rules: Unpack[Rules]) -> Response:
        """Read a URL. Raises OutboundError."""
        return self._send("GET", url, None, rules)

    def post(self, url: str, *, body: bytes, **rules: Unpack[Rules]) -> Response:
        """Send a body to a URL. Raises OutboundError."""
        return self._send("POST", url, body, rules)

    def _send(self, method: str, url: str, body: bytes | None, rules: Rules) -> Response:
        request = self._prepared(method, url, body, rules)
        deadline = rules["deadline"]
        left = deadline - time.monotonic()
        if left <= 0:
            raise OutboundError("timeout", "no time was left")
        try:
            answer = self._adapter.ask(request, Timeout(total=left))
        except (requests.RequestException, HTTPError) as error:
            raise outbound_error(error) from None
        try:
            content = b"".join(_capped(answer, rules.get("max_bytes", MAX_BYTES), deadline))
        finally:
            answer.close()
        return Response(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, content)

    def _prepared(self, method: str, url: str, body: bytes | None, rules: Rules) -> requests.PreparedRequest:
        """The request as it will be sent: what is checked is the URL after all normalisation."""
        sent = {"User-Agent": _USER_AGENT, "Accept-Encoding": "gzip", **rules["headers"]}
        try:
            request = requests.Request(method, url, headers=sent, data=body).prepare()
        except (requests.RequestException, ValueError):
            raise OutboundError("refused", "the address is malformed") from None
        parts = plain_parts(request.url or "")
        if parts is None or request.url is None or not rules["allowed"](request.url):
            raise OutboundError("refused", "the address is not one that may be contacted")
        if parts.scheme != "https" and not self._loopback:
            raise OutboundError("refused", "the address is not https")
        return request


def _capped(answer: requests.Response, max_bytes: int, deadline: float) -> Iterator[bytes]:
    """The decoded body in pieces, until it is whole, too large or too late."""
    size = 0
    while True:
        if time.monotonic() > deadline:  # a body that is already here and only slow to decode
            raise OutboundError("timeout", "no whole answer in time")
        try:
            piece = answer.raw.read1(_CHUNK, decode_content=True)
        except (HTTPError, OSError) as error:
            raise outbound_error(error) from None
        if not piece:
            return
        size += len(piece)
        if size > max_bytes:
            raise OutboundError("too-large", "the answer is too large")
        yield piece
