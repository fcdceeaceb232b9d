"""A made-up population as a bulk export, to try the replay on: the bundled patients among thousands of members.

Nobody in it is real. Besides the bundled patients as they are, there are copies of them moved back in
time, and members with common diseases who never had the drug. The same number of members gives the
same bytes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TextIO

from cds_service.fhir.json_types import as_dict, as_dicts
from cds_service.json_text import read_json, write_json
from cds_service.sandbox import fixtures

_LEAST_TREATED = 100
_DAY = re.compile(r"\b(?:19|20)\d\d-\d\d-\d\d\b")
_CYCLE = 28  # days
_CYCLES_BACK = 13
_DISEASES = (
    ("38341003", "Hypertensive disorder"),
    ("44054006", "Type 2 diabetes mellitus"),
    ("195967001", "Asthma"),
)
_DRUGS = (
    ("860975", "metformin hydrochloride 500 MG"),
    ("314076", "lisinopril 10 MG Oral Tablet"),
    ("617312", "atorvastatin 20 MG Oral Tablet"),
)
_RESULTS = (
    ("718-7", "Hemoglobin", 11.0, 16.0, "g/dL"),
    ("2160-0", "Creatinine", 0.6, 1.4, "mg/dL"),
    ("2823-3", "Potassium", 3.5, 5.1, "mmol/L"),
    ("4548-4", "Hemoglobin A1c", 5.0, 9.0, "%"),
    ("8480-6", "Systolic blood pressure", 100.0, 160.0, "mm[Hg]"),
)
_Body = Mapping[str, Any]


def write(folder: Path, members: int) -> None:
    """Write the population, a file for each type. Raises OSError; an existing file is refused."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, TextIO] = {}
    with ExitStack() as opened:
        for body in population(members):
            kind = str(body["resourceType"])
            if kind not in files:
                path = folder / f"{kind}.ndjson"
                files[kind] = opened.enter_context(path.open("x", encoding="utf-8", newline="\n"))
            files[kind].write(write_json(body) + "\n")


def population(members: int) -> Iterator[_Body]:
    """All resources: one in a hundred members had the drug, and never fewer than a hundred."""
    treated = max(members // 100, _LEAST_TREATED)
    names = fixtures.names()
    for number in range(treated):
        back, which = divmod(number, len(names))
        yield from _bundled(names[which], back)
    for code, name in _DRUGS:
        yield {
            "resourceType": "Medication",
            "id": f"drug-{code}",
            "code": _concept("http://www.nlm.nih.gov/research/umls/rxnorm", code, name),
        }
    for number in range(max(members - treated, 0)):
        yield from _member(number)


def _bundled(name: str, back: int) -> Iterator[_Body]:
    """A bundled patient with the orders being signed; the copies are moved back by cycles, and named for it."""
    request = as_dict(read_json((fixtures.FOLDER / name / "request.json").read_bytes()))
    drafts = as_dict(as_dict(request.get("context")).get("draftOrders"))
    bodies = [*fixtures.resources(name), *(as_dict(e.get("resource")) for e in as_dicts(drafts.get("entry")))]
    if back == 0:
        yield from bodies
        return
    days = timedelta(days=_CYCLE * (back % _CYCLES_BACK))
    for body in bodies:
        text = _DAY.sub(lambda day: _moved(day[0], days), write_json(body))
        yield read_json(
            text.replace(f'"{name}', f'"{back}-{name}').replace(f"/{name}", f"/{back}-{name}").encode()
        )


def _moved(day: str, back: timedelta) -> str:
    try:
        return (date.fromisoformat(day) - back).isoformat()
    except ValueError:
        return day


def _member(number: int) -> Iterator[_Body]:
    """A member with a common disease, two of its drugs, one by reference, and a few results."""
    dice = random.Random(number)
    name = f"member-{number:06}"
    who = {"reference": f"Patient/{name}"}
    day = date(2025, 1, 1) + timedelta(days=dice.randrange(450))
    disease, drug, other = dice.choice(_DISEASES), dice.choice(_DRUGS), dice.choice(_DRUGS)
    yield {
        "resourceType": "Patient", "id": name, "gender": dice.choice(("female", "male")),
        "birthDate": date(1930 + dice.randrange(75), 1 + dice.randrange(12), 1 + dice.randrange(28)).isoformat(),
        "name": [{"family": "Made-up", "given": [name]}],
    }  # fmt: skip
    yield {
        "resourceType": "Condition", "id": f"{name}-c", "subject": who, "recordedDate": day.isoformat(),
        "code": _concept("http://snomed.info/sct", *disease),
    }  # fmt: skip
    order = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "subject": who,
        "authoredOn": day.isoformat(),
    }
    yield {
        **order,
        "id": f"{name}-m1",
        "medicationCodeableConcept": _concept("http://www.nlm.nih.gov/research/umls/rxnorm", *drug),
    }
    yield {**order, "id": f"{name}-m2", "medicationReference": {"reference": f"Medication/drug-{other[0]}"}}
    yield {
        "resourceType": "Encounter", "id": f"{name}-e", "status": "finished", "subject": who,
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "period": {"start": day.isoformat(), "end": day.isoformat()},
    }  # fmt: skip
    for place, (code, title, low, high, unit) in enumerate(_RESULTS):
        yield {
            "resourceType": "Observation", "id": f"{name}-o{place}", "status": "final", "subject": who,
            "category": [_concept("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory", "Laboratory")],
            "code": _concept("http://loinc.org", code, title), "effectiveDateTime": day.isoformat(),
            "valueQuantity": {"value": round(dice.uniform(low, high), 1), "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
        }  # fmt: skip


def _concept(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}
