"""``make`` alone lists what there is to make."""

from __future__ import annotations

import re

from tests.install.conftest import ROOT, run


def test_make_alone_describes_every_target() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    (categories,) = re.findall(r"^CATEGORIES := (.*)", text, re.MULTILINE)
    phony = re.findall(r"^\.PHONY: (.*)", text, re.MULTILINE)
    targets = " ".join(phony).replace("$(CATEGORIES)", categories).split()
    listed = [line.split()[:2] for line in run("make", cwd=ROOT).splitlines()]
    assert sorted(listed) == sorted(["make", target] for target in targets)
