"""The public keys of EHRs: fetched or read from a file, kept, refreshed, and never older than allowed.

Knows key sets and time, nothing of tokens. A caller who invents key ids can make us fetch at most
once a minute; an EHR whose key address is down is believed for one hour beyond its keys' freshness.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from threading import Lock
from typing import Any

from cds_service.json_text import NotStrictJson, read_json
from cds_service.settings.tenants import Client, Network
from cds_service.trust.outbound import AllowedBases, Outbound, OutboundError
from cds_service.values import dataclass

FRESH_S = 600.0
FRESH_RANGE_S = (60.0, 86400.0)
STALE_S = 3600.0
UNKNOWN_KID_EVERY_S = 60.0
RETRY_S = 1.0  # with no keys at all, so that an EHR that comes back is soon believed
STALE_RETRY_S = 30.0  # with old keys in hand, there is less hurry
FETCH_S = 2.0
LARGEST = 256 * 1024
MOST_KEYS = 200

Keys = tuple[Mapping[str, Any], ...]
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=([0-9]{1,9})(?=$|[\s,])")


class KeysUnavailable(Exception):
    """No keys that may still be believed. ``str()`` says why in one word."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A key set as it came, and for how many seconds its server calls it fresh."""

    body: bytes
    fresh_s: float = FRESH_S


Fetch = Callable[[Client], Fetched]
"""Reads a client's key address. Raises KeysUnavailable."""


def fetch_through(outbound: Outbound) -> Fetch:
    """Fetching by the one door to other servers: this address only, no redirects, no credentials."""

    def fetch(client: Client) -> Fetched:
        url = client.jwks_url or ""
        try:
            answer = outbound.within(client.network).get(
                url,
                headers={"Accept": "application/json"},
                allowed=AllowedBases((url,)),
                deadline=time.monotonic() + FETCH_S,
                max_bytes=LARGEST,
            )
        except OutboundError as error:
            raise KeysUnavailable(error.kind) from None
        if answer.status != 200:
            raise KeysUnavailable("status")
        return Fetched(answer.body, _fresh_s(answer.headers.get("cache-control", "")))

    return fetch


def _fresh_s(cache_control: str) -> float:
    given = _MAX_AGE.search(cache_control.lower())
    least, most = FRESH_RANGE_S
    return min(max(float(given[1]), least), most) if given else FRESH_S


def key_set(body: bytes) -> Keys:
    """The keys of a JWK Set. Members of no use to us are left out later, key by key."""
    try:
        content = read_json(body)
    except NotStrictJson:
        raise KeysUnavailable("json") from None
    keys = content.get("keys") if isinstance(content, dict) else None
    if not isinstance(keys, list) or len(keys) > MOST_KEYS:
        raise KeysUnavailable("shape")
    return tuple(key for key in keys if isinstance(key, dict))


@dataclass
class _Address:
    """What is known of one key address. Guarded by ``lock``, which one fetching thread holds."""

    lock: Lock = field(default_factory=Lock)
    keys: Keys | None = None
    fresh_until: float = 0.0
    tried_at: float = float("-inf")
    searched_at: float = float("-inf")
    fault: str = ""


class KeySets:
    """All key sets of a process. ``clock`` is monotonic."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._clock = fetch, clock
        self._addresses: dict[tuple[str, Network], _Address] = {}
        self._files: dict[Path, tuple[tuple[int, int], Keys]] = {}
        self._lock = Lock()

    def keys(self, client: Client, kid: str) -> Keys:
        """The client's keys, fetched anew when none is called ``kid`` and a minute has passed.

        Raises KeysUnavailable.
        """
        if client.jwks_file is not None:
            return self._from_file(client.jwks_file)
        if client.jwks_url is None:
            raise KeysUnavailable("none")
        with self._lock:
            # By network, too: keys that one hospital's network gave are not believed for another.
            place = (client.jwks_url, client.network)
            held = self._addresses.setdefault(place, _Address())
        keys, loaded_now = self._current(held, client)
        if loaded_now or any(key.get("kid") == kid for key in keys):
            return keys
        return self._searched(held, client, kid)

    def _current(self, held: _Address, client: Client) -> tuple[Keys, bool]:
        """Keys that may be believed, and whether they were fetched just now."""
        now = self._clock()
        if held.keys is not None and now < held.fresh_until:
            return held.keys, False
        usable = held.keys is not None and now < held.fresh_until + STALE_S
        # With old keys in hand nobody waits for the one who fetches; without any, all do.
        if not held.lock.acquire(blocking=not usable):
            return held.keys or (), False
        try:
            now = self._clock()
            if held.keys is not None and now < held.fresh_until:
                return held.keys, False
            loaded = False
            if now - held.tried_at >= (STALE_RETRY_S if usable else RETRY_S):
                loaded = self._load(held, client)
            if held.keys is None or self._clock() >= held.fresh_until + STALE_S:
                raise KeysUnavailable(held.fault or "stale")
            return held.keys, loaded
        finally:
            held.lock.release()

    def _searched(self, held: _Address, client: Client, kid: str) -> Keys:
        """The keys after at most one fetch a minute for ids that are not among them."""
        with held.lock:
            found = held.keys is not None and any(key.get("kid") == kid for key in held.keys)
            now = self._clock()
            if not found and now - held.searched_at >= UNKNOWN_KID_EVERY_S:
                held.searched_at = now
                self._load(held, client)
            return held.keys or ()

    def _load(self, held: _Address, client: Client) -> bool:
        """Fetch into ``held``, whose lock the caller holds. A failure leaves what was there."""
        held.tried_at = self._clock()
        try:
            fetched = self._fetch(client)
            held.keys = key_set(fetched.body)
        except KeysUnavailable as error:
            held.fault = str(error)
            return False
        held.fresh_until = self._clock() + fetched.fresh_s
        return True

    def _from_file(self, path: Path) -> Keys:
        """The keys of a file, read again when it has changed; what was read before outlives a bad change."""
        held = self._files.get(path)
        try:
            stat = path.stat()
            version = (stat.st_mtime_ns, stat.st_size)
            if held is None or held[0] != version:
                held = self._files[path] = (version, key_set(path.read_bytes()))
        except (OSError, KeysUnavailable):
            if held is None:
                raise KeysUnavailable("file") from None
        return held[1]
