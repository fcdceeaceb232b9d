"""Why a documentation item is open: absent, unseen, on file but not understood, ordered; and which orders are offered.

POL-A-DOC and every item that the policy's criteria ask for.
"""

import re

import pytest

from cards.suggestions import orders_for
from cds_service.fhir.record import DataKind, Gap
from cds_service.policies.inotuzumab.case.places import SOURCES
from cds_service.policies.inotuzumab.numbers import POLICY
from tests.policy.chart_notes import (
    LOINC,
    administration,
    adverse_event,
    body_size,
    care_plan,
    condition,
    criterion,
    determine,
    document,
    drug_order,
    held,
    observation,
    order,
    patient,
    report,
    service_request,
    stated,
    verdict,
)
from tests.policy.treated import C1D1, C2D1, CYCLE_1, IN_CR, NEVER_TREATED

CARD = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
FIRST = [r for r in NEVER_TREATED if r["resourceType"] in ("Patient", "Condition")]
CYCLE_2 = [administration("2026-02-11", 1.41), *CYCLE_1]
C3D1 = order("2026-04-16", "Cycle 3 Day 1", 0.88)
LIVER = [
    observation(code, day, value, unit)
    for day in ("2026-03-10", "2026-04-14")
    for code, value, unit in (("1975-2", 4, "mg/dL"), ("1742-6", 200, "U/L"))
]

MINI_HYPER_CVD = [
    drug_order(drug, day="2026-04-16", authored="2026-04-14")
    for drug in ("cyclophosphamide", "vincristine", "dexamethasone", "methotrexate", "cytarabine")
]

# For each item a patient whose record lacks it, and the order.
LACKING = {
    "birth-date": ([r for r in NEVER_TREATED if r["resourceType"] != "Patient"] + [patient(birth="2025-04")], C1D1),
    "diagnosis": ([patient(), *body_size()], C1D1),
    "pathology": (NEVER_TREATED, C1D1),
    "cd22": (FIRST, C1D1),
    "ph-status": ([*FIRST, drug_order("imatinib", authored="2026-04-10")], C1D1),
    "therapy-history": ([patient(), condition("277572006", system="http://snomed.info/sct")], C1D1),
    "height-weight": (FIRST, C1D1),
    "progression-note": (CYCLE_1, C2D1),
    "response": (CYCLE_1, C2D1),
    "hsct-plan": (CYCLE_2, order("2026-04-16", "Cycle 4 Day 1", 0.88)),
    "cbc": ([*FIRST, *CYCLE_1], C2D1),
    "myelosuppression-note": ([*FIRST, IN_CR], C2D1),
    "infusion-monitoring-note": ([*FIRST, IN_CR], C2D1),
    "ecg-baseline": ([*FIRST, *CYCLE_1], C2D1),
    "ecg-follow-up": ([*FIRST, *CYCLE_1], C2D1),
    "electrolytes-baseline": ([*FIRST, *CYCLE_1], C2D1),
    "electrolytes-follow-up": ([*FIRST, *CYCLE_1], C2D1),
    "toxicity-detail": ([*CYCLE_1, adverse_event("Veno-occlusive disease of the liver")], C2D1),
    "hepatic-recovery": ([*CYCLE_2, *LIVER], C3D1),
    "interruption-reason": ([*CYCLE_1[:1], held("2026-03-25", text="C1D8")], C2D1),
    "cycle-number": (CYCLE_1, order("2026-04-16", "Cycle 1 Day 1", 0.88)),
    "line-of-therapy": ([patient(), condition("277572006", system="http://snomed.info/sct", recorded="2025-01-01"),
                         observation("51124-6", "2026-03-02", 85, "%"), observation("51867-0", "2026-03-02", text="not detected"),
                         *body_size(), *MINI_HYPER_CVD], C1D1),
    "partner-drugs": ([*NEVER_TREATED, drug_order("cytarabine", authored="2026-01-02")], C1D1),
    "mrd": ([*FIRST, *CYCLE_2, IN_CR, care_plan("Allogeneic stem cell transplant planned", created="2026-02-01")], C3D1),
    "extramedullary-status": ([*FIRST, *CYCLE_1, stated("Extramedullary disease", "present", "2026-03-01"),
                               observation("11150-0", "2026-04-10", 2, "%"), observation("26446-5", "2026-04-10", 0, "%")], C2D1),
}  # fmt: skip


GIVEN_BESIDE_OTHER_WORDS = [
    ("cd22", "Blasts are CD22 positive, hematogones CD22 negative."),
    ("cd22", "Leukemic blasts express CD22 as do normal B cells."),
    ("cd22", "Target antigens: CD19 98 %, CD22 87 %."),
    ("cd22", "At diagnosis CD22 positive."),
    ("cd22", "PMH: B-ALL, CD22 positive."),
    ("cd22", "CD22-negative blasts: none."),
    ("ph-status", "Prior: BCR::ABL1 negative."),
]


