"""The commands on what is kept, and the check-up, from outside."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from cds_service.cli import main
from cds_service.store.database import Database
from cds_service.store.schema import STEPS, audit
from tests.operations.conftest import bearer
from tests.operations.whole_service import complete_request, whole_service
from tests.trust.minting import ec_key, jwk

HOOK = "/cds-services/inotuzumab-order-sign"
PATH = f"{HOOK}/feedback"


def run(environment: dict[str, str], *arguments: str) -> Result:
    return CliRunner(env=environment).invoke(main, arguments)


def overridden(environment: dict[str, str], code: str) -> None:
    """One order signed, and one of its cards overridden for a reason of this code."""
    signed(environment, code)


def signed(environment: dict[str, str], code: str = "will-review") -> Any:
    """One order signed, and one of its cards overridden; the response's text."""
    with whole_service(environment) as app:
        client = app.test_client()
        answer = client.post(HOOK, json=complete_request(), headers=bearer())
        assert answer.status_code == 200
        item = {
            "card": answer.get_json()["cards"][0]["uuid"],
            "outcome": "overridden",
            "overrideReason": {"reason": {"code": code}},
            "outcomeTimestamp": "2026-04-15T13:00:00Z",
        }
        client.post(PATH, json={"feedback": [item]}, headers=bearer(PATH))
        return answer.get_data(as_text=True)


def test_the_schema_is_made_by_a_command(environment: dict[str, str]) -> None:
    assert run(environment, "audit", "export").exit_code == 1
    assert run(environment, "db", "upgrade").output == f"schema version {len(STEPS)}\n"
    assert run(environment, "audit", "export").output == ""


def test_the_audit_trail_is_exported_and_verified(environment: dict[str, str]) -> None:
    signed(environment)

    events = [json.loads(line) for line in run(environment, "audit", "export").output.splitlines()]
    assert [event["resourceType"] for event in events] == ["AuditEvent", "AuditEvent"]
    assert events[0]["entity"][0]["what"]["reference"].startswith("Patient/")
    verified = run(environment, "audit", "verify")
    assert verified.output.startswith("2 events, unbroken; head 2:")
    head = verified.output.split()[-1]
    assert run(environment, "audit", "verify", "--head", head).exit_code == 0


def test_a_changed_event_is_found(environment: dict[str, str]) -> None:
    signed(environment)
    database = Database(environment["CDS_DATABASE_URL"])
    with database.write() as db:
        db.execute(update(audit).where(audit.c.seq == 1).values(event="{}"))
    database.close()

    result = run(environment, "audit", "verify")
    assert (result.exit_code, result.output) == (1, "Error: after 0 good events: event 1 was changed\n")


@pytest.mark.parametrize("head", ["7", "x:y", "1:abc"])
def test_a_head_of_another_form_is_refused(environment: dict[str, str], head: str) -> None:
    run(environment, "db", "upgrade")

    assert run(environment, "audit", "verify", "--head", head).exit_code == 1


def test_the_report_counts_what_was_shown_and_what_became_of_it(environment: dict[str, str]) -> None:
    signed(environment)

    rows = list(csv.DictReader(io.StringIO(run(environment, "feedback-report", "--csv").output)))
    assert list(rows[0]) == ["kind", "shown", "accepted", "overridden", "silent", "reasons"]
    coverage = next(row for row in rows if row["kind"] == "coverage")
    assert (coverage["shown"], coverage["overridden"], coverage["reasons"]) == ("1", "1", "will-review: 1")
    table = run(environment, "feedback-report").output.splitlines()
    assert table[0].split() == list(rows[0])
    assert len(table) == len(rows) + 1


FORMULAS = ["=1+1", "+1+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1", "\u202e=1"]


@pytest.mark.parametrize("code", [*FORMULAS, "a\x1b[2Jb", "a\x07", "a\nb", "a\u202eb\u2066c", "x" * 500])
def test_no_reason_of_a_caller_is_a_formula_or_steers_the_terminal(
    environment: dict[str, str], code: str
) -> None:
    overridden(environment, code)

    for output in ("--csv", None, "--items"):
        text = run(environment, "feedback-report", *([output] if output else [])).output
        assert not any(unicodedata.category(c)[0] == "C" and c != "\n" for c in text)
    table = run(environment, "feedback-report").output.splitlines()
    rows = list(csv.reader(io.StringIO(run(environment, "feedback-report", "--csv").output)))
    assert len(table) == len(rows)
    assert not any(
        cell.startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d")) for row in rows for cell in row
    )
    assert all(len(line) < 200 for line in table)


