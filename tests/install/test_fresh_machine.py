"""The locked packages install by make's own rules, whatever pip the machine's Python brought."""

from __future__ import annotations

import ensurepip
import sys
from pathlib import Path

import pytest

from tests.install.conftest import run

pytestmark = [pytest.mark.install, pytest.mark.usefixtures("registry")]
# Released with Python 3.11.0, and with 3.11.7 and 3.12.1. Both resolve otherwise than today's pip.
OLD_PIPS = {
    "pip==22.3": "sha256:1daab4b8d3b97d1d763caeb01a4640a2250a0ea899e257b1e44b9eded91e15ab",
    "pip==23.2.1": "sha256:7ccf472345f20d35bdc9d1841ff5f313260c2c33fe417f48c30ac46cccabf5be",
}
NEWEST_PYTHON = {"pip==22.3": (3, 11), "pip==23.2.1": (3, 12)}
# May be one of the two: then make's own environment has it, and it is tried once.
OWN_PIP = f"pip=={ensurepip.version()}"
TARGETS = {
    "install": "requirements.lock",
    "install-postgres": "requirements-postgres.lock",
    "install-replay": "requirements-replay.lock",
    ".venv/.installed-dev": "requirements-dev.lock",
}


@pytest.mark.parametrize("pip", sorted({*OLD_PIPS, OWN_PIP}))
def test_make_installs_the_locks_and_says_in_words_what_it_does(clone: Path, pip: str) -> None:
    _bring(pip, clone)
    for target, lock in TARGETS.items():
        said = run("make", f"PYTHON={sys.executable}", target, cwd=clone)
        assert f"packages of {lock}" in said
        assert "No broken requirements found" in said
    assert pip.replace("==", " ") in run(".venv/bin/python", "-m", "pip", "--version", cwd=clone)
    run(".venv/bin/python", "-c", "import cds_service, psycopg, pyarrow, pytest", cwd=clone)


def _bring(pip: str, clone: Path) -> None:
    """Give the clone an environment with an old pip; with the machine's own, make makes it."""
    if pip == OWN_PIP:
        return
    if sys.version_info[:2] > NEWEST_PYTHON[pip]:
        pytest.skip(f"{pip} does not run on this Python, so nobody has it there")
    pinned = clone / "pip.txt"
    pinned.write_text(f"{pip} --hash={OLD_PIPS[pip]}\n")
    run(sys.executable, "-m", "venv", ".venv", cwd=clone)
    run(".venv/bin/python", "-m", "pip", "install", "--require-hashes", "-r", pinned, cwd=clone)
