"""Two real workers: one use of a JWT, no acknowledged feedback lost, calls in flight finished."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock

from cds_service.store import feedback
from cds_service.store.database import Database
from tests.operations.conftest import bearer
from tests.operations.running import Running, gunicorn

SMALL = "tests.operations.small_service:create_app()"
HOOK = "/cds-services/inotuzumab-order-sign"
PATH = f"{HOOK}/feedback"
BODY = json.dumps({"context": {"patientId": "1"}, "cards": []}).encode()


def test_of_fifty_concurrent_uses_of_one_jwt_exactly_one_is_answered(environment: dict[str, str]) -> None:
    with gunicorn(SMALL, environment) as running:
        headers = bearer()
        assert len(running.workers()) == 2
        with ThreadPoolExecutor(50) as pool:
            statuses = Counter(pool.map(lambda _: running.post(HOOK, BODY, headers), range(50)))

    assert statuses == {200: 1, 401: 49}


def _item(number: int) -> dict[str, str]:
    return {
        "card": f"card-{number}",
        "outcome": "overridden",
        "outcomeTimestamp": "2026-04-15T13:00:00Z",
    }


def _burst(running: Running, posts: int) -> set[str]:
    """Posts in eight threads; one worker is killed in the middle. The cards that were acknowledged."""
    acknowledged: set[str] = set()
    lock, half = Lock(), Event()

    def post(number: int) -> None:
        body = json.dumps({"feedback": [_item(2 * number), _item(2 * number + 1)]}).encode()
        status = running.post(PATH, body, bearer(PATH))
        assert status in (0, 200)
        if status == 200:
            with lock:
                acknowledged.update({f"card-{2 * number}", f"card-{2 * number + 1}"})
                if len(acknowledged) > posts // 2:
                    half.set()

    with ThreadPoolExecutor(9) as pool:
        posting = [pool.submit(post, number) for number in range(posts)]
        assert half.wait(60)
        os.kill(running.workers()[0], signal.SIGKILL)
        for done in posting:
            done.result()
    return acknowledged


def test_no_acknowledged_feedback_is_lost_when_a_worker_is_killed(
    environment: dict[str, str], database_url: str
) -> None:
    environment["CDS_DATABASE_URL"] = database_url
    with gunicorn(SMALL, environment) as running:
        acknowledged = _burst(running, 400)

    database = Database(database_url)
    kept = {item["card"] for item in feedback.items(database)}
    database.close()
    assert len(acknowledged) > 400
    assert acknowledged <= kept


def test_metrics_of_both_workers_are_told_by_either(environment: dict[str, str]) -> None:
    with gunicorn(SMALL, environment) as running:
        with ThreadPoolExecutor(16) as pool:
            statuses = Counter(pool.map(lambda _: running.post(HOOK, BODY, {}), range(64)))
        told = {
            re.findall(rb'cds_jwt_refusals_total\{reason="missing"\} (\S+)', running.get("/metrics"))[0]
            for _ in range(8)
        }

    assert statuses == {401: 64}
    assert told == {b"64.0"}


def test_a_stop_lets_calls_in_flight_finish(environment: dict[str, str], tmp_path: Path) -> None:
    """The calls wait for a file that is only made once the stop has been asked for."""
    gate = tmp_path / "go-on"
    with gunicorn(SMALL, {**environment, "TEST_GATE": str(gate)}) as running:
        with ThreadPoolExecutor(8) as pool:
            waiting = [pool.submit(running.post, f"/wait/{number}", b"", {}) for number in range(8)]
            while len(list(tmp_path.glob("waiting-*"))) < 8:
                assert not any(done.done() for done in waiting)
            running.master.send_signal(signal.SIGTERM)
            gate.touch()
            statuses = [done.result() for done in waiting]
        running.master.wait(30)

    assert statuses == [200] * 8


def test_a_service_that_must_not_start_says_why(environment: dict[str, str]) -> None:
    environment["CDS_AUTH"] = "optional"
    command = ["-c", "from cds_service import create_app; create_app()"]
    ended = subprocess.run([sys.executable, *command], env=environment, capture_output=True, check=False)

    assert ended.returncode != 0
    assert b"CDS_AUTH=optional is for CDS_DEV=1 only" in ended.stderr
