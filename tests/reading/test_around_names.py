"""What stands around a name: its abbreviation, which is the same name, and what goes on behind an aside."""

from __future__ import annotations

import pytest

from cds_service.clinical.reading.assertions import Certainty
from cds_service.clinical.reading.reader import read
from cds_service.clinical.reading.recorded import Named, recorded_as

NAMES = [
    ("veno-occlusive disease (VOD)", "vod", ("vod",)),
    ("VOD (veno-occlusive disease)", "vod", ("vod",)),
    ("sinusoidal obstruction syndrome [SOS/VOD]", "vod", ("vod",)),
    ("infusion related reaction (IRR)", "reaction", ("reaction",)),
    ("gastrointestinal bleeding (GIB)", "bleeding", ("bleeding",)),
    ("urinary tract infection (UTI)", "infection", ("infection",)),
    ("pneumonia (PNA)", "infection", ("severe",)),
    ("nonalcoholic steatohepatitis (NASH)", "liver-disease", ("liver-disease",)),
    ("GIB (gastrointestinal bleeding)", "bleeding", ("bleeding",)),
]
APART = [
    "veno-occlusive disease - VOD",
    "veno-occlusive disease, VOD",
    "veno-occlusive disease, severe (VOD)",
    "veno-occlusive disease (VOD, grade 3)",
    "veno-occlusive disease (VOD) of liver",
]


@pytest.mark.parametrize(("name", "topic", "values"), NAMES)
@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("{}", Named.STATED),
        ("History of {}", Named.PAST),
        ("Possible {}", Named.SUSPECTED),
        ("No {}", Named.DENIED),
        ("{} ruled out", Named.DENIED),
        ("Risk of {}", Named.ABOUT),
    ],
)
def test_of_a_recorded_name(
    written: str, says: Named, name: str, topic: str, values: tuple[str, ...]
) -> None:
    assert recorded_as(written.format(name), topic, *values) is says


@pytest.mark.parametrize("name", APART)
@pytest.mark.parametrize(
    "written",
    ["History of {}", "Possible {}", "No {}", "{} ruled out", "{}: no", "Risk of {}", "Rule out {}"],
)
def test_what_is_said_of_a_name_reaches_its_abbreviation(written: str, name: str) -> None:
    assert recorded_as(written.format(name), "vod", "vod") is not Named.STATED


@pytest.mark.parametrize("name", APART)
def test_the_name_alone_is_stated(name: str) -> None:
    assert recorded_as(name, "vod", "vod") is Named.STATED


@pytest.mark.parametrize(
    ("text", "topic", "values"),
    [
        ("In complete remission (CR) after C1", "response", {"cr"}),
        ("Not in complete remission (CR)", "response", {"no-cr"}),
        ("No progressive disease (PD)", "response", {"no-progression"}),
        ("Goal is complete remission (CR)", "response", set()),
        ("Partial response (PR), not CR", "response", {"pr", "no-cr"}),
        ("Plan for hematopoietic stem cell transplant (HSCT)", "transplant", {"planned"}),
        ("Not a candidate for hematopoietic stem cell transplant (HSCT)", "transplant", {"not-planned"}),
        ("Extramedullary disease (EMD): none", "extramedullary", {"absent"}),
    ],
)
def test_of_a_text(text: str, topic: str, values: set[str]) -> None:
    assert read(text, topic).values == values


ASIDES = (
    ", per the consultant,",
    ", per Dr. Foo,",
    " (as all had feared)",
    " - a worry of the team -",
    ", told last week,",
)
TURNS = (
    "was ruled out", "not achieved", "was excluded", "is not present", "has been ruled out", "not confirmed", "no longer present",
    "is unlikely", "was not seen", "never occurred", "turned out negative", "proved wrong", "is in error", "declined",
    "was a misread", "cannot be determined", "is questionable", "was in 2019", "was her sister's",
)  # fmt: skip


@pytest.mark.parametrize("aside", ["", *ASIDES])
@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("Complete remission", "response"),
        ("Relapse", "response"),
        ("VOD", "vod"),
        ("Extramedullary disease", "extramedullary"),
        ("Transplant planned", "transplant"),
        ("Infusion reaction", "reaction"),
        ("Relapsed B-ALL", "status"),
        ("Mini-hyper-CVD", "regimen"),
    ],
)
def test_what_turns_a_name_behind_an_aside_is_never_lost(name: str, topic: str, aside: str) -> None:
    bare = {a.value for a in read(f"{name}.", topic).assertions}
    assert bare
    texts = [f"{name}{aside} {turn}." for turn in TURNS]
    still = [
        text
        for text in texts
        for a in read(text, topic).assertions
        if a.is_now and a.certainty is Certainty.STATED and a.value in bare
    ]
    assert still == []


@pytest.mark.parametrize(
    "text",
    [
        "CR (BM 4/8) on InO.",
        "CR (per Dr. Foo) was achieved.",
        "In CR, is doing well.",
        "CR (blasts 2 %).",
    ],
)
def test_what_supports_a_name_behind_an_aside_leaves_it(text: str) -> None:
    assert read(text, "response").values == {"cr"}
