"""Every sentence of a policy, and where it is decided: the rows of ``docs/traceability.csv``.

A build tool for a checkout: ``python -m cds_service.commands.traceability inotuzumab docs/traceability.csv``.
"""

from __future__ import annotations

import ast
import csv
import inspect
import io
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from cds_service.engine.outline import Outline
from cds_service.engine.policy_file import Citation
from cds_service.policies import installed

COLUMNS = (
    "id", "section", "page", "basis", "kind", "path", "function", "line", "why not computed", "tests",
)  # fmt: skip
ROOT = Path(__file__).parents[2]
# Where a rule may be decided beside the policy's own folder: the reading below it, the cards above it.
_SHARED = (
    "cds_service/fhir",
    "cds_service/clinical",
    "cds_service/oncology",
    "cds_service/policies/orders.py",
    "cards",
)
_ONLY_LISTING = ("finders.py",)  # names rules and decides none


class Place(NamedTuple):
    """A function, or a module as a whole, that decides a rule."""

    path: str
    function: str
    line: int


def rows(policy: str, tests: Path) -> Iterator[tuple[str, ...]]:
    """A row for each place that decides an id; one with the reason for an id that nothing decides."""
    outline = installed()[policy].outline
    for citation in outline.policy.citations.values():
        named = _tests(citation.id, tests)
        for place in _places(outline, policy, citation.id):
            yield (*_cited(citation), place.path, place.function, str(place.line), "", named)
    for citation, reason in outline.policy.not_computed.values():
        yield (*_cited(citation), "", "", "", reason, "")


def _cited(c: Citation) -> tuple[str, ...]:
    return c.id, c.section, str(c.page) if c.page else "", c.basis.value, c.kind


def _places(outline: Outline[Any], policy: str, rule: str) -> list[Place]:
    """The function that is bound to a criterion, those that look for a rule, else those that name it."""
    if rule in outline.leaves:
        return [_place(outline.leaves[rule])]
    bound = [_place(finder.look) for finder in outline.finders if rule in finder.rules]
    return list(dict.fromkeys(bound)) or _naming(policy, rule)


def _place(function: Callable[..., object]) -> Place:
    own = inspect.unwrap(function)
    path = Path(inspect.getfile(own)).relative_to(ROOT).as_posix()
    return Place(path, own.__name__, inspect.getsourcelines(own)[1])


def _naming(policy: str, rule: str) -> list[Place]:
    """The functions whose text names a rule; a module where it is outside of any."""
    pattern = re.compile(rf"{re.escape(rule)}(?![\w-])")
    found = _in_file(policy, rule)
    for path in _modules(policy):
        if pattern.search(_text(path)):
            found += _within(path, pattern)
    return found


def _in_file(policy: str, rule: str) -> list[Place]:
    """The policy file itself, for a rule that only puts its words on every card."""
    file = _folder(policy) / "policy.toml"
    path, lines = file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8").splitlines()
    at = lines.index(f'id = "{rule}"') + 1
    end = next((n for n, line in enumerate(lines[at:], at) if not line), len(lines))
    return [Place(path, "footer", n) for n in range(at, end + 1) if lines[n - 1].startswith("footer =")]


def _within(path: Path, pattern: re.Pattern[str]) -> list[Place]:
    name, text = path.relative_to(ROOT).as_posix(), _text(path)
    lines = text.splitlines()
    naming = [f for f in _functions(path) if pattern.search("\n".join(lines[f.lineno - 1 : f.end_lineno]))]
    if not naming:
        return [Place(name, "", text[: pattern.search(text).start()].count("\n") + 1)]  # type: ignore[union-attr]
    return [Place(name, f.name, f.lineno) for f in sorted(naming, key=lambda f: f.lineno)]


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _functions(path: Path) -> tuple[ast.FunctionDef, ...]:
    return tuple(node for node in ast.walk(ast.parse(_text(path))) if isinstance(node, ast.FunctionDef))


def _folder(policy: str) -> Path:
    return Path(inspect.getfile(import_module(f"cds_service.policies.{policy}"))).parent


@cache
def _modules(policy: str) -> tuple[Path, ...]:
    folders = (_folder(policy).relative_to(ROOT).as_posix(), *_SHARED)
    found = (
        p
        for folder in folders
        for p in ([ROOT / folder] if folder.endswith(".py") else (ROOT / folder).rglob("*.py"))
    )
    return tuple(sorted(p for p in found if p.name not in _ONLY_LISTING))


def _tests(rule: str, tests: Path) -> str:
    """The test modules that name an id, in its own spelling or in that of a test's name."""
    spoken = rule.lower().replace("-", "_")
    pattern = re.compile(rf"{re.escape(rule)}(?![\w-])|{re.escape(spoken)}(?![a-z0-9])")
    found = [
        p for p in sorted(tests.rglob("test_*.py")) if p.name != "test_traceability.py" and _names(p, pattern)
    ]
    return " ".join(p.relative_to(tests).as_posix() for p in found)


def _names(path: Path, pattern: re.Pattern[str]) -> bool:
    return bool(pattern.search(path.name) or pattern.search(_text(path)))


def as_csv(policy: str, tests: Path) -> str:
    """The whole file."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows(policy, tests))
    return out.getvalue()


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(as_csv(sys.argv[1], Path("tests")), encoding="utf-8")
