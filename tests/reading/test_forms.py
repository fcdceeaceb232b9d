"""Answers as forms have them: what was chosen is read, what there was to choose from never is."""

import pytest

from cds_service.clinical.reading.reader import read
from cds_service.oncology.hold_reasons import reason_kind
from tests.reading.asking import UPPER

NO = [
    "{} (Y/N): N",
    "{} Y/N: N",
    "{} (yes/no): no",
    "{}: N",
    "{}: [N]",
    "{} - N",
    "{}? No",
    "{}? N.",
    "{}: no",
    "{} (-)",
    "{} -ve",
    "{}: none",
    "{} [ ] yes [x] no",
]
YES = ["{} (Y/N): Y", "{} (yes/no): yes", "{}: Y", "{}? Yes.", "{} (+)", "{} +ve"]
OPEN = ["{} (Y/N)", "{} yes/no", "{} [yes/no]", "{} +/-", "{} -", "{} present/absent"]
TOPICS = [
    ("VOD", "vod", "excluded", "vod"),
    ("Infusion reaction", "reaction", "excluded", "reaction"),
    ("CNS disease", "extramedullary", "absent-there", "present"),
    ("CR", "response", "no-cr", "cr"),
    ("Relapse", "response", "no-progression", "relapse"),
    ("Transplant planned", "transplant", "not-planned", "planned"),
    ("Bleeding", "bleeding", "none", "bleeding"),
    ("Infection", "infection", "none", "infection"),
    ("Mini-hyper-CVD", "regimen", "without", "mini-hyper-cvd"),
]


def values(text, topic):
    return [a.value for a in read(text, topic).assertions]


def each(ways):
    return [(way.format(name), topic, no, yes) for name, topic, no, yes in TOPICS for way in ways]


@pytest.mark.parametrize(("text", "topic", "no", "_yes"), each(NO))
def test_no_is_never_yes(text, topic, no, _yes):
    assert values(text, topic) in ([no], [])


@pytest.mark.parametrize(("name", "topic", "no", "_yes"), TOPICS)
def test_no_is_understood(name, topic, no, _yes):
    assert values(f"{name} (Y/N): N", topic) == [no]
    assert values(f"{name}? No", topic) == [no]


@pytest.mark.parametrize(("text", "topic", "_no", "yes"), each(YES))
def test_yes_is_never_no(text, topic, _no, yes):
    assert values(text, topic) in ([yes], [])


@pytest.mark.parametrize(("text", "topic", "_no", "_yes"), each(OPEN))
def test_a_choice_without_an_answer_says_nothing(text, topic, _no, _yes):
    assert values(text, topic) == []


@pytest.mark.parametrize(
    ("text", "topic", "says"),
    [
        ("CD22 (Y/N): Y", "cd22", ["positive"]),
        ("CD22 positive (Y/N): N", "cd22", ["negative"]),
        ("CD22 positive: no", "cd22", ["negative"]),
        ("CD22 positive? No", "cd22", ["negative"]),
        ("CD22 positive/negative", "cd22", []),
        ("CD22 (+)", "cd22", ["positive"]),
        ("CD10(-) CD22(+)", "cd22", ["positive"]),
        ("Ph positive: no", "ph", ["negative"]),
        ("Ph positive/negative: negative", "ph", ["negative"]),
        ("Ph chromosome (Y/N): N", "ph", []),
        ("MRD negative: No", "mrd", []),
        ("MRD negative (Y/N): N", "mrd", []),
        ("MRD (pos/neg): neg", "mrd", ["negative"]),
    ],
)
def test_a_marker_with_an_answer(text, topic, says):
    assert values(text, topic) == says


@pytest.mark.parametrize(
    ("reason", "toxicity"),
    [("Toxicity: none", None), ("Toxicity (Y/N): N", None), ("Mucositis? No", None), ("Toxicity (Y/N): Y", True), ("Mucositis (grade 3)", True)],
)  # fmt: skip
def test_a_toxicity_that_a_form_denies_is_no_reason_of_a_hold(reason, toxicity):
    assert reason_kind(reason, UPPER) is toxicity


def test_the_quote_is_the_text_as_it_stands():
    (lost,) = read("VOD yes/no", "vod").not_understood
    assert lost.quote == "VOD yes/no"


@pytest.mark.parametrize(
    ("ticked", "topic", "value"),
    [
        ("Extramedullary disease: [x] Yes [ ] No  Site: skin", "extramedullary", "present"),
        ("Extramedullary disease: ☒ Yes ☐ No   Site: skin", "extramedullary", "present"),
        ("Extramedullary disease: [ ] Yes [x] No  Site: n/a", "extramedullary", "absent"),
        ("Relapse: [ ] Yes [x] No  Comment: feels well", "response", "no-progression"),
        ("VOD: [x] Yes [ ] No  Severity: mild", "vod", "vod"),
    ],
)
def test_a_label_behind_the_last_box_is_no_option(ticked: str, topic: str, value: str) -> None:
    assert read(ticked, topic).values == {value}


@pytest.mark.parametrize(
    "open_",
    ["CR: [ ] Yes [ ] No  Site: marrow", "CR: [x] Yes [ ] No  Date: 11/02/2025", "CR: [x] Yes [ ] No  Comment: entered in error"],
)  # fmt: skip
def test_one_that_may_turn_the_answer_leaves_it_open(open_: str) -> None:
    assert read(open_, "response").values == set()


def test_a_label_answered_with_a_sign_is_no_subject_of_the_next_line() -> None:
    for label in ("CMV: negative", "Ph: pos", "HLA: unknown", "ECOG: 1"):
        assert read(f"{label}\nResponse: CR", "response").values == {"cr"}
    for subject in (
        "Breast cancer: yes",
        "Sarcoidosis: yes",
        "Dx: DLBCL",
        "Hepatitis B: positive",
        "Breast cancer",
    ):
        assert read(f"{subject}\nResponse: CR", "response").values == set()


@pytest.mark.parametrize("level", ["10-4", "flow 10-4", "10^-4"])
def test_the_level_of_an_assay_beside_a_state_is_no_laboratory_value(level: str) -> None:
    assert read(f"CR, MRD- ({level})", "response").values == {"cr"}
    for value in ("CR today 10", "CR 10-12", "CR 10"):
        assert read(value, "response").values == set()
