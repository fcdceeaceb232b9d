"""The packet of one authorization: its three files, the same bytes for the same input."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from cds_service.engine.determination import Determination
from cds_service.fhir.record import Resource
from cds_service.json_text import write_json
from cds_service.packet.assessment import together
from cds_service.packet.authorization import Authorization
from cds_service.packet.canonical import form_canonical
from cds_service.packet.claim import draft
from cds_service.packet.elements import Json
from cds_service.packet.gaps import Gap
from cds_service.packet.package import package, parameters
from cds_service.values import dataclass

PACKAGE, REQUEST, SUMMARY = "questionnaire-package.json", "pas-request.json", "packet.json"
_UNSAFE = re.compile(r"[^A-Za-z0-9.\-_]+")
_LONGEST_NAME = 100
_ANY_DAY = (1980, 1, 1, 0, 0, 0)  # an archive wants a time for each file; this is its first


@dataclass(frozen=True, slots=True)
class Packet:
    """One authorization's packet. ``name`` is safe as a folder's name; ``files`` are their texts by name."""

    name: str
    files: Mapping[str, str]
    gaps: tuple[Gap, ...]


def zipped(one: Packet) -> bytes:
    """The files in one archive: the same bytes for the same files."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in one.files.items():
            archive.writestr(zipfile.ZipInfo(name, _ANY_DAY), text, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def packets(
    found: Sequence[Determination],
    orders: Sequence[Resource],
    make: Callable[[tuple[Determination, ...], tuple[Resource, ...]], Authorization],
) -> list[Packet]:
    """A packet for each authorization among some determinations, each under a name of its own.

    ``make`` adds what all of them share.
    """
    by_reference = {order.reference: order for order in orders}
    made: list[Packet] = []
    for group in together(found):
        one = packet(make(tuple(group), tuple(by_reference[d.order] for d in group)))
        taken = {held.name for held in made}
        names = (one.name, *(f"{one.name}-{n}" for n in range(2, len(made) + 2)))
        made.append(replace(one, name=next(name for name in names if name not in taken)))
    return made


def packet(one: Authorization) -> Packet:
    """The packet of one authorization."""
    made = draft(one)
    files = {PACKAGE: write_json(parameters([package(one.terms, one.assessment, one.public_url)]))}
    if made.bundle is not None:
        files[REQUEST] = write_json(made.bundle)
    summary = _summary(one, made.gaps, (*files, SUMMARY))
    files[SUMMARY] = json.dumps(summary, indent=1, ensure_ascii=False)
    texts = {name: f"{text}\n" for name, text in files.items()}
    return Packet(_folder(one.orders[0].id or one.order_links[0]), texts, made.gaps)


def _summary(one: Authorization, gaps: Sequence[Gap], files: Sequence[str]) -> Json:
    policy = one.terms.reference
    return {
        "policy": {"id": policy.id, "effective": policy.effective},
        "questionnaire": form_canonical(policy, one.public_url),
        "order": one.order_links[0],
        "orders": list(one.order_links),
        "request": one.assessment.request,
        "cycle": one.assessment.cycle,
        "coverage": one.assessment.verdict.value,
        "coverage-assertion-id": one.assertion,
        "files": list(files),
        "gaps": [gap.as_json for gap in gaps],
    }


def _folder(name: str) -> str:
    return _UNSAFE.sub("-", name).strip(".-")[:_LONGEST_NAME] or "order"
