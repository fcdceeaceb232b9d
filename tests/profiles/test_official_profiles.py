"""What we make, held to the official profiles by HAPI's validator: statements on orders, forms, packages, drafts.

Needs the folder of definitions that ``FHIR_PROFILES`` names, with its runner, and Java and Maven; skipped
without. One start of the validator looks at all files.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cds_service import create_app
from cds_service.fhir_api.conformance import capability_statement
from cds_service.json_text import read_json, write_json
from cds_service.packet.assembly import PACKAGE, REQUEST, Packet
from cds_service.packet.form import items_of, questionnaire
from cds_service.packet.library import library
from cds_service.sandbox.prior_authorization.filling import filled
from cds_service.sandbox.prior_authorization.form_package import FormPackage
from cds_service.settings import Settings
from cds_service.web.edge import trust
from tests.crd.calls import PAYER as CRD_PAYER
from tests.crd.calls import answered, crd_call, environment, without_record
from tests.fixtures import CLOCK, NAMES, ROOT
from tests.packet.insured import (
    PAYER,
    PUBLIC,
    TERMS,
    around,
    as_service,
    chart,
    drafts,
    made_packets,
    record,
)
from tests.packet.test_gaps import edited

RUNNER = Path(os.environ.get("FHIR_PROFILES") or "/nowhere") / "validator" / "validate.sh"
pytestmark = [
    pytest.mark.profiles,
    pytest.mark.skipif(not RUNNER.exists(), reason="FHIR_PROFILES names no folder with a validator"),
    pytest.mark.skipif(not (shutil.which("java") and shutil.which("mvn")), reason="needs Java and Maven"),
]
PATIENT = "relapsed-single-agent"
PROFILES = {"form": "dtr:dtr-std-questionnaire", "library": "sdc:sdc-library"}
# How a Coverage stands on the planned day, and what is then said on the order.
STATEMENTS: dict[str, dict[str, Any]] = {
    "in-force": {},
    "without-end": {"period": None},
    "ends-at-an-instant": {"period": {"end": "2026-12-31T23:59:59-04:00"}},
    "ends-in-a-month": {"period": {"end": "2026-12"}},
    "cancelled": {"status": "cancelled"},
    "ended": {"period": {"end": "2021-02"}},
    "unclear": {"period": {"start": "soon"}},
    "no-member": {"subscriberId": "M-2"},
}
_BUILD_S = 900  # with Maven, the first time
# Charts that lack something, each with the word by which its file is known.
THIN: dict[str, dict[str, Any]] = {
    "no-identifier": {"resources": edited(chart(PATIENT), "Patient", identifier=None)},
    "name-in-one": {"resources": edited(chart(PATIENT), "Patient", name=[{"text": "Rosa"}])},
    "gender-by-letter": {"resources": edited(chart(PATIENT), "Patient", gender="F")},
    "no-gender": {"resources": edited(chart(PATIENT), "Patient", gender=None)},
    "born-in-a-month": {"resources": edited(chart(PATIENT), "Patient", birthDate="1980-02")},
    "no-birth-date": {"resources": edited(chart(PATIENT), "Patient", birthDate=None)},
    "no-member-id": {"resources": edited(chart(PATIENT), "Coverage", identifier=None)},
    "no-relationship": {"resources": edited(chart(PATIENT), "Coverage", relationship=None)},
    "no-subscriber": {"resources": edited(chart(PATIENT), "Coverage", subscriber=None)},
    "payor-in-words": {"resources": edited(chart(PATIENT), "Coverage", payor=[{"display": "MMM"}])},
    "payor-by-identifier": {"resources": edited(chart(PATIENT), "Coverage", payor=[{"identifier": PAYER}])},
    "no-icd-code": {
        "resources": [
            {**r, "code": {"text": "ALL"}} if r["resourceType"] == "Condition" else r for r in chart(PATIENT)
        ]
    },
    "organization-not-active": {"more": edited(around(PATIENT), "Organization", active=None)},
    "organization-without-name": {"more": edited(around(PATIENT), "Organization", name=None)},
    "role-without-contact": {"more": edited(around(PATIENT), "PractitionerRole", telecom=None)},
    "role-alone": {"more": edited(around(PATIENT), "PractitionerRole", organization=None)},
    "role-alone-without-contact": {
        "more": edited(around(PATIENT), "PractitionerRole", organization=None, telecom=None)
    },
    "practitioner-without-identifier": {"more": edited(around(PATIENT), "Practitioner", identifier=None)},
    "no-place-of-service": {"more": edited(around(PATIENT), "Location", type=None)},
    "nothing-beside": {"more": []},
    "no-fhir-base": {"fhir_base": ""},
    "not-authored": {"orders": [{k: v for k, v in o.items() if k != "authoredOn"} for o in drafts(PATIENT)]},
    "authored-without-offset": {
        "orders": [{**o, "authoredOn": "2026-04-15T09:00:00"} for o in drafts(PATIENT, status="active")]
    },
    "no-requester": {"orders": [{k: v for k, v in o.items() if k != "requester"} for o in drafts(PATIENT)]},
    "service": {
        "orders": [as_service(o, occurrenceDateTime="2026-04-16") for o in drafts(PATIENT, status="active")]
    },
    "order-without-id": {"orders": [{k: v for k, v in o.items() if k != "id"} for o in drafts(PATIENT)]},
    "signed": {"orders": drafts(PATIENT, status="active")},
}


def thin(name: str) -> Packet:
    given = dict(THIN[name])
    held = record(PATIENT, given.pop("resources", None), given.pop("more", None))
    (made,) = made_packets(PATIENT, held, given.pop("orders", None), **given)
    return made


def bundled_as_they_are(name: str) -> Packet:
    """A bundled patient without plan or people, as ``cds-service packet`` sees it."""
    request = json.loads((ROOT / name / "request.json").read_bytes())
    orders = [e["resource"] for e in request["context"]["draftOrders"]["entry"]]
    own = [r for r in chart(name) if r["resourceType"] != "Coverage"]
    (made,) = made_packets(name, record(name, own, []), orders)
    return made


def completed(name: str) -> str:
    """A package that a clinician completed in the sandbox: answers given, one replaced, attested."""
    (whole,) = made_packets(name)
    package = FormPackage(200, read_json(whole.files[PACKAGE].encode()), ())
    asked = (item["linkId"] for item in items_of(package.form) if item["type"] == "boolean")
    entered = dict.fromkeys(asked, "yes") | {"weight": "70.5"}
    made = filled(package.form, package.response, entered, "Practitioner/oncologist", CLOCK).response
    assert made["status"] == "completed"
    return write_json(package.with_response(made))


def crd_calls() -> dict[str, dict[str, Any]]:
    """Calls of the CRD service by what is special about each."""
    calls = {f"bundled-{name}": crd_call(name) for name in NAMES}
    calls |= {name: crd_call(PATIENT, **changes) for name, changes in STATEMENTS.items()}
    calls["technical"] = without_record(crd_call(PATIENT))
    calls["service"] = crd_call(PATIENT)
    (entry,) = calls["service"]["context"]["draftOrders"]["entry"]
    entry["resource"] = as_service({"encounter": {"reference": "Encounter/visit"}, **entry["resource"]})
    return calls


def stated(folder: Path) -> dict[str, str]:
    """Writes the orders as the CRD service gives them back; the profile to check each by."""
    (folder / "members.csv").write_text(f"payer,member_id\n{CRD_PAYER},M-1\n")
    (folder / "trust.toml").write_text(
        f'[[tenant]]\nid = "a"\npayer_identifiers = ["{CRD_PAYER}"]\nmembers_file = "members.csv"\n'
    )
    app, profiles = create_app(Settings.from_environment(environment(folder))), {}
    for name, call in crd_calls().items():
        (made,) = answered(app.test_client(), call)["systemActions"]
        order = made["resource"]
        (folder / f"statement-{name}.json").write_text(json.dumps(order), encoding="utf-8")
        profiles[f"statement-{name}"] = f"crd:profile-{order['resourceType'].lower()}"
    with app.app_context():
        trust().database.close()
    return profiles


def prepared(folder: Path) -> dict[str, str]:
    """Writes all files; the profile to check each by, empty for the ones that it names itself."""
    texts = {
        "form": write_json(questionnaire(TERMS, PUBLIC)),
        "library": write_json(library(TERMS, PUBLIC)),
        "metadata": write_json(capability_statement(f"{PUBLIC}/fhir")),
    }
    for name in NAMES:
        (whole,) = made_packets(name)
        texts |= {f"package-{name}": whole.files[PACKAGE], f"request-{name}": whole.files[REQUEST]}
    texts["package-without-coverage"] = bundled_as_they_are(PATIENT).files[PACKAGE]
    texts["package-completed"] = completed("cd22-never-tested")
    texts |= {f"thin-{name}": thin(name).files[REQUEST] for name in THIN}
    for name, text in texts.items():
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    return {name: PROFILES.get(name, "") for name in texts}


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The errors that the validator finds, by file."""
    folder = tmp_path_factory.mktemp("profiles")
    files = [
        f"{profile}={folder / name}.json" if profile else f"{folder / name}.json"
        for name, profile in (prepared(folder) | stated(folder)).items()
    ]
    done = subprocess.run(
        [str(RUNNER), "--json", *files], capture_output=True, text=True, timeout=_BUILD_S, check=False
    )
    assert done.returncode in (0, 1), done.stderr[-2000:]
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    found = {Path(line["file"]).stem: line["errors"] for line in lines}
    assert len(found) == len(files)
    return found


@pytest.mark.parametrize(
    "name", ["form", "library", "metadata", "package-without-coverage", "package-completed"]
)
def test_forms_and_what_is_around_them(errors: dict[str, list[str]], name: str) -> None:
    assert errors[name] == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["package", "request"])
def test_what_is_made_for_each_bundled_patient(errors: dict[str, list[str]], kind: str, name: str) -> None:
    assert errors[f"{kind}-{name}"] == []


@pytest.mark.parametrize("name", crd_calls())
def test_an_order_with_a_statement_conforms_to_its_crd_profile(
    errors: dict[str, list[str]], name: str
) -> None:
    assert errors[f"statement-{name}"] == []


@pytest.mark.parametrize("name", THIN)
def test_gaps_and_validator_say_the_same(errors: dict[str, list[str]], name: str) -> None:
    """A draft without gaps that block is valid, and one with them is not."""
    blocking = [gap.element for gap in thin(name).gaps if gap.blocks]

    assert bool(errors[f"thin-{name}"]) is bool(blocking), (blocking, errors[f"thin-{name}"][:3])


def test_the_validator_finds_what_is_wrong(errors: dict[str, list[str]]) -> None:
    assert any("location" in error for error in errors["thin-no-place-of-service"])
