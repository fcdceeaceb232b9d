"""Non-hematologic toxicity: VOD, infusion reactions, bleeding, infection and grade 2 or more.

Procedures POL-BBW-STOP (2.1), IRR and the non-hematologic table (2.9). A stop needs verification,
timing and cause as the analysis states them: a false "permanently discontinue" does harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from cds_service.clinical.drugs import INOTUZUMAB, drugs_in_text
from cds_service.clinical.problems import WORDS, Problem
from cds_service.clinical.words import Said, phrase, says
from cds_service.fhir.dates import When
from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.numbers import days

_PROPHYLAXIS = re.compile(r"prophyla|prevent", re.IGNORECASE)
_INOTUZUMAB = phrase(r"inotuzumab(?: ozogamicin)?", r"besponsa", r"J9229", r"1942950", r"1942954", r"1942959")
_HEMATOLOGIC = frozenset(
    {"neutropenia", "thrombocytopenia", "pancytopenia", "myelosuppression", "febrile_neutropenia"}
)
_HEMATOLOGIC_WORDS = phrase(
    r"neutropeni\w*", r"thrombocytopeni\w*", r"an(?:a)?emia", r"(?:pan)?cytopeni\w*", r"leukopeni\w*", r"lymphopeni\w*", r"myelosuppression",
    r"(?:neutrophil|platelet|white blood cell|lymphocyte) count decreased", r"low (?:platelets|neutrophils|hemoglobin)",
)  # fmt: skip
_MAY_GO_ON = re.compile(
    r"\b(?:may|can|ok(?:ay)? to|safe to|will|plan to|agreed to) (?:continue|proceed|resume|go on)|\bcleared (?:to|for)|\bcontinue (?:inotuzumab|treatment|therapy)",
    re.IGNORECASE,
)


class Stop(Enum):
    """What an event means for treatment."""

    STOP = "stop"
    UNDECIDED = "undecided"
    RISK = "risk factor"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Event:
    """One event judged: what it means, the rule, the sentence, and its source."""

    meaning: Stop
    rule: str
    text: str
    reference: str
    asks: str = ""


def _first_dose_day(case: Case) -> When | None:
    """The first inotuzumab dose of the first course."""
    given = case.frame.history.given
    return given[0].when if given else None


def vod_events(case: Case) -> tuple[Event, ...]:
    """POL-BBW-STOP: candidates are Conditions and AdverseEvents of VOD, active or resolved, not negated."""
    candidates = [p for p in case.chart.problems if p.is_a("vod_sos") and not _is_prophylaxis(p)]
    judged = tuple(_vod(case, p) for p in candidates)
    if candidates:
        return judged
    return tuple(_suspected_vod(case))


def _is_prophylaxis(p: Problem) -> bool:
    return bool(_PROPHYLAXIS.search(p.words))


def _vod(case: Case, p: Problem) -> Event:
    first = _first_dose_day(case)
    if not p.verified:
        text = f"Veno-occlusive disease suspected, not confirmed ({p.shown})"
        return Event(
            Stop.UNDECIDED, "POL-BBW-STOP", text, p.reference, "whether veno-occlusive disease is confirmed"
        )
    when = p.dated
    if first is None:
        return Event(Stop.RISK, "POL-BBW-RISK", f"Earlier veno-occlusive disease ({p.shown})", p.reference)
    before = when.is_before(first.first) if when is not None else None
    if before is None:
        text = f"Veno-occlusive disease recorded ({p.shown}); it cannot be told whether before or after the first inotuzumab dose ({first})"
        return Event(
            Stop.UNDECIDED, "POL-BBW-STOP", text, p.reference, "the onset of the veno-occlusive disease"
        )
    if before:
        return Event(
            Stop.RISK, "POL-BBW-RISK", f"Veno-occlusive disease before inotuzumab ({p.shown})", p.reference
        )
    text = f"Veno-occlusive disease recorded {when}, after the first inotuzumab dose ({first}): the policy (boxed warning) says discontinue permanently"
    return Event(Stop.STOP, "POL-BBW-STOP", text, p.reference)


def _suspected_vod(case: Case) -> Iterator[Event]:
    """No recorded event: defibrotide since the first dose, or VOD stated only in a note."""
    first = _first_dose_day(case)
    for use in case.chart.uses:
        if (
            "defibrotide" not in use.drugs
            or first is None
            or not (use.is_given or use.status in ("active", "draft"))
        ):
            continue
        since = use.last_known
        if since is not None and since.is_before(first.first) is True:
            continue
        prophylaxis = bool(_PROPHYLAXIS.search(use.all_text))
        meaning = Stop.NOTE if prophylaxis else Stop.UNDECIDED
        text = (
            "Defibrotide as prophylaxis"
            if prophylaxis
            else f"Defibrotide since the first dose ({since or 'undated'}): veno-occlusive disease suspected, hold and evaluate"
        )
        yield Event(
            meaning,
            "POL-BBW-STOP",
            text,
            use.reference,
            "" if prophylaxis else "whether veno-occlusive disease was diagnosed, with onset",
        )
    for s in case.chart.statements:
        if not s.text or s.kind in ("MedicationRequest", "ServiceRequest", "CarePlan", "Appointment"):
            continue
        said = says(s.text, WORDS["vod_sos"])
        if said in (Said.AFFIRMED, Said.DOUBTED) and not _PROPHYLAXIS.search(s.text):
            text = f"Veno-occlusive disease stated only in a text ({s.when or 'undated'}): suspected, hold and evaluate"
            yield Event(
                Stop.UNDECIDED,
                "POL-BBW-STOP",
                text,
                s.reference,
                "whether veno-occlusive disease was diagnosed, with onset",
            )


def infusion_reactions(case: Case) -> tuple[Event, ...]:
    """Procedure IRR, any course: attribution by day or suspect, then severity."""
    found = []
    for p in case.chart.problems:
        if p.is_a("infusion_reaction") and (event := _reaction(case, p)) is not None:
            found.append(event)
    return tuple(found)


def _reaction(case: Case, p: Problem) -> Event | None:
    given = case.frame.history.given
    if not given:
        return None
    suspects = [s for s in p.suspects]
    ours = [s for s in suspects if _is_inotuzumab(s)]
    others = [
        s
        for s in suspects
        if s not in ours and not re.match(r"^(?:the )?(?:infusion|dose|treatment)", s, re.IGNORECASE)
    ]
    if not ours and _names_other_cause(p):
        others = others or [p.words]
    if others and not ours:
        return None
    when = p.dated
    on_dose_day = None if when is None else _near_dose(case, when)
    named = bool(ours)
    if on_dose_day is False and not named:
        return None
    if ours and others:
        return _open_reaction(
            p, "inotuzumab and another cause are both suspected", "the cause of the infusion reaction"
        )
    if on_dose_day is None and not named:
        return _open_reaction(
            p,
            "neither its date nor its cause places it at an inotuzumab dose",
            "the date or the suspected cause of the infusion reaction",
        )
    if not p.verified:
        return _open_reaction(p, "it is not confirmed", "whether the infusion reaction is confirmed")
    return _by_severity(p)


def _by_severity(p: Problem) -> Event:
    anaphylaxis = re.search(r"anaphyla", p.words, re.IGNORECASE) or any(
        code in ("39579001", "T782XXA") for _, code in p.codes
    )
    if (p.grade or 0) >= 3 or p.severity in ("severe", "life-threatening") or anaphylaxis:
        how = f"grade {p.grade}" if p.grade else p.severity or "anaphylaxis"
        text = f"Severe infusion reaction ({p.shown}; {how}): the policy says discontinue permanently"
        return Event(Stop.STOP, "POL-TOX-IRR-SEV", text, p.reference)
    if p.grade in (1, 2) or p.severity in ("mild", "moderate"):
        how = f"grade {p.grade}" if p.grade else p.severity
        text = f"Infusion reaction ({p.shown}; {how}): interrupt and treat if it recurs, consider steroid and antihistamine before the dose"
        return Event(Stop.NOTE, "POL-TOX-IRR", text, p.reference)
    return _open_reaction(p, "its severity is not recorded", "the grade of the infusion reaction")


def _open_reaction(p: Problem, why: str, asks: str) -> Event:
    return Event(
        Stop.UNDECIDED, "POL-TOX-IRR-SEV", f"Infusion reaction ({p.shown}): {why}", p.reference, asks
    )


def _is_inotuzumab(text: str) -> bool:
    return says(text, _INOTUZUMAB) is Said.AFFIRMED or INOTUZUMAB in drugs_in_text(text)


def _names_other_cause(p: Problem) -> bool:
    """Whether the event's own words or notes name a cause other than inotuzumab."""
    text = f"{p.words} ; {p.notes}"
    other = re.search(
        r"\b(?:contrast|transfusion|platelets?|red cells?|food|peanut|bee|latex|antibiotic|vancomycin|penicillin|asparaginase|rituximab|iodin\w+)\b",
        text,
        re.IGNORECASE,
    )
    return bool(other) and not _is_inotuzumab(text)


