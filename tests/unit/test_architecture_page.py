"""docs/architecture.md and the folders of code say the same."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def drawn():
    """The folders of the tree, each with its path and what is said of it."""
    found, above = {}, []
    for line in re.search(r"```text\n(.*?)```", PAGE, re.DOTALL)[1].splitlines():
        indent, name, words = re.fullmatch(r"([│├└─ ]*)(\w+)/ +(.*)", line).groups()
        above = [*above[: len(indent) // 4], name]
        found["/".join(above)] = words
    return found


def packages():
    return {
        path.parent.relative_to(ROOT).as_posix()
        for top in ("cds_service", "cards")
        for path in (ROOT / top).rglob("*.py")
    }


def test_the_tree_has_every_folder_of_code_and_no_other():
    assert drawn().keys() == packages()


def test_every_room_has_a_line_of_its_own():
    words = list(drawn().values())
    assert all(words)
    assert len(set(words)) == len(words)
