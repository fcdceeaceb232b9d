"""A copy of the project as a fresh clone would be, and whether a package registry answers at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_S = 1800  # ends a hung command; a slow machine is no failure
_NOT_CLONED = shutil.ignore_patterns(
    ".git", ".venv", "build", "dist", "var", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis"
)


def clean_environment() -> dict[str, str]:
    """The caller's environment without the settings of the service and of the interpreter that runs the tests.

    Compiling all packages to bytecode proves nothing about an install and takes a fifth of its time.
    """
    own = ("CDS_", "COV_", "PYTHON", "VIRTUAL_ENV", "MAKE", "DEMO_")
    return {k: v for k, v in os.environ.items() if not k.startswith(own)} | {"PIP_NO_COMPILE": "1"}


def run(*command: str | Path, cwd: Path, **settings: str) -> str:
    """What a command printed; a failure shows all of it."""
    done = subprocess.run(
        command, cwd=cwd, env=clean_environment() | settings, text=True, timeout=PATIENCE_S, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}"
    return done.stdout


def fresh_copy(folder: Path) -> Path:
    """The checkout without anything that was built or installed in it."""
    return Path(shutil.copytree(ROOT, folder / "checkout", ignore=_NOT_CLONED, symlinks=True))


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """A fresh copy; removed afterwards, since an environment fills half a gigabyte."""
    yield fresh_copy(tmp_path)
    shutil.rmtree(tmp_path / "checkout")


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skips what has to fetch packages on a machine where none can be fetched."""
    folder = tmp_path_factory.mktemp("registry")
    ask = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--retries=1", "pip"]
    asked = subprocess.run(
        ask,
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    if asked.returncode != 0:
        pytest.skip("no package registry can be reached: nothing can be installed here")
