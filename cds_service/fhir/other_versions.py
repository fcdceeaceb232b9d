"""Resources in the members of R4: those of STU3 and R5 that servers send as R4, lists of one, and statuses as programs name them.

Only what is named or shaped otherwise in another version is renamed; where the member of R4 is there, it stands. A member
that R4 has once is taken out of a list of one. Knows nothing clinical. Sources: the pages "R4 conversions" and "history" of each resource in FHIR R5 (5.0.0) and R4 (4.0.1).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from cds_service.fhir.codings import status_word
from cds_service.fhir.json_types import as_dict, as_dicts, as_prose, as_text

_Body = dict[str, Any]
_Reader = Callable[[_Body], None]


def in_r4(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The resource in the members and shapes of R4: the same object where it has them."""
    changed = {m: v[0] for m, v in body.items() if type(v) is list and m in _ONCE and len(v) == 1}
    for member in _STATUSES:
        if member in body:
            said = changed[member] if member in changed else body[member]
            if type(said) is str and said not in _AS_WRITTEN and (word := status_word(said)) != said:
                changed[member] = word
    for member in () if _TRUTHS.isdisjoint(body) else _TRUTHS.intersection(body):
        said = as_text(changed.get(member, body[member]))
        if said is not None and said.lower() in _TRUE_OR_FALSE:
            changed[member] = _TRUE_OR_FALSE[said.lower()]
    if changed:
        body = {**body, **changed}
    kind = as_text(body.get("resourceType"))
    if kind in _RESULTS and (status := as_text(changed.get("status"))) in _RESULTS_OF_V2:
        body = {**body, "status": _RESULTS_OF_V2[status]}
    others = _OTHERS.get(kind) if kind is not None else None
    if others is None or others[0].isdisjoint(body):
        return body
    found = dict(body)
    for reader in others[1]:
        reader(found)
    return found


# What R4 has at most once in every type that is read here.
_ONCE = frozenset(
    {"resourceType", "id", "status", "intent", "actuality", "docStatus", "code", "event", "subject", "patient", "beneficiary",
     "clinicalStatus", "verificationStatus", "severity", "seriousness", "medicationCodeableConcept", "medicationReference",
     "date", "recordedDate", "authoredOn", "issued", "detected", "created", "birthDate", "deceasedBoolean", "deceasedDateTime",
     "whenHandedOver", "start", "end", "period", "title", "description", "conclusion", "gender", "doNotPerform"}
    | {f"{m}{kind}" for m, kinds in {
        "value": ("Quantity", "CodeableConcept", "String", "Boolean", "Integer", "Range", "Ratio"),
        "effective": ("DateTime", "Period", "Instant"), "performed": ("DateTime", "Period"), "occurrence": ("DateTime", "Period"),
        "onset": ("DateTime", "Period", "Age", "String"), "abatement": ("DateTime", "Period", "Boolean", "String"),
    }.items() for kind in kinds}
)  # fmt: skip
_RESULTS = frozenset({"Observation", "DiagnosticReport"})
# Status of a result in HL7's table 0085, as a converter may leave it.
_RESULTS_OF_V2 = {
    "f": "final", "p": "preliminary", "r": "preliminary", "c": "corrected", "i": "registered", "x": "cancelled",
    "d": "entered-in-error", "w": "entered-in-error",
}  # fmt: skip
_TRUTHS = frozenset(
    {"doNotPerform", "valueBoolean", "deceasedBoolean", "abatementBoolean", "notDone", "notGiven", "wasNotGiven", "notPerformed",
     "wasNotTaken"}
)  # fmt: skip
_TRUE_OR_FALSE = {"true": True, "false": False}
_STATUSES = ("status", "intent", "actuality", "docStatus")
_AS_WRITTEN = frozenset(
    {"final", "active", "completed", "current", "draft", "order", "actual"}
)  # nearly all are


def _put(body: _Body, member: str, value: object) -> None:
    if value and member not in body:
        body[member] = value


def _renamed(names: Mapping[str, str]) -> _Reader:
    def read(body: _Body) -> None:
        for theirs, ours in names.items():
            if theirs in body:
                _put(body, ours, body.pop(theirs))

    return read


