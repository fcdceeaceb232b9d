"""What a worker remembers of charts has a bound: calls that never repeat a text leave nothing behind but what caches may hold.

``bench/memory.py`` does the same for 20,000 calls to a worker of gunicorn.
"""

from __future__ import annotations

import functools
import gc
import platform
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from itertools import islice

import pytest

from bench.unlike import calls, requests
from cds_service.evaluation.order_sign import answer
from cds_service.evaluation.services import Services, services_from
from cds_service.remembering import Memory
from cds_service.settings import Settings
from tests.contract.calls import CLOCK

# What is traced for coverage would count as memory that calls leave behind, and take twice the time.
pytestmark = pytest.mark.no_cover
CALLS = 75
MOST_BYTES_A_CALL = 5 * 1024 * 1024 // 20_000  # 5 MB in 20,000 calls


@pytest.fixture(scope="module")
def services() -> Services:
    return services_from(
        Settings.from_environment({"CDS_DEV": "1", "CDS_AUTH": "optional", "CDS_FIXED_NOW": CLOCK})
    )


@pytest.fixture(scope="module")
def bodies() -> Iterator[bytes]:
    return calls()


def caches() -> dict[str, functools._lru_cache_wrapper[object]]:
    """All remembered functions of this program by name."""
    kept = (one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper))
    return {
        f"{one.__module__}.{one.__qualname__}": one
        for one in kept
        if one.__module__.startswith(("cds_service", "cards"))
    }


def forget_texts() -> None:
    """Empty every ``Memory``, such as those of functions of a text (``remembered``), and give them their room back."""
    for one in gc.get_objects():
        if isinstance(one, Memory):
            one.held.clear()
            one._sizes.clear()
            one._room = one._most


def test_no_cache_without_a_bound_takes_in_what_charts_say(
    services: Services, bodies: Iterator[bytes]
) -> None:
    patients = len(requests())
    for body in islice(bodies, 2 * patients):  # after which every table has been read
        assert answer(body, services).cards
    unbounded = {name: one for name, one in caches().items() if one.cache_parameters()["maxsize"] is None}
    before = {name: one.cache_info().currsize for name, one in unbounded.items()}

    for body in islice(bodies, patients):
        assert answer(body, services).cards

    assert {name: one.cache_info().currsize for name, one in unbounded.items()} == before
    assert "cds_service.clinical.terms.code_table" in unbounded


def test_calls_leave_nothing_behind_but_what_bounded_caches_hold(
    services: Services, bodies: Iterator[bytes]
) -> None:
    def held(number: int) -> int:
        for body in islice(bodies, number):
            answer(body, services)
        for cache in caches().values():
            if cache.cache_parameters()["maxsize"] is not None:
                cache.cache_clear()
        forget_texts()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    held(CALLS)
    tracemalloc.start()
    try:
        before = held(CALLS // 2)
        grown = held(CALLS) - before
    finally:
        tracemalloc.stop()

    assert grown / CALLS <= MOST_BYTES_A_CALL, f"{grown / CALLS:.0f} bytes a call"


HEAPS = """
import ctypes, sys, threading
from types import SimpleNamespace
from cds_service.gunicorn_conf import post_fork

if sys.argv[1] == "worker":
    post_fork(SimpleNamespace(loading=None), SimpleNamespace(app=SimpleNamespace(load=None)))
together = threading.Barrier(8)

def hold():
    held = [bytes(2000) for _ in range(100)]
    together.wait()

threads = [threading.Thread(target=hold) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries share what threads free")
def test_threads_of_a_worker_share_what_is_freed() -> None:
    def heaps(process: str) -> int:
        told = subprocess.run(
            [sys.executable, "-c", HEAPS, process], check=True, capture_output=True, text=True
        )
        return told.stdout.count("<heap nr")

    assert heaps("worker") <= 2 < heaps("plain")
