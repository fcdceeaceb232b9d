"""A short text put into a chart in which only it is open, and what the determination shows of how it was read.

Each topic has a bundled patient from whom all else on the topic was taken away. The label is read off the
verdicts, the findings, the dose row and the needed items, never off the reader itself.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from cds_service.fhir.record import Resource, record_from
from cds_service.oncology.hold_reasons import LiverLimits
from cds_service.policies import installed
from tests.fixtures import CLOCK, Fixture

TEXTS = Path(__file__).with_name("texts.csv")
QUIET = "No infection, no bleeding. Watched during and for one hour after each infusion, no reaction."
UPPER = LiverLimits(bilirubin=Decimal("1.2"), transaminases=Decimal(40))
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
INOTUZUMAB = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1942950"}]}


@dataclass(frozen=True)
class Text:
    """One row of the table: the text, the field it stands in, and the labels that are right."""

    id: str
    topic: str
    field: str
    text: str
    labels: frozenset[str]


@cache
def texts() -> tuple[Text, ...]:
    with TEXTS.open(encoding="utf-8", newline="") as lines:
        return tuple(
            Text(r["id"], r["topic"], r["field"], r["text"], frozenset(r["labels"].split("|")))
            for r in csv.DictReader(lines)
        )


# ---- The chart -----------------------------------------------------------------------------------


class Chart:
    """A bundled patient's resources, to be changed."""

    def __init__(self, name: str) -> None:
        self.fixture = Fixture(name)
        self.resources = self.fixture.resources  # read anew
        self.order = self.fixture.drafts[0]

    def drop(self, unwanted: Callable[[dict], bool]) -> None:
        self.resources = [r for r in self.resources if not unwanted(r)]

    def add(self, kind: str, **members: object) -> None:
        subject = {"subject": {"reference": f"Patient/{self.fixture.patient_id}"}}
        self.resources.append({"resourceType": kind, "id": f"text-{len(self.resources)}"} | subject | members)

    def determine(self):
        record = record_from(self.fixture.patient_id, [Resource(r) for r in self.resources])
        return installed()["inotuzumab"].determine(record, [Resource(self.order, "draft order")], CLOCK)[0]


def has_code(resource: dict, code: str, month: str = "") -> bool:
    coded = any(c.get("code") == code for c in resource.get("code", {}).get("coding", []))
    return coded and str(resource.get("effectiveDateTime", "")).startswith(month)


def put(chart: Chart, field: str, text: str, day: str) -> None:
    """Add a text in the shape that the field names: Resource.member, after @ a LOINC code or the words of the code."""
    where, _, topic = field.partition("@")
    kind, _, member = where.partition(".")
    is_code = topic[:1].isdigit() and "-" in topic
    code = {"coding": [{"system": LOINC, "code": topic}]} if is_code else {"text": topic or "Clinical note"}
    note = {"note": [{"text": text}]}
    match kind:
        case "Observation":
            value = {"valueString": {"valueString": text}, "note": note}.get(
                member, {"valueCodeableConcept": {"text": text}}
            )
            chart.add(kind, status="final", code=code, effectiveDateTime=day, **value)
        case "DiagnosticReport":
            code = code if topic else {"coding": [{"system": LOINC, "code": "60568-3"}]}
            chart.add(kind, status="final", code=code, effectiveDateTime=day, conclusion=text)
        case "DocumentReference":
            progress_note = {"coding": [{"system": LOINC, "code": "11506-3"}]}
            chart.add(
                kind, status="current", type=progress_note, date=f"{day}T12:00:00-04:00", description=text
            )
        case "Condition":
            _condition(chart, member, text, day)
        case "AdverseEvent":
            chart.add(kind, actuality="actual", event={"text": text}, date=day)
        case "CarePlan":
            chart.add(
                kind,
                status="active",
                intent="plan",
                created=day,
                **(note if member == "note" else {member: text}),
            )
        case "Procedure":
            what = (
                {"code": {"text": topic or "Clinic visit"}} | note
                if member == "note"
                else {"code": {"text": text}}
            )
            chart.add(kind, status="completed", performedDateTime=day, **what)
        case "Order":
            chart.order.setdefault("note", []).append({"text": text})
        case "MedicationRequest":
            held = {"timing": {"repeat": {"boundsPeriod": {"start": "2026-02-25", "end": "2026-03-15"}}}}
            chart.add(kind, status="on-hold", intent="order", authoredOn=day, statusReason={"text": text},
                      medicationCodeableConcept=INOTUZUMAB, dosageInstruction=[held])  # fmt: skip
        case "MedicationAdministration":
            [r for r in chart.resources if r["resourceType"] == kind][-1]["note"] = [{"text": text}]


