"""A real gunicorn on loopback with the project's own worker settings."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

ROOT = Path(__file__).parents[2]
_READY_S = 60


@dataclass(frozen=True)
class Running:
    """The address of the service, and the process that started it."""

    port: int
    master: subprocess.Popen[bytes]

    def workers(self) -> list[int]:
        """The process ids of the workers alive now."""
        children = Path(f"/proc/{self.master.pid}/task/{self.master.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def post(self, path: str, body: bytes, headers: dict[str, str], timeout: float = 30) -> int:
        """The status of one call; 0 when the connection broke."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except OSError:
            return 0
        except Exception as broken:  # http.client has several kinds of half an answer
            if type(broken).__module__ != "http.client":
                raise
            return 0
        finally:
            connection.close()

    def status(self, path: str) -> int:
        """The status of one GET; 0 when there was no answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, HTTPException):
            return 0
        finally:
            connection.close()

    def wait_for(self, path: str, status: int) -> None:
        """Returns once a GET is answered with the status; fails after a minute."""
        until = time.monotonic() + _READY_S
        while self.status(path) != status:
            assert time.monotonic() < until, f"{path} was never answered with {status}"
            time.sleep(0.05)

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return bytes(answer.read())


def free_port() -> int:
    """A port of loopback that nothing listens at now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _started(
    application: str, environment: dict[str, str], port: int, errors: int, workers: int = 2
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "gunicorn.conf.py")]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", str(workers), application]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("CDS_", "COV_"))}
    return subprocess.Popen(command, cwd=ROOT, env={**inherited, **environment}, stderr=errors)


def refused_start(environment: dict[str, str], port: int | None = None) -> tuple[int, str]:
    """The status and the standard error of a service that must not start."""
    application = "cds_service:create_app()"
    process = _started(application, environment, port or free_port(), subprocess.PIPE)
    try:
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, errors.decode()


@contextmanager
def gunicorn(
    application: str, environment: dict[str, str], log: Path | None = None, workers: int = 2
) -> Iterator[Running]:
    """Runs until the block ends; whatever happens, no process is left. ``log`` is where its lines go."""
    port = free_port()
    with open(log or os.devnull, "ab") as errors:
        master = _started(application, environment, port, errors.fileno(), workers)
    running = Running(port, master)
    try:
        _wait_until_ready(running, workers)
        yield running
    finally:
        for pid in running.workers() if master.poll() is None else ():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        master.terminate()
        try:
            master.wait(30)
        except subprocess.TimeoutExpired:
            master.kill()
            master.wait()


def _wait_until_ready(running: Running, workers: int) -> None:
    until = time.monotonic() + _READY_S
    while time.monotonic() < until and running.master.poll() is None:
        try:
            running.get("/readyz")
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
        else:
            if len(running.workers()) == workers:  # the first one may answer before the others are there
                return
    raise RuntimeError("the service did not start")
