"""Boxes to tick: "[x] CR [ ] PR", "Relapse: ( ) yes (x) no", "VOD Yes ___ No _x_", and their signs.

What is ticked stays and what is open goes. A line of which it is not sure which box is whose, or
in which none is ticked, is left unanswered. Knows no medicine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from cds_service.clinical.reading.tokens import Shape, Token

# The word that stands for a choice to which no answer is given; a sentence that holds it is a template.
UNANSWERED = "(unanswered)"
# Words that answer a question by themselves.
ANSWERS = frozenset({
    "yes", "no", "y", "n", "none", "pos", "neg", "positive", "negative", "present", "absent", "unknown", "unk", "n/a", "na",
})  # fmt: skip

_TICKED, _OPEN = "(ticked)", "(open)"
_BOXES = frozenset({_TICKED, _OPEN})
_OPEN_SIGNS = frozenset("\u2610\u25a1\u25a2\u25fb\u274f\u2751\u2b1c")
_TICKED_SIGNS = frozenset("\u2611\u2612\u22a0\u2705\u2713\u2714")
# Bullets of lists as well: boxes only where there are two of them in a line.
_OPEN_ROUND, _TICKED_ROUND = frozenset("\u25cb\u25ef"), frozenset("\u25cf\u25c9\u25a0")
_ROUND = _OPEN_ROUND | _TICKED_ROUND
_SIGNS = _OPEN_SIGNS | _TICKED_SIGNS | _ROUND
_CLOSING = {"(": ")", "[": "]"}
_TICKS = frozenset({"x", "v", "\u2713", "\u2714"})
_LOOKS_LIKE_BOX = re.compile(rf"[\[_{''.join(sorted(_SIGNS))}]|\( ?[xX\u2713\u2714_]? ?\)")
_BEFORE_OPTIONS = frozenset({":", "=", "-", "?"})
_JOINING = frozenset({",", "|", "/", "or", "and"})
_BEHIND_ANSWER = frozenset({",", "(", "-", ")", "|", "/"})


def may_hold_boxes(text: str) -> bool:
    """Whether a folded text has a sign that may be a box."""
    return _LOOKS_LIKE_BOX.search(text) is not None


def is_box(token: Token) -> bool:
    return token.word in _BOXES


def boxed(found: Sequence[Token]) -> Iterator[Token]:
    """The tokens with each box as one token, whose text tells its style."""
    i = 0
    while i < len(found):
        box = _box(found, i)
        if box is None:
            yield found[i]
            i += 1
            continue
        word, length = box
        style = "sign" if found[i].text in _SIGNS else found[i].text
        last = found[i + length - 1]
        yield found[i]._replace(text=style, word=word, shape=Shape.SIGN, end=last.end)
        i += length


def _box(found: Sequence[Token], i: int) -> tuple[str, int] | None:
    """Whether a box begins at a token, ticked or open, and how many tokens it has."""
    text = found[i].text
    if text in _SIGNS:
        alone = text in _ROUND and not _beside_another(found, i)
        return None if alone else (_TICKED if text in _TICKED_SIGNS | _TICKED_ROUND else _OPEN, 1)
    if text == "_":
        return _underscored(found, i)
    if text not in _CLOSING:
        return None
    end = i + 1
    while end < len(found) and (found[end].text == "_" or (end == i + 1 and found[end].word in _TICKS)):
        end += 1
    if end == len(found) or found[end].text != _CLOSING[text] or (text == "(" and found[i + 1].word == "v"):
        return None
    return (_TICKED if found[i + 1].word in _TICKS else _OPEN), end + 1 - i


def _beside_another(found: Sequence[Token], i: int) -> bool:
    """Whether another round sign stands in the same line."""
    start = next((j + 1 for j in range(i - 1, -1, -1) if found[j].shape is Shape.END), 0)
    end = next((j for j in range(i, len(found)) if found[j].shape is Shape.END), len(found))
    return sum(t.text in _ROUND for t in found[start:end]) > 1


def _underscored(found: Sequence[Token], i: int) -> tuple[str, int] | None:
    """A blank of two strokes or more, or "_x_"."""
    end = i
    ticked = False
    while end < len(found) and (end == i or found[end].start == found[end - 1].end):
        is_tick = found[end].word in _TICKS and end > i
        if found[end].text != "_" and (ticked or not is_tick):
            break
        ticked = ticked or is_tick
        end += 1
    if ticked and found[end - 1].text == "_":
        return _TICKED, end - i
    strokes = next((j for j in range(i, end) if found[j].text != "_"), end) - i
    return (_OPEN, strokes) if strokes > 1 else None


def ticked(line: Sequence[Token]) -> list[Token]:
    """A line of :func:`boxed` tokens with what is ticked, or with UNANSWERED in the place of its first box."""
    at = [i for i, t in enumerate(line) if is_box(t)]
    if not at:
        return list(line)
    chosen = _chosen(line, at)
    if chosen is not None:
        return chosen
    first = line[at[0]]._replace(word=UNANSWERED, text=UNANSWERED, shape=Shape.WORD)
    return [first if i == at[0] else t for i, t in enumerate(line) if i == at[0] or not is_box(t)]


def _chosen(line: Sequence[Token], at: Sequence[int]) -> list[Token] | None:
    if len({line[i].text for i in at}) > 1:
        return None
    line, rest = _without_label_behind(line, at[-1] + 1)
    laid_out = _options(line, at)
    if laid_out is None:
        return None
    heading, options = laid_out
    kept = [o for o, i in zip(options, at, strict=True) if line[i].word == _TICKED]
    if not kept or not _are_apart(options, kept):
        return None
    found = list(heading) if _says(heading) else []
    if found and found[-1].text != ":":
        found.append(line[at[0]]._replace(text=":", word=":"))
    for n, option in enumerate(kept):
        if n:
            found.append(option[0]._replace(text=",", word=",", shape=Shape.SIGN, end=option[0].start))
        found += option
    if rest:
        found += [rest[0]._replace(text=",", word=",", shape=Shape.SIGN, end=rest[0].start), *rest]
    return found


def _without_label_behind(line: Sequence[Token], last: int) -> tuple[Sequence[Token], Sequence[Token]]:
    """A line without the label and its answer that stand behind the last option, and these ("[x] Yes [ ] No  Site: skin")."""
    behind = line[last + 1 :]
    answered = last < len(line) and line[last].word in ANSWERS and line[last].word not in ("n", "y")
    # A day behind it may be that of an earlier answer.
    undated = all(t.shape is not Shape.DATE and not t.word.startswith("date") for t in behind)
    labeled = (
        undated
        and len(behind) > 2
        and behind[0].shape is Shape.WORD
        and any(t.text == ":" for t in behind[1:4])
    )
    return (line[: last + 1], behind) if answered and labeled else (line, ())


def _options(
    line: Sequence[Token], at: Sequence[int]
) -> tuple[Sequence[Token], list[Sequence[Token]]] | None:
    """The words before the options and those of each box; None where it is not sure whose a box is."""
    head, tail = line[: at[0]], line[at[-1] + 1 :]
    between = [line[a + 1 : b] for a, b in pairwise(at)]
    if _says(tail):
        led = not _says(head) or head[-1].text in _BEFORE_OPTIONS
        if not led and any(t.word in ANSWERS for t in head):
            return None
        return head, [_trimmed(o) for o in (*between, tail)]
    if not _says(head):
        return None
    cut = max((i + 1 for i, t in enumerate(head) if t.text == ":"), default=0)
    if not cut and between and head[-1].word in ANSWERS:
        cut = len(head) - 1
    first = head[cut:]
    if not first and not between:
        first = [line[at[0]]._replace(text="yes", word="yes", shape=Shape.WORD)]
    return head[:cut], [_trimmed(o) for o in (first, *between)]


def _are_apart(options: Sequence[Sequence[Token]], kept: Sequence[Sequence[Token]]) -> bool:
    """Whether each option has words of its own, and the answers among them are those to one question."""
    asking = ("?",) if len(options) == 1 else (":", "?")  # of one box alone a colon is of its own words
    if not all(_says(o) for o in options) or any(t.text in asking for o in options for t in o):
        return False
    answers = [o for o in options if o[0].word in ANSWERS]
    if len(answers) < 2:
        return True
    alone = all(len(o) == 1 or o[1].text in _BEHIND_ANSWER for o in answers)
    return alone and len({o[0].word for o in answers}) == len(answers) and len(kept) == 1


def _says(words: Sequence[Token]) -> bool:
    return any(t.shape in (Shape.WORD, Shape.NOTATION) for t in words)


def _trimmed(option: Sequence[Token]) -> Sequence[Token]:
    start, end = 0, len(option)
    while start < end and option[start].word in _JOINING:
        start += 1
    while end > start and option[end - 1].word in _JOINING:
        end -= 1
    return option[start:end]
