"""Whose page sent a form: ours, one that may frame us, or another site's. Knows two headers, no session."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit


def is_foreign(origin: str | None, site: str | None, public_url: str, framing: Collection[str]) -> bool:
    """Whether another site's page sent a form to us, by its ``Origin`` and ``Sec-Fetch-Site``.

    ``framing`` are the origins that may frame our pages.

    ``Sec-Fetch-Site`` decides where a browser sends it. Our pages send no referrer, so the ``Origin``
    of our own forms is ``null``; only a browser without ``Sec-Fetch-Site`` is taken at that word.
    """
    if origin is not None and origin in framing:
        return False
    if site is not None:
        return site not in ("same-origin", "none")
    ours = urlsplit(public_url)
    return origin not in (None, "null", f"{ours.scheme}://{ours.netloc}")
