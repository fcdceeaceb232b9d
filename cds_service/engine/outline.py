"""The outline of a policy: its "all of / any of" tree, numbers and citations, read from TOML.

A leaf is a pure function with the same id. Orphans in either direction are refused at load, and
so are finders of rules that the file does not have.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from cds_service.engine.answers import Answer
from cds_service.engine.attempts import LATE, Allowance, Missed, attempt
from cds_service.engine.determination import Basis, Cited, CriterionResult, GroupResult, PolicyReference
from cds_service.engine.finders import Finder
from cds_service.engine.verdict import Verdict, all_of, any_of

C = TypeVar("C")


class PolicyError(ValueError):
    """The policy file and the code disagree; the message names the id."""


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a criterion or rule stands: section and page of the payer's document, and its basis."""

    id: str
    section: str
    page: int
    title: str
    basis: Basis
    kind: str


@dataclass(frozen=True, slots=True)
class Group:
    """A node of the outline: ``all`` or ``any`` of parts, each a criterion id or another group's id."""

    id: str
    operator: str
    title: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the policy with its unit, and where it comes from."""

    value: Decimal
    unit: str
    section: str
    basis: Basis


@dataclass(frozen=True)
class Outline(Generic[C]):
    """A policy as data, with the functions that decide its leaves. ``C`` is the case they look at."""

    reference: PolicyReference
    groups: Mapping[str, Group]
    citations: Mapping[str, Citation]
    numbers: Mapping[str, Number]
    not_computed: Mapping[str, tuple[Citation, str]]
    leaves: Mapping[str, Callable[[C], Answer]]
    finders: tuple[Finder[C], ...] = ()

    def evaluate(self, group_id: str, case: C, time: Allowance | None = None) -> GroupResult:
        """Decide a whole group. A leaf is decided once, wherever it stands; one that is not reached is unknown."""
        allowed = time or Allowance()
        return self._group(self.groups[group_id], {}, lambda leaf_id: self._leaf(leaf_id, case, allowed))

    def undecided(self, group_id: str, missed: Missed) -> GroupResult:
        """A whole group of which nothing could be decided."""
        return self._group(
            self.groups[group_id], {}, lambda leaf_id: self._result(leaf_id, _no_answer(missed))
        )

    def _group(
        self, group: Group, decided: dict[str, CriterionResult], decide: Callable[[str], CriterionResult]
    ) -> GroupResult:
        parts: list[GroupResult | CriterionResult] = []
        for part in group.parts:
            if part in self.groups:
                parts.append(self._group(self.groups[part], decided, decide))
            else:
                if part not in decided:
                    decided[part] = decide(part)
                parts.append(decided[part])
        combine = all_of if group.operator == "all" else any_of
        return GroupResult(
            group.id, group.title, group.operator, combine(p.verdict for p in parts), tuple(parts)
        )

    def _leaf(self, leaf_id: str, case: C, time: Allowance) -> CriterionResult:
        answer = attempt(f"criterion {leaf_id}", lambda: self.leaves[leaf_id](case), time)
        return self._result(leaf_id, _no_answer(answer) if isinstance(answer, Missed) else answer)

    def _result(self, leaf_id: str, answer: Answer) -> CriterionResult:
        citation = self.citations[leaf_id]
        return CriterionResult(
            id=leaf_id,
            section=citation.section,
            title=citation.title,
            verdict=answer.verdict,
            because=answer.because,
            evidence=tuple(dict.fromkeys(answer.evidence)),
            changes=answer.changes,
            needed=answer.needed,
            asks=answer.asks,
            basis=citation.basis,
            page=citation.page,
        )


def _no_answer(missed: Missed) -> Answer:
    changes = "asking again, since the time for an answer was over" if missed is LATE else ""
    return Answer(Verdict.UNKNOWN, f"this criterion {_was(missed)}", changes=changes)


def _was(missed: Missed) -> str:
    return f"was {missed.because}" if missed is LATE else missed.because


def leaves_of(group: GroupResult) -> tuple[CriterionResult, ...]:
    """The criteria below a group, each once, in the order of the outline."""
    found: dict[str, CriterionResult] = {}
    for part in group.parts:
        for leaf in leaves_of(part) if isinstance(part, GroupResult) else (part,):
            found.setdefault(leaf.id, leaf)
    return tuple(found.values())


def load(
    text: str, leaves: Mapping[str, Callable[[C], Answer]], finders: Sequence[Finder[C]] = ()
) -> Outline[C]:
    """Read a policy file and bind its leaves and finders.

    Raises PolicyError when a criterion has no function, a function no criterion, a finder no rule, or
    a part no meaning.
    """
    raw = tomllib.loads(text, parse_float=Decimal)
    citations = {c["id"]: _citation(c) for c in (*raw["criterion"], *raw.get("rule", ()))}
    groups = {g["id"]: Group(g["id"], g["operator"], g["title"], tuple(g["parts"])) for g in raw["group"]}
    numbers = {key: _number(key, value) for key, value in raw["numbers"].items()}
    skipped = {n["id"]: (_citation(n), n["reason"]) for n in raw.get("not_computed", ())}
    wanted = {c["id"] for c in raw["criterion"]}
    if missing := wanted - leaves.keys():
        raise PolicyError(f"criteria without a function: {', '.join(sorted(missing))}")
    if orphans := leaves.keys() - wanted:
        raise PolicyError(f"functions without a criterion: {', '.join(sorted(orphans))}")
    if unruled := {rule for finder in finders for rule in finder.rules} - citations.keys():
        raise PolicyError(f"finders of rules that the file lacks: {', '.join(sorted(unruled))}")
    for group in groups.values():
        for part in group.parts:
            if part not in groups and part not in wanted:
                raise PolicyError(f"group {group.id} names {part}, which is neither group nor criterion")
    about = raw["policy"]
    cited = {
        c["id"]: Cited(c["section"].strip("-"), c["title"], c.get("brief", c["title"]))
        for c in (*raw["criterion"], *raw.get("rule", ()))
    }
    revision = raw.get("form", {}).get("revision", 1)
    reference = PolicyReference(
        about["id"], about["effective"], about["title"], about["payer"], cited, revision
    )
    return Outline(reference, groups, citations, numbers, skipped, leaves, tuple(finders))


def _citation(raw: Mapping[str, Any]) -> Citation:
    return Citation(raw["id"], raw["section"], raw["page"], raw["title"], Basis(raw["basis"]), raw["kind"])


def _number(key: str, raw: Mapping[str, Any]) -> Number:
    if not raw.get("section"):
        raise PolicyError(f"number {key} cites no section")
    return Number(Decimal(str(raw["value"])), raw["unit"], raw["section"], Basis(raw["basis"]))
