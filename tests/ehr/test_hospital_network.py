"""A hospital's own network: its private addresses, its authority, its proxy, and that they are no other's."""

import json
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from cds_service.evaluation.services import services_from
from cds_service.settings import Client, Settings, SmartRegistration, Tenant
from cds_service.settings.addresses import private_network
from cds_service.settings.tenants import Network
from cds_service.smart.chart_reading import read_chart
from cds_service.smart.door import smart_door
from cds_service.smart.login.session import Login
from cds_service.smart.refusals import Refused
from cds_service.trust.callers import Callers, Refusal
from cds_service.trust.jwks import KeySets, fetch_through
from cds_service.trust.outbound import Outbound, OutboundError
from tests.ehr import hooking
from tests.ehr.hospital import Authority, Lan, ehr_of, proxy_to
from tests.ehr.hostile import drips_headers, fhir, hangs
from tests.ehr.looking import conditions
from tests.policy.chart_notes import patient
from tests.trust.minting import HOOK, ISSUER, NOW, claims, ec_key, header, jwk, mint

HOST = "ehr.hospital.example"
BASE = f"https://{HOST}/fhir"
INSIDE = "10.20.0.5"
NETWORK = (private_network("10.20.0.0/16"),)
PROXY = "http://proxy.hospital.example:3128"


@pytest.fixture
def lan(monkeypatch):
    return Lan(monkeypatch)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def ehr(lan, authority):
    """An EHR at a private address, with a certificate of the hospital's authority."""
    with ehr_of(authority, HOST, [patient(), *conditions(1)]) as ehr:
        lan.place(HOST, INSIDE, ehr.server_port)
        yield ehr


@pytest.fixture
def network(authority):
    return Network(NETWORK, authority.file)


def services_for(*tenants):
    settings = Settings(auth_required=False, tenants=tenants, config_path=Path("trust.toml"))
    return replace(services_from(settings), clock=hooking.SERVICES.clock)


def hospital(network, *, tenant_id="a", base=BASE):
    return Tenant(tenant_id, fhir_servers=(base,), policies=("inotuzumab",), network=network)


def answered(services, monkeypatch, server=BASE):
    """The reasons for which data of a hook call could not be seen; None when all was."""
    monkeypatch.setattr(hooking, "SERVICES", services)
    record = hooking.sign(server=server, prefetch={"patient": patient()}).gathered.record
    return {gap.reason for gap in record.gaps}


def kind_and_step(outbound, url=f"{BASE}/metadata", seconds=2.0):
    with pytest.raises(OutboundError) as error:
        outbound.get(url, headers={}, allowed=lambda _: True, deadline=time.monotonic() + seconds)
    return error.value.kind, error.value.step


def test_a_server_in_a_named_private_network_is_asked(ehr, network, monkeypatch):
    assert answered(services_for(hospital(network)), monkeypatch) == set()
    assert len(ehr.asked("Condition?")) == 1


@pytest.mark.parametrize("named", [(), ("10.21.0.0/16",), ("10.20.0.0/30", "192.168.0.0/16"), ("fd00::/8",)])
def test_a_server_in_another_private_network_never(named, ehr, lan, authority, monkeypatch):
    network = Network(tuple(map(private_network, named)), authority.file)
    gaps = answered(services_for(hospital(network)), monkeypatch)
    assert gaps == {"the address is not one that may be contacted"}
    assert (lan.connected, ehr.requests) == ([], [])


def test_the_connected_peer_is_checked_whatever_the_name_said(ehr, lan, network):
    lan.place(HOST, INSIDE, ehr.server_port, really_at="10.99.0.1")
    assert kind_and_step(Outbound().within(network)) == ("refused", "address")
    assert ehr.requests == []


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "10.19.255.255"])
def test_a_name_in_the_hospitals_network_that_turns_elsewhere_is_not_asked(address, ehr, lan, network):
    lan.place(HOST, address, ehr.server_port)
    assert kind_and_step(Outbound().within(network)) == ("refused", "address")
    assert lan.connected == []


def test_an_authority_is_read_at_start_and_not_in_a_call(ehr, network, authority, tmp_path, monkeypatch):
    own = tmp_path / "ca.pem"
    own.write_bytes(authority.file.read_bytes())
    services = services_for(hospital(replace(network, ca_file=own)))
    own.unlink()
    assert answered(services, monkeypatch) == set()
    assert ehr.requests != []


