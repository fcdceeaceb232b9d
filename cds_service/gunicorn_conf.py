"""Worker settings for gunicorn; the decision on the worker model in docs/decisions says why these.

A hook call mostly waits for the EHR. Two workers of forty threads hold 32 slow calls, even when all
of them land on one worker, and still answer at once a call that brings its own prefetch.
Where there is no checkout: ``gunicorn --config python:cds_service.gunicorn_conf``.
"""

import os
import shutil
import sys
from functools import partial
from multiprocessing import Value
from pathlib import Path

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

# Platforms that read a Procfile hand the port over like this.
bind = f"0.0.0.0:{os.environ['PORT']}" if os.environ.get("PORT") else "127.0.0.1:8080"
worker_class = "gthread"
workers = 2
threads = 40
worker_connections = 200
# Longer than any hook call or page, so that a stop lets calls in flight finish.
graceful_timeout = 20
timeout = 60
keepalive = 5
# Heartbeat files on a disk-backed /tmp can stall a worker; shared memory does not.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
# Each worker builds its own database pool and outbound sessions: neither survives a fork.
preload_app = False
# A launch or a sign-in brings tokens of the EHR in the address; gunicorn takes no more.
limit_request_line = 8190
limit_request_fields = 64
limit_request_field_size = 16380
accesslog = None
# It stops and reloads the service for whoever reaches it, and all services of an account share it.
control_socket_disable = True


class JsonLogger(Logger):  # type: ignore[misc]
    """gunicorn's own lines as JSON, from the first one on, and after a reload."""

    def setup(self, cfg):  # type: ignore[no-untyped-def]
        super().setup(cfg)
        from cds_service.operations import logs

        logs.configure("INFO")


logger_class = JsonLogger


def on_starting(server):  # type: ignore[no-untyped-def]
    """Say what keeps the service from starting, and end, before any worker is forked."""
    from cds_service.serving import counters, starting

    # Before the application is imported. Workers count in files that all of them read, so that any
    # one can answer /metrics for all.
    server.loading = Value("i", server.cfg.workers)
    server.counters = counters.begun(Path(worker_tmp_dir or "/tmp"))
    fault = starting.fault_at_start(server.address)
    if fault is not None:
        fault.tell("the service does not start")
        on_exit(server)  # type: ignore[no-untyped-call]
        if server.pidfile is not None:
            server.pidfile.unlink()
        sys.exit(1)


def post_fork(server, worker):  # type: ignore[no-untyped-def]
    """A worker that cannot load waits, instead of ending the whole service."""
    from cds_service.collector import share_freed_memory
    from cds_service.serving.waiting import Waiting

    share_freed_memory()
    worker.app.callable = Waiting(worker.app.load, partial(_say_where_to_open, server.loading))


def post_worker_init(worker):  # type: ignore[no-untyped-def]
    """Load the application, now that the worker listens to signals."""
    worker.wsgi.load()


def _say_where_to_open(loading):  # type: ignore[no-untyped-def]
    """In development the last line of a start, once every worker has loaded, is the address to open."""
    from cds_service.settings import DEFAULT_PUBLIC_URL

    with loading.get_lock():
        loading.value -= 1
        is_last = loading.value == 0
    if is_last and os.environ.get("CDS_DEV") == "1":
        base = os.environ.get("CDS_PUBLIC_URL", DEFAULT_PUBLIC_URL).rstrip("/")
        print(f"Ready. Open {base}/sandbox/", file=sys.stderr, flush=True)


def child_exit(_server, worker):  # type: ignore[no-untyped-def]
    """A worker that is gone counts for what it did, and no longer for what it is doing."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server):  # type: ignore[no-untyped-def]
    """Leave no counters behind."""
    if server.counters is not None:
        shutil.rmtree(server.counters, ignore_errors=True)
