"""Every sentence of the policy, and where it is decided: the rows of ``docs/traceability.csv``.

Run as a module to write the file: ``python -m cds_service.policies.inotuzumab.traceability OUT``.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from cds_service.policies.inotuzumab.determine import LEAVES, OUTLINE

COLUMNS = ("id", "section", "page", "basis", "kind", "decided by", "why not computed", "tests")
_ONLY_LISTING = ("traceability", "finders")  # they name rules and decide none
_ROOT = Path(__file__).parents[3]
_PLACES = ("cds_service/fhir", "cds_service/clinical", "cds_service/policies/inotuzumab", "cards")


def rows(tests: Path) -> Iterator[tuple[str, ...]]:
    """One row for each id: the function or modules that decide it, or the reason, and the tests that name it."""
    for citation in OUTLINE.citations.values():
        leaf = LEAVES.get(citation.id)
        where = (
            f"{leaf.__module__.rsplit('.', 1)[-1]}.{leaf.__name__}"
            if leaf
            else " ".join(_modules(citation.id))
        )
        page = str(citation.page) if citation.page else ""
        yield (
            citation.id,
            citation.section,
            page,
            citation.basis.value,
            citation.kind,
            where,
            "",
            _tests(citation.id, tests),
        )
    for citation, reason in OUTLINE.not_computed.values():
        yield (
            citation.id,
            citation.section,
            str(citation.page),
            citation.basis.value,
            citation.kind,
            "",
            reason,
            "",
        )


def _modules(rule_id: str) -> list[str]:
    """The modules that cite a rule, of this policy or of the reading below it and the cards above it."""
    pattern = re.compile(rf"{re.escape(rule_id)}(?![\w-])")
    found = [
        p for place in _PLACES for p in sorted((_ROOT / place).rglob("*.py")) if p.stem not in _ONLY_LISTING
    ]
    return [p.stem for p in found if pattern.search(p.read_text(encoding="utf-8"))]


def _tests(rule_id: str, tests: Path) -> str:
    """The test modules that name an id, in its own spelling or in that of a test's name."""
    spoken = rule_id.lower().replace("-", "_")
    pattern = re.compile(rf"{re.escape(rule_id)}(?![\w-])|{re.escape(spoken)}(?![a-z0-9])")
    found = [
        p for p in sorted(tests.rglob("test_*.py")) if p.name != "test_traceability.py" and _names(p, pattern)
    ]
    return " ".join(p.relative_to(tests).as_posix() for p in found)


def _names(path: Path, pattern: re.Pattern[str]) -> bool:
    return bool(pattern.search(path.name) or pattern.search(path.read_text(encoding="utf-8")))


def as_csv(tests: Path) -> str:
    """The whole file."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows(tests))
    return out.getvalue()


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(as_csv(Path("tests")), encoding="utf-8")
