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
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
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

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return bytes(answer.read())


@contextmanager
def gunicorn(application: str, environment: dict[str, str]) -> Iterator[Running]:
    """Runs until the block ends; whatever happens, no process is left."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "gunicorn.conf.py")]
    command += ["--bind", f"127.0.0.1:{port}", application]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("CDS_", "COV_"))}
    master = subprocess.Popen(command, cwd=ROOT, env={**inherited, **environment}, stderr=subprocess.DEVNULL)
    running = Running(port, master)
    try:
        _wait_until_ready(running)
        yield running
    finally:
        for pid in running.workers() if master.poll() is None else ():
            os.kill(pid, signal.SIGTERM)
        master.terminate()
        try:
            master.wait(30)
        except subprocess.TimeoutExpired:
            master.kill()
            master.wait()


def _wait_until_ready(running: Running) -> None:
    until = time.monotonic() + _READY_S
    while time.monotonic() < until and running.master.poll() is None:
        try:
            running.get("/readyz")
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the service did not start")
