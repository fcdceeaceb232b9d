"""No pattern of the project costs more than linear time, whatever a text repeats.

Every compiled pattern is collected from the modules, and pumped with its own words, blanks and word characters.
"""

import importlib
import pkgutil
import re
import time

import pytest

import cards
import cds_service

SIZES = (5_000, 20_000)
# Cost of a fourfold text: 4 times in linear time, 16 in quadratic. Only what is slow at all is compared.
SLOW_S, STEEP = 0.05, 9.0


def patterns():
    """Every compiled pattern of every module, those inside of tuples and mappings too."""
    found = {}
    for package in (cds_service, cards):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if info.name.endswith("__main__"):
                continue
            module = importlib.import_module(info.name)
            for name, value in vars(module).items():
                for pattern in _inside(value):
                    found.setdefault((pattern.pattern, pattern.flags), (f"{info.name}.{name}", pattern))
    return sorted(found.values(), key=lambda f: f[0])


def _inside(value, depth=0):
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
    elif isinstance(value, dict) and depth < 3:
        for v in value.values():
            yield from _inside(v, depth + 1)
    elif isinstance(value, tuple | list | frozenset | set) and depth < 3:
        for v in value:
            yield from _inside(v, depth + 1)


def pumps(pattern):
    """What to repeat: each word of the pattern, its words in a row, blanks, digits, signs and word characters."""
    words = list(dict.fromkeys(w.lower() for w in re.findall(r"[A-Za-z]{2,}", pattern.pattern)))
    row = " ".join(words[:12])
    yield from (" ", "a", "a ", "1 ", "- ", ", ", "no ")
    if words:
        yield from (f"{row} ", words[0], f"{words[0]} ")


def cost(pattern, text):
    start = time.process_time()
    for _ in pattern.finditer(text):
        pass
    pattern.match(text)
    pattern.fullmatch(text)
    return time.process_time() - start


def steep(pattern):
    """The pumps whose cost grows faster than the text."""
    for pump in pumps(pattern):
        head = next(iter(re.findall(r"[A-Za-z]{2,}", pattern.pattern)), "")
        small, large = (f"{head}{pump * (size // len(pump))}!" for size in SIZES)
        if cost(pattern, large) > SLOW_S and cost(pattern, large) > STEEP * max(cost(pattern, small), 1e-4):
            yield head, pump


ALL = patterns()


@pytest.mark.parametrize("pattern", [p for _, p in ALL], ids=[where for where, _ in ALL])
def test_a_pattern_costs_no_more_than_linear_time(pattern):
    assert list(steep(pattern)) == []


def test_the_patterns_are_collected_and_a_steep_one_is_seen():
    assert len(ALL) > 100
    assert list(steep(re.compile(r"no\s*x|\s*y")))
