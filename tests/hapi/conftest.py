"""A real HAPI FHIR R4 server for the length of the session, on a free port of loopback.

``make test-hapi`` builds it and sets HAPI_TESTS; without that these tests are skipped.
"""

import os
import socket
import subprocess
import threading
from pathlib import Path

import pytest

TARGET = Path(__file__).parent / "server" / "target"
STARTS_WITHIN_S = 180


def pytest_collection_modifyitems(items):
    if os.environ.get("HAPI_TESTS"):
        return
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="needs Java and Maven: run make test-hapi"))


@pytest.fixture(scope="session")
def hapi():
    """The base address of a server that is up and empty."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = os.pathsep.join([str(TARGET / "hapi-test-server.jar"), str(TARGET / "lib" / "*")])
    process = subprocess.Popen(
        ["java", "-cp", path, "TestServer", str(port)], stdout=subprocess.PIPE, text=True
    )
    watchdog = threading.Timer(STARTS_WITHIN_S, process.kill)
    watchdog.start()
    try:
        line = process.stdout.readline()
        watchdog.cancel()
        assert line.startswith("FHIR R4 on"), "the server did not start"
        yield f"http://127.0.0.1:{port}/fhir"
    finally:
        watchdog.cancel()
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()
