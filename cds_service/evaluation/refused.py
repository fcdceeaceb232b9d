"""A call that is answered with an error instead of cards; which HTTP status it becomes is in it."""

from __future__ import annotations

from typing import Any

from cds_service.json_text import NotStrictJson, read_json


class Refused(Exception):
    """A call that is answered with an error. ``member`` is the path of the member at fault."""

    def __init__(self, status: int, code: str, text: str, member: str | None = None) -> None:
        super().__init__(text)
        self.status, self.code, self.text, self.member = status, code, text, member


def json_from(raw: bytes) -> Any:
    """Strict JSON from bytes. Raises Refused with 400."""
    try:
        return read_json(raw)
    except NotStrictJson as fault:
        raise Refused(400, "structure", f"The body cannot be read: {fault}.") from None
