"""Why a documentation item is open: absent, not seen, on file but not understood, or ordered and awaited.

Knows where each item may be in a record and which orders would bring it. Unseen is never absent:
a reason says so, and no order is offered for what may be there already.
Procedure: docs/policies/inotuzumab/case.md#open-items.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from cds_service.clinical.chart import Chart
from cds_service.clinical.code_sets import code_set
from cds_service.clinical.documents import Document
from cds_service.clinical.evidence import deciding, newest
from cds_service.clinical.leukemia.cd22 import cd22_mentions
from cds_service.clinical.leukemia.mentions import Mention, newest_mention, newest_of
from cds_service.clinical.leukemia.mrd import mrd_mentions
from cds_service.clinical.leukemia.philadelphia import ph_mentions
from cds_service.clinical.observations.newest_first import back_to_usable
from cds_service.clinical.terms import concepts
from cds_service.engine.determination import NeededItem
from cds_service.fhir.codings import words_in
from cds_service.fhir.dates import read_when
from cds_service.fhir.json_types import as_text
from cds_service.fhir.record import Resource
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.places import SOURCES, judged_without, lacking, unseen
from cds_service.policies.inotuzumab.numbers import span


def hidden(chart: Chart, item: str) -> str | None:
    """Why an item may be where nothing was seen; None when all places of it were seen.

    A type that the EHR does not offer hides an item only when it could be nowhere else.
    """
    if reason := unseen(chart, item):
        return reason
    missing = lacking(chart, item)
    return f"this EHR does not offer {' or '.join(missing)}" if len(missing) == len(SOURCES[item]) else None


def absent(case: Case, what: str, item: str, ending: str = " found") -> str:
    """That a thing was not found; or that it may be where nothing was seen, or in what was not understood.

    ``what`` is a noun without article.
    """
    if reason := hidden(case.chart, item):
        return f"{what} could not be looked for everywhere ({reason})"
    if on_file := not_understood(case, item):
        return f"no readable {what}; {_cited(on_file)}"
    if waiting := _no_result_yet(case, item):
        return f"no {what}{ending}; the newest test has no result: {waiting}"
    missing = lacking(case.chart, item)
    return f"no {what}{ending}" + (f" (this EHR does not offer {' and '.join(missing)})" if missing else "")


# ---- On file, not understood -----------------------------------------------------------------------

_VALUES: Mapping[str, tuple[str, ...]] = {
    "cd22": ("cd22_blasts_pct",),
    "cbc": ("anc", "platelets"),
    "electrolytes-baseline": ("potassium", "magnesium"),
    "electrolytes-follow-up": ("potassium", "magnesium"),
    "response": ("marrow_blasts_pct", "pb_blasts_pct", "pb_blasts_abs"),
    "height-weight": ("body_height", "body_weight"),
}
# Tests of an item whose answers are words.
_ANSWERS: Mapping[str, tuple[str, ...]] = {"ph-status": ("bcr_abl1_fish", "bcr_abl1_transcript", "karyotype")}
# Pathology, marrow, flow cytometry and immunostains; with what cytogenetics and molecular reports add.
PATHOLOGY_TYPES = code_set("marrow_report", "pathology_report").bare
_MAY_HOLD_MARKERS = PATHOLOGY_TYPES | code_set("genetics_report").bare
PATHOLOGY_WORDS = re.compile(r"patholog|flow cytom|immunophenotyp|marrow", re.IGNORECASE)
_MARKERS_IN_WORDS = re.compile(rf"{PATHOLOGY_WORDS.pattern}|cytogenetic", re.IGNORECASE)
_IN_A_REPORT = frozenset({"cd22", "ph-status", "response", "mrd"})
_OF_THE_COURSE = frozenset(
    {"response", "progression-note", "extramedullary-status", "mrd", "interruption-reason"}
)
_MOST = 2  # named in one reason
# The topic of the reader that could have settled an item.
_TOPICS: Mapping[str, str] = {
    "response": "response", "progression-note": "response", "extramedullary-status": "extramedullary", "hsct-plan": "transplant",
    "line-of-therapy": "line", "interruption-reason": "recovery",
}  # fmt: skip
_MARKERS: Mapping[str, Callable[[Chart], Iterable[Mention]]] = {
    "cd22": cd22_mentions, "mrd": mrd_mentions, "ph-status": ph_mentions,
}  # fmt: skip


def _no_result_yet(case: Case, item: str) -> str:
    """The newest test of an item where it has no result (yet), in the laboratory's words: ``pending (2026-04-10)``."""
    asked = (*_VALUES.get(item, ()), *_ANSWERS.get(item, ()))
    tests = [r for concept in asked for r in newest(back_to_usable(case.chart, concept))]
    return _listed([OnFile(f"{r.awaited} ({r.day_text})", r.reference) for r in tests if r.awaited])


