"""Which networks a hospital may call its own, and what they never let in."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from cds_service.settings.addresses import peer_fault, private_network

NETWORK = (private_network("10.20.0.0/16"),)
NAMED = {
    "10.20.0.0/16": True, "10.0.0.0/8": True, "172.16.4.0/24": True, "192.168.1.7/32": True, "192.168.1.7": True,
    "100.64.0.0/10": True, "fd12:3456::/32": True, "fc00::/7": True,
    "10.20.0.5/16": False, "0.0.0.0/0": False, "10.0.0.0/7": False, "127.0.0.0/8": False, "127.0.0.1": False,
    "169.254.0.0/16": False, "169.254.169.254": False, "224.0.0.0/4": False, "0.0.0.0": False, "8.8.8.0/24": False,
    "172.0.0.0/8": False, "192.0.0.0/8": False, "100.0.0.0/8": False, "240.0.0.0/4": False, "::/0": False,
    "fe80::/10": False, "::1": False, "ff00::/8": False, "::ffff:10.20.0.0/112": False, "64:ff9b::/96": False,
    "2000::/3": False, "hospital": False, "": False, "10.20.0.0-10.20.1.0": False,
}  # fmt: skip


@pytest.mark.parametrize("text", NAMED)
def test_a_network_is_exact_and_lies_within_private_ranges(text: str) -> None:
    if NAMED[text]:
        assert private_network(text) == ip_network(text)
    else:
        with pytest.raises(ValueError, match="must"):
            private_network(text)


@pytest.mark.parametrize(
    ("address", "within"),
    [("169.254.169.254", "10.0.0.0/8"), ("100.100.100.200", "100.64.0.0/10"), ("fd00:ec2::254", "fc00::/7"),
     ("127.0.0.1", "10.0.0.0/8"), ("::ffff:127.0.0.1", "10.0.0.0/8"), ("2002:a14:5::", "10.0.0.0/8"),
     ("64:ff9b::a14:5", "10.0.0.0/8"), ("10.21.0.1", "10.20.0.0/16"), ("10.20.0.1", "fc00::/7")],
)  # fmt: skip
def test_no_network_lets_in_what_must_never_be_spoken_to(address: str, within: str) -> None:
    assert peer_fault(address, loopback=False, private=(private_network(within),)) is not None


@pytest.mark.parametrize("address", ["10.20.0.1", "10.20.255.255", "::ffff:10.20.0.1", "8.8.8.8"])
def test_a_named_network_lets_in_its_own_addresses_and_public_ones(address: str) -> None:
    assert peer_fault(address, loopback=False, private=NETWORK) is None
