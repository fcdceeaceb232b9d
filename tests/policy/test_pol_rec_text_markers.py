"""POL-REC-TEXT for markers: what a text on CD22, the Philadelphia chromosome or residual disease settles, and when."""

import pytest

from cds_service.clinical.chart import read_chart
from cds_service.clinical.leukemia.cd22 import cd22_mentions
from cds_service.clinical.leukemia.mrd import mrd_mentions
from cds_service.clinical.leukemia.philadelphia import ph_mentions
from tests.policy.chart_notes import (
    CLOCK,
    care_plan,
    condition,
    determine,
    document,
    observation,
    order,
    patient,
    record,
    report,
    stated,
    verdict,
)
from tests.policy.cycles import before_cycle

CD22, PH, MAX, DX, RR = "POL-A-I-CD22", "POL-A-IV-PH", "POL-B-I-MAX", "POL-A-I-DX", "POL-A-II-A"
OLD_POSITIVE = observation("51124-6", "2025-11-20", 85, "%")
PLANNED = care_plan("Allogeneic transplant planned in May", created="2026-03-01")
CR = document("2026-04-10", "CR after two cycles.")


SOME_BLASTS_WITHOUT_CD22 = [
    "5 % of blasts are CD22 negative.",
    "10 % of the leukemic blasts lack CD22.",
    "Partial loss of CD22.",
    "Incomplete loss of CD22.",
    "CD22 loss, partial.",
    "CD22 partial loss.",
    "CD22 partially lost.",
    "CD22 lost on 10 % of blasts.",
    "CD22 negative on 5 % of blasts.",
    "CD22 absent in a subset of blasts.",
    "CD22 not detected on some blasts.",
    "A subset of the blasts lacks CD22.",
    "A subset of the blasts lacks CD20 and CD22.",
    "Some blasts are CD22 negative.",
    "Most blasts are CD22 negative.",
    "Some of the blasts are negative for CD22.",
    "A minor population is CD22 negative.",
    "A CD22-negative subset is present.",
    "CD22-negative blasts not identified.",
    "CD22-negative blasts: none.",
    "CD22-negative blasts absent.",
    "No CD22-negative blasts.",
    "CD22 not expressed by all blasts.",
    "CD22 not bright.",
    "CD22-negative: 4 %.",
    "CD22 negative blasts were not detected.",
]


@pytest.mark.parametrize("text", SOME_BLASTS_WITHOUT_CD22)
def test_a_part_of_the_blasts_without_cd22_is_no_negative_result(text):
    assert verdict(first_order(report("2026-03-02", text)), CD22) in ("met", "unknown")
    before = observation("51124-6", "2026-03-02", 85, "%")
    assert verdict(first_order(before, report("2026-04-01", text)), CD22) == "met"


@pytest.mark.parametrize(
    "answer",
    [
        "Negative in a subset of blasts",
        "Partial loss",
        "5 % of blasts are negative",
        "Lost on 10 % of blasts",
    ],
)
def test_an_answer_on_a_part_of_the_blasts_is_no_negative_result(answer):
    assert verdict(first_order(stated("CD22 on blasts", answer, "2026-03-02")), CD22) in ("met", "unknown")


@pytest.mark.parametrize(
    "text",
    [
        "CD22 negative.",
        "All blasts are CD22 negative.",
        "100 % of blasts are CD22 negative.",
        "An abnormal population of B lymphoblasts is positive for CD19 and negative for CD22.",
        "CD22 negative, partial CD20.",
        "Blasts: CD10 partial, CD20 subset, CD22 negative.",
        "Complete loss of CD22.",
    ],
)
def test_blasts_without_cd22_are_negative(text):
    assert verdict(first_order(report("2026-03-02", text)), CD22) == "not-met"


