"""The patient most safety tests start from: one relapsed, one treated and well documented.

Cycle 1 was given on 2026-03-18, 03-25 and 04-01; the order is for cycle 2 day 1 on 2026-04-16,
evaluated on 2026-04-15. A test adds what it is about.
"""

from tests.policy.chart_notes import (
    SNOMED,
    administration,
    body_size,
    condition,
    determine,
    document,
    observation,
    order,
    patient,
    stated,
)

COUNT = "10*9/L"
NEVER_TREATED = [
    patient(),
    condition("277572006", system=SNOMED, recorded="2024-01-10"),
    condition("C91.02", recorded="2026-03-01"),
    observation("51124-6", "2026-03-02", 85, "%"),
    *body_size(),
]
CYCLE_1 = [
    administration("2026-03-18", 1.41, "C1D1"),
    administration("2026-03-25", 0.88, "C1D8"),
    administration("2026-04-01", 0.88, "C1D15"),
]
COUNTS = [
    observation("777-3", "2026-03-17", 120, COUNT),
    observation("751-8", "2026-03-17", 2, COUNT),
    observation("777-3", "2026-04-14", 150, COUNT),
    observation("751-8", "2026-04-14", 3, COUNT),
]
ECGS = [observation("76634-5", "2026-03-17", 410, "ms"), observation("76634-5", "2026-04-12", 415, "ms")]
ELECTROLYTES = [
    observation(loinc, day, value, unit)
    for day in ("2026-03-17", "2026-04-12")
    for loinc, value, unit in (("2823-3", 4, "mmol/L"), ("19123-9", 2, "mg/dL"), ("17861-6", 9, "mg/dL"))
]
NOTE = document(
    "2026-04-12",
    "No infection, no bleeding. Watched for one hour after the infusion. No progression.",
    id="progress-note",
)
IN_CR = stated("Response", "complete remission", "2026-04-10")
TREATED = [*NEVER_TREATED, *CYCLE_1, *COUNTS, *ECGS, *ELECTROLYTES, NOTE, IN_CR]
C1D1 = order("2026-04-16", "Cycle 1 Day 1", 1.41)
C2D1 = order("2026-04-16", "Cycle 2 Day 1", 0.88)


def with_grade(event, grade):
    """An AdverseEvent with its CTCAE grade in an extension."""
    coding = {"coding": [{"code": str(grade)}]}
    return event | {
        "extension": [{"url": "http://example.org/fhir/ctcae-grade", "valueCodeableConcept": coding}]
    }


def second_cycle(*added, draft=C2D1, without=(), **how):
    """The treated patient, with what a test adds, before cycle 2."""
    return determine([r for r in TREATED if r not in without] + list(added), draft, **how)


def first_cycle(*added, draft=C1D1, **how):
    """The patient who never had inotuzumab, before the first dose."""
    return determine([*NEVER_TREATED, *added], draft, **how)


def raised(determination, *rules):
    """Kind and indicator of the findings; only those that cite one of the rules, when given."""
    return {
        (f.kind, f.indicator.value) for f in determination.findings if not rules or set(rules) & set(f.rules)
    }


def finding_free(determination):
    """Whether nothing is raised beside the verdict on coverage and reminders that ask for no decision."""
    return {(f.kind, f.indicator.value) for f in determination.findings} <= {
        ("coverage", "info"),
        ("documentation", "info"),
    }
