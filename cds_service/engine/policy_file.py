"""A policy as data: outline, citations, numbers and documentation items, read from one TOML file.

Knows the shape of the file and no policy. What functions decide about it is bound in ``outline``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from datetime import date
from typing import Any, TypeVar

from cds_service.engine.determination import Basis, Cited, Drug, PolicyReference
from cds_service.engine.items import Item, item_of
from cds_service.engine.numbers import Number, Numbers, numbers_of
from cds_service.engine.wording import upper_first
from cds_service.values import dataclass

T = TypeVar("T")


class PolicyError(ValueError):
    """The policy file cannot be used, or disagrees with the code; the message names the id."""


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a criterion or rule stands: section and page of the payer's document, and its basis.

    ``footer`` is what every coverage card says of it, where it is about the policy as a whole. ``dated`` is
    False where the day of the evidence says nothing about it.
    """

    id: str
    section: str
    page: int
    title: str
    brief: str
    basis: Basis
    kind: str
    footer: str = ""
    dated: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """A node of the outline: ``all`` or ``any`` of parts, each a criterion id or another group's id.

    ``section`` is where the whole stands in the payer's document; only the outermost need have one.
    """

    id: str
    operator: str
    title: str
    parts: tuple[str, ...]
    section: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """What the CDS service of a policy says of itself in discovery."""

    title: str
    description: str


@dataclass(frozen=True)
class PolicyFile:
    """One policy file. Titles are kept as in the file; ``reference`` fills the numbers into them."""

    about: Mapping[str, Any]
    service: Service
    groups: Mapping[str, Group]
    criteria: tuple[str, ...]
    citations: Mapping[str, Citation]
    numbers: Numbers
    items: Mapping[str, Item]
    not_computed: Mapping[str, tuple[Citation, str]]
    _editions: dict[date, PolicyReference] = field(default_factory=dict, compare=False, repr=False)

    @property
    def reference(self) -> PolicyReference:
        """The payer's document with what its criteria and rules say on the day that is being judged."""
        edition = self.numbers.edition
        if edition not in self._editions:
            self._editions[edition] = self._reference()
        return self._editions[edition]

    def _reference(self) -> PolicyReference:
        policy, drug = self.about["policy"], self.about["drug"]
        return PolicyReference(
            policy["id"],
            policy["effective"],
            policy["title"],
            policy["payer"],
            Drug(
                drug["name"],
                drug["short"],
                drug["billing_code"],
                drug["billing_display"],
                self.numbers.filled(drug["billing_unit"]),
            ),
            {c.id: self._cited(c) for c in self.citations.values()},
            {i.id: self._said(i) for i in self.items.values()},
            "; ".join(c.footer for c in self.citations.values() if c.footer),
            self.about["form"]["revision"] if "form" in self.about else None,
        )

    def _said(self, item: Item) -> Item:
        filled = self.numbers.filled
        return replace(item, name=filled(item.name), act=filled(item.act), late=filled(item.late))

    def _cited(self, c: Citation) -> Cited:
        title, brief = self.numbers.filled(c.title), self.numbers.filled(c.brief or c.title)
        return Cited(c.section.strip("-"), upper_first(title), brief, c.dated)


def read_policy(text: str) -> PolicyFile:
    """Read a policy file. Raises PolicyError that names what is missing, doubled or without meaning."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise PolicyError(f"no TOML: {fault}") from None
    try:
        return _read(raw)
    except (KeyError, TypeError, ValueError) as fault:
        if isinstance(fault, PolicyError):
            raise
        raise PolicyError(f"{type(fault).__name__}: {fault}") from fault


def _read(raw: Mapping[str, Any]) -> PolicyFile:
    rules = (*raw["criterion"], *raw.get("rule", ()))
    citations = _by_id(map(_citation, rules), lambda c: c.id)
    found = PolicyFile(
        about={name: raw[name] for name in ("policy", "drug", "form", "authorization") if name in raw},
        service=Service(**raw["service"]),
        groups=_by_id(map(_group, raw["group"]), lambda g: g.id),
        criteria=tuple(c["id"] for c in raw["criterion"]),
        citations=citations,
        numbers=Numbers(_by_id(_numbers(rules, citations), lambda n: n.name)),
        items=_by_id(map(item_of, raw.get("item", ())), lambda i: i.id),
        not_computed={n["id"]: (_citation(n), n["reason"]) for n in raw.get("not_computed", ())},
    )
    _check_parts(found)
    _ = found.reference  # every title can be filled
    return found


def _by_id(entries: Iterator[T], id_of: Callable[[T], str]) -> dict[str, T]:
    found: dict[str, T] = {}
    for entry in entries:
        if id_of(entry) in found:
            raise PolicyError(f"{id_of(entry)} stands twice in the file")
        found[id_of(entry)] = entry
    return found


def _group(raw: Mapping[str, Any]) -> Group:
    if raw["operator"] not in ("all", "any"):
        raise PolicyError(f"group {raw['id']}: operator must be all or any")
    return Group(raw["id"], raw["operator"], raw["title"], tuple(raw["parts"]), raw.get("section", ""))


def _citation(raw: Mapping[str, Any]) -> Citation:
    return Citation(
        raw["id"], raw["section"], raw["page"], raw["title"], raw.get("brief", ""), Basis(raw["basis"]), raw["kind"],
        raw.get("footer", ""), raw.get("dated", True),
    )  # fmt: skip


def _numbers(rules: tuple[Mapping[str, Any], ...], citations: Mapping[str, Citation]) -> Iterator[Number]:
    for rule in rules:
        cited = citations[rule["id"]]
        yield from numbers_of(rule, cited.section, cited.basis)


def _check_parts(policy: PolicyFile) -> None:
    known = {*policy.groups, *policy.criteria}
    for group in policy.groups.values():
        for part in group.parts:
            if part not in known:
                raise PolicyError(f"group {group.id} names {part}, which is neither group nor criterion")