def _near_dose(case: Case, when: When) -> bool | None:
    """Whether an event falls on the day of an inotuzumab dose or the next."""
    window = timedelta(days=days("irr.window"))
    answers = {when.is_within(d.day, d.day + window) for d in case.frame.history.given}
    if True in answers:
        return True
    return None if None in answers else False


def graded_toxicities(case: Case) -> tuple[tuple[Problem, str], ...]:
    """Active non-hematologic events: bleeding, severe infection, and others of grade 2 or more, with rule."""
    found = []
    for p in case.chart.problems:
        if not p.is_active or not p.verified or p.is_a("vod_sos") or p.is_a("infusion_reaction"):
            continue
        if (p.concepts & _HEMATOLOGIC and not p.is_a("infection")) or says(
            p.words, _HEMATOLOGIC_WORDS
        ) is Said.AFFIRMED:
            continue
        if (rule := _rule_for(case, p)) is not None:
            found.append((p, rule))
    return tuple(found)


def _rule_for(case: Case, p: Problem) -> str | None:
    if p.is_a("hemorrhage") and ((p.grade or 2) >= 2 and p.severity != "mild"):
        return "POL-TOX-BLEED"
    severe = (
        p.severity in ("severe", "life-threatening")
        or (p.grade or 0) >= 3
        or re.search(r"sepsis|septic|pneumonia|bacteremia|91302008", p.words, re.IGNORECASE)
    )
    if p.is_a("infection"):
        return (
            "POL-TOX-INF"
            if severe
            else ("POL-TOX-GR2" if (p.grade or 0) >= days("tox.grade_interrupt") else None)
        )
    if (p.grade or 0) >= days("tox.grade_interrupt") and _is_toxicity(case, p):
        return "POL-TOX-GR2"
    return None


def _is_toxicity(case: Case, p: Problem) -> bool:
    """An adverse event, or a graded condition that began in treatment; pretreatment grades are accepted."""
    start = case.frame.history.given[0].day if case.frame.history.given else None
    if start is None:
        return p.is_event
    return p.is_event or p.dated is None or p.dated.last >= start


def unresolved_grade_four(case: Case) -> tuple[Problem, ...]:
    """Unresolved non-hematologic events of grade 4 or more without a physician's word that treatment may go on."""
    cleared = any(
        s.text
        and _MAY_GO_ON.search(s.text)
        and says(s.text, re.compile(_MAY_GO_ON.pattern, re.I)) is Said.AFFIRMED
        for s in case.chart.statements
    )
    if cleared:
        return ()
    return tuple(
        p for p, _ in graded_toxicities(case) if (p.grade or 0) >= 4 or p.severity == "life-threatening"
    )
