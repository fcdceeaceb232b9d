"""Servers to measure: one of gunicorn with the program of a checkout, or the floor, and what its workers spent.

CPU time and memory are the workers' own, from /proc, so that neither the client nor a busy machine is in them.
Linux only.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CLOCK = "2026-04-15T09:00:00-04:00"
HOOK = "/cds-services/inotuzumab-order-sign"
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_FLOOR = """
import json
from flask import Flask, Response, request
def create_app():
    app = Flask(__name__)
    @app.post("/cds-services/inotuzumab-order-sign")
    def answer():
        json.loads(request.get_data())
        return Response('{"cards":[]}', mimetype="application/json")
    return app
"""


@dataclass(frozen=True)
class Server:
    """A running server; its workers are the children of ``master``."""

    name: str
    port: int
    master: int

    def workers(self) -> list[int]:
        return [
            int(pid) for pid in Path(f"/proc/{self.master}/task/{self.master}/children").read_text().split()
        ]

    def cpu_s(self) -> float:
        """Seconds of CPU that the workers have used."""
        fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in self.workers()]
        return sum(int(f[11]) + int(f[12]) for f in fields) * _TICK_S

    def memory_mb(self, member: str = "VmRSS") -> float:
        """Resident memory of the largest worker; with ``VmHWM`` the most that it ever had."""
        lines = [
            line for pid in self.workers() for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        ]
        return max(int(line.split()[1]) for line in lines if line.startswith(member)) / 1024


@dataclass(frozen=True)
class Load:
    """What some calls took: milliseconds of CPU and, at several percentiles, of waiting."""

    calls_a_second: float
    cpu_ms: float
    p50_ms: float
    p99_ms: float


@contextmanager
def server(name: str, checkout: Path | None, folder: Path, workers: int = 1) -> Iterator[Server]:
    """gunicorn on a free loopback port, settled; without a checkout, the floor."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    (folder / "floor.py").write_text(_FLOOR)
    environ = os.environ | {
        "CDS_DEV": "1", "CDS_AUTH": "optional", "CDS_FIXED_NOW": CLOCK, "CDS_LOG_LEVEL": "WARNING",
        "CDS_DATABASE_URL": f"sqlite:///{folder}/{name}.sqlite3", "PYTHONPATH": str(checkout or folder), "CDS_RATE_LIMIT": "0",
    }  # fmt: skip
    settings = (
        ["--config", "python:cds_service.gunicorn_conf"]
        if checkout
        else ["--worker-class", "gthread", "--threads", "40"]
    )
    target = "cds_service:create_app()" if checkout else "floor:create_app()"
    command = [sys.executable, "-m", "gunicorn", *settings, "--bind", f"127.0.0.1:{port}", "--workers", str(workers),
               "--log-level", "error", target]  # fmt: skip
    process = subprocess.Popen(command, env=environ, cwd=folder)
    try:
        made = Server(name, port, process.pid)
        _wait_for(made)
        yield made
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_for(made: Server) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            call = http.client.HTTPConnection("127.0.0.1", made.port, timeout=5)
            call.request("POST", HOOK, b"{}")
            if call.getresponse().status != 503:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"{made.name} does not answer")


def loaded(made: Server, bodies: list[bytes], calls: int, connections: int = 1) -> Load:
    """So many calls over connections that are kept open, the bodies in turn."""
    turn = cycle(bodies)
    work = [[next(turn) for _ in range(calls // connections)] for _ in range(connections)]
    cpu, begun = made.cpu_s(), time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        spent = sorted(ms for some in pool.map(lambda mine: _sent(made.port, mine), work) for ms in some)
    took = time.perf_counter() - begun
    return Load(
        len(spent) / took,
        (made.cpu_s() - cpu) * 1000 / len(spent),
        spent[len(spent) // 2],
        spent[len(spent) * 99 // 100],
    )


def _sent(port: int, bodies: list[bytes]) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    spent = []
    for body in bodies:
        begun = time.perf_counter()
        connection.request("POST", HOOK, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"the server answered {answer.status}")
        spent.append((time.perf_counter() - begun) * 1000)
    connection.close()
    return spent
