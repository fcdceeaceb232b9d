"""Whole patients, worked out by hand from the policy: coverage, place, verdicts, findings, items, dose.

Each row reads like a chart note. What a row does not mention is not asserted, except that
``findings`` (without coverage and documentation) is exact.
"""

from dataclasses import dataclass, field

import pytest

from tests.policy.chart_notes import (
    ICD10,
    SNOMED,
    administration,
    adverse_event,
    body_size,
    care_plan,
    condition,
    determine_all,
    document,
    drug_order,
    held,
    observation,
    order,
    patient,
    procedure,
    report,
    service_request,
    stated,
)

COUNT = "10*9/L"
RELAPSED = [
    patient(),
    condition("277572006", system=SNOMED, recorded="2024-01-10"),
    condition("C91.02", recorded="2026-03-01"),
    observation("51124-6", "2026-03-02", 85, "%"),
    *body_size(),
]
REPORTS = [
    report("2026-03-02", "B lymphoblastic leukemia, CD22 positive"),
    document("2026-03-03", "Relapsed B-ALL, plan inotuzumab"),
]
CYCLE_1 = [
    administration("2026-03-17", 1.41, "C1D1"),
    administration("2026-03-24", 0.88, "C1D8"),
    administration("2026-03-31", 0.88, "C1D15"),
]
BASELINE = [
    observation("777-3", "2026-03-16", 120, COUNT), observation("751-8", "2026-03-16", 2, COUNT),
    observation("76634-5", "2026-03-16", 410, "ms"), observation("2823-3", "2026-03-16", 4, "mmol/L"),
    observation("19123-9", "2026-03-16", 2, "mg/dL"), observation("17861-6", "2026-03-16", 9, "mg/dL"),
]  # fmt: skip
FOLLOW_UP = [
    observation("777-3", "2026-04-14", 150, COUNT), observation("751-8", "2026-04-14", 3, COUNT),
    observation("76634-5", "2026-04-12", 415, "ms"), observation("2823-3", "2026-04-12", 4, "mmol/L"),
    observation("19123-9", "2026-04-12", 2, "mg/dL"), observation("17861-6", "2026-04-12", 9, "mg/dL"),
    document("2026-04-12", "No infection, no bleeding. Watched for one hour after the infusion. No progression."),
]  # fmt: skip
CLEAR_MARROW = [observation("11150-0", "2026-04-10", 2, "%"), observation("26446-5", "2026-04-10", 0, "%")]
TREATED = [*RELAPSED, *CYCLE_1, *BASELINE, *FOLLOW_UP]
C2D1 = order("2026-04-16", "Cycle 2 Day 1", 0.88)


def given(*doses):
    """Doses as (day, label) pairs."""
    return [administration(day, None, label) for day, label in doses]


TWO_CYCLES = given(
    ("2026-02-17", "C1D1"), ("2026-02-24", "C1D8"), ("2026-03-03", "C1D15"),
    ("2026-03-17", "C2D1"), ("2026-03-24", "C2D8"), ("2026-03-31", "C2D15"),
)  # fmt: skip


@dataclass
class Patient:
    note: str
    record: list
    orders: list = field(default_factory=lambda: [order(text="Cycle 1 Day 1")])
    coverage: str = "unknown"
    place: tuple | None = None
    verdicts: dict = field(default_factory=dict)
    findings: set | None = None
    needed: set | None = None
    dose: dict = field(default_factory=dict)


