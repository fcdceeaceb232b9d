"""What follows upon a sentence and says that it does not hold: "In CR. This was an error.", and a "No" in the cell below.

Knows no topic.
"""

from __future__ import annotations

import re

_NOT_SO = re.compile(
    r"[ ]?[;.]?[ \n][-*\u2022 ]{0,2}(?:(?:addendum|correction|corrected|amended|amendment|update)[ ]?[:,-][ ])?(?:(?:this|that|it|which|above|the above|later|since|then|subsequently)[ ]){0,2}"
    r"(?:(?:is|was|were|has been|proved|proven|turned out(?: to be)?)[ ])?"
    r"(?:not (?:true|correct|accurate|the case|so|any ?more)|no longer(?: (?:true|the case|so|valid))?|does not apply|incorrect|inaccurate|untrue|wrong|false|disproved|disproven|refuted|in error"
    r"|entered in error|an? (?:error|mistake|misread|misdiagnosis))[ ]?(?:[.;,\n]|$)"
    r"|[ ]?(?:;[ ]|\n{1,2}[ ]?)(?:no|none)[ ]?[.]?(?:\n|$)",
    re.IGNORECASE,
)

_LATER_SO = re.compile(
    r"[ ]?(?:[.;,|\n]|-+>?)[ ]?(?:(?:but|and|now|later|then|subsequently|since|currently|is|was|has|become|became|turned)[ ]){1,4}"
    r"(?:yes|positive|pos|present|detected|detectable|achieved|reached|confirmed|seen|found|identified)\b(?!-)(?=[ ]?(?:[.;,(\n]|$|(?:on|by|in|at|per|with)\b))",
    re.IGNORECASE,
)


def is_affirmed_later(text: str, end: int) -> bool:
    """Whether a sign without a name behind a denial, which ends at ``end``, turns it ("EMD: no. Now positive.")."""
    return _LATER_SO.match(text, end) is not None


def is_not_so(text: str, end: int) -> bool:
    """Whether what stands behind a sentence, which ends at ``end``, takes it back or denies it without naming it."""
    return _NOT_SO.match(text, end) is not None


_CONCEDED = re.compile(
    r"(?:while|although|though|even though|whereas|despite)\b[^,;.]{0,80}\b(?:remission|CR)\b[^,;.]{0,60},[^;.]{0,200}\b(?:relapse|recurrence|progression)\b",
    re.IGNORECASE,
)


def is_conceded(text: str, start: int) -> bool:
    """Whether a sentence, which begins at ``start``, grants a remission beside a relapse ("While the marrow is in remission, ... relapse")."""
    return _CONCEDED.match(text, start) is not None
