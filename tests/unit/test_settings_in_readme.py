"""The README's settings are the code's, by name, and so are the members of the trust file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cds_service.settings import NAMES, Settings
from cds_service.settings.trust_table import Table

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("\n## Settings\n")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", SECTION, re.MULTILINE)


def test_the_table_has_every_setting_once_and_no_other() -> None:
    assert sorted(name for name, _, _ in ROWS) == sorted(NAMES)


def test_every_setting_has_a_meaning_and_a_default() -> None:
    assert [name for name, meaning, default in ROWS if not (meaning.strip() and default.strip())] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CDS_PUBLIC_URL", "public_url"),
        ("CDS_DATABASE_URL", "database_url"),
        ("CDS_DEADLINE_S", "deadline_s"),
        ("CDS_LOG_LEVEL", "log_level"),
        ("CDS_AUDIT_DAYS", "audit_days"),
        ("CDS_FEEDBACK_DAYS", "feedback_days"),
        ("CDS_DISPUTE_DAYS", "dispute_days"),
        ("CDS_DTR_HOURS", "dtr_hours"),
        ("CDS_PROXY_HOPS", "proxy_hops"),
    ],
)
def test_a_default_is_the_one_in_the_table(name: str, value: str) -> None:
    [default] = [default for row, _, default in ROWS if row == name]
    actual = getattr(Settings.from_environment({"CDS_DEV": "1"}), value)

    assert default.strip("`").split(",")[0] == str(actual)


def test_the_trust_file_of_the_readme_has_every_member_and_no_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What the code asks each table for, and what the example gives or shows in a comment."""
    asked: dict[str, set[str]] = {}

    def finish(self: Table) -> None:
        asked[re.sub(r"\[\d+\]", "", self._path)] = set(self._asked)

    monkeypatch.setattr(Table, "finish", finish)
    (tmp_path / "trust.toml").write_text(
        '[[tenant]]\nid = "a"\n[[tenant.client]]\n[tenant.smart]\nauth = "none"\n'
    )
    Settings.from_environment({"CDS_DEV": "1", "CDS_CONFIG": str(tmp_path / "trust.toml")})

    shown = _members(re.search(r"```toml\n(.*?)```", SECTION, re.DOTALL)[1])  # type: ignore[index]
    tables = {"client", "smart"}
    assert shown == {path: names - tables for path, names in asked.items() if path}


def _members(toml: str) -> dict[str, set[str]]:
    members: dict[str, set[str]] = {}
    table = ""
    for line in toml.splitlines():
        if (head := re.match(r"\[+([\w.]+)\]+", line)) is not None:
            table = head[1]
        else:  # given, or shown in a comment
            members.setdefault(table, set()).update(re.findall(r"\b([a-z_]+) = ", line))
    return members
