"""Connections whose peer is checked before a byte is sent, and whose time-out is a deadline.

A plain time-out starts anew with every received byte, so that an EHR which drips its headers or
body would be waited for without end. Here the time left is set before every single receive.
Knows sockets and urllib3's connection classes; ``_new_conn`` is a private name there, which is why
a test proves that a refused peer gets no connection.
"""

from __future__ import annotations

import ipaddress
import math
import queue
import socket
import ssl
import threading
import time
from typing import Any, ClassVar
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util import Timeout
from urllib3.util.ssl_ import create_urllib3_context

from cds_service.settings.addresses import PRIVATE_RANGES, IpNetwork, peer_fault
from cds_service.settings.tenants import Network, is_loopback
from cds_service.values import dataclass

_Address = tuple[socket.AddressFamily, Any]


@dataclass(frozen=True, slots=True)
class Peers:
    """The addresses that may be spoken to beside public ones."""

    loopback: bool
    private: tuple[IpNetwork, ...] = ()

    def fault(self, address: str) -> str | None:
        """Why an address must not be spoken to; None when it may be."""
        return peer_fault(address, loopback=self.loopback, private=self.private)


class PeerRefusedError(NewConnectionError):
    """The peer's address is one that must not be spoken to. ``fault`` names it and says why."""

    def __init__(self, conn: HTTPConnection, fault: str) -> None:
        super().__init__(conn, fault)
        self.fault = fault


class NameUnknownError(NewConnectionError):
    """No address could be found for the host's name."""


def _left(deadline: float) -> float | None:
    if deadline == math.inf:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    return left


class _DeadlineSocket(socket.socket):
    deadline = math.inf

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(_left(self.deadline))
        return super().recv_into(*args, **kwargs)


class _DeadlineTlsSocket(ssl.SSLSocket):
    deadline = math.inf

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(_left(self.deadline))
        return super().recv_into(*args, **kwargs)


class _Checked(HTTPConnection):
    """What both kinds of connection share."""

    peers: ClassVar[Peers] = Peers(loopback=False)

    def _new_conn(self) -> socket.socket:
        deadline = time.monotonic() + float(self.timeout or 0)
        failure: OSError = OSError("the host name could not be resolved")
        for family, address in self._addresses(deadline):
            sock = _DeadlineSocket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(_left(deadline))
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.connect(address)
                self._check(sock.getpeername()[0])
                sock.settimeout(_left(deadline))  # a TLS handshake is to end by then, too
                sock.deadline = deadline  # and a proxy's answer
                return sock
            except OSError as error:
                sock.close()
                failure = error
            except PeerRefusedError:
                sock.close()
                raise
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(self, "no connection in time") from failure
        raise NewConnectionError(self, "no connection") from failure

    def _addresses(self, deadline: float) -> list[_Address]:
        """The host's addresses, each of them allowed: nothing is tried when one is not."""
        try:
            found = _resolved(self.host.strip("[]"), self.port or self.default_port, deadline)
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "no address in time") from error
        except OSError as error:
            raise NameUnknownError(self, "no address") from error
        for _, address in found:
            self._check(address[0])
        return found

    def _check(self, address: str) -> None:
        if (fault := self.peers.fault(address)) is not None:
            raise PeerRefusedError(self, f"{address}: {fault}")

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            self.sock.settimeout(self.timeout)  # else the little that an earlier receive had left
        super().request(*args, **kwargs)

    def getresponse(self) -> Any:
        # urllib3 has put into ``timeout`` what is left of the whole call's time.
        if isinstance(self.sock, _DeadlineSocket | _DeadlineTlsSocket) and self.timeout is not None:
            self.sock.deadline = time.monotonic() + float(self.timeout)
        return super().getresponse()


def _resolved(host: str, port: int, deadline: float) -> list[_Address]:
    """The addresses of a host. A resolver that hangs is left behind at the deadline."""
    answers: queue.SimpleQueue[list[_Address] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put([(family, address) for family, _, _, _, address in found])
        except (OSError, UnicodeError) as error:
            answers.put(OSError(str(error)))

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=_left(deadline))
    except queue.Empty:
        raise TimeoutError("no address in time") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


class _CheckedTls(_Checked, HTTPSConnection):
    """The same over TLS."""


class _Tunnel(_CheckedTls):
    """TLS to a server by way of a proxy, which is the peer. The server's address is known to the proxy alone.

    ``beyond`` is the rule for servers that are written as an address; a name is left to the proxy,
    and the certificate has to prove it.
    """

    beyond: ClassVar[Peers] = Peers(loopback=False)

    def set_tunnel(self, host: str, *args: Any, **kwargs: Any) -> None:
        try:
            literal = str(ipaddress.ip_address(host.strip("[]")))
        except ValueError:
            literal = ""
        if literal and (fault := self.beyond.fault(literal)) is not None:
            raise PeerRefusedError(self, f"{literal}: {fault}")
        super().set_tunnel(host, *args, **kwargs)


def _pools(peers: Peers) -> dict[str, type[HTTPConnectionPool]]:
    plain = type("Checked", (_Checked,), {"peers": peers})
    tls = type("CheckedTls", (_CheckedTls,), {"peers": peers})
    return {
        "http": type("CheckedPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("CheckedTlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
    }


def _tunnels(proxy: str, beyond: Peers) -> dict[str, type[HTTPConnectionPool]]:
    """Pools of connections by way of a proxy, which may have any private address.

    It may be on this machine where it is written so. Only https goes by way of it.
    """
    at_home = beyond.loopback or is_loopback(urlsplit(proxy).hostname or "")
    members = {"peers": Peers(at_home, PRIVATE_RANGES), "beyond": beyond}
    connection = type("Tunnel", (_Tunnel,), members)
    return {"https": type("TunnelPool", (HTTPSConnectionPool,), {"ConnectionCls": connection})}


class CheckedAdapter(HTTPAdapter):
    """One request over a pooled, checked connection: no redirects, cookies, retries or proxies but the network's own.

    ``loopback`` allows this machine; ``network`` is the hospital's own, whose authorities are
    believed beside the bundled ones.
    """

    def __init__(self, *, loopback: bool, network: Network, kept_open: int) -> None:
        self._peers = Peers(loopback, network.private_networks)
        self._proxies = {"https": network.https_proxy} if network.https_proxy else {}
        self._tunnels = _tunnels(network.https_proxy or "", self._peers)
        self._context = create_urllib3_context(ssl_minimum_version=ssl.TLSVersion.TLSv1_2)
        self._context.sslsocket_class = _DeadlineTlsSocket
        self._context.load_verify_locations(_bundled_authorities())
        if network.ca_file is not None:
            self._context.load_verify_locations(network.ca_file)
        super().__init__(pool_connections=kept_open, pool_maxsize=kept_open, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._peers)

    def ask(self, request: requests.PreparedRequest, timeout: Timeout) -> requests.Response:
        """Send a request, by way of the network's proxy if it has one; the body is left to be read."""
        return self.send(request, stream=True, timeout=timeout, proxies=self._proxies)  # type: ignore[arg-type]

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)
        manager.pool_classes_by_scheme = self._tunnels
        return manager

    def cert_verify(self, conn: Any, *_: Any) -> None:
        """Verify always, by this adapter's own context, which has read the authorities once."""
        conn.cert_reqs = "CERT_REQUIRED"


def _bundled_authorities() -> str:
    from certifi import where

    return where()
