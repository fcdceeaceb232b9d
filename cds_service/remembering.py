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
K = TypeVar("K")
H = TypeVar("H")
Function = Callable[Concatenate[str, P], R]
_EACH = 100  # characters that an entry counts for beside its text


class Memory(Generic[K, R]):
    """Results by key, up to so many characters of what they were made from. What was made first goes first.

    ``held`` is there to be read, which needs no lock; ``keep`` alone changes it.
    """

    def __init__(self, characters: int) -> None:
        self.held: dict[K, R] = {}
        self._sizes: dict[K, int] = {}
        self._most = self._room = characters
        self._lock = Lock()

    def keep(self, key: K, made: R, characters: int) -> R:
        """Keep a result that was made from so many characters, unless these alone are too many, and give it."""
        size = characters + _EACH
        if size > self._most:
            return made
        with self._lock:
            if key not in self.held:
                self.held[key], self._sizes[key] = made, size
                self._room -= size
            while self._room < 0:
                oldest = next(iter(self.held))
                del self.held[oldest]
                self._room += self._sizes.pop(oldest)
        return made


def remembered(characters: int) -> Callable[[Function[P, R]], Function[P, R]]:
    """For a pure function of a text: the last results, up to so many characters of texts, are not made again.

    A text that is longer by itself is not remembered.
    """

    def of(function: Function[P, R]) -> Function[P, R]:
        memory: Memory[tuple[object, ...], R] = Memory(characters)
        held = memory.held

        @wraps(function)
        def look_up(text: str, /, *rest: P.args, **named: P.kwargs) -> R:
            key = (text, *rest, *named.items()) if named else (text, *rest)
            try:
                return held[key]
            except KeyError:
                pass
            return memory.keep(key, function(text, *rest, **named), len(text))

        return look_up

    return of


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
