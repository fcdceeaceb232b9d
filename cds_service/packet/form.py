"""The form: one Questionnaire for each policy, made from the policy's outline and the same for every patient.

A criterion is a yes or no, and behind it stand what the record shows, its evidence and, where the policy
asks for one, a document. "Any of" is a choice; what every alternative needs is asked before it. Knows no
answer and no patient.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cds_service.engine.policy_file import Group, PolicyError
from cds_service.packet.canonical import form_url, form_version
from cds_service.packet.elements import CORE, DTR, SDC, Json, coding, extension, semver
from cds_service.packet.library import facts_expression, library_canonical
from cds_service.policies.authorization import AuthorizationTerms

NONE = "none"
ATTESTED = "attested"
EVIDENCE_TYPES = (
    "AdverseEvent", "Appointment", "CarePlan", "Condition", "Coverage", "DiagnosticReport", "DocumentReference",
    "MedicationAdministration", "MedicationDispense", "MedicationRequest", "MedicationStatement", "Observation",
    "Patient", "Procedure", "ServiceRequest",
)  # fmt: skip


def questionnaire(terms: AuthorizationTerms, public_url: str) -> Json:
    """The form of a policy. Raises PolicyError for an outline that cannot be asked without asking twice."""
    policy, form = terms.reference, terms.form
    made = {
        "resourceType": "Questionnaire",
        "id": policy.id,
        "meta": {"profile": [f"{DTR}/dtr-std-questionnaire"]},
        "extension": _head(terms, public_url),
        "url": form_url(policy, public_url),
        "version": form_version(policy),
        "name": form.name,
        "title": f"{policy.title}: prior authorization documentation",
        "status": "active",
        "experimental": False,
        "subjectType": ["Patient"],
        "date": policy.effective,
        "publisher": policy.payer,
        "effectivePeriod": {"start": policy.effective},
        "item": list(_Items(terms, public_url).all()),
    }
    _refuse_twice(made)
    return made


def options_system(terms: AuthorizationTerms, public_url: str) -> str:
    """The code system of the form's choices."""
    return f"{public_url}/fhir/CodeSystem/{terms.reference.id}"


def _head(terms: AuthorizationTerms, public_url: str) -> list[Json]:
    launch = [
        extension(
            "name", valueCoding=coding("http://hl7.org/fhir/uv/sdc/CodeSystem/launchContext", "patient")
        ),
        extension("type", valueCode="Patient"),
    ]
    times = [
        extension("clinicalTime", valueCode=terms.form.clinical_time),
        extension("totalTime", valueCode=terms.form.total_time),
    ]
    return [
        semver(),
        extension(f"{DTR}/questionnaireAudience", valueCode="clinical"),
        extension(f"{DTR}/request-specific", valueBoolean=True),
        extension(f"{DTR}/estimated-completion-time", extension=times),
        extension(f"{SDC}/sdc-questionnaire-launchContext", extension=launch),
        extension(f"{CORE}/cqf-library", valueCanonical=library_canonical(terms, public_url)),
    ]


