"""What a policy says of its prior authorization: the form's terms, the service, and the payer's codes.

Read from ``[form]`` and ``[authorization]`` of a policy file, beside the outline that the form is made from.
Knows no drug, no FHIR resource and no patient. The X12 codes are the payer's own table: X12's lists are not
in this repository.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cds_service.engine.determination import PolicyReference
from cds_service.engine.policy_file import Group, PolicyError, PolicyFile
from cds_service.values import dataclass

COMPLETION_TIMES = ("under-1min", "under-3min", "under-5min", "over-5min")


@dataclass(frozen=True, slots=True)
class FormTerms:
    """``name`` is the library's identifier and the form's; ``requests`` are the outline's top groups with their
    labels; ``documented`` are the items that ask for a document; ``cql`` and ``elm`` find the facts in a record.
    """

    name: str
    clinical_time: str
    total_time: str
    requests: Mapping[str, str]
    documented: frozenset[str]
    cql: str
    elm: str


@dataclass(frozen=True, slots=True)
class ServiceTerms:
    """What is asked for: a billing code, and the payer's X12 codes. Empty: the payer's table lacks it.

    ``certification`` is by kind of request. ``diagnosis`` are the criteria whose Condition is the billing
    diagnosis, first one first.
    """

    system: str
    code: str
    item_category: str = ""
    request_type: str = ""
    certification: Mapping[str, str] | None = None
    report_type: str = ""
    diagnosis: tuple[str, ...] = ()


@dataclass(frozen=True)
class AuthorizationTerms:
    """All that a form and a request draft need of a policy, beside a determination.

    ``criteria`` are ids; ``reference`` has their titles and sections.
    """

    reference: PolicyReference
    groups: Mapping[str, Group]
    criteria: tuple[str, ...]
    form: FormTerms
    service: ServiceTerms


def read_terms(policy: PolicyFile, cql: str, elm: str) -> AuthorizationTerms:
    """The terms in a policy file. Raises PolicyError for an id or a code that has no meaning."""
    form, service = policy.about["form"], policy.about["authorization"]
    terms = AuthorizationTerms(
        policy.reference,
        policy.groups,
        policy.criteria,
        FormTerms(
            form["name"],
            form["clinical_time"],
            form["total_time"],
            dict(form["requests"]),
            frozenset(form["documented"]),
            cql,
            elm,
        ),
        ServiceTerms(
            service["service_system"],
            policy.reference.drug.billing_code,
            service.get("item_category", ""),
            service.get("request_type", ""),
            dict(service.get("certification", {})),
            service.get("report_type", ""),
            tuple(service.get("diagnosis", ())),
        ),
    )
    if faults := list(_faults(terms)):
        raise PolicyError("; ".join(faults))
    return terms


def _faults(terms: AuthorizationTerms) -> Iterator[str]:
    form = terms.form
    for time in (form.clinical_time, form.total_time):
        if time not in COMPLETION_TIMES:
            yield f"form: {time} is none of {', '.join(COMPLETION_TIMES)}"
    named = (
        ("form.requests", form.requests.keys(), terms.groups.keys(), "groups"),
        ("form.documented", form.documented, {*terms.criteria, *terms.groups}, "criteria or groups"),
        ("authorization.diagnosis", set(terms.service.diagnosis), terms.criteria, "criteria"),
    )
    for member, ids, known, what in named:
        if missing := sorted(set(ids) - set(known)):
            yield f"{member} names what is no {what}: {', '.join(missing)}"
