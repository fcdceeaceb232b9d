"""Worker settings for gunicorn; the decision on the worker model in docs/decisions says why these.

A hook call mostly waits for the EHR. Two workers of forty threads hold 32 slow calls, even when all
of them land on one worker, and still answer at once a call that brings its own prefetch.
Where there is no checkout: ``gunicorn --config python:cds_service.gunicorn_conf``.
"""

import os
import shutil
import sys
import tempfile

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
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 16380
accesslog = None


# Each worker counts in files that all of them read, so that any one can answer /metrics for all.
_counters = tempfile.mkdtemp(prefix="cds-metrics-", dir=worker_tmp_dir)
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", _counters)


def on_starting(_server):  # type: ignore[no-untyped-def]
    """The master's own lines as JSON, like the workers'."""
    from cds_service.operations import logs

    logs.configure(os.environ.get("CDS_LOG_LEVEL", "INFO"))


def post_worker_init(worker):  # type: ignore[no-untyped-def]
    """A worker is ready; with the last one of them, so is the service."""
    if worker.age == worker.cfg.workers:
        _say_where_to_open()


def _say_where_to_open() -> None:
    """In development the last line of a start is the address to open."""
    from cds_service.settings import DEFAULT_PUBLIC_URL

    if os.environ.get("CDS_DEV") == "1":
        base = os.environ.get("CDS_PUBLIC_URL", DEFAULT_PUBLIC_URL).rstrip("/")
        print(f"Ready. Open {base}/sandbox/", file=sys.stderr, flush=True)


def child_exit(_server, worker):  # type: ignore[no-untyped-def]
    """A worker that is gone counts for what it did, and no longer for what it is doing."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_server):  # type: ignore[no-untyped-def]
    """Leave no counters behind."""
    shutil.rmtree(_counters, ignore_errors=True)
