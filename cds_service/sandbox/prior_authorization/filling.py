"""A clinician's answers laid over those that came with the form: the response as it stands.

What was entered is text by linkId, as a page sends it. An answer of the record stays until another is entered;
each that a person gave says so and names who. Decides nothing and knows no policy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from cds_service.packet.answers import ORIGIN, given_in, items_answered, open_questions
from cds_service.packet.elements import Json, extension
from cds_service.packet.form import ATTESTED, items_of
from cds_service.values import dataclass

MANUAL, OVERRIDE = "manual", "override"
_YES_NO = {"yes": True, "no": False}
_LONGEST = 2_000  # characters
_LONGEST_NUMBER = 20
_SIZES = range(-6, 6)  # powers of ten


@dataclass(frozen=True, slots=True)
class Filled:
    """A response, and by linkId why something that was entered is no answer."""

    response: Json
    faults: Mapping[str, str] = field(default_factory=dict)


def filled(
    form: Mapping[str, Any], came: Mapping[str, Any], entered: Mapping[str, Any], author: str, now: datetime
) -> Filled:
    """The response that came with a form, with what was entered; ``author`` is the clinician's reference.

    It is completed once every required question is answered and the answers are attested.
    """
    values, faults, changed = dict(given_in(came)), dict[str, str](), False
    for item in items_of(form):
        text = entered.get(item["linkId"])
        if not isinstance(text, str) or not text.strip():
            continue
        value = _value(item, text.strip())
        before = values.get(item["linkId"], ())
        if isinstance(value, str):
            faults[item["linkId"]] = value
        elif value is not None and value not in [_bare(answer) for answer in before]:
            origin = _origin(OVERRIDE if before else MANUAL, author)
            values[item["linkId"]], changed = [{"extension": [origin], **value}], True
    made = {**came, "item": items_answered(form["item"], values, {})}
    if changed:
        made["authored"] = now.isoformat(timespec="seconds")
    if not faults and is_attested(made) and next(open_questions(form, made), None) is None:
        made["status"] = "completed"
    return Filled(made, faults)


def source_of(answers: Sequence[Mapping[str, Any]]) -> str:
    """Who gave an answer, as the guide's code; empty without an answer."""
    for answer in answers[:1]:
        for part in (p for e in answer.get("extension", ()) if e["url"] == ORIGIN for p in e["extension"]):
            if part["url"] == "source":
                return str(part["valueCode"])
    return ""


def _bare(answer: Mapping[str, Any]) -> Json:
    return {member: value for member, value in answer.items() if member != "extension"}


def _origin(source: str, author: str) -> Json:
    """Who gave an answer; of a person's the guide wants the author as well."""
    practitioner = extension("practitioner", valueReference={"reference": author})
    by = extension("author", extension=[practitioner])
    return extension(ORIGIN, extension=[extension("source", valueCode=source), by])


def _value(item: Mapping[str, Any], text: str) -> Json | str | None:
    """The value of an answer; a sentence where the text is none; None for items that are not entered as text."""
    match item["type"]:
        case "boolean":
            return {"valueBoolean": _YES_NO[text]} if text in _YES_NO else "Choose yes or no."
        case "choice":
            options = {option["valueCoding"]["code"]: option for option in item["answerOption"]}
            return dict(options[text]) if text in options else "Choose one of the answers."
        case "text" | "string":
            return {"valueString": text} if len(text) <= _LONGEST else f"At most {_LONGEST} characters."
        case "date":
            return _date(text)
        case "integer" | "decimal":
            return _number(item["type"], text)
    return None


def _date(text: str) -> Json | str:
    try:
        return {"valueDate": date.fromisoformat(text).isoformat()}
    except ValueError:
        return "Write the day as 2026-04-15."


def _number(kind: str, text: str) -> Json | str:
    try:
        number = Decimal(text[:_LONGEST_NUMBER])
    except InvalidOperation:
        return "Write a number."
    if len(text) > _LONGEST_NUMBER or not number.is_finite() or number.adjusted() not in _SIZES:
        return "Write a number of ordinary size."
    if kind == "decimal":
        return {"valueDecimal": number}
    return {"valueInteger": int(number)} if number == int(number) else "Write a whole number."


def is_attested(made: Mapping[str, Any]) -> bool:
    """Whether the clinician says in a response to have checked its answers."""
    return [answer["valueBoolean"] for answer in given_in(made).get(ATTESTED, ())] == [True]
