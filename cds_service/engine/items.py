"""Documentation items of a policy: what may have to be sent, in words, and what settles it. As in its file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Test:
    """A test that settles an item, in our words, with its LOINC code.

    Without a code it is ordered by its words alone: a laboratory acts on a code, so a wrong one is worse than none.
    """

    name: str
    code: str = ""
    display: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One documentation item: its name, what a prescriber does about it, and the tests that settle it.

    ``sources`` are the kinds of data in which it may stand; ``overruled_in`` those of them in which what overrules
    an answer would stand (all, where none are named); ``judged_with`` are others without which it cannot be judged.
    An item with ``late`` can only come from before the first dose: on a continuation that is what to do, and no test
    is offered.
    """

    id: str
    name: str
    act: str
    sources: tuple[str, ...] = ()
    overruled_in: tuple[str, ...] = ()
    judged_with: tuple[str, ...] = ()
    tests: tuple[Test, ...] = ()
    late: str = ""


def item_of(raw: Mapping[str, Any]) -> Item:
    """An ``[[item]]`` of a policy file. KeyError or TypeError where a member is missing or unknown."""
    members = dict(raw)
    tests = tuple(Test(**test) for test in members.pop("tests", ()))
    sources, overruled_in, judged_with = (
        tuple(members.pop(name, ())) for name in ("sources", "overruled_in", "judged_with")
    )
    return Item(sources=sources, overruled_in=overruled_in, judged_with=judged_with, tests=tests, **members)
