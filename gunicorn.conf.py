"""Worker settings for gunicorn; docs/decisions/0003-threads-that-wait.md says why these.

A hook call mostly waits for the EHR. Two workers of forty threads hold 32 slow calls, even when all
of them land on one worker, and still answer at once a call that brings its own prefetch.
"""

import os

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
