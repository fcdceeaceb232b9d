"""A real browser in front of a real server: the EHR on ``localhost``, the service on ``127.0.0.1``.

To the browser these are two sites, as an EHR and this service are. Skipped, saying so, where there
is no chromium.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from cds_service import create_app
from cds_service.settings import Settings

CLOCK = "2026-04-15T09:00:00-04:00"
# A page is asked until it says what is expected: a click returns before the next page has come.
expect.set_options(timeout=30_000)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str | None:
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # The same pages over and over: tests/web and tests/contract measure what draws them.
            item.add_marker(pytest.mark.no_cover)
            if chromium() is None:
                item.add_marker(pytest.mark.skip(reason="no chromium found: browser tests not run"))


@dataclass(frozen=True)
class Site:
    """A running service with its sandbox EHR, under the two names of its two sites."""

    app: Flask
    port: int

    @property
    def ehr(self) -> str:
        return f"http://localhost:{self.port}/sandbox"

    @property
    def service(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def settings(port: int, folder: Path) -> Settings:
    return Settings.from_environment(
        {
            "CDS_DEV": "1",
            "CDS_AUTH": "optional",
            "CDS_FIXED_NOW": CLOCK,
            "CDS_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "CDS_DATABASE_URL": f"sqlite:///{folder}/cds.sqlite3",
        }
    )


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    app = create_app(settings(port, tmp_path_factory.mktemp("site")))
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Site(app, port)
    server.shutdown()
    thread.join(5)
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()
