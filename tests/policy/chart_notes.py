"""Builders that let a test read like a chart note: one short call for each resource of a patient.

Each builder gives a FHIR R4 resource as a dict; ``more`` adds or replaces members. Ids follow
from what is said unless a test names them, so two equal calls are one resource.
"""

from datetime import datetime

from cds_service.fhir.record import Resource, record_from
from cds_service.policies import installed

CLOCK = datetime.fromisoformat("2026-04-15T09:00:00-04:00")
PATIENT = {"reference": "Patient/p1"}
UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
J9229 = {
    "coding": [{"system": HCPCS, "code": "J9229", "display": "Injection, inotuzumab ozogamicin, 0.1 mg"}]
}


def coded(system, code, text=None):
    return {"coding": [{"system": system, "code": code}]} | ({"text": text} if text else {})


def an_id(*parts):
    """An id made of what is said."""
    text = "-".join(str(p) for p in parts if p not in (None, ""))
    return "".join(c if c.isalnum() or c in "-." else "-" for c in text)[:64]


def _status_of(kind, code):
    return coded(f"http://terminology.hl7.org/CodeSystem/{kind}", code)


def patient(birth="1980-02-03", **more):
    return {"resourceType": "Patient", "id": "p1", "birthDate": birth} | more


def condition(code, *, system=ICD10, text=None, recorded=None, onset=None, ended=None, clinical="active",
              verification="confirmed", note=None, id=None, **more):  # fmt: skip
    """A Condition; ``code`` None leaves only the ``text``."""
    found = {
        "resourceType": "Condition",
        "id": id or an_id(code or text, onset or recorded),
        "subject": PATIENT,
        "code": {"text": text} if code is None else coded(system, code, text),
    }
    if clinical:
        found["clinicalStatus"] = _status_of("condition-clinical", clinical)
    if verification:
        found["verificationStatus"] = _status_of("condition-ver-status", verification)
    times = {"recordedDate": recorded, "onsetDateTime": onset, "abatementDateTime": ended}
    found |= {member: value for member, value in times.items() if value}
    if note:
        found["note"] = [{"text": note}]
    return found | more


def quantity(value, unit):
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def observation(loinc, day, value=None, unit=None, *, text=None, status="final", id=None, **more):
    """An Observation by LOINC code: a quantity with a UCUM unit, or a ``text`` as its value."""
    found = {
        "resourceType": "Observation",
        "id": id or an_id(loinc, day, value, (text or "")[:12]),
        "status": status,
        "subject": PATIENT,
        "code": coded(LOINC, loinc),
    }
    if day:
        found["effectiveDateTime"] = day
    if value is not None:
        found["valueQuantity"] = quantity(value, unit)
    if text is not None:
        found["valueString"] = text
    return found | more


def stated(topic, text, day, *, id=None, **more):
    """An Observation in words alone: the topic as ``code.text``, the answer as ``valueString``."""
    found = {
        "resourceType": "Observation",
        "id": id or an_id(topic, day, text[:12]),
        "status": "final",
        "subject": PATIENT,
        "code": {"text": topic},
        "valueString": text,
    }
    return found | ({"effectiveDateTime": day} if day else {}) | more


def administration(day, mg=0.883, text=None, *, drug=J9229, status="completed", reason=None, id=None, **more):
    """A MedicationAdministration of inotuzumab (or of another ``drug``) on a day."""
    dosage = ({"text": text} if text else {}) | ({"dose": quantity(mg, "mg")} if mg is not None else {})
    found = {
        "resourceType": "MedicationAdministration",
        "id": id or an_id("adm", day, status if status != "completed" else None),
        "status": status,
        "subject": PATIENT,
        "medicationCodeableConcept": drug,
        "effectiveDateTime": day,
    }
    if dosage:
        found["dosage"] = dosage
    if reason:
        found["statusReason"] = [{"text": reason}]
    return found | more


def held(day, reason=None, text=None, **more):
    """A planned dose that was not given."""
    return administration(day, None, text, status="not-done", reason=reason, **more)


def drug_order(drug, *, status="active", day=None, authored=None, text=None, reason=None, id=None, **more):
    """A MedicationRequest for a drug by name, planned on ``day``."""
    concept = {"text": drug} if isinstance(drug, str) else drug
    dosage = ({"timing": {"event": [day]}} if day else {}) | ({"text": text} if text else {})
    found = {
        "resourceType": "MedicationRequest",
        "id": id or an_id("order", concept.get("text"), day or authored),
        "status": status,
        "intent": "order",
        "subject": PATIENT,
        "medicationCodeableConcept": concept,
    }
    if authored:
        found["authoredOn"] = authored
    if dosage:
        found["dosageInstruction"] = [dosage]
    if reason:
        found["reasonCode"] = [{"text": reason}]
    return found | more


def order(day="2026-04-16", text=None, mg=1.41, *, id="draft-1", dose=None, **more):
    """The draft inotuzumab order being signed. ``dose`` replaces the dose in mg with another Quantity."""
    amount = dose if dose is not None else quantity(mg, "mg")
    dosage = {"timing": {"event": [day]}, "doseAndRate": [{"doseQuantity": amount}]}
    return {
        "resourceType": "MedicationRequest",
        "id": id,
        "status": "draft",
        "intent": "order",
        "subject": PATIENT,
        "medicationCodeableConcept": J9229,
        "dosageInstruction": [dosage | ({"text": text} if text else {})],
    } | more


