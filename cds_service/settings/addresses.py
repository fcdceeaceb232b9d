"""Which addresses may be contacted: URLs by an allow-list of bases, peers by their IP address.

Knows how addresses can be disguised. Opens no connection and reads no settings.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from cds_service.values import dataclass

# Ranges that carry or tunnel to private addresses though Python calls some of them global.
_DISGUISES = tuple(
    ipaddress.ip_network(text)
    for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "192.0.0.0/24")
)
# What a hospital may call its own: every named network lies in one of these.
PRIVATE_RANGES = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
# Where clouds hand a machine's own credentials to whoever asks, inside those ranges.
_CLOUD_METADATA = frozenset(
    ipaddress.ip_address(text) for text in ("100.100.100.200", "fd00:ec2::254", "fd20:ce::254")
)
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

_PLAIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(?:[/?][\x21-\x5b\x5d-\x7e]*)?")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class AllowedBases:
    """The exact bases that may be contacted; as a function, whether a URL lies under one of them."""

    bases: tuple[str, ...]

    def __call__(self, url: str) -> bool:
        parts = plain_parts(url)
        return parts is not None and any(_is_under(parts, base) for base in self.bases)


def plain_parts(url: str) -> SplitResult | None:
    """The parts of an http(s) URL that all readers take alike; None for any other.

    User information, fragments, backslashes, blanks, dot segments and non-ASCII hosts are refused.
    """
    if not _PLAIN.fullmatch(url) or "#" in url:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    segments = parts.path.lower().replace("%2e", ".").split("/")
    if not parts.hostname or "." in segments or ".." in segments:
        return None
    return parts


def same_origin(url: str, base: str) -> bool:
    """Whether both URLs are plain and name the same scheme, host and port."""
    ours, theirs = plain_parts(base), plain_parts(url)
    return ours is not None and theirs is not None and _origin(ours) == _origin(theirs)


def _origin(parts: SplitResult) -> tuple[str, str | None, int]:
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


def _is_under(parts: SplitResult, base: str) -> bool:
    held = plain_parts(base)
    if held is None or _origin(parts) != _origin(held):
        return False
    path = held.path.removesuffix("/")
    return parts.path == path or parts.path.startswith(f"{path}/")


def private_network(text: str) -> IpNetwork:
    """A network of private addresses, as 10.20.0.0/16. Raises ValueError that says what is wrong with it.

    Exact: no bits behind the prefix. Inside one range of RFC 1918, RFC 6598 or RFC 4193, hence never
    loopback, link-local, multicast or public addresses.
    """
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(f"must be exact networks, such as 10.20.0.0/16: {text}") from None
    if not any(_inside(network, whole) for whole in PRIVATE_RANGES):
        ranges = ", ".join(map(str, PRIVATE_RANGES))
        raise ValueError(f"must lie inside one of {ranges}: {text}")
    return network


def _inside(network: IpNetwork, whole: IpNetwork) -> bool:
    if isinstance(network, ipaddress.IPv4Network):
        return isinstance(whole, ipaddress.IPv4Network) and network.subnet_of(whole)
    return isinstance(whole, ipaddress.IPv6Network) and network.subnet_of(whole)


def peer_fault(address: str, *, loopback: bool, private: Sequence[IpNetwork] = ()) -> str | None:
    """Why a peer with this IP address must not be spoken to; None when it may be.

    ``loopback`` lets this machine in and still no other private address; ``private`` are networks
    made by :func:`private_network`, whose addresses are let in.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if ip.is_loopback:
        return None if loopback else "loopback address"
    if any(ip in network for network in _DISGUISES if network.version == ip.version):
        return "address that stands for another one"
    if ip in _CLOUD_METADATA:
        return "address where a cloud keeps credentials"
    if any(ip in network for network in private if network.version == ip.version):
        return None
    if not ip.is_global or ip.is_multicast:
        return "address that is not public"
    return None
