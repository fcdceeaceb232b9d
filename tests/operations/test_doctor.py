"""The check-up from outside: what it finds well, and for each fault the word that leads to its mend."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cds_service.cli import main
from tests.ehr.hospital import Authority, Lan, ehr_of, proxy_to
from tests.ehr.hostile import Reply, fhir
from tests.trust.minting import ISSUER, ec_key, jwk
from tests.web.keys import ec_pem

HOST = "ehr.hospital.example"
BASE = f"https://{HOST}/fhir"
CAPABILITIES = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}
SMART = {
    "issuer": BASE,
    "authorization_endpoint": f"https://{HOST}/authorize",
    "token_endpoint": f"https://{HOST}/token",
    "jwks_uri": f"{BASE}/signing.json",
    "code_challenge_methods_supported": ["S256"],
}


def run(environment: dict[str, str], *arguments: str) -> Result:
    return CliRunner(env=environment).invoke(main, ["doctor", *arguments])


def found(environment: dict[str, str]) -> dict[str, list[str]]:
    """The texts of the findings by state."""
    result = run(environment, "--json")
    answer = json.loads(result.output)
    by_state: dict[str, list[str]] = {"ok": [], "warning": [], "fault": []}
    for finding in answer["findings"]:
        by_state[finding["state"]].append(finding["text"])
        assert bool(finding["mend"]) is (finding["state"] != "ok")
    assert answer["faults"] == len(by_state["fault"])
    assert result.exit_code == (1 if answer["faults"] else 0)
    return by_state


@pytest.fixture
def lan(monkeypatch: pytest.MonkeyPatch) -> Lan:
    return Lan(monkeypatch)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def ehr(lan: Lan, authority: Authority) -> Iterator[Any]:
    with ehr_of(authority, HOST) as ehr:
        ehr.script("metadata", fhir(CAPABILITIES))
        ehr.script("jwks.json", fhir({"keys": [jwk(ec_key(), "ehr-1")]}))
        ehr.script("signing.json", fhir({"keys": [jwk(ec_key(), "sign-1")]}))
        ehr.script(".well-known/smart-configuration", fhir(SMART))
        lan.place(HOST, "10.20.0.5", ehr.server_port)
        yield ehr


@pytest.fixture
def trusted(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The environment of a service whose hospital has a network of its own."""
    smart = tmp_path / "smart.pem"
    smart.write_text(ec_pem())
    smart.chmod(0o600)
    write(environment)
    return {**environment, "CDS_PROXY_HOPS": "1"}


def write(environment: dict[str, str], *, change: tuple[str, str] = ("", "")) -> None:
    text = f"""
[[tenant]]
id = "hospital-a"
fhir_servers = ["{BASE}"]
private_networks = ["10.20.0.0/16"]
ca_file = "hospital-ca.pem"
[[tenant.client]]
issuer = "{ISSUER}"
jwks_url = "{BASE}/jwks.json"
[tenant.smart]
client_id = "cds"
auth = "private_key_jwt"
private_key_file = "smart.pem"
"""
    assert change[0] in text
    Path(environment["CDS_CONFIG"]).write_text(text.replace(*change))


@pytest.mark.usefixtures("ehr")
def test_a_healthy_service_has_nothing_to_mend(trusted: dict[str, str]) -> None:
    by_state = found(trusted)

    assert (by_state["fault"], by_state["warning"]) == ([], [])
    assert f"{BASE}: FHIR 4.0.1" in by_state["ok"]
    assert f"{BASE}: SMART configuration, 1 signing keys" in by_state["ok"]
    assert any("1 usable keys" in text for text in by_state["ok"])
    readable = run(trusted)
    assert readable.exit_code == 0
    assert readable.output.splitlines()[0].startswith("ok     settings")


def servers(environment: dict[str, str]) -> list[str]:
    """The faults of servers, each without its address."""
    return [text.partition("/metadata: ")[2] for text in found(environment)["fault"] if "/metadata" in text]


