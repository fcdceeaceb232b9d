"""CONTRIBUTING.md, the Makefile, the changelog and the folders of tests say the same."""

import re
import tomllib
from datetime import date
from pathlib import Path

from cds_service import __version__

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
RUN_BY_THEMSELVES = {"tests/profiles", "tests/hapi"}  # needs a server, so its target builds one


def categories():
    """The target of each folder of tests, as the page has it."""
    return dict(re.findall(r"^\| `(tests/\w+)/` \|.*\| `make (test-\w+)` \|$", PAGE, re.MULTILINE))


def test_the_page_has_every_folder_of_tests():
    folders = {p.parent.relative_to(ROOT).as_posix() for p in (ROOT / "tests").glob("*/test_*.py")}
    assert categories().keys() == folders


def test_each_category_has_the_make_target_that_runs_it():
    run = {
        target: folders.split()
        for target, folders in re.findall(r"^(test-\w+): FOLDERS = ([^#\n]+)", MAKEFILE, re.MULTILINE)
    }
    for folder, target in categories().items():
        assert folder in RUN_BY_THEMSELVES or folder in run[target]


def test_every_target_that_the_documents_name_exists():
    targets = set(re.findall(r"^([a-z-]+)(?: [a-z-]+)*:", MAKEFILE, re.MULTILINE)) | {"install-postgres"}
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        named = re.findall(r"(?:`|\$ )make ([a-z][a-z-]*)", path.read_text(encoding="utf-8"))
        assert set(named) <= targets, path.name


def test_the_newest_version_of_the_changelog_is_the_version_of_the_code():
    released = re.findall(r"^## (\d+\.\d+\.\d+) - (\d{4}-\d{2}-\d{2})$", CHANGELOG, re.MULTILINE)
    assert released[0][0] == __version__
    assert [date.fromisoformat(day) for _, day in released]
    assert CHANGELOG.index("## Unreleased") < CHANGELOG.index(f"## {__version__}")
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == __version__
