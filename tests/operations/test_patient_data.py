"""One patient's data is found whole, and removed without touching anybody else's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from sqlalchemy import delete

from cds_service.cli import main
from cds_service.store.database import Database
from cds_service.store.schema import shown_cards
from tests.crd.calls import CRD, with_coverage
from tests.databases import database_url
from tests.operations.conftest import bearer
from tests.operations.whole_service import complete_request, whole_service

__all__ = ["database_url"]

HOOK = "/cds-services/inotuzumab-order-sign"
PATH = f"{HOOK}/feedback"
COMMENT = (
    "seen \u009b2J\u202e\u2028 by me"  # a terminal would clear its screen, turn the text, break the line
)
PATIENTS = ("relapsed-single-agent", "tenfold-overdose")


@pytest.fixture
def kept(environment: dict[str, str], database_url: str) -> dict[str, str]:
    """A service that has answered for two patients, with feedback and a decision for each."""
    environment |= {"CDS_DISPUTE_DAYS": "30", "CDS_DATABASE_URL": database_url}
    with whole_service(environment) as app:
        for patient in PATIENTS:
            _sign(app.test_client(), patient)
    return environment


def _sign(client: FlaskClient, patient: str) -> None:
    answer = client.post(HOOK, json=complete_request(patient), headers=bearer())
    item = {
        "card": answer.get_json()["cards"][0]["uuid"],
        "outcome": "overridden",
        "overrideReason": {"reason": {"code": "will-review"}, "userComment": COMMENT},
        "outcomeTimestamp": "2026-04-15T13:00:00Z",
    }
    assert client.post(PATH, json={"feedback": [item]}, headers=bearer(PATH)).status_code == 200


def run(environment: dict[str, str], patient: str, *more: str, tenant: str = "hospital-a") -> Result:
    arguments = ["patient-data", "--tenant", tenant, "--patient", patient, *more]
    return CliRunner(env=environment).invoke(main, arguments)


def found(environment: dict[str, str], patient: str) -> dict[str, list[Any]]:
    tables: dict[str, list[Any]] = {}
    for line in run(environment, patient).output.splitlines():
        entry = json.loads(line)
        tables.setdefault(entry["table"], []).append(entry["row"])
    return tables


def test_all_that_is_kept_about_a_patient_is_found(kept: dict[str, str]) -> None:
    tables = found(kept, PATIENTS[0])

    assert {name: len(rows) for name, rows in tables.items() if name != "shown_cards"} == {
        "feedback": 1,
        "decisions": 1,
        "audit": 2,
    }
    assert {row["patient"] for row in tables["shown_cards"]} == {f"Patient/{PATIENTS[0]}"}
    assert found(kept, f"Patient/{PATIENTS[0]}") == tables
    assert PATIENTS[1] not in json.dumps(tables)


def test_no_text_of_a_caller_steers_the_terminal(kept: dict[str, str]) -> None:
    (row,) = found(kept, PATIENTS[0])["feedback"]
    assert row["item"]["overrideReason"]["userComment"] == COMMENT
    assert run(kept, PATIENTS[0]).output.isascii()


def test_it_is_removed_and_nobody_elses_is(kept: dict[str, str]) -> None:
    other = found(kept, PATIENTS[1])
    shown = len(found(kept, PATIENTS[0])["shown_cards"])

    lines = run(kept, PATIENTS[0], "--delete").output.splitlines()
    assert [line.split()[0] for line in lines] == ["1", "1", str(shown), "2"]
    assert list(found(kept, PATIENTS[0])) == ["audit"]
    assert found(kept, PATIENTS[1]) == other
    verified = CliRunner(env=kept).invoke(main, ["audit", "verify"])
    assert verified.exit_code == 0, verified.output


@pytest.mark.parametrize("chosen", [{"max-cards": 0}, {"max-cards": 0, "coverage-info": False}])
def test_a_decision_is_its_patients_also_where_no_card_was_shown(
    kept: dict[str, str], chosen: dict[str, Any]
) -> None:
    patient = "dlbcl"
    with whole_service(kept) as app:
        call = with_coverage(complete_request(patient)) | {"extension": {"davinci-crd.configuration": chosen}}
        answer = app.test_client().post(CRD, json=call, headers=bearer(CRD))
        assert (answer.status_code, answer.get_json()["cards"]) == (200, [])

    assert {name: len(rows) for name, rows in found(kept, patient).items()} == {"decisions": 1, "audit": 1}
    run(kept, patient, "--delete")
    assert list(found(kept, patient)) == ["audit"]


def test_a_decision_is_its_patients_also_when_the_cards_are_over(kept: dict[str, str]) -> None:
    """Which are kept for CDS_FEEDBACK_DAYS, where disputes may be kept for longer."""
    database = Database(kept["CDS_DATABASE_URL"])
    with database.write() as db:
        db.execute(delete(shown_cards))
    database.close()

    assert len(found(kept, PATIENTS[0])["decisions"]) == 1
    run(kept, PATIENTS[0], "--delete")
    assert list(found(kept, PATIENTS[0])) == ["audit"]
    assert len(found(kept, PATIENTS[1])["decisions"]) == 1


def test_a_patient_nobody_knows_has_nothing(kept: dict[str, str]) -> None:
    assert found(kept, "relapsed") == {}
    assert [line.split()[0] for line in run(kept, "relapsed", "--delete").output.splitlines()] == ["0"] * 4


def test_a_tenant_that_is_not_there_is_said(environment: dict[str, str]) -> None:
    result = run(environment, "p1", tenant="hospital-z")

    assert (result.exit_code, "no tenant hospital-z" in result.output) == (1, True)
