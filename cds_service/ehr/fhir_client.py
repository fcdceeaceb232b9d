"""Reading one FHIR server with one token, for the length of one call.

The token goes to that server's origin and nowhere else, and is neither kept nor logged. Knows
HTTP statuses and JSON; knows no needs and no Bundles. Errors carry a clause for the prescriber.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from threading import Event
from typing import Any
from urllib.parse import urljoin

from cds_service.ehr.outcomes import issue_codes
from cds_service.ehr.scopes import Access, access
from cds_service.fhir.gaps import GapCode, Reason
from cds_service.fhir.json_types import as_text
from cds_service.json_text import NotStrictJson, read_json
from cds_service.settings.addresses import same_origin
from cds_service.trust.outbound import MAX_BYTES, Outbound, OutboundError, Response

LATE = "the EHR did not answer in time"
_REFUSALS = {400, 405, 414, 422, 501}  # the query is at fault: another one may do
_BOM = b"\xef\xbb\xbf"
_ACCEPT = "application/fhir+json, application/json;q=0.9"
_OUTBOUND_REASONS = {
    "refused": "the address is not one that may be contacted",
    "too-large": "the answer was too large",
    "connection": "the EHR could not be reached",
    "tls": "the EHR could not be reached safely",
}


class FhirError(Exception):
    """No usable answer. ``str()`` is a clause that can follow a colon; ``status`` when there was one.

    ``issues`` are the issue types of the OperationOutcome that came with it; ``code`` is the kind of failure.
    """

    def __init__(
        self,
        reason: str,
        status: int | None = None,
        issues: frozenset[str] = frozenset(),
        code: GapCode = GapCode.OTHER,
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.issues = issues
        self.code = code

    @property
    def reason(self) -> Reason:
        """Why there was no usable answer."""
        return Reason(str(self), self.code)

    @property
    def is_refusal(self) -> bool:
        """Whether the server refused the query as such."""
        return self.status in _REFUSALS


class FhirClient:
    """One server's base address, a token and its scopes. Shared by the threads of one call."""

    def __init__(
        self,
        outbound: Outbound,
        server: str,
        access_token: str | None = None,
        scope: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.server = server.removesuffix("/")
        self._outbound = outbound
        self._token = access_token
        self._scope = scope
        self._sleep = sleep
        self._token_refused = Event()
        self._failed: dict[str, FhirError] = {}

    def access(self, resource_type: str, *, reading: bool = False) -> Access:
        """How much of a type the granted scopes let be searched, or read by id."""
        return access(self._scope, resource_type, reading=reading)

    def url(self, link: str, at: str = "") -> str:
        """The absolute URL of a relative one; ``at`` is the URL of the answer it stood in.

        Empty, which is no URL of this server, when the link is malformed.
        """
        try:
            return urljoin(at or f"{self.server}/", link)
        except ValueError:
            return ""

    def get(self, url: str, deadline: float) -> Mapping[str, Any]:
        """The JSON object at a URL of this server. Raises FhirError; what failed once is not asked again."""
        if url in self._failed:
            raise self._failed[url]
        try:
            return self._read(url, deadline)
        except FhirError as error:
            self._failed[url] = error
            raise

    def _read(self, url: str, deadline: float) -> Mapping[str, Any]:
        answer = self._answer(url, deadline)
        wait = _retry_after(answer)
        if wait is not None and time.monotonic() + wait < deadline:
            self._sleep(wait)
            answer = self._answer(url, deadline)
        if answer.status == 401:
            self._token_refused.set()
            raise _token_refused()
        if 300 <= answer.status < 400:
            words = "the server answered with a redirect, which is not followed"
            raise FhirError(words, answer.status, code=GapCode.STATUS)
        if answer.status != 200:
            raise _refused(answer, _issues(answer))
        return _json_object(answer)

    def _answer(self, url: str, deadline: float, max_bytes: int = MAX_BYTES) -> Response:
        if self._token_refused.is_set():
            raise _token_refused()
        headers = {"Accept": _ACCEPT, "Cache-Control": "no-cache"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            return self._outbound.get(
                url, headers=headers, allowed=self.is_own, deadline=deadline, max_bytes=max_bytes
            )
        except OutboundError as failure:
            raise _unreached(failure) from None

    def content(self, url: str, deadline: float, max_bytes: int) -> tuple[bytes, str]:
        """The bytes of a Binary and their content type, sent as a FHIR resource or as they are. Raises FhirError."""
        answer = self._answer(url, deadline, max_bytes)
        if answer.status != 200:
            raise _refused(answer)
        content_type = answer.headers.get("content-type", "")
        if "json" not in content_type.lower():
            return answer.body, content_type
        body = _json_object(answer)
        try:
            return base64.b64decode(as_text(body.get("data")) or ""), as_text(body.get("contentType")) or ""
        except ValueError:
            raise FhirError("the server's answer cannot be read", answer.status) from None

    def capability_statement(self, deadline: float) -> Mapping[str, Any]:
        """What the server says of itself, asked without the token. Raises FhirError."""
        try:
            answer = self._outbound.get(
                self.url("metadata"), headers={"Accept": _ACCEPT}, allowed=self.is_own, deadline=deadline
            )
        except OutboundError as failure:
            raise _unreached(failure) from None
        if answer.status != 200:
            raise _refused(answer)
        return _json_object(answer)

    def is_own(self, url: str) -> bool:
        """Whether a URL lies on this server's own scheme, host and port."""
        return same_origin(url, self.server)


def late() -> FhirError:
    """The failure of whatever had not answered at the deadline."""
    return FhirError(LATE, code=GapCode.TIMEOUT)


def _unreached(failure: OutboundError) -> FhirError:
    return late() if failure.kind == "timeout" else FhirError(_OUTBOUND_REASONS[failure.kind])


def _token_refused() -> FhirError:
    return FhirError("the EHR no longer accepts the access token", 401, code=GapCode.UNAUTHORIZED)


def _refused(answer: Response, issues: frozenset[str] = frozenset()) -> FhirError:
    code = GapCode.UNAUTHORIZED if answer.status == 401 else GapCode.STATUS
    return FhirError(f"the server answered {answer.status}", answer.status, issues, code)


def _retry_after(answer: Response) -> int | None:
    """The whole seconds that an overloaded server asks to wait; a date is not waited for."""
    value = answer.headers.get("retry-after", "")
    if answer.status != 429 or not (value.isascii() and value.isdigit()) or len(value) > 4:
        return None
    return max(int(value), 1)


def _issues(answer: Response) -> frozenset[str]:
    try:
        return issue_codes(_json_object(answer))
    except FhirError:
        return frozenset()


def _json_object(answer: Response) -> Mapping[str, Any]:
    raw = answer.body.removeprefix(_BOM)
    if "8859-1" in answer.headers.get("content-type", "").lower():
        raw = raw.decode("latin-1").encode()
    try:
        value = read_json(raw)
    except NotStrictJson:
        raise FhirError("the server's answer cannot be read", answer.status) from None
    if not isinstance(value, dict):
        raise FhirError("the server's answer is not FHIR", answer.status)
    return value
