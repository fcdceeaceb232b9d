"""What was found on a criterion, in as many whole clauses as a head, a step or a row's first line has room for."""

from __future__ import annotations

from cards.text import beginnings
from cds_service.engine.determination import CriterionResult

_MOST = 130  # characters: two lines of a head


def found(criterion: CriterionResult) -> str:
    """The beginning of the reason, as far as its whole clauses fit."""
    return next((said for said in beginnings(criterion.because) if len(said) <= _MOST), criterion.because)


def found_where(criterion: CriterionResult) -> str:
    """The same with the section of the policy that it is about."""
    said = found(criterion)
    return said if criterion.names_section_in(said) else f"{said} ({criterion.section})"