MOLECULAR_RESPONSE = [
    "BCR-ABL1 no longer detected.",
    "BCR-ABL1 remains undetectable.",
    "BCR-ABL1 undetectable, in molecular response on dasatinib.",
    "BCR-ABL1 undetectable. Deep molecular remission.",
    "BCR::ABL1 MRD negative.",
    "MRD by BCR-ABL1 PCR: negative.",
    "BCR-ABL1 transcripts cleared.",
    "BCR::ABL1 has become undetectable.",
    "BCR::ABL1 is now negative.",
    "BCR::ABL1 converted to negative.",
    "BCR-ABL1 negative after induction.",
    "BCR-ABL1 PCR negative on dasatinib.",
    "BCR-ABL1 still undetectable.",
    "Ph chromosome no longer present.",
    "Now Ph-negative ALL.",
    "BCR-ABL1 PCR negative at 3 months.",
    "BCR-ABL1 undetectable. Continues dasatinib.",
    "Repeat BCR-ABL1 negative.",
    "BCR::ABL1 undetectable (baseline 45 %).",
    "t(9;22) no longer identified.",
]


@pytest.mark.parametrize("text", MOLECULAR_RESPONSE)
def test_a_molecular_response_is_no_philadelphia_negative_disease(text):
    said = [first_order(report("2026-03-02", text)), first_order(document("2026-03-02", text))]
    assert [verdict(d, PH) for d in said] == ["unknown", "unknown"]
    positive = observation("51867-0", "2024-01-12", text="Positive")
    assert verdict(first_order(positive, report("2026-03-02", text)), PH) == "not-met"


@pytest.mark.parametrize(
    "text",
    [
        "BCR::ABL1 negative by FISH.",
        "BCR::ABL1 negative by FISH, verified by repeat analysis.",
        "BCR::ABL1 not detected, confirmed by repeat FISH.",
        "BCR::ABL1 not detected, MRD positive by flow.",
        "Ph-negative B-ALL, relapsed.",
        "Ph-negative B-ALL, relapse after remission.",
        "Karyotype: 46,XX[20].",
    ],
)
def test_an_absence_at_relapse_is_philadelphia_negative_disease(text):
    assert verdict(first_order(report("2026-03-02", text)), PH) == "met"


def first_order(*resources):
    return determine([patient(), condition("C91.02", recorded="2026-03-01"), *resources], order(text="C1D1"))


CD22_TEXTS = {
    "lost CD19 and kept CD22": ([report("2026-04-10", "CD19-negative relapse with preserved CD22.")], "met"),
    "the word of another marker before it": ([report("2026-04-10", "CD20 negative, CD22 and CD19 positive.")], "met"),
    "lack of a list": ([report("2026-04-10", "The blasts lack expression of CD20, CD22 and surface light chains.")], "not-met"),
    "a later loss outweighs an older number": ([OLD_POSITIVE, report("2026-04-10", "CD22 absent on blasts.")], "not-met"),
    "a past sample in a text is of its own day": ([OLD_POSITIVE, report("2026-04-10", "CD22 was negative on 2024 sample.")], "met"),
    "equivocal leaves an older one open": ([OLD_POSITIVE, report("2026-04-10", "CD22 is borderline.")], "unknown"),
    "what is not understood blocks nothing in prose": ([OLD_POSITIVE, report("2026-04-10", "CD22 dubiously faintish.")], "met"),
    "positive on fewer than 5 % of blasts is open": ([report("2026-04-10", "CD22 positive on 3 % of blasts.")], "unknown"),
    "a drug target is no marker": ([report("2026-04-10", "Previously treated with a CD22 CAR-T.")], "unknown"),
}  # fmt: skip


@pytest.mark.parametrize(("notes", "expected"), CD22_TEXTS.values(), ids=CD22_TEXTS)
def test_cd22_in_texts(notes, expected):
    assert verdict(first_order(*notes), CD22) == expected


