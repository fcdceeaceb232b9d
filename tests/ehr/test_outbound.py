"""The one door to other servers: whom it lets be contacted, and what it lets come back."""

import datetime
import socket
import ssl
import threading
import time
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cds_service.evaluation.services import services_from
from cds_service.settings import Settings, Tenant
from cds_service.settings.addresses import AllowedBases, peer_fault, plain_parts, same_origin
from cds_service.settings.tenants import Network
from cds_service.trust.outbound import Outbound, OutboundError
from tests.ehr import hooking
from tests.ehr.hostile import Reply, bundle, fhir, running
from tests.ehr.looking import NOTHING, conditions, gaps, look, only
from tests.ehr.test_references import by_reference, request_for
from tests.ehr.trap import untouched
from tests.policy.chart_notes import patient

OTHER_FORMS = [
    "http://localhost:{port}/fhir", "http://127.0.0.1:{port}/fhir", "http://127.1:{port}/fhir",
    "http://2130706433:{port}/fhir", "http://0x7f000001:{port}/fhir", "http://0177.0.0.1:{port}/fhir",
    "http://[::1]:{port}/fhir", "http://[::ffff:127.0.0.1]:{port}/fhir", "http://[64:ff9b::7f00:1]:{port}/fhir",
    "http://0.0.0.0:{port}/fhir", "http://[::]:{port}/fhir", "http://ehr.example@127.0.0.1:{port}/fhir",
    "http://127.0.0.1:{port}\\@ehr.example/fhir", "//127.0.0.1:{port}/fhir", "http://\uff11\uff12\uff17.0.0.1:{port}/fhir",
]  # fmt: skip


def raised(call):
    with pytest.raises(OutboundError) as error:
        call()
    return error.value.kind


def get(outbound, url, allowed, **more):
    return outbound.get(url, headers={}, allowed=allowed, deadline=time.monotonic() + 2, **more)


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_a_server_that_is_not_in_the_trust_file_gets_no_connection(form, monkeypatch):
    with untouched() as trap, running() as ehr:
        tenant = Tenant("a", fhir_servers=(ehr.base,), policies=("inotuzumab",))
        settings = Settings(dev=True, auth_required=False, tenants=(tenant,), config_path=Path("trust.toml"))
        services = replace(services_from(settings), clock=hooking.SERVICES.clock)
        monkeypatch.setattr(hooking, "SERVICES", services)
        sent = {"patient": patient(), "conditions": None}
        answered = hooking.sign(server=form.format(port=trap.port), prefetch=sent)
        assert (len(answered.cards) > 0, ehr.requests) == (True, [])
        assert raised(
            lambda: get(Outbound(loopback=True), form.format(port=trap.port), AllowedBases((ehr.base,)))
        )


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_outside_development_no_form_of_this_machines_address_gets_a_connection(form):
    with untouched() as trap:
        url = form.format(port=trap.port).replace("http:", "https:")
        assert raised(lambda: get(Outbound(), url, lambda _: True)) in ("refused", "connection")


def test_a_name_that_resolves_to_this_machine_gets_no_connection(monkeypatch):
    with untouched() as trap:
        real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", lambda _, *a, **k: real("127.0.0.1", *a, **k))
        url = f"https://ehr.example:{trap.port}/fhir"
        assert raised(lambda: get(Outbound(), url, AllowedBases(("https://ehr.example",)))) == "refused"
        assert raised(lambda: get(Outbound(), url, lambda _: True)) == "refused"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_leads_nowhere(status):
    with untouched() as trap, running() as ehr:
        ehr.script("", Reply(status, b"", {"Location": f"http://127.0.0.1:{trap.port}/"}))
        assert get(Outbound(loopback=True), f"{ehr.base}/x", AllowedBases((ehr.base,))).status == status


def test_next_links_and_absolute_references_elsewhere_get_no_connection():
    with untouched() as trap, running() as ehr:
        away = f"http://127.0.0.1:{trap.port}/fhir"
        ehr.script("Condition", fhir(bundle(*conditions(1), next_link=f"{away}/Condition?page=2")))
        ehr.script("MedicationRequest", fhir(bundle(request_for(f"{away}/Medication/m1"))))
        look(ehr, only("conditions", "medicationRequests"), drafts=[by_reference(f"{away}/Medication/m2")])
        sent = NOTHING | {"conditions": bundle(next_link=f"{away}/Condition?page=2")}
        assert "conditions" in gaps(look(ehr, sent))


def test_the_token_goes_to_the_hooks_own_server_with_every_request():
    with running(conditions(1)) as ehr:
        look(ehr, token="abc")
        assert {headers.get("Authorization") for headers in ehr.headers} == {"Bearer abc"}
        look(ehr)
        assert ehr.headers[-1].get("Authorization") is None


