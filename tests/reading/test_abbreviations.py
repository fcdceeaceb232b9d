"""A name with its abbreviation in brackets is one name: what denies, doubts or places the name holds for both."""

from __future__ import annotations

import pytest

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
