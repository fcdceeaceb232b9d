"""FHIR R4 elements as the guides want them, the guides' addresses, and identities made from content.

Knows shapes, nothing of a policy or a patient.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any

DTR = "http://hl7.org/fhir/us/davinci-dtr/StructureDefinition"
PAS = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition"
SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition"
CORE = "http://hl7.org/fhir/StructureDefinition"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/payer-policy-cds/packet")

Json = dict[str, Any]


def extension(url: str, **value: object) -> Json:
    """An extension with one ``value[x]``, or with a list of extensions as ``extension``."""
    return {"url": url, **value}


def coding(system: str, code: str, display: str = "") -> Json:
    """A coding; the display is left out when empty."""
    return {"system": system, "code": code, **({"display": display} if display else {})}


def concept(system: str, code: str, display: str = "") -> Json:
    """A CodeableConcept with one coding."""
    return {"coding": [coding(system, code, display)]}


def semver() -> Json:
    """The extension that says how versions of an artifact are compared."""
    return extension(
        f"{CORE}/artifact-versionAlgorithm",
        valueCoding=coding("http://hl7.org/fhir/version-algorithm", "semver"),
    )


def content_key(content: object) -> str:
    """The content as text in which the order of members does not count."""
    return json.dumps(content, sort_keys=True, default=str, separators=(",", ":"))


def content_uuid(*content: object) -> str:
    """A UUID that depends on the content alone."""
    return str(uuid.uuid5(_NAMESPACE, content_key(content)))


def content_hash(content: object) -> str:
    """SHA-256 of the content in hexadecimal, whatever the order of members."""
    return hashlib.sha256(content_key(content).encode()).hexdigest()


def entry(full_url: str, resource: Mapping[str, Any]) -> Json:
    """An entry of a collection."""
    return {"fullUrl": full_url, "resource": resource}