@pytest.mark.parametrize(("item", "text"), GIVEN_BESIDE_OTHER_WORDS)
def test_a_result_that_is_on_file_is_cited_and_no_order_is_offered_for_it(item, text):
    record, draft = LACKING[item]
    (need,) = [n for n in determine([*record, report("2026-04-10", text)], draft).needed if n.item == item]
    assert text.rstrip(".") in need.because
    assert not need.orderable


@pytest.mark.parametrize(
    "text",
    [
        "Normal B cells are CD22 positive, 10 %.",
        "Hematogones CD22 positive, no blasts.",
        "Goal: CD22 positive.",
        "If CD22 positive, give inotuzumab.",
        "Check CD22.",
        "CD22-directed therapy discussed.",
    ],
)
def test_words_that_give_no_result_of_the_blasts_leave_the_order_offered(text):
    record, draft = LACKING["cd22"]
    (need,) = [n for n in determine([*record, report("2026-04-10", text)], draft).needed if n.item == "cd22"]
    assert need.orderable


NEVER_ABSENT = {"qt-drugs"}  # an empty list of drugs is an answer

NO_SUCH = re.compile(
    r"\bnot found\b|\bno [^;(]+? found\b|\bnone on record\b|\bno [^;(]+ within \d|\bno \w+ (?:of this course )?is recorded\b|\b[Nn]o ECG\b"
)
CODES = {"cd22": "51124-6", "ph-status": "51867-0", "pathology": "101119-6", "height-weight": "8302-2", "cbc": "57021-8",
         "ecg-baseline": "11524-6", "ecg-follow-up": "11524-6", "electrolytes-baseline": "2823-3",
         "electrolytes-follow-up": "2823-3", "response": "11150-0", "mrd": "101119-6"}  # fmt: skip

TESTS = {item.id: item.tests for item in POLICY.items.values() if item.tests}


def gaps(item):
    return [Gap(need, "the server answered 403") for need in SOURCES[item]]


def needed(d, item):
    (found,) = [n for n in d.needed if n.item == item]
    return found


def offered(d):
    return {a["resource"]["code"]["text"] for o in orders_for(d, "p1", CARD) for a in o["actions"]}


@pytest.mark.parametrize("item", LACKING)
def test_pol_a_doc_each_item_absent_unseen_and_awaited_side_by_side(item):
    resources, draft = LACKING[item]
    absent = needed(determine(resources, draft), item)
    unseen = determine(resources, draft, gaps=gaps(item))
    hidden = needed(unseen, item)
    assert "403" not in absent.because
    assert "403" in hidden.because
    assert not NO_SUCH.search(hidden.because), hidden.because
    assert not hidden.orderable
    if item in CODES:
        asked = service_request(CODES[item], system=LOINC, authored="2026-04-14", text=TESTS[item][0].name)
        ordered = needed(determine([*resources, asked], draft), item)
        assert "ordered, result awaited" in ordered.because
        assert not ordered.orderable
        assert absent.orderable


@pytest.mark.parametrize("item", sorted(item for item in TESTS if not item.endswith("baseline")))
def test_pol_a_doc_no_order_is_offered_for_what_could_not_be_seen_or_is_ordered(item):
    codes = {t.name for t in TESTS[item]}
    resources, draft = LACKING[item]
    assert codes <= offered(determine(resources, draft))
    assert not codes & offered(determine(resources, draft, gaps=gaps(item)))


EVERYTHING = [Gap(need, "the server answered 403") for need in DataKind if need is not DataKind.COVERAGE]


@pytest.mark.parametrize("item", LACKING)
def test_pol_a_doc_with_everything_unseen_nothing_is_said_to_be_absent(item):
    resources, draft = LACKING[item]
    d = determine(resources, draft, gaps=EVERYTHING)
    said = [c.because for c in d.criteria] + [n.because for n in d.needed] + [f.text for f in d.findings]
    assert [text for text in said if NO_SUCH.search(text)] == []
    assert offered(d) == set()


def test_every_item_says_where_it_may_stand_and_has_its_row_in_the_table():
    assert all(SOURCES.values())
    assert set(LACKING) | NEVER_ABSENT == set(SOURCES)


def test_pol_b_i_c_3_a_list_of_drugs_that_cannot_be_seen_is_asked_for_and_an_empty_one_not():
    resources = [*FIRST, *CYCLE_1]
    assert "qt-drugs" not in {n.item for n in determine(resources, C2D1).needed}
    assert "403" in needed(determine(resources, C2D1, gaps=gaps("qt-drugs")), "qt-drugs").because