def test_a_name_without_an_address_is_told(trusted: dict[str, str], lan: Lan, authority: Authority) -> None:
    assert (lan.connected, authority.file.exists()) == ([], True)
    assert servers(trusted) == ["name: the name has no address"]


@pytest.mark.usefixtures("ehr")
def test_an_address_that_is_refused_is_told(trusted: dict[str, str], lan: Lan) -> None:
    write(trusted, change=("10.20.0.0/16", "10.21.0.0/16"))

    assert servers(trusted) == ["address refused: 10.20.0.5: address that is not public"]
    assert "private_networks" in run(trusted).output
    assert lan.connected == []


@pytest.mark.usefixtures("authority")
def test_a_server_that_is_not_there_is_told(trusted: dict[str, str], lan: Lan) -> None:
    lan.place(HOST, "10.20.0.5", 1)

    assert servers(trusted) == ["no connection: Connection refused"]


@pytest.mark.usefixtures("ehr")
def test_an_authority_that_is_not_known_is_told(trusted: dict[str, str]) -> None:
    write(trusted, change=('ca_file = "hospital-ca.pem"', ""))

    assert servers(trusted) == ["TLS: unable to get local issuer certificate"]
    assert "ca_file" in run(trusted).output


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(404), "name, address and TLS are well; answered 404"),
        (Reply(200, b"<html>"), "is no CapabilityStatement in JSON"),
        (fhir({"resourceType": "CapabilityStatement", "fhirVersion": "3.0.2"}), "speaks FHIR 3.0.2"),
        (fhir({"resourceType": "CapabilityStatement", "fhirVersion": "4.6.0"}), "speaks FHIR 4.6.0"),
        (fhir({"fhirVersion": 4}), "is no CapabilityStatement in JSON"),
    ],
)
def test_an_answer_that_is_not_fhir_r4_is_told(
    trusted: dict[str, str], ehr: Any, reply: Reply, said: str
) -> None:
    ehr.script("metadata", reply)

    assert servers(trusted) == [said]


def test_a_server_of_r4b_is_told_as_such(trusted: dict[str, str], ehr: Any) -> None:
    ehr.script("metadata", fhir({"resourceType": "CapabilityStatement", "fhirVersion": "4.3.0"}))

    by_state = found(trusted)

    assert by_state["fault"] == []
    assert f"{BASE}/metadata: speaks FHIR 4.3.0, which is R4B and not R4" in by_state["warning"]


def test_a_server_that_asks_for_a_token_is_no_fault(trusted: dict[str, str], ehr: Any) -> None:
    ehr.script("metadata", Reply(401))

    by_state = found(trusted)
    assert by_state["fault"] == []
    assert "answered 401" in by_state["warning"][0]


def test_a_proxy_that_refuses_is_told(trusted: dict[str, str], ehr: Any, lan: Lan) -> None:
    with proxy_to({f"{HOST}:443": ehr.server_port}, status=b"403 Forbidden") as proxy:
        lan.place("proxy.hospital.example", "10.30.0.1", proxy.port)
        write(
            trusted,
            change=(
                "private_networks",
                f'https_proxy = "http://proxy.hospital.example:{proxy.port}"\nprivate_networks',
            ),
        )
        assert servers(trusted) == ["proxy: the proxy answered 403"]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(404), "answered 404"),
        (fhir({**SMART, "code_challenge_methods_supported": ["plain"]}), "no-pkce-s256"),
        (fhir({**SMART, "token_endpoint": "https://other.example/token"}), "token-endpoint-elsewhere"),
        (fhir({**SMART, "jwks_uri": f"{BASE}/gone.json"}), "unexpected-status"),
        (fhir({**SMART, "jwks_uri": f"{BASE}/empty.json"}), "leads to no signing keys"),
    ],
)
def test_a_sign_in_that_cannot_work_is_told(
    trusted: dict[str, str], ehr: Any, reply: Reply, said: str
) -> None:
    ehr.script(".well-known/smart-configuration", reply)
    ehr.script("gone.json", Reply(404))
    ehr.script("empty.json", fhir({"keys": []}))

    (fault,) = found(trusted)["fault"]
    assert fault.endswith(f"smart-configuration: {said}")


