"""Rules that find something, as those that decide: bound to ids of the policy file and run one by one.

Knows what becomes of a rule that could not be evaluated: it is named on the card, never silently absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Generic, TypeVar

from cds_service.engine.attempts import LATE, Allowance, Missed, attempt
from cds_service.engine.determination import ACTS, Basis, CardKind, Finding, Indicator, NeededItem
from cds_service.engine.policy_file import PolicyError, PolicyFile
from cds_service.engine.wording import upper_first
from cds_service.values import dataclass

C = TypeVar("C")
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Finder(Generic[C]):
    """One thing that is looked for in a case.

    ``rules`` are the ids it answers for, ``about`` names it for a prescriber, numbers in braces. With an ``item`` it
    only asks for that documentation item, which stays open when an error kept it from being evaluated.
    """

    rules: tuple[str, ...]
    about: str
    look: Callable[[C], Iterable[Finding | NeededItem]]
    item: str = ""


def find(
    finders: Iterable[Finder[C]], case: C, time: Allowance, policy: PolicyFile
) -> tuple[tuple[Finding, ...], tuple[NeededItem, ...]]:
    """What all finders find and ask for, in their order; then what could not be evaluated.

    One that cites a rule or asks for an item that the policy lacks is at fault, as one that raises.
    """
    found: list[Finding | NeededItem] = []
    missed: list[tuple[Finder[C], Missed]] = []

    def look(finder: Finder[C]) -> None:
        outcome = tuple(finder.look(case))
        if outcome:
            check_known(outcome, policy)
            found.extend(outcome)

    for finder in finders:
        why = attempt(f"rule {finder.rules[0]}", partial(look, finder), time)
        if why is not None:
            missed.append((finder, why))
    found += _named([(replace(f, about=policy.numbers.filled(f.about)), why) for f, why in missed])
    findings = tuple([f for f in found if isinstance(f, Finding)])
    return findings, tuple([n for n in found if isinstance(n, NeededItem)])


def check_known(found: Iterable[Finding | NeededItem], policy: PolicyFile) -> None:
    """Raises PolicyError for a rule or an item that the policy file lacks, and for an action that is none of ours."""
    for one in found:
        if isinstance(one, NeededItem):
            lacking = {one.item} - policy.items.keys()
        else:
            lacking = set(one.rules) - policy.citations.keys()
            if one.action and not one.act:
                raise PolicyError(f"an action begins with none of {', '.join(ACTS)}: {one.action}")
        if lacking:
            raise PolicyError(f"the file lacks {', '.join(sorted(lacking))}")


def _named(missed: Sequence[tuple[Finder[C], Missed]]) -> Iterator[Finding | NeededItem]:
    """What was not evaluated: an item stays open, a rule is named; whatever time was short for, in one line."""
    late: list[Finder[C]] = []
    for finder, why in missed:
        if why is LATE:
            late.append(finder)
        elif finder.item:
            yield NeededItem(finder.item, f"{finder.about} {why.because}", decides=False)
        else:
            yield not_evaluated(finder.rules, f"{finder.about} {why.because}")
    if late:
        rules = tuple(dict.fromkeys(rule for finder in late for rule in finder.rules))
        yield not_evaluated(rules, f"{LATE.because}: {_listed([finder.about for finder in late])}")


def _listed(names: Sequence[str]) -> str:
    """The first few names; a card has no room for all, and the rules' ids are beside it."""
    rest = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED])}{rest}"


def not_evaluated(rules: tuple[str, ...], text: str) -> Finding:
    """The warning that a rule was not evaluated, so that its silence is not read as "nothing found"."""
    return Finding(
        "unreadable-data", Indicator.WARNING, CardKind.SAFETY, rules, Basis.RECOMMENDATION,
        upper_first(text), "Check by hand what was not evaluated",
    )  # fmt: skip