def test_pol_a_doc_an_order_in_the_same_set_is_awaited_and_an_old_or_negative_one_is_not():
    asked = service_request("51124-6", system=LOINC, text="CD22 by flow cytometry", status="draft")
    (d,) = determine_with(FIRST, [C1D1, asked])
    assert "in this order set" in needed(d, "cd22").because
    assert TESTS["cd22"][0].name not in offered(d)
    for other in (
        {"authored": "2025-04-14"},
        {"authored": "2026-04-14", "doNotPerform": True},
        {"status": "completed"},
    ):
        old = service_request("51124-6", system=LOINC, text="CD22 by flow cytometry", **other)
        assert TESTS["cd22"][0].name in offered(determine([*FIRST, old], C1D1))


def determine_with(resources, drafts):
    from tests.policy.chart_notes import determine_all

    return determine_all(resources, drafts)


def test_pol_a_i_cd22_a_report_that_is_on_file_and_was_not_read_is_cited_and_nothing_ordered():
    pdf = report("2026-03-02", loinc="33719-6", presentedForm=[{"contentType": "application/pdf"}])
    d = determine([*FIRST, pdf], C1D1)
    assert "on file and not understood" in needed(d, "cd22").because
    assert criterion(d, "POL-A-I-CD22").evidence == (f"DiagnosticReport/{pdf['id']}",)
    assert TESTS["cd22"][0].name not in offered(d)


def test_pol_hem_a_count_that_cannot_be_read_is_cited_and_nothing_ordered():
    d = determine([*FIRST, *CYCLE_1, observation("777-3", "2026-04-14", text="see comment")], C2D1)
    assert "see comment" in needed(d, "cbc").because
    assert TESTS["cbc"][0].name not in offered(d)


def test_pol_a_doc_a_note_that_cannot_be_seen_is_not_said_to_be_missing():
    d = determine(NEVER_TREATED, C1D1, gaps=gaps("pathology"))
    assert "could not be looked for everywhere" in needed(d, "pathology").because


def test_pol_a_ii_a_unseen_blasts_leave_only_remission_open():
    rest = [r for r in NEVER_TREATED if r["resourceType"] != "Condition"]
    resources = [*rest, condition("C91.01", recorded="2026-02-01")]
    d = determine(resources, C1D1, gaps=[Gap(DataKind.OBSERVATIONS, "the server answered 403")])
    assert verdict(d, "POL-A-II-A") == "unknown"


@pytest.mark.parametrize("words", ["pending", "specimen clotted"])
def test_a_test_without_a_result_yet_is_said_and_not_passed_over(words):
    waiting, older = (
        observation("51124-6", "2026-04-10", text=words),
        observation("51124-6", "2026-04-01", text="tnp"),
    )
    found = criterion(determine([*FIRST, older, waiting], C1D1), "POL-A-I-CD22")
    assert found.verdict.value == "unknown"
    assert f"the newest test has no result: {words} (2026-04-10)" in found.because
    assert "tnp" not in found.because


def test_what_a_text_says_of_an_undated_past_is_not_called_not_understood():
    d = determine([*FIRST, document("2026-03-02", "At diagnosis CD22 positive.")])
    because = criterion(d, "POL-A-I-CD22").because
    assert "on file and of an earlier time without a date" in because
    assert "not understood" not in because


PH_ON_FILE = {
    "a count": ("150/200", "150/200"),
    "words that are not understood": ("See comment", "See comment"),
    "awaited": ("pending", "the newest test has no result: pending"),
}


@pytest.mark.parametrize(("answer", "cited"), PH_ON_FILE.values(), ids=PH_ON_FILE)
def test_a_test_of_the_philadelphia_chromosome_that_is_on_file_is_cited(answer, cited):
    d = determine([*FIRST, observation("51867-0", "2026-04-03", text=answer)])
    assert cited in criterion(d, "POL-A-IV-PH").because
    assert verdict(d, "POL-A-IV-PH") == "unknown"


@pytest.mark.parametrize("answer", ["0/200", "0/200 nuclei", "0 of 200 cells", "0 %"])
def test_a_fusion_in_none_of_the_cells_is_negative(answer):
    d = determine([*FIRST, observation("51867-0", "2026-03-03", text=answer)])
    assert verdict(d, "POL-A-IV-PH") == "met"


def test_a_count_of_cd22_without_an_interpretation_is_cited():
    d = determine([*FIRST, observation("51127-9", "2026-03-02", 85, "10*6/L")])
    assert "a count without an interpretation" in criterion(d, "POL-A-I-CD22").because
