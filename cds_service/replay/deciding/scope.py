"""Which orders are of a policy's drug: found once for all orders that say alike what they order.

What an order says of its drug is cut out of its line without parsing the rest, wherever that is certain.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from itertools import repeat
from operator import contains
from typing import Any

from cds_service.fhir.record import Resource
from cds_service.fhir.references import local_reference
from cds_service.json_text import NotStrictJson, read_json
from cds_service.policies import DrugPolicy
from cds_service.replay.reading.side_table import SideTable
from cds_service.values import dataclass

_SAYS_THE_DRUG = (
    "resourceType", "medicationCodeableConcept", "medicationReference", "medication", "code", "contained",
)  # fmt: skip
_REMEMBERED = 16384  # ways to say a drug
_LONGEST = 2000  # bytes of one that is remembered
_BY_MEMBER = "MedicationRequest"  # which says its drug in a member of that name alone
_MEMBER = b'"medication'
# A bracket in a string may end this too early or too late; then it is no JSON.
_DRUG = re.compile(
    rb'"medication(?:CodeableConcept|Reference)"\s*:\s*\{[^{}\n]*+(?:\{[^{}\n]*+\}[^{}\n]*+)*+\}'
)


def drug_of(kind: str, line: bytes) -> bytes:
    """What an order of a type says of its drug, as the JSON of an order that says no more. Raises NotStrictJson."""
    if kind == _BY_MEMBER and (said := _cut_out(line)) is not None:
        return said
    try:
        return _said(json.loads(line))
    except (ValueError, RecursionError):
        return _said(read_json(line))


def drugs_of(text: bytes, lines: Sequence[bytes]) -> list[bytes] | None:
    """The same of many lines that are all MedicationRequests; None when one of them is in doubt."""
    if b"\\" in text or text.count(_MEMBER) != len(lines) or b'"contained"' in text:
        return None
    found = _DRUG.findall(text)
    if len(found) != len(lines) or not all(map(contains, lines, repeat(_MEMBER))):
        return None
    said = {drug: _order_of(drug) for drug in set(found)}
    return None if None in said.values() else [said[drug] or b"" for drug in found]


def _cut_out(line: bytes) -> bytes | None:
    """What a MedicationRequest says, without parsing the line; None when in doubt.

    Without escapes every quote opens or closes a string, so the name found is a member's; it is the
    only one of its kind, so no other says the drug.
    """
    found = drugs_of(line, [line])
    return found[0] if found else None


def _order_of(drug: bytes) -> bytes | None:
    said = b'{"resourceType":"MedicationRequest",%s}' % drug
    return said if len(said) <= _LONGEST and _is_json(said) else None


@lru_cache(maxsize=_REMEMBERED)
def _is_json(text: bytes) -> bool:
    try:
        return len(read_json(text)) == 2
    except NotStrictJson:
        return False


def _said(body: Mapping[str, Any]) -> bytes:
    return json.dumps({m: body[m] for m in _SAYS_THE_DRUG if m in body}, default=str).encode()


@dataclass(frozen=True)
class Scope:
    """The policies, and what orders may point to.

    ``remembered`` keeps what was found; scopes of one process and one side table may share it.
    """

    policies: Sequence[DrugPolicy]
    side: SideTable
    remembered: dict[tuple[str, bytes], bool] = field(default_factory=dict)

    def covers(self, said: bytes) -> bool:
        """Whether an order that says this of its drug is one of a policy's. Raises NotStrictJson."""
        return any(self._is_in(policy, said) for policy in self.policies)

    def is_for(self, policy: DrugPolicy, body: Mapping[str, Any]) -> bool:
        """Whether an order is in a policy's scope."""
        return self._is_in(policy, _said(body))

    def _is_in(self, policy: DrugPolicy, said: bytes) -> bool:
        key = (policy.name, said)
        found = self.remembered.get(key)
        if found is not None:
            return found
        order = Resource(read_json(said))
        found = policy.in_scope(order, lambda name, _: self.side.find(local_reference(name) or ""))
        if len(self.remembered) >= _REMEMBERED:
            self.remembered.clear()
        if len(said) <= _LONGEST:
            self.remembered[key] = found
        return found
