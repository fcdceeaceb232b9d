"""Documents and measurements that a reviewer needs: MONITORING (2.5) and POL-A-DOC (2.4).

Each part is met or unknown, never "not met". A note that exists but cannot be read is met with
"content not read" and stays on the checklist as information.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from cds_service.clinical.chart import Document
from cds_service.clinical.counts import anc, platelets
from cds_service.clinical.evidence import after, before, newest, within
from cds_service.clinical.heart import ecgs, newest_ecg
from cds_service.clinical.results import Result
from cds_service.clinical.words import Said, phrase, says
from cds_service.fhir.dates import When
from cds_service.fhir.record import Need
from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.criteria import MET, unknown
from cds_service.policies.inotuzumab.lines import history_unseen
from cds_service.policies.inotuzumab.numbers import span
from cds_service.policies.inotuzumab.qt import baseline_ecgs, qt_drugs
from cds_service.policy.determination import Need as Item
from cds_service.policy.outline import Answer
from cds_service.policy.verdict import all_of

_NOTE_TYPES = {"11506-3", "11488-4", "34117-2", "18842-5", "34133-9", "clinical-note"}
_PATHOLOGY_TYPES = {"11526-1", "60568-3", "33721-2", "48807-2", "33719-6", "55230-7", "55229-9", "101119-6"}
_INFECTION_BLEEDING = phrase(
    r"infect\w*", r"bleed\w*", r"ha?emorrhag\w*", r"febrile", r"fever", r"myelosuppress\w*", r"cytopeni\w*"
)
_INFUSION = re.compile(
    r"(?:observ|monitor|watch)\w*[^.;]{0,60}(?:infusion|hour|hr|h\b|min)|infusion[^.;]{0,80}(?:toler|without (?:reaction|incident|side)|no reaction|uneventful|observ|monitor)|"
    r"toler\w+[^.;]{0,20}(?:infusion|dose)|(?:1|one)[ -]?(?:hour|h|hr)[^.;]{0,30}(?:after|post)|post-?infusion",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Note:
    """A clinical note or administration record, with what of it is readable."""

    when: When | None
    text: str
    reference: str


@dataclass(frozen=True, slots=True)
class Monitoring:
    """The three monitoring criteria, and items that inform without deciding."""

    counts: Answer
    infusion: Answer
    qt: Answer
    informing: tuple[Item, ...]


def progress_notes(case: Case) -> Monitoring:
    """Procedure MONITORING."""
    informing: list[Item] = []
    notes = [n for n in _notes(case) if _since(n.when, case.last_cycle_day_one)]
    records = [n for n in _administrations(case) if _since(n.when, case.last_cycle_day_one)]
    note, note_read = _note_part(
        case,
        notes + records,
        _INFECTION_BLEEDING,
        "myelosuppression-note",
        "a note that says infection and bleeding are monitored",
    )
    infusion, infusion_read = _note_part(
        case,
        notes + records,
        _INFUSION,
        "infusion-monitoring-note",
        "a note or administration record that says the patient was watched during and 1 hour after the infusion",
    )
    if note.verdict is MET and not note_read:
        informing.append(
            Item(
                "myelosuppression-note",
                f"{note.because}; attach the note on infection and bleeding",
                decides=False,
            )
        )
    if infusion.verdict is MET and not infusion_read:
        informing.append(
            Item(
                "infusion-monitoring-note",
                f"{infusion.because}; attach the record of watching the infusion",
                decides=False,
            )
        )
    return Monitoring(
        _joined(_counts_part(case), note), infusion, _qt_part(case, informing), tuple(informing)
    )


def _since(when: When | None, day_one: date | None) -> bool:
    """On a later calendar day than day 1 of the last completed cycle."""
    return when is not None and (day_one is None or when.first > day_one)


def _notes(case: Case) -> Iterator[Note]:
    for d in case.chart.documents:
        if d.kind == "DocumentReference" and (d.codes & _NOTE_TYPES or _is_note(d)):
            yield Note(d.when, d.text, d.reference)


def _is_note(d: Document) -> bool:
    return bool(
        re.search(r"\bnote\b|consult|progress|history and physical|discharge", d.words, re.IGNORECASE)
    )


def _administrations(case: Case) -> Iterator[Note]:
    texts = {
        u.reference: " ; ".join(u.texts) for u in case.chart.uses if u.kind == "MedicationAdministration"
    }
    for dose in case.frame.history.given:
        if dose.reference in texts:
            yield Note(dose.when, texts[dose.reference], dose.reference)


def _note_part(
    case: Case, notes: list[Note], about: re.Pattern[str], item: str, settle: str
) -> tuple[Answer, bool]:
    """Met when a dated note says so in readable text; met "content not read" when one exists; else unknown."""
    for n in sorted(notes, key=lambda n: (n.when.first if n.when else date.min, n.reference), reverse=True):
        if n.text and (
            about.search(n.text) if about is _INFUSION else says(n.text, about) is not Said.NOT_MENTIONED
        ):
            return Answer(MET, f"note of {n.when}: {n.text[:80]}", (n.reference,)), True
    if notes:
        latest = max(notes, key=lambda n: (n.when.first if n.when else date.min, n.reference))
        return Answer(
            MET, f"a note or record of {latest.when} exists, content not read", (latest.reference,)
        ), False
    reason = case.chart.unseen(Need.DOCUMENT_REFERENCES, Need.MEDICATION_ADMINISTRATIONS)
    since = f" after day 1 of the last cycle ({case.last_cycle_day_one})" if case.last_cycle_day_one else ""
    why = (
        f"notes could not all be seen ({reason})"
        if reason
        else f"no note or administration record{since} found"
    )
    return unknown(why, item, changes=settle), False


def _counts_part(case: Case) -> Answer:
    """C.1: ANC and platelets within 14 days before min(today, planned); for day 8/15 also before day 1."""
    ends = [case.horizon] if case.day == 1 or case.day_one >= case.horizon else [case.horizon, case.day_one]
    for end in ends:
        start = end - span("lab.window.cbc_monitoring")
        found = [newest(within(results, start, end)) for results in (anc(case.chart), platelets(case.chart))]
        if all(found):
            shown = ", ".join(
                f"{name} {f[0].shown}" for name, f in zip(("ANC", "platelets"), found, strict=True)
            )
            return Answer(MET, shown, tuple(f[0].reference for f in found))
    missing = [
        name
        for name, results in (("ANC", anc(case.chart)), ("platelets", platelets(case.chart)))
        if not within(results, case.horizon - span("lab.window.cbc_monitoring"), case.horizon)
    ]
    reason = case.chart.unseen(Need.OBSERVATIONS)
    why = f"no usable {' and '.join(missing)} within 14 days before {case.horizon}" + (
        f" (not all results were seen: {reason})" if reason else ""
    )
    return unknown(why, "cbc", changes="a CBC with differential")


def _joined(*parts: Answer) -> Answer:
    """All parts as one answer; each item keeps the reason of the part that asks for it."""
    open_ = [p for p in parts if p.verdict is not MET]
    chosen = open_ or parts
    return Answer(
        verdict=all_of(p.verdict for p in parts),
        because="; ".join(p.because for p in chosen),
        evidence=tuple(r for p in parts for r in p.evidence),
        needed=tuple(dict.fromkeys(n for p in open_ for n in p.needed)),
        changes="; ".join(dict.fromkeys(p.changes for p in open_ if p.changes)),
        asks=tuple((n, f"{p.because}; would settle it: {p.changes}") for p in open_ for n in p.needed),
    )


def _qt_part(case: Case, informing: list[Item]) -> Answer:
    return _joined(*_ecg_parts(case), *_electrolyte_parts(case, informing), _drug_part(case))


def _ecg_parts(case: Case) -> Iterator[Answer]:
    """C.3a: last ECG before the first dose, any age. C.3b: an ECG after day 1 of the last completed cycle."""
    reason = case.chart.unseen(Need.OBSERVATIONS, Need.DIAGNOSTIC_REPORTS, Need.PROCEDURES)
    seen = f" (not all was seen: {reason})" if reason else ""
    base = newest_ecg(baseline_ecgs(case))
    if base:
        yield Answer(MET, f"baseline {base[0].shown}", (base[0].reference,))
    else:
        yield unknown(
            f"no ECG before the first dose found{seen}",
            "ecg-baseline",
            changes="an ECG from before the first dose",
        )
    later = [e for e in ecgs(case.chart) if _since(e.when, case.last_cycle_day_one)]
    last = newest_ecg(later)
    if last:
        yield Answer(MET, f"follow-up {last[0].shown}", (last[0].reference,))
    else:
        yield unknown(
            f"no ECG after day 1 of the last cycle ({case.last_cycle_day_one or 'not known'}) found{seen}",
            "ecg-follow-up",
            changes="a new ECG",
        )


def _electrolyte_parts(case: Case, informing: list[Item]) -> Iterator[Answer]:
    """C.3c: K and Mg, baseline and follow-up; calcium is asked for as information only."""
    for item, choose in (("electrolytes-baseline", _at_baseline), ("electrolytes-follow-up", _at_follow_up)):
        found = {
            name: newest(choose(case, case.chart.usable(concept)))
            for concept, name in (("potassium", "K"), ("magnesium", "Mg"))
        }
        missing = [name for name, results in found.items() if not results]
        when = (
            "before the first dose"
            if item == "electrolytes-baseline"
            else f"after day 1 of the last cycle ({case.last_cycle_day_one or 'not known'})"
        )
        if missing:
            yield unknown(
                f"no {' and '.join(missing)} {when} found",
                item,
                evidence=tuple(r[0].reference for r in found.values() if r),
                changes="potassium and magnesium",
            )
        else:
            yield Answer(
                MET,
                ", ".join(f"{name} {r[0].shown}" for name, r in found.items()),
                tuple(r[0].reference for r in found.values()),
            )
        if not newest(choose(case, case.chart.usable("calcium"))):
            informing.append(Item(item, f"calcium {when} not found", decides=False))


def _at_baseline(case: Case, results: list[Result]) -> list[Result]:
    start = case.frame.start
    if start is None:
        return before(results, case.horizon, same_day=True)
    dose = case.frame.given[0].when.instant
    return [
        r
        for r in before(results, start, same_day=True)
        if r.when is not None
        and not (
            r.when.first == start
            and r.when.instant is not None
            and dose is not None
            and r.when.instant >= dose
        )
    ]


def _at_follow_up(case: Case, results: list[Result]) -> list[Result]:
    day_one = case.last_cycle_day_one
    return after(results, day_one) if day_one is not None else []


def _drug_part(case: Case) -> Answer:
    """C.3d/e: the list of active drugs was retrieved; those that matter are named."""
    if reason := history_unseen(case.chart):
        return unknown(
            f"the medication list could not be seen ({reason})",
            "qt-drugs",
            changes="the list of current drugs",
        )
    drugs = qt_drugs(case)
    names = ", ".join(d.drug for d in drugs) or "none"
    return Answer(MET, f"QT-relevant drugs in use: {names}", tuple(d.reference for d in drugs))


def supporting_documents(case: Case) -> Answer:
    """POL-A-DOC: a pathology or flow report and a clinical note exist; never "not met"."""
    reports = [
        d.reference
        for d in case.chart.documents
        if d.codes & _PATHOLOGY_TYPES
        or re.search(r"patholog|flow cytom|immunophenotyp|marrow", d.words, re.IGNORECASE)
    ]
    reports += [r.reference for r in case.chart.results_for("immunophenotype_panel")]
    reports += [
        s.reference for s in case.chart.statements if s.kind == "Observation" and s.codes & {"document_type"}
    ]
    notes = [n.reference for n in _notes(case)]
    if reports and notes:
        return Answer(
            MET, "a pathology or flow report and a clinical note are on record", (reports[0], notes[0])
        )
    missing = [
        name
        for name, found in (("pathology or flow cytometry report", reports), ("clinical note", notes))
        if not found
    ]
    return unknown(
        f"no {' and no '.join(missing)} found", "pathology", changes="attach " + " and ".join(missing)
    )
