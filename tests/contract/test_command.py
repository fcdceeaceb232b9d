"""The command answers a saved request on the endpoint's own path, and explains it."""

import json

import pytest
from click.testing import CliRunner

from cds_service.cli import main
from cds_service.commands.evaluate import explained
from cds_service.engine.determination import (
    Basis,
    CardKind,
    Determination,
    Drug,
    Finding,
    GroupResult,
    Indicator,
    PolicyReference,
)
from cds_service.engine.verdict import Verdict
from tests.fixtures import NAMES, ROOT

CLOCK = "2026-04-15T09:00:00-04:00"


def evaluate(*arguments, name="relapsed-single-agent"):
    command = ["evaluate", str(ROOT / name / "request.json"), "--as-of", CLOCK, *arguments]
    return CliRunner(env={"CDS_DEV": "1", "CDS_AUTH": "optional"}).invoke(main, command)


@pytest.mark.parametrize("name", NAMES)
def test_any_bundled_patient_can_be_evaluated_offline(name):
    result = evaluate(name=name)
    assert result.exit_code == 0, result.output
    kinds = [c["extension"]["payer-policy-cds"]["kind"] for c in json.loads(result.output)["cards"]]
    assert "coverage" in kinds


def test_explain_prints_the_outline_with_verdict_section_reason_and_evidence():
    text = evaluate("--explain").output
    assert "POL-A-I-CD22" in text
    assert "A.i" in text
    assert "met" in text
    assert "Observation/" in text


def test_explain_prints_no_character_of_a_chart_that_steers_a_terminal():
    finding = Finding(
        "dose", Indicator.WARNING, CardKind.DOSE, ("R-1",), Basis.POLICY, "a\x1b[2J\u202eb\x9bc\nd"
    )
    outline = GroupResult("all", "all", "all", Verdict.MET, ())
    reference = PolicyReference("P-1", "2026-01-01", "t", "p", Drug("d", "D", "J1", "d, 1 mg", "1 mg"))
    d = Determination("o", reference, "initial", 1, 1, Verdict.MET, outline, (), findings=(finding,))
    assert explained(d).splitlines()[-1] == "  warning  dose: a[2Jbc d [R-1; policy]"


@pytest.mark.parametrize(
    "clock",
    ["yesterday", "2026-04-15", "2026-04-15T09:00:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"],
)
def test_a_clock_without_an_offset_or_of_no_year_of_a_record_is_refused(clock):
    result = CliRunner().invoke(main, ["evaluate", str(ROOT / NAMES[0] / "request.json"), "--as-of", clock])
    assert result.exit_code == 1
    assert "--as-of" in result.output


def test_a_file_that_is_no_request_is_refused_with_the_member(tmp_path):
    path = tmp_path / "request.json"
    path.write_text('{"hook": "order-sign"}')
    result = CliRunner().invoke(main, ["evaluate", str(path)])
    assert result.exit_code == 1
    assert "context" in result.output


@pytest.mark.parametrize(
    "command", [("evaluate",), ("packet", "--out", "out"), ("call", "--issuer", "x", "--key", "k")]
)
@pytest.mark.parametrize("beside", [b"x", b"\xff", b"[]", b'{"resourceType": "Patient"}'])
def test_resources_beside_a_request_that_cannot_be_read_are_named_and_never_taken_for_an_empty_chart(
    tmp_path, monkeypatch, command, beside
):
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(main, ["keys", "new", "ec", "--out", "keys"])
    (tmp_path / "keys" / "private.pem").rename(tmp_path / "k")
    (tmp_path / "request.json").write_bytes((ROOT / NAMES[0] / "request.json").read_bytes())
    (tmp_path / "resources.json").write_bytes(beside)
    result = CliRunner().invoke(main, [command[0], "request.json", *command[1:]])
    assert result.exit_code in (1, 2)
    assert isinstance(result.exception, SystemExit)
    assert "resources.json" in result.output
    assert "cards" not in result.output
