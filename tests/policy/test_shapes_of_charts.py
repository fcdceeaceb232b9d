"""One chart in the many shapes in which servers and converters send it decides as the tidy one does."""

from decimal import Decimal

import pytest

from cds_service.fhir.other_versions import in_r4
from tests.policy.chart_notes import (
    HCPCS,
    ICD10,
    LOINC,
    RXNORM,
    SNOMED,
    adverse_event,
    care_plan,
    condition,
    drug_order,
    observation,
    service_request,
)
from tests.policy.shapes import changed, decided
from tests.policy.treated import C1D1, C2D1, COUNT, NEVER_TREATED, TREATED, with_grade

NOW = "2026-04-15T07:00:00-04:00"
LOWS = [
    observation("777-3", NOW, 30, COUNT, id="platelets"),
    observation("751-8", NOW, Decimal("0.5"), COUNT, id="anc"),
    observation("2823-3", NOW, 3, "mmol/L", id="k"),
    observation("76634-5", NOW, 520, "ms", id="qtc"),
    observation("1742-6", NOW, 300, "U/L", id="alt"),
]
VOD = condition("K76.5", text="Hepatic veno-occlusive disease", onset="2026-04-05", id="vod")
REACTION = adverse_event(
    "Infusion related reaction", "2026-04-01", severity="severe", suspect="inotuzumab", id="irr"
)
DASATINIB = drug_order("Dasatinib 140 mg oral tablet", authored="2026-04-10", day="2026-04-10", id="tki")
PH = observation("51867-0", "2026-03-03", text="BCR-ABL1 fusion detected", id="fish")
CHARTS = {
    "treated": (TREATED, C2D1),
    "a partner": ([*NEVER_TREATED, DASATINIB, PH], C1D1),
    "veno-occlusive disease and a reaction": ([*TREATED, VOD, REACTION], C2D1),
    "low counts, a long QTc, liver tests": ([*TREATED, *LOWS], C2D1),
}  # fmt: skip
OIDS = {
    LOINC: "2.16.840.1.113883.6.1", SNOMED: "2.16.840.1.113883.6.96", ICD10: "2.16.840.1.113883.6.90",
    RXNORM: "2.16.840.1.113883.6.88", HCPCS: "2.16.840.1.113883.6.285",
}  # fmt: skip
NAMES = {LOINC: "LN", SNOMED: "SCT", ICD10: "I10C", RXNORM: "RXNORM"}
SINGLE = (
    "code", "subject", "valueQuantity", "valueString", "medicationCodeableConcept", "event", "effectiveDateTime",
    "onsetDateTime", "recordedDate", "authoredOn", "date", "status", "clinicalStatus", "verificationStatus", "severity",
)  # fmt: skip
DATES = ("effectiveDateTime", "onsetDateTime", "recordedDate", "authoredOn", "date")


def inside(value, change):
    """A value of JSON with every object in it as ``change`` makes it."""
    if isinstance(value, dict):
        return change({k: inside(v, change) for k, v in value.items()})
    return [inside(v, change) for v in value] if isinstance(value, list) else value


def codings(change):
    return lambda r: inside(r, lambda d: change(d) if "system" in d and "code" in d and "value" not in d else d)  # fmt: skip


def amounts(change):
    return lambda r: inside(r, lambda d: change(d) if "value" in d and "unit" in d else d)


def references(change):
    return lambda r: inside(r, lambda d: d | {"reference": change(d["reference"])} if "reference" in d else d)


def dates(change):
    return lambda r: {k: change(v) if k in DATES and "T" not in v else v for k, v in r.items()}


def each(names, change):
    return lambda r: {k: change(v) if k in names else v for k, v in r.items()}


