"""The address of a policy's form, with the version that it has now."""

from __future__ import annotations

from cds_service.engine.determination import PolicyReference


def form_canonical(policy: PolicyReference, public_url: str) -> str:
    """The form's canonical URL, ``|`` and its version: effective date of the policy, revision of the form, 0."""
    return f"{public_url}/fhir/Questionnaire/{policy.id}|{policy.effective.replace('-', '')}.1.0"
