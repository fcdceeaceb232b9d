"""How long the detail page takes on the server for a chart of 400 observations, without the EHR's own time.

Run: .venv/bin/python bench/view.py
"""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime, timedelta

from flask import Flask, render_template

from cds_service.fhir.record import Resource, record_from
from cds_service.policies import installed
from cds_service.smart.page import charts as geometry
from cds_service.smart.page.detail import Provenance, detail_page
from cds_service.smart.page.plain_text import plain_text
from cds_service.smart.page.timeline import timeline
from cds_service.smart.routes import blueprint
from cds_service.smart.subject import choose

CLOCK = datetime(2026, 4, 15, 13, tzinfo=UTC)
CODES = (("777-3", "10*9/L"), ("751-8", "10*9/L"), ("1975-2", "mg/dL"), ("1742-6", "U/L"), ("8636-3", "ms"))
RUNS = 20


def chart(count: int) -> list[Resource]:
    """A patient with this many results, a day apart for each kind."""
    bodies = [{"resourceType": "Patient", "id": "p", "birthDate": "1980-02-03", "name": [{"text": "Bench"}]}]
    for n in range(count):
        code, unit = CODES[n % len(CODES)]
        day = (CLOCK - timedelta(days=1 + n // len(CODES))).date().isoformat()
        bodies.append(
            {
                "resourceType": "Observation",
                "id": f"o{n}",
                "status": "final",
                "subject": {"reference": "Patient/p"},
                "code": {"coding": [{"system": "http://loinc.org", "code": code}], "text": code},
                "effectiveDateTime": day,
                "valueQuantity": {
                    "value": 400 if unit == "ms" else 1 + n % 40,
                    "unit": unit,
                    "code": unit,
                    "system": "http://unitsofmeasure.org",
                },
            }
        )
    return [Resource(body, "fetched") for body in bodies]


def page_of(resources: list[Resource]) -> str:
    """The whole page, from resources to HTML."""
    record = record_from("p", resources)
    subject = choose(list(installed().values()), record, None, named=(), came_from_card=False, clock=CLOCK)
    picture = subject.policy.picture(record, CLOCK)
    (determination,) = subject.policy.determine(record, subject.orders, CLOCK)
    provenance = Provenance(CLOCK, "bench", "https://ehr.example.org/fhir", "Practitioner/1", subject.notices)
    page = detail_page(
        determination,
        record,
        series=picture.series,
        timeline=timeline(picture.doses),
        provenance=provenance,
        full_banner=True,
    )
    return render_template("smart/detail.html", page=page, text=plain_text(page), geometry=geometry)


def main() -> None:
    app = Flask("bench")
    app.register_blueprint(blueprint)
    resources = chart(400)
    with app.test_request_context():
        size = len(page_of(resources))
        spent = []
        for _ in range(RUNS):
            begun = time.perf_counter()
            page_of(resources)
            spent.append((time.perf_counter() - begun) * 1000)
    median, most = statistics.median(spent), max(spent)
    print(
        f"400 observations: {median:.0f} ms (median of {RUNS}, most {most:.0f} ms), {size // 1024} KiB of HTML"
    )


if __name__ == "__main__":
    main()