SHAPES = {
    "lists of one": each(SINGLE, lambda v: [v]),
    "one coding that is no list": lambda r: inside(
        r, lambda d: d | {"coding": d["coding"][0]} if len(d.get("coding", ())) == 1 else d
    ),
    "statuses in capitals": each(["status", "intent"], str.upper),
    "statuses as a program names them": each(["status"], lambda s: s.upper().replace("-", "_")),
    "a code system by its OID alone": codings(lambda d: d | {"system": OIDS.get(d["system"], d["system"])}),
    "a code system by its name in HL7 v2": codings(lambda d: d | {"system": NAMES.get(d["system"], d["system"])}),
    "a code with a blank": codings(lambda d: d | {"code": f"{d['code']} "}),
    "a local code first": lambda r: inside(
        r, lambda d: d | {"coding": [{"system": "urn:oid:1.2.840.114350.1", "code": "1"}, *d["coding"]]} if "coding" in d else d
    ),
    "days in figures": dates(lambda day: day.replace("-", "")),
    "times in figures": dates(lambda day: f"{day.replace('-', '')}0830-0400"),
    "days with a time": dates(lambda day: f"{day}T08:30:00.123-04:00"),
    "numbers as texts": amounts(lambda d: d | {"value": str(d["value"])}),
    "units in words": amounts(lambda d: {k: v for k, v in d.items() if k not in ("system", "code")}),
    "units by code alone": amounts(lambda d: {k: v for k, v in d.items() if k != "unit"}),
    "references with an address and a version": references(lambda r: f"https://ehr.example.org/r4/{r}/_history/2"),
    "null members": lambda r: r | {"note": None, "component": None, "interpretation": None, "category": None, "issued": None},
    "null items": lambda r: {"note": [None], "component": [None], "category": [None], "referenceRange": [None]} | r,
    "empty objects": lambda r: {"valueCodeableConcept": {}, "effectivePeriod": {}, "reasonCode": [{}]} | r,
    "extensions of primitives": lambda r: r | {"_effectiveDateTime": {"id": "a"}, "_status": {"extension": []}},
    "a narrative that says otherwise": lambda r: r | {"text": {"status": "generated", "div": "<div>VOD, in relapse</div>"}},
}  # fmt: skip


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_chart_in_another_shape_decides_the_same(shape, chart):
    resources, draft = CHARTS[chart]
    assert decided([SHAPES[shape](r) for r in resources], draft) == decided(resources, draft)


@pytest.mark.parametrize("chart", list(CHARTS)[1:])
def test_the_charts_decide_differently(chart):
    resources, draft = CHARTS[chart]
    assert decided(resources, draft) != decided(TREATED if draft is C2D1 else NEVER_TREATED, draft)


@pytest.mark.parametrize(
    "status", ["ENTERED_IN_ERROR", "EnteredInError", "Entered in Error", "ENTEREDINERROR", "W", "D"]
)
def test_what_is_withdrawn_in_other_letters_is_withdrawn(status):
    wrong = changed(LOWS[0], status=status)
    assert decided([*TREATED, wrong], C2D1) == decided(TREATED, C2D1)


def test_a_list_of_several_is_not_chosen_from():
    two = LOWS[0] | {"valueQuantity": [LOWS[0]["valueQuantity"], {"value": 300, "unit": "10*9/L"}]}
    assert in_r4(two) == two
    assert ("hem-unknown", "warning") in decided([*TREATED, two], C2D1)["findings"]


@pytest.mark.parametrize("status", [[["final"]], {"a": 1}, 7, None, [], ""])
def test_a_status_that_is_none_is_left_as_it_came(status):
    decided([*TREATED, LOWS[0] | {"status": status}], C2D1)


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (30, "Bill/L"), (30, "(10*3)/uL"), (30, "1E9/L"), (30, "Tsd./\u00b5l"), (30, "Mrd/L"), (30, "K/cmm"), (30, "G/L"),
        (30000, "/microL"), (30000, "cells/microliter"), (30000, "/cu mm"),
    ],
)  # fmt: skip
def test_low_platelets_hold_in_every_unit_that_is_sure(value, unit):
    low = observation("777-3", NOW, 30, COUNT, id="platelets")
    other = low | {"valueQuantity": {"value": value, "unit": unit}}
    assert decided([*TREATED, other], C2D1) == decided([*TREATED, low], C2D1)


@pytest.mark.parametrize("unit", ["mil/mL", "U/L", "g/L", "K", "10*9"])
def test_a_unit_that_is_not_sure_is_no_count(unit):
    other = observation("777-3", NOW, 300, COUNT, id="platelets") | {
        "valueQuantity": {"value": 300, "unit": unit}
    }
    assert ("hem-unknown", "warning") in decided([*TREATED, other], C2D1)["findings"]


