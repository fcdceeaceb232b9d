"""What a number beside BCR::ABL1 says of the fusion: a share of cells, or a level of its transcript.

Any level of the transcript shows the fusion. A share of cells does from the one on at which it lies above the cut-off of
any probe; of a smaller one, and of what is only bounded from above, the number alone says nothing.
Source: docs/record-reading.md#statements, step 13.
"""

from __future__ import annotations

import re

from cds_service.clinical.reading.markers.iscn import LEAST_SHARE
from cds_service.clinical.reading.markers.lists import NEGATIVE, POSITIVE, Finding

_TRANSCRIPT = re.compile(
    r"\b(?:transcripts?|(?:rt-?|rq-?|q-?|qrt-?)?pcr|international scale|p190|p210|p230)\b|%\s*\(?IS\b|\bratio\b",
    re.IGNORECASE,
)


def sign_of_fusion(found: Finding, quote: str) -> str | None:
    """The sign of BCR::ABL1 in a clause: the stated one, unless its number lies within the assay's limit, or the number's."""
    amount, limit = found.amount, found.limit
    if found.sign == POSITIVE and limit is not None:
        above = amount is not None and limit.exact is not None and amount.is_above(limit.exact)
        return POSITIVE if above else None
    if found.sign is not None or amount is None or limit is not None or amount.low is None:
        return found.sign
    if amount.exact == 0:
        return NEGATIVE
    is_enough = amount.low > 0 if _TRANSCRIPT.search(quote) else amount.low >= LEAST_SHARE
    return POSITIVE if is_enough else None
