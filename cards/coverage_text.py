"""The words of the coverage card: one sentence first, then every criterion with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cards.text import counted, md, sentence
from cds_service.fhir.quantities import plain
from cds_service.policy.determination import CardKind, CriterionResult, Determination, Dose
from cds_service.policy.verdict import Verdict
from cds_service.policy.wording import lower_first

# Documentation items in words.
ITEMS: Mapping[str, str] = {
    "diagnosis": "diagnosis of B-cell ALL",
    "pathology": "pathology or flow cytometry report",
    "cd22": "CD22 on blasts",
    "ph-status": "Philadelphia chromosome status",
    "therapy-history": "treatment history",
    "line-of-therapy": "line of therapy",
    "partner-drugs": "drugs given with this cycle",
    "response": "response (CR or CRi)",
    "mrd": "MRD after two cycles",
    "hsct-plan": "transplant plan",
    "progression-note": "note on progression",
    "cbc": "blood count with differential",
    "ecg-baseline": "baseline ECG",
    "ecg-follow-up": "follow-up ECG",
    "electrolytes-baseline": "baseline electrolytes",
    "electrolytes-follow-up": "follow-up electrolytes",
    "qt-drugs": "list of QT-relevant drugs",
    "infusion-monitoring-note": "note on watching the infusion",
    "myelosuppression-note": "note on infection and bleeding",
    "height-weight": "height and weight",
    "birth-date": "birth date",
    "cycle-number": "cycle and day",
    "interruption-reason": "reason for the interruption",
    "hepatic-recovery": "recovery of the liver tests",
    "extramedullary-status": "extramedullary disease status",
    "toxicity-detail": "detail of the toxicity",
}
_MARKS = {Verdict.MET: "met", Verdict.NOT_MET: "not met", Verdict.UNKNOWN: "cannot be determined"}
_RANK = {Verdict.NOT_MET: 0, Verdict.UNKNOWN: 1, Verdict.MET: 2}


def place(d: Determination) -> str:
    """``cycle 2 day 8``, as far as it is known."""
    if d.cycle is not None and d.day is not None:
        return f"cycle {d.cycle} day {d.day}"
    if d.cycle is not None:
        return f"cycle {d.cycle}"
    return f"day {d.day}" if d.day is not None else ""


def _section(d: Determination) -> str:
    return "A" if d.request == "initial" else "B"


def summaries(d: Determination, name: str) -> tuple[str, ...]:
    """The coverage sentence, longest first."""
    drug = f"Inotuzumab (J9229){name}"
    match d.coverage:
        case Verdict.MET:
            said = f"{drug}: record appears to meet {d.policy.id} section {_section(d)}"
            return (f"{said}, {d.path}", said) if d.path else (said,)
        case Verdict.NOT_MET:
            return tuple(_not_met(d, drug))
        case _:
            said = f"{drug}: coverage cannot be determined from the record"
            items = ", ".join(ITEMS[n.item] for n in d.needed if n.decides)
            number = sum(c.id in _finding_rules(d) for c in d.criteria)
            needed = (f"{said}. Needed: {items}",) if items else ()
            return (*needed, f"{said} ({counted(number, 'criterion', 'criteria')} open)")


def _not_met(d: Determination, drug: str) -> Iterator[str]:
    failed = [c for c in d.criteria if c.verdict is Verdict.NOT_MET]
    if first := _worst(failed):
        yield f"{drug}: does not appear to meet {first.section} ({lower_first(first.title)}): {first.because}"
        yield f"{drug}: does not appear to meet {first.section} ({lower_first(first.title)})"
    yield f"{drug}: record does not appear to meet {d.policy.id} section {_section(d)}"


def _finding_rules(d: Determination) -> frozenset[str]:
    return frozenset(r for f in d.findings_on(CardKind.COVERAGE) if f.kind == "coverage" for r in f.rules)


def _worst(failed: list[CriterionResult]) -> CriterionResult | None:
    """The failed criterion to name first: one that every path needs, else the best evidenced."""
    shared = [c for c in failed if c.id in ("POL-IND-A-AGE", "POL-A-I-DX", "POL-A-I-CD22")]
    return max(shared or failed, key=lambda c: len(c.evidence), default=None)


def detail(d: Determination) -> str:
    """The body of the coverage card."""
    return "\n\n".join(
        part
        for part in (_opening(d), _payer(d), _criteria(d), _dose(d), _reminders(d), _unseen(d), _footer(d))
        if part
    )


def _opening(d: Determination) -> str:
    what = place(d)
    about = (
        f"Order {md(d.order)}, {d.request} request"
        + (f", {what}" if what else ", cycle and day not known")
        + f", planned {d.planned}."
    )
    if d.coverage is Verdict.MET:
        attach = (
            "flow cytometry or pathology report and clinical note"
            if d.request == "initial"
            else "the notes and results named below"
        )
        said = f"The record appears to meet the coverage criteria. Attach: {attach}. One cycle per authorization."
    elif d.coverage is Verdict.NOT_MET:
        said = "The record does not appear to meet the coverage criteria."
    else:
        said = "Whether the coverage criteria are met cannot be determined from the record."
    return f"{said} {about}"


def _payer(d: Determination) -> str:
    return md(sentence(d.payer.because)) if d.payer is not None else ""


def _criteria(d: Determination) -> str:
    ordered = sorted(d.criteria, key=lambda c: (not c.applies, _RANK[c.verdict]))
    return "\n".join(_line(c) for c in ordered)


def _line(c: CriterionResult) -> str:
    evidence = f" Evidence: {', '.join(md(e) for e in c.evidence[:6])}." if c.evidence else ""
    label = "Would settle it" if c.verdict is Verdict.UNKNOWN else "Would change it"
    told = c.changes and c.applies and c.verdict is not Verdict.MET
    changes = f" {label}: {md(sentence(c.changes))}" if told else ""
    aside = " (not needed on this path)" if not c.applies else ""
    return f"- **{_MARKS[c.verdict]}**{aside} {c.section}: {c.title}. {md(sentence(c.because))}{changes}{evidence} Rule {c.id} (policy)."


def _dose(d: Determination) -> str:
    dose = d.dose
    if dose is None or dose.expected_mg is None:
        return _options(dose)
    ordered = f"Ordered {plain(dose.ordered_mg)} mg. " if dose.ordered_mg is not None else ""
    return f"Dose: {ordered}Table: {dose.arithmetic}, {dose.units_j9229} units of J9229, {counted(dose.vials or 0, 'vial', 'vials')}. Dose table (policy); tolerance of 10 % (recommendation)."


def _options(dose: Dose | None) -> str:
    if dose is None or not dose.options:
        return ""
    when = {"cr-or-cri": "after CR or CRi", "no-cr": "without CR or CRi"}
    rows = "; ".join(
        f"{plain(o.mg_per_m2)} mg/m2 = {plain(o.expected_mg)} mg {when.get(o.when, o.when.replace('-', ' '))}"
        for o in dose.options
    )
    return f"Dose: the row of the table is open. {rows}. Dose table (policy)."


def _reminders(d: Determination) -> str:
    others = [f for f in d.findings_on(CardKind.COVERAGE) if f.kind != "coverage"]
    lines = [f"- {md(sentence(f.text))} Rule {', '.join(f.rules)} ({f.basis.value})." for f in others]
    return "\n".join([*lines, *(f"- {md(note)}" for note in d.notes)])


def _unseen(d: Determination) -> str:
    if not d.unseen:
        return ""
    return f"Could not be seen: {'; '.join(md(u) for u in d.unseen)}."


def _footer(d: Determination) -> str:
    """Number and date of the policy (POL-META-1); what takes precedence (POL-META-2, POL-CODE-DISC)."""
    return (
        f"Policy {d.policy.id}, effective {d.policy.effective}. This says what the record shows; it neither approves nor denies. "
        "A listed code implies no coverage by itself; law, contract and plan rules may take precedence."
    )