NORMAL = LOWS[0] | {"valueQuantity": LOWS[0]["valueQuantity"] | {"value": 150}}


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"lastUpdated": "2026-04-15T07:30:00+00:00"}, {"lastUpdated": "2026-04-15T04:00:00-04:00"}),
        ({"versionId": "9"}, {"versionId": "10"}),
    ],
)
@pytest.mark.parametrize("low_is_later", [True, False])
def test_of_two_versions_the_later_decides_whatever_the_offset_of_its_time(earlier, later, low_is_later):
    low, normal = LOWS[0] | {"meta": later}, NORMAL | {"meta": earlier}
    if not low_is_later:
        low, normal = LOWS[0] | {"meta": earlier}, NORMAL | {"meta": later}
    expected = decided([*TREATED, LOWS[0] if low_is_later else NORMAL], C2D1)
    assert decided([*TREATED, low, normal], C2D1) == decided([*TREATED, normal, low], C2D1) == expected


@pytest.mark.parametrize("status", ["ENTERED_IN_ERROR", ["cancelled"], "entered-in-error"])
def test_what_a_report_contains_is_withdrawn_in_any_letters(status):
    inside_report = changed(LOWS[0], id="c1", subject=None, status=status)
    report = {
        "resourceType": "DiagnosticReport", "id": "r", "status": "final", "subject": LOWS[0]["subject"],
        "code": {"text": "CBC"}, "contained": [inside_report], "result": [{"reference": "#c1"}],
    }  # fmt: skip
    assert decided([*TREATED, report], C2D1) == decided(TREATED, C2D1)


@pytest.mark.parametrize("code", ["ENTERED_IN_ERROR", "EnteredInError", "REFUTED", "Entered in Error"])
def test_a_condition_that_is_withdrawn_in_other_letters_is_withdrawn(code):
    wrong = changed(VOD, verificationStatus={"coding": [{"code": code}]})
    assert decided([*TREATED, wrong], C2D1) == decided(TREATED, C2D1)


TRANSPLANT = service_request(
    "234336002", authored="2026-04-10", day="2026-05-20", text="Allogeneic stem cell transplant"
)


@pytest.mark.parametrize("said", ["true", "TRUE", True, [True]])
def test_a_prohibition_is_one_whatever_the_type_of_its_true(said):
    forbidden = TRANSPLANT | {"doNotPerform": said}
    assert decided([*TREATED, forbidden], C2D1) == decided(TREATED, C2D1)
    assert decided([*TREATED, TRANSPLANT | {"doNotPerform": "false"}], C2D1) != decided(TREATED, C2D1)


MUCOSITIS = adverse_event("Mucositis", "2026-04-08", id="mucositis")


@pytest.mark.parametrize(
    "value",
    [{"valueCode": "3"}, {"valueString": "3"}, {"valueString": "Grade 3"}, {"valueInteger": 3}, {"valueCoding": {"code": "3"}}],
)  # fmt: skip
def test_a_grade_in_an_extension_is_read_in_every_type(value):
    graded = MUCOSITIS | {"extension": [{"url": "http://example.org/fhir/ctcae-grade", **value}]}
    expected = decided([*TREATED, with_grade(MUCOSITIS, 3)], C2D1)
    assert decided([*TREATED, graded], C2D1) == expected != decided([*TREATED, MUCOSITIS], C2D1)


@pytest.mark.parametrize(
    "withdrawn", [{"status": "CANCELLED"}, {"status": "scheduled", "doNotPerform": "true"}]
)
def test_an_activity_of_a_plan_is_withdrawn_in_other_letters_too(withdrawn):
    detail = {"status": "scheduled", "code": {"text": "Allogeneic stem cell transplant"}}
    plan = care_plan("Treatment", created="2026-04-10", activity=[{"detail": detail}])
    without = care_plan("Treatment", created="2026-04-10", activity=[{"detail": detail | withdrawn}])
    assert decided([*TREATED, without], C2D1) == decided(TREATED, C2D1) != decided([*TREATED, plan], C2D1)
