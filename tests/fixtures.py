"""The bundled patients: each folder of ``fhir_fixtures`` with its resources, request and expectations."""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from cds_service.fhir.record import Record, Resource, record_from
from cds_service.policies import installed

ROOT = Path(__file__).parents[1] / "fhir_fixtures"
CLOCK = datetime.fromisoformat("2026-04-15T09:00:00-04:00")
NAMES = sorted(p.name for p in ROOT.iterdir() if (p / "request.json").exists()) if ROOT.exists() else []


def _read(path):
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


@dataclass(frozen=True)
class Fixture:
    name: str

    @property
    def resources(self):
        return [e["resource"] for e in _read(ROOT / self.name / "resources.json")["entry"]]

    @property
    def request(self):
        return _read(ROOT / self.name / "request.json")

    @property
    def expected(self):
        return _read(ROOT / self.name / "expected.json")

    @property
    def patient_id(self):
        return self.request["context"]["patientId"]

    @property
    def drafts(self):
        return [e["resource"] for e in self.request["context"]["draftOrders"]["entry"]]

    def record(self, resources=None, gaps=()) -> Record:
        given = self.resources if resources is None else resources
        return record_from(self.patient_id, [Resource(r) for r in given], gaps)

    def determine(self, resources=None, gaps=(), clock=CLOCK):
        drafts = [Resource(d, "draft order") for d in self.drafts]
        return installed()["inotuzumab"].determine(self.record(resources, gaps), drafts, clock)
