"""What is said about the coverage of one order: a determination and a Coverage in the codes of CRD.

One table, from how the Coverage stands and what the record shows to ``covered`` and what goes with it.
The words are plain text; nothing in them approves or denies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from datetime import date
from enum import StrEnum

from cards.items import look_for, name_of, to_do
from cards.text import plain_line, sentence, typeset
from cds_service.clinical.payer import Plan, Standing
from cds_service.engine.carrying import bearing, foremost_failure
from cds_service.engine.determination import CriterionResult, Determination, NeededItem
from cds_service.engine.verdict import Verdict
from cds_service.engine.wording import lower_first, upper_first
from cds_service.values import dataclass


class Covered(StrEnum):
    """The codes of ``covered``."""

    COVERED = "covered"
    NOT_COVERED = "not-covered"
    CONDITIONAL = "conditional"
    INDETERMINATE = "indeterminate"


class Reason(StrEnum):
    """The guide's coded reasons that this service gives."""

    NO_MEMBER = "no-member-found"
    NO_ACTIVE_COVERAGE = "no-active-coverage"
    TECHNICAL = "technical"


@dataclass(frozen=True, slots=True)
class Statement:
    """The statement about one order. ``reasons`` are texts, each with a code where the guide has one.

    ``doc-purpose`` has no place here: the guide's own rule about it, as published, is broken by the value
    that would be right.
    """

    order: str
    coverage: str
    covered: Covered
    reasons: tuple[tuple[Reason | None, str], ...]
    billing: Mapping[str, str]
    day: date
    pa_needed: str | None = None
    doc_needed: str | None = None
    info_needed: str | None = None
    questionnaire: str | None = None
    instructions: str | None = None
    expires: str | None = None
    assertion_id: str = field(default="", compare=False)

    @property
    def rests_on_the_record(self) -> bool:
        """Whether it says what the record shows, and not only how the Coverage stands or that something failed."""
        return self.covered is not Covered.INDETERMINATE and all(code is None for code, _ in self.reasons)


@dataclass(frozen=True, slots=True)
class Basis:
    """What a statement is made of beside the determination.

    ``planned`` is the order's day, ``today`` the day of the statement; ``is_member`` is None where nobody
    checks; ``technical`` says why nothing of the record but the Coverage could be had.
    """

    plan: Plan
    planned: date
    today: date
    billing: Mapping[str, str]
    form: str
    is_member: bool | None = None
    technical: str | None = None


def statement(d: Determination, basis: Basis) -> Statement:
    """The statement about an order: first whether there is a member with a plan, then what the record shows."""
    plan = basis.plan
    said = Statement(
        order=d.order,
        coverage=plan.reference,
        covered=Covered.NOT_COVERED,
        reasons=(),
        billing=basis.billing,
        day=basis.today,
        expires=str(plan.ends) if plan.ends is not None else None,
    )
    if basis.is_member is False:
        return replace(said, reasons=((Reason.NO_MEMBER, _NO_MEMBER),))
    standing = plan.standing(basis.planned)
    if standing in (Standing.ENDED, Standing.NOT_YET):
        return replace(
            said, reasons=((Reason.NO_ACTIVE_COVERAGE, _not_active(plan, standing, basis.planned)),)
        )
    if standing is Standing.UNCLEAR:
        return replace(said, covered=Covered.INDETERMINATE, reasons=((None, _UNCLEAR),))
    if basis.technical is not None:
        because = f"The record could not be read: {basis.technical}. Sign again when it can"
        return replace(said, covered=Covered.INDETERMINATE, reasons=((Reason.TECHNICAL, _text(because)),))
    if d.coverage is Verdict.NOT_MET:
        return replace(said, reasons=tuple((None, _text(reason)) for reason in _not_met(d)))
    return _with_form(d, said, basis.form)


def not_stated(d: Determination, basis: Basis) -> Statement:
    """The statement about an order where an error of this service took the words away."""
    return Statement(
        order=d.order,
        coverage=basis.plan.reference,
        covered=Covered.INDETERMINATE,
        reasons=(
            (Reason.TECHNICAL, "This service failed to state what it found. The cards and the order stand."),
        ),
        billing=basis.billing,
        day=basis.today,
    )


_NO_MEMBER = "The member number of the Coverage is missing or not on the payer's list of members."
_UNCLEAR = "Status or period of the Coverage cannot be read. Correct it and sign again."


def _with_form(d: Determination, said: Statement, form: str) -> Statement:
    """Met or open: either way authorization is needed, and the form holds what the record shows."""
    said = replace(said, pa_needed="auth-needed", doc_needed="clinical", questionnaire=form or None)
    policy = f"{d.policy.id} for a request of this kind ({d.request})"
    if d.coverage is Verdict.MET:
        met = f"The record appears to meet the criteria of policy {policy}"
        return replace(said, covered=Covered.COVERED, reasons=((None, _text(met)),))
    opened = f"The record leaves criteria of policy {policy} open; the form can settle them"
    return replace(
        said,
        covered=Covered.CONDITIONAL,
        info_needed="OTH",
        reasons=tuple((None, _text(reason)) for reason in (opened, *_open(d))),
        instructions=_text(_instructions(d)),
    )


def _not_active(plan: Plan, standing: Standing, planned: date) -> str:
    if standing is Standing.NOT_YET:
        return f"The Coverage begins {plan.starts}, after the planned date {planned}."
    if plan.ends is not None and plan.ends.last < planned:
        return f"The Coverage ended {plan.ends}, before the planned date {planned}."
    return "The Coverage is cancelled."


def _not_met(d: Determination) -> Iterator[str]:
    failed = [c for c in d.criteria if c.verdict is Verdict.NOT_MET]
    first = foremost_failure(d.outline)
    for c in sorted(bearing(d.outline, failed) or failed, key=lambda c: c is not first):
        yield f"The record does not appear to meet {_place(c)}: {lower_first(c.because)}"


def _place(c: CriterionResult) -> str:
    return f"{c.section} ({lower_first(c.title)})"


def _open(d: Determination) -> Iterator[str]:
    """Each item that a verdict waits for, what could not be seen, and criteria that no item would settle."""
    needed = _deciding(d)
    for need in needed:
        yield f"{upper_first(name_of(d, need))}: {need.because}"
    for kind, reason in d.unseen:
        yield f"Could not be seen: {kind}: {reason}"
    asked = {need.item for need in needed}
    for c in d.criteria:
        if c.applies and c.verdict is Verdict.UNKNOWN and not asked.intersection(c.needed):
            yield f"{_place(c)}: {lower_first(c.because)}"


def _deciding(d: Determination) -> list[NeededItem]:
    return [need for need in d.needed if need.decides]


def _instructions(d: Determination) -> str:
    needed = _deciding(d)
    steps = [lower_first(to_do(d, need)) for need in needed if not need.may_be_there]
    if hidden := [need for need in needed if need.may_be_there]:
        steps.append(lower_first(look_for(d, hidden)))
    steps = steps or [f"settle {_place(c)}" for c in d.criteria if c.applies and c.verdict is Verdict.UNKNOWN]
    again = ". Sign again when the EHR can be read" if d.unseen else ""
    return f"In the record, or in the form: {'; '.join(steps)}{again}"


def _text(text: str) -> str:
    return sentence(typeset(plain_line(text)))
