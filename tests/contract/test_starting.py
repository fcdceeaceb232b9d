"""``make demo`` and ``make serve``: what they print, and what they say when they cannot start."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from http.client import BadStatusLine
from pathlib import Path
from urllib.error import URLError

import pytest

from cds_service.sandbox import demo, starting
from tests.fixtures import NAMES

PATIENCE_S = 1800  # ends a hung process; a busy machine is no failure
LOOPBACK = urllib.request.build_opener(urllib.request.ProxyHandler({}))
DEMO = "cds_service.sandbox.demo"
SERVE = "cds_service.sandbox.serve"


@pytest.fixture(scope="module", autouse=True)
def _no_settings() -> Iterator[None]:
    """Whatever the caller has set for a service or a demo of their own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith(("CDS_", "DEMO_")) or n == "FULL"]:
            patch.delenv(name)
        yield


def run(module: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module], env=os.environ | environment, capture_output=True, text=True,
        timeout=PATIENCE_S, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def shown() -> str:
    """What the demo prints, on a machine whose environment names a proxy that is not there."""
    done = run(DEMO, http_proxy="http://127.0.0.1:9", no_proxy="")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_demo_prints_the_cards_of_every_patient(shown: str) -> None:
    for words in (*NAMES, "[CRITICAL] dose", "[WARNING] documentation", "Set the dose to 1.41 mg"):
        assert words in shown
    assert shown.count("] coverage") == len(NAMES)


def test_the_demo_opens_and_closes_with_what_it_does_and_what_was_shown(shown: str) -> None:
    assert shown.startswith("Starting the service and its sandbox EHR")
    closing = " ".join(shown.split("\n\n")[-1].split())
    assert closing.startswith(f"{len(NAMES)} patients: 4 with a critical card (qtcf-510-with-nilotinib, ")
    assert closing.endswith("0 without a card.")


def test_the_demo_can_be_read_and_leaves_nothing_out_when_asked(shown: str) -> None:
    whole = run(DEMO, FULL="1").stdout
    assert len(shown.splitlines()) < 600 < len(whole.splitlines())
    assert "more lines" in shown
    assert "more lines" not in whole


def test_a_service_that_ends_at_once_shows_its_last_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ends = [sys.executable, "-c", "print('the disk is full'); raise SystemExit(3)"]
    monkeypatch.setattr(starting, "gunicorn", lambda *_: ends)
    assert demo.main() == 1
    said = capsys.readouterr().err
    assert "did not start, it ended with status 3" in said
    assert said.endswith("the disk is full\n")


def test_a_service_that_ends_between_two_patients_is_a_failure_with_its_last_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    once = "import socket; s = socket.socket(fileno={}); s.listen(); c, _ = s.accept(); c.recv(9999); "
    once += r"c.sendall(b'HTTP/1.0 200 OK\r\n\r\n'); print('out of memory', flush=True)"
    answers_once = lambda listening, *_: [sys.executable, "-c", once.format(listening.fileno())]  # noqa: E731
    monkeypatch.setattr(starting, "gunicorn", answers_once)
    assert demo.main() == 1
    said = capsys.readouterr().err
    assert f"no answer for {NAMES[0]}" in said
    assert said.endswith("out of memory\n")


class Running:
    def poll(self) -> None:
        return None


@pytest.mark.parametrize(
    "fault", [TimeoutError("timed out"), ConnectionResetError(), URLError("refused"), BadStatusLine("")]
)
def test_whatever_a_slow_start_looks_like_it_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    faults = [fault, fault]

    class Slow:
        def open(self, *_: object, **__: object) -> object:
            if faults:
                raise faults.pop()
            return open(os.devnull)

    monkeypatch.setattr(demo, "_ASK", Slow())
    demo._wait_for("http://127.0.0.1:9", Running())  # type: ignore[arg-type]
    assert faults == []


@pytest.mark.parametrize("module", [DEMO, SERVE])
def test_a_taken_port_is_one_sentence_that_says_how_to_choose_another(module: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        done = run(module, DEMO_BIND=taken)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{taken} is taken by another program")
    assert "DEMO_BIND=127.0.0.1:" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "bind", ["8080", "0.0.0.0:8080", "127.0.0.1", "127.0.0.1:99999", "[::1", "example.org:80"]
)
def test_an_address_that_is_not_this_machines_alone_is_refused(bind: str) -> None:
    with pytest.raises(SystemExit, match=r"DEMO_BIND must be an address of this machine alone"):
        starting.listener(bind)


def test_serve_ends_its_start_with_the_address_which_leads_to_the_patients(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        base = f"http://127.0.0.1:{free.getsockname()[1]}"
    environment = os.environ | {"DEMO_BIND": base.removeprefix("http://")}
    with subprocess.Popen(
        [sys.executable, "-m", SERVE], cwd=tmp_path, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            started = []
            for line in process.stdout:
                started.append(line)
                if line.startswith("Ready"):
                    break
            with LOOPBACK.open(base, timeout=PATIENCE_S) as page:
                assert page.url == f"{base}/sandbox/"
                text = page.read().decode()
        finally:
            process.terminate()
        later = process.stdout.read()
    assert started[0].startswith("Starting the service with its sandbox EHR")
    assert started[-1] == f"Ready. Open {base}/sandbox/\n"
    assert "Booting worker" not in later
    assert all(f"/sandbox/patients/{name}" in text for name in NAMES)