def test_the_report_by_rule_says_which_rule_was_overridden_and_why(environment: dict[str, str]) -> None:
    signed(environment)

    told = run(environment, "feedback-report", "--csv", "--by-rule").output
    rows = {row["rule"]: row for row in csv.DictReader(io.StringIO(told))}
    assert "POL-A-I-DX" in rows
    assert {row["reasons"] for row in rows.values()} >= {"will-review: 1"}
    assert "coverage" not in rows


def test_the_report_gives_every_item(environment: dict[str, str]) -> None:
    signed(environment)

    [item] = [json.loads(line) for line in run(environment, "feedback-report", "--items").output.splitlines()]
    assert (item["tenant"], item["kind"], item["outcome"]) == ("hospital-a", "coverage", "overridden")


def test_a_decision_is_replayed_to_the_same_bytes(environment: dict[str, str]) -> None:
    environment["CDS_DISPUTE_DAYS"] = "30"
    given = signed(environment)

    for card in json.loads(given)["cards"]:
        result = run(environment, "replay-decision", card["uuid"])
        assert result.exit_code == 0, result.output
        assert result.stdout == given + "\n"


def test_a_decision_that_would_be_another_today_is_said_so(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment["CDS_DISPUTE_DAYS"] = "30"
    card = json.loads(signed(environment))["cards"][0]["uuid"]
    monkeypatch.setattr("cards.render", lambda *_, **__: [])

    result = run(environment, "replay-decision", card)

    assert (result.exit_code, result.stdout) == (1, '{"cards":[]}\n')
    assert "another one" in result.stderr


def test_nothing_is_kept_for_disputes_unless_asked_for(environment: dict[str, str]) -> None:
    card = json.loads(signed(environment))["cards"][0]["uuid"]

    assert "no decision is kept" in run(environment, "replay-decision", card).output


def test_what_is_over_is_purged(environment: dict[str, str]) -> None:
    signed(environment)

    lines = run(environment, "purge").output.splitlines()
    assert [line.split(maxsplit=1)[1] for line in lines] == [
        "used tokens",
        "form contexts",
        "sessions and drafts",
        "feedback",
        "shown cards",
        "decisions",
        "audit events",
    ]


def test_the_doctor_finds_a_healthy_service(environment: dict[str, str]) -> None:
    run(environment, "db", "upgrade")

    result = run(environment, "doctor")
    assert result.exit_code == 0, result.output
    assert "1 usable keys" in result.output


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"CDS_DATABASE_URL": "mysql://localhost/cds"}, "sqlite: or postgresql:"),
        ({"CDS_DATABASE_URL": "postgresql://localhost:1/cds"}, "nothing listens at the address"),
        ({"CDS_SECRET_KEY": "short"}, "CDS_SECRET_KEY"),
        ({"CDS_CONFIG": "/nowhere.toml"}, "CDS_CONFIG"),
    ],
)
def test_the_doctor_names_what_is_wrong(
    environment: dict[str, str], change: dict[str, str], said: str
) -> None:
    result = run({**environment, **change}, "doctor")

    assert result.exit_code == 1
    assert said in result.output


@pytest.mark.parametrize(
    "keys",
    [
        [{"kty": "oct", "k": "AAAA", "kid": "ehr-1"}],
        *([jwk(ec_key(), kid)] for kid in (None, 5, ["ehr-1"], {"a": 1})),
        [jwk(ec_key(), "ehr-1"), jwk(ec_key("another"), "ehr-1")],
    ],
    ids=["another kind", "no name", "number", "list", "object", "one name for two"],
)
def test_the_doctor_names_keys_of_no_use(environment: dict[str, str], keys: list[dict[str, Any]]) -> None:
    """Those by which no caller is ever let in."""
    place = Path(environment["CDS_CONFIG"]).parent / "ehr.jwks.json"
    place.write_text(json.dumps({"keys": keys}))

    result = run(environment, "doctor")

    assert result.exit_code == 1
    assert f"no usable key among {len(keys)}" in result.output
    assert "mend:" in result.output
