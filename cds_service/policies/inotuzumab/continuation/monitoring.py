"""What a reviewer needs to see monitored (B.i.C.1 to C.3).

Each part is met or unknown, never "not met". A note that exists but does not say so in readable
text meets its part with "content not read" and stays on the checklist as information.
Procedure: docs/policies/inotuzumab/continuation.md#monitoring.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial

from cds_service.clinical.evidence import newest, within
from cds_service.clinical.observations.counts import anc, platelets
from cds_service.clinical.observations.heart import ecgs, newest_ecg
from cds_service.clinical.observations.newest_first import newest_usable
from cds_service.clinical.observations.results import Result
from cds_service.clinical.reading.mentioned import mentioned
from cds_service.clinical.therapy.drugs import shown
from cds_service.engine.answers import MET, Answer, unknown
from cds_service.engine.determination import ItemPart, NeededItem
from cds_service.engine.verdict import all_of
from cds_service.fhir.dates import When
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.documents import Note, administration_records, clinical_notes
from cds_service.policies.inotuzumab.case.open_items import absent
from cds_service.policies.inotuzumab.case.places import judged_without, unseen
from cds_service.policies.inotuzumab.case.windows import before_first_dose, since_last_cycle
from cds_service.policies.inotuzumab.numbers import days, filled, span
from cds_service.policies.inotuzumab.recommended.qt_drugs import qt_drugs
from cds_service.remembering import once

_ASKED = {
    "myelosuppression-note": "a note that says infection and bleeding are monitored",
    "infusion-monitoring-note": (
        "a note or administration record that says the patient was monitored during and {infusion.watch!} after the infusion"
    ),
}
# Calcium is asked for beside potassium and magnesium and decides nothing.
_CALCIUM = {
    "electrolytes-baseline": ItemPart(
        "baseline calcium", "Attach the calcium from before the first dose, if it was measured"
    ),
    "electrolytes-follow-up": ItemPart("follow-up calcium", "Measure calcium", ("Calcium",)),
}

_AN_HOUR = frozenset({"watched", "after", "hour"})


def counts(case: Case) -> Answer:
    """C.1: recent ANC and platelets, and a note on infection and bleeding."""
    return _joined(_blood_count(case), _note(case, "myelosuppression-note"))


def infusion(case: Case) -> Answer:
    """C.2: a record of watching the patient during and for 1 hour after the infusion."""
    return _note(case, "infusion-monitoring-note")


def heart(case: Case) -> Answer:
    """C.3: ECG and electrolytes at baseline and follow-up, and the list of QT-prolonging drugs."""
    return _joined(*_ecg_parts(case), *_electrolyte_parts(case), _drug_part(case))


# That calcium was measured is asked, not what it was: each of its tests will do.
_CALCIUM_TESTS = ("calcium", "calcium_corrected", "calcium_ionized")


def informing(case: Case) -> Iterator[NeededItem]:
    """What the checklist asks for without deciding: notes whose content was not read, calcium."""
    for item in _ASKED:
        if _notes(case) and _SAYING[item](case) is None:
            because = f"{_note(case, item).because}; needed: {filled(_ASKED[item])}"
            yield NeededItem(item, because, decides=False)
    for item, chosen in _WINDOWS.items():
        if not any(chosen(case, r.when) for r in case.chart.usable(*_CALCIUM_TESTS)):
            because = _none_in(case, "calcium", item)
            yield NeededItem(item, because, decides=False, part=_CALCIUM[item])


# ---- Notes ---------------------------------------------------------------------------------------


@once
def _notes(case: Case) -> tuple[Note, ...]:
    """Notes and administration records after day 1 of the last completed cycle, newest first."""
    found = (
        n for n in (*clinical_notes(case), *administration_records(case)) if since_last_cycle(case, n.when)
    )
    newest_first = sorted(
        found, key=lambda n: (n.when.first if n.when else date.min, n.reference), reverse=True
    )
    return tuple(newest_first)


@once
def _on_infection_and_bleeding(case: Case) -> tuple[Note, str] | None:
    return _saying(case, _infection_and_bleeding)


@once
def _on_watching(case: Case) -> tuple[Note, str] | None:
    return _saying(case, _watched)


_SAYING = {"myelosuppression-note": _on_infection_and_bleeding, "infusion-monitoring-note": _on_watching}


def _saying(case: Case, quote: Callable[[str], str]) -> tuple[Note, str] | None:
    """The newest note that says it in readable text, and the words that do."""
    return next(((n, q) for n in _notes(case) if (q := quote(n.text))), None)


def _infection_and_bleeding(text: str) -> str:
    """The sentences of a note about infection and about bleeding; empty unless there are both."""
    found = mentioned(text, "monitoring")
    named = {value for values, _ in found for value in values}
    return " ".join([f"{quote}." for _, quote in found]) if named >= {"infection", "bleeding"} else ""


def _watched(text: str) -> str:
    """The sentence of a note that says the patient was watched for an hour or more after the infusion."""
    return next((f"{quote}." for values, quote in mentioned(text, "observation") if values >= _AN_HOUR), "")


def _note(case: Case, item: str) -> Answer:
    if (found := _SAYING[item](case)) is not None:
        note, quote = found
        return Answer(MET, f'note of {note.when}: "{quote}"', (note.reference,))
    if notes := _notes(case):
        return Answer(
            MET, f"a note or record of {notes[0].when} exists, content not read", (notes[0].reference,)
        )
    because = absent(case, f"note or administration record {_after(case)}", item)
    return unknown(because, item, changes=filled(_ASKED[item]))


def _after(case: Case) -> str:
    day = case.last_cycle_day_one
    return (
        f"after day 1 of the last cycle ({day})"
        if day
        else "after day 1 of the last cycle (its date is not known)"
    )


def _none_since(case: Case, what: str, item: str) -> str:
    """That nothing is from after day 1 of the last cycle, or that this day could not be seen."""
    if case.last_cycle_day_one is None and (reason := judged_without(case.chart, item)):
        return f"the day of the last cycle could not be seen ({reason})"
    return absent(case, f"{what} {_after(case)}", item)


# ---- Counts, ECG, electrolytes, drugs --------------------------------------------------------------


def _blood_count(case: Case) -> Answer:
    """ANC and platelets of their window before min(today, planned date); for day 8 and 15 before day 1 will do."""
    ends = [case.horizon, *([case.day_one] if case.day != 1 and case.day_one < case.horizon else [])]
    tests = (("ANC", anc(case.chart)), ("platelets", platelets(case.chart)))
    for end in ends:
        found = [
            (name, newest(within(results, end - span("lab.window.cbc_monitoring"), end)))
            for name, results in tests
        ]
        if all(results for _, results in found):
            because = ", ".join(f"{name} {results[0].shown}" for name, results in found)
            return Answer(MET, because, tuple(results[0].reference for _, results in found))
    start = case.horizon - span("lab.window.cbc_monitoring")
    missing = [name for name, results in tests if not within(results, start, case.horizon)]
    within_days = f"within {days('lab.window.cbc_monitoring')} days before {case.horizon}"
    because = absent(case, f"usable {' and '.join(missing)} {within_days}", "cbc", ending="")
    if last := [f"{name} {newest(results)[0].shown}" for name, results in tests if newest(results)]:
        because = f"{because}; the newest: {', '.join(last)}"
    return unknown(because, "cbc", changes="a CBC with differential")


def _ecg_parts(case: Case) -> Iterator[Answer]:
    """C.3a: the last ECG before the first dose, any age. C.3b: one after day 1 of the last completed cycle."""
    parts = (
        ("baseline", "ecg-baseline", before_first_dose, "an ECG from before the first dose"),
        ("follow-up", "ecg-follow-up", since_last_cycle, "a new ECG"),
    )
    for name, item, chosen, settles in parts:
        last = newest_ecg(e for e in ecgs(case.chart) if chosen(case, e.when))
        if last:
            yield Answer(MET, f"{name} {last[0].shown}", (last[0].reference,))
        else:
            yield unknown(_none_in(case, "ECG", item), item, changes=settles)


def _none_in(case: Case, what: str, item: str) -> str:
    """That nothing is from the time that an item is of."""
    is_baseline = item.endswith("-baseline")
    return (
        absent(case, f"{what} before the first dose", item) if is_baseline else _none_since(case, what, item)
    )


_WINDOWS: Mapping[str, Callable[[Case, When | None], bool]] = {
    "electrolytes-baseline": before_first_dose,
    "electrolytes-follow-up": since_last_cycle,
}


def _electrolyte_parts(case: Case) -> Iterator[Answer]:
    """C.3c: potassium and magnesium, baseline and follow-up."""
    for item, chosen in _WINDOWS.items():
        found: dict[str, tuple[Result, ...]] = {
            name: newest_usable(case.chart, concept, partial(chosen, case))
            for concept, name in (("potassium", "K"), ("magnesium", "Mg"))
        }
        refs = tuple([results[0].reference for results in found.values() if results])
        missing = [name for name, results in found.items() if not results]
        if missing:
            because = _none_in(case, " and ".join(missing), item)
            yield unknown(because, item, evidence=refs, changes="potassium and magnesium")
        else:
            yield Answer(
                MET, ", ".join([f"{name} {results[0].shown}" for name, results in found.items()]), refs
            )


def _drug_part(case: Case) -> Answer:
    """C.3d, C.3e: the list of active drugs was retrieved; those that matter are named."""
    if reason := unseen(case.chart, "qt-drugs"):
        because = f"the medication list could not be seen ({reason})"
        return unknown(because, "qt-drugs", changes="the list of current drugs")
    drugs = qt_drugs(case)
    names = ", ".join(shown(d.drug) for d in drugs) or "none"
    return Answer(MET, f"QT-prolonging drugs in use: {names}", tuple(d.reference for d in drugs))


def _joined(*parts: Answer) -> Answer:
    """All parts as one answer: of an open one, what is open; else everything found."""
    told = [p for p in parts if p.verdict is not MET] or list(parts)
    return Answer(
        all_of([p.verdict for p in parts]),
        "; ".join(dict.fromkeys(p.because for p in told)),
        tuple([r for p in parts for r in p.evidence]),
        tuple(dict.fromkeys(n for p in parts for n in p.needed)),
        "; ".join(dict.fromkeys(p.changes for p in told if p.changes)),
        asks=tuple((item, f"{p.because}; needed: {p.changes}") for p in parts for item in p.needed),
    )
