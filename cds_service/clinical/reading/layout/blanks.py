"""What a form leaves open or denies: a blank, a label without an answer, "is / is not in remission", "T-ALL: No".

A sentence that leaves its answer open says nothing, whatever its label names. Knows no medicine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from cds_service.clinical.reading.layout.boxes import UNANSWERED
from cds_service.clinical.reading.tokens import Token

_ENDS_LABEL = frozenset({":", "="})
_BEFORE_ANSWER = frozenset({":", "=", "-", "--", "(", "[", "|"})
_BEHIND_ANSWER = frozenset({",", "|", ")", "]"})
_DENIALS = frozenset({"no", "none"})
_ASIDE = frozenset({")", "]", ".", ">"})
_IDLE = frozenset({"-", "--", "?", "|", "/", "."})
_IN_SENTENCES = frozenset({",", "(", "["})  # a label has none of these
# What stands in the place of an answer and is none.
_NO_ANSWER = re.compile(
    r"(?:n/a|na|not applicable|tbd|pending|awaited|blank|left blank|"
    r"to be (?:determined|assessed|documented|confirmed)|"
    r"(?:please )?(?:select|choose|circle|check|specify)(?: one)?|"
    r"(?:(?:was|were|is|are|has|have) )?(?:not|never) (?:yet )?(?:been )?"
    r"(?:documented|recorded|charted|entered|filled(?: in| out)?|completed|answered|addressed|assessed|evaluated|"
    r"specified|stated|provided|reported|asked|available|known|done|performed|tested)"
    r"(?: (?:in (?:the )?(?:chart|note|record)|today|here|yet|at this time|this visit))?)"
)
_CHOOSING = frozenset({"select", "choose", "circle", "check", "pick", "mark"})
_OR = frozenset({"/", "|", "or", "vs", "versus", "and/or"})
_NOT = frozenset({"not", "no", "non", "without", "never"})
_VERBS = frozenset(
    {"is", "are", "was", "were", "has", "have", "had", "does", "did", "do", "will", "can", "in"}
)
_REACH = 8  # words on either side of a stroke
_LABEL = 8  # words; a longer text before a colon is a sentence that goes on below


class Form(NamedTuple):
    """A sentence as part of a form. ``bare``: a label alone, which leaves its answer open as well.

    ``denied``: a label with the answer "no" stands in it; ``only_denied``: it is nothing else.
    """

    is_open: bool
    bare: bool
    denied: bool
    only_denied: bool


def form_of(words: Sequence[Token], vocabulary: frozenset[str]) -> Form:
    """What a sentence is as part of a form. ``vocabulary``: its words."""
    bare = _is_bare(words)
    denied = not _DENIALS.isdisjoint(vocabulary) and _says_no(words)
    # "Sepsis source: none" is no denial of a sepsis.
    only_denied = denied and words[-1].word == "no" and _is_label(words)
    return Form(bare or _is_template(words, vocabulary), bare, denied, only_denied)


def _says_no(words: Sequence[Token]) -> bool:
    """Whether a label is answered with "no" and nothing else ("T-ALL: No")."""
    for i, token in enumerate(words[1:-1], 1):
        last = i + 2 == len(words) or words[i + 2].text in _BEHIND_ANSWER
        if last and words[i + 1].word in _DENIALS and token.text in (":", "=", "-"):
            return True
    return False


def _is_template(words: Sequence[Token], vocabulary: frozenset[str]) -> bool:
    """Whether a sentence has a blank, or a choice that is not made."""
    if UNANSWERED in vocabulary or "{" in vocabulary:
        return True
    said = [t.word for t in words]
    if any(sign in vocabulary and _has(said, [sign] * 3) for sign in ("*", ".")):
        return True  # "Remission: ***", "Remission ......"
    if "~" in vocabulary and _has(said, ["~", "~"]):
        return True  # "~~Relapse~~" is struck out
    if any(_has(said, [word, "one"]) or _has(said, [word, "all", "that"]) for word in _CHOOSING & vocabulary):
        return True
    return _is_unanswered(said) or (_may_choose(vocabulary) and _offers_both(said))


def _has(words: Sequence[str], some: Sequence[str]) -> bool:
    """Whether words stand somewhere among others, one after another."""
    return any(words[i : i + len(some)] == some for i in range(len(words)))


def _is_bare(words: Sequence[Token]) -> bool:
    """Whether a sentence is a label and nothing else ("VOD:")."""
    end = len(words)
    while end > 1 and words[end - 1].text in _IDLE:
        end -= 1
    return 1 < end <= _LABEL + 1 and words[end - 1].text in _ENDS_LABEL and _is_label(words[: end - 1])


def _is_label(words: Sequence[Token]) -> bool:
    """Whether words are no more than a label, without a part of their own between commas or brackets."""
    return all(t.text not in _IN_SENTENCES for t in words)


def _is_unanswered(words: Sequence[str]) -> bool:
    """Whether what stands behind the last sign says that there is no answer ("CR - not documented")."""
    at = next((i for i in range(len(words) - 1, 0, -1) if words[i] in _BEFORE_ANSWER), 0)
    tail = " ".join(w for w in words[at + 1 :] if w not in _ASIDE)
    if at == 0 or not _IN_SENTENCES.isdisjoint(words[:at]):
        return False
    # "Pneumonia - unknown" may be one of unknown cause.
    return _NO_ANSWER.fullmatch(tail) is not None or (tail in ("unk", "unknown") and words[at] in _ENDS_LABEL)


def _may_choose(vocabulary: frozenset[str]) -> bool:
    if "(" not in vocabulary and _OR.isdisjoint(vocabulary):
        return False
    return not _NOT.isdisjoint(vocabulary) or any(w.endswith("n't") or w == "cannot" for w in vocabulary)


def _offers_both(words: Sequence[str]) -> bool:
    """Whether a sentence offers a thing and its denial ("is / is not", "achieved / not achieved", "there is (no) VOD")."""
    for i, word in enumerate(words):
        if word == "(" and _is_denial_aside(words[i + 1 : i + 4]):
            return True
        if word in _OR and 0 < i < len(words) - 1:
            before, after = words[max(0, i - _REACH) : i], words[i + 1 : i + 1 + _REACH]
            if _are_opposite(before, after, word):
                return True
    return False


def _is_denial_aside(words: Sequence[str]) -> bool:
    """Whether words go on as "not)", or "no)" before a word; "VOD (no)" is an answer."""
    if len(words) < 2 or words[0] not in _NOT or words[1] != ")":
        return False
    return words[0] == "not" or (len(words) > 2 and words[2].isalpha())


def _are_opposite(before: Sequence[str], after: Sequence[str], between: str) -> bool:
    """Whether what stands before a stroke is denied behind it, or the other way round."""
    last, first = before[-1], after[0]
    joined = {(last, first), (first, last)}
    if any(b in (f"{a}n't", f"{a}not", f"un{a}", f"non{a}") for a, b in joined):
        return True
    if (last, between, first) == ("with", "/", "without"):
        return True
    at = max((i for i, word in enumerate(before) if word in _NOT), default=None)
    if at is not None and _NOT.isdisjoint(after):
        denied = before[at + 1 :]
        if after[: len(denied)] == denied if denied else _repeats(before[:at], after):
            return True
    if first in _NOT:
        return last in _VERBS or (len(after) > 1 and after[1] in before)
    denial = next((i for i, word in enumerate(after) if word in _NOT), 0)
    return denial > 0 and before[-denial:] == after[:denial]


def _repeats(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether words begin as those before them end ("there is no / there is")."""
    return any(before[-n:] == after[:n] for n in range(1, min(len(before), len(after)) + 1))
