"""The library that finds the form's facts in a record: CQL and its ELM, as FHIR wants them carried.

Only facts have an expression: what a client computes replaces an answer of ours, and a verdict rests on
more than the coded values that a short expression would look at.
"""

from __future__ import annotations

import base64
import json

from cds_service.clinical.terms import usual_code
from cds_service.packet.canonical import form_version
from cds_service.packet.elements import DTR, SDC, Json, coding, concept, extension, semver
from cds_service.policies.authorization import AuthorizationTerms

LOINC = "http://loinc.org"
_SIZES = ("body_weight", "body_height")


def library_url(terms: AuthorizationTerms, public_url: str) -> str:
    """The library's canonical URL without a version."""
    return f"{public_url}/fhir/Library/{terms.form.name}"


def library_canonical(terms: AuthorizationTerms, public_url: str) -> str:
    """The library's canonical URL; its version is the form's."""
    return f"{library_url(terms, public_url)}|{form_version(terms.reference)}"


def library(terms: AuthorizationTerms, public_url: str) -> Json:
    """The Library resource."""
    sizes = {"path": "code", "code": [coding(LOINC, usual_code("labs", size)) for size in _SIZES]}
    return {
        "resourceType": "Library",
        "id": terms.form.name,
        "meta": {"profile": [f"{SDC}/sdc-library"]},
        "extension": [semver()],
        "url": library_url(terms, public_url),
        "version": form_version(terms.reference),
        "name": terms.form.name,
        "status": "active",
        "experimental": False,
        "type": concept(
            "http://terminology.hl7.org/CodeSystem/library-type", "logic-library", "Logic Library"
        ),
        "subjectCodeableConcept": concept("http://hl7.org/fhir/resource-types", "Patient"),
        "date": terms.reference.effective,
        "publisher": terms.reference.payer,
        "description": "Finds the facts of the form in the record",
        "dataRequirement": [{"type": "Patient"}, {"type": "Observation", "codeFilter": [sizes]}],
        "content": [
            _content("text/cql", terms.form.cql),
            _content("application/elm+json", terms.form.elm),
        ],
    }


def _content(content_type: str, text: str) -> Json:
    return {"contentType": content_type, "data": base64.b64encode(text.encode()).decode()}


def facts_expression(name: str, define: str) -> Json:
    """The extension of an item that a client may fill by a definition of the library."""
    elm = json.dumps({"type": "ExpressionRef", "name": define, "libraryName": name})
    alternative = {"language": "application/elm+json", "expression": elm}
    expression = {
        "extension": [extension(f"{DTR}/alternativeExpression", valueExpression=alternative)],
        "language": "text/cql-identifier",
        "expression": f'"{name}"."{define}"',
    }
    return extension(f"{SDC}/sdc-questionnaire-initialExpression", valueExpression=expression)