class OnFile(NamedTuple):
    """What is on file and settles nothing, in words, and where it stands: not understood, or of an undated past."""

    shown: str
    reference: str
    of_the_past: bool = False


def not_understood(case: Case, item: str) -> list[OnFile]:
    """What is on file for an item and was not understood: its newest values, reports without readable text."""
    found = [
        OnFile(r.shown, r.reference)
        for concept in _VALUES.get(item, ())
        for r in newest(deciding(case.chart.usable(concept), case.chart.unusable((concept,))))
        if r.is_unreadable
    ]
    if item in _IN_A_REPORT:
        since = case.frame.start if item in _OF_THE_COURSE else None
        found += [
            OnFile(
                f"{d.words.split(' | ')[0] or 'report'} of {d.when or 'no date'}, content not read",
                d.reference,
            )
            for d in _unread(case, since)
        ]
    return [*_mentions(case, item), *found][:_MOST]


def _mentions(case: Case, item: str) -> list[OnFile]:
    """The newest text that names the item's topic and was not understood (docs/record-reading.md#statements, step 7)."""
    since = case.frame.start if item in _OF_THE_COURSE else None
    if item in _TOPICS:
        mention = newest_mention(case.chart, _TOPICS[item], since)
    elif item in _MARKERS:
        mention = newest_of(_MARKERS[item](case.chart), since)
    else:
        return []
    return [] if mention is None else [OnFile(mention.shown, mention.reference, mention.of_the_past)]


def _cited(on_file: Sequence[OnFile]) -> str:
    past = all(found.of_the_past for found in on_file)
    why = "of an earlier time without a date" if past else "not understood"
    return f"on file and {why}: {_listed(on_file)}"


def _listed(on_file: Sequence[OnFile]) -> str:
    return "; ".join(found.shown for found in on_file)


def _unread(case: Case, since: date | None) -> list[Document]:
    found = [
        d
        for d in case.chart.documents
        if d.content_unread
        and (d.codes & _MAY_HOLD_MARKERS or _MARKERS_IN_WORDS.search(d.words))
        and (since is None or d.when is None or d.when.is_after(since))
    ]
    return sorted(found, key=lambda d: (str(d.when), d.reference), reverse=True)


# ---- Ordered, result awaited -----------------------------------------------------------------------

_PENDING = frozenset({"draft", "active", "on-hold", ""})
_COUNT = r"\bCBC\b|complete blood count|blood count|haemogram|hemogram"
_MARROW = r"\bmarrow\b"
_FLOW = r"flow cytom|immunophenotyp"

