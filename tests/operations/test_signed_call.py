"""Keys, and a signed call of a running service, as docs/signed-call.md shows them."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cds_service.cli import main
from cds_service.hooks.services import plain_id
from cds_service.sandbox.fixtures import FOLDER
from cds_service.trust.own_keys import own_keys_from
from tests.operations.running import ROOT, Running, gunicorn

DOCS = ROOT / "docs"
EXAMPLE = DOCS / "examples" / "order-sign.json"
ANSWER = DOCS / "examples" / "answer.json"
ISSUER = "https://ehr.example.org"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize(("kind", "algorithm"), [("ec", "ES384"), ("rsa", "RS384")])
def test_new_keys_are_a_private_file_and_a_public_set(tmp_path: Path, kind: str, algorithm: str) -> None:
    result = run("keys", "new", kind, "--out", str(tmp_path / "keys"))

    assert result.exit_code == 0, result.output
    private = tmp_path / "keys" / "private.pem"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    (own,) = own_keys_from(private.read_text())
    (public,) = json.loads((tmp_path / "keys" / "jwks.json").read_text())["keys"]
    assert (own.algorithm, public["alg"], public["kid"]) == (algorithm, algorithm, own.kid)
    assert not {"d", "p", "q", "dp", "dq", "qi"} & set(public)
    assert f"kid: {own.kid}" in result.output


def test_keys_that_are_there_are_never_written_over(tmp_path: Path) -> None:
    assert run("keys", "new", "--out", str(tmp_path)).exit_code == 0
    before = (tmp_path / "private.pem").read_text()

    again = run("keys", "new", "--out", str(tmp_path))
    assert (again.exit_code, (tmp_path / "private.pem").read_text()) == (1, before)
    assert "left as it is" in again.output


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    result = run("keys", "new", "--out", str(tmp_path / "file" / "keys"))
    assert (result.exit_code, result.exception.__class__) == (1, SystemExit)
    assert result.output.startswith("Error: ")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keys and the trust file of the page."""
    folder = tmp_path_factory.mktemp("signed")
    assert run("keys", "new", "ec", "--out", str(folder / "ehr-keys")).exit_code == 0
    (trust,) = re.findall(r"```toml\n(.*?)```", (DOCS / "signed-call.md").read_text(), re.DOTALL)
    (folder / "trust.toml").write_text(trust)
    (folder / "secret.key").write_text("k" * 48 + "\n")
    return folder


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[Running]:
    environment = {
        "CDS_CONFIG": str(folder / "trust.toml"),
        "CDS_SECRET_KEY_FILE": str(folder / "secret.key"),
        "CDS_DATABASE_URL": f"sqlite:///{folder}/cds.sqlite3",
    }
    with gunicorn("cds_service:create_app()", environment) as running:
        yield running


def call(service: Running, folder: Path, *more: str, request: Path = EXAMPLE) -> Result:
    path = f"/cds-services/{plain_id('inotuzumab')}"
    return run(
        "call", "--issuer", ISSUER, "--key", str(folder / "ehr-keys" / "private.pem"),
        "--url", f"http://127.0.0.1:{service.port}{path}", "--audience", f"http://127.0.0.1:8080{path}",
        *more, str(request),
    )  # fmt: skip


def test_a_signed_call_is_answered_with_cards(service: Running, folder: Path) -> None:
    result = call(service, folder)

    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0].startswith("200 from http://127.0.0.1:")
    kinds = [
        found[1] for line in lines if (found := re.match(r"\[(?:info|warning|critical)\] (\w+): ", line))
    ]
    assert "coverage" in kinds
    assert any(line.startswith("    ") for line in lines)


def test_a_bundled_patient_is_sent_with_its_resources(service: Running, folder: Path) -> None:
    result = call(service, folder, request=FOLDER / "tenfold-overdose" / "request.json")

    assert result.exit_code == 0, result.output
    assert "[critical] dose: " in result.output
    assert "    offers: " in result.output


@pytest.mark.parametrize(
    "wrong",
    [
        ("--kid", "another"),
        ("--audience", "https://cds.example.org/x"),
        ("--issuer", "https://b.example.org"),
    ],
)
def test_a_refused_call_says_where_the_reason_is(
    service: Running, folder: Path, wrong: tuple[str, str]
) -> None:
    result = call(service, folder, *wrong)

    assert result.exit_code == 1
    assert result.output.startswith("401 from ")
    assert "caller refused" in result.output
    assert wrong[1] in result.output


def test_a_request_that_is_none_is_told_why(service: Running, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.json").write_text("{}")

    result = call(service, folder, request=tmp_path / "empty.json")
    assert result.exit_code == 1
    assert result.output.splitlines()[0].startswith("400 from ")
    assert "hook" in result.output


def test_a_service_that_is_not_there_is_told(folder: Path) -> None:
    result = run(
        "call", "--issuer", ISSUER, "--key", str(folder / "ehr-keys" / "private.pem"),
        "--url", "http://127.0.0.1:1/cds-services/x", str(EXAMPLE),
    )  # fmt: skip

    assert (result.exit_code, "Connection refused" in result.output) == (1, True)


def test_the_docs_hold_one_whole_request_and_its_answer() -> None:
    """``make examples`` writes the answer anew after a change of what cards say."""
    result = run("evaluate", str(EXAMPLE), "--as-of", "2026-04-15T09:00:00-04:00")

    assert json.loads(result.output) == json.loads(ANSWER.read_text(encoding="utf-8"))
