"""POL-HEM-1-28 and POL-HEM-2-28: a count low for more than 28 days, suspected to be due to inotuzumab.

The first dose was on 2026-03-02; today is 2026-04-15. Counts in 10*9/L.
"""

import pytest

from tests.policy.chart_notes import (
    SNOMED,
    administration,
    adverse_event,
    body_size,
    condition,
    determine,
    document,
    finding_kinds,
    findings,
    needed,
    observation,
    order,
    patient,
    procedure,
    verdict,
)

COUNT = "10*9/L"
BASE = [patient(), condition("277572006", system=SNOMED), *body_size()]
CYCLE_1 = [
    administration("2026-03-02", 1.41, "C1D1"),
    administration("2026-03-09", 0.88, "C1D8"),
    administration("2026-03-16", 0.88, "C1D15"),
]
C2D1 = order("2026-04-16", "Cycle 2 Day 1", 0.88)
SUSPECTED = adverse_event("Thrombocytopenia", "2026-03-20", suspect="Inotuzumab ozogamicin")


def anc(day, value):
    return observation("751-8", day, value, COUNT)


def platelets(day, value, **more):
    return observation("777-3", day, value, COUNT, **more)


BASELINE = [anc("2026-03-01", 2), platelets("2026-03-01", 120)]


def low_from(first, *later, last="2026-04-14"):
    return [platelets(first, 30), *later, platelets(last, 20), anc("2026-04-14", 2)]


def outcome(*resources, draft=C2D1):
    """The stop, the question, or nothing, with the verdict of POL-B-I-TOX."""
    d = determine([*BASE, *CYCLE_1, *resources], draft)
    kinds = finding_kinds(d) & {"permanent-discontinuation", "consider-permanent-discontinuation"}
    return kinds, verdict(d, "POL-B-I-TOX")


STOP = ({"permanent-discontinuation"}, "not-met")
ASK = ({"consider-permanent-discontinuation"}, "unknown")
NOTHING = (set(), "met")

LENGTHS = [("2026-03-16", STOP), ("2026-03-17", NOTHING)]  # 29 and 28 days to 2026-04-14


@pytest.mark.parametrize(("first", "expected"), LENGTHS)
def test_strictly_more_than_28_days_between_low_counts(first, expected):
    assert outcome(*BASELINE, *low_from(first), SUSPECTED) == expected


def suspect_by_code(system, code):
    drug = {
        "resourceType": "Medication",
        "id": "suspect",
        "code": {"coding": [{"system": system, "code": code}]},
    }
    return {"contained": [drug], "suspectEntity": [{"instance": {"reference": "#suspect"}}]}


CAUSES = [
    ("an event that names inotuzumab", [SUSPECTED], STOP),
    ("a note that names it", [document("2026-04-10", "Persistent thrombocytopenia, suspected to be due to inotuzumab.")], STOP),
    ("no cause stated", [], ASK),
    ("an event without a suspect", [adverse_event("Thrombocytopenia", "2026-03-20")], ASK),
    ("an event whose suspect cannot be read", [adverse_event("Thrombocytopenia", "2026-03-20") | {"suspectEntity": [{"instance": {"reference": "Substance/gone"}}]}], ASK),
    ("an event whose suspect is the code of its package", [adverse_event("Thrombocytopenia", "2026-03-20") | suspect_by_code("http://hl7.org/fhir/sid/ndc", "0008-0100-01")], STOP),
    ("an event whose suspect is a code that no table has", [adverse_event("Thrombocytopenia", "2026-03-20") | suspect_by_code("http://www.nlm.nih.gov/research/umls/rxnorm", "7777777")], ASK),
    ("another suspect", [adverse_event("Thrombocytopenia", "2026-03-20", suspect="Ganciclovir")], NOTHING),
    ("due to the disease", [document("2026-04-10", "Thrombocytopenia due to leukemia")], NOTHING),
    ("said not to be inotuzumab's", [document("2026-04-10", "Thrombocytopenia not related to inotuzumab")], NOTHING),
    ("inotuzumab beside another", [SUSPECTED, document("2026-04-10", "Thrombocytopenia due to leukemia")], STOP),
    ("inotuzumab for another event", [adverse_event("Nausea", "2026-03-20", suspect="Inotuzumab")], ASK),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "expected"), [c[1:] for c in CAUSES], ids=[c[0] for c in CAUSES])
def test_suspicion_is_a_statement_or_event_that_names_inotuzumab(cause, expected):
    assert outcome(*BASELINE, *low_from("2026-03-10"), *cause) == expected


def test_the_stop_is_critical_and_names_both_counts():
    d = determine([*BASE, *CYCLE_1, *BASELINE, *low_from("2026-03-10"), SUSPECTED], C2D1)
    (found,) = findings(d, "permanent-discontinuation")
    assert (found.indicator.value, found.rules) == ("critical", ("POL-HEM-2-28",))
    assert "30 x10*9/L (2026-03-10) to 20 x10*9/L (2026-04-14), 35 days" in found.text


def test_an_unknown_cause_is_asked_for():
    d = determine([*BASE, *CYCLE_1, *BASELINE, *low_from("2026-03-10")], C2D1)
    (found,) = findings(d, "consider-permanent-discontinuation")
    assert (found.indicator.value, found.rules) == ("warning", ("POL-HEM-2-28",))
    assert "toxicity-detail" in needed(d)