def _condition(chart: Chart, member: str, text: str, day: str) -> None:
    system = "http://terminology.hl7.org/CodeSystem/condition-"
    states = {
        "clinicalStatus": {"coding": [{"system": f"{system}clinical", "code": "active"}]},
        "verificationStatus": {"coding": [{"system": f"{system}ver-status", "code": "confirmed"}]},
        "recordedDate": day,
    }
    if member == "code.text":
        chart.add("Condition", code={"text": text}, **states)
        return
    chart.drop(lambda r: has_code(r, "277572006"))
    b_all = {"coding": [{"system": SNOMED, "code": "277572006"}]}
    chart.add("Condition", code=b_all, onsetDateTime="2024-01-10", note=[{"text": text}], **states)


# ---- What is taken away --------------------------------------------------------------------------


def quiet_note(c: Chart) -> None:
    for r in c.resources:
        if r["resourceType"] == "DocumentReference" and r["date"] >= "2026-04":
            r["description"] = QUIET


def no_response(c: Chart) -> None:
    c.drop(
        lambda r: (
            has_code(r, "11150-0", "2026-04")
            or has_code(r, "26446-5")
            or r.get("code", {}).get("text") == "Response"
        )
    )
    quiet_note(c)


def no_cd22(c: Chart) -> None:
    c.drop(lambda r: has_code(r, "51124-6"))
    for r in c.resources:
        if r["resourceType"] == "DiagnosticReport":
            r["conclusion"] = "Relapsed B lymphoblastic leukemia."


def older_cd22(c: Chart) -> None:
    no_cd22(c)
    percent = {"value": 85, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}
    code = {"coding": [{"system": LOINC, "code": "51124-6"}]}
    c.add("Observation", status="final", code=code, effectiveDateTime="2025-11-20", valueQuantity=percent)


def old_extramedullary(c: Chart) -> None:
    quiet_note(c)
    c.add(
        "Condition",
        code={"coding": [{"system": SNOMED, "code": "61301000119102"}]},
        recordedDate="2026-01-25",
        onsetDateTime="2026-01-25",
    )


def no_plan(c: Chart) -> None:
    c.drop(lambda r: r["resourceType"] == "CarePlan")
    quiet_note(c)


def no_status(c: Chart) -> None:
    c.drop(
        lambda r: has_code(r, "C91.02") or has_code(r, "11150-0") or r["resourceType"] == "DocumentReference"
    )
    for r in c.resources:
        if r["resourceType"] == "DiagnosticReport":
            r["conclusion"] = "Blasts express CD19, CD22 and CD10."


def held_without_reason(c: Chart) -> None:
    c.drop(lambda r: r["resourceType"] == "AdverseEvent" or r.get("status") == "not-done")


def nothing_else(_: Chart) -> None:
    """The patient as bundled."""


def no_note(c: Chart) -> None:
    c.drop(lambda r: r["resourceType"] == "DocumentReference" and r["date"] >= "2026-04")


# ---- What the answer shows -----------------------------------------------------------------------


def verdict(d, criterion: str) -> str:
    return next(c.verdict.value for c in d.criteria if c.id == criterion)


def _findings(d) -> set[str]:
    return {f.kind for f in d.findings}


def _by(d, criterion: str, met: str, not_met: str) -> str:
    return {"met": met, "not-met": not_met}.get(verdict(d, criterion), "none")


def _row(d) -> float | None:
    return None if d.dose.mg_per_m2 is None else float(d.dose.mg_per_m2)


def response(d) -> str:
    if verdict(d, "POL-B-I-PROG") == "not-met":
        return "relapse-or-progression"
    return {0.5: "cr", 0.8: "no-cr"}.get(_row(d), "none")


def extramedullary(d) -> str:
    lost = "present" if verdict(d, "POL-B-I-PROG") == "not-met" else "none"
    return {0.5: "absent", 0.8: "present"}.get(_row(d), lost)


def vod(d) -> str:
    if verdict(d, "POL-B-I-TOX") == "not-met":
        return "confirmed"
    return (
        "suspected" if verdict(d, "POL-B-I-TOX") == "unknown" or "safety-hepatic" in _findings(d) else "none"
    )


def reaction(d) -> str:
    if (
        open_or_stop := {"not-met": "severe", "unknown": "ungraded"}.get(verdict(d, "POL-B-I-TOX"))
    ) is not None:
        return open_or_stop
    return "mild" if "nonhem-hold" in _findings(d) else "none"


def interruption(d) -> str:
    if "dose-reduction-due" in _findings(d):
        return "toxicity"
    return "none" if "interruption-reason" in {n.item for n in d.needed} else "not-toxicity"


