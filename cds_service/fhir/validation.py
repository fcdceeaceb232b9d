"""A second opinion on one resource from the FHIR R4B models of ``fhir.resources``.

Reading is by our own code, which takes what it needs and ignores the rest. The models are asked
when a resource that would decide something cannot be read, so that the card can say what is wrong
with it, and by the tests for every resource that this service sends out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# FHIR 4.0.1 data that the 4.3 models or strict parsing refuse although it does no harm here.
_HARMLESS = {"extra_forbidden"}


def complaints(body: Mapping[str, Any]) -> list[str]:
    """What the model of a resource's type refuses, as ``member: reason``; empty when it is valid.

    Unknown members are no complaint. An unknown resource type is one.
    """
    # Imported on first use: the models take a quarter of a second to load and most calls need none.
    from fhir.resources.R4B import get_fhir_model_class
    from pydantic import ValidationError

    kind = str(body.get("resourceType"))
    try:
        model = get_fhir_model_class(kind)
    except ValueError:
        return [f"resourceType: {kind} is not a FHIR R4 resource"]
    try:
        model.model_validate(dict(body))
    except ValidationError as error:
        return [_line(e) for e in error.errors() if e["type"] not in _HARMLESS]
    return []


def _line(error: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"] if not str(part).startswith("function"))
    return f"{place}: {error['msg']}"