def test_anc_has_a_rule_of_its_own():
    counts = [*BASELINE, anc("2026-03-10", 0.9), anc("2026-04-14", 0.99), platelets("2026-04-14", 120)]
    event = adverse_event("Neutropenia", "2026-03-20", suspect="Besponsa")
    d = determine([*BASE, *CYCLE_1, *counts, event], C2D1)
    assert [f.rules for f in findings(d, "permanent-discontinuation")] == [("POL-HEM-1-28",)]


RUNS = [
    ("recovered between", low_from("2026-03-10", platelets("2026-03-25", 50)), NOTHING),
    ("an upper bound between", [*low_from("2026-03-10", platelets("2026-03-25", 60)), procedure(None, "2026-03-24", text="Platelet transfusion")], STOP),
    ("recovered by now", [*low_from("2026-03-10", last="2026-04-12"), platelets("2026-04-14", 55)], NOTHING),
    ("low on the day of the first dose only", [platelets("2026-03-02", 30), platelets("2026-04-14", 20)], NOTHING),
    ("low once", [platelets("2026-03-10", 20)], NOTHING),
]  # fmt: skip


@pytest.mark.parametrize(("counts", "expected"), [r[1:] for r in RUNS], ids=[r[0] for r in RUNS])
def test_a_run_ends_with_a_count_at_or_above_the_limit(counts, expected):
    assert outcome(*BASELINE, *counts, SUSPECTED) == expected


def test_of_counts_of_one_time_the_corrected_one_counts():
    pair = [
        platelets("2026-03-25", 20, status="preliminary", id="z"),
        platelets("2026-03-25", 60, status="corrected", id="a"),
    ]
    assert outcome(*BASELINE, *low_from("2026-03-10", *pair), SUSPECTED) == NOTHING


BASELINES = [
    ("low platelets: row 3", [anc("2026-03-01", 2), platelets("2026-03-01", 40)], NOTHING),
    ("low ANC: row 3 for both", [anc("2026-03-01", 0.5), platelets("2026-03-01", 120)], NOTHING),
    ("not known", [], ASK),
]


@pytest.mark.parametrize(("before", "expected"), [b[1:] for b in BASELINES], ids=[b[0] for b in BASELINES])
def test_the_rule_belongs_to_rows_1_and_2(before, expected):
    assert outcome(*before, *low_from("2026-03-10"), SUSPECTED) == expected


def test_it_applies_to_every_order():
    day_8 = [*CYCLE_1, administration("2026-04-09", 0.88, "C2D1")]
    d = determine(
        [*BASE, *day_8, *BASELINE, *low_from("2026-03-10"), SUSPECTED], order("2026-04-16", "C2D8", 0.88)
    )
    assert "permanent-discontinuation" in finding_kinds(d)


def test_as_a_stop_rule_it_looks_at_earlier_courses_too():
    """The course of January 2025 ended with a transplant; the count was low for 40 days in it."""
    earlier = [
        administration("2025-01-02", 1.41, "C1D1"), anc("2025-01-01", 2), platelets("2025-01-01", 120),
        platelets("2025-01-10", 20), platelets("2025-02-19", 20), procedure("1269349006", "2025-03-01", text="Allogeneic stem cell transplant"),
        adverse_event("Thrombocytopenia", "2025-02-01", suspect="Inotuzumab ozogamicin"),
    ]  # fmt: skip
    d = determine([*BASE, *earlier], order(text="C1D1"))
    assert (d.request, d.cycle) == ("initial", 1)
    assert "permanent-discontinuation" in finding_kinds(d)


def unread(day):
    return observation("777-3", day, text="see comment")


NEWEST_UNREAD = {
    "it may make the run long enough": ((platelets("2026-03-10", 30), platelets("2026-04-05", 20), unread("2026-04-14")), ASK),
    "the run is long enough without it": ((platelets("2026-03-10", 30), platelets("2026-04-13", 20), unread("2026-04-14")), STOP),
    "an unread count within the run": ((platelets("2026-03-10", 30), unread("2026-04-05"), platelets("2026-04-14", 20)), STOP),
    "too short whatever it is": ((platelets("2026-03-30", 30), unread("2026-04-14")), (set(), "met")),
    "recovered before": ((platelets("2026-03-10", 30), platelets("2026-04-05", 90), unread("2026-04-14")), (set(), "met")),
}  # fmt: skip


@pytest.mark.parametrize(("counts", "expected"), NEWEST_UNREAD.values(), ids=NEWEST_UNREAD)
def test_pol_hem_2_28_a_newest_count_that_cannot_be_read(counts, expected):
    assert outcome(*BASELINE, SUSPECTED, *counts) == expected


@pytest.mark.parametrize(
    ("records", "asked"),
    [
        ([*BASELINE, *low_from("2026-03-10")], "the suspected cause of the low platelets"),
        ([SUSPECTED, *low_from("2026-03-10")], "the counts before the first dose"),
        (
            low_from("2026-03-10"),
            "the suspected cause of the low platelets and the counts before the first dose",
        ),
    ],
    ids=["no cause", "no counts before", "neither"],
)
def test_only_what_is_missing_is_asked_for(records, asked):
    d = determine([*BASE, *CYCLE_1, *records], C2D1)
    (tox,) = (c for c in d.criteria if c.id == "POL-B-I-TOX")
    assert tox.changes == asked
