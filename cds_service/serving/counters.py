"""The folder in which the workers of one service count: its own, and gone when they are.

A folder is locked as long as any process of its service lives. One that is not is left over from a
service that was killed; the next start of the same account removes it. Knows files, no metric.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

SETTING = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX = f"cds-metrics-{os.getuid()}-"


def begun(place: Path) -> Path | None:
    """Set a new folder in ``place`` for this process and those that it forks; None where one is given.

    A master that takes over from a running one finds that one's folder in its environment, and does
    not count in it.
    """
    given = os.environ.get(SETTING)
    if given and not Path(given).name.startswith(_PREFIX):
        return None
    for left in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            _remove_if_left(left)
    folder = _held_folder(place)
    os.environ[SETTING] = str(folder)
    return folder


def _held_folder(place: Path) -> Path:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
        # Stays open: the lock is given up by the end of the last process that has it.
        fcntl.flock(os.open(folder, os.O_RDONLY | os.O_DIRECTORY), fcntl.LOCK_EX)
        if folder.is_dir():  # else another start took it for a left one, before it was locked
            return folder


def _remove_if_left(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(handle).st_uid == os.getuid():
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
    finally:
        os.close(handle)
