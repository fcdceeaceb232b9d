"""The policies this service knows: one folder each, found by its ``policy.toml``. A door names none of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib import import_module
from importlib.resources import files
from pkgutil import iter_modules
from typing import Any, Protocol

from cds_service.clinical.observations.series import Picture
from cds_service.clinical.therapy.orders import Order
from cds_service.engine.attempts import Allowance
from cds_service.engine.determination import Determination, PolicyReference
from cds_service.engine.outline import Outline
from cds_service.engine.policy_file import PolicyError
from cds_service.fhir.record import Record, Resource
from cds_service.policies.authorization import AuthorizationTerms
from cds_service.values import dataclass


class Determine(Protocol):
    """How a policy decides all draft orders of a bundle, in the time it is given."""

    def __call__(
        self, record: Record, drafts: Sequence[Resource], clock: datetime, time: Allowance | None = None, /
    ) -> tuple[Determination, ...]: ...


def _none(_record: Record, _clock: datetime) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class DrugPolicy:
    """What a door needs of one policy. ``name`` is its folder's.

    ``in_scope`` tells whether a draft order (with the given way to resolve its medication
    reference) is for this drug; ``order_of`` reads one that is, its cycle and day as this drug has them. ``determine`` takes all draft orders of the bundle (an order of
    another drug may be a partner) and gives one determination for each that is in scope, in the
    order given; the clock is an aware instant. A draft without an id carries its ``name``. What
    the time does not reach is unknown and named.
    ``picture`` is what the detail page draws: results with the policy's limits, and the doses.
    ``authorization`` is what a prior authorization needs to know of the policy, None where it offers no form;
    ``diagnoses`` are the references of the Conditions on record that the drug is given for.
    """

    name: str
    outline: Outline[Any]
    in_scope: Callable[[Resource, Callable[[str, Resource], Resource | None]], bool]
    order_of: Callable[[Resource, datetime], Order]
    determine: Determine
    picture: Callable[[Record, datetime], Picture]
    authorization: AuthorizationTerms | None = None
    diagnoses: Callable[[Record, datetime], tuple[str, ...]] = _none

    @property
    def reference(self) -> PolicyReference:
        """The payer's document."""
        return self.outline.policy.reference


def names() -> tuple[str, ...]:
    """The names that a trust file may use: those of the folders that hold a policy."""
    folders = (module.name for module in iter_modules(__path__) if module.ispkg)
    return tuple(
        sorted(name for name in folders if files(f"{__name__}.{name}").joinpath("policy.toml").is_file())
    )


@cache
def installed() -> Mapping[str, DrugPolicy]:
    """The policies by name, such as ``inotuzumab``. Raises PolicyError for a folder that has none to offer."""
    return {name: _policy(name) for name in names()}


def _policy(name: str) -> DrugPolicy:
    found = getattr(import_module(f"{__name__}.{name}"), "POLICY", None)
    if not isinstance(found, DrugPolicy):
        raise PolicyError(f"policy {name}: its folder defines no POLICY")
    if found.name != name:
        raise PolicyError(f"policy {name}: its folder calls itself {found.name}")
    return found
