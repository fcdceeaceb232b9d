"""Which drug a CodeableConcept names, by ingredient.

A code of the tables (product codes resolve to their ingredient) beats text; only where no code
is known do the words decide. Antineoplastics that the tables lack are recognised by their ATC
class or by name, so that an unlisted partner is never taken for a harmless drug.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from cds_service.clinical.code_sets import code_set
from cds_service.clinical.terminology import UNVERIFIED, rows
from cds_service.clinical.terms import concepts
from cds_service.fhir.codings import System, codes_in, system_of, words_in
from cds_service.fhir.json_types import as_dict, as_dicts, as_text
from cds_service.remembering import remembered

INOTUZUMAB = "inotuzumab_ozogamicin"
BILLING_OPTION = "http://hl7.org/fhir/us/davinci-crd/StructureDefinition/ext-billing-options"
UNRESOLVED = "unresolved"  # a reference or code that could not be read: some drug, not known which
_CHEMOTHERAPY_CHAPTER = "J9"  # of HCPCS, with few other drugs

TKIS = frozenset({"bosutinib", "dasatinib", "imatinib", "nilotinib", "ponatinib"})
ORAL_TKIS = TKIS | {"asciminib", "olverembatinib", "flumatinib"}
# Taken by mouth day by day, so that a dose of yesterday tells of a treatment that goes on.
TAKEN_DAILY = ORAL_TKIS | {
    "mercaptopurine",
    "thioguanine",
    "tioguanine",
    "venetoclax",
    "navitoclax",
    "ruxolitinib",
    "revumenib",
}
MINI_HYPER_CVD = frozenset({"cyclophosphamide", "dexamethasone", "vincristine", "methotrexate", "cytarabine"})
STEROIDS = frozenset({"dexamethasone", "prednisone", "prednisolone", "methylprednisolone"})
ANTHRACYCLINES = frozenset({"doxorubicin", "daunorubicin", "idarubicin", "epirubicin"})
CYTOREDUCTION = frozenset({"hydroxyurea", "vincristine"}) | STEROIDS
CD22_DIRECTED = frozenset({INOTUZUMAB, "moxetumomab"})

# Names that the code tables lack, and brand names; ingredient (or class) -> words.
_NAMES: Mapping[str, tuple[str, ...]] = {
    INOTUZUMAB: ("inotuzumab", "besponsa"),
    "gemtuzumab_ozogamicin": ("gemtuzumab", "mylotarg"),
    "blinatumomab": ("blinatumomab", "blinatumumab", "blincyto"),
    "bosutinib": ("bosutinib", "bosulif"),
    "dasatinib": ("dasatinib", "sprycel"),
    "imatinib": ("imatinib", "gleevec"),
    "nilotinib": ("nilotinib", "tasigna", "danziten"),
    "ponatinib": ("ponatinib", "iclusig"),
    "asciminib": ("asciminib", "scemblix"),
    "cyclophosphamide": ("cyclophosphamide", "cytoxan"),
    "dexamethasone": ("dexamethasone", "decadron"),
    "vincristine": ("vincristine", "oncovin", "marqibo"),
    "methotrexate": ("methotrexate",),
    "cytarabine": ("cytarabine", "ara-c"),
    "rituximab": ("rituximab", "rituxan", "truxima", "ruxience"),
    "hydroxyurea": ("hydroxyurea", "hydroxycarbamide", "hydrea"),
    "doxorubicin": ("doxorubicin", "adriamycin"),
    "tisagenlecleucel": ("tisagenlecleucel", "kymriah"),
    "pegaspargase": ("pegaspargase", "oncaspar"),
    "mercaptopurine": ("mercaptopurine",),
    "prednisone": ("prednisone",),
    "prednisolone": ("prednisolone",),
    "methylprednisolone": ("methylprednisolone", "solu-medrol"),
    "defibrotide": ("defibrotide", "defitelio"),
    "filgrastim": ("filgrastim",),
    "pegfilgrastim": ("pegfilgrastim",),
    "ursodiol": ("ursodiol", "ursodeoxycholic acid"),
    "platelet_transfusion": ("platelet transfusion", "transfusion of platelets", "platelets transfused"),
}
# Antineoplastics that the code tables lack, or have without an ATC class.
_OTHER_ANTINEOPLASTICS = (
    "tisagenlecleucel",
    "venetoclax", "asparaginase", "calaspargase", "thioguanine", "tioguanine", "ifosfamide", "bortezomib",
    "carfilzomib", "brexucabtagene", "obecabtagene", "epirubicin", "decitabine", "azacitidine", "topotecan",
    "ofatumumab", "obinutuzumab", "daratumumab", "moxetumomab", "teniposide", "vinblastine", "vindesine",
    "bendamustine", "carmustine", "ruxolitinib", "revumenib", "epratuzumab", "amsacrine", "nimustine",
    "olverembatinib", "flumatinib",
)  # fmt: skip


@cache
def names_in_words() -> Mapping[str, frozenset[str]]:
    """The names by which a text may call each ingredient."""
    words: dict[str, set[str]] = {name: set(found) for name, found in _NAMES.items()}
    for row in rows("drugs"):
        words.setdefault(row["concept"], {row["concept"].replace("_", " ")})
    for name in qt_levels():
        words.setdefault(name, {name})
    for name in _OTHER_ANTINEOPLASTICS:
        words.setdefault(name, {name})
    for row in rows("drug_names"):
        words.setdefault(row["concept"], set()).update(row["display"].split("|"))
    return {name: frozenset(found) for name, found in words.items()}


@cache
def _names() -> tuple[re.Pattern[str], Mapping[str, frozenset[str]]]:
    """One pattern for all names, the longest first, and the ingredients that each may mean."""
    meant: dict[str, set[str]] = {}
    known = names_in_words()
    for ingredient, found in known.items():
        one_name = ingredient.replace(" ", "_")
        for name in found:
            meant.setdefault(name.lower(), set()).add(one_name if one_name in known else ingredient)
    longest_first = sorted(meant, key=lambda name: (-len(name), name))
    any_of_them = "|".join(map(re.escape, longest_first))
    pattern = re.compile(rf"(?<![A-Za-z])(?:{any_of_them})(?![A-Za-z])", re.IGNORECASE)
    return pattern, {name: frozenset(found) for name, found in meant.items()}


@cache
def qt_levels() -> Mapping[str, str]:
    """QT-prolonging drugs by ingredient: ``high``, ``moderate``, ``conditional``, or ``unverified``.

    A drug whose QT source was not re-read is ``unverified``: it is named and decides nothing.
    """
    found: dict[str, str] = {}
    for row in rows("qt_drugs", unverified=True):
        notes = dict(p.split("=", 1) for p in row["note"].split(";") if "=" in p)
        if row["source"].startswith(UNVERIFIED):
            found[row["concept"]] = "unverified"
        elif level := notes.get("level"):
            found.setdefault(row["concept"], level)
    return found


# "Gemtuzumab (NOT inotuzumab)" and "dexamethasone before inotuzumab" name the other drug.
_OTHER_THAN = re.compile(
    r"\b(?:not|instead of|before|prior to|after|due to|(?:pre-?)?med(?:ication)?s? for)\s+(?:each |every |the )?[\w-]+",
    re.IGNORECASE,
)
# The name of a drug that protects from another one ("leucovorin (methotrexate rescue)", "mesna with cyclophosphamide").
_PROTECTS = re.compile(
    r"\b(?:leucovorin|levoleucovorin|folinic acid|mesna|glucarpidase|dexrazoxane)\b", re.IGNORECASE
)
_PROTECTED = re.compile(
    r"\b[A-Za-z]{3,30}[ -](?:rescue|toxicity|overdose|clearance|induced)\b|"
    r"\b(?:with|for|during)\s(?:high[- ]dose )?[A-Za-z]{3,30}\b",
    re.IGNORECASE,
)


@remembered(400_000)
def _named_in(words: str) -> frozenset[str]:
    of_itself = _OTHER_THAN.sub(" ", words)
    pattern, meant = _names()
    return _one_name_each(i for m in pattern.finditer(of_itself) for i in meant[m[0].lower()])


def _one_name_each(found: Iterable[str]) -> frozenset[str]:
    """A drug of several tables under its one name; ``qt_drugs`` spells some with a blank."""
    names = set(found)
    return frozenset([n for n in names if " " not in n or n.replace(" ", "_") not in names])


_ANTINEOPLASTIC = code_set("antineoplastic")
_SYSTEMIC = "systemic antineoplastic"  # as the table of names notes it
# Forms of a drug that act where they are put, and are no systemic therapy.
_LOCAL = re.compile(
    r"\b(?:cream|topical(?:ly)?|ointment|ophthalmic|eye drops?|intravitreal|intralesional|intravesical)\b",
    re.IGNORECASE,
)


@cache
def _antineoplastics() -> frozenset[str]:
    """The drugs of the tables that have an ATC code of class L01, and those that the tables lack."""
    coded = {
        row["concept"]
        for table in ("drugs", "qt_drugs")
        for row in rows(table, unverified=table == "qt_drugs")
        if system_of(row["system"]) is System.ATC and (System.ATC, row["code"]) in _ANTINEOPLASTIC
    }
    named = {row["concept"] for row in rows("drug_names") if row["note"].startswith(_SYSTEMIC)}
    return frozenset(coded | named) | frozenset(_OTHER_ANTINEOPLASTICS)


def ingredients(concept: object) -> frozenset[str]:
    """The ingredients that a medication CodeableConcept names; empty when none is known here.

    An antineoplastic known only by its ATC class (L01) is named by its display or code. Codes that it
    could be billed with (Da Vinci CRD, ``ext-billing-options``) decide where it names nothing itself.
    """
    found = concepts(concept, "drugs", "rxnorm_products", "qt_drugs")
    if found:
        return _one_name_each(found)
    words = words_in(concept)
    if _PROTECTS.match(words):
        words = _PROTECTED.sub(" ", words)
    if named := _named_in(words):
        local = _LOCAL.search(words) is not None
        return frozenset(n for n in named if not (local and is_antineoplastic(n)))
    classes = [text for system, text in codes_in(concept) if (system, text) in _ANTINEOPLASTIC]
    if classes:
        return frozenset({words.split(" | ")[0] or classes[0]})
    return _billed_as(concept) or _of_chemotherapy_chapter(concept)


def _of_chemotherapy_chapter(concept: object) -> frozenset[str]:
    """Some drug, not known which, for a code of HCPCS's chemotherapy drugs that no table has and no words explain."""
    coded = any(s is System.HCPCS and code.startswith(_CHEMOTHERAPY_CHAPTER) for s, code in codes_in(concept))
    return frozenset({UNRESOLVED}) if coded and not words_in(concept) else frozenset()


