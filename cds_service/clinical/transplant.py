"""Hematopoietic stem cell transplant: performed, planned, or said not to be planned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cds_service.clinical.chart import Act, Chart
from cds_service.clinical.evidence import latest_by
from cds_service.clinical.words import Said, phrase, says
from cds_service.fhir.dates import When

_HSCT = phrase(
    r"(?:allo(?:geneic)?|auto(?:logous)?|haplo(?:identical)?)?(?:-| )?(?:HSCT|HCT|SCT|BMT|alloHSCT|alloSCT)",
    r"(?:hematopoietic |haematopoietic |allogeneic |autologous |peripheral blood )*(?:stem|progenitor)(?:-| )cell transplant\w*",
    r"bone marrow transplant\w*", r"(?:allo|haplo)(?:-| )?transplant\w*", r"transplant(?:ation)?",
    r"(?:allo|auto|haplo)(?:-| )?(?:HSCT|HCT|SCT|BMT)",
)  # fmt: skip
_DONE_WORDS = re.compile(
    r"\b(?:s/p|status post|post[- ]|after|underwent|received|history of|prior|previous|day \+\d+)\b",
    re.IGNORECASE,
)
_NOT_PLANNED = re.compile(
    r"\b(?:not (?:a )?(?:candidate|eligible|proceeding|planned|planning|pursu\w+|considered|suitable|going)|ineligible|declin\w+|refus\w+|"
    r"no (?:plan\w*|intention|intent)|will not|does not (?:wish|want)|unfit|non-?(?:candidate|transplant)|not to proceed|no (?:HSCT|transplant|donor))\b",
    re.IGNORECASE,
)
_PLANNED = re.compile(
    r"\b(?:plan\w*|proceed\w*|scheduled|candidate for|bridge|bridging|awaiting|listed for|referr\w+|prepar\w+|consolidat\w+ with|"
    r"intend\w*|followed by|going to|to undergo|will (?:undergo|receive|have|go)|eligible for|donor (?:identified|found|search))\b",
    re.IGNORECASE,
)
_PLAN_STATUSES = {"draft", "active", "on-hold", "booked", "pending", "proposed", "arrived", "waitlist", ""}
_HSCT_CONCEPTS = frozenset({"hsct", "hsct_allogeneic", "hsct_autologous", "hsct_conditioning"})


@dataclass(frozen=True, slots=True)
class Transplant:
    """A transplant performed. ``when`` is None when the record gives no date."""

    when: When | None
    reference: str
    words: str


@dataclass(frozen=True, slots=True)
class Intention:
    """A statement that a transplant is planned, or is not."""

    planned: bool
    when: When | None
    reference: str
    words: str


def _is_transplant(act: Act) -> bool:
    if act.concepts & _HSCT_CONCEPTS:
        return True
    return any(says(text, _HSCT) is Said.AFFIRMED for text in (act.words,) if text)


def transplants(chart: Chart) -> tuple[Transplant, ...]:
    """Transplants performed up to the clock, dated or not."""
    found = [
        Transplant(a.when, a.reference, a.words)
        for a in chart.acts
        if a.kind == "Procedure" and a.status in ("completed", "in-progress", "") and _is_transplant(a)
    ]
    for p in chart.problems:
        if p.concepts & {"hsct_status", "hsct_complication"} and p.verified and not p.is_event:
            found.append(Transplant(None, p.reference, p.words))
    return tuple(found)


def intentions(chart: Chart) -> tuple[Intention, ...]:
    """All statements of the transplant plan. A revoked or completed request is no plan."""
    found = list(_requests(chart))
    for s in chart.statements:
        if s.kind in ("Procedure",):
            continue
        if (planned := intention_in(s.whole)) is not None:
            found.append(Intention(planned, s.when, s.reference, s.whole[:120]))
    return tuple(found)


def _requests(chart: Chart) -> Iterator[Intention]:
    for act in chart.acts:
        if act.kind == "Procedure" or act.status not in _PLAN_STATUSES or not _is_transplant(act):
            continue
        texts = " ; ".join((act.words, *act.texts))
        if intention_in(texts) is False:
            continue
        stated = next((s.when for s in chart.statements if s.reference == act.reference and s.when), None)
        yield Intention(True, stated, act.reference, act.words or texts[:120])


def intention_in(text: str) -> bool | None:
    """Whether a text says that a transplant is planned (True), is not (False), or neither (None)."""
    found: set[bool] = set()
    for clause in re.split(r"[.;\n]|\bbut\b", text):
        if not _HSCT.search(clause):
            continue
        if _NOT_PLANNED.search(clause) or re.search(
            r"\bwithout (?:a )?(?:planned )?(?:HSCT|transplant)", clause, re.IGNORECASE
        ):
            found.add(False)
        elif _PLANNED.search(clause) and not _doubtful(clause):
            found.add(True)
    return found.pop() if len(found) == 1 else None


def _doubtful(clause: str) -> bool:
    if re.search(
        r"\b(?:possible|possibly|may|might|if|whether|consider\w*|discuss\w*|undecided|to be decided|evaluat\w*|potential(?:ly)?)\b|\?",
        clause,
        re.IGNORECASE,
    ):
        return True
    return bool(_DONE_WORDS.search(clause)) and not re.search(
        r"\b(?:plan\w*|proceed\w*|scheduled)\b", clause, re.IGNORECASE
    )


def newest_intention(chart: Chart) -> tuple[bool | None, tuple[Intention, ...]]:
    """The newest statement of the plan: True, False, or None when there is none or two of one day differ."""
    found = intentions(chart)
    dated = [i for i in found if i.when is not None]
    latest = latest_by(dated, lambda i: i.when) if dated else list(found)
    if latest and dated:
        last = max(i.when.last for i in latest if i.when is not None)
        latest = [i for i in dated if i.when is not None and i.when.last == last]
    signs = {i.planned for i in latest}
    return (signs.pop() if len(signs) == 1 else None), tuple(latest)
