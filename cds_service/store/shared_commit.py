"""One commit for all who wait: whoever has the turn commits what the others brought as well.

A commit waits for the disk, so that calls that come meanwhile may as well share the next one. There is no
thread of its own and no queue to stop. Knows turns and time, nothing of what is committed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

from cds_service.store import patience
from cds_service.store.database import Database
from cds_service.store.failures import LOCKED, SILENT, StoreError
from cds_service.store.sqlite import LONGEST_WAIT_S

Item = TypeVar("Item")


class _Brought(Generic[Item]):
    """What one thread brought, and what became of it."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.is_kept = self.is_alone = self.is_given_up = False


class SharedCommit(Generic[Item]):
    """``commit`` keeps all that it is given in one transaction, or nothing of it."""

    def __init__(self, database: Database, commit: Callable[[Sequence[Item]], None]) -> None:
        self._database, self._commit = database, commit
        self._waiting: list[_Brought[Item]] = []
        self._list = Lock()
        self._turn = Lock()

    def keep(self, item: Item) -> None:
        """Durable once this returns. Raises what committing this item alone raises, or StoreError.

        What is raised for says that nobody may rely on the item; when time ran out while another thread
        was committing it, it may be there all the same.
        """
        mine = _Brought(item)
        with self._database.limited():
            with self._list:
                self._waiting.append(mine)
            self._wait_for_turn(mine)
            try:
                if not mine.is_kept:
                    self._commit_with_others(mine)
            finally:
                self._turn.release()

    def _wait_for_turn(self, mine: _Brought[Item]) -> None:
        seconds = 0.0 if self._database.is_silent else patience.left(LONGEST_WAIT_S)
        if self._turn.acquire(timeout=seconds):
            return
        mine.is_given_up = True
        with self._list:
            if mine in self._waiting:
                self._waiting.remove(mine)
        raise StoreError(LOCKED if self._database.is_sqlite else SILENT)

    def _commit_with_others(self, mine: _Brought[Item]) -> None:
        together = [mine] if mine.is_alone else self._taken()
        try:
            self._commit([brought.item for brought in together])
        except Exception:
            if len(together) == 1:
                raise
            # One item may be at fault for all, so that each is tried in its own time by who brought it.
            for brought in together:
                brought.is_alone = True
            self._commit([mine.item])
            mine.is_kept = True
        else:
            for brought in together:
                brought.is_kept = True

    def _taken(self) -> list[_Brought[Item]]:
        with self._list:
            taken, self._waiting = self._waiting, []
        return [brought for brought in taken if not brought.is_given_up]
