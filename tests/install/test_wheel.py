"""The wheel is the whole service: far from any checkout, with the locked packages, all of it runs."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fixtures import NAMES, ROOT
from tests.install.conftest import PATIENCE_S, clean_environment, fresh_copy, run
from tests.operations.conftest import environment

__all__ = ["environment"]

pytestmark = [pytest.mark.install, pytest.mark.usefixtures("registry")]
LOOPBACK = urllib.request.build_opener(urllib.request.ProxyHandler({}))
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


@contextmanager
def served(bin_: Path, settings: dict[str, str], cwd: Path) -> Iterator[Callable[[str], bytes]]:
    """Runs the service; gives what a path of it answers. Calls wait in the socket until a worker takes them."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        command = [bin_ / "gunicorn", "--config", "python:cds_service.gunicorn_conf"]
        command += ["--bind", f"fd://{listening.fileno()}", "cds_service:create_app()"]
        process = subprocess.Popen(
            command, cwd=cwd, env=clean_environment() | settings, pass_fds=[listening.fileno()]
        )

    def get(path: str) -> bytes:
        with LOOPBACK.open(base + path, timeout=PATIENCE_S) as answer:
            return bytes(answer.read())

    try:
        yield get
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


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
    with served(bin_, environment, tmp_path) as get:
        assert json.loads(get("/readyz")) == {"status": "ready"}
        assert json.loads(get("/cds-services"))["services"][0]["hook"] == "order-sign"
        assert b"CDS Hooks service" in get("/")


def test_its_sandbox_has_the_patients_and_the_files_of_its_pages(bin_: Path, tmp_path: Path) -> None:
    settings = {"CDS_DEV": "1", "CDS_AUTH": "optional", "CDS_FIXED_NOW": CLOCK}
    with served(bin_, settings, tmp_path) as get:
        page = get("/").decode()
        assert get("/sandbox/assets/sandbox.css")
        held = json.loads(get("/sandbox/fhir/Patient?_count=200"))["entry"]
    assert all(f"/sandbox/patients/{name}" in page for name in NAMES)
    assert len(held) == len(NAMES)


def test_it_shows_the_demo(bin_: Path, tmp_path: Path) -> None:
    said = run(bin_ / "python", "-m", "cds_service.sandbox.demo", cwd=tmp_path)
    assert f"{len(NAMES)} patients: 4 with a critical card" in said
