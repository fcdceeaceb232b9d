"""The policies this service knows: one folder a drug. A door asks :func:`installed` and names none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Protocol

from cds_service.clinical.observations.series import Picture
from cds_service.engine.attempts import Allowance
from cds_service.engine.determination import Determination, PolicyReference
from cds_service.fhir.record import Record, Resource
from cds_service.policies.authorization import AuthorizationTerms


class Determine(Protocol):
    """How a policy decides all draft orders of a bundle, in the time it is given."""

    def __call__(
        self, record: Record, drafts: Sequence[Resource], clock: datetime, time: Allowance | None = None, /
    ) -> tuple[Determination, ...]: ...


@dataclass(frozen=True, slots=True)
class DrugPolicy:
    """What a door needs of one policy.

    ``in_scope`` tells whether a draft order (with the given way to resolve its medication
    reference) is for this drug. ``determine`` takes all draft orders of the bundle (an order of
    another drug may be a partner) and gives one determination for each that is in scope, in the
    order given; the clock is an aware instant. A draft without an id carries its ``name``. What
    the time does not reach is unknown and named.
    ``picture`` is what the detail page draws: results with the policy's limits, and the doses.
    ``authorization`` is what a prior authorization needs to know of the policy; ``diagnoses`` are the
    references of the Conditions on record that the drug is given for.
    """

    name: str
    reference: PolicyReference
    in_scope: Callable[[Resource, Callable[[str, Resource], Resource | None]], bool]
    determine: Determine
    picture: Callable[[Record, datetime], Picture]
    authorization: AuthorizationTerms
    diagnoses: Callable[[Record, datetime], tuple[str, ...]]


@cache
def installed() -> Mapping[str, DrugPolicy]:
    """The policies by the name that a trust file uses, such as ``inotuzumab``."""
    from cds_service.policies.inotuzumab import POLICY

    return {POLICY.name: POLICY}
