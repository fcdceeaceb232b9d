"""The sign of a qualitative result, also under a question that asks for an absence."""

import pytest

from cds_service.clinical.observations.signs import sign_of

PRESENT = {"coding": [{"system": "http://snomed.info/sct", "code": "52101004"}]}
YES, NO = {"valueBoolean": True}, {"valueBoolean": False}
SIGNS = [
    ("CD22", YES, True),
    ("CD22", NO, False),
    ("CD22 positive", NO, False),
    ("CD22 negative", YES, False),
    ("CD22 negative", {"valueString": "Yes"}, False),
    ("CD22 negative", {"valueCodeableConcept": {"text": "Yes"}}, False),
    ("CD22 negative", NO, None),
    ("CD22 negative", {"valueCodeableConcept": PRESENT}, None),
    ("MRD not detected", YES, False),
    ("Undetectable MRD", NO, None),
    ("No MRD", YES, False),
    ("Philadelphia chromosome absent", YES, False),
    ("CD22 (positive/negative)", {"valueString": "positive"}, True),
    ("Presence or absence of t(9;22)", {"valueCodeableConcept": PRESENT}, True),
    ("Choriogonadotropin free", {"valueString": "positive"}, True),
    ("Specimen no. 2", {"valueString": "positive"}, True),
]


@pytest.mark.parametrize(("question", "answer", "expected"), SIGNS)
def test_an_answer_has_the_sign_that_its_question_asks_for(question, answer, expected):
    assert sign_of({"code": {"text": question}} | answer) is expected


def test_a_name_that_asks_for_an_absence_stands_beside_one_that_does_not():
    coding = {"display": "Minimal residual disease [Presence] in Bone marrow", "code": "x", "system": "y"}
    assert sign_of({"code": {"text": "MRD negative", "coding": [coding]}} | YES) is False
