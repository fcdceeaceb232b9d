"""Which types a FHIR server offers, by its CapabilityStatement: read when a search failed, kept for a day.

A call whose searches succeed never asks. A server that cannot be asked leaves it open.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from cds_service.ehr.fhir_client import FhirClient, FhirError
from cds_service.fhir.json_types import as_dicts, as_text
from cds_service.values import dataclass

_DAY_S = 24 * 3600.0
_AFTER_FAILURE_S = 600.0
_MOST_SERVERS = 256


@dataclass(frozen=True, slots=True)
class _Known:
    types: frozenset[str] | None
    until: float


@dataclass(slots=True)
class Capabilities:
    """What is known of each server, by its base. One for a process, shared by its threads."""

    monotonic: Callable[[], float] = time.monotonic
    _known: dict[str, _Known] = field(default_factory=dict)
    _asking: dict[str, threading.Lock] = field(default_factory=dict)

    def types_of(self, client: FhirClient, deadline: float) -> frozenset[str] | None:
        """The types that a server says it offers; None when that cannot be determined in time."""
        if (known := self._fresh(client.server)) is not None:
            return known.types
        asking = self._asking.setdefault(
            client.server, threading.Lock()
        )  # one thread asks, others wait for it
        if not asking.acquire(timeout=max(deadline - time.monotonic(), 0)):
            return None
        try:
            known = self._fresh(client.server) or self._ask(client, deadline)
        finally:
            asking.release()
        return known.types

    def _fresh(self, server: str) -> _Known | None:
        known = self._known.get(server)
        return known if known is not None and self.monotonic() < known.until else None

    def _ask(self, client: FhirClient, deadline: float) -> _Known:
        try:
            types = _offered(client.capability_statement(deadline))
        except FhirError:
            types = None
        kept = _DAY_S if types is not None else _AFTER_FAILURE_S
        known = _Known(types, self.monotonic() + kept)
        if len(self._known) >= _MOST_SERVERS:
            oldest = next(iter(self._known))
            self._known.pop(oldest, None)
            self._asking.pop(oldest, None)
        self._known[client.server] = known
        return known


def _offered(statement: Mapping[str, Any]) -> frozenset[str] | None:
    """The types of a CapabilityStatement; None when it is none, or names not even patients."""
    if statement.get("resourceType") != "CapabilityStatement":
        return None
    rests = [rest for rest in as_dicts(statement.get("rest")) if rest.get("mode") in (None, "server")]
    types = {as_text(r.get("type")) for rest in rests for r in as_dicts(rest.get("resource"))}
    return frozenset(t for t in types if t) if "Patient" in types else None


SHARED = Capabilities()
