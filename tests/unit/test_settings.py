"""The environment: what is accepted, what makes the service refuse to start, and that it says why."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cds_service.settings import Settings, SettingsError

DEV = {"CDS_DEV": "1"}
KEY = "k" * 32


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    """The least that starts a service that is not in development."""
    trust = tmp_path / "trust.toml"
    trust.write_text('[[tenant]]\nid = "a"\nfhir_servers = ["https://ehr.example.org/fhir"]\n')
    return {"CDS_CONFIG": str(trust), "CDS_SECRET_KEY": KEY, "CDS_PUBLIC_URL": "https://cds.example.org"}


def test_development_starts_with_nothing_else_set() -> None:
    settings = Settings.from_environment(DEV)

    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.database_url == "sqlite:///var/cds.sqlite3"
    assert settings.deadline_s == 4.0
    assert settings.auth_required
    assert not settings.discovery_requires_jwt
    assert settings.log_level == "INFO"
    assert settings.fixed_now is None
    assert len(settings.secret_keys[0]) >= 32


def test_production_starts_with_a_trust_file_and_a_key(production: dict[str, str]) -> None:
    settings = Settings.from_environment(production)

    assert not settings.dev
    assert settings.auth_required
    assert [tenant.id for tenant in settings.tenants] == ["a"]
    assert settings.config_path == Path(production["CDS_CONFIG"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CDS_SECRET_KEY", None),
        ("CDS_SECRET_KEY", "short"),
        ("CDS_SECRET_KEY", f"{KEY},"),
        ("CDS_SECRET_KEY", f"{KEY},short"),
        ("CDS_CONFIG", None),
        ("CDS_CONFIG", "/nowhere/trust.toml"),
        ("CDS_AUTH", "optional"),
        ("CDS_AUTH", "off"),
        ("CDS_FIXED_NOW", "2026-04-15T09:00:00-04:00"),
        ("CDS_DEV", "yes"),
        ("CDS_PUBLIC_URL", "cds.example.org"),
        ("FLASK_DEBUG", "1"),
        ("CDS_AUDIT_DAYS", "0"),
        ("CDS_FEEDBACK_DAYS", "-1"),
        ("CDS_DISPUTE_DAYS", "1.5"),
        ("CDS_RATE_LIMIT", "many"),
        ("CDS_PROXY_HOPS", "1000000000"),
        ("CDS_PUBLIC_URL", "http://cds.example.org"),
        ("CDS_PUBLIC_URL", "https://user:secret@cds.example.org"),
        ("CDS_PUBLIC_URL", "https://cds.example.org/?a=b"),
        ("CDS_DEADLINE_S", "0"),
        ("CDS_DEADLINE_S", "-1"),
        ("CDS_DEADLINE_S", "nan"),
        ("CDS_DEADLINE_S", "inf"),
        ("CDS_DEADLINE_S", "soon"),
        ("CDS_DISCOVERY", "open"),
        ("CDS_LOG_LEVEL", "DEBUG"),
        ("CDS_SECRETKEY", KEY),
    ],
)
def test_refusing_to_start_names_the_setting(
    production: dict[str, str], name: str, value: str | None
) -> None:
    environ = {k: v for k, v in production.items() if k != name}
    if value is not None:
        environ[name] = value

    with pytest.raises(SettingsError, match=name):
        Settings.from_environment(environ)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CDS_PUBLIC_URL", "https://cds.example.org"),
        ("CDS_PUBLIC_URL", "http://10.0.0.1:8080"),
        ("CDS_FIXED_NOW", "yesterday"),
        ("CDS_FIXED_NOW", "2026-04-15T09:00:00"),
        ("CDS_FIXED_NOW", "0001-01-01T00:00:00Z"),
        ("CDS_SECRET_KEY", "short"),
    ],
)
def test_development_refuses_too(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment({**DEV, name: value})


def test_a_number_that_is_too_large_is_told_how_large_it_may_be() -> None:
    with pytest.raises(SettingsError, match="CDS_AUDIT_DAYS must be a whole number from 1 to 999999"):
        Settings.from_environment({**DEV, "CDS_AUDIT_DAYS": "1000000"})


def test_refusing_to_start_never_prints_a_key() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({**DEV, "CDS_SECRET_KEY": "hunter2"})

    assert "hunter2" not in str(refused.value)


def test_keys_rotate_as_a_list() -> None:
    settings = Settings.from_environment({**DEV, "CDS_SECRET_KEY": f"{'n' * 32}, {'o' * 32}"})

    assert settings.secret_keys == ("n" * 32, "o" * 32)


def test_settings_do_not_print_their_keys() -> None:
    assert KEY not in repr(Settings.from_environment({**DEV, "CDS_SECRET_KEY": KEY}))


def test_a_blank_setting_is_an_absent_one() -> None:
    assert Settings.from_environment({**DEV, "CDS_AUTH": "", "CDS_DEADLINE_S": " "}).auth_required


def test_today_is_the_day_of_the_machines_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.from_environment(DEV)
    try:
        for zone, hours in (("AST4", -4), ("UTC0", 0)):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            assert settings.now().utcoffset() == timedelta(hours=hours)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_fixed_clock_is_an_aware_instant() -> None:
    settings = Settings.from_environment({**DEV, "CDS_FIXED_NOW": "2026-04-15T09:00:00-04:00"})

    assert settings.fixed_now == datetime(2026, 4, 15, 13, tzinfo=UTC)


def test_one_trailing_slash_of_the_public_address_is_ignored(production: dict[str, str]) -> None:
    production["CDS_PUBLIC_URL"] = "https://cds.example.org/hooks/"

    assert Settings.from_environment(production).public_url == "https://cds.example.org/hooks"


@pytest.mark.parametrize(
    ("base", "allowed"),
    [
        ("http://127.0.0.1:8080/sandbox/fhir", True),
        ("http://localhost/fhir/", True),
        ("http://[::1]:8080/fhir", True),
        ("https://127.0.0.1/fhir", True),
        ("http://ehr.example.org/fhir", False),
        ("https://ehr.example.org/fhir", False),
        ("http://localhost.example.org/fhir", False),
        ("http://127.0.0.1@ehr.example.org/fhir", False),
        ("http://0.0.0.0/fhir", False),
        ("file:///etc/passwd", False),
        ("http://127.0.0.1:99999/fhir", False),
    ],
)
def test_without_a_trust_file_only_loopback_is_allowed(base: str, allowed: bool) -> None:
    tenant = Settings.from_environment(DEV).tenant_for_fhir_server(base)

    assert (tenant is not None) is allowed


@pytest.mark.parametrize(
    ("base", "allowed"),
    [
        ("https://ehr.example.org/fhir", True),
        ("https://ehr.example.org/fhir/", True),
        ("https://ehr.example.org/fhir//", False),
        ("https://ehr.example.org/fhir/more", False),
        ("https://ehr.example.org", False),
        ("https://EHR.example.org/fhir", False),
        ("http://127.0.0.1:8080/fhir", False),
    ],
)
def test_with_a_trust_file_only_its_exact_bases_are_allowed(
    production: dict[str, str], base: str, allowed: bool
) -> None:
    tenant = Settings.from_environment(production).tenant_for_fhir_server(base)

    assert (tenant is not None) is allowed


def test_a_trust_file_closes_loopback_in_development(production: dict[str, str]) -> None:
    settings = Settings.from_environment({**DEV, "CDS_CONFIG": production["CDS_CONFIG"]})

    assert settings.tenant_for_fhir_server("http://127.0.0.1:8080/fhir") is None


def test_what_is_kept_for_how_long_is_a_setting_and_disputes_are_off(production: dict[str, str]) -> None:
    usual = Settings.from_environment(production)
    changed = Settings.from_environment(
        {**production, "CDS_AUDIT_DAYS": "10", "CDS_FEEDBACK_DAYS": "20", "CDS_DISPUTE_DAYS": "30"}
    )

    assert (usual.audit_days, usual.feedback_days, usual.dispute_days) == (2192, 731, 0)
    assert (changed.audit_days, changed.feedback_days, changed.dispute_days) == (10, 20, 30)


def test_callers_are_limited_unless_in_development(production: dict[str, str]) -> None:
    assert Settings.from_environment(production).calls_per_minute == 6000
    assert Settings.from_environment(DEV).calls_per_minute == 0


def told(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment(environ)
    assert all(fault.mend for fault in refused.value.faults)
    assert all(fault.text in str(refused.value) for fault in refused.value.faults)
    return [fault.text for fault in refused.value.faults]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    environ = {
        "CDS_PUBLIC_URL": "http://cds.example.org",
        "CDS_CONFIG": str(tmp_path / "absent.toml"),
        "CDS_FIXED_NOW": "2026-04-15T09:00:00-04:00",
        "CDS_AUDIT_DAYS": "0",
        "CDS_COLOUR": "1",
    }

    names = [
        "CDS_COLOUR",
        "CDS_PUBLIC_URL",
        "CDS_SECRET_KEY",
        "CDS_FIXED_NOW",
        "CDS_AUDIT_DAYS",
        "CDS_CONFIG",
    ]
    assert [fault.split()[0].rstrip(":") for fault in told(environ)] == names


def test_a_misspelt_setting_is_named_with_what_was_meant_and_is_not_missed_as_well(
    production: dict[str, str],
) -> None:
    production["CDS_SECRETKEY"] = production.pop("CDS_SECRET_KEY")

    assert told(production) == ["CDS_SECRETKEY is not a known setting; did you mean CDS_SECRET_KEY?"]
    production["CDS_SECRET_KEY_FILES"] = production.pop("CDS_SECRETKEY")
    assert told(production) == [
        "CDS_SECRET_KEY_FILES is not a known setting; did you mean CDS_SECRET_KEY_FILE?"
    ]


def test_a_development_switch_that_cannot_be_read_leaves_the_rest_unjudged() -> None:
    assert told({"CDS_DEV": "yes", "CDS_AUTH": "optional"}) == ["CDS_DEV must be one of: 1, 0"]


def test_secrets_may_come_from_files(production: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{'n' * 32},{'o' * 32}\n")
    (tmp_path / "url").write_text("postgresql://cds:secret@db.example.org/cds\n")
    del production["CDS_SECRET_KEY"]
    settings = Settings.from_environment(
        {
            **production,
            "CDS_SECRET_KEY_FILE": str(tmp_path / "key"),
            "CDS_DATABASE_URL_FILE": str(tmp_path / "url"),
        }
    )

    assert settings.secret_keys == ("n" * 32, "o" * 32)
    assert settings.database_url == "postgresql://cds:secret@db.example.org/cds"


@pytest.mark.parametrize("name", ["CDS_SECRET_KEY", "CDS_DATABASE_URL"])
@pytest.mark.parametrize("content", [None, b"", b" \n", b"hunter2-one\nhunter2-two\n", b"\xff\xfehunter2"])
def test_a_secret_file_that_is_lost_or_unreadable_ends_the_start(
    production: dict[str, str], tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    production.pop(name, None)

    (fault,) = told({**production, f"{name}_FILE": str(tmp_path / "secret")})
    assert fault.startswith(f"{name}_FILE: ")
    assert "hunter2" not in fault


def test_a_secret_that_is_given_twice_is_refused(production: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)

    (fault,) = told({**production, "CDS_SECRET_KEY_FILE": str(tmp_path / "key")})
    assert fault == "CDS_SECRET_KEY and CDS_SECRET_KEY_FILE are both set"
