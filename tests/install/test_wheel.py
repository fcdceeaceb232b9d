"""The wheel is the whole service: far from any checkout, with the locked packages, all of it runs."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures import NAMES, ROOT
from tests.install.conftest import fresh_copy, run
from tests.operations.conftest import environment
from tests.operations.running import gunicorn

__all__ = ["environment"]

pytestmark = [pytest.mark.install, pytest.mark.usefixtures("registry")]
APPLICATION = "cds_service:create_app()"
CLOCK = "2026-04-15T09:00:00-04:00"


@pytest.fixture(scope="module")
def bin_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The programs of a new environment with the locked packages and the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    clone = fresh_copy(folder)
    run(sys.executable, "-m", "venv", "env", cwd=folder)
    pip = (folder / "env/bin/python", "-m", "pip")
    lock = clone / "requirements-postgres.lock"
    run(*pip, "install", "--no-deps", "--require-hashes", "-r", lock, cwd=folder)
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", "dist", clone, cwd=folder)
    (wheel,) = (folder / "dist").iterdir()
    run(*pip, "install", "--no-deps", wheel, cwd=folder)
    run(*pip, "check", cwd=folder)
    clone.rename(folder / "moved-away")
    yield folder / "env" / "bin"
    shutil.rmtree(folder)


def command(bin_: Path) -> list[str]:
    return [str(bin_ / "gunicorn"), "--config", "python:cds_service.gunicorn_conf"]


def test_it_answers_a_saved_request(bin_: Path, tmp_path: Path) -> None:
    request = ROOT / "tenfold-overdose" / "request.json"
    said = run(bin_ / "cds-service", "evaluate", request, "--as-of", CLOCK, cwd=tmp_path)
    kinds = {c["extension"]["payer-policy-cds"]["kind"]: c["indicator"] for c in json.loads(said)["cards"]}
    assert kinds["dose"] == "critical"


def test_its_doctor_finds_a_production_set_up_well(
    bin_: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    said = run(bin_ / "cds-service", "doctor", cwd=tmp_path, **environment)
    assert "MP-RX-FP-12-23" in said
    assert "FAULT" not in said


def test_it_serves_with_the_worker_settings_of_the_package(
    bin_: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    with gunicorn(APPLICATION, environment, command(bin_), tmp_path) as running:
        assert len(running.workers()) == 2
        assert json.loads(running.get("/cds-services"))["services"][0]["hook"] == "order-sign"
        assert b"CDS Hooks service" in running.get("/")


def test_its_sandbox_has_the_patients_and_the_files_of_its_pages(bin_: Path, tmp_path: Path) -> None:
    settings = {"CDS_DEV": "1", "CDS_AUTH": "optional", "CDS_FIXED_NOW": CLOCK}
    with gunicorn(APPLICATION, settings, command(bin_), tmp_path) as running:
        page = running.get("/sandbox/").decode()
        assert running.get("/sandbox/assets/sandbox.css")
        held = json.loads(running.get("/sandbox/fhir/Patient?_count=200"))["entry"]
    assert all(f"/sandbox/patients/{name}" in page for name in NAMES)
    assert len(held) == len(NAMES)


def test_it_shows_the_demo(bin_: Path, tmp_path: Path) -> None:
    said = run(bin_ / "python", "-m", "cds_service.sandbox.demo", cwd=tmp_path)
    assert f"{len(NAMES)} patients: 4 with a critical card" in said