# Systems whose codes tell what class of drug one is, so that a code which no table has is of another class.
_TELL_A_CLASS = frozenset({System.ATC, System.HCPCS})
# Vaccines, and codes for there being nothing to tell.
_NO_DRUG = re.compile(r"/(?:cvx|data-absent-reason|v3-NullFlavor|absent-unknown[\w-]*)/?$", re.IGNORECASE)


def medication_ingredients(concept: object) -> frozenset[str]:
    """The ingredients of what is surely a drug: some drug, not known which, where a code that no table has says all of it."""
    found = ingredients(concept)
    return found or (frozenset({UNRESOLVED}) if _is_bare_code(concept) else found)


def _is_bare_code(concept: object) -> bool:
    """Whether a concept is codes of products or ingredients alone, without a word on what they are of."""
    codings = as_dicts(as_dict(concept).get("coding"))
    if words_in(concept) or any(system_of(c.get("system")) in _TELL_A_CLASS for c in codings):
        return False
    return any(
        as_text(c.get("code")) and not _NO_DRUG.search(as_text(c.get("system")) or "") for c in codings
    )


def _billed_as(concept: object) -> frozenset[str]:
    """The drug of all codes that a concept could be billed with; none when they are of several drugs."""
    options = [e for e in as_dicts(as_dict(concept).get("extension")) if e.get("url") == BILLING_OPTION]
    named = {concepts(option.get("valueCodeableConcept"), "drugs") for option in options}
    return named.pop() if len(named) == 1 else frozenset()


def has_code_of_unknown_system(concept: object, drug: str) -> bool:
    """Whether a code of the drug is under a code system that is not known here, or under none."""
    codes = {row["code"] for row in rows("drugs") if row["concept"] == drug}
    codings = as_dicts(as_dict(concept).get("coding"))
    return any(system_of(c.get("system")) is None and as_text(c.get("code")) in codes for c in codings)


def drugs_in_text(text: str) -> frozenset[str]:
    """The ingredients that a free text names."""
    return _named_in(text)


def is_antineoplastic(name: str, concept: object = None) -> bool:
    """Whether an ingredient is a systemic antineoplastic. Steroids alone are not."""
    if name in _antineoplastics():
        return True
    return _ANTINEOPLASTIC.has_any(codes_in(concept))


def shown(name: str) -> str:
    """An ingredient's name for a card."""
    return "a drug that could not be identified" if name == UNRESOLVED else name.replace("_", " ")
