"""The trust file: all of its faults in one reading, and an unknown member told from a missing one."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_service.settings import SettingsError
from tests.unit.test_settings_trust_file import CLIENT, folder, read, tenant

__all__ = ["folder"]


def faults(folder: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        read(folder, text, **environ)
    assert all(fault.mend for fault in refused.value.faults)
    return [fault.text for fault in refused.value.faults]


def test_all_faults_are_told_at_once(folder: Path) -> None:
    text = """
[[tenant]]
id = "a"
fhir_servers = ["http://e.example.org", "ehr"]
payer_identifiers = ["MMM"]
[[tenant.client]]
isuer = "https://e.example.org"
jwks_file = "absent"
[tenant.smart]
client_id = "c"
auth = "private_key_jwt"
private_key_file = "absent.pem"
[[tenant]]
policies = ["aspirin"]
"""
    told = faults(folder, text, CDS_DEADLINE_S="0", CDS_SECRET_KEY="short")

    assert [fault.split()[0] for fault in told] == ["CDS_SECRET_KEY:", "CDS_DEADLINE_S"] + ["trust"] * 8
    assert [fault.split()[2] for fault in told[2:]] == [
        "tenant[0].fhir_servers",
        "tenant[0].fhir_servers",
        "tenant[0].payer_identifiers",
        "tenant[0].client[0].jwks_file",
        "tenant[0].client[0].isuer",
        "tenant[0].smart.private_key_file",
        "tenant[1].policies",
        "tenant[1].id",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            tenant(CLIENT.replace("issuer", "isuer")),
            "client[0].isuer is not a known member; did you mean issuer?",
        ),
        (
            tenant(CLIENT.replace("jwks_url", "jwks_uri")),
            "client[0].jwks_uri is not a known member; did you mean",
        ),
        (tenant('fhir_server = ["https://e.example.org"]'), "did you mean fhir_servers?"),
        (tenant('private_network = ["10.20.0.0/16"]'), "did you mean private_networks?"),
        (tenant("colour = 1"), "tenant[0].colour is not a known member"),
        (tenant(CLIENT.replace('issuer = "https://e.example.org"', "")), "client[0].issuer is missing"),
        ('[[tenants]]\nid = "a"\n', "tenants is not a known member; did you mean tenant?"),
    ],
)
def test_an_unknown_member_is_told_from_a_missing_one(folder: Path, text: str, told: str) -> None:
    (fault,) = faults(folder, text)

    assert told in fault
    assert ("did you mean" in fault) is ("did you mean" in told)