def _apart(pointer: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The concept and the reference of a CodeableReference; of one that is a bare concept, that."""
    concept, reference = as_dict(pointer.get("concept")), as_dict(pointer.get("reference"))
    if not concept and ("coding" in pointer or "text" in pointer):
        return pointer, reference
    if not reference and as_text(pointer.get("reference")):
        return concept, pointer
    return concept, reference


def _drug(body: _Body) -> None:
    _one_of(body, "medication", "medicationCodeableConcept", "medicationReference")


def _one_of(body: _Body, theirs: str, concept: str, reference: str) -> None:
    if theirs in body and concept not in body and reference not in body:
        said, pointer = _apart(as_dict(body.pop(theirs)))
        _put(body, concept, said)
        _put(body, reference, pointer)


def _reasons(body: _Body) -> None:
    """``reason``, which names conditions by concepts or by references."""
    if "reason" not in body:
        return
    pairs = [_apart(item) for item in as_dicts(body.pop("reason"))]
    _put(body, "reasonCode", [said for said, _ in pairs if said])
    _put(body, "reasonReference", [pointer for _, pointer in pairs if pointer])


def _code(body: _Body) -> None:
    """A code that may be a reference as well: only what is said of it in words or codes."""
    code = as_dict(body.get("code"))
    if "concept" in code or "reference" in code:
        said, pointer = _apart(code)
        body["code"] = said or {"text": as_prose(pointer.get("display"))}


def _words_of_dosage(body: _Body) -> None:
    if (said := as_prose(body.get("renderedDosageInstruction"))) is not None:
        dosage = "dosage" if body.get("resourceType") == "MedicationStatement" else "dosageInstruction"
        _put(body, dosage, [{"text": said}])


def _ended(body: _Body) -> None:
    if body.get("status") == "ended":
        body["status"] = "stopped"


_ADHERENCE = {"taking": "active", "not-taking": "not-taken", "on-hold": "on-hold", "stopped": "stopped"}


def _taken(body: _Body) -> None:
    """R5 tells apart that a statement was recorded and whether the drug is taken; a statement alone says that it was."""
    if body.get("status") != "recorded":
        return
    adherence = as_dict(as_dict(body.get("adherence")).get("code"))
    codes = [code for c in as_dicts(adherence.get("coding")) if (code := as_text(c.get("code")))]
    known = [status for word, status in _ADHERENCE.items() if any(code.startswith(word) for code in codes)]
    is_over = "effectiveDateTime" in body or "end" in as_dict(body.get("effectivePeriod"))
    taken = "completed" if is_over else "active"
    body["status"] = taken if not known or known == ["active"] else known[0]


def _each(body: _Body, member: str, marks: Collection[str], read: Callable[[_Body], object]) -> None:
    """Those items of a list that have one of these members, each in what ``read`` makes of it."""
    if any(not item.keys().isdisjoint(marks) for item in as_dicts(body.get(member))):
        found = [dict(item) for item in as_dicts(body.get(member))]
        body[member] = [read(item) or item for item in found]


def _of_event(body: _Body) -> None:
    """An AdverseEvent: when it was, how it ended, and what is suspected."""
    period = as_dict(body.pop("occurrencePeriod", None))
    _put(body, "date", as_text(period.get("start")) or as_text(period.get("end")))
    outcomes = as_dicts(body.pop("outcome", None))  # several that differ leave open how it ended
    if outcomes and all(outcome == outcomes[0] for outcome in outcomes):
        body["outcome"] = outcomes[0]
    _each(body, "suspectEntity", ("instanceReference",), _renamed({"instanceReference": "instance"}))


def _ingredients(body: _Body) -> None:
    _each(body, "ingredient", ("item",), lambda i: _one_of(i, "item", "itemCodeableConcept", "itemReference"))


def _plan(body: _Body) -> None:
    """What a plan addresses, and the activities that it refers to."""
    activities = _renamed({"plannedActivityReference": "reference"})
    _each(body, "activity", ("plannedActivityReference",), activities)
    _each(body, "addresses", ("concept", "reference"), _addressed)


def _addressed(pointer: _Body) -> object:
    concept, reference = _apart(pointer)
    return reference or {"display": _said(concept)}


def _said(concept: Mapping[str, Any]) -> str | None:
    displays = (as_prose(c.get("display")) for c in as_dicts(concept.get("coding")))
    return as_prose(concept.get("text")) or next((d for d in displays if d), None)


def _service_types(body: _Body) -> None:
    _each(body, "serviceType", ("concept",), lambda item: _apart(item)[0])


def _document(body: _Body) -> None:
    period = as_dict(body.pop("period", None))
    if period and not as_dict(body.get("context")):
        body["context"] = {"period": period}
    _each(body, "relatesTo", ("code",), _relation)


def _relation(relation: _Body) -> None:
    codings = as_dicts(as_dict(relation.get("code")).get("coding"))
    if codings:
        relation["code"] = as_text(codings[0].get("code"))


def _payor(body: _Body) -> None:
    _put(body, "payor", [body["insurer"]] if as_dict(body.get("insurer")) else None)
    values = {value for m in as_dicts(body.get("subscriberId")) if (value := as_text(m.get("value")))}
    if len(values) == 1:
        body["subscriberId"] = values.pop()


def _comment(body: _Body) -> None:
    words = [text for m in ("comment", "comments") if (text := as_prose(body.pop(m, None)))]
    _put(body, "note", [{"text": text} for text in words])


def _members(body: _Body) -> None:
    related = as_dicts(body.pop("related", None))
    named = [as_dict(r.get("target")) for r in related if r.get("type") == "has-member"]
    _put(body, "hasMember", [target for target in named if target])


_WHEN_GIVEN = {
    f"{theirs}{kind}": f"effective{kind}"
    for theirs in ("occurence", "occurrence", "effectiveTime")
    for kind in ("DateTime", "Period", "Timing")
}
_WHEN_DONE = {f"occurrence{k}": f"performed{k}" for k in ("DateTime", "Period", "String", "Age", "Range")}
_EVENT = {
    "code": "event",
    "occurrenceDateTime": "date",
    "resultingEffect": "resultingCondition",
}
_USED_FOR = {"reasonForUseCodeableConcept": "reasonCode", "reasonForUseReference": "reasonReference"}

# The members by which a resource of another version is known, and what makes it one of R4.
_OTHERS: Mapping[str, tuple[frozenset[str], tuple[_Reader, ...]]] = {
    "AdverseEvent": (
        frozenset({*_EVENT, "occurrencePeriod", "suspectEntity", "outcome"}),
        (_renamed(_EVENT), _of_event),
    ),
    "MedicationAdministration": (
        frozenset({*_WHEN_GIVEN, "medication", "reason", "prescription"}),
        (_renamed(_WHEN_GIVEN | {"prescription": "request"}), _drug, _reasons),
    ),
    "MedicationRequest": (
        frozenset({"medication", "reason", "renderedDosageInstruction"}),
        (_drug, _reasons, _words_of_dosage, _ended),
    ),
    "MedicationStatement": (
        frozenset({"medication", "reason", "adherence", "renderedDosageInstruction", *_USED_FOR}),
        (_renamed(_USED_FOR), _drug, _reasons, _words_of_dosage, _taken),
    ),
    "MedicationDispense": (
        frozenset({"medication", "renderedDosageInstruction"}),
        (_drug, _words_of_dosage),
    ),
    "Medication": (frozenset({"ingredient"}), (_ingredients,)),
    "Procedure": (frozenset({*_WHEN_DONE, "reason"}), (_renamed(_WHEN_DONE), _reasons)),
    "ServiceRequest": (frozenset({"code", "reason"}), (_code, _reasons)),
    "CarePlan": (frozenset({"addresses", "activity"}), (_plan,)),
    "Appointment": (frozenset({"reason", "serviceType"}), (_reasons, _service_types)),
    "Coverage": (frozenset({"insurer"}), (_payor,)),
    "DiagnosticReport": (frozenset({"codedDiagnosis"}), (_renamed({"codedDiagnosis": "conclusionCode"}),)),
    "DocumentReference": (
        frozenset({"period", "relatesTo", "created", "indexed"}),
        (_renamed({"created": "date", "indexed": "date"}), _document),
    ),
    "Observation": (frozenset({"comment", "comments", "related"}), (_comment, _members)),
}
