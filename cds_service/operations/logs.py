"""Logs as JSON lines that cannot hold a patient.

A record of our own brings its message and fields that are on a list; of any other library's only
the message before its values are filled in. gunicorn's records of its own doings are filled in: their
values are addresses, signals and process ids; what it says of a request is cut, since it quotes the
peer. An exception is its type and where it passed, never its text.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that this thread answers; empty outside of one."""

OURS = ("cds_service", "cards")
FIELDS = frozenset(
    {
        "method", "route", "status", "ms", "tenant", "service", "reason", "error_id", "at", "kind", "count",
        "need", "seconds", "version", "limit", "address_kind", "setting", "mend",
    }
)  # fmt: skip
_GUNICORN_OF_ITSELF = (
    "Starting gunicorn", "Listening at", "Using worker", "Handling signal", "Ignoring unknown signal",
    "Unhandled signal", "Hang up", "Shutting down", "Reason:", "WORKER TIMEOUT", "Worker (pid:",
    "Booting worker", "Worker exiting", "Parent changed", "Connection in use", "Invalid address",
    "Can't connect to",
)  # fmt: skip
_GUNICORN_OF_A_PEER = "Invalid request"
_LONGEST = 500
_HOW_DEEP = 12


class JsonLines(logging.Formatter):
    """One line of JSON for each record."""

    def format(self, record: logging.LogRecord) -> str:
        ours = record.name.split(".", 1)[0] in OURS
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": (record.getMessage() if ours else _foreign(record))[:_LONGEST],
        }
        if line["message"] == _GUNICORN_OF_A_PEER and (kind := sys.exc_info()[0]) is not None:
            line["reason"] = kind.__name__
        if current := request_id.get():
            line["request_id"] = current
        if ours:
            line |= {name: record.__dict__[name] for name in sorted(FIELDS & record.__dict__.keys())}
        if record.exc_info and record.exc_info[1] is not None:
            line |= _error(record.exc_info[1], record.exc_info[2])
        return json.dumps(line, ensure_ascii=False, default=lambda value: type(value).__name__)


def _foreign(record: logging.LogRecord) -> str:
    """What another library's record may say."""
    message = str(record.msg)
    if record.name == "gunicorn.error":
        if message.startswith(_GUNICORN_OF_ITSELF):
            return record.getMessage()
        if message.startswith(_GUNICORN_OF_A_PEER):
            return _GUNICORN_OF_A_PEER
    return message


def _error(error: BaseException, trace: TracebackType | None) -> dict[str, str]:
    frames = traceback.extract_tb(trace)[-_HOW_DEEP:]
    places = " > ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames)
    return {"error": type(error).__name__, "places": places}


class _ToStandardError(logging.StreamHandler[TextIO]):
    """Known from the handlers that somebody else may have put on the root logger."""


def configure(level: str) -> None:
    """Send every logger's records, gunicorn's included, to standard error as JSON lines."""
    handler = _ToStandardError(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [h for h in root.handlers if not isinstance(h, _ToStandardError)] + [handler]
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    for name in ("gunicorn.error", "gunicorn.access"):
        logging.getLogger(name).handlers = [handler]
        logging.getLogger(name).propagate = False
