"""Answers as forms have them: "VOD (Y/N): N", "CNS disease? No", "CR [yes/no]".

What is offered to choose from is no statement; what was chosen is read as "yes" or "no". A choice
without an answer says nothing. Knows no medicine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cds_service.clinical.reading.layout.boxes import UNANSWERED, boxed, is_box, may_hold_boxes, ticked
from cds_service.clinical.reading.tokens import Shape, Token, tokens
from cds_service.remembering import remembered

_PAIRS = (
    ("y", "n"),
    ("yes", "no"),
    ("pos", "neg"),
    ("positive", "negative"),
    ("present", "absent"),
    ("detected", "undetected"),
    ("true", "false"),
)
_SPEAKING = frozenset(word for pair in _PAIRS for word in pair) | {"none"}
_OPTIONS = (_SPEAKING - {"none"}) | {"unknown", "unk", "n/a", "na", "maybe"}
_YES_NO = frozenset({"y", "n", "yes", "no", "unknown", "unk", "n/a", "na", "maybe"})
_LETTERS = {"Y": "yes", "N": "no"}
_ANSWERS = frozenset({"yes", "no", "none"})
_AFFIRMING = frozenset({"detected", "positive", "expressed"})
_SIGN_WORDS = _AFFIRMING | {"negative", "undetected", "undetectable"}
_OPEN, _CLOSED = frozenset("(["), frozenset(")]")
_MOST_OPTIONS = 10  # a longer run of them is no choice
_BETWEEN_OPTIONS = frozenset({"/", "|", "or", "vs", "versus", ","})
# Of an option that is set apart ("yes / **no**"), which is not sure to be the answer.
_MARKUP = frozenset({"*", "_"})
_BEFORE_AN_ANSWER = frozenset(":=-") | _OPEN
_BEHIND_AN_ANSWER = frozenset(",|") | _CLOSED


@remembered(500_000)
def form_tokens(text: str) -> tuple[Token, ...]:
    """The tokens of a folded text, with what was chosen as "yes" or "no" and without what was to choose from."""
    found = tokens(text)
    if may_hold_boxes(text):
        found = tuple(_without_boxes(list(_asked(list(boxed(found))))))
    if not any(t.word in _SPEAKING or t.word == UNANSWERED for t in found):
        return found
    return tuple(_answered(list(_joined(list(_parted(list(_letters(list(_chosen(found))))))))))


def _asked(found: Sequence[Token]) -> Iterator[Token]:
    """With a question and the boxes right behind it as one line: "VOD? [ ] yes" is "VOD: [ ] yes"."""
    for i, token in enumerate(found):
        boxes = token.text == "?" and i + 1 < len(found) and is_box(found[i + 1])
        yield _colon(token) if boxes else token


def _without_boxes(found: Sequence[Token]) -> Iterator[Token]:
    line: list[Token] = []
    for token in found:
        if token.shape is Shape.END:
            yield from ticked(line)
            yield token
            line = []
        else:
            line.append(token)
    yield from ticked(line)


def _chosen(found: Sequence[Token]) -> Iterator[Token]:
    """Without each choice that is answered behind it; one that is not becomes UNANSWERED."""
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
            yield _one(found[i:end], UNANSWERED)
        i = end


def _choice(found: Sequence[Token], i: int) -> int | None:
    """Where a choice that begins here ends: ``Y/N``, ``yes or no``, in brackets or not; None when none begins.

    Beside each other or behind a comma, "yes" and "no" are a choice only where nothing follows them.
    """
    opened = found[i].text in _OPEN
    last = i + opened
    if last >= len(found) or found[last].word not in _OPTIONS:
        return None
    said, loose, options = {found[last].word}, False, 1
    while (following := _next_option(found, last)) is not None:
        options += 1
        if options > _MOST_OPTIONS:
            return None
        loose = loose or following == last + 1 or found[last + 1].text == ","
        last = following
        said.add(found[last].word)
    if not any(said.issuperset(pair) for pair in _PAIRS):
        return None
    end = last + 1
    closed = end < len(found) and found[end].text in _CLOSED
    ends = end == len(found) or found[end].shape is Shape.END or closed
    if loose and not (ends and said <= _YES_NO):
        return None
    return end + 1 if opened and closed else end


def _next_option(found: Sequence[Token], i: int) -> int | None:
    i += 1
    if i < len(found) and found[i].word in _BETWEEN_OPTIONS:
        i += 1
    while i < len(found) and found[i].text in _MARKUP:
        i += 1
    return i if i < len(found) and found[i].word in _OPTIONS else None


def _letters(found: Sequence[Token]) -> Iterator[Token]:
    """With "Y" and "N" in the place of an answer as words."""
    for i, token in enumerate(found):
        behind = found[i + 1] if i + 1 < len(found) else None
        last = behind is None or behind.shape is Shape.END or behind.text in _BEHIND_AN_ANSWER
        asked = i > 0 and (found[i - 1].text in _BEFORE_AN_ANSWER or found[i - 1].text == "?")
        letter = token.word in ("y", "n") and token.text in _LETTERS
        yield token._replace(word=_LETTERS[token.text]) if letter and asked and last else token


_LONGEST_TITLE = 5  # words
_ASKING = frozenset(":=-?")


def _parted(found: Sequence[Token]) -> Iterator[Token]:
    """With questions in a row that are all answered as lines of their own: "CR: no Relapse: yes", "CR no relapse yes"."""
    for i, token in enumerate(found):
        yield token
        if i and token.word in _ANSWERS and _is_answered_title(found, i + 1, _answered_as(found[i - 1])):
            yield token._replace(shape=Shape.END, text="\n", word="\n", start=token.end)


def _answered_as(before: Token) -> str:
    """The sign behind which an answer stands; a blank where it stands right behind its question, and else nothing."""
    if before.text in _ASKING:
        return before.text
    return " " if before.shape is Shape.WORD and before.word not in _SPEAKING else ""


def _is_answered_title(found: Sequence[Token], i: int, sign: str) -> bool:
    """Whether a question and its answer stand here, in the manner of the one before; where "no" may also deny the question, a "yes"."""
    end = i
    while end < len(found) and _is_of_title(found, end) and end < i + _LONGEST_TITLE:
        end += 1
    asked = end < len(found) and found[end].text in _ASKING
    answer = found[end + asked] if end + asked < len(found) else None
    if not sign or end == i or answer is None or answer.word not in _ANSWERS or asked is (sign == " "):
        return False
    last = end + asked + 1 == len(found) or found[end + asked + 1].shape is Shape.END
    certain = asked and found[i].text[0].isupper()
    return certain or (last and (answer.word == "yes" or not asked))


def _is_of_title(found: Sequence[Token], i: int) -> bool:
    inner = i > 0 and found[i].text in ("-", "/") and found[i - 1].end == found[i].start
    return inner or (found[i].shape is Shape.WORD and found[i].word not in _SPEAKING)


def _joined(found: Sequence[Token]) -> Iterator[Token]:
    """With a question and the one word that answers it as one sentence: "VOD? No" is "VOD: No"."""
    i = 0
    while i < len(found):
        token, i = found[i], i + 1
        answer = i + 1 if token.text == "?" and i < len(found) and found[i].text in ("-", "=") else i
        if token.text == "?" and _answers(found, answer):
            yield _colon(token)
            i = answer
        else:
            yield token


def _answers(found: Sequence[Token], i: int) -> bool:
    """Whether an answer to a question stands here: "yes" or "no" alone or before a bracket, "no" before a comma, or a choice left open."""
    if i >= len(found) or found[i].word not in (*_ANSWERS, UNANSWERED):
        return False
    behind = found[i + 1] if i + 1 < len(found) else None
    if behind is None or behind.shape is Shape.END or behind.text in _OPEN or found[i].word == UNANSWERED:
        return True
    dated = i + 2 < len(found) and found[i + 2].shape is Shape.DATE  # "HSCT planned? Yes, 5/2026"
    return behind.text == "," and (found[i].word != "yes" or dated)


def _answered(found: Sequence[Token]) -> Iterator[Token]:
    """With a sign and the answer to it as one: "MRD detected: no" is "MRD negative", "MRD negative: yes" without its "yes"."""
    i = 0
    while i < len(found):
        if not _is_answered_sign(found, i):
            yield found[i]
            i += 1
            continue
        yield found[i] if found[i + 2].word == "yes" else _one(found[i : i + 3], "negative")
        i += 3


def _is_answered_sign(found: Sequence[Token], i: int) -> bool:
    """Whether a sign stands here, not denied, with a colon and the last word of its sentence behind it."""
    if not 0 < i < len(found) - 2 or found[i].word not in _SIGN_WORDS or found[i + 1].text != ":":
        return False
    ends = i + 3 == len(found) or found[i + 3].shape is Shape.END or found[i + 3].text in _OPEN
    answers = ("yes", "no") if found[i].word in _AFFIRMING else ("yes",)
    return ends and found[i + 2].word in answers and found[i - 1].word not in ("not", "no", "never")


def _colon(token: Token) -> Token:
    return token._replace(text=":", word=":", shape=Shape.SIGN)


_SIGNED = {
    ("(", "-", ")"): "negative",
    ("[", "-", "]"): "negative",
    ("(", "+", ")"): "positive",
    ("[", "+", "]"): "positive",
    ("-", "ve"): "negative",
    ("+", "ve"): "positive",
    ("+", "/", "-"): UNANSWERED,
    ("-", "/", "+"): UNANSWERED,
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
        found.append(_one(words[i:], UNANSWERED) if ends else words[i])
        i += 1
    return tuple(found)


def _one(several: Sequence[Token], word: str) -> Token:
    return several[0]._replace(word=word, shape=Shape.WORD, end=several[-1].end)