def repeating(timing, text="Cycle 1 Day 1", mg=1.41, **more):
    """The draft order with a FHIR Timing in place of its day."""
    draft = order(text=text, mg=mg, **more)
    draft["dosageInstruction"][0]["timing"] = timing
    return draft


def instructed(*instructions, **more):
    """The draft order with these dosage instructions, each a dict; an ``mg`` member becomes its dose."""
    draft = order(**more)
    draft["dosageInstruction"] = [
        {k: v for k, v in i.items() if k != "mg"}
        | ({"doseAndRate": [{"doseQuantity": quantity(i["mg"], "mg")}]} if "mg" in i else {})
        for i in instructions
    ]
    return draft


def care_plan(title, *, created=None, start=None, status="active", id=None, **more):
    found = {
        "resourceType": "CarePlan",
        "id": id or an_id("plan", title[:20], created),
        "status": status,
        "intent": "plan",
        "subject": PATIENT,
        "title": title,
    }
    found |= {"created": created} if created else {}
    found |= {"period": {"start": start}} if start else {}
    return found | more


def service_request(
    code, *, system=SNOMED, authored=None, day=None, status="active", text=None, id=None, **more
):
    found = {
        "resourceType": "ServiceRequest",
        "id": id or an_id("request", code, authored),
        "status": status,
        "intent": "order",
        "subject": PATIENT,
        "code": {"text": text} if code is None else coded(system, code, text),
    }
    found |= {"authoredOn": authored} if authored else {}
    found |= {"occurrenceDateTime": day} if day else {}
    return found | more


def procedure(code, day=None, *, system=SNOMED, text=None, status="completed", id=None, **more):
    found = {
        "resourceType": "Procedure",
        "id": id or an_id("procedure", code or text, day),
        "status": status,
        "subject": PATIENT,
        "code": {"text": text} if code is None else coded(system, code, text),
    }
    return found | ({"performedDateTime": day} if day else {}) | more


def document(day, text=None, *, loinc="11506-3", id=None, **more):
    """A clinical note; ``text`` is its readable description."""
    found = {
        "resourceType": "DocumentReference",
        "id": id or an_id("note", day, loinc),
        "status": "current",
        "subject": PATIENT,
        "type": coded(LOINC, loinc),
        "date": day if "T" in day else f"{day}T12:00:00-04:00",
        "content": [{"attachment": {"contentType": "application/pdf"}}],
    }
    return found | ({"description": text} if text else {}) | more


def report(day, conclusion=None, *, loinc="60568-3", id=None, **more):
    """A pathology report."""
    found = {
        "resourceType": "DiagnosticReport",
        "id": id or an_id("report", day, loinc),
        "status": "final",
        "subject": PATIENT,
        "code": coded(LOINC, loinc),
        "effectiveDateTime": day,
    }
    return found | ({"conclusion": conclusion} if conclusion else {}) | more


def adverse_event(
    text, day=None, *, severity=None, outcome=None, suspect=None, recorded=None, id=None, **more
):
    found = {
        "resourceType": "AdverseEvent",
        "id": id or an_id("event", text[:20], day),
        "actuality": "actual",
        "subject": PATIENT,
        "event": {"text": text},
    }
    found |= {"date": day} if day else {}
    found |= {"recordedDate": recorded} if recorded else {}
    found |= {"severity": {"text": severity}} if severity else {}
    found |= (
        {"outcome": coded("http://terminology.hl7.org/CodeSystem/adverse-event-outcome", outcome)}
        if outcome
        else {}
    )
    found |= {"suspectEntity": [{"instance": {"display": suspect}}]} if suspect else {}
    return found | more


def body_size(day="2026-04-14", cm=165, kg=68):
    """Height and weight; 165 cm and 68 kg are 1.7654 m2: 1.412 mg at 0.8, 0.883 mg at 0.5 mg/m2."""
    return [observation("8302-2", day, cm, "cm"), observation("29463-7", day, kg, "kg")]


def record(*resources, gaps=()):
    return record_from("p1", [Resource(r) for r in resources], gaps)


def determine_all(resources, orders, *, clock=CLOCK, gaps=()):
    drafts = [Resource(o, "draft order") for o in orders]
    return installed()["inotuzumab"].determine(record(*resources, gaps=gaps), drafts, clock)


def determine(resources, draft=None, *, clock=CLOCK, gaps=()):
    """The determination of one order."""
    (only,) = determine_all(resources, [draft or order()], clock=clock, gaps=gaps)
    return only


def criterion(determination, criterion_id):
    (found,) = [c for c in determination.criteria if c.id == criterion_id]
    return found


def verdict(determination, criterion_id):
    """The verdict of one criterion as it stands on the wire: met, not-met or unknown."""
    return criterion(determination, criterion_id).verdict.value


def finding_kinds(determination):
    return {f.kind for f in determination.findings}


def findings(determination, kind):
    return [f for f in determination.findings if f.kind == kind]


def needed(determination):
    return {n.item for n in determination.needed}


def place(determination):
    """Request, cycle and day, as the coverage card says them."""
    return determination.request, determination.cycle, determination.day
