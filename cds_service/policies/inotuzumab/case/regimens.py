"""Regimens by name: mini-hyper-CVD, full hyper-CVAD, and other ALL therapy that notes and plans mention.

A regimen that a text names as given before is history, not part of the plan. What is not wholly understood is told apart.
Procedure: docs/policies/inotuzumab/case.md#prior-lines. Also: docs/policies/inotuzumab/initial.md#partner-drugs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from cds_service.clinical.acts import Act
from cds_service.clinical.leukemia.cell_therapy import CELLS
from cds_service.clinical.leukemia.indication import Indication, indication
from cds_service.clinical.leukemia.transplants.names import is_transplant
from cds_service.clinical.reading.assertions import Assertion, Time
from cds_service.clinical.reading.layout.past import with_history_told
from cds_service.clinical.reading.mentioned import names_in, speaks_of_past
from cds_service.clinical.reading.reader import read
from cds_service.clinical.reading.recorded import Named, named
from cds_service.clinical.reading.text_dates import HALF_A_YEAR
from cds_service.clinical.reading.tokens import folded
from cds_service.clinical.therapy.drugs import INOTUZUMAB, STEROIDS, drugs_in_text, is_antineoplastic
from cds_service.clinical.therapy.route import Route, route_of
from cds_service.fhir.dates import When
from cds_service.policies.inotuzumab.numbers import span

MINI_HYPER_CVD = "mini-hyper-cvd"
HYPER_CVAD = "hyper-cvad"
_THERAPY, _WITHOUT = "therapy", "without"
# Names of therapy, which the words around them place in the past; and what is past by its own name ("2 prior lines").
_GIVEN, _EARLIER = ("given", "transplant", "drug"), "earlier"
_NAMES = re.compile(r" [|;] ")
_CHEMOTHERAPY = re.compile(r"chemo|cvad|c-vad", re.IGNORECASE)
# Drugs into the cerebrospinal fluid, by which a text names no systemic therapy.
_DRUG_OF_IT = r"(?:chemo(?:therapy)?|methotrexate|MTX|cytarabine|ara-?C|hydrocortisone)"
_INTO_THE_CSF = re.compile(
    rf"\b(?:IT|[Ii]ntra-?thecal(?:ly)?) {_DRUG_OF_IT}\b(?:(?:,|/| and| &| \+) ?{_DRUG_OF_IT}\b){{0,2}}"
    rf"|\b{_DRUG_OF_IT} (?:\d{{1,3}} ?mg )?\(?(?:IT\b|[Ii]ntra-?thecal(?:ly)?\b)\)?"
)
_BY_CODE = "chemotherapy_given"  # as the table of procedures has it
_ADMINISTERED = "chemo_infusion"  # that of an antibody as well, for whatever disease
# Drugs of the code tables that are no line as a procedure, or one by another rule.
_OTHERWISE_COUNTED = CELLS | {INOTUZUMAB, "hydroxyurea"}
_COUNTED = re.compile(r"(?<![\d./])\d+(?![\d./])")
_RECORDED = (Named.STATED, Named.PAST)


class PriorTherapy(NamedTuple):
    """A passage on therapy given before, with the date that it gives; ``understood`` False: not wholly understood."""

    quote: str
    when: When | None
    understood: bool


def names_therapy(text: str) -> bool | None:
    """Whether the name of a record is ALL therapy, as the name of a regimen; None when it is not wholly understood."""
    said = {named(name, _THERAPY, *_GIVEN[:2]) for name in _NAMES.split(text)}
    if not said.isdisjoint(_RECORDED):
        return True
    named_so = not names_in(text, _THERAPY).isdisjoint(_GIVEN[:2])  # not a drug alone ("fluorouracil cream")
    return None if named_so and Named.UNDECIDED in said else False


def names_chemotherapy_given(done: Act) -> bool | None:
    """Whether a procedure is systemic chemotherapy, by its code, that of a drug, or its name; None where that is not wholly understood.

    Transplants and cells have rules of their own; what goes into the cerebrospinal fluid is not systemic.
    """
    for_leukemia = _ADMINISTERED in done.concepts and indication(done.reasons) is Indication.ALL
    coded = for_leukemia or any(
        d == _BY_CODE or is_antineoplastic(d) for d in done.concepts - _OTHERWISE_COUNTED
    )
    named = _CHEMOTHERAPY.search(done.words) is not None
    if not (coded or named or _ADMINISTERED in done.concepts) or is_transplant(done.words):
        return False
    if route_of((), (done.words,)) is Route.INTRATHECAL:
        return False
    if coded or not named:
        return True if coded else None
    return names_therapy(done.words)


def prior_therapy_in(text: str, on: date | None) -> Iterator[PriorTherapy]:
    """The passages of a text of a day that speak of ALL therapy given before."""
    reading = read(_INTO_THE_CSF.sub("intrathecal prophylaxis", with_history_told(text)), _THERAPY, on)
    given = (
        a for a in reading.assertions if a.value == _EARLIER or (a.value in _GIVEN and a.time is Time.PAST)
    )
    told = [PriorTherapy(a.quote, a.when, understood=_is_clear(a)) for a in given if not _is_none(a)]
    told += [
        PriorTherapy(a.quote, a.when, understood=False) for a in reading.assertions if _may_be_over(a, on)
    ]
    yield from dict.fromkeys(t for t in told if not _is_intrathecal(t.quote))
    for n in reading.not_understood:
        heads_lines = n.quote.endswith(":") and _EARLIER in names_in(n.quote, _THERAPY)
        if not n.silenced and (heads_lines or speaks_of_past(n.quote, _THERAPY)):
            yield PriorTherapy(n.quote, None, understood=False)


_OUTCOME = re.compile(
    r"\b(?:no (?:response|remission|cr)|w(?:ithout|/o) (?:response|remission|cr)|not respond\w*|nr|failed|failure|refractory|relapsed?|progress\w*)\b",
    re.IGNORECASE,
)
_COURSES = re.compile(
    r"\bx ?\d|\b(?:\d{1,2}|one|two|three|four|five|six) (?:cycles?|courses?)\b", re.IGNORECASE
)
_OTHER_REGIMEN = re.compile(
    r"(?<!mini )(?<!mini-)\bh(?:yper)?[ -]?c-?vad|\b(?:\w* ?bfm|calgb|graall|ukall|aall|pomp|flag|larson|moad)",
    re.IGNORECASE,
)
_HYPER = re.compile(r"hyper|\bh-?cvad", re.IGNORECASE)
_INTRATHECAL = re.compile(r"\b(?:it|intrathecal(?:ly)?)\b", re.IGNORECASE)
_GIVEN_INTRATHECALLY = frozenset({"methotrexate", "cytarabine"}) | STEROIDS


def is_other_regimen(name: str) -> bool:
    """Whether the name of an activity is a regimen for ALL other than mini-hyper-CVD and hyper-CVAD, as planned."""
    return (
        _OTHER_REGIMEN.search(name) is not None
        and _HYPER.search(name) is None
        and named(name, _THERAPY, "given") is Named.STATED
    )


def _may_be_over(said: Assertion, on: date | None) -> bool:
    """Whether therapy that no word places in the past has a day, an outcome or a number of courses that may do so."""
    if said.value not in _GIVEN or said.time is Time.PAST:
        return False
    of_earlier = (
        on is not None
        and said.when is not None
        and said.when.is_before(on - span("frontline.regimen_within"))
    )
    if of_earlier is True:
        return True
    if _OUTCOME.search(said.quote) is not None:
        return True
    return bool(_OTHER_REGIMEN.search(said.quote) and _COURSES.search(said.quote))


def _is_intrathecal(quote: str) -> bool:
    """Whether a passage tells of intrathecal drugs alone, which are no line."""
    return (
        _INTRATHECAL.search(quote) is not None
        and drugs_in_text(quote) <= _GIVEN_INTRATHECALLY
        and not _OTHER_REGIMEN.search(quote)
    )


def _is_none(said: Assertion) -> bool:
    """Whether it counts the prior lines as none ("prior lines: 0")."""
    return said.value == _EARLIER and set(_COUNTED.findall(said.quote)) == {"0"}


def _is_clear(said: Assertion) -> bool:
    """Whether it tells of prior lines at all: not by a heading alone, nor "0-1"."""
    return said.value != _EARLIER or not (said.quote.endswith(":") or "0" in _COUNTED.findall(said.quote))


# What stands behind a regimen that was given before: its failure, or inotuzumab as what is given now.
_WAS_BEFORE = re.compile(
    r"(?:[.;,]|\bthen|\bbut|\band) (?:then |now |she |he |pt |patient )?(?:relaps\w*|progress(?:ed|ion)|refractory|failed)\b"
    r"(?! (?:b-?|ph|all\b|acute|disease|leukemia|after|on|to|following|with)\b)|\bnow (?:on |for |with |starting |single[- ]agent )?(?:inotuzumab|ino)\b",
    re.IGNORECASE,
)


def plans(text: str, regimen: str, on: date | None = None) -> bool:
    """Whether a text names a regimen (one of the constants above) as part of the plan: affirmed, and not as given before.

    ``on``: the day of the plan, from which "mini-hyper-CVD x 4 in 2024" is known to be long over.
    """
    said = (a for a in read(text, "regimen").assertions if a.is_now and a.value == regimen)
    return any(
        (on is None or a.when is None or a.when.last >= on - HALF_A_YEAR)
        and not _WAS_BEFORE.search(folded(text), a.span[0])
        for a in said
    )


_MINI = re.compile(r"\bmini[- ]?(?:h(?:yper)?[- ]?)?c[- ]?vd\b|\bmhcvd\b", re.IGNORECASE)


def may_plan_mini_hyper_cvd(text: str) -> bool:
    """Whether a text names mini-hyper-CVD in words of which one is not known ("mini-hyper-CVD-R"), as of now."""
    if _MINI.search(text) is None:
        return False
    return any(not n.silenced and _MINI.search(n.quote) for n in read(text, "regimen").not_understood)


_DRUG = r"\b(?:inotuzumab(?: ozogamicin)?|besponsa|ino)\b"
_REGIMEN = r"\b(?:(?:mini|full|full-dose)[- ]?|m)?(?:h(?:yper)?[- ]?)?c[- ]?va?d\b"
_WITH = r" ?(?:\+|&|/|\b(?:and|with|plus|in combination with|combined with|together with)\b) ?"
# "Mini-hyper-CVD cycle 1 with InO"; "inotuzumab, which we will give with mini-hyper-CVD".
_CYCLE = r"(?: (?:c|cycle ?)\d)?"
_GIVEN_WITH = r"(?:,? (?:which|that|to|we|i|she|he|will|is|are|be|give|giving|given|receive|added)\b){0,6}"
_BESIDE = re.compile(
    rf"{_DRUG}{_CYCLE}{_GIVEN_WITH}{_WITH}{_REGIMEN}|{_REGIMEN}{_CYCLE}{_WITH}{_DRUG}", re.IGNORECASE
)
_KINASE = r"(?:TKIs?|tyrosine[- ]kinase inhibitors?)"
_OTHER = (
    r"(?:(?:augmented|modified|low[- ]intensity|reduced[- ]intensity|low[- ]dose|mini|r) ?-?)?(?:FLAG(?:[- ]?IDA)?|POMP|BFM|CALGB|GRAALL|UKALL|"
    rf"h(?:yper)?[- ]?c-?vad(?:-r)?|MOAD|chemo(?:immuno)?(?:therapy)?|{_KINASE})\b"
)
_COMPANY = re.compile(
    rf"{_DRUG}{_CYCLE}{_GIVEN_WITH}{_WITH}{_OTHER}(?! (?:teach|educat|consent|precaution|order|safety|class|maintenance|consolidation)\w*)"
    rf"|\b{_OTHER}{_CYCLE}{_WITH}{_DRUG}",
    re.IGNORECASE,
)


class Company(NamedTuple):
    """Other therapy that words join to inotuzumab, by no name of a drug: a regimen, chemotherapy, some TKI."""

    quote: str
    is_tki: bool


def joined_to_inotuzumab(text: str) -> Company | None:
    found = _COMPANY.search(text)
    return found and Company(found[0], re.search(_KINASE, found[0], re.IGNORECASE) is not None)


_ALONE = re.compile(
    rf"{_DRUG} (?:as )?(?:a )?(?:single[- ]agent|monotherapy|alone)|\bsingle[- ]agent {_DRUG}", re.IGNORECASE
)


def planned_beside(text: str, on: date) -> frozenset[str]:
    """The regimens that a note of a day plans together with inotuzumab; "without" where it says alone or without one."""
    said = [a for a in read(text, "regimen", on).assertions if a.is_now]
    together = {a.value for a in said if a.value != _WITHOUT and _BESIDE.search(a.quote) and _stands(a, on)}
    alone = _ALONE.search(text) is not None or any(a.value == _WITHOUT for a in said)
    return frozenset(together | ({_WITHOUT} if alone else set()))


def _stands(said: Assertion, on: date) -> bool:
    return said.when is None or said.when.last >= on


def names(text: str, regimen: str) -> bool:
    """Whether a text affirms a regimen at any time, as planned or given before."""
    return any(a.value == regimen for a in read(text, "regimen").assertions)
