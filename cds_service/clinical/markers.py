"""Markers of the leukemic cells: CD22 on blasts, and the Philadelphia chromosome.

Gathers what was measured or stated, with its sign; which sample counts is left to the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cds_service.clinical.chart import Chart, Document
from cds_service.clinical.results import Result
from cds_service.clinical.signs import sign_in_words
from cds_service.clinical.statements import Statement
from cds_service.clinical.words import clauses
from cds_service.fhir.dates import When
from cds_service.fhir.quantities import Interval, as_decimal, exactly

_AFTER = re.compile(
    r"^\s*(?:\(|:|=|is|was|expression|antigen|surface|staining|status|on (?:the )?(?:leukemic )?blasts?|in|\d{1,3}(?:\.\d+)?\s*%(?: of (?:leukemic )?blasts)?|,?\s)*"
    r"(?P<sign>\+|positive|pos\b|bright|dim|partial|partially|weak(?:ly)?|heterogen\w+|subset|variable|expressed|present|detected|"
    r"not (?:expressed|detected|present|seen)|negative|neg\b|absent|lost|loss|[-−](?=$|[\s,;.)]))",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"(?P<sign>\bnot express(?:ing|ed)?|\bnegative(?: for)?|\bneg(?: for)?|\bno\b|\babsent|\black(?:s|ing)?|\bloss of|\bwithout|"
    r"\bpositive(?: for)?|\bpos(?: for)?|\bexpress(?:es|ing|ed|ion of)?|\bcoexpress\w*|\bdim|\bpartial|\bweak|\bbright|\bheterogeneous|\bsubset)",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(r"^(?:not\b.*|neg.*|no|absent|lack.*|loss.*|lost|without|[-−])$", re.IGNORECASE)
_UNDECIDED = re.compile(
    r"\b(?:pending|not (?:done|performed|tested|evaluated|assessed|reported)|equivocal|indeterminate|inconclusive|"
    r"insufficient|untested|to be|ordered|awaited|cannot be)\b",
    re.IGNORECASE,
)
_DOUBLE_DENIAL = re.compile(
    r"\b(?:no|without|not)\b[^,;.]{0,20}\b(?:loss|lost|lack|absence)\b", re.IGNORECASE
)
_NORMAL_CELLS = re.compile(
    r"\b(?:normal|mature|polyclonal|background|residual|benign|polytypic)\b[^;.]*\bB(?:-| )?(?:cells?|lymphocytes?)\b|\bhematogones?\b",
    re.IGNORECASE,
)
_CD22_PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%")


def marker_sign(text: str, marker: str) -> bool | None:
    """Whether a text calls a surface marker positive (also dim, partial, subset) or negative.

    None when it does not name the marker, says both, or leaves it open.
    """
    pattern = re.compile(rf"(?<![A-Za-z0-9]){re.escape(marker)}(?![0-9A-Za-z])", re.IGNORECASE)
    found: set[bool] = set()
    for clause in clauses(text):
        if (
            _UNDECIDED.search(clause)
            or _DOUBLE_DENIAL.search(clause)
            or (_NORMAL_CELLS.search(clause) and "blast" not in clause.lower())
        ):
            continue
        for match in pattern.finditer(clause):
            if (sign := _sign_at(clause, match)) is not None:
                found.add(sign)
    return found.pop() if len(found) == 1 else None


def _sign_at(clause: str, match: re.Match[str]) -> bool | None:
    if (after := _AFTER.match(clause[match.end() :])) is not None:
        return _NEGATIVE.match(after["sign"]) is None
    before = list(_BEFORE.finditer(clause[: match.start()]))
    if before:
        return _NEGATIVE.match(before[-1]["sign"].strip()) is None
    return None


def _names_cd22(text: str) -> bool:
    return re.search(r"(?<![A-Za-z0-9])s?CD22(?![0-9])", text, re.IGNORECASE) is not None


def cd22_samples(chart: Chart) -> tuple[Result, ...]:
    """All results on leukemic blasts that say something of CD22.

    ``sign`` is the laboratory's interpretation or words; ``value`` the per cent of blasts.
    """
    found = [
        r
        for r in chart.results_for("cd22_blasts_pct", "cd22_blasts_abs")
        if r.sign is not None or r.value is not None or r.words
    ]
    found = [_with_words(r) for r in found]
    for result in chart.results_for("immunophenotype_panel"):
        if _names_cd22(result.words):
            found.append(_from_text(result, result.words))
    found += [r for s in chart.statements if (r := _from_statement(s)) is not None]
    found += [_from_document(d) for d in chart.documents if _names_cd22(d.text)]
    return tuple(r for r in found if r.sign is not None or r.value is not None or _UNDECIDED.search(r.words))


def _with_words(result: Result) -> Result:
    """A CD22 result whose words may carry the sign in a marker's own terms (dim, partial)."""
    if result.sign is not None or not result.words:
        return result
    return replace(result, sign=marker_sign(f"CD22 {result.words}", "CD22"))


