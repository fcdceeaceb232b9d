"""The trust file: what it may hold, and that a refusal names the member at fault."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from certifi import where

from cds_service.settings import Client, Settings, SettingsError, SmartRegistration
from cds_service.settings.addresses import private_network
from cds_service.settings.tenants import Network

WHOLE = """
[[tenant]]
id = "hospital-a"
fhir_servers = ["https://ehr.example.org/fhir/"]
payer_identifiers = ["urn:oid:1.2.3|MMM"]
policies = ["inotuzumab"]
frame_ancestors = ["https://ehr.example.org"]
members_file = "members.csv"

[[tenant.client]]
issuer = "https://ehr.example.org"
jwks_url = "https://ehr.example.org/jwks.json"
algorithms = ["ES384", "RS256"]
extra_audiences = ["cds"]
jwt_tenants = ["a", "b"]

[[tenant.client]]
issuer = "https://other.example.org"
jwks_file = "keys.json"

[tenant.smart]
client_id = "cds"
auth = "private_key_jwt"
private_key_file = "smart.pem"
hosts = ["login.example.org"]
"""

CLIENT = '[[tenant.client]]\nissuer = "https://e.example.org"\njwks_url = "https://e.example.org/k"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "members.csv").write_text("payer,member_id\nurn:oid:1.2.3|MMM,M1\n")
    (tmp_path / "wrong.csv").write_text("member\nM1\n")
    # Beyond what is read at once, where reading the header alone would not meet it.
    (tmp_path / "latin-1.csv").write_bytes(b"payer,member_id\n" + b"a|b,1\n" * 20_000 + b"a|\xe9,1\n")
    (tmp_path / "no-end.csv").write_text('payer,member_id\n"' + "x" * 200_000)
    (tmp_path / "keys.json").write_text('{"keys": []}')
    (tmp_path / "smart.pem").write_text("a key")
    (tmp_path / "secret").write_text("open sesame\n")
    (tmp_path / "blank").write_text("\n")
    return tmp_path


def read(folder: Path, text: str, **environ: str) -> Settings:
    (folder / "trust.toml").write_text(text)
    return Settings.from_environment(
        {
            "CDS_CONFIG": str(folder / "trust.toml"),
            "CDS_SECRET_KEY": "k" * 32,
            "CDS_PUBLIC_URL": "http://127.0.0.1:8080",
            **environ,
        }
    )


def test_a_whole_trust_file_is_read(folder: Path) -> None:
    (tenant,) = read(folder, WHOLE).tenants

    assert tenant.fhir_servers == ("https://ehr.example.org/fhir",)
    assert tenant.payer_identifiers == ("urn:oid:1.2.3|MMM",)
    assert tenant.policies == ("inotuzumab",)
    assert tenant.frame_ancestors == ("https://ehr.example.org",)
    assert tenant.members_file == folder / "members.csv"
    assert tenant.clients == (
        Client(
            "https://ehr.example.org",
            jwks_url="https://ehr.example.org/jwks.json",
            algorithms=("ES384", "RS256"),
            extra_audiences=("cds",),
            jwt_tenants=("a", "b"),
        ),
        Client("https://other.example.org", jwks_file=folder / "keys.json"),
    )
    assert tenant.smart == SmartRegistration(
        "cds", "private_key_jwt", private_key_file=folder / "smart.pem", hosts=("login.example.org",)
    )


def test_a_tenant_that_names_no_policy_has_every_policy(folder: Path) -> None:
    assert "inotuzumab" in read(folder, '[[tenant]]\nid = "a"\n').tenants[0].policies


def test_a_client_secret_comes_from_the_environment_and_is_not_printed(folder: Path) -> None:
    text = (
        '[[tenant]]\nid = "a"\n[tenant.smart]\nclient_id = "c"\n'
        'auth = "client_secret_basic"\nclient_secret_env = "EHR_SECRET"\n'
    )
    smart = read(folder, text, EHR_SECRET="open sesame").tenants[0].smart

    assert smart is not None
    assert smart.client_secret == "open sesame"
    assert "open sesame" not in repr(smart)


def tenant(*lines: str) -> str:
    return "\n".join(['[[tenant]]\nid = "a"', *lines, ""])


def smart(*lines: str) -> str:
    return tenant("[tenant.smart]", 'client_id = "c"', *lines)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "[[tenant]]"),
        ("not toml", "CDS_CONFIG"),
        ("version = 1\n" + tenant(), "version"),
        ("[tenant]\nid = 'a'", "tenant"),
        ('[[tenant]]\nfhir_servers = ["https://e.example.org"]', "tenant[0].id"),
        ('[[tenant]]\nid = " "', "tenant[0].id"),
        (tenant() + tenant(), "tenant[1].id"),
        (tenant('fhir_server = ["https://e.example.org"]'), "tenant[0].fhir_server "),
        (tenant('fhir_servers = "https://e.example.org"'), "tenant[0].fhir_servers"),
        (tenant('fhir_servers = ["http://e.example.org"]'), "tenant[0].fhir_servers"),
        (tenant('fhir_servers = ["http://127.0.0.1/fhir"]'), "tenant[0].fhir_servers"),
        (tenant('fhir_servers = ["https://u@e.example.org"]'), "tenant[0].fhir_servers"),
        (tenant('fhir_servers = ["https://e.example.org/fhir?a=b"]'), "tenant[0].fhir_servers"),
        (tenant('fhir_servers = ["https://e\\u00e9.example.org"]'), "tenant[0].fhir_servers"),
        (tenant('fhir_servers = ["https://e.example.org\\\\@x"]'), "tenant[0].fhir_servers"),
        (
            tenant('fhir_servers = ["https://e.example.org"]')
            + '[[tenant]]\nid = "b"\nfhir_servers = ["https://e.example.org/"]',
            "tenant[1].fhir_servers",
        ),
        (tenant('payer_identifiers = ["MMM"]'), "tenant[0].payer_identifiers"),
        (tenant('policies = ["aspirin"]'), "tenant[0].policies"),
        (tenant("policies = []"), "tenant[0].policies"),
        (tenant('frame_ancestors = ["http://e.example.org"]'), "tenant[0].frame_ancestors"),
        (tenant('frame_ancestors = ["https://e.example.org/page"]'), "tenant[0].frame_ancestors"),
        (tenant('frame_ancestors = ["*"]'), "tenant[0].frame_ancestors"),
        (tenant('members_file = "absent.csv"'), "tenant[0].members_file"),
        (tenant('members_file = "wrong.csv"'), "tenant[0].members_file"),
        (tenant('members_file = "latin-1.csv"'), "tenant[0].members_file"),
        (tenant('members_file = "no-end.csv"'), "tenant[0].members_file"),
        (tenant("[tenant.client]", 'issuer = "https://e.example.org"'), "tenant[0].client"),
        (tenant("[[tenant.client]]", 'jwks_url = "https://e.example.org/k"'), "tenant[0].client[0].issuer"),
        (tenant(CLIENT.replace('issuer = "https', 'issuer = "http')), "tenant[0].client[0].issuer"),
        (tenant(CLIENT.replace('jwks_url = "https', 'jwks_url = "http')), "tenant[0].client[0].jwks_url"),
        (tenant("[[tenant.client]]", 'issuer = "https://e.example.org"'), "tenant[0].client[0].jwks_url"),
        (tenant(CLIENT + 'jwks_file = "keys.json"'), "tenant[0].client[0].jwks_url"),
        (
            tenant("[[tenant.client]]", 'issuer = "https://e.example.org"', 'jwks_file = "absent"'),
            "tenant[0].client[0].jwks_file",
        ),
        (tenant(CLIENT + 'algorithms = ["HS256"]'), "tenant[0].client[0].algorithms"),
        (tenant(CLIENT + 'algorithms = ["none"]'), "tenant[0].client[0].algorithms"),
        (tenant(CLIENT + "algorithms = []"), "tenant[0].client[0].algorithms"),
        (tenant(CLIENT + "extra_audiences = [1]"), "tenant[0].client[0].extra_audiences"),
        (tenant(CLIENT + 'audience = "x"'), "tenant[0].client[0].audience"),
        (tenant(CLIENT + CLIENT), "client.issuer"),
        (tenant(CLIENT + 'jwt_tenants = ["a"]\n' + CLIENT + 'jwt_tenants = ["a", "b"]'), "client.issuer"),
        (tenant("smart = 1"), "tenant[0].smart"),
        (smart(), "tenant[0].smart.auth"),
        (smart('auth = "magic"'), "tenant[0].smart.auth"),
        (smart('auth = "private_key_jwt"'), "tenant[0].smart.private_key_file"),
        (smart('auth = "none"', 'private_key_file = "smart.pem"'), "tenant[0].smart.private_key_file"),
        (smart('auth = "client_secret_basic"'), "tenant[0].smart.client_secret_env"),
        (
            smart('auth = "client_secret_basic"', 'client_secret_env = "NOT_SET"'),
            "tenant[0].smart.client_secret_env",
        ),
        (smart('auth = "none"', 'hosts = ["https://login.example.org"]'), "tenant[0].smart.hosts"),
        (smart('auth = "none"', 'hosts = ["login.example.org/oauth"]'), "tenant[0].smart.hosts"),
        (smart('auth = "none"', 'hosts = ["Login.example.org"]'), "tenant[0].smart.hosts"),
        (smart('auth = "none"', 'hosts = ["*.example.org"]'), "tenant[0].smart.hosts"),
        (smart('auth = "none"', 'client_secret = "x"'), "tenant[0].smart.client_secret"),
        (tenant("[tenant.smart]", 'auth = "none"'), "tenant[0].smart.client_id"),
        (smart('auth = "client_secret_basic"', 'client_secret_file = "absent"'), "client_secret_file"),
        (smart('auth = "client_secret_basic"', 'client_secret_file = "blank"'), "client_secret_file"),
        (smart('auth = "none"', 'client_secret_file = "secret"'), "tenant[0].smart.client_secret_env or"),
        (
            smart(
                'auth = "client_secret_basic"', 'client_secret_file = "secret"', 'client_secret_env = "HOME"'
            ),
            "tenant[0].smart.client_secret_env or",
        ),
        (tenant('private_networks = ["10.20.0.5/16"]'), "tenant[0].private_networks"),
        (tenant('private_networks = ["0.0.0.0/0"]'), "tenant[0].private_networks"),
        (tenant('private_networks = ["127.0.0.0/8"]'), "tenant[0].private_networks"),
        (tenant('private_networks = "10.20.0.0/16"'), "tenant[0].private_networks"),
        (tenant('ca_file = "absent.pem"'), "tenant[0].ca_file"),
        (tenant('ca_file = "keys.json"'), "tenant[0].ca_file"),
        (tenant('https_proxy = "proxy.example.org:3128"'), "tenant[0].https_proxy"),
        (tenant('https_proxy = "https://proxy.example.org:3128"'), "tenant[0].https_proxy"),
        (tenant('https_proxy = "http://proxy.example.org"'), "tenant[0].https_proxy"),
        (tenant('https_proxy = "http://u:p@proxy.example.org:3128"'), "tenant[0].https_proxy"),
        (tenant('https_proxy = "http://proxy.example.org:3128/x"'), "tenant[0].https_proxy"),
    ],
)
def test_a_refusal_names_the_member_at_fault(folder: Path, text: str, named: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(named)):
        read(folder, text)


@pytest.mark.parametrize(
    "text",
    [
        tenant('fhir_servers = ["http://127.0.0.1:9000/fhir"]'),
        tenant(CLIENT.replace("https://e.example.org", "http://127.0.0.1:9000")),
        tenant('frame_ancestors = ["http://127.0.0.1:9000"]'),
    ],
)
def test_development_allows_plain_http_on_loopback(folder: Path, text: str) -> None:
    assert read(folder, text, CDS_DEV="1").tenants[0].id == "a"


def test_two_clients_may_share_an_issuer_when_the_tenant_claim_tells_them_apart(folder: Path) -> None:
    text = tenant(CLIENT + 'jwt_tenants = ["a"]\n' + CLIENT + 'jwt_tenants = ["b"]')

    assert len(read(folder, text).tenants[0].clients) == 2


def test_a_hospitals_network_is_read_and_is_its_clients_too(folder: Path) -> None:
    (folder / "ca.pem").write_text(Path(where()).read_text())
    text = (
        tenant(
            'private_networks = ["10.20.0.0/16", "fd12::/32"]',
            'ca_file = "ca.pem"',
            'https_proxy = "http://10.30.0.1:3128"',
            CLIENT,
        )
        + '[[tenant]]\nid = "b"\n'
    )
    own, other = read(folder, text).tenants

    assert own.network == Network(
        (private_network("10.20.0.0/16"), private_network("fd12::/32")),
        folder / "ca.pem",
        "http://10.30.0.1:3128",
    )
    assert [client.network for client in own.clients] == [own.network]
    assert other.network == Network()


def test_a_client_secret_may_be_in_a_file(folder: Path) -> None:
    text = smart('auth = "client_secret_basic"', 'client_secret_file = "secret"')
    registration = read(folder, text).tenants[0].smart

    assert registration is not None
    assert registration.client_secret == "open sesame"
