"""The form of a coverage statement as ``$questionnaire-package`` hands it out, over HTTP as any DTR client asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.packet.elements import Json
from cds_service.sandbox.coverage_information import statements
from cds_service.values import dataclass

OPERATION = "/fhir/Questionnaire/$questionnaire-package"
Post = Callable[[str, Mapping[str, Any]], tuple[int, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class FormPackage:
    """What was answered. ``form`` and ``response`` are empty where there is no form; ``said`` are the payer's words."""

    status: int
    answer: Mapping[str, Any]
    said: tuple[str, ...]

    @property
    def form(self) -> Mapping[str, Any]:
        """The Questionnaire."""
        return self._resource("Questionnaire")

    @property
    def response(self) -> Mapping[str, Any]:
        """The QuestionnaireResponse with the answers that the payer had."""
        return self._resource("QuestionnaireResponse")

    def with_response(self, made: Json) -> Json:
        """The whole answer with another response in its place."""
        return {
            **self.answer,
            "parameter": [_replaced(p, made) for p in as_dicts(self.answer.get("parameter"))],
        }

    def _resource(self, kind: str) -> Mapping[str, Any]:
        return next((r for r in _resources(self.answer) if r.get("resourceType") == kind), {})


def form_package(
    post: Post, order: Mapping[str, Any], coverage: Mapping[str, Any], assertion: str
) -> FormPackage:
    """Ask for the form that the statement with this id named, for its order and Coverage."""
    given: list[Json] = [{"name": "coverage", "resource": coverage}, {"name": "order", "resource": order}]
    given.append({"name": "context", "valueString": assertion})
    status, answer = post(OPERATION, {"resourceType": "Parameters", "parameter": given})
    return FormPackage(status, answer, tuple(_said(answer)))


def _resources(answer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for parameter in as_dicts(answer.get("parameter")):
        if parameter.get("name") == "packagebundle":
            entries = as_dicts(as_dict(parameter.get("resource")).get("entry"))
            yield from (as_dict(entry.get("resource")) for entry in entries)


def _said(answer: Mapping[str, Any]) -> Iterator[str]:
    """The texts of an OperationOutcome, which is the whole answer or stands beside the forms."""
    beside = [
        as_dict(p.get("resource")) for p in as_dicts(answer.get("parameter")) if p.get("name") == "outcome"
    ]
    for outcome in (answer, *beside):
        for issue in as_dicts(outcome.get("issue")):
            words = as_text(as_dict(issue.get("details")).get("text")) or as_text(issue.get("diagnostics"))
            if words:
                yield words


def _replaced(parameter: Mapping[str, Any], made: Json) -> Mapping[str, Any]:
    if parameter.get("name") != "packagebundle":
        return parameter
    bundle = as_dict(parameter.get("resource"))
    entries = [_entry(entry, made) for entry in as_dicts(bundle.get("entry"))]
    return {**parameter, "resource": {**bundle, "entry": entries}}


def _entry(entry: Mapping[str, Any], made: Json) -> Mapping[str, Any]:
    is_response = as_dict(entry.get("resource")).get("resourceType") == "QuestionnaireResponse"
    return {**entry, "resource": made} if is_response else entry


def order_with(orders: Sequence[Mapping[str, Any]], assertion: str) -> Mapping[str, Any] | None:
    """The order that carries the statement with this id."""
    return next((o for o in orders if any(s.assertion == assertion for s in statements(o))), None)