def _addressed(item: str) -> Callable[[object], str]:
    return lambda d: "no" if item in {n.item for n in d.needed} else "yes"


SECOND, THIRD = "second-cycle-after-cr", "transplant-third-cycle-mrd-negative"
Probe = tuple[str, Callable[[Chart], None], str, Callable[[object], str]]
PROBES: dict[str, Probe] = {
    "response": (SECOND, no_response, "2026-04-13", response),
    "progression": (SECOND, no_response, "2026-04-13", lambda d: _by(d, "POL-B-I-PROG", "no-progression", "progression")),
    "ph": ("ph-positive-dasatinib", lambda c: c.drop(lambda r: has_code(r, "51867-0")), "2026-03-10", lambda d: _by(d, "POL-A-IV-PH", "negative", "positive")),
    "mrd": ("transplant-third-cycle-mrd-unknown", quiet_note, "2026-04-13", lambda d: _by(d, "POL-B-I-MAX", "positive", "negative")),
    "extramedullary": ("second-cycle-cri-by-components", old_extramedullary, "2026-04-13", extramedullary),
    "transplant": (THIRD, no_plan, "2026-04-13", lambda d: _by(d, "POL-B-I-MAX", "not-planned", "planned")),
    "vod": (SECOND, quiet_note, "2026-04-12", vod),
    "infusion-reaction": (SECOND, quiet_note, "2026-04-01", reaction),
    "disease-status": ("relapsed-single-agent", no_status, "2026-03-10", lambda d: _by(d, "POL-A-II-A", "relapsed-or-refractory", "untreated-or-remission")),
    "mini-hyper-cvd": ("relapsed-single-agent", nothing_else, "2026-04-10", lambda d: "yes" if verdict(d, "POL-A-II-B-3") == "met" else "none"),
    "interruption-reason": ("reduction-due-and-ignored", held_without_reason, "2026-02-25", interruption),
    "monitoring-infection-bleeding": (SECOND, no_note, "2026-04-13", _addressed("myelosuppression-note")),
    "monitoring-infusion": (SECOND, no_note, "2026-04-13", _addressed("infusion-monitoring-note")),
}  # fmt: skip
DONE: Probe = (
    "relapsed-single-agent",
    nothing_else,
    "2025-06-01",
    lambda d: "done" if "safety-hepatic" in _findings(d) else "none",
)


def ask(topic: str, field: str, text: str) -> str:
    """The label under which a text was read."""
    if topic == "cd22":
        return _cd22(field, text)
    probe = DONE if (topic, field) == ("transplant", "Procedure.code.text") else PROBES[topic]
    name, change, day, label = probe
    return label(_determined(name, change, field, text, day))


def _determined(name: str, change: Callable[[Chart], None], field: str, text: str, day: str):
    chart = Chart(name)
    change(chart)
    put(chart, field, text, day)
    return chart.determine()


def _cd22(field: str, text: str) -> str:
    """Alone it shows its sign; beside an older positive sample a newer one that is open shows itself as equivocal."""
    found = {"met": "positive", "not-met": "negative"}
    alone, beside = (
        verdict(_determined("relapsed-single-agent", change, field, text, "2026-04-10"), "POL-A-I-CD22")
        for change in (no_cd22, older_cd22)
    )
    return found.get(alone) or ("none" if beside == "met" else "equivocal")


# ---- What is right -------------------------------------------------------------------------------

# Labels that the answer cannot tell apart.
_SHOWN = {
    "response": {"cri": "cr", "crh": "cr", "pr": "no-cr"},
    "vod": {"excluded": "none"},
    "disease-status": {"untreated-new": "untreated-or-remission", "remission": "untreated-or-remission"},
    "mini-hyper-cvd": {"no": "none"},
}
_NOTHING = {"monitoring-infection-bleeding": "no", "monitoring-infusion": "no"}


def accepted(t: Text) -> frozenset[str]:
    """What the answer may show of a text."""
    shown = {_SHOWN.get(t.topic, {}).get(label, label) for label in t.labels}
    if (
        t.topic == "vod"
        and "confirmed" in shown
        and t.field.split(".")[0] not in ("Condition", "AdverseEvent")
    ):
        shown.add("suspected")
    if t.topic == "transplant" and "done" in shown and t.field != "Procedure.code.text":
        shown.add("none")
    return frozenset(shown)


def nothing(topic: str) -> str:
    """The label of a text that says nothing."""
    return _NOTHING.get(topic, "none")


def is_less(topic: str, label: str) -> bool:
    """Whether a reading says less than the text and so does no harm."""
    less = {"cd22": {"equivocal"}, "infusion-reaction": {"ungraded", "mild"}, "vod": {"suspected"}}
    return label == nothing(topic) or label in less.get(topic, set())
