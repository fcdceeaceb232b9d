"""The outline of a policy decided: its "all of / any of" tree with a pure function for each leaf.

Orphans in either direction are refused when functions are bound, and so are finders of rules and
items that the file does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from cds_service.engine.answers import Answer
from cds_service.engine.attempts import LATE, Allowance, Missed, attempt
from cds_service.engine.determination import Cited, CriterionResult, GroupResult
from cds_service.engine.finders import Finder
from cds_service.engine.policy_file import Group, PolicyError, PolicyFile
from cds_service.engine.verdict import Verdict, all_of, any_of
from cds_service.remembering import once
from cds_service.values import dataclass

C = TypeVar("C")


@dataclass(frozen=True)
class Outline(Generic[C]):
    """A policy as data, with the functions that decide its leaves. ``C`` is the case they look at."""

    policy: PolicyFile
    leaves: Mapping[str, Callable[[C], Answer]]
    finders: tuple[Finder[C], ...] = ()

    def evaluate(self, group_id: str, case: C, time: Allowance | None = None) -> GroupResult:
        """Decide a whole group. A leaf is decided once, wherever it stands; one that is not reached is unknown."""
        allowed = time or Allowance()
        rules = self.policy.reference.rules
        return self._group(
            self.policy.groups[group_id], {}, lambda leaf_id: self._leaf(leaf_id, case, allowed, rules)
        )

    def undecided(self, group_id: str, missed: Missed) -> GroupResult:
        """A whole group of which nothing could be decided."""
        rules = self.policy.reference.rules
        return self._group(
            self.policy.groups[group_id], {}, lambda leaf_id: self._result(leaf_id, _no_answer(missed), rules)
        )

    def _group(
        self, group: Group, decided: dict[str, CriterionResult], decide: Callable[[str], CriterionResult]
    ) -> GroupResult:
        parts: list[GroupResult | CriterionResult] = []
        for part in group.parts:
            if part in self.policy.groups:
                parts.append(self._group(self.policy.groups[part], decided, decide))
            else:
                if part not in decided:
                    decided[part] = decide(part)
                parts.append(decided[part])
        combine = all_of if group.operator == "all" else any_of
        return GroupResult(
            group.id,
            group.title,
            group.operator,
            combine([p.verdict for p in parts]),
            tuple(parts),
            group.section,
        )

    def _leaf(self, leaf_id: str, case: C, time: Allowance, rules: Mapping[str, Cited]) -> CriterionResult:
        answer = attempt(f"criterion {leaf_id}", lambda: self.leaves[leaf_id](case), time)
        return self._result(leaf_id, _no_answer(answer) if isinstance(answer, Missed) else answer, rules)

    def _result(self, leaf_id: str, answer: Answer, rules: Mapping[str, Cited]) -> CriterionResult:
        citation = self.policy.citations[leaf_id]
        return CriterionResult(
            id=leaf_id,
            section=citation.section,
            title=rules[leaf_id].title,
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


@once
def leaves_of(group: GroupResult) -> tuple[CriterionResult, ...]:
    """The criteria below a group, each once, in the order of the outline."""
    found: dict[str, CriterionResult] = {}
    for part in group.parts:
        for leaf in leaves_of(part) if isinstance(part, GroupResult) else (part,):
            if leaf.id not in found:
                found[leaf.id] = leaf
    return tuple(found.values())


def needed_by_every_path(group: GroupResult) -> frozenset[str]:
    """The criteria without which the whole cannot be met, whichever alternatives are."""
    parts = [
        needed_by_every_path(part) if isinstance(part, GroupResult) else frozenset((part.id,))
        for part in group.parts
    ]
    if group.operator == "all":
        return frozenset().union(*parts)
    return frozenset.intersection(*parts) if parts else frozenset()


def bind(
    policy: PolicyFile, leaves: Mapping[str, Callable[[C], Answer]], finders: Sequence[Finder[C]] = ()
) -> Outline[C]:
    """Bind leaves and finders to a policy.

    Raises PolicyError when a criterion has no function, a function no criterion, or a finder a rule or
    an item that the file lacks.
    """
    wanted = set(policy.criteria)
    if missing := wanted - leaves.keys():
        raise PolicyError(f"criteria without a function: {', '.join(sorted(missing))}")
    if orphans := leaves.keys() - wanted:
        raise PolicyError(f"functions without a criterion: {', '.join(sorted(orphans))}")
    if unruled := {rule for finder in finders for rule in finder.rules} - policy.citations.keys():
        raise PolicyError(f"finders of rules that the file lacks: {', '.join(sorted(unruled))}")
    if unknown := {finder.item for finder in finders if finder.item} - policy.items.keys():
        raise PolicyError(f"finders of items that the file lacks: {', '.join(sorted(unknown))}")
    return Outline(policy, leaves, tuple(finders))