def test_another_hospital_profits_from_none_of_it(ehr, lan, network, monkeypatch):
    other = hospital(Network(), tenant_id="b", base=f"https://{HOST}/other")
    services = services_for(hospital(network), other)
    assert answered(services, monkeypatch) == set()
    connected = len(lan.connected)
    gaps = answered(services, monkeypatch, server=f"https://{HOST}/other")
    assert gaps == {"the address is not one that may be contacted"}
    only_addresses = services_for(hospital(network), replace(other, network=Network(NETWORK)))
    gaps = answered(only_addresses, monkeypatch, server=f"https://{HOST}/other")
    assert gaps == {"the EHR could not be reached safely"}
    assert len(lan.connected) > connected
    assert ehr.asked("other") == ehr.asked("/other") == []


@pytest.mark.usefixtures("ehr")
def test_a_private_authority_is_believed_where_it_is_named_and_nowhere_else(network):
    door = Outbound()
    assert kind_and_step(door.within(Network(NETWORK))) == ("tls", "tls")
    found = door.within(network).get(
        f"{BASE}/Condition", headers={}, allowed=lambda _: True, deadline=time.monotonic() + 5
    )
    assert found.status == 200
    assert kind_and_step(door.within(Network(NETWORK))) == ("tls", "tls")


def test_the_usual_authorities_are_believed_beside_the_hospitals(network):
    usual = Outbound()._adapter._context.cert_store_stats()["x509_ca"]
    own = Outbound().within(network)._adapter._context.cert_store_stats()["x509_ca"]
    assert own == usual + 1 > 50


def test_a_certificate_for_another_name_is_not_believed(ehr, lan, network):
    lan.place("other.hospital.example", INSIDE, ehr.server_port)
    door = Outbound().within(network)
    assert kind_and_step(door, "https://other.hospital.example/fhir") == ("tls", "tls")
    assert ehr.requests == []


@contextmanager
def behind_a_proxy(lan, ehr, authority, address="10.30.0.1", **more):
    """The hospital's network, in which only the proxy can be found; its EHR's name is known to it alone."""
    lan.names.clear()
    lan.machines.clear()
    with proxy_to({f"{HOST}:443": ehr.server_port}, **more) as proxy:
        lan.place("proxy.hospital.example", address, proxy.port)
        yield proxy, Network(ca_file=authority.file, https_proxy=PROXY)


def test_a_server_behind_a_proxy_is_asked_by_way_of_it(ehr, lan, authority, monkeypatch):
    with behind_a_proxy(lan, ehr, authority) as (proxy, network):
        assert answered(services_for(hospital(network)), monkeypatch) == set()
    assert set(proxy.asked) == {("CONNECT", f"{HOST}:443")}
    assert set(lan.connected) == {"10.30.0.1"}
    assert all(sent.get("Proxy-Authorization") is None for sent in ehr.headers)


def test_another_hospital_does_not_use_the_proxy(ehr, lan, authority, monkeypatch):
    with behind_a_proxy(lan, ehr, authority) as (proxy, network):
        other = hospital(Network(), tenant_id="b", base=f"https://{HOST}/other")
        services = services_for(hospital(network), other)
        gaps = answered(services, monkeypatch, server=f"https://{HOST}/other")
        assert gaps == {"the EHR could not be reached"}
        assert proxy.asked == lan.connected == []


def test_what_a_proxy_leads_to_must_prove_its_name(ehr, lan, authority):
    with behind_a_proxy(lan, ehr, authority) as (proxy, network):
        proxy._machines["evil.hospital.example:443"] = ehr.server_port
        door = Outbound().within(network)
        assert kind_and_step(door, "https://evil.hospital.example/fhir") == ("tls", "tls")
        assert kind_and_step(Outbound().within(replace(network, ca_file=None))) == ("tls", "tls")
    assert ehr.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "[::1]", "10.20.0.5"])
def test_a_proxy_is_not_asked_for_an_address_that_may_not_be_spoken_to(host, ehr, lan, authority):
    with behind_a_proxy(lan, ehr, authority) as (proxy, network):
        door = Outbound().within(network)
        assert kind_and_step(door, f"https://{host}/fhir") == ("refused", "address")
        assert proxy.asked == []


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1"])
def test_a_proxys_name_leads_to_a_public_or_private_address_or_nowhere(address, ehr, lan, authority):
    with behind_a_proxy(lan, ehr, authority, address=address) as (proxy, network):
        assert kind_and_step(Outbound().within(network)) == ("refused", "address")
        assert proxy.asked == []


