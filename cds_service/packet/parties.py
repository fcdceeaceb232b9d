"""Who asks and who is asked: insurer, requesting provider and prescriber of a draft, from the record.

What the record does not tell is a gap. Names no resource of its own but an Organization for a payor that the
Coverage identifies without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.fhir.record import Resource
from cds_service.fhir.references import local_reference
from cds_service.packet import requirements
from cds_service.packet.authorization import Authorization
from cds_service.packet.elements import content_uuid
from cds_service.packet.gaps import Gap, Who
from cds_service.values import dataclass


@dataclass(frozen=True, slots=True)
class Parties:
    """The parties as resources; None where the record does not tell. ``team`` is a PractitionerRole that fits."""

    insurer: Resource | None
    provider: Resource | None
    team: Resource | None
    others: tuple[Resource, ...]
    gaps: tuple[Gap, ...]

    @property
    def resources(self) -> tuple[Resource, ...]:
        """All of them, each once."""
        named = (self.insurer, self.provider, self.team, *self.others)
        return tuple({r.reference: r for r in named if r is not None}.values())


def parties(one: Authorization) -> Parties:
    """The parties of an authorization."""
    insurer, insurer_gaps = _insurer(one)
    provider, team, others, provider_gaps = _asking(one)
    return Parties(insurer, provider, team, others, (*insurer_gaps, *provider_gaps))


def _insurer(one: Authorization) -> tuple[Resource | None, list[Gap]]:
    coverage = one.coverage
    assert coverage is not None
    payor = next(iter(as_dicts(coverage.body.get("payor"))), {})
    reference = as_text(payor.get("reference")) or ""
    held = one.held(reference, coverage) if reference else None
    if held is not None and held.type == "Organization" and not reference.startswith("#"):
        what = "the payor's Organization"
        return held, list(requirements.organization_gaps(held.body, "Claim.insurer", what))
    stated = payor.get("identifier") if held is None else held.body.get("identifier")
    is_person = (local_reference(reference) or "").startswith(("Patient/", "RelatedPerson/"))
    if is_person or not as_dicts(stated) or (held is not None and held.type != "Organization"):
        why = (
            "the Coverage names its payor neither by an Organization that could be read nor by an identifier"
        )
        return None, [Gap("Claim.insurer", why, Who.PROVIDER, blocks=True)]
    name = as_text((held.body if held is not None else {}).get("name")) or as_text(payor.get("display"))
    made = _made(as_dicts(stated), name or one.terms.reference.payer)
    return made, list(requirements.identifier_gaps(as_dicts(stated), "Claim.insurer.identifier"))


def _made(identifiers: list[Mapping[str, Any]], name: str) -> Resource:
    body = {"resourceType": "Organization", "active": True, "identifier": identifiers, "name": name}
    return Resource(body, "made", f"urn:uuid:{content_uuid(body)}")


def _asking(
    one: Authorization,
) -> tuple[Resource | None, Resource | None, tuple[Resource, ...], list[Gap]]:
    """The requesting provider, the prescriber's role where it fits a care team, what both name, and gaps."""
    order = one.orders[0]
    requester = _held(one, order, "requester")
    role = requester if requester is not None and requester.type == "PractitionerRole" else None
    person = _held(one, role, "practitioner", "Practitioner")
    clinic = _organization(one, requester, role)
    fits = role is not None and not list(_team_gaps(role, person))
    others = tuple(r for r in (person,) if fits and r is not None)
    team = role if fits else None
    if clinic is not None:
        gaps = list(
            requirements.organization_gaps(clinic.body, "Claim.provider", "the ordering organization")
        )
        if not fits:
            why = "the order names no prescriber's role with contact, identifier and name"
            gaps.append(Gap("Claim.careTeam", why))
        return clinic, team, others, gaps
    if role is not None:
        kept = tuple(r for r in (person,) if r is not None)
        return role, team, kept, list(_team_gaps(role, person))
    why = "neither the order's requester nor its encounter tells the ordering organization"
    return None, None, (), [Gap("Claim.provider", why, Who.PROVIDER, blocks=True)]


def _team_gaps(role: Resource, person: Resource | None) -> list[Gap]:
    element = "Claim.provider"
    found = list(requirements.role_gaps(role.body, element))
    if person is None:
        return [
            *found,
            Gap(f"{element}.practitioner", "the prescriber could not be read", Who.PROVIDER, True),
        ]
    return [*found, *requirements.practitioner_gaps(person.body, element)]


def _organization(one: Authorization, requester: Resource | None, role: Resource | None) -> Resource | None:
    if requester is not None and requester.type == "Organization":
        return requester
    clinic = _held(one, role, "organization", "Organization")
    return clinic or _held(one, one.visit, "serviceProvider", "Organization")


def _held(one: Authorization, holder: Resource | None, member: str, *types: str) -> Resource | None:
    """The resource that a member refers to, when the record holds it and it is of these types (any, without).

    One that is contained in its holder is not carried.
    """
    reference = as_text(as_dict(holder.body.get(member)).get("reference")) if holder is not None else None
    if holder is None or reference is None or reference.startswith("#"):
        return None
    found = one.held(reference, holder)
    return found if found is not None and (not types or found.type in types) else None
