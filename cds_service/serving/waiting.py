"""A worker that cannot load its application answers 503 and tries again, instead of ending the service.

gunicorn ends all workers when one of them fails to load. What was right at the start can be wrong when
a worker is started anew: the database away, the trust file half written. Knows nothing of why.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from cds_service.collector import keep_for_good
from cds_service.serving.starting import fault_of
from cds_service.settings import SettingsError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)
_LOADS_WITHIN_S = 3.0
_AGAIN_AFTER_S = 1.0
_STATE = "this worker answers 503 and tries again"


class Waiting:
    """The application as soon as ``load`` gives it; until then one that says that there is none yet.

    ``loaded`` is called once, when there is one.
    """

    def __init__(
        self, load: Callable[[], WSGIApplication], loaded: Callable[[], object] | None = None
    ) -> None:
        self._load, self._loaded = load, loaded
        self._application: WSGIApplication | None = None
        self._trying = threading.Lock()
        self._again_at = 0.0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """WSGI."""
        if self._application is not None:
            return self._application(environ, start_response)
        if time.monotonic() >= self._again_at:
            self._begin_to_load()
        return _not_yet(environ, start_response)

    def load(self) -> None:
        """Load; returns when that is over, or goes on without it when it takes long."""
        self._begin_to_load().join(_LOADS_WITHIN_S)

    def _begin_to_load(self) -> threading.Thread:
        thread = threading.Thread(target=self._try_to_load, name="loading", daemon=True)
        thread.start()
        return thread

    def _try_to_load(self) -> None:
        if self._application is not None or not self._trying.acquire(blocking=False):
            return
        try:
            application = self._load()
            keep_for_good()
            self._application = application
            if self._loaded is not None:
                self._loaded()
        except SettingsError as error:
            fault_of(error).tell(_STATE, logging.ERROR)
        except Exception:  # whatever it is, the other workers must not end with this one
            log.exception(_STATE)
        finally:
            self._again_at = time.monotonic() + _AGAIN_AFTER_S
            self._trying.release()


def _not_yet(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    from cds_service.web.edge import HEADERS
    from cds_service.web.errors import json_response, outcome

    path = environ.get("PATH_INFO")
    if path == "/healthz":
        answer: Any = json_response({"status": "up"})
    elif path == "/readyz":
        answer = json_response({"status": "not ready", "failing": ["start"]}, 503)
    else:
        answer = json_response(outcome("transient", "The service cannot answer now. Try again later."), 503)
    answer.headers.update(HEADERS)
    return answer(environ, start_response)  # type: ignore[no-any-return]
