"""The bare address: the sandbox in development, a short page without any secret elsewhere."""

from pathlib import Path

import pytest

from cds_service import __version__

KEY = "k" * 40
TRUST = """
[[tenant]]
id = "hospital-a"
fhir_servers = ["https://ehr.example.org/fhir"]
"""


@pytest.fixture
def production(start, tmp_path: Path):
    (tmp_path / "trust.toml").write_text(TRUST)
    return start(
        {
            "CDS_PUBLIC_URL": "https://cds.example.org",
            "CDS_CONFIG": str(tmp_path / "trust.toml"),
            "CDS_SECRET_KEY": KEY,
            "CDS_DATABASE_URL": f"sqlite:///{tmp_path}/cds.sqlite3",
        }
    )


def test_in_development_it_leads_to_the_sandbox(client):
    assert client.get("/").location == "/sandbox/"


def test_in_production_it_says_what_this_is(production):
    answer = production.test_client().get("/")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert "CDS Hooks service" in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_in_production_it_tells_nothing_of_the_settings(production):
    text = production.test_client().get("/").text
    for secret in (KEY, "hospital-a", "ehr.example.org", "sqlite", "sandbox", __version__):
        assert secret not in text