def _from_text(result: Result, text: str) -> Result:
    return replace(
        result, concept="cd22_text", sign=marker_sign(text, "CD22"), value=_percent_near(text), words=text
    )


def _from_statement(statement: Statement) -> Result | None:
    """An Observation without a code of ours whose topic is CD22 on blasts."""
    if (
        statement.kind != "Observation"
        or not _names_cd22(statement.topic)
        or _NORMAL_CELLS.search(statement.topic)
    ):
        return None
    if statement.codes & {
        "cd22_blasts_pct",
        "cd22_blasts_abs",
        "cd22_cells_not_blasts",
        "immunophenotype_panel",
    }:
        return None
    text = f"CD22 {statement.text}"
    return _as_result(statement.reference, statement, text)


def _from_document(document: Document) -> Result:
    return _as_result(document.reference, document, document.text)


def _as_result(reference: str, source: Statement | Document, text: str) -> Result:
    return Result(
        concept="cd22_text",
        reference=reference,
        when=source.when,
        issued=None,
        rank=1,
        words=text,
        sign=marker_sign(text, "CD22"),
        value=_percent_near(text),
    )


def _percent_near(text: str) -> Interval | None:
    """The one percentage stated in the clause that names CD22."""
    found = {m for clause in clauses(text) if _names_cd22(clause) for m in _CD22_PERCENT.findall(clause)}
    number = as_decimal(found.pop()) if len(found) == 1 else None
    return exactly(number) if number is not None and number <= 100 else None


@dataclass(frozen=True, slots=True)
class PhEvidence:
    """One test or diagnosis that speaks for or against the Philadelphia chromosome."""

    positive: bool
    what: str
    reference: str
    when: When | None

    @property
    def shown(self) -> str:
        sign = "positive" if self.positive else "negative"
        return f"{self.what} {sign} ({self.when or 'undated'})"


_LIKE = re.compile(
    r"\b(?:Ph(?:iladelphia)?(?:[ -]chromosome)?|BCR(?:::|[-/ ])ABL1?)[ -]?like\b[^,;.]*", re.IGNORECASE
)
_PH = re.compile(
    r"\bt\(9;22\)(?:\([pq0-9.;]+\))?|\bBCR(?:::|[-/ ]{1,3})ABL1?\b(?: (?:fusion|rearrangement|transcript)s?)?|"
    r"\bPhiladelphia(?: chromosome)?\b|(?<![A-Za-z])Ph1?(?=[+]|[ -]?(?:positive|negative|pos\b|neg\b))",
    re.IGNORECASE,
)
_ISCN = re.compile(r"\b\d{2}(?:[~-]\d{2})?,\s*X[XY]?")