class _Items:
    """The items of one policy's form."""

    def __init__(self, terms: AuthorizationTerms, public_url: str) -> None:
        self.terms, self.system = terms, options_system(terms, public_url)

    def all(self) -> Iterator[Json]:
        yield self._facts()
        for request in self.terms.form.requests:
            group = self.terms.groups[request]
            items = list(self._part(request, frozenset())) if group.operator == "any" else self._parts(group)
            yield self._group(request, group.title, items, self._when("request", request))
        attested = _item(
            ATTESTED, "I have checked these answers against the record", "boolean", required=True
        )
        yield self._group("attestation", "Attestation", [attested])

    def _facts(self) -> Json:
        requests = self.terms.form.requests
        items = [
            _item("birth-date", "Date of birth", "date", required=True, expression="Birth date"),
            _item("height", "Body height (cm)", "decimal", expression="Height in cm"),
            _item("weight", "Body weight (kg)", "decimal", expression="Weight in kg"),
            self._choice("request", "Kind of request", requests),
            _item("cycle", "Cycle", "integer", required=True),
        ]
        for item in items:
            if expression := item.pop("expression", None):
                item["extension"] = [facts_expression(self.terms.form.name, expression)]
        return self._group("facts", "Facts", items)

    def _parts(self, group: Group, asked: frozenset[str] = frozenset()) -> list[Json]:
        return [item for part in group.parts if part not in asked for item in self._part(part, asked)]

    def _part(self, part: str, asked: frozenset[str]) -> Iterator[Json]:
        group = self.terms.groups.get(part)
        if group is None:
            yield from self._criterion(part)
        elif group.operator == "all":
            yield self._group(part, group.title, self._parts(group, asked))
        else:
            yield from self._any(group, asked)

    def _any(self, group: Group, asked: frozenset[str]) -> Iterator[Json]:
        """What every alternative needs, the choice, and the alternatives that have questions of their own."""
        groups = self.terms.groups
        shared = [leaf for leaf in self._shared(group) if leaf not in asked]
        for leaf in shared:
            yield from self._criterion(leaf)
        yield self._choice(group.id, group.title, {part: self._title(part) for part in group.parts})
        if any(part not in groups for part in group.parts):
            yield from self._companions(group.id)
        for part in (p for p in group.parts if p in groups):
            known = asked | frozenset(shared)
            inner = groups[part]
            items = self._parts(inner, known) if inner.operator == "all" else list(self._any(inner, known))
            yield self._group(part, inner.title, items, self._when(group.id, part))

    def _shared(self, group: Group) -> list[str]:
        """The criteria that every alternative needs, in the order of the first."""
        inner = [self.terms.groups.get(part) for part in group.parts]
        if not inner or any(g is None or g.operator != "all" for g in inner):
            return []
        needed = [g.parts for g in inner if g is not None]
        return [
            leaf
            for leaf in needed[0]
            if leaf in self.terms.criteria and all(leaf in parts for parts in needed)
        ]

    def _title(self, part: str) -> str:
        group = self.terms.groups.get(part)
        return group.title if group is not None else self.terms.reference.rules[part].title

    def _criterion(self, leaf: str) -> Iterator[Json]:
        cited = self.terms.reference.rules[leaf]
        asked = _item(leaf, cited.title, "boolean", required=True)
        yield {"linkId": leaf, "prefix": cited.section, **asked}
        yield from self._companions(leaf)

    def _companions(self, of: str) -> Iterator[Json]:
        types = [extension(f"{CORE}/questionnaire-referenceResource", valueCode=t) for t in EVIDENCE_TYPES]
        yield _item(f"{of}.because", "What the record shows", "text")
        evidence = _item(f"{of}.evidence", "Evidence in the record", "reference", repeats=True)
        yield {**evidence, "extension": types}
        if of in self.terms.form.documented:
            document = _item(f"{of}.attachment", "Document, if the record does not hold it", "attachment")
            without = {"question": f"{of}.evidence", "operator": "exists", "answerBoolean": False}
            yield {**document, "repeats": True, "enableWhen": [without]}

    def _choice(self, link: str, text: str, options: Mapping[str, str]) -> Json:
        if link != "request":
            options = {**options, NONE: "None of these"}
        offered = [{"valueCoding": coding(self.system, code, title)} for code, title in options.items()]
        return {**_item(link, text, "choice", required=True), "answerOption": offered}

    def _when(self, question: str, code: str) -> list[Json]:
        return [{"question": question, "operator": "=", "answerCoding": coding(self.system, code)}]

    def _group(self, link: str, text: str, items: list[Json], when: list[Json] | None = None) -> Json:
        made = {"linkId": link, "text": text, "type": "group", "item": items}
        return {**made, "enableWhen": when} if when else made


def _item(link: str, text: str, kind: str, **more: object) -> Json:
    return {"linkId": link, "text": text, "type": kind, **more}


def items_of(form: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All items of a form, in its order."""
    for item in form.get("item", ()):
        yield item
        yield from items_of(item)


def _refuse_twice(form: Json) -> None:
    links = [str(item["linkId"]) for item in items_of(form)]
    if twice := sorted({link for link in links if links.count(link) > 1}):
        raise PolicyError(
            f"the form would ask twice for {', '.join(twice)}: give each alternative its own id"
        )
