"""What a text says of the plan for a stem cell transplant: planned, not planned, or neither.

Each clause by itself. A transplant of the past is no plan, doubt ("to be discussed", "not yet
decided") is neither, and transplants of organs are other things.
"""

from __future__ import annotations

import re

from cds_service.clinical.words import Said, phrase, says

HSCT = phrase(
    r"(?:allo(?:geneic)?|auto(?:logous)?|haplo(?:identical)?)?(?: )?(?:HSCT|HCT|SCT|BMT)", r"allo ?(?:HSCT|HCT|SCT|BMT)",
    r"(?:hematopoietic |haematopoietic |allogeneic |autologous |peripheral blood )*(?:stem|progenitor) cell transplant\w*",
    r"bone marrow transplant\w*", r"(?:allo|haplo) ?transplant\w*", r"(?:allogeneic |autologous )?transplant(?:ation)?",
)  # fmt: skip
_ORGAN = re.compile(
    r"\b(?:kidney|renal|liver|hepatic|heart|cardiac|lung|cornea\w*|pancrea\w*|islet|f(?:a)?ecal(?: microbiota)?|organ|skin|hair)\s+transplant\w*",
    re.IGNORECASE,
)
# Right before a mention: the transplant is of the past.
_DONE_BEFORE = re.compile(
    r"(?:\bs/p|\bstatus[ -]post|\bpost|\bafter|\bfollowing|\bsince|\bunderwent|\breceived|\bhad|\bhistory of|\bh/o|\bprior|\bprevious|\bbefore|\bday \+\d+(?: (?:of|after))?)"
    r"[\s-]+(?:(?:an?|the|his|her|first|second|prior|previous|recent|matched|unrelated|related|sibling|donor|allogeneic|allo|auto\w*|haplo\w*)[\s-]+)*$",
    re.IGNORECASE,
)
_NOT_PLANNED = re.compile(
    r"\bnot (?:\w+ ){0,2}(?:candidate|eligible|proceed\w*|planned|planning|pursu\w+|considered|suitable|going|intended|possible|feasible)|[:?]\s*(?:no|none)\b|"
    r"\b(?:ineligible|declin\w+|refus\w+|will not|does not (?:wish|want)|unfit|no longer|contraindicated|ruled out|abandon\w*|cancel\w*|called off|"
    r"no (?:plan\w*|intention|intent)|no (?:\w+ )?(?:HSCT|transplant\w*|donor)|non-?(?:candidate|transplant)|without (?:a )?(?:planned )?(?:HSCT|transplant))\b",
    re.IGNORECASE,
)
_PLANNED = re.compile(
    r"\b(?:plan\w*|proceed\w*|scheduled|candidate|bridge|bridging|awaiting|listed for|referr\w+|prepar\w+|consolidat\w+ with|"
    r"intend\w*|followed by|going to|to undergo|will (?:undergo|receive|have|go)|donor (?:identified|found))\b",
    re.IGNORECASE,
)
_DOUBTFUL = re.compile(
    r"\b(?:possible|possibly|(?-i:may)|might|if|whether|consider(?!ed)\w*|discuss\w*|undecided|decided|decision|evaluat\w*|potential(?:ly)?|consult\w*|"
    r"not yet|defer\w*|typing|to be determined)\b|\?",
    re.IGNORECASE,
)


def names_transplant(text: str) -> bool:
    """Whether a text names a stem cell transplant that is not of the past."""
    words = _ORGAN.sub(" ", text)
    return any(not _DONE_BEFORE.search(words[: m.start()]) for m in HSCT.finditer(words))


_AROUND = re.compile(
    r"\b(?:biops\w*|aspirat\w*|collection|harvest\w*|apheresis|mobili[sz]ation|catheter\w*|clinic|visit|follow-?\s?up|screen\w*|"
    r"post|pre|donor lymphocyte\w*|education|planning|referral)\b",
    re.IGNORECASE,
)


def is_transplant(procedure: str) -> bool:
    """Whether the words of a procedure name a transplant itself, and not what is done around one."""
    affirmed = says(procedure, HSCT) is Said.AFFIRMED and names_transplant(procedure)
    return affirmed and not is_doubtful(procedure) and not _AROUND.search(procedure)


def intention_in(text: str) -> bool | None:
    """Whether a text says that a transplant is planned (True), is not (False), or neither (None)."""
    found: set[bool] = set()
    for clause in re.split(r"[.;\n]|\bbut\b", text):
        if not names_transplant(clause):
            continue
        if re.search(r"\bnot yet\b", clause, re.IGNORECASE):
            continue
        if _NOT_PLANNED.search(clause):
            found.add(False)
        elif _PLANNED.search(clause) and not is_doubtful(clause):
            found.add(True)
    return found.pop() if len(found) == 1 else None


def is_doubtful(text: str) -> bool:
    """Whether a text leaves the transplant open, or is about finding out."""
    return bool(_DOUBTFUL.search(text))
