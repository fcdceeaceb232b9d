"""The answers: a QuestionnaireResponse in progress, filled from an assessment, for a form.

What is unknown has no answer, and neither have documents and the attestation: those are the clinician's.
An item is answered only when the answers before it ask for it. Every answer says that the server gave it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from cds_service.engine.policy_file import Group
from cds_service.engine.verdict import Verdict, all_of, any_of
from cds_service.fhir.references import local_reference
from cds_service.packet.assessment import Assessment, Found
from cds_service.packet.elements import DTR, Json, coding, concept, content_uuid, extension
from cds_service.packet.form import EVIDENCE_TYPES, NONE, items_of
from cds_service.policies.authorization import AuthorizationTerms

_PURPOSE = concept(
    "http://hl7.org/fhir/us/davinci-crd/CodeSystem/coverage-information-codes",
    "withpa",
    "Include with prior authorization",
)
ORIGIN = f"{DTR}/information-origin"
_BY_SERVER = extension(ORIGIN, extension=[extension("source", valueCode="auto-server")])
_OPEN = Found(Verdict.UNKNOWN, "")
Values = Mapping[str, Sequence[Json]]


def response(form: Mapping[str, Any], terms: AuthorizationTerms, assessment: Assessment) -> Json:
    """The response to a form. Without a Coverage the profile's reference to one says that none is on record."""
    coverage = {"reference": assessment.coverage} if assessment.coverage else {"display": "none on record"}
    about = [
        extension(f"{DTR}/qr-coverage", valueReference=coverage),
        *(
            extension(f"{DTR}/qr-context", valueReference={"reference": o.reference})
            for o in assessment.orders
        ),
        extension(f"{DTR}/intendedUse", valueCodeableConcept=_PURPOSE),
    ]
    values = {
        link: [{"extension": [_BY_SERVER], **answer} for answer in answers]
        for link, answers in answers_to(form, terms, assessment).items()
    }
    items = items_answered(form["item"], values, {})
    made = {
        "meta": {"profile": [f"{DTR}/dtr-questionnaireresponse"]},
        "extension": about,
        "questionnaire": f"{form['url']}|{form['version']}",
        "status": "in-progress",
        "subject": {"reference": assessment.patient},
        "authored": assessment.decided,
        **({"item": items} if items else {}),
    }
    return {"resourceType": "QuestionnaireResponse", "id": content_uuid(made), **made}


def answers_to(form: Mapping[str, Any], terms: AuthorizationTerms, assessment: Assessment) -> Values:
    """The values by linkId, of items that are asked and of items that are not."""
    options = {
        (item["linkId"], option["valueCoding"]["code"]): option["valueCoding"]
        for item in items_of(form)
        for option in item.get("answerOption", ())
    }
    found: dict[str, list[Json]] = _facts(assessment)
    for link, code in {"request": assessment.request, **_choices(terms, assessment)}.items():
        if code:
            found[link] = [{"valueCoding": options[link, code]}]
    for id_, one in assessment.criteria.items():
        if one.verdict is not Verdict.UNKNOWN:
            found[id_] = [{"valueBoolean": one.verdict is Verdict.MET}]
        found |= _companions(id_, one)
    for group in terms.groups.values():
        parts = [assessment.criteria[part] for part in group.parts if part in assessment.criteria]
        if group.operator == "any" and parts:
            found |= _companions(group.id, _joined(parts))
    return found


def _facts(assessment: Assessment) -> dict[str, list[Json]]:
    facts = assessment.facts
    given: dict[str, Json] = {
        "birth-date": {"valueDate": facts.birth_date},
        "height": {"valueDecimal": _plain(facts.height_cm)},
        "weight": {"valueDecimal": _plain(facts.weight_kg)},
        "cycle": {"valueInteger": assessment.cycle},
    }
    return {link: [value] for link, value in given.items() if next(iter(value.values())) not in (None, "")}


def _plain(value: Decimal | None) -> Decimal | None:
    """The number without an exponent and without needless zeros."""
    return None if value is None else Decimal(f"{value.normalize():f}")


