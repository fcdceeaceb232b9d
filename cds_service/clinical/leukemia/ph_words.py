"""What an absence of BCR::ABL1 is said of: the disease, one sample, or the answer to treatment.

"No longer detected", "remains undetectable", "in molecular response" and the like tell of a fusion that
treatment suppressed; such words never make a disease Philadelphia-negative. Whether there is an absence at
all is read by :mod:`cds_service.clinical.leukemia.marker_words`.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Of(StrEnum):
    """What a sign speaks of."""

    DISEASE = "disease"
    SAMPLE = "sample"
    RESPONSE = "response"


_NAME = r"(?:bcr\W{0,3}abl1?|ph1?|philadelphia|t\(9;22\)|p190|p210|e1a2|fusion|transcripts?)"
_GONE = r"(?:negativ\w*|neg|undetect\w*|not\s+detect\w*|non-?\s?detect\w*|absent|clear\w*|gone)"
_TKI = r"(?:tkis?|tyrosine\s+kinase\s+inhibitors?|(?:da|ni|bo)\w*tinib|imatinib|ponatinib|asciminib)"
_MRD = r"(?:mrd|(?:minimal|measurable)\s+residual)"
# "BCR::ABL1 MRD", "MRD by BCR-ABL1": a search for what is left. Another test's MRD stands behind a comma.
_RESIDUAL = rf"{_NAME}(?:\s*\(?\w+\)?){{0,2}}[\s:-]{{1,3}}{_MRD}\b|\b{_MRD}(?:\W{{1,2}}(?:by|for|of|using|pcr|rt-?pcr|via))+\W{{1,2}}{_NAME}"
_RESPONSE = re.compile(
    rf"""\bno\ longer\b|\bany\ longer\b|\bany\s?more\b
    |\b(?:remain\w*|stay\w*|still|continu\w*|persistent(?:ly)?|consistently|repeatedly|again|serial(?:ly)?|sustained)\b
    |\b(?:clear(?:ed|ance)|eradicat\w*|disappear\w*|vanish\w*|lost|loss|gone|suppressed)\b
    |\b(?:became|become\w*|turned|turn|convert\w*|conversion|achiev\w*|attain\w*|reach\w*|obtained)\b
    |\b(?:now|currently|presently|subsequently|ahora|actualmente)\b[^.;]{{0,25}}\b{_GONE}
    |\b(?:molecular(?:ly)?|cytogenetic)\s+(?:complete\s+|major\s+|deep\s+)?(?:response|remission|negative|cr)\b
    |\b(?:response|remission|cmr|mmr|dmr|ccyr|mr\s?4(?:\.\d)?)\b
    |{_RESIDUAL}
    |\b(?:on|under|with|after|since|post|following|s/p|taking|receiving)\b[^.;]{{0,30}}\b{_TKI}\b
    |\b(?:after|post|following|end\ of|completed)\b[^.;]{{0,15}}\b(?:induction|consolidation|transplant\w*|hsct|sct|cycles?|chemo\w*|treatment|therapy|blina\w*)\b
    |(?<!verified\ by\ )(?<!confirmed\ by\ )(?<!verified\ on\ )(?<!confirmed\ on\ )\brepeat(?:ed)?\b|\b(?:months?|weeks?)\b|\bbaseline\s+\(?\d|\b(?:previously|formerly|before|earlier|was)\s+(?:present|positive|detected)\b
    |\b(?:follow[\s-]?up|surveillance|monitoring|restaging|eoi|eot|on\ (?:treatment|therapy))\b""",
    re.IGNORECASE | re.VERBOSE,
)
# Said anywhere in a text, it tells of what every absence in it is.
_RESPONSE_BESIDE = re.compile(
    rf"\b(?:molecular|cytogenetic)\s+(?:response|remission)\b|\b(?:cmr|mmr|dmr|ccyr)\b|{_RESIDUAL}"
    rf"|\b(?:continu\w*|remain\w*|stay\w*|maintained|responded|responding)\s+(?:to\s+|on\s+|with\s+|taking\s+)?{_TKI}\b",
    re.IGNORECASE,
)
# "Ph-negative ALL" is the name of a disease, whatever is said of its course; "now Ph-negative ALL" is not.
_NAMED = re.compile(
    r"""(?<!now\ )(?<!became\ )(?<!become\ )(?<!turned\ )(?<!remains\ )(?<!still\ )(?<!stays\ )
    \b(?:ph1?|philadelphia(?:[\s-]chromosome)?)[\s-]{0,2}(?:negative|neg|\(-\)|-)\s*(?:[\w/]+[\s-]+){0,3}(?:all|leuk\w*|lymphoblastic)\b""",
    re.IGNORECASE | re.VERBOSE,
)
# What speaks of a disease, or a test that says itself when it was taken.
_OF_DISEASE = re.compile(
    r"""\b(?:at|of|on)\s+(?:the\s+|initial\s+|first\s+|original\s+|time\s+of\s+|this\s+|current\s+)*
        (?:diagnosis|dx|presentation|relapse)\b
    |\b(?:diagnostic|initial|original|baseline|relapse)\s+(?:sample|marrow|specimen|karyotype|cytogenetics|fish)\b
    |\b(?:ph1?|philadelphia(?:\s+chromosome)?)\s*(?:\(?-\)?|[\s:-]*\(?(?:negative|negativ[oa]|neg)\b)""",
    re.IGNORECASE | re.VERBOSE,
)


# "No BCR::ABL1 fusion was detected" tells of no earlier finding.
_DENIED = re.compile(
    rf"\b(?:no|neither)\s+(?!longer|more|residual|remaining)(?:\w+\s+){{0,3}}?{_NAME}(?:\s+\w+){{0,3}}?\s+(?:was|were)\s+(?:present|detected)\b",
    re.IGNORECASE,
)


def absence_of(clause: str, text: str) -> Of:
    """What an absence stated in a clause of a text speaks of."""
    clause = _DENIED.sub("", clause)
    if _RESPONSE_BESIDE.search(text) or (_RESPONSE.search(clause) and not _NAMED.search(clause)):
        return Of.RESPONSE
    return Of.DISEASE if _OF_DISEASE.search(clause) else Of.SAMPLE