def test_proxies_netrc_and_cookies_play_no_part(monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    with untouched() as trap, running() as ehr:
        monkeypatch.setenv("NETRC", str(netrc))
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{trap.port}")
        ehr.script("", Reply(200, b"{}", {"Set-Cookie": "a=b; Path=/"}))
        outbound = Outbound(loopback=True)
        for _ in range(2):
            assert get(outbound, f"{ehr.base}/x", AllowedBases((ehr.base,))).status == 200
        assert {"Authorization", "Cookie"} & {name for sent in ehr.headers for name in sent} == set()


BASES = AllowedBases(("https://ehr.example/fhir", "https://other.example:8443"))
UNDER = {
    "https://ehr.example/fhir": True,
    "https://ehr.example:443/fhir/Patient/1?x=1": True,
    "https://other.example:8443/anything": True,
    "https://ehr.example/fhirs": False,
    "https://ehr.example/": False,
    "https://ehr.example/fhir/../admin": False,
    "https://ehr.example/fhir/%2e%2E/admin": False,
    "http://ehr.example/fhir": False,
    "https://ehr.example:444/fhir": False,
    "https://other.example/": False,
    "https://ehr.example.evil.example/fhir": False,
    "https://ehr.example@evil.example/fhir": False,
    "https://ehr.example/fhir#x": False,
    "https://ehr.example\\.evil.example/fhir": False,
    "https://ehr.example:x/fhir": False,
    "": False,
}


@pytest.mark.parametrize("url", UNDER)
def test_a_url_lies_under_an_allowed_base_or_not(url):
    assert BASES(url) is UNDER[url]


def test_same_origin_compares_scheme_host_and_port():
    assert same_origin("https://ehr.example:443/a", "https://ehr.example/fhir")
    assert not same_origin("http://ehr.example/a", "https://ehr.example/fhir")
    assert plain_parts("https://ehr.example/a b") is None


PEERS = {
    "8.8.8.8": None, "2606:4700::1111": None,
    "127.0.0.1": "x", "127.9.9.9": "x", "::1": "x", "::ffff:127.0.0.1": "x", "0.0.0.0": "x", "::": "x",
    "10.0.0.1": "x", "172.16.0.1": "x", "192.168.1.1": "x", "169.254.169.254": "x", "100.64.0.1": "x",
    "fe80::1%eth0": "x", "fd00::1": "x", "64:ff9b::7f00:1": "x", "64:ff9b:1::1": "x", "2002:7f00:1::": "x",
    "2001::1": "x", "::7f00:1": "x", "192.0.0.8": "x", "224.0.0.1": "x", "ff02::1": "x", "240.0.0.1": "x",
}  # fmt: skip


@pytest.mark.parametrize("address", PEERS)
def test_a_peer_may_be_spoken_to_or_not(address):
    assert (peer_fault(address, loopback=False) is None) is (PEERS[address] is None)


def test_loopback_lets_in_this_machine_and_no_other_private_address():
    allowed = {address for address in PEERS if peer_fault(address, loopback=True) is None}
    assert allowed == {"8.8.8.8", "2606:4700::1111", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}


def test_a_body_larger_than_its_cap_is_not_read():
    with running() as ehr:
        ehr.script("", Reply(200, b"x" * 1000))
        assert get(Outbound(loopback=True), f"{ehr.base}/x", lambda _: True, max_bytes=1000).status == 200
        kind = raised(lambda: get(Outbound(loopback=True), f"{ehr.base}/x", lambda _: True, max_bytes=999))
    assert kind == "too-large"


def test_a_message_never_holds_the_address():
    with pytest.raises(OutboundError) as error:
        get(Outbound(loopback=True), "http://127.0.0.1:1/fhir/Patient/secret", lambda _: True)
    assert "secret" not in str(error.value)


def test_a_connection_is_used_again():
    with running() as ehr:
        peers = set()
        ehr.verify_request = lambda _request, peer: peers.add(peer) or True
        outbound = Outbound(loopback=True)
        for _ in range(5):
            get(outbound, f"{ehr.base}/Condition?patient=p1", AllowedBases((ehr.base,)))
    assert len(peers) == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that signs itself, as (certificate file, key file)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture
def tls_base(certificate):
    """A TLS server that answers any request with ``{}``, or by drips for ``/drip``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(raw):
        try:
            with context.wrap_socket(raw, server_side=True) as connection:
                request = connection.recv(4096)
                if b"/drip" not in request:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                    return
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                for _ in range(100):
                    connection.sendall(b"X-Drop: 1\r\n")
                    time.sleep(0.05)
        except OSError:  # the client has left, as it should
            return

    def accept():
        while True:
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(raw,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_tls_is_verified_and_bounded_by_the_deadline(tls_base, certificate):
    trusting = Outbound(loopback=True, network=Network(ca_file=certificate[0]))
    assert get(trusting, f"{tls_base}/x", lambda _: True).body == b"{}"
    assert raised(lambda: get(Outbound(loopback=True), f"{tls_base}/x", lambda _: True)) == "tls"
    late = time.monotonic() + 0.4
    dripped = raised(
        lambda: trusting.get(f"{tls_base}/drip", headers={}, allowed=lambda _: True, deadline=late)
    )
    assert dripped == "timeout"