@pytest.mark.parametrize("member", ["d", "p", "k"])
def test_a_key_set_that_publishes_a_private_key_is_warned_of(
    trusted: dict[str, str], ehr: Any, member: str
) -> None:
    ehr.script("jwks.json", fhir({"keys": [jwk(ec_key(), "ehr-1", **{member: "AAAA"})]}))

    by_state = found(trusted)
    assert by_state["warning"] == [f"{BASE}/jwks.json: publishes the private part of ehr-1"]
    assert by_state["fault"] == []


@pytest.mark.parametrize(("reply", "why"), [(Reply(500), "status 500"), (Reply(200, b"[]"), "shape")])
def test_a_key_address_without_keys_is_told(
    trusted: dict[str, str], ehr: Any, reply: Reply, why: str
) -> None:
    ehr.script("jwks.json", reply)

    assert found(trusted)["fault"] == [f"{ISSUER}: no keys from {BASE}/jwks.json ({why})"]


@pytest.mark.usefixtures("ehr")
def test_a_key_that_any_account_can_read_is_warned_of(trusted: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "smart.pem").chmod(0o644)

    (warning,) = found(trusted)["warning"]
    assert "any account can read" in warning


@pytest.mark.usefixtures("ehr")
@pytest.mark.parametrize("name", ["CDS_SECRET_KEY", "CDS_DATABASE_URL", "client_secret_file"])
def test_a_secret_in_a_file_that_any_account_can_read_is_warned_of(
    trusted: dict[str, str], tmp_path: Path, name: str
) -> None:
    file = tmp_path / "secret"
    file.write_text(trusted.get(name, "open sesame"))
    if name in trusted:
        trusted = {**trusted, f"{name}_FILE": str(file)}
        del trusted[name]
    else:
        own = 'auth = "private_key_jwt"\nprivate_key_file = "smart.pem"'
        write(trusted, change=(own, 'auth = "client_secret_basic"\nclient_secret_file = "secret"'))
    file.chmod(0o640)
    assert found(trusted)["warning"] == []

    file.chmod(0o644)
    (warning,) = found(trusted)["warning"]
    assert warning.endswith(f"any account can read {file}")


@pytest.mark.usefixtures("ehr")
def test_proxy_rules_that_do_not_fit_are_warned_of(
    trusted: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "8080")

    warnings = found({**trusted, "CDS_PROXY_HOPS": "0"})["warning"]
    assert [warning.split()[0] for warning in warnings] == ["CDS_PROXY_HOPS", "PORT"]
    assert [warning.split()[0] for warning in found(trusted)["warning"]] == ["PORT"]


def test_all_faults_of_settings_and_trust_file_are_told_in_one_run(environment: dict[str, str]) -> None:
    Path(environment["CDS_CONFIG"]).write_text(
        '[[tenant]]\nfhir_servers = ["http://e.example.org"]\n'
        '[[tenant.client]]\nisuer = "https://e.example.org"\njwks_url = "https://e.example.org/k"\n'
    )
    environment["CDS_PUBLIC_URL"] = "http://cds.example.org"
    environment["CDS_SECRET_KEY"] = "short"

    result = run(environment)
    lines = result.output.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == ["FAULT", "mend:"] * 5
    assert "did you mean issuer?" in result.output
    assert "issuer is missing" not in result.output
    assert (result.exit_code, lines[-1]) == (1, "Error: 5 to mend")
    assert json.loads(run(environment, "--json").output)["faults"] == 5
