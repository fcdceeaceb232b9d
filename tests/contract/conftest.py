"""The service on a loopback socket with the sandbox EHR mounted, as ``make serve`` runs it."""

import threading

import pytest
from werkzeug.serving import make_server

from cds_service import create_app
from cds_service.settings import Settings
from cds_service.web.edge import trust

CLOCK = "2026-04-15T09:00:00-04:00"


@pytest.fixture(scope="session")
def start():
    """Starts the service with an environment; its databases are closed at the end."""
    apps = []

    def started(environ):
        apps.append(create_app(Settings.from_environment(environ)))
        return apps[-1]

    yield started
    for app in apps:
        with app.app_context():
            trust().database.close()


@pytest.fixture(scope="session")
def app(start, tmp_path_factory):
    database = tmp_path_factory.mktemp("contract") / "cds.sqlite3"
    return start(
        {
            "CDS_DEV": "1",
            "CDS_AUTH": "optional",
            "CDS_FIXED_NOW": CLOCK,
            "CDS_DATABASE_URL": f"sqlite:///{database}",
            "CDS_DEADLINE_S": "60",  # a busy machine is no EHR that is late
        }
    )


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture(scope="session")
def base(app):
    """The address of the running service."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
