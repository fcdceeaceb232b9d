"""One patient's data in the database: finding all of it, and removing what may be removed.

The audit trail stays: it accounts for what was done, and a hash chain has no holes. Sessions and
drafts are sealed, belong to a browser and not to a patient, and end by themselves within hours; so do
the contexts of forms, which are found by an assertion's id alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, or_, select

from cds_service.fhir.json_types import as_dict, as_dicts
from cds_service.store import audit_trail
from cds_service.store.database import Database
from cds_service.store.decisions import of_patient
from cds_service.store.schema import decision_cards, decisions, feedback, shown_cards


def found(database: Database, tenant: str, patient: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Everything kept about a patient of a tenant, as the name of its table and a row.

    ``patient`` is a reference, as ``Patient/p1``. Of a decision, which is sealed, only that it is kept.
    """
    with database.read() as db:
        for row in db.execute(select(shown_cards).where(_shown_to(tenant, patient))).mappings():
            yield "shown_cards", dict(row)
        for row in db.execute(select(feedback).where(_feedback_on(tenant, patient))).mappings():
            yield "feedback", {**row, "item": json.loads(row["item"])}
        kept = select(decisions.c.id, decisions.c.at).where(decisions.c.id.in_(_decided(tenant, patient)))
        for row in db.execute(kept).mappings():
            yield "decisions", dict(row)
    for text in audit_trail.exported(database):
        if patient in text and _is_about(event := json.loads(text), tenant, patient):
            yield "audit", event


def removed(database: Database, tenant: str, patient: str) -> dict[str, int]:
    """Remove a patient's shown cards, feedback and decisions at once; the number of rows of each."""
    with database.write() as db:
        over = db.execute(_decided(tenant, patient)).scalars().all()
        db.execute(delete(decision_cards).where(decision_cards.c.decision.in_(over)))
        gone = {
            "decisions": db.execute(delete(decisions).where(decisions.c.id.in_(over))).rowcount,
            "feedback": db.execute(delete(feedback).where(_feedback_on(tenant, patient))).rowcount,
        }
        gone["shown_cards"] = db.execute(delete(shown_cards).where(_shown_to(tenant, patient))).rowcount
    return gone


def _shown_to(tenant: str, patient: str) -> ColumnElement[bool]:
    return and_(shown_cards.c.tenant == tenant, shown_cards.c.patient == patient)


def _cards(tenant: str, patient: str) -> Select[tuple[str]]:
    """The ids of the patient's cards: each is of one tenant and one patient."""
    return select(shown_cards.c.card).where(_shown_to(tenant, patient))


def _feedback_on(tenant: str, patient: str) -> ColumnElement[bool]:
    return and_(feedback.c.tenant == tenant, feedback.c.card.in_(_cards(tenant, patient)))


def _decided(tenant: str, patient: str) -> Select[tuple[str]]:
    """Decisions that name the patient, and those of before they did, by the patient's cards."""
    name = decision_cards.c.card
    ours = or_(name == of_patient(tenant, patient), name.in_(_cards(tenant, patient)))
    return select(decision_cards.c.decision).where(ours).distinct()


def _is_about(event: Mapping[str, Any], tenant: str, patient: str) -> bool:
    entities = as_dicts(event.get("entity"))
    references = {as_dict(entity.get("what")).get("reference") for entity in entities}
    details = [detail for entity in entities for detail in as_dicts(entity.get("detail"))]
    tenants = {detail.get("valueString") for detail in details if detail.get("type") == "tenant"}
    return patient in references and tenant in tenants
