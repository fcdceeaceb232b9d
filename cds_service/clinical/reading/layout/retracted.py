"""What follows upon a sentence and says that it does not hold: "In CR. This was an error.", and a "No" in the cell below.

What is said to be something else instead does not hold either ("possible VOD, felt to be DILI").
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


# Other causes of what looks like liver toxicity, and words by which one is put in the place of what was suspected.
_CAUSE = (
    r"(?:DILI|(?:(?:acute|viral|ischemic|autoimmune) )?hepatitis|drug[- ](?:induced|related)(?: (?:liver|hepatic|hepato\w*))? ?(?:injury|toxicity|effect|reaction)?|drug injury|drug effect|"
    r"sepsis|septic \w+|GVHD|cholestasis(?: of sepsis)?|cholecystitis|cholelithiasis|gallstones|(?:hepatic |passive )?congestion|heart failure|CHF|iron overload|"
    r"TPN|fluid overload|posaconazole|voriconazole|azoles?|antifungals?|antibiotics?|acetaminophen|tylenol|transaminitis|leukemi\w+ infiltrat\w+|infection)"
)
_INSTEAD = re.compile(
    r"(?:[ ]?[,;.(-]{1,2}|)[ ]?(?:(?:but|it|this|that|which|was|is|were|has been|now|later|ultimately|eventually|subsequently|then|actually|rather|instead)[ ]){0,4}"
    r"(?:(?:felt|thought|judged|deemed|determined)(?:[ ](?:more|rather|instead))?(?:[ ](?:to be|to reflect|to represent|due to|secondary to|from|2/2))*"
    r"|(?:found|proved|proven|turned out|turns out)[ ]to be(?:[ ]due to)?|(?<=[,;.(] )(?:attributed[ ]to|explained[ ]by)|diagnosed[ ]as|was|is)[ ]"
    rf"{_CAUSE}(?:[ ](?:from|due to|by|per|2/2|to)[ ][^.;,\n]{{1,40}}|[ ](?:rather|instead|not vod|not sos)\b){{0,2}}[ ]?(?=[.;,)\n]|$)",
    re.IGNORECASE,
)
_CONCEDED = re.compile(
    r"(?:while|although|though|even though|whereas|despite)\b[^,;.]{0,80}\b(?:remission|CR)\b[^,;.]{0,60},[^;.]{0,200}\b(?:relapse|recurrence|progression)\b",
    re.IGNORECASE,
)


def is_another_instead(text: str, end: int) -> bool:
    """Whether what stands behind a suspicion, which ends at ``end``, names an established cause in its place."""
    return _INSTEAD.match(text, end) is not None


def is_conceded(text: str, start: int) -> bool:
    """Whether a sentence, which begins at ``start``, grants a remission beside a relapse ("While the marrow is in remission, ... relapse")."""
    return _CONCEDED.match(text, start) is not None
