"""What this base says of itself: the CapabilityStatement, and where tokens are had."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from cds_service.fhir_api.tokens import SCOPES

_DTR = "http://hl7.org/fhir/us/davinci-dtr"
_SINCE = "2026-11-01"  # when these capabilities last changed


def capability_statement(base: str) -> dict[str, Any]:
    """The CapabilityStatement of a DTR payer service."""
    service = {
        "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
        "code": "SMART-on-FHIR",
    }
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _SINCE,
        "kind": "instance",
        "instantiates": [f"{_DTR}/CapabilityStatement/dtr-payer-service"],
        "software": {"name": "payer-policy-cds", "version": version("payer-policy-cds")},
        "implementation": {"description": "Forms for prior authorization, with answers", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "security": {
                    "cors": True,
                    "service": [{"coding": [service]}],
                    "description": f"SMART Backend Services; see {base}/.well-known/smart-configuration",
                },
                "resource": [
                    {
                        "type": "Questionnaire",
                        "interaction": [{"code": "read"}, {"code": "search-type"}],
                        "searchParam": [{"name": "url", "type": "uri"}],
                        "operation": [
                            _operation("questionnaire-package", _DTR),
                            _operation("log-questionnaire-errors", _DTR),
                        ],
                    },
                    {"type": "Library", "interaction": [{"code": "read"}]},
                    {
                        "type": "ValueSet",
                        "operation": [
                            {
                                "name": "expand",
                                "definition": "http://hl7.org/fhir/OperationDefinition/ValueSet-expand",
                            }
                        ],
                    },
                ],
            }
        ],
    }


def _operation(name: str, guide: str) -> dict[str, str]:
    return {"name": name, "definition": f"{guide}/OperationDefinition/{name}"}


def smart_configuration(base: str) -> dict[str, Any]:
    """How a backend client gets a token."""
    return {
        "token_endpoint": f"{base}/token",
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES384", "RS384"],
        "scopes_supported": list(SCOPES),
        "capabilities": ["client-confidential-asymmetric", "permission-v1", "permission-v2"],
    }
