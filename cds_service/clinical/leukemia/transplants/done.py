"""What a text says of a stem cell transplant that was done, and which names of conditions say so.

A text tells of one as of the past, by a past date, or by what came after it; plans and preparation are none. Whether it
may be the one that is recorded is left to ``transplant``.
Source: docs/record-reading.md#transplants.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from cds_service.clinical.leukemia.transplants.names import is_transplant
from cds_service.clinical.reading.assertions import Time
from cds_service.clinical.reading.layout.past import with_history_told
from cds_service.clinical.reading.mentioned import another_person
from cds_service.clinical.reading.reader import read
from cds_service.clinical.reading.recorded import Named, named
from cds_service.clinical.reading.tokens import folded
from cds_service.fhir.dates import When
from cds_service.remembering import remembered


class Performed(NamedTuple):
    """A transplant that a text tells of: its date (None: not told), the time by which it was done, and the words.

    ``reason`` is another disease that the text says it was for; empty when it names none.
    """

    when: When | None
    known_by: When | None
    quote: str
    reason: str = ""


_IS_OVER = re.compile(r"\b(?:19|20)\d\d\b|\bstatus\b", re.IGNORECASE)
_THERAPY, _DONE, _FOLLOWED = "therapy", "transplant", "gvhd"
_MAY_TELL = re.compile(r"plant|[hs]ct\b|bmt|ucbt|pbsc|gvhd|graft|\ballo\b", re.IGNORECASE)
# A question about the past says what the answer behind it is about.
_ANSWERED = re.compile(
    r"^([ \t*\u2022-]*(?:prior|previous|history of|hx of) [^:?\n]{0,40})[:?][ \t]*(?:(?:\[x\][ ]?|[\u2611\u2612][ ]?)?yes\b[ ,]*(?:(?:\[ ?\]|\u2610)[ ]?no\b[ \n]*)?|(?=\d))",
    re.IGNORECASE | re.MULTILINE,
)
# What stands behind a transplant has a date and words of its own, and so has the disease before "s/p".
_BEHIND = re.compile(
    r",?[ \t](?:(?:and|then|later|with|but)[ \t])?(?=relaps\w{0,4}[ \t](?:(?:in|on)[ \t])?\(?(?:\d|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))"
    r"|,?[ \t]now[ \t](?=(?:(?:with|in)[ \t])?relaps)|[ \t](?=(?:c/b|complicated by)\b)",
    re.IGNORECASE,
)
_DISEASE_BEFORE = re.compile(
    r"(?:(?<=ALL)|(?<=leukemia)|(?<=/\d{4})|(?<=/\d\d)),?[ \t](?=(?:s/p|status post)\b)", re.IGNORECASE
)
_FOR_ANOTHER = re.compile(
    r"[ \t](?:for|because of)[ \t]((?:\w+[ -]){0,2}?(?:myeloma|lymphoma|DLBCL|AML|CML|MDS|amyloidosis|neuroblastoma|sickle cell disease|thalassemia))\b",
    re.IGNORECASE,
)
# A transplant told as a verb ("was transplanted in CR1").
_TRANSPLANTED = re.compile(r"\b(?:was|been) transplanted\b", re.IGNORECASE)
_JOINS = re.compile(r"[ \t,;+&]*(?:and|then|followed by|with)?[ \t]*", re.IGNORECASE)
_TO_COME = re.compile(r"\b(?:now|for|to|next|plan\w*|future|maintenance)\b", re.IGNORECASE)
_STATE = re.compile(r"relaps|refractory|progress|recur|persist", re.IGNORECASE)
_BEHIND_IT = re.compile(
    r"\b(?:relaps|recur|refract|progress)\w{0,5}\s[^.;\n]{0,40}\b(?:post|after|following|since)\b|\bpost\W[^.;\n]{0,40}\b(?:relaps|recur)|"
    r"\b(?:day ?|d)\+? ?\d{1,4}\s(?:post|after|from|s/p)\b|\b(?:days|weeks|months|years) (?:post|after|since|out from)\b",
    re.IGNORECASE,
)


@remembered(400_000)
def performed_in(text: str, on: date | None = None) -> tuple[Performed, ...]:
    """The transplants that a text of a day says were done: as of the past, by a past date, or by what came after them."""
    return tuple(_performed_in(text, on)) if _MAY_TELL.search(text) is not None else ()


def _performed_in(text: str, on: date | None) -> Iterator[Performed]:
    text, reason = without_reason(text)
    text = _BEHIND.sub("; ", _ANSWERED.sub(r"\1 ", with_history_told(text)))
    text = _TRANSPLANTED.sub("underwent transplant", text)
    text = folded(text if another_person().search(text) else _DISEASE_BEFORE.sub("; ", text))
    end, past = 0, False
    for said in read(text, _THERAPY, on).assertions:
        goes_on = past and (said.span[0] < end or _JOINS.fullmatch(text, end, said.span[0]) is not None)
        past = said.time is Time.PAST or (goes_on and _TO_COME.search(said.quote) is None)
        end = said.span[1]
        over = on is not None and said.when is not None and said.when.last < on
        if said.value == _DONE and (past or over or _BEHIND_IT.search(said.quote)):
            dated = said.when if _STATE.search(said.quote) is None else None
            yield Performed(dated, said.when, said.quote, reason)


def without_reason(text: str) -> tuple[str, str]:
    """A text without the other disease that it says a treatment was for, and that disease."""
    found = _FOR_ANOTHER.search(text)
    return (_FOR_ANOTHER.sub("", text), found[1]) if found is not None else (text, "")


@remembered(200_000)
def is_of_one_done(name: str) -> bool:
    """Whether the name of a condition is the state after a transplant, or a complication of one.

    The bare name of the procedure does not say that it was done, unless it says when, or "status".
    """
    return _MAY_TELL.search(name) is not None and any(
        _TO_COME.search(part) is None
        and not (is_transplant(part) and _IS_OVER.search(part) is None)
        and named(part, _THERAPY, _DONE, _FOLLOWED) in (Named.STATED, Named.PAST)
        for part in name.split(" | ")
    )
