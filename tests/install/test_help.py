"""``make`` alone lists what there is to make."""

from __future__ import annotations

from tests.install.conftest import ROOT, run


def test_make_alone_describes_every_target() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    (phony,) = (line.split()[1:] for line in text.splitlines() if line.startswith(".PHONY:"))
    listed = [line.split()[:2] for line in run("make", cwd=ROOT).splitlines()]
    assert sorted(listed) == sorted(["make", target] for target in phony)