def test_a_proxy_on_this_machine_is_used_where_it_is_written_so(ehr, lan, authority):
    with behind_a_proxy(lan, ehr, authority) as (proxy, network):
        lan.place("127.0.0.1", "127.0.0.1", proxy.port)
        door = Outbound().within(replace(network, https_proxy=f"http://127.0.0.1:{proxy.port}"))
        deadline = time.monotonic() + 5
        assert (
            door.get(f"{BASE}/Condition", headers={}, allowed=lambda _: True, deadline=deadline).status == 200
        )


def test_a_proxy_that_refuses_is_named(ehr, lan, authority):
    deadline = time.monotonic() + 5
    with (
        behind_a_proxy(lan, ehr, authority, status=b"407 Proxy Authentication Required") as (_, network),
        pytest.raises(OutboundError) as error,
    ):
        Outbound().within(network).get(BASE, headers={}, allowed=lambda _: True, deadline=deadline)
    assert (error.value.step, error.value.detail) == ("proxy", "the proxy answered 407")


@pytest.mark.parametrize("reply", [hangs, drips_headers])
def test_a_proxy_that_never_comes_to_an_end_is_left_at_the_deadline(reply, ehr, lan, authority):
    """Its patience is longer than the call's: what ends first is the deadline, or the test."""
    with behind_a_proxy(lan, ehr, authority) as (proxy, network):
        proxy.reply = reply
        kind, _ = kind_and_step(Outbound().within(network), seconds=0.3)
    assert kind == "timeout"


def test_keys_at_a_private_address_are_read_for_their_own_tenant_only(ehr, network):
    """Both tenants name one issuer and one key address, and are told apart by the tenant claim."""
    ehr.script("jwks.json", fhir({"keys": [jwk(ec_key(), "ehr-1")]}))
    client = Client(ISSUER, jwks_url=f"https://{HOST}/fhir/jwks.json", jwt_tenants=("a",), network=network)
    other = replace(client, jwt_tenants=("b",), network=Network())
    tenants = [Tenant("a", clients=(client,)), Tenant("b", clients=(other,))]
    callers = Callers(tenants, KeySets(fetch_through(Outbound())), clock=lambda: NOW)
    head = header(jku=client.jwks_url)
    assert callers.identified(mint(head, claims(tenant="a")), {HOOK}).tenant.id == "a"
    with pytest.raises(Refusal, match="keys refused"):
        callers.identified(mint(head, claims(tenant="b")), {HOOK})


def test_the_detail_view_signs_in_and_reads_within_the_network(ehr, network):
    ehr.script(".well-known/smart-configuration", fhir({"issuer": BASE}))
    own = replace(hospital(network), smart=SmartRegistration("cds", "none"))
    other = replace(own, id="b", fhir_servers=(f"https://{HOST}/b",), network=Network())
    services = services_for(own, other)
    settings = replace(services.settings, secret_keys=("k" * 32,))
    view = smart_door(settings, services.outbound, {}, read_chart, lambda *_: None)
    configuration = f"{BASE}/.well-known/smart-configuration"
    assert view.http(own, BASE).json(configuration, time.monotonic() + 5) == {"issuer": BASE}
    with pytest.raises(Refused):
        view.http(other, BASE).json(configuration, time.monotonic() + 5)
    record = read_chart(services.door_to, services.clock, login_at(BASE), (), time.monotonic() + 5)
    assert [resource.id for resource in record.of_type("Condition")] == ["c0"]
    with pytest.raises(Refused):
        read_chart(services.door_to, services.clock, login_at(f"https://{HOST}/b"), (), time.monotonic() + 5)


def login_at(iss):
    return Login(
        "a", iss, "p1", "u", "token", "patient/*.rs", expires_at=0, view="v", app_context=None,
        need_patient_banner=True, intent="", orders=(),
    )  # fmt: skip


def test_a_failure_says_where_it_came_to_a_stop(lan):
    door = Outbound().within(Network(NETWORK))
    assert kind_and_step(door, "https://nowhere.hospital.example/") == ("connection", "name")
    lan.place(HOST, INSIDE, 1)
    with pytest.raises(OutboundError) as error:
        door.get(BASE, headers={}, allowed=lambda _: True, deadline=time.monotonic() + 2)
    assert (error.value.step, error.value.detail) == ("connection", "Connection refused")
    assert json.dumps(error.value.args).find(HOST) == -1
