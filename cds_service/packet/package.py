"""What ``$questionnaire-package`` answers with: form, response and library in one Bundle, in Parameters."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.packet.answers import response
from cds_service.packet.assessment import Assessment
from cds_service.packet.elements import DTR, Json, entry
from cds_service.packet.form import questionnaire
from cds_service.packet.library import library, library_url
from cds_service.policies.authorization import AuthorizationTerms


def package(terms: AuthorizationTerms, assessment: Assessment, public_url: str) -> Json:
    """The Bundle for one authorization: the form first."""
    form = questionnaire(terms, public_url)
    answered = response(form, terms, assessment)
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [f"{DTR}/DTR-QPackageBundle"]},
        "type": "collection",
        "timestamp": assessment.decided,
        "entry": [
            entry(form["url"], form),
            entry(f"urn:uuid:{answered['id']}", answered),
            entry(library_url(terms, public_url), library(terms, public_url)),
        ],
    }


def parameters(packages: Sequence[Json], outcome: Json | None = None) -> Json:
    """The operation's answer. There is at least one package or an outcome."""
    given = [{"name": "packagebundle", "resource": bundle} for bundle in packages]
    if outcome is not None:
        given.append({"name": "outcome", "resource": outcome})
    return {
        "resourceType": "Parameters",
        "meta": {"profile": [f"{DTR}/dtr-qpackage-output-parameters"]},
        "parameter": given,
    }