def _companions(of: str, found: Found) -> dict[str, list[Json]]:
    cited = [e for e in found.evidence if (local_reference(e) or "").partition("/")[0] in EVIDENCE_TYPES]
    made: dict[str, list[Json]] = {}
    if found.because:
        made[f"{of}.because"] = [{"valueString": found.because}]
    if cited:
        made[f"{of}.evidence"] = [{"valueReference": {"reference": e}} for e in dict.fromkeys(cited)]
    return made


def _joined(parts: Sequence[Found]) -> Found:
    reasons = dict.fromkeys(part.because for part in parts if part.because)
    return Found(Verdict.UNKNOWN, "; ".join(reasons), tuple(e for part in parts for e in part.evidence))


def _choices(terms: AuthorizationTerms, assessment: Assessment) -> dict[str, str]:
    """The option of each "any of": what is met; of whole paths also the only one that is not ruled out."""
    chosen: dict[str, str] = {}
    for group in (g for g in terms.groups.values() if g.operator == "any"):
        verdicts = {part: verdict_of(part, terms.groups, assessment.criteria) for part in group.parts}
        possible = [part for part, verdict in verdicts.items() if verdict is not Verdict.NOT_MET]
        met = next((part for part, verdict in verdicts.items() if verdict is Verdict.MET), None)
        paths = any(part in terms.groups for part in group.parts)
        if met is not None:
            chosen[group.id] = met
        elif not possible:
            chosen[group.id] = NONE if assessment.criteria else ""
        elif paths and len(possible) == 1:
            chosen[group.id] = possible[0]
    return chosen


def verdict_of(part: str, groups: Mapping[str, Group], criteria: Mapping[str, Found]) -> Verdict:
    """The verdict of a criterion or a group of the outline; a criterion that was not assessed is unknown."""
    group = groups.get(part)
    if group is None:
        return criteria.get(part, _OPEN).verdict
    combine = all_of if group.operator == "all" else any_of
    return combine(verdict_of(inner, groups, criteria) for inner in group.parts)


def items_answered(
    asked: Iterable[Mapping[str, Any]], values: Values, given: dict[str, Sequence[Json]]
) -> list[Json]:
    """The response's items for the values that are asked for, in the form's order; ``given`` grows by every answer."""
    made: list[Json] = []
    for item in asked:
        if not is_enabled(item, given):
            continue
        head = {"linkId": item["linkId"], "text": item["text"]}
        if item["type"] == "group":
            if inner := items_answered(item["item"], values, given):
                made.append({**head, "item": inner})
        elif answers := values.get(item["linkId"]):
            given[item["linkId"]] = answers
            made.append({**head, "answer": list(answers)})
    return made


def open_questions(form: Mapping[str, Any], made: Mapping[str, Any]) -> Iterator[tuple[Json, str]]:
    """The required questions that a response leaves open, in the form's order, each with what the record shows."""
    given = given_in(made)

    def walk(asked: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Json, str]]:
        for item in asked:
            if not is_enabled(item, given):
                continue
            if item["type"] == "group":
                yield from walk(item["item"])
            elif item.get("required") and item["linkId"] not in given:
                because = given.get(f"{item['linkId']}.because", ())
                yield dict(item), "; ".join(answer["valueString"] for answer in because)

    yield from walk(form["item"])


def given_in(made: Mapping[str, Any]) -> dict[str, Sequence[Json]]:
    """The answers of a response by linkId."""
    return {item["linkId"]: item["answer"] for item in _answered(made)}


def _answered(holder: Mapping[str, Any]) -> Iterator[Json]:
    for item in holder.get("item", ()):
        if "answer" in item:
            yield item
        yield from _answered(item)


def is_enabled(item: Mapping[str, Any], given: Values) -> bool:
    """Whether the answers so far ask for an item. All conditions of our forms have to hold."""
    return all(
        _holds(condition, given.get(condition["question"], ())) for condition in item.get("enableWhen", ())
    )


def _holds(condition: Mapping[str, Any], answers: Sequence[Json]) -> bool:
    if condition["operator"] == "exists":
        return bool(answers) is condition["answerBoolean"]
    wanted = condition["answerCoding"]
    return any(
        coding(a["valueCoding"]["system"], a["valueCoding"]["code"]) == wanted
        for a in answers
        if "valueCoding" in a
    )
