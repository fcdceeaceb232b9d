"""The prior authorization of this policy: its terms in ``policy.toml``, the CQL beside it, the diagnosis.

Procedure: docs/policies/inotuzumab/coverage.md#authorization.
"""

from __future__ import annotations

from datetime import datetime
from importlib.resources import files

from cds_service.clinical.chart import read_chart
from cds_service.clinical.leukemia.diagnosis import diagnosis
from cds_service.fhir.record import Record
from cds_service.policies.authorization import AuthorizationTerms, read_terms
from cds_service.policies.inotuzumab.numbers import POLICY


def _terms() -> AuthorizationTerms:
    here = files("cds_service.policies.inotuzumab")
    cql = here.joinpath("form.cql").read_text(encoding="utf-8")
    elm = here.joinpath("form.elm.json").read_text(encoding="utf-8")
    return read_terms(POLICY, cql, elm)


AUTHORIZATION = _terms()


def diagnoses(record: Record, clock: datetime) -> tuple[str, ...]:
    """The Conditions on record that are taken as the leukemia."""
    return tuple(problem.reference for problem in diagnosis(read_chart(record, clock)).leukemia)