# The orders that would bring an item: concepts of their codes, and words of their names.
_ORDERS: Mapping[str, tuple[frozenset[str], str]] = {
    "cd22": (frozenset({"cd22_blasts_pct", "cd22_blasts_abs", "immunophenotype_panel"}), rf"\bCD22\b|{_FLOW}"),
    "ph-status": (
        frozenset({"bcr_abl1_fish", "bcr_abl1_transcript", "karyotype"}),
        r"\bBCR\b|philadelphia|t\(9;22\)|karyotyp|cytogenetic",
    ),
    "pathology": (frozenset({"immunophenotype_panel", "bone_marrow_exam"}), rf"{_FLOW}|patholog|{_MARROW}"),
    "height-weight": (frozenset({"body_height", "body_weight"}), r"\bbody (?:height|weight)\b|\bvital signs\b"),
    "cbc": (frozenset({"anc", "platelets"}), _COUNT),
    "ecg-baseline": (frozenset({"ecg_study", "ecg_procedure"}), r"\bE[CK]G\b|electrocardiogra"),
    "ecg-follow-up": (frozenset({"ecg_study", "ecg_procedure"}), r"\bE[CK]G\b|electrocardiogra"),
    "electrolytes-baseline": (frozenset({"potassium", "magnesium"}), r"electrolyte|\bpotassium\b|\bmagnesium\b"),
    "electrolytes-follow-up": (frozenset({"potassium", "magnesium"}), r"electrolyte|\bpotassium\b|\bmagnesium\b"),
    "response": (frozenset({"marrow_blasts_pct", "bone_marrow_exam"}), _MARROW),
    "mrd": (frozenset(), rf"\bMRD\b|residual disease|{_FLOW}"),
}  # fmt: skip


def awaited(case: Case, item: str) -> str:
    """The order that would bring an item, as ``Flow cytometry (2026-04-14)``; empty when there is none.

    Of the record's orders those under way, and not older than an order that is taken for forgotten.
    """
    if item not in _ORDERS:
        return ""
    coded, words = _ORDERS[item]
    for what, day, codes in (*_drafted(case.requests), *_in_record(case)):
        if codes & coded or re.search(words, what, re.IGNORECASE):
            return f"{what.split(' | ')[0]} ({day})"
    return ""


def _drafted(drafts: Sequence[Resource]) -> Iterator[tuple[str, str, frozenset[str]]]:
    for draft in drafts:
        if draft.type == "ServiceRequest":
            code = draft.body.get("code")
            yield words_in(code), "in this order set", concepts(code, "labs", "procedures")


def _in_record(case: Case) -> Iterator[tuple[str, str, frozenset[str]]]:
    oldest = case.chart.today - span("partner.stale_order")
    for act in case.chart.acts:
        if act.kind != "ServiceRequest" or act.status not in _PENDING or act.intent in ("proposal", "option"):
            continue
        resource = case.record.resolve(act.reference)
        body = resource.body if resource is not None else {}
        authored = read_when(body.get("authoredOn"), case.chart.zone) or act.when
        if authored is not None and authored.last < oldest:
            continue
        yield (
            act.words,
            str(authored or as_text(body.get("status"))),
            concepts(body.get("code"), "labs", "procedures"),
        )


def explained(case: Case, need: NeededItem) -> NeededItem:
    """An item of the checklist with why it is open, and whether an order may be offered for it."""
    if reason := hidden(case.chart, need.item) or _judged_without(case, need):
        named = reason in need.because
        because = need.because if named else f"{need.because}; not all was seen where it may stand ({reason})"
        return replace(need, because=because, orderable=False, unseen=True)
    if order := awaited(case, need.item):
        return replace(
            need, because=f"{need.because}; ordered, result awaited: {order}", orderable=False, awaited=True
        )
    on_file = not_understood(case, need.item)
    unsaid = [found for found in on_file if found.shown not in need.because]
    because = f"{need.because}; {_cited(unsaid)}" if unsaid else need.because
    return replace(need, because=because, orderable=not on_file)


def _judged_without(case: Case, need: NeededItem) -> str | None:
    """Why what the item is judged with could not be seen, where the item is open for that."""
    reason = judged_without(case.chart, need.item)
    return reason if reason is not None and reason in need.because else None
