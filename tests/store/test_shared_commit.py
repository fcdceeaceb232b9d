"""Who waits shares the next commit; what is wrong with one costs the others nothing; nobody waits without end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from cds_service.store import patience
from cds_service.store.database import Database, StoreError
from cds_service.store.shared_commit import SharedCommit


class Disk:
    """Takes down what is committed together; ``open`` lets a commit end."""

    def __init__(self) -> None:
        self.commits: list[list[str]] = []
        self.open = threading.Event()
        self.busy = threading.Event()

    def commit(self, items: Sequence[str]) -> None:
        self.busy.set()
        assert self.open.wait(30)
        if "bad" in items:
            raise ValueError("bad")
        self.commits.append(list(items))


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def shared(disk: Disk, tmp_path: Path) -> SharedCommit[str]:
    return SharedCommit(Database(f"sqlite:///{tmp_path}/unused.sqlite3"), disk.commit)


@pytest.fixture
def bring(disk: Disk, shared: SharedCommit[str]) -> Iterator[Callable[..., list[Future[None]]]]:
    """Brings items, each in a thread of its own, while the disk is busy with one that came before."""
    with ThreadPoolExecutor(10) as pool:

        def bringing(*items: str) -> list[Future[None]]:
            first = pool.submit(shared.keep, "first")
            assert disk.busy.wait(30)
            others = [pool.submit(shared.keep, item) for item in items]
            while len(shared._waiting) < len(items):
                time.sleep(0.001)
            disk.open.set()
            return [first, *others]

        yield bringing
        disk.open.set()


def test_what_comes_during_a_commit_shares_the_next(
    disk: Disk, bring: Callable[..., list[Future[None]]]
) -> None:
    for kept in bring("a", "b", "c", "d"):
        kept.result(30)

    assert disk.commits[0] == ["first"]
    assert [sorted(together) for together in disk.commits[1:]] == [["a", "b", "c", "d"]]


def test_one_that_cannot_be_kept_takes_no_other_with_it(
    disk: Disk, bring: Callable[..., list[Future[None]]]
) -> None:
    first, a, bad, b = bring("a", "bad", "b")
    for kept in (first, a, b):
        kept.result(30)

    with pytest.raises(ValueError, match="bad"):
        bad.result(30)
    assert sorted(disk.commits) == [["a"], ["b"], ["first"]]


def test_who_has_no_time_left_is_told_and_leaves_nothing_behind(
    disk: Disk, shared: SharedCommit[str]
) -> None:
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(shared.keep, "first")
        assert disk.busy.wait(30)
        with patience.at_most(0.0), pytest.raises(StoreError):
            shared.keep("late")
        disk.open.set()
        first.result(30)
    shared.keep("later")

    assert disk.commits == [["first"], ["later"]]


def test_while_the_database_says_nothing_the_others_are_told_at_once(
    disk: Disk, shared: SharedCommit[str]
) -> None:
    shared._database._is_silent = True
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(shared.keep, "first")
        assert disk.busy.wait(30)
        with pytest.raises(StoreError):
            shared.keep("at once")  # with nothing to bound it but this
        disk.open.set()
        first.result(30)