def ph_sign(text: str, *, is_karyotype: bool = False) -> bool | None:
    """Whether a text states the Philadelphia chromosome (BCR::ABL1) present or absent.

    "Ph-like" is no statement about it. A complete karyotype without t(9;22) is an absence.
    """
    plain_text = _LIKE.sub(" ", text)
    found: set[bool] = set()
    for clause in clauses(plain_text):
        for match in _PH.finditer(clause):
            if not _UNDECIDED.search(clause):
                found.add(_ph_at(clause, match))
    if not found and is_karyotype:
        normal = re.search(r"\bnormal (?:fe)?male karyotype|\bnormal karyotype", plain_text, re.IGNORECASE)
        return False if normal or _ISCN.search(plain_text) else None
    return found.pop() if len(found) == 1 else None


def _ph_at(clause: str, match: re.Match[str]) -> bool:
    after = clause[match.end() :]
    if re.match(
        r"\s*[-,(:]*\s*(?:is |was |fusion |by FISH )*(?:not\b|negative|neg\b|absent|undetect\w*|none)",
        after,
        re.IGNORECASE,
    ):
        return False
    if re.match(r"\s*[+]|\s*[-,(:]?\s*(?:positive|pos\b|detected|present)", after, re.IGNORECASE):
        return True
    before = list(_BEFORE.finditer(clause[: match.start()]))
    return not (before and _NEGATIVE.match(before[-1]["sign"].strip()))


_TESTS = {
    "bcr_abl1_fish": "FISH for t(9;22)",
    "bcr_abl1_transcript": "BCR::ABL1 transcript",
    "karyotype": "karyotype",
}


def ph_evidence(chart: Chart) -> tuple[PhEvidence, ...]:
    """All evidence for or against the Philadelphia chromosome, of any date."""
    found = list(_ph_diagnoses(chart))
    for name, what in _TESTS.items():
        for r in chart.results_for(name):
            if (sign := _ph_of_result(name, r)) is not None:
                found.append(PhEvidence(sign, what, r.reference, r.when))
    found += _ph_variants(chart)
    for document in chart.documents:
        if (sign := ph_sign(document.text)) is not None:
            found.append(PhEvidence(sign, "report", document.reference, document.when))
    for s in chart.statements:
        if s.kind == "Observation" and not s.codes and _PH.search(_LIKE.sub(" ", s.topic)):
            stated = sign_in_words(s.text)
            sign = stated if stated is not None else ph_sign(f"{s.topic} {s.text}") if s.text else None
            if sign is not None:
                found.append(PhEvidence(sign, s.topic, s.reference, s.when))
    return tuple(found)


def _ph_of_result(name: str, result: Result) -> bool | None:
    if name == "karyotype":
        return ph_sign(result.words, is_karyotype=True)
    if result.sign is not None:
        return result.sign
    if result.value is None:
        return ph_sign(result.words)
    if result.value.low is None or result.value.high == 0:
        return False  # below the limit of detection
    return True


def _ph_diagnoses(chart: Chart) -> Iterator[PhEvidence]:
    for problem in chart.problems:
        if problem.is_event or not problem.verified:
            continue
        if problem.is_a("ph_positive") or problem.is_a("ph_negative"):
            yield PhEvidence(problem.is_a("ph_positive"), "diagnosis", problem.reference, problem.dated)
        elif (sign := ph_sign(f"{problem.words} ; {problem.notes}")) is not None:
            yield PhEvidence(sign, "diagnosis", problem.reference, problem.dated)


def _ph_variants(chart: Chart) -> Iterator[PhEvidence]:
    genes: dict[str, str] = {}
    for r in chart.results_for("gene_variant_gene"):
        genes[r.reference] = f"{genes.get(r.reference, '')} {r.words}"
    for r in chart.results_for("gene_variant"):
        named = genes.get(r.reference, "")
        if re.search(r"\bBCR\b", named) and re.search(r"\bABL1?\b", named) and r.sign is not None:
            yield PhEvidence(r.sign, "variant naming BCR and ABL1", r.reference, r.when)
        elif (sign := ph_sign(r.words)) is not None:
            yield PhEvidence(sign, "variant", r.reference, r.when)