PATIENTS = [
    Patient(
        "relapsed, CD22 85 %, alone, documents on file: met, nothing asked, the boxed warning as a reminder",
        [*RELAPSED, *REPORTS], coverage="met", place=("initial", 1, 1), needed=set(), findings={"boxed-warning"},
        dose={"verdict": "ok", "expected_mg": "1.412", "billing_units": 15, "vials": 2},
    ),
    Patient(
        "the same without any CD22 result: unknown, and CD22 is asked for",
        [r for r in RELAPSED if "51124" not in r["id"]], needed={"cd22", "pathology"},
        verdicts={"POL-A-I-CD22": "unknown", "POL-A-II-A": "met", "POL-A-II-B-1": "met"},
    ),
    Patient(
        "tenfold overdose",
        RELAPSED, [order(text="C1D1", mg=14.1)], coverage="met", findings={"boxed-warning", "dose"},
        dose={"verdict": "over", "expected_mg": "1.412", "low_mg": "1.271", "high_mg": "1.554"},
    ),
    Patient(
        "no height or weight: coverage stands, the dose cannot be checked",
        [r for r in RELAPSED if r["id"][:4] not in ("8302", "2946")], coverage="met", findings={"boxed-warning", "dose-unchecked"},
        needed={"height-weight", "pathology"}, dose={"verdict": "unknown", "expected_mg": None},
    ),
    Patient(
        "DLBCL by C83.30: another disease, not met",
        [patient(), condition("C83.30", recorded="2026-03-01"), *body_size()], coverage="not-met", verdicts={"POL-A-I-DX": "not-met"},
    ),
    Patient(
        "C83.50 alone: the policy's own code, and still only unknown",
        [patient(), condition("C83.50", recorded="2026-03-01"), *body_size()], verdicts={"POL-A-I-DX": "unknown"},
    ),
    Patient(
        "a child a day before the first birthday",
        [patient("2025-04-17"), *RELAPSED[1:]], coverage="not-met", verdicts={"POL-IND-A-AGE": "not-met"},
        findings={"boxed-warning", "age"},
    ),
    Patient(
        "on the first birthday", [patient("2025-04-16"), *RELAPSED[1:]], coverage="met", verdicts={"POL-IND-A-AGE": "met"},
    ),
    Patient(
        "Ph-positive by FISH with dasatinib: path 1 by B.2, not alone",
        [*RELAPSED, observation("51867-0", "2026-03-03", text="Positive"), drug_order("dasatinib", authored="2026-04-10")],
        coverage="met", verdicts={"POL-A-II-B-1": "not-met", "POL-A-II-B-2": "met", "POL-A-II-B-3": "not-met"},
    ),
    Patient(
        "imatinib, and the Philadelphia chromosome negative",
        [*RELAPSED, observation("51867-0", "2026-03-03", text="Negative"), drug_order("imatinib", authored="2026-04-10")],
        coverage="not-met", verdicts={"POL-A-II-B-1": "not-met", "POL-A-II-B-2": "not-met", "POL-A-II-B-3": "not-met"},
    ),
    Patient(
        "newly diagnosed, Ph-negative, all five drugs of mini-hyper-CVD: path 2",
        [
            patient("1950-06-01"), condition("277572006", system=SNOMED, recorded="2026-04-01", onset="2026-04-01"),
            observation("51124-6", "2026-04-02", 90, "%"), observation("51867-0", "2026-04-03", text="Negative"), *body_size(),
            *(drug_order(d, authored="2026-04-14") for d in ("cyclophosphamide", "dexamethasone", "vincristine", "methotrexate", "cytarabine")),
        ],
        coverage="met", verdicts={"POL-A-IV-FL": "met", "POL-A-IV-PH": "met", "POL-A-V": "met", "POL-A-II-B-1": "not-met"},
    ),
    Patient(
        "Ph-like disease says nothing of BCR::ABL1",
        [*RELAPSED, report("2026-03-03", "Ph-like B-ALL, CRLF2 rearranged")], coverage="met", verdicts={"POL-A-IV-PH": "unknown"},
    ),
    Patient(
        "second cycle after CR by components, well documented: one info card",
        [*TREATED, *CLEAR_MARROW], [C2D1], coverage="met", place=("continuation", 2, 1), findings=set(), needed=set(),
        dose={"verdict": "ok", "expected_mg": "0.883", "billing_units": 9, "vials": 1},
    ),
    Patient(
        "no response: 0.8 mg/m2 again",
        [*TREATED, observation("11150-0", "2026-04-10", 20, "%")], [order("2026-04-16", "C2D1", 1.41)], coverage="met",
        findings=set(), dose={"verdict": "ok", "mg_per_m2": "0.8"},
    ),
    Patient(
        "response unknown: both rows, the dose fits one of them, nothing is judged",
        TREATED, [C2D1], verdicts={"POL-B-I-B": "unknown", "POL-B-I-TOX": "met"}, findings=set(), needed={"response"},
        dose={"verdict": "unknown", "expected_mg": None, "billing_units": None},
    ),
    Patient(
        "day 8 of cycle 2, response unknown: 0.5 mg/m2 in every row",
        [*TREATED, administration("2026-04-08", 0.88, "C2D1")], [order("2026-04-15", "C2D8", 0.88)], place=("continuation", 2, 8),
        dose={"verdict": "ok", "mg_per_m2": "0.5"},
    ),
    Patient(
        "platelets 48,000 per microliter before cycle 2: hold",
        [*[r for r in TREATED if r["id"] != "777-3-2026-04-14-150"], *CLEAR_MARROW, observation("777-3", "2026-04-14", 48000, "/uL")],
        [C2D1], coverage="met", findings={"hem-hold"},
    ),
    Patient(
        "platelets 40 before treatment, back at 120: row 3 releases by (b)",
        [*[r for r in TREATED if r["id"] != "777-3-2026-03-16-120"], *CLEAR_MARROW, observation("777-3", "2026-03-16", 40, COUNT)],
        [C2D1], coverage="met", findings=set(),
    ),
    Patient(
        "counts from three weeks before: unknown, not a hold",
        [*RELAPSED, *CYCLE_1, *BASELINE, *CLEAR_MARROW, *[r for r in FOLLOW_UP if r["id"][:5] not in ("777-3", "751-8")]],
        [C2D1], verdicts={"POL-B-I-C-1": "unknown"}, findings={"hem-unknown"}, needed={"cbc"},
    ),
    Patient(
        "VOD after the first dose: stop",
        [*TREATED, *CLEAR_MARROW, condition("K76.5", onset="2026-04-10")], [C2D1], coverage="not-met",
        verdicts={"POL-B-I-TOX": "not-met"}, findings={"permanent-discontinuation"},
    ),
    Patient(
        "VOD two years before inotuzumab: a risk factor, not a stop",
        [*RELAPSED, *REPORTS, condition("K76.5", onset="2024-04-10", ended="2024-06-01", clinical="resolved")], coverage="met",
        findings={"boxed-warning", "safety-hepatic"},
    ),
    Patient(
        "severe infusion reaction on the day of a dose",
        [*TREATED, *CLEAR_MARROW, adverse_event("Infusion related reaction", "2026-03-24", severity="severe")], [C2D1],
        coverage="not-met", findings={"permanent-discontinuation"},
    ),
    Patient(
        "anaphylaxis to contrast on the day of a dose: not inotuzumab's",
        [*TREATED, *CLEAR_MARROW, adverse_event("Anaphylaxis", "2026-03-24", suspect="Iodinated contrast")], [C2D1],
        coverage="met", findings=set(),
    ),
    Patient(
        "mucositis of grade 2, not resolved: wait, coverage unchanged",
        [*TREATED, *CLEAR_MARROW, adverse_event("Oral mucositis, grade 2", "2026-04-10")], [C2D1], coverage="met", findings={"nonhem-hold"},
    ),
    Patient(
        "transplant planned, third cycle, CR but MRD positive: the third cycle is appropriate",
        [
            *RELAPSED, *TWO_CYCLES, *CLEAR_MARROW, *FOLLOW_UP, service_request("234336002", authored="2026-04-01"),
            stated("MRD by flow cytometry", "positive, 0.3 %", "2026-04-10"),
        ],
        [order("2026-04-16", "C3D1", 0.88)], place=("continuation", 3, 1), verdicts={"POL-B-I-MAX": "met"},
    ),
    Patient(
        "transplant planned, third cycle, CR and MRD negative: not met",
        [
            *RELAPSED, *TWO_CYCLES, *CLEAR_MARROW, *FOLLOW_UP, service_request("234336002", authored="2026-04-01"),
            stated("MRD by flow cytometry", "negative", "2026-04-10"),
        ],
        [order("2026-04-16", "C3D1", 0.88)], coverage="not-met", verdicts={"POL-B-I-MAX": "not-met"},
    ),
    Patient(
        "transplant planned, third cycle, MRD not known: unknown, MRD is asked for",
        [*RELAPSED, *TWO_CYCLES, *CLEAR_MARROW, *FOLLOW_UP, service_request("234336002", authored="2026-04-01")],
        [order("2026-04-16", "C3D1", 0.88)], verdicts={"POL-B-I-MAX": "unknown"},
    ),
    Patient(
        "a held day-8 dose for hepatotoxicity, recovered after 18 days: the next cycle is reduced by 25 %",
        [
            *RELAPSED, *BASELINE, *FOLLOW_UP, *CLEAR_MARROW, administration("2026-03-10", 1.41, "C1D1"),
            held("2026-03-17", "grade 3 ALT elevation", "C1D8"), held("2026-03-24", "grade 3 ALT elevation", "C1D15"),
            adverse_event("Grade 3 ALT elevation", "2026-03-16", outcome="resolved", recorded="2026-04-04"),
        ],
        [C2D1], findings={"dose-reduction-due"}, dose={"verdict": "over", "expected_mg": "0.662"},
    ),
    Patient(
        "the order repeats cycle 1 day 1 although cycle 1 was given: cycle unknown, the higher one decides the kind",
        [*TREATED, *CLEAR_MARROW], [order("2026-04-16", "Cycle 1 Day 1", 1.41)], place=("continuation", None, 1), coverage="met",
        dose={"verdict": "unknown", "expected_mg": None},
    ),
    Patient(
        "transplant, then relapse: a new course starts at cycle 1, judged by section A",
        [
            *RELAPSED, *given(("2024-06-04", "C1D1"), ("2024-06-11", "C1D8")), procedure("234336002", "2024-09-01"),
        ],
        [order(text="C1D1")], coverage="met", place=("initial", 1, 1), verdicts={"POL-A-I-CD22": "met", "POL-A-II-A": "met"},
    ),
    Patient(
        "days 1, 8 and 15 of cycle 2 signed together three weeks ahead",
        [*TREATED, *CLEAR_MARROW],
        [
            order("2026-05-05", "C2D1", 0.88, id="d1"), order("2026-05-12", "C2D8", 0.88, id="d8"), order("2026-05-19", "C2D15", 0.88, id="d15"),
        ],
        coverage="met", findings=set(),
    ),
    Patient(
        "arthritis, methotrexate weekly: not combination therapy",
        [*RELAPSED, *REPORTS, drug_order("methotrexate", authored="2026-04-01", reason="rheumatoid arthritis")], coverage="met",
        verdicts={"POL-A-II-B-1": "met"},
    ),
    Patient(
        "intrathecal methotrexate: not combination therapy",
        [*RELAPSED, drug_order("methotrexate", authored="2026-04-01", text="intrathecal 12 mg")], coverage="met",
        verdicts={"POL-A-II-B-1": "met"},
    ),
    Patient(
        "vincristine and cytarabine ordered last week: two of five, unknown whether mini-hyper-CVD",
        [*RELAPSED, drug_order("vincristine", authored="2026-04-10"), drug_order("cytarabine", authored="2026-04-10")],
        verdicts={"POL-A-II-B-1": "not-met", "POL-A-II-B-3": "unknown"},
    ),
    Patient(
        "the plan names CR as its goal: no response is stated by it",
        [*TREATED, care_plan("Inotuzumab until CR, then transplant if eligible", created="2026-04-01")], [C2D1],
        verdicts={"POL-B-I-B": "unknown"},
    ),
    Patient("C91.02 alone takes its lineage from CD22 on 85 % of blasts", [r for r in RELAPSED if not r["id"].startswith("277572006")],
        coverage="met", verdicts={"POL-A-I-DX": "met"}),
    Patient("C91.02 alone, lineage not stated anywhere", [r for r in RELAPSED if not r["id"].startswith(("277572006", "51124"))],
        verdicts={"POL-A-I-DX": "unknown", "POL-A-II-A": "met"}),
    Patient("C91.00 alone with a B-lineage report: B-ALL, but relapse not shown", [
        patient(), condition("C91.00", system=ICD10, recorded="2026-03-01"), report("2026-03-02", "B lymphoblasts positive for CD19, CD22"), *body_size(),
    ], verdicts={"POL-A-I-DX": "met", "POL-A-I-CD22": "met", "POL-A-II-A": "unknown"}),
]  # fmt: skip


@pytest.mark.parametrize("case", PATIENTS, ids=lambda p: p.note)
def test_worked_patient(case):
    for d in determine_all(case.record, case.orders):
        assert d.coverage.value == case.coverage
        verdicts = {c.id: c.verdict.value for c in d.criteria}
        assert {i: verdicts[i] for i in case.verdicts} == case.verdicts
        if case.place is not None:
            assert (d.request, d.cycle, d.day) == case.place
        if case.findings is not None:
            assert {f.kind for f in d.findings} - {"coverage", "documentation"} == case.findings
        if case.needed is not None:
            assert {n.item for n in d.needed} == case.needed
        for member, expected in case.dose.items():
            found = getattr(d.dose, member)
            assert (str(found) if isinstance(expected, str) and member != "verdict" else found) == expected