PH_TEXTS = {
    "a three-way translocation": ([observation("33893-9", "2026-03-02", text="46,XY,t(4;9;22)(p16;q34;q11.2)[9]/46,XY[11]")], "not-met"),
    "FISH in its own notation": ([observation("51867-0", "2026-03-02", text="nuc ish(ABL1,BCR)x3(ABL1 con BCRx2)[174/200]")], "not-met"),
    "FISH without a fusion signal": ([observation("51867-0", "2026-03-02", text="nuc ish(ABL1,BCR)x2[200]")], "met"),
    "a normal karyotype of 20 metaphases": ([observation("33893-9", "2026-03-02", text="46,XY[20]")], "met"),
    "too few metaphases": ([observation("33893-9", "2026-03-02", text="46,XY[8]")], "unknown"),
    "BCR::JAK2": ([observation("33893-9", "2026-03-02", text="46,XX,t(9;22)(p24;q11.2)[20]")], "unknown"),
    "once positive, now undetectable": ([document("2026-03-02", "Previously BCR::ABL1 positive, now undetectable.")], "not-met"),
    "an uncle's": ([document("2026-03-02", "Uncle with CML, Philadelphia chromosome positive.")], "unknown"),
}  # fmt: skip


@pytest.mark.parametrize(("notes", "expected"), PH_TEXTS.values(), ids=PH_TEXTS)
def test_the_philadelphia_chromosome_in_texts(notes, expected):
    assert verdict(first_order(*notes), PH) == expected


def test_a_sign_of_the_chromosome_does_not_hide_the_disease():
    d = determine(
        [patient(), condition(None, text="Ph-negative B-ALL, first relapse", recorded="2026-03-01")],
        order(text="C1D1"),
    )
    assert (verdict(d, DX), verdict(d, RR)) == ("met", "met")


MRD_TEXTS = {
    "negative, with the assay's sensitivity": ("No measurable residual disease detected (sensitivity 0.01 %)", "not-met"),
    "0.05 %, with a lower limit": ("MRD 0.05 % (lower limit of detection 0.005 %)", "met"),
    "then and now": ("MRD 0.4 % after C1, now negative after C2.", "not-met"),
    "of cycle 1 only": ("MRD negative after C1.", "unknown"),
    "of another line": ("MRD negative after first induction in 2024.", "unknown"),
    "negative in words and positive by number": ("MRD negative, 0.3 %.", "unknown"),
    "not negative": ("Not MRD negative after C2, 0.09 %.", "met"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MRD_TEXTS.values(), ids=MRD_TEXTS)
def test_residual_disease_in_texts(text, expected):
    assert verdict(before_cycle(3, PLANNED, CR, document("2026-04-12", text)), MAX) == expected


def test_the_answer_under_a_question_need_not_name_it():
    mrd = stated(
        "Measurable residual disease by flow cytometry",
        "Not detected (assay sensitivity 1 in 10,000)",
        "2026-04-12",
    )
    assert verdict(before_cycle(3, PLANNED, CR, mrd), MAX) == "not-met"


MENTIONS = [
    (cd22_mentions, "CD22 dubiously faintish.", "CD22 dubiously faintish"),
    (mrd_mentions, "MRD wobbly.", "MRD wobbly"),
    (ph_mentions, "BCR::ABL1 somewhat.", "BCR::ABL1 somewhat"),
]


@pytest.mark.parametrize(("mentions", "text", "quote"), MENTIONS)
def test_a_mention_that_could_not_be_read_is_quoted_with_its_day_and_source(mentions, text, quote):
    (found,) = {(m.reference, str(m.when), m.quote) for m in mentions(chart_of(text))}
    assert found == ("DocumentReference/d", "2026-04-13", quote)


@pytest.mark.parametrize(
    ("mentions", "text"),
    [
        (cd22_mentions, "If CD22 positive, start."), (cd22_mentions, "CD22 positive."), (mrd_mentions, "Goal MRD negativity."),
        (ph_mentions, "Seen in clinic."),
    ],
)  # fmt: skip
def test_what_is_understood_is_no_such_mention(mentions, text):
    assert mentions(chart_of(text)) == ()


def chart_of(text):
    return read_chart(record(patient(), document("2026-04-13", text, id="d")), CLOCK)
