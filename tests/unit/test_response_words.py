"""What a text says of the response to treatment."""

import pytest

from cds_service.clinical.response_words import Response, responses_in

CR, CRI, PR, SD = Response.CR, Response.CRI, Response.PR, Response.SD


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("In CR", [CR]),
        ("CR2 documented", [CR]),
        ("Morphologic remission", [CR]),
        ("CRi after cycle 1", [CRI]),
        ("Complete remission with incomplete count recovery", [CRI]),
        ("PR", [PR]),
        ("SD", [SD]),
        ("Disease remains stable", [SD]),
        ("PD", [Response.PD]),
        ("Disease has progressed", [Response.PD]),
        ("Relapse confirmed on marrow", [Response.RELAPSE]),
        ("2% blasts, no circulating blasts, CRi.", [CRI]),
        ("No peripheral blasts and in CR", [CR]),
        ("No fever, disease progression noted", [Response.PD]),
        ("No fever, cough, or relapse", [Response.NO_PROGRESSION]),
        ("No CR, CRi or PR", [Response.NO_RESPONSE]),
        ("not in CR", [Response.NO_RESPONSE]),
        ("CRi not achieved", [Response.NO_RESPONSE]),
        ("persistent leukemia", [Response.NO_RESPONSE]),
        ("No evidence of relapse, CR maintained", [CR, Response.NO_PROGRESSION]),
        ("Recurrence of leukemia", [Response.RELAPSE]),
        ("Partial response to inotuzumab", [PR]),
        ("No progression of B-ALL", [Response.NO_PROGRESSION]),
        ("No progression of disease", [Response.NO_PROGRESSION]),
        ("Relapsed B-ALL now in complete remission", [CR]),
        ("Stable disease. No relapse.", [SD, Response.NO_PROGRESSION]),
    ],
)
def test_a_response_that_is_stated(text, expected):
    assert responses_in(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Cr 0.9 mg/dL",
        "CR 0.9",
        "cr",
        "PR 160 ms, QTc 430",
        "PR interval normal",
        "PD-1 expressed",
        "goal is CR before transplant",
        "possible CR",
        "if relapse, then blinatumomab",
        "65-year-old with relapsed/refractory B-ALL, cycle 2",
        "relapsed CD22-positive acute lymphoblastic leukemia",
        "marrow at relapse showed 80 % blasts",
        "inotuzumab for the treatment of relapsed disease",
        "prior CR in 2019",
        "progressed on blinatumomab",
        "progressing well",
        "progress note",
        "monitor for progression",
        "progression of neuropathy",
        "no progression of the rash",
        "recurrent urinary tract infections",
        "no recurrence of the infusion reaction",
        "no relapse of depression",
        "no response to antibiotics",
        "chronic liver disease stable",
    ],
)
def test_a_text_that_states_nothing_of_the_response(text):
    assert responses_in(text) == []


def test_abbreviations_are_read_only_where_the_text_is_about_the_response():
    assert responses_in("PR", about_response=False) == []
    assert responses_in("complete remission", about_response=False) == [CR]
