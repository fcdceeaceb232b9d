"""Answers as forms have them: "VOD (Y/N): N", "CNS disease? No", "CR [yes/no]".

What is offered to choose from is no statement; what was chosen is read as "yes" or "no". A choice
without an answer says nothing. Knows no medicine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from cds_service.clinical.reading.tokens import Shape, Token, tokens
from cds_service.remembering import remembered

_CHOICES = frozenset(
    {
        frozenset(pair)
        for pair in (
            ("y", "n"),
            ("yes", "no"),
            ("pos", "neg"),
            ("positive", "negative"),
            ("present", "absent"),
        )
    }
)
_SPEAKING = frozenset(word for pair in _CHOICES for word in pair) | {"none"}
_LETTERS = {"Y": "yes", "N": "no"}
_ANSWERS = frozenset({"yes", "no", "none"})
_OPEN, _CLOSED = frozenset("(["), frozenset(")]")
_BEFORE_AN_ANSWER = frozenset(":=-") | _OPEN
_BEHIND_AN_ANSWER = frozenset(",|") | _CLOSED
# The word that stands for a choice to which no answer is given; a sentence that holds it is a template.
_UNANSWERED = "(unanswered)"


@remembered(500_000)
def form_tokens(text: str) -> tuple[Token, ...]:
    """The tokens of a folded text, with what was chosen as "yes" or "no" and without what was to choose from."""
    found = tokens(text)
    if not any(t.word in _SPEAKING for t in found):
        return found
    return tuple(_joined(list(_letters(list(_chosen(found))))))


def _chosen(found: Sequence[Token]) -> Iterator[Token]:
    """Without each choice that is answered behind it; one that is not becomes _UNANSWERED."""
    i = 0
    while i < len(found):
        end = _choice(found, i)
        if end is None:
            yield found[i]
            i += 1
            continue
        answer = end
        while answer < len(found) and found[answer].text in _BEFORE_AN_ANSWER:
            answer += 1
        if answer == end or answer == len(found) or found[answer].word not in _SPEAKING:
            yield _one(found[i:end], _UNANSWERED)
        i = end


def _choice(found: Sequence[Token], i: int) -> int | None:
    """Where a choice that begins here ends: ``Y/N``, in brackets or not; None when none begins."""
    opened = found[i].text in _OPEN
    words = found[i + opened : i + opened + 3]
    if len(words) < 3 or words[1].text not in ("/", "|"):
        return None
    if frozenset((words[0].word, words[2].word)) not in _CHOICES:
        return None
    end = i + opened + 3
    return end + 1 if opened and end < len(found) and found[end].text in _CLOSED else end


def _letters(found: Sequence[Token]) -> Iterator[Token]:
    """With "Y" and "N" in the place of an answer as words."""
    for i, token in enumerate(found):
        behind = found[i + 1] if i + 1 < len(found) else None
        last = behind is None or behind.shape is Shape.END or behind.text in _BEHIND_AN_ANSWER
        asked = i > 0 and (found[i - 1].text in _BEFORE_AN_ANSWER or found[i - 1].text == "?")
        yield (
            token._replace(word=_LETTERS[token.text]) if token.text in _LETTERS and asked and last else token
        )


def _joined(found: Sequence[Token]) -> Iterator[Token]:
    """With a question and the one word that answers it as one sentence: "VOD? No" is "VOD: No"."""
    for i, token in enumerate(found):
        answered = token.text == "?" and i + 1 < len(found) and found[i + 1].word in _ANSWERS
        alone = i + 2 >= len(found) or found[i + 2].shape is Shape.END
        yield token._replace(text=":", word=":", shape=Shape.SIGN) if answered and alone else token


_SIGNED = {
    ("(", "-", ")"): "negative",
    ("[", "-", "]"): "negative",
    ("(", "+", ")"): "positive",
    ("[", "+", "]"): "positive",
    ("-", "ve"): "negative",
    ("+", "ve"): "positive",
    ("+", "/", "-"): _UNANSWERED,
    ("-", "/", "+"): _UNANSWERED,
}


def plain_signs(words: Sequence[Token]) -> tuple[Token, ...]:
    """With ``(-)``, ``-ve`` and the like as words, for a topic that has no signs of its own.

    A sign that leaves both open, or a dash that ends a sentence, becomes a word that nobody knows.
    """
    if not any(t.text in ("-", "+") for t in words):
        return tuple(words)
    found: list[Token] = []
    i = 0
    while i < len(words):
        most = tuple(t.word for t in words[i : i + 3])
        sign = next((s for s in (most, most[:2]) if s in _SIGNED), None)
        if sign is not None:
            found.append(_one(words[i : i + len(sign)], _SIGNED[sign]))
            i += len(sign)
            continue
        ends = words[i].text == "-" and i == len(words) - 1 and i > 0
        found.append(_one(words[i:], _UNANSWERED) if ends else words[i])
        i += 1
    return tuple(found)


def _one(several: Sequence[Token], word: str) -> Token:
    return several[0]._replace(word=word, shape=Shape.WORD, end=several[-1].end)


def is_template(words: Sequence[Token]) -> bool:
    """Whether a sentence holds a choice that is not answered, a box to tick ("[ ] yes") or a blank ("CR: ____")."""
    if any(t.word == _UNANSWERED for t in words):
        return True
    signs = [t.text for t in words]
    if "[" not in signs and "_" not in signs:
        return False
    ticked = any(
        a == "[" and (b == "]" or (c == "]" and b.lower() in ("x", "v")))
        for a, b, c in zip(signs, signs[1:], [*signs[2:], ""], strict=False)
    )
    return ticked or any(a == b == "_" for a, b in pairwise(signs))
