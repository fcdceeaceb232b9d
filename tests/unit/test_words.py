"""Facts in words: affirmed, denied, doubted or only talked about."""

import pytest

from cds_service.clinical.words import Said, clauses, phrase, says

VOD = phrase(r"VOD", r"veno ?occlusive disease")
AFFIRMED = [
    "VOD", "VOD grade 3", "Severe VOD of the liver", "Veno-occlusive disease", "venoocclusive disease", "Developed VOD on day 12",
    "No fever. VOD confirmed", "No fever, patient has VOD", "No fever, VOD diagnosed", "no ascites, VOD was confirmed", "VOD, not responding to defibrotide", "VOD in May 2025", "VOD is not resolving", "In May 2025 VOD",
]  # fmt: skip
DENIED = [
    "No VOD", "no evidence of VOD", "No signs or symptoms of VOD", "Not VOD", "without VOD", "negative for VOD", "VOD: no", "VOD: none",
    "VOD ruled out", "VOD was excluded", "no fever, ascites, or VOD noted", "VOD is unlikely", "VOD was not seen", "VOD not present", "denies VOD", "No fever, infection or VOD", "free of VOD",
]  # fmt: skip
DOUBTED = [
    "possible VOD", "suspected VOD", "VOD suspected", "VOD?", "concern for VOD", "cannot exclude VOD", "r/o VOD", "may have VOD",
    "if VOD occurs, stop", "VOD. Later: no VOD",
]  # fmt: skip
NOT_MENTIONED = [
    "", "VODKA", "VOD prophylaxis", "prophylaxis of VOD", "risk of VOD", "monitor for VOD", "discussed VOD", "family history of VOD",
    "VOD precautions reviewed",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        *((t, Said.AFFIRMED) for t in AFFIRMED),
        *((t, Said.DENIED) for t in DENIED),
        *((t, Said.DOUBTED) for t in DOUBTED),
        *((t, Said.NOT_MENTIONED) for t in NOT_MENTIONED),
    ],
)
def test_what_a_text_says(text, said):
    assert says(text, VOD) is said


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("No fever. VOD.", ("No fever", "VOD")),
        ("CD22: negative; CD19: positive", ("CD22: negative", "CD19: positive")),
        ("46,XX,t(9;22)(q34;q11.2)[18]", ("46,XX,t(9;22)(q34;q11.2)[18]",)),
        ("BCR::ABL1 0.02 %", ("BCR::ABL1 0.02 %",)),
        ("no VOD but ascites", ("no VOD", "ascites")),
        ("word " * 200, ("word " * 119 + "word", "word " * 79 + "word")),
        ("x" * 700, ("x" * 600, "x" * 100)),
    ],
)
def test_clauses_end_where_a_statement_ends(text, parts):
    assert clauses(text) == parts


def test_a_thing_said_at_the_end_of_a_text_of_any_length_is_read():
    assert says("the patient walks " * 2_000 + "and developed VOD", VOD) is Said.AFFIRMED


@pytest.mark.parametrize(
    ("text", "matches"),
    [("front line", True), ("front-line", True), ("frontline", True), ("confrontline", False)],
)
def test_an_optional_blank_of_a_phrase_may_be_a_hyphen_or_nothing(text, matches):
    assert (phrase(r"front ?line").search(text) is not None) == matches
