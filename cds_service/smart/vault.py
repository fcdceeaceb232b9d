"""What the door asks of the store: encrypted values by kind and secret key, each with an end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from cds_service.store.database import Write


class Vault(Protocol):
    """Kept encrypted. ``take`` gives a value to one caller only; ``putting`` is a ``put`` for another's transaction."""

    def putting(self, kind: str, key: str, value: Mapping[str, Any], seconds: float) -> Write: ...

    def put(self, kind: str, key: str, value: Mapping[str, Any], seconds: float) -> None: ...

    def get(self, kind: str, key: str) -> Mapping[str, Any] | None: ...

    def take(self, kind: str, key: str) -> Mapping[str, Any] | None: ...

    def renew(self, kind: str, key: str, seconds: float) -> bool: ...

    def drop(self, kind: str, key: str) -> None: ...
