"""The ways a launch or a view can end without a page, each with its status and what to do about it.

The texts are for a prescriber; ``reason`` is a short code for the log and names no patient.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(eq=False)
class Refused(Exception):
    """The door stays shut. ``status`` is the HTTP status, ``advice`` what the reader can do."""

    status: int
    title: str
    advice: str
    reason: str
    retry_url: str = ""

    def __str__(self) -> str:
        return f"{self.status} {self.reason}"


_REOPEN = "Close this page and open it again from the card or from the patient's chart."
_TELL_IT = "If it happens again, tell your EHR support team the code below."


def unknown_ehr() -> Refused:
    return Refused(
        403,
        "This EHR is not registered with this service",
        "Nothing was sent to it. Ask your EHR support team to register it before opening this page.",
        "unknown-issuer",
    )


def bad_launch(reason: str) -> Refused:
    return Refused(400, "This page was not opened in a way that can be used", _REOPEN, reason)


def bad_answer(reason: str) -> Refused:
    """The EHR sent the browser back with something that does not belong to a launch of this browser."""
    return Refused(400, "The sign-in could not be completed", f"{_REOPEN} {_TELL_IT}", reason)


def lost_cookie(retry_url: str) -> Refused:
    """The browser did not bring back the cookie of this launch: some keep none inside a frame."""
    return Refused(
        400,
        "Your browser did not keep the sign-in",
        "Open the page in a window of its own, or close it and open it again from the chart.",
        "no-launch-cookie",
        retry_url,
    )


def other_site() -> Refused:
    """Another site's page posted a form here; what it asked for was not done."""
    advice = "Nothing was changed. To end the view, use its own button."
    return Refused(403, "This did not come from the view", advice, "other-site")


def session_over(reason: str = "no-session") -> Refused:
    return Refused(401, "This view has ended", _REOPEN, reason)


def other_view() -> Refused:
    return Refused(
        401,
        "This view was replaced",
        "Another patient's view was opened in this browser since. " + _REOPEN,
        "other-view",
    )


def no_packet() -> Refused:
    """There is no order to ask an authorization for, or its packet could not be made."""
    return Refused(
        404,
        "There is no packet for this view",
        "Open the page from the card of an order, or from a chart that holds the order. " + _TELL_IT,
        "no-packet",
    )


def not_allowed(reason: str) -> Refused:
    return Refused(
        403,
        "The EHR does not allow this",
        "Your EHR refused to share what this page needs. Your EHR support team can allow it. " + _TELL_IT,
        reason,
    )


def not_signed_in(reason: str) -> Refused:
    """The EHR would have to ask its user something, which it does not do for a page that opens in a frame."""
    return Refused(
        403,
        "The EHR wants you to sign in first",
        "Sign in to your EHR, answer what it asks, then open this page again. " + _TELL_IT,
        reason,
    )


def not_a_clinician(reason: str) -> Refused:
    return Refused(
        403,
        "This page is for signed-in clinicians",
        "The EHR did not say which clinician of its own opened the page. " + _TELL_IT,
        reason,
    )


def ehr_failed(reason: str) -> Refused:
    return Refused(
        502,
        "The EHR did not answer as it should",
        "Nothing is wrong with your order. Try again in a minute. " + _TELL_IT,
        reason,
    )


def ehr_late(reason: str = "ehr-late") -> Refused:
    return Refused(
        504,
        "The EHR did not answer in time",
        "Nothing is wrong with your order. Try again in a minute. " + _TELL_IT,
        reason,
    )


def code_of(error: str) -> str:
    """The code on the page for an OAuth error that is known: ``access-denied`` for ``access_denied``."""
    return error.replace("_", "-")


def our_fault() -> Refused:
    """A fault of this service. A gateway's status, so that no frame shows a server's own error page."""
    return Refused(
        502,
        "The page could not be made",
        "The fault is on this service's side; nothing is wrong with your order. " + _TELL_IT,
        "internal",
    )
