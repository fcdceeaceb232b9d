"""How reports speak of markers: "CD22+", "negative for CD20 and CD22", "BCR::ABL1 not detected".

Reads the sign that a text gives a surface marker or the Philadelphia chromosome, and the per cent
beside a marker. A mention without a sign, a doubt or a contradiction is None and decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from cds_service.clinical.words import clauses
from cds_service.fhir.quantities import Interval, as_decimal, exactly

Sign = Callable[[str, re.Match[str]], bool | None]

# What may stand between a marker and its sign: "CD22 expression on 85 % of blasts, positive".
_BETWEEN = (
    r"(?:[\s(:=\-\u2013\u2014]*+(?:\b(?:is|was|were|expression|antigen|surface|staining|status|result|on|in|of|the|leuk(?:a)?emic|"
    r"blasts?|cells?|lymphoblasts?|all|most|approximately|about|by|flow|cytometry|IHC|FISH|PCR|RT-PCR|fusion|gene|"
    r"rearrangements?|transcripts?|translocation|chromosome)\b|[<>~]?\s*+\d{1,3}(?:\.\d+)?\s*+%,?))*+[\s(:=,]*+"
)
_NEGATIVE_AFTER = re.compile(
    rf"^{_BETWEEN}[(\-\u2013\u2014\s]*+(?:not (?:expressed|detected|present|seen|identified|found|observed|rearranged|amplified)|"
    r"negative(?! for)|neg\b(?! for)|absent|lost\b|undetect\w*|non-?detect\w*|none\b)",
    re.IGNORECASE,
)
# "CD22-", "CD22 (-)" and "CD22 -" at an end are a minus sign; in "CD22 - strong" the dash only sets apart.
_MINUS_AFTER = re.compile(
    r"^(?:[-\u2212](?=$|[\s,;.)/])|\s*+\(\s*+[-\u2212]\s*+\)|\s*+[-\u2212]\s*+(?=$|[,;.)/]))"
)
_POSITIVE_AFTER = re.compile(
    rf"^{_BETWEEN}[(\-\u2013\u2014\s]*+(?:\+|positive(?! for)|pos\b(?! for)|bright|dim\b|partial(?:ly)?|weak(?:ly)?|strong(?:ly)?|"
    r"moderate(?:ly)?|heterogen\w+|subset|variabl[ey]|expressed|present|detected|rearranged|identified)",
    re.IGNORECASE,
)
_LEADING = re.compile(
    r"\b(?P<negative>negative(?: for)?|neg(?: for)?|not express(?:ing|ed)?|no expression of)\b|"
    r"\b(?P<positive>positive(?: for)?|pos(?: for)?|(?:co-?)?express(?:es|ing|ed|ion of)?|dim|partial|weak|bright|"
    r"strong|heterogeneous|subset)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:no|not|without|absence of|absent|lack(?:s|ing)?(?: of)?|loss of|lost|negative for|never)\s++"
    r"(?:(?:evidence|expression|detection|detectable|significant|surface|presence|of|for|the|an?|any|detect(?:ed)?|"
    r"show|carry|harbou?r|express(?:ing)?)\s+)*$",
    re.IGNORECASE,
)
_TWICE_DENIED = re.compile(r"\b(?:no|not|without)\b[^,;.]{0,20}\b(?:loss|lost|lack|absence)\b", re.IGNORECASE)
_UNDECIDED = re.compile(
    r"\b(?:pending|not (?:done|performed|tested|evaluated|assessed|reported|known)|equivocal|indeterminate|"
    r"inconclusive|insufficient|untested|unknown|to be|ordered|awaited|requested|cannot be|if)\b|\?",
    re.IGNORECASE,
)
_EQUIVOCAL = re.compile(r"\b(?:equivocal|indeterminate|inconclusive|borderline)\b", re.IGNORECASE)
_NORMAL_CELLS = re.compile(
    r"\b(?:normal|mature|polyclonal|background|residual|benign|polytypic)\b[^;.]*\bB(?:-| )?(?:cells?|lymphocytes?)\b|"
    r"\bhematogones?\b",
    re.IGNORECASE,
)
# "CD22-directed therapy" and "anti-CD22" name a drug, not what the blasts carry.
_TARGET = re.compile(r"^[- ]?(?:directed|target\w*|therapy|antibod\w+|CAR|based|conjugate)\b", re.IGNORECASE)


def marker_pattern(marker: str) -> re.Pattern[str]:
    """A surface marker as it is written: ``CD22``, ``sCD22``, ``CD22dim``; not a part of another name."""
    return re.compile(
        rf"(?<![A-Za-z0-9])(?<!anti-)[cs]?{re.escape(marker)}(?=(?:dim|bright|pos|neg|lo|hi)\b|[^0-9A-Za-z]|$)",
        re.IGNORECASE,
    )


def names_marker(text: str, marker: str) -> bool:
    return marker_pattern(marker).search(text) is not None


def is_equivocal(text: str) -> bool:
    """Whether a text says that a test was done and left the question open."""
    return _EQUIVOCAL.search(text) is not None


def is_of_normal_cells(text: str) -> bool:
    """Whether a text speaks of normal B cells and not of blasts."""
    return _NORMAL_CELLS.search(text) is not None and "blast" not in text.lower()


def marker_sign(text: str, marker: str) -> bool | None:
    """Whether a text calls a surface marker positive (also dim, partial, subset) or negative."""
    return _one(_signs(text, marker_pattern(marker), _marker_at))


def _signs(text: str, pattern: re.Pattern[str], sign_at: Sign) -> Iterator[bool]:
    for clause in clauses(text):
        if _UNDECIDED.search(clause) or is_of_normal_cells(clause):
            continue
        for match in pattern.finditer(clause):
            if (sign := sign_at(clause, match)) is not None:
                yield sign


def _one(signs: Iterator[bool]) -> bool | None:
    found = set(signs)
    return found.pop() if len(found) == 1 else None


def _marker_at(clause: str, match: re.Match[str]) -> bool | None:
    after = clause[match.end() :]
    if _TARGET.match(after):
        return None
    if (sign := _beside(clause[: match.start()], after)) is not None or _DENIED.search(
        clause[: match.start()]
    ):
        return sign
    leading = list(_LEADING.finditer(clause[: match.start()]))
    return leading[-1]["positive"] is not None if leading else None


def _beside(before: str, after: str) -> bool | None:
    """The sign right after a name, turned by a denial right before it.

    "No CD22-positive blasts" denies the blasts and says nothing of the marker.
    """
    positive = _POSITIVE_AFTER.match(after)
    if _TWICE_DENIED.search(before):
        return None
    if _DENIED.search(before):
        attached = positive is not None and re.search(r"(?:\+|positive|pos)$", positive[0], re.IGNORECASE)
        return None if attached else False
    if _NEGATIVE_AFTER.match(after):
        return False
    if _MINUS_AFTER.match(after):
        return None if positive else False
    return True if positive else None


_PERCENT_AFTER = re.compile(r"^[^,;.%\d]{0,40}?[<>~]?\s*(\d{1,3}(?:\.\d+)?)\s*%")
_PERCENT_BEFORE = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%[^,;.%]{0,40}$")


def percent_of(text: str, marker: str) -> Interval | None:
    """The one per cent that stands beside a marker; None when there is none, or several."""
    found: set[str] = set()
    for clause in clauses(text):
        for match in marker_pattern(marker).finditer(clause):
            beside = _PERCENT_AFTER.search(clause[match.end() :]) or _PERCENT_BEFORE.search(
                clause[: match.start()]
            )
            if beside is not None:
                found.add(beside[1])
    number = as_decimal(found.pop()) if len(found) == 1 else None
    return exactly(number) if number is not None and number <= 100 else None


_LIKE = re.compile(
    r"\b(?:Ph(?:iladelphia)?(?:[ -]chromosome)?|BCR(?:::|[-/ ])ABL1?)[ -]?like\b[^,;.(]*", re.IGNORECASE
)
_T_9_22 = re.compile(r"t\s*\(\s*9\s*[;:,]\s*22\s*\)(?:\s*\([pq0-9.;: ]+\))?", re.IGNORECASE)
_PH = re.compile(
    r"\bt\(9;22\)|\bBCR(?:::|[-/ ]{1,3})ABL ?1?(?![A-Za-z0-9])|\bPhiladelphia(?:[ -]chromosome)?\b|"
    r"(?<![A-Za-z])Ph1?(?=\s?\(?[+]|[-\u2212](?=$|[\s,;.)])|[ -]?(?:chromosome|positive|negative|pos\b|neg\b))",
    re.IGNORECASE,
)
_CARRIES = re.compile(
    r"\b(?:with|harbou?r\w*|carr(?:y|ies|ying)|presence of|positive for|show(?:s|ed|ing)?|demonstrat\w+|detected|"
    r"identified|reveal\w*)\s+(?:(?:the|a|an|fusion|translocation|rearrangement|of)\s+)*$",
    re.IGNORECASE,
)
_ISCN = re.compile(r"\b\d{2}(?:[~-]\d{2})?,\s*X[XY]?")
_NORMAL_KARYOTYPE = re.compile(r"\bnormal (?:(?:fe)?male )?karyotype", re.IGNORECASE)


def names_philadelphia(text: str) -> bool:
    """Whether a text names the Philadelphia chromosome or BCR::ABL1, "-like" aside."""
    return _PH.search(_plain(text)) is not None


def _plain(text: str) -> str:
    return _T_9_22.sub("t(9;22)", _LIKE.sub(" ", text))


def ph_sign(text: str, *, is_karyotype: bool = False) -> bool | None:
    """Whether a text states the Philadelphia chromosome (BCR::ABL1) present or absent.

    "Ph-like" is no statement about it. A complete karyotype without t(9;22) is an absence.
    """
    plain = _plain(text)
    found = set(_signs(plain, _PH, _ph_at))
    if found or not is_karyotype or _UNDECIDED.search(plain) or _PH.search(plain):
        return found.pop() if len(found) == 1 else None
    return False if _NORMAL_KARYOTYPE.search(plain) or _ISCN.search(plain) else None


def _ph_at(clause: str, match: re.Match[str]) -> bool | None:
    before, after = clause[: match.start()], clause[match.end() :]
    if (sign := _beside(before, after)) is not None or _DENIED.search(before):
        return sign
    in_karyotype = _ISCN.search(before) is not None and match[0].startswith("t(")
    if in_karyotype or _CARRIES.search(before):
        return True
    leading = list(_LEADING.finditer(before))
    return leading[-1]["positive"] is not None if leading else None
