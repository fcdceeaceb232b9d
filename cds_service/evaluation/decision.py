"""All that the cards of one call are made from, as a value: the same grounds give the same cards.

Knows how to decide and to render, and how to write itself down for a dispute and read itself back.
Holds no token: neither the caller's nor the one that the EHR lent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from typing import Any

import cards
from cards import CardForm
from cds_service.engine.attempts import Allowance
from cds_service.engine.determination import Determination
from cds_service.evaluation.payer import with_payer
from cds_service.fhir.gaps import GapCode
from cds_service.fhir.record import DataKind, Gap, Record, Resource
from cds_service.json_text import write_json
from cds_service.policies import DrugPolicy
from cds_service.values import dataclass

_FORM = 1


@dataclass(frozen=True, slots=True)
class Grounds:
    """``policies`` are names; ``app_context`` the links' opaque ids by order reference.

    ``steps`` is how many steps of the evaluation the call's time reached; None when it reached all.
    ``payers`` are the identifiers of the tenant's payors. ``service`` is the id of the CDS service that was
    called, which tells how the answer is put; ``options`` are facts of the call that it alone knows, as JSON.
    """

    tenant: str
    patient_id: str
    record: Record
    drafts: tuple[Resource, ...]
    policies: tuple[str, ...]
    clock: datetime
    public_url: str
    app_context: Mapping[str, str] = field(default_factory=dict)
    steps: int | None = None
    payers: tuple[str, ...] = ()
    service: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def determinations(
        self, installed: Mapping[str, DrugPolicy], time: Allowance | None = None
    ) -> tuple[Determination, ...]:
        """What the policies say about the drafts in scope; without ``time``, as far as the first answer came."""
        time = time or Allowance(only=self.steps)
        found = [
            determination
            for name in self.policies
            for determination in installed[name].determine(self.record, self.drafts, self.clock, time)
        ]
        return with_payer(found, self.record, self.clock, self.payers, time)

    def cards(
        self,
        found: Sequence[Determination],
        form: CardForm = CardForm.WITH_COVERAGE,
        time: Allowance | None = None,
    ) -> list[dict[str, Any]]:
        """The cards that say it; ``time``, which is to have no limit, counts those that could not be made."""
        return cards.render(
            found,
            form=form,
            tenant=self.tenant,
            patient_id=self.patient_id,
            orders={draft.reference: draft.body for draft in self.drafts},
            public_url=self.public_url,
            app_context=self.app_context,
            time=time,
        )


def written(grounds: Grounds, answer: object) -> bytes:
    """The grounds and the answer that was given on them, as JSON text that keeps every digit."""
    record = grounds.record
    places = {id(report): place for place, report in enumerate(_reports(record.by_type))}
    return write_json(
        {
            "form": _FORM,
            "tenant": grounds.tenant,
            "patient": grounds.patient_id,
            "resources": {kind: _resources(held, places) for kind, held in record.by_type.items()},
            "gaps": [[gap.need.value, gap.reason, gap.partial, gap.code.value] for gap in record.gaps],
            "not_offered": [need.value for need in record.not_offered],
            "drafts": _resources(grounds.drafts),
            "policies": list(grounds.policies),
            "clock": grounds.clock.isoformat(),
            "public_url": grounds.public_url,
            "app_context": dict(grounds.app_context),
            **({} if grounds.steps is None else {"steps": grounds.steps}),
            "payers": list(grounds.payers),
            "service": grounds.service,
            "options": dict(grounds.options),
            "answer": write_json(answer),
        }
    ).encode()


def read(content: bytes) -> tuple[Grounds, str]:
    """Grounds that were written down, and the answer that was given then. Raises ValueError."""
    kept = json.loads(content, parse_float=Decimal)
    if kept["form"] != _FORM:
        raise ValueError("the decision was written down by another version of this program")
    gaps = tuple(_read_gap(*gap) for gap in kept["gaps"])
    by_type = {kind: _read_resources(held) for kind, held in kept["resources"].items()}
    reports = _reports(by_type)
    by_type = {kind: _read_resources(held, reports) for kind, held in kept["resources"].items()}
    grounds = Grounds(
        tenant=kept["tenant"],
        patient_id=kept["patient"],
        record=Record(kept["patient"], by_type, gaps, tuple(map(DataKind, kept.get("not_offered", ())))),
        drafts=_read_resources(kept["drafts"]),
        policies=tuple(kept["policies"]),
        clock=datetime.fromisoformat(kept["clock"]),
        public_url=kept["public_url"],
        app_context=kept["app_context"],
        steps=kept.get("steps"),
        # Absent in what was kept before they were read, and while there was one service.
        payers=tuple(kept.get("payers", ())),
        service=kept.get("service", ""),
        options=kept.get("options", {}),
    )
    return grounds, kept["answer"]


def _read_gap(need: str, reason: str, partial: bool, code: str = GapCode.OTHER) -> Gap:
    """A gap; what was kept before gaps had a code has three members."""
    return Gap(DataKind(need), reason, partial, GapCode(code))


def _reports(by_type: Mapping[str, Sequence[Resource]]) -> list[Mapping[str, Any]]:
    """What may hold the results of others, in the order of the record."""
    held = (r for resources in by_type.values() for r in resources)
    return [r.body for r in held if r.type == "DiagnosticReport" or "hasMember" in r.body]


def _resources(held: Sequence[Resource], places: Mapping[int, int] | None = None) -> list[list[Any]]:
    """The resources, each as body, origin and name, and the place of its report among :func:`_reports` if it has one."""
    by_report = places or {}
    return [
        [r.body, r.origin, r.name, *([by_report[id(r.report)]] if id(r.report) in by_report else [])]
        for r in held
    ]


def _read_resources(
    held: Sequence[Sequence[Any]], reports: Sequence[Mapping[str, Any]] = ()
) -> tuple[Resource, ...]:
    return tuple(
        Resource(body, origin, name, reports[place[0]] if place and reports else None)
        for body, origin, name, *place in held
    )
