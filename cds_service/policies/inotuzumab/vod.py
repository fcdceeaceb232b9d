"""Veno-occlusive disease: procedure POL-BBW-STOP of policy analysis 2.1.

The policy says to stop for good when it occurs. A stop needs a confirmed event dated on or after
the first dose: a false "permanently discontinue" does harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cds_service.clinical.exposure import DrugUse
from cds_service.clinical.problems import WORDS, Problem
from cds_service.clinical.words import Said, clauses, phrase, says
from cds_service.fhir.dates import When
from cds_service.policies.inotuzumab.case import Case, doses_unseen
from cds_service.policies.inotuzumab.events import Event, Meaning, is_candidate, is_confirmed

_RULE = "POL-BBW-STOP"
_VOD = WORDS["vod_sos"]
# In running text a bare "SOS" also means "as needed".
_VOD_IN_TEXT = phrase(
    r"veno-?occlusive(?: liver)? disease", r"sinusoidal obstructi\w+", r"VOD", r"hepatic SOS", r"SOS of (?:the )?liver"
)  # fmt: skip
_SUSPICION = re.compile(
    r"\b(?:possibl[ey]|probabl[ey]|suspect\w*|suspicio\w*|concern\w* for|presum\w+|likely|differential|"
    r"r/o|rule out|cannot (?:be )?(?:exclude|excluded|rule out|ruled out))\b|\?",
    re.IGNORECASE,
)
_PROPHYLAXIS = re.compile(r"\b(?:prophyla\w+|prevent\w*)\b", re.IGNORECASE)
# Texts about the patient's state; orders and plans speak of what might come.
_NOTES = frozenset(
    {"Observation", "Condition", "AdverseEvent", "DiagnosticReport", "DocumentReference", "Procedure", "MedicationAdministration"}
)  # fmt: skip


def vod_events(case: Case) -> tuple[Event, ...]:
    """POL-BBW-STOP: each recorded event judged; without one that matters, what points to one."""
    judged = tuple(_judged(case, p) for p in case.chart.problems if is_candidate(p, "vod_sos", _VOD))
    if any(e.meaning in (Meaning.STOP, Meaning.UNDECIDED) for e in judged):
        return judged
    return (*judged, *_in_notes(case), *_treated(case))


def _judged(case: Case, p: Problem) -> Event:
    """Steps 2 to 4 for one Condition or AdverseEvent, active or resolved."""
    since = _since_first_dose(case, p.dated)
    if since is False:
        return Event(
            Meaning.RISK, "POL-BBW-RISK", f"Earlier veno-occlusive disease ({p.shown})", (p.reference,)
        )
    if not is_confirmed(p, _VOD) or says(p.notes, _VOD) is Said.DENIED:
        text = f"Veno-occlusive disease suspected, not confirmed ({p.shown}): hold and evaluate"
        asks = "whether veno-occlusive disease is confirmed"
        return Event(Meaning.UNDECIDED, _RULE, text, (p.reference,), asks)
    if since is None:
        text = f"Veno-occlusive disease recorded ({p.shown}); whether before or after the first inotuzumab dose cannot be told"
        return Event(
            Meaning.UNDECIDED,
            _RULE,
            text,
            (p.reference,),
            "the onset of the veno-occlusive disease, and the doses given",
        )
    text = f"Veno-occlusive disease recorded {p.dated} after inotuzumab: policy (boxed warning) says discontinue permanently"
    return Event(Meaning.STOP, _RULE, text, (p.reference,))


def _since_first_dose(case: Case, when: When | None) -> bool | None:
    """Whether a time is on or after the first inotuzumab dose of the first course; None: cannot be told.

    False when no dose was ever given.
    """
    history = case.frame.history
    answers: list[bool | None] = [None] if doses_unseen(case.chart, history) else []
    if history.given:
        answers.append(None if when is None else _not(when.is_before(history.given[0].day)))
    answers += [_since_use(when, use) for use in history.undated]
    if True in answers:
        return True
    return None if None in answers else False


def _since_use(when: When | None, use: DrugUse) -> bool | None:
    """The same for a use over a period, whose single doses are not known."""
    if when is None:
        return None
    if use.end is not None and when.is_before(use.end.last) is False:
        return True
    return False if use.start is not None and when.is_before(use.start.first) is True else None


def _not(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _in_notes(case: Case) -> Iterator[Event]:
    """Step 2: VOD stated only in a note. A later denial clears a suspicion, never a plain statement."""
    found = [
        (s, said) for s in case.chart.statements if s.kind in _NOTES and (said := _said(s.text)) is not None
    ]
    denied = [s.when.first for s, said in found if said is Said.DENIED and s.when is not None]
    for s, said in found:
        cleared = said is Said.DENIED or (
            said is Said.DOUBTED and s.when is not None and any(d > s.when.last for d in denied)
        )
        since = _since_first_dose(case, s.when)
        if cleared:
            continue
        if since is False:
            text = f"Veno-occlusive disease stated in a text before inotuzumab ({s.when or 'undated'})"
            yield Event(Meaning.RISK, "POL-BBW-RISK", text, (s.reference,))
            continue
        text = f"Veno-occlusive disease stated only in a text ({s.when or 'undated'}): suspected, hold and evaluate"
        yield Event(
            Meaning.UNDECIDED,
            _RULE,
            text,
            (s.reference,),
            "whether veno-occlusive disease was diagnosed, with its onset",
        )


def _said(text: str) -> Said | None:
    """Affirmed, doubted with a word of suspicion, or denied; None for a text that says nothing of the kind."""
    if not _VOD_IN_TEXT.search(text):
        return None
    said = says(text, _VOD_IN_TEXT)
    if said is Said.DOUBTED and not any(
        _VOD_IN_TEXT.search(clause) and _SUSPICION.search(clause) for clause in clauses(text)
    ):
        return None
    return None if said is Said.NOT_MENTIONED else said


def _treated(case: Case) -> Iterator[Event]:
    """Step 1: defibrotide given or active since the first dose, and no event recorded."""
    given = case.frame.history.given
    for use in case.chart.uses:
        if not given or "defibrotide" not in use.drugs or not _runs_since(use, given[0].when):
            continue
        when = use.last_known or "undated"
        if _PROPHYLAXIS.search(use.all_text):
            yield Event(Meaning.NOTE, _RULE, f"Defibrotide as prophylaxis ({when})", (use.reference,))
        else:
            text = f"Defibrotide since the first dose ({when}): veno-occlusive disease suspected, hold and evaluate"
            yield Event(Meaning.SUSPECTED, _RULE, text, (use.reference,))


def _runs_since(use: DrugUse, first: When) -> bool:
    """Given, or active without an end, on or after the first dose as far as can be told."""
    if use.status == "active" and use.end is None and not use.days:
        return True
    last = use.last_known
    return (use.is_given or use.status == "active") and (
        last is None or last.is_before(first.first) is not True
    )
