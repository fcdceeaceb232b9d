"""The address of a policy's form, with the version that it has now."""

from __future__ import annotations

from cds_service.engine.determination import PolicyReference


def form_version(policy: PolicyReference) -> str:
    """The version by the rules of semver: effective date of the policy, revision of the form, 0."""
    return f"{policy.effective.replace('-', '')}.{policy.form_revision}.0"


def form_url(policy: PolicyReference, public_url: str) -> str:
    """The form's canonical URL without a version."""
    return f"{public_url}/fhir/Questionnaire/{policy.id}"


def form_canonical(policy: PolicyReference, public_url: str) -> str:
    """The form's canonical URL, ``|`` and its version."""
    return f"{form_url(policy, public_url)}|{form_version(policy)}"
