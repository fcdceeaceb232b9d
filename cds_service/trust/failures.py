"""Why another server gave no answer: what the libraries raise, as one error with a kind and a place.

Knows the exceptions of requests, urllib3 and ssl. Holds no URL, which may name a patient.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator
from typing import Literal

import requests
from urllib3.exceptions import DecodeError, ReadTimeoutError

from cds_service.trust.peers import NameUnknownError, PeerRefusedError

Kind = Literal["refused", "timeout", "too-large", "connection", "tls"]
Step = Literal["name", "address", "connection", "proxy", "tls", "answer"]
_STATUS_OF_PROXY = re.compile(r"Tunnel connection failed: (\d{3})")


class OutboundError(Exception):
    """No answer. ``kind`` says why: refused (by us), timeout, too-large, connection or tls.

    For whoever runs the service, ``step`` says how far it came, and ``detail`` what was seen there:
    addresses and reasons, never a URL.
    """

    def __init__(self, kind: Kind, message: str, step: Step = "answer", detail: str = "") -> None:
        super().__init__(message)
        self.kind: Kind = kind
        self.step: Step = step
        self.detail = detail or message


def outbound_error(error: Exception) -> OutboundError:
    """The error of a request, or of reading its answer."""
    causes = tuple(_causes(error))
    for cause in causes:
        if isinstance(cause, PeerRefusedError):
            message = "the address leads to a machine that may not be contacted"
            return OutboundError("refused", message, "address", cause.fault)
    step, detail = _place(causes)
    if any(isinstance(cause, requests.Timeout | ReadTimeoutError | TimeoutError) for cause in causes):
        return OutboundError("timeout", "no answer in time", step)
    if step == "tls":
        return OutboundError("tls", "no trusted TLS connection", step, detail)
    if any(isinstance(cause, DecodeError) for cause in causes):
        return OutboundError("connection", "the answer cannot be decoded")
    return OutboundError("connection", "no connection, or it broke", step, detail)


def _place(causes: tuple[BaseException, ...]) -> tuple[Step, str]:
    """How far a request came, and what the system says of it."""
    for cause in causes:
        if isinstance(cause, NameUnknownError):
            return ("name", "the name has no address")
    if any(isinstance(cause, requests.exceptions.ProxyError) for cause in causes):
        return ("proxy", _proxy_detail(causes))
    if any(isinstance(cause, requests.exceptions.SSLError) for cause in causes):
        told = (c.verify_message for c in causes if isinstance(c, ssl.SSLCertVerificationError))
        return ("tls", next(told, "no TLS was agreed on"))
    return ("connection", _system_reason(causes))


def _proxy_detail(causes: tuple[BaseException, ...]) -> str:
    for cause in causes:
        if isinstance(cause, OSError) and (found := _STATUS_OF_PROXY.search(str(cause))):
            return f"the proxy answered {found[1]}"
    return _system_reason(causes) or "the proxy gave no answer"


def _system_reason(causes: tuple[BaseException, ...]) -> str:
    """What the operating system called it, such as "Connection refused"."""
    numbers = (cause.errno for cause in causes if isinstance(cause, OSError))
    return next((os.strerror(number) for number in numbers if number is not None and number > 0), "")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        for member in ("reason", "original_error"):
            inner = getattr(error, member, None)
            if isinstance(inner, BaseException):
                yield inner
        error = error.__cause__ or error.__context__
