"""What is said of a statement behind it: that it is wrong, struck out or only asked, in its sentence or in the next."""

from __future__ import annotations

import pytest

from cds_service.clinical.reading.reader import read

STATEMENTS = [
    ("In CR", "response", "cr"),
    ("Relapse", "response", "relapse"),
    ("VOD", "vod", "vod"),
    ("Leukemia cutis", "extramedullary", "present"),
    ("Infusion reaction", "reaction", "reaction"),
    ("HSCT planned", "transplant", "planned"),
    ("Pneumonia", "infection", "severe"),
    ("MRD negative", "mrd", "negative"),
    ("CD22 positive", "cd22", "positive"),
    ("Ph positive", "ph", "positive"),
]
TAKEN_BACK = [
    "~~{}~~", "{} - incorrect", "{} (incorrect)", "{} - wrong", "{} in error", "{}. This is incorrect.", "{}. This was an error.",
    "{}. Not true.", "{}. Later disproved.", "{}. That was a mistake.", "{}\n- incorrect", "{}\nAbove is incorrect.",
    "{}\nAbove entered in error.", "{}\nNo", "{}; no", "{}; none", "?? {}", "{}. Not so.", "{}; not anymore", "{}; no longer",
    "{}\nAddendum: the above is incorrect", "{}\nCorrection: not so",
]  # fmt: skip
DOUBTED = [
    "{} (artifact)", "{} - false positive", "{} (unverified)", "{} - sample mix-up", "{} - needs confirmation", "{}, needs to be confirmed",
    "{}, but repeat showed otherwise", "{} but repeat did not confirm", "{}, now felt to be artifact",
]  # fmt: skip
CALLED_OFF = ["{}\n- ruled out", "{}\n- excluded by imaging", "{} -> not confirmed"]


@pytest.mark.parametrize(("said", "topic", "value"), STATEMENTS)
@pytest.mark.parametrize("written", TAKEN_BACK)
def test_what_is_taken_back_is_not_stated(written: str, said: str, topic: str, value: str) -> None:
    assert read(said, topic).values == {value}
    assert value not in read(written.format(said), topic).values


@pytest.mark.parametrize(("said", "topic", "value"), STATEMENTS[:7])
@pytest.mark.parametrize("written", [*CALLED_OFF, *DOUBTED])
def test_a_line_or_arrow_without_a_subject_speaks_of_what_is_before_it(
    written: str, said: str, topic: str, value: str
) -> None:
    assert value not in read(written.format(said), topic).values


@pytest.mark.parametrize(("said", "topic", "value"), STATEMENTS)
@pytest.mark.parametrize(
    "written",
    [
        "{}. It is true.",
        "{}\nYes",
        "{}\nNo fever",
        "{}. False alarm of pump.",
    ],
)
def test_what_is_said_of_something_else_leaves_it(written: str, said: str, topic: str, value: str) -> None:
    assert read(written.format(said), topic).values == {value}


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Evaluation for VOD", "vod"),
        ("US liver: assessment for VOD", "vod"),
        ("Evaluation for CR", "response"),
    ],
)
def test_what_is_looked_for_is_not_stated(text: str, topic: str) -> None:
    assert not read(text, topic).assertions


@pytest.mark.parametrize(
    "text", ["CR but no count recovery", "CR, but platelets low", "CR - repeat in 4 weeks"]
)
def test_what_stands_beside_it_leaves_it(text: str) -> None:
    assert read(text, "response").values == {"cr"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Evaluation: CR", "cr"),
        ("Evaluation for CR: achieved", "cr"),
        ("Evaluation for CR: not in CR", "no-cr"),
    ],
)
def test_a_look_with_an_answer_is_stated(text: str, value: str) -> None:
    assert read(text, "response").values == {value}
