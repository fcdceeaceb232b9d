"""The page for security officers: thirteen answers, and each command, setting and place in them is there."""

from __future__ import annotations

import re
from pathlib import Path

from click import Context

from cds_service.cli import main
from cds_service.settings import NAMES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security-answers.md").read_text(encoding="utf-8")


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_there_are_thirteen_answers() -> None:
    assert [int(number) for number in re.findall(r"^## (\d+)\. .+\?*$", PAGE, re.MULTILINE)] == list(
        range(1, 14)
    )


def test_what_it_names_is_there() -> None:
    commands = set(re.findall(r"cds-service ([\w-]+)", PAGE))
    assert commands <= set(main.list_commands(Context(main)))
    assert len(commands) > 1
    settings = set(re.findall(r"CDS_[A-Z_]+[A-Z]", PAGE))
    assert settings <= NAMES
    assert len(settings) > 3


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        path, _, anchor = target.partition("#")
        page = (ROOT / "docs" / path).read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
        assert not anchor or anchor in map(_anchor, headings), target
