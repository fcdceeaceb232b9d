"""The determination: what a record shows about one order, as values that cards and pages are made from.

Knows no FHIR and no drug. Every sentence in it is for a prescriber and names values and dates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from cds_service.engine.items import Item
from cds_service.engine.verdict import Verdict
from cds_service.values import dataclass


class Indicator(StrEnum):
    """CDS Hooks urgency, in rising order."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return ("info", "warning", "critical").index(self.value)


class Basis(StrEnum):
    """What a finding rests on. The three are never mixed."""

    POLICY = "policy"
    LABEL = "label"
    RECOMMENDATION = "recommendation"


class CardKind(StrEnum):
    """The card a finding is shown on; at most one of each kind for an order."""

    COVERAGE = "coverage"
    DOCUMENTATION = "documentation"
    DOSE = "dose"
    SAFETY = "safety"
    DETAILS = "details"


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """One criterion of the policy, decided. ``because`` is a sentence without a full stop.

    ``changes`` says what would settle an unknown or change a "not met". ``needed`` are the
    documentation items that an unknown verdict asks for, ``asks`` an item's own reason where it
    differs. ``applies`` is False for a criterion that the path taken does not need.
    """

    id: str
    section: str
    title: str
    verdict: Verdict
    because: str
    evidence: tuple[str, ...] = ()
    changes: str = ""
    needed: tuple[str, ...] = ()
    asks: tuple[tuple[str, str], ...] = ()
    basis: Basis = Basis.POLICY
    page: int = 0
    applies: bool = True

    def names_section_in(self, text: str) -> bool:
        """Whether a text, such as the reason or its beginning, names one of the criterion's sections."""
        return any(f"({section}" in text for section in self.section.split(", "))


@dataclass(frozen=True)
class GroupResult:
    """A node of the policy's outline: "all of" or "any of" its parts."""

    id: str
    title: str
    operator: str
    verdict: Verdict
    parts: tuple[GroupResult | CriterionResult, ...]
    section: str = ""


# The verbs with which an action begins, the strongest first; others are refused when a rule has found something.
ACTS = ("Stop", "Do not", "Hold", "Reduce", "Check", "Correct", "Record", "Tell")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line on a card: what was found, the rules it rests on, and what to do.

    ``kind`` is one of the finding kinds that integrators rely on (``hem-hold``, ``dose``...). ``action``
    begins with one of ``ACTS``, or is empty where there is nothing to do.
    """

    kind: str
    indicator: Indicator
    card: CardKind
    rules: tuple[str, ...]
    basis: Basis
    text: str
    action: str = ""
    evidence: tuple[str, ...] = ()

    @property
    def act(self) -> str:
        """The verb of the action; empty where there is none."""
        return next((verb for verb in ACTS if self.action.startswith(verb)), "")


class Unseen(NamedTuple):
    """A kind of data that could not be seen, and why: a clause."""

    kind: str
    reason: str


class ItemPart(NamedTuple):
    """What alone lacks of a documentation item: its name, what to do about it, and those of the item's tests."""

    name: str
    act: str
    tests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NeededItem:
    """A documentation gap: the item, why it is asked for, and whether a verdict depends on it.

    ``orderable`` is False where an order would not bring it: what may be there ``unseen`` or is not
    understood, and what is ordered already (``awaited``). ``part`` is what lacks, where the rest is there.
    """

    item: str
    because: str
    decides: bool = True
    orderable: bool = True
    awaited: bool = False
    unseen: bool = False
    part: ItemPart | None = None

    @property
    def may_be_there(self) -> bool:
        """Whether the record may hold it: where nothing was seen, or in what was not understood."""
        return self.unseen or not (self.orderable or self.awaited)


@dataclass(frozen=True, slots=True)
class DoseOption:
    """One row of the dose table that may apply. Doses in mg, rounded to micrograms. ``said`` is ``when`` in words."""

    mg_per_m2: Decimal
    expected_mg: Decimal
    low_mg: Decimal
    high_mg: Decimal
    when: str
    said: str


