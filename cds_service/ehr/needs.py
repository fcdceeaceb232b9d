"""The one table of data needs: what is asked of an EHR, in which words, and why.

Prefetch templates, searches and the integrators' table are all made from these rows. Knows FHIR
search and which codes decide something; knows nothing of HTTP, prefetch or verdicts.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from cds_service.clinical.code_sets import code_set
from cds_service.clinical.terms import code_table
from cds_service.fhir.codings import System
from cds_service.fhir.record import DataKind
from cds_service.values import dataclass

PATIENT_TOKEN = "{{context.patientId}}"
# Clients that fill the prefetch send the first page only, and servers' pages may hold 20 rows.
PAGE = "&_count=200"
MAX_URL_BYTES = 1800  # some gateways cut URLs at 2048; longer code lists are asked for in parts

_CATEGORIES = "laboratory,vital-signs,exam,survey,procedure,imaging,social-history,therapy,activity"


@dataclass(frozen=True, slots=True)
class DataNeed:
    """One row: the need, the FHIR type that answers it, its search and the reason to ask.

    ``refused`` is the search to try once when a server refuses the first as it stands.
    """

    need: DataKind
    resource_type: str
    search: str
    why: str
    refused: str | None = None

    @property
    def is_read(self) -> bool:
        """Whether the row reads one resource by its id instead of searching."""
        return "?" not in self.search

    def paths(self, patient_id: str) -> tuple[str, ...]:
        """The relative URLs that answer this need for one patient, each short enough for a gateway."""
        return _in_parts(_filled(self.search, patient_id))

    def bare_path(self, patient_id: str) -> str | None:
        """The search for all that the patient has of the type; None where another row asks for that."""
        if self.is_read or self.need is DataKind.OBSERVATIONS:
            return None
        return _filled(self.search.partition("&")[0], patient_id)

    def refused_paths(self, patient_id: str) -> tuple[str, ...]:
        """The relative URLs to try when the server refused the first; none when there is no other way."""
        return _in_parts(_filled(self.refused, patient_id)) if self.refused else ()


def _filled(search: str, patient_id: str) -> str:
    return search.replace(PATIENT_TOKEN, quote(patient_id, safe=""))


def _in_parts(path: str) -> tuple[str, ...]:
    """The path, with a code list that makes it too long split over as many paths as it takes."""
    before, marker, rest = path.partition("&code=")
    codes, ampersand, after = rest.partition("&")
    if len(path) <= MAX_URL_BYTES or not marker:
        return (path,)
    room = MAX_URL_BYTES - len(before + marker + ampersand + after)
    parts: list[str] = []
    for code in codes.split(","):
        if parts and len(parts[-1]) + 1 + len(code) <= room:
            parts[-1] += f",{code}"
        else:
            parts.append(code)
    return tuple(f"{before}{marker}{part}{ampersand}{after}" for part in parts)


def deciding_codes() -> tuple[str, ...]:
    """The bare LOINC codes of all results that can decide something, and of reports sent as results."""
    labs = [code for system, code in code_table("labs") if system is System.LOINC]
    return tuple(sorted({*labs, *code_set("marrow_report").bare}))


def _of(need: DataKind, type_: str, why: str, parameters: str = "", by: str = "patient") -> DataNeed:
    token = PATIENT_TOKEN if by == "patient" else f"Patient/{PATIENT_TOKEN}"
    return DataNeed(need, type_, f"{type_}?{by}={token}{parameters}{PAGE}", why)


def _medication(need: DataKind, type_: str, why: str, statuses: str = "") -> DataNeed:
    # Some servers answer with active orders only unless the statuses are spelled out.
    return _of(need, type_, why, f"&status={statuses}" if statuses else "")


def _observations() -> tuple[DataNeed, DataNeed]:
    any_code = f"Observation?patient={PATIENT_TOKEN}"
    return (
        DataNeed(
            DataKind.OBSERVATIONS,
            "Observation",
            f"{any_code}&code={','.join(deciding_codes())}{PAGE}",
            "CD22, Philadelphia chromosome, blasts, counts, MRD, liver, electrolytes, QT, height and "
            "weight, however old",
        ),
        DataNeed(
            DataKind.OTHER_OBSERVATIONS,
            "Observation",
            f"{any_code}{PAGE}",
            "results known by their text only, or under a local code",
            refused=f"{any_code}&category={_CATEGORIES}{PAGE}",
        ),
    )


# In the order in which they are asked: what may name a Medication to be read comes first, so that
# those reads overlap with the rest.
NEEDS: tuple[DataNeed, ...] = (
    _medication(
        DataKind.MEDICATION_REQUESTS,
        "MedicationRequest",
        "earlier and combined therapy, orders already signed, QT-prolonging drugs",
        "active,on-hold,completed,stopped",
    ),
    _of(
        DataKind.MEDICATION_ADMINISTRATIONS,
        "MedicationAdministration",
        "doses given: cycle, day, interval, interruptions",
    ),
    _medication(
        DataKind.MEDICATION_STATEMENTS,
        "MedicationStatement",
        "therapy given elsewhere and drugs taken at home",
        "active,completed,intended,stopped,on-hold",
    ),
    _of(
        DataKind.MEDICATION_DISPENSES,
        "MedicationDispense",
        "therapy that is recorded only where it was handed out",
    ),
    *_observations(),
    DataNeed(
        DataKind.PATIENT,
        "Patient",
        f"Patient/{PATIENT_TOKEN}",
        "birth date for the age limit, sex for risk notes",
    ),
    _of(
        DataKind.CONDITIONS,
        "Condition",
        "the leukemia, its Philadelphia status and relapse; toxicities; pregnancy",
    ),
    _of(DataKind.PROCEDURES, "Procedure", "transplant, marrow examination, ECG, infusions, transfusions"),
    _of(DataKind.SERVICE_REQUESTS, "ServiceRequest", "transplant planned or excluded, tests under way"),
    _of(DataKind.CARE_PLANS, "CarePlan", "regimen, transplant plan"),
    _of(
        DataKind.DIAGNOSTIC_REPORTS,
        "DiagnosticReport",
        "pathology, flow cytometry, cytogenetics, response in the conclusion",
    ),
    _of(DataKind.DOCUMENT_REFERENCES, "DocumentReference", "notes that the payer's reviewer asks for"),
    _of(
        DataKind.ADVERSE_EVENTS,
        "AdverseEvent",
        "toxicity that holds, reduces or ends treatment",
        by="subject",
    ),
    _of(DataKind.APPOINTMENTS, "Appointment", "planned monitoring and infusion visits"),
    _of(DataKind.COVERAGE, "Coverage", "whether the policy's payer is the patient's"),
)

BY_NEED: Mapping[DataKind, DataNeed] = {row.need: row for row in NEEDS}

# What says something about the disease or its treatment: a call that can see none of it has no access.
CLINICAL = tuple(need for need in DataKind if need not in (DataKind.PATIENT, DataKind.COVERAGE))


def prefetch_templates() -> dict[str, str]:
    """The ``prefetch`` member of the discovery answer, in the order of the prefetch keys."""
    return {need.value: BY_NEED[need].search for need in DataKind}
