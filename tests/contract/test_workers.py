"""The worker settings that ship: calls that wait for an EHR never keep the others waiting."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

from tests.contract.calls import HOOK, order_sign
from tests.operations.running import gunicorn

SLOW_CALLS = 32


class SilentEhr:
    """Accepts connections and says nothing until it is let go."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._held: list[socket.socket] = []
        self.all_waiting = threading.Event()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/fhir"

    def accept(self) -> None:
        while len(self._held) < SLOW_CALLS:
            try:
                self._held.append(self._listener.accept()[0])
            except OSError:
                return
        self.all_waiting.set()

    def let_go(self) -> None:
        while self._held:
            self._held.pop().close()


@contextmanager
def silent_ehr() -> Iterator[SilentEhr]:
    with socket.create_server(("127.0.0.1", 0), backlog=SLOW_CALLS) as listener:
        ehr = SilentEhr(listener)
        thread = threading.Thread(target=ehr.accept)
        thread.start()
        try:
            yield ehr
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            ehr.let_go()


def test_a_call_with_its_prefetch_is_answered_while_32_others_wait(tmp_path: Path) -> None:
    environment = {
        "CDS_DEV": "1",
        "CDS_AUTH": "optional",
        "CDS_DEADLINE_S": "60",
        "CDS_DATABASE_URL": f"sqlite:///{tmp_path}/cds.sqlite3",
    }
    call = order_sign()
    unanswered = {key: value for key, value in call["prefetch"].items() if key != "patient"}
    with (
        silent_ehr() as ehr,
        gunicorn("cds_service:create_app()", environment) as service,
        ThreadPoolExecutor(SLOW_CALLS + 1) as threads,
    ):

        def post(body: object) -> int:
            return service.post(HOOK, json.dumps(body).encode(), {}, timeout=90)

        slow = call | {"prefetch": unanswered, "fhirServer": ehr.base}
        waiting = [threads.submit(post, slow) for _ in range(SLOW_CALLS)]
        assert ehr.all_waiting.wait(60)
        quick = threads.submit(post, call)
        first, _ = wait([*waiting, quick], return_when=FIRST_COMPLETED)
        ehr.let_go()
        statuses = [answered.result() for answered in waiting]

    assert first == {quick}
    assert quick.result() == 200
    assert statuses == [200] * SLOW_CALLS
