"""What a function of a text gave is remembered, within a bound on the texts' length: memory has an end, whatever is sent.

A count of texts alone is no bound, since one text may be as long as a thousand others.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
Function = Callable[Concatenate[str, P], R]
_EACH = 100  # characters that an entry counts for beside its text


def remembered(characters: int) -> Callable[[Function[P, R]], Function[P, R]]:
    """For a pure function of a text: the last results, up to so many characters of texts, are not made again.

    What was used longest ago goes first. A text that is longer by itself is not remembered.
    """

    def of(function: Function[P, R]) -> Function[P, R]:
        held: OrderedDict[tuple[object, ...], tuple[int, R]] = OrderedDict()
        lock = Lock()
        room = characters

        @wraps(function)
        def look_up(text: str, /, *rest: P.args, **named: P.kwargs) -> R:
            nonlocal room
            key = (text, *rest, *named.items())
            with lock:
                if (found := held.get(key)) is not None:
                    held.move_to_end(key)
                    return found[1]
            made = function(text, *rest, **named)
            size = len(text) + _EACH
            with lock:
                if key not in held:
                    held[key] = (size, made)
                    room -= size
                while room < 0:
                    room += held.popitem(last=False)[1][0]
            return made

        return look_up

    return of
