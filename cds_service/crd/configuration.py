"""What a client may switch: the options that discovery offers, and what a call makes of them.

Each kind of answer has a switch, under its code among the types of CRD cards. A value that is of another
type than its option, or an option that is not known, is ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from cds_service.fhir.json_types import as_dict
from cds_service.values import dataclass

VERSIONS = ("2.2",)
COVERAGE_INFO = "coverage-info"
MAX_CARDS = "max-cards"
MOST_CARDS = 50  # more than any bundle that is met brings
_CONFIGURATION = "davinci-crd.configuration"


@dataclass(frozen=True, slots=True)
class Option:
    """One option of discovery; its default is that nothing is withheld."""

    code: str
    name: str
    description: str
    default: bool | int = True


OPTIONS = (
    Option(COVERAGE_INFO, "Coverage Information", "Coverage, prior authorization and documentation, put on each order"),
    Option("off-guideline", "Off Guideline", "A dose that differs from the policy's table, with the table's dose"),
    Option("contraindication", "Contraindication", "What speaks for holding, reducing or stopping treatment"),
    Option("guideline", "Guideline", "What the record lacks, reminders, and the way to every criterion"),
    Option(MAX_CARDS, "Maximum cards", "The most cards of one answer, the most urgent first", MOST_CARDS),
)  # fmt: skip


def discovery_extension() -> dict[str, Any]:
    """The ``extension`` of the service in discovery."""
    return {
        "davinci-crd.version": list(VERSIONS),
        "davinci-crd.configuration-options": [
            {
                "code": option.code,
                "type": "boolean" if isinstance(option.default, bool) else "integer",
                "name": option.name,
                "description": option.description,
                "default": option.default,
            }
            for option in OPTIONS
        ],
    }


def configured(extension: Mapping[str, Any]) -> dict[str, bool | int]:
    """What a call's own ``extension`` switches, of what can be switched."""
    return dict(_understood(as_dict(extension.get(_CONFIGURATION))))


def _understood(given: Mapping[str, Any]) -> Iterator[tuple[str, bool | int]]:
    for option in OPTIONS:
        value = given.get(option.code)
        if isinstance(option.default, bool):
            if isinstance(value, bool):
                yield option.code, value
        elif not isinstance(value, bool) and isinstance(value, int | Decimal) and value == int(value):
            yield option.code, max(int(value), 0)


def wanted(cards: Sequence[dict[str, Any]], chosen: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The cards that a call wants: of the kinds not switched off, and no more than it takes."""
    kept = [card for card in cards if chosen.get(card["source"]["topic"]["code"], True)]
    return kept[: chosen.get(MAX_CARDS, MOST_CARDS)]