@dataclass(frozen=True, slots=True)
class Dose:
    """The ordered dose against the table. All mg; ``verdict`` is ok, under, over or unknown.

    Members that cannot be determined are None. ``options`` lists the rows when more than one may apply.
    ``for_every_day`` is False for an order of several days whose doses differ by the table; ``on`` is
    then the day, not the first, that these facts are about. ``disputed`` says that the record supports
    another body size, so that no dose is suggested. ``reduced`` says how a reduction changed the row:
    ``0.8 less 25 %``.
    """

    verdict: str
    ordered_mg: Decimal | None = None
    expected_mg: Decimal | None = None
    low_mg: Decimal | None = None
    high_mg: Decimal | None = None
    mg_per_m2: Decimal | None = None
    bsa_m2: Decimal | None = None
    billing_units: int | None = None
    vials: int | None = None
    options: tuple[DoseOption, ...] = ()
    arithmetic: str = ""
    reduced: str = ""
    for_every_day: bool = True
    on: str = ""
    disputed: bool = False


class Cited(NamedTuple):
    """Where a rule stands in the payer's document (empty: nowhere), its title, and that in a few words.

    ``dated`` is False where the day of the evidence says nothing about it.
    """

    section: str
    title: str
    brief: str = ""
    dated: bool = True


class Drug(NamedTuple):
    """The drug that a policy is about: its full and its short name, and how it is billed.

    ``billing_code`` is a HCPCS code with its display, ``billing_unit`` what one unit of it is, such as ``0.1 mg``.
    """

    name: str
    short: str
    billing_code: str
    billing_display: str
    billing_unit: str

    @property
    def coded(self) -> str:
        """``Inotuzumab (J9229)``."""
        return f"{self.short} ({self.billing_code})"

    @property
    def full(self) -> str:
        """``inotuzumab ozogamicin (J9229)``."""
        return f"{self.name} ({self.billing_code})"


@dataclass(frozen=True, slots=True)
class PolicyReference:
    """The payer's document: number, effective date (ISO), title, payer and drug.

    ``rules`` has its criteria and rules by id, ``items`` its documentation items in
    the order in which they are asked for. ``footer`` is what holds of every answer. ``form_revision`` counts the
    versions of the form that is made from one version of the document; None where it has no form.
    """

    id: str
    effective: str
    title: str
    payer: str
    drug: Drug
    rules: Mapping[str, Cited] = field(default_factory=dict, compare=False, repr=False)
    items: Mapping[str, Item] = field(default_factory=dict, compare=False, repr=False)
    footer: str = ""
    form_revision: int | None = None


class PayerMatch(StrEnum):
    """Whose plan is in force on the planned day: the policy's payer's, another's, or nobody's any more or at all."""

    YES = "yes"
    OTHER = "other"
    ENDED = "ended"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Payer:
    """What the record says of who pays; decides no criterion. ``match`` is None where it cannot be determined.

    ``because`` is a sentence without a full stop, ``evidence`` the Coverages that it rests on.
    """

    match: PayerMatch | None
    because: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Determination:
    """Everything that the service says about one order. ``timing_in_doubt``: its days are not to be taken over."""

    order: str
    policy: PolicyReference
    request: str
    cycle: int | None
    day: int | None
    coverage: Verdict
    outline: GroupResult
    criteria: tuple[CriterionResult, ...]
    path: str = ""
    findings: tuple[Finding, ...] = ()
    needed: tuple[NeededItem, ...] = ()
    dose: Dose | None = None
    unseen: tuple[Unseen, ...] = ()
    notes: tuple[str, ...] = field(default=())
    planned: str = ""
    payer: Payer | None = None
    attach: tuple[str, ...] = ()
    timing_in_doubt: bool = False

    def findings_on(self, card: CardKind) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.card is card)
