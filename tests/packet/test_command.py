"""``cds-service packet``: what it writes, where, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cds_service.cli import main
from cds_service.json_text import write_json
from tests.fixtures import CLOCK, NAMES, ROOT
from tests.packet.insured import BASE, around, chart, drafts

NAME = "relapsed-single-agent"
ORDER = "relapsed-single-agent-draft-1"


def run(request: Path, out: Path, *more: str, **environment: str) -> Result:
    command = ["packet", str(request), "--out", str(out), "--as-of", CLOCK.isoformat(), *more]
    return CliRunner(env=environment).invoke(main, command)


def saved(folder: Path, name: str = NAME) -> Path:
    """A bundled patient with plan, prescriber and place, as a saved request with resources beside it."""
    request = json.loads((ROOT / name / "request.json").read_bytes())
    request["context"]["draftOrders"]["entry"] = [{"resource": order} for order in drafts(name)]
    patient = request["context"]["patientId"]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": r} for r in [*chart(name), *around(patient)]]}
    folder.mkdir()
    (folder / "resources.json").write_text(write_json(bundle))
    (folder / "request.json").write_text(write_json(request))
    return folder / "request.json"


def written(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def test_a_whole_record_gives_three_files(tmp_path: Path) -> None:
    done = run(saved(tmp_path / "in"), tmp_path / "out", "--fhir-server", BASE)

    assert done.exit_code == 0, done.output
    assert set(written(tmp_path / "out")) == {
        f"{ORDER}/questionnaire-package.json", f"{ORDER}/pas-request.json", f"{ORDER}/packet.json",
    }  # fmt: skip
    summary = json.loads((tmp_path / "out" / ORDER / "packet.json").read_bytes())
    assert not [gap for gap in summary["gaps"] if gap["blocks"]]
    assert "0 of them block" in done.output


def test_a_draft_of_an_earlier_run_does_not_stay_where_there_is_none_now(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(saved(tmp_path / "before"), out)
    assert f"{ORDER}/pas-request.json" in written(out)
    (out / ORDER / "mine.json").write_text("mine")
    request = saved(tmp_path / "now")
    bundle = json.loads((tmp_path / "now" / "resources.json").read_bytes())
    bundle["entry"] = [e for e in bundle["entry"] if e["resource"]["resourceType"] != "Coverage"]
    (tmp_path / "now" / "resources.json").write_text(json.dumps(bundle))

    assert run(request, out).exit_code == 0
    assert set(written(out)) == {
        f"{ORDER}/questionnaire-package.json", f"{ORDER}/packet.json", f"{ORDER}/mine.json",
    }  # fmt: skip


def test_the_same_input_gives_the_same_bytes_and_nothing_else_is_touched(tmp_path: Path) -> None:
    request, out = saved(tmp_path / "in"), tmp_path / "out"
    run(request, out)
    before = written(out)
    (out / "mine.txt").write_text("mine")
    (out / ORDER / "packet.json").write_text("old")
    run(request, out)

    assert written(out) == before | {"mine.txt": b"mine"}


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_patient_without_a_plan_gets_the_form(name: str, tmp_path: Path) -> None:
    done = run(ROOT / name / "request.json", tmp_path / "out")

    assert done.exit_code == 0
    assert {path.split("/")[1] for path in written(tmp_path / "out")} == {
        "questionnaire-package.json",
        "packet.json",
    }


def test_the_form_is_published_under_the_public_address(tmp_path: Path) -> None:
    run(saved(tmp_path / "in"), tmp_path / "out", CDS_PUBLIC_URL="https://payer.example.org/")
    summary = json.loads((tmp_path / "out" / ORDER / "packet.json").read_bytes())

    assert summary["questionnaire"].startswith("https://payer.example.org/fhir/Questionnaire/")


def test_an_order_of_another_drug_alone_writes_nothing(tmp_path: Path) -> None:
    request = saved(tmp_path / "in")
    body = json.loads(request.read_text())
    body["context"]["draftOrders"]["entry"][0]["resource"]["medicationCodeableConcept"] = {
        "text": "ondansetron"
    }
    request.write_text(json.dumps(body))
    done = run(request, tmp_path / "out")

    assert done.exit_code == 1
    assert "nothing is written" in done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "more",
    [("--fhir-server", "ftp://ehr.example.org"), ("--as-of", "noon"), ("--as-of", "2026-04-15T09:00:00")],
)
def test_options_that_cannot_be_are_wrong_use(more: tuple[str, ...], tmp_path: Path) -> None:
    done = run(saved(tmp_path / "in"), tmp_path / "out", *more)

    assert done.exit_code == 2
    assert "Error" in done.output


@pytest.mark.parametrize("text", ["", "{", '{"hook": "order-sign"}'])
def test_a_request_that_cannot_be_read_is_wrong_use(text: str, tmp_path: Path) -> None:
    request = tmp_path / "request.json"
    request.write_text(text)

    assert run(request, tmp_path / "out").exit_code == 2


def test_so_are_no_request_no_folder_and_a_public_address_that_is_none(tmp_path: Path) -> None:
    request = saved(tmp_path / "in")

    assert run(tmp_path / "none.json", tmp_path / "out").exit_code == 2
    assert CliRunner().invoke(main, ["packet", str(request)]).exit_code == 2
    assert run(request, tmp_path / "out", CDS_PUBLIC_URL="payer").exit_code == 2


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ORDER).write_text("a file")
    done = run(saved(tmp_path / "in"), tmp_path / "out")

    assert done.exit_code == 2
    assert "cannot be written" in done.output
