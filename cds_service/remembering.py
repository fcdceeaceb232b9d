"""What a function of a text gave is remembered, within a bound on the texts' length: memory has an end, whatever is sent.

A count of texts alone is no bound, since one text may be as long as a thousand others.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Concatenate, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
Function = Callable[Concatenate[str, P], R]
_EACH = 100  # characters that an entry counts for beside its text


def remembered(characters: int) -> Callable[[Function[P, R]], Function[P, R]]:
    """For a pure function of a text: the last results, up to so many characters of texts, are not made again.

    What was made first goes first. A text that is longer by itself is not remembered.
    """

    def of(function: Function[P, R]) -> Function[P, R]:
        held: dict[tuple[object, ...], tuple[int, R]] = {}
        lock = Lock()
        room = characters

        @wraps(function)
        def look_up(text: str, /, *rest: P.args, **named: P.kwargs) -> R:
            nonlocal room
            key = (text, *rest, *named.items()) if named else (text, *rest)
            try:
                return held[key][1]  # reading alone needs no lock
            except KeyError:
                pass
            made = function(text, *rest, **named)
            size = len(text) + _EACH
            with lock:
                if key not in held:
                    held[key] = (size, made)
                    room -= size
                while room < 0:
                    room += held.pop(next(iter(held)))[0]
            return made

        return look_up

    return of


H = TypeVar("H")


def once(function: Callable[[H], R]) -> Callable[[H], R]:
    """For a pure function of a chart or a case: what it finds is found once for each and kept with it.

    The holder is a value that never changes; what is found must not be changed by those who ask.
    """
    name = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def found(holder: H) -> R:
        facts = holder.__dict__
        if name not in facts:
            facts[name] = function(holder)
        known: R = facts[name]
        return known

    return found


class kept(Generic[H, R]):  # noqa: N801, read as a decorator
    """A property of a chart or a case that is found once for each and kept with it, as ``once`` keeps a function's.

    ``functools.cached_property`` of Python 3.11 does the same under one lock for all holders, so that two
    calls that are decided at the same time would wait for each other.
    """

    def __init__(self, find: Callable[[H], R]) -> None:
        self._find, self._name, self.__doc__ = find, find.__name__, find.__doc__

    def __get__(self, holder: H, _holders: type[H]) -> R:
        found = self._find(holder)
        holder.__dict__[self._name] = found  # where the next look finds it first
        return found
