"""Lists of bare names: a sign before or behind the list may be that of every item, so that no item of it is stated."""

from __future__ import annotations

import pytest

from cds_service.clinical.reading.assertions import Time
from cds_service.clinical.reading.reader import read

FINDINGS = [
    ("VOD", "vod"),
    ("leukemia cutis", "extramedullary"),
    ("infusion reaction", "reaction"),
    ("epistaxis", "bleeding"),
    ("pneumonia", "infection"),
    ("cirrhosis", "liver-disease"),
]


@pytest.mark.parametrize(("name", "topic"), FINDINGS)
@pytest.mark.parametrize(
    "listed",
    [
        "No fever, chills, {}.",
        "No adenopathy, splenomegaly, {}, rash.",
        "Denies fever, chills, {}.",
        "History of asthma, {}.",
        "Hx of asthma, gout, {}.",
        "62 yo man with history of asthma, {}.",
        "62 yo man with PMH of asthma, gout, and {}.",
        "{}, asthma, and gout were ruled out.",
        "{}, asthma and gout were ruled out.",
        "{}, asthma, gout: none.",
        "{}, asthma: no.",
        "{}, asthma, gout not seen.",
        "{}, asthma, gout are unlikely.",
    ],
)
def test_an_item_of_a_list_with_one_sign_is_not_stated(listed: str, name: str, topic: str) -> None:
    found = read(listed.format(name), topic)
    assert not any(a.is_now and a.value in read(name, topic).values for a in found.assertions)
    assert found.assertions or found.not_understood


@pytest.mark.parametrize(("name", "topic"), FINDINGS)
@pytest.mark.parametrize(
    "listed",
    ["Asthma, gout, {}.", "{}, asthma, gout.", "Asthma, {}, gout.", "No fever, chills. {}."],
)
def test_an_item_of_a_list_without_a_sign_is_stated(listed: str, name: str, topic: str) -> None:
    assert read(listed.format(name), topic).values == read(name, topic).values


@pytest.mark.parametrize("text", ["History of asthma, VOD.", "62 yo man with PMH of asthma, gout, VOD"])
def test_an_item_of_a_history_is_of_the_past(text: str) -> None:
    (said,) = read(text, "vod").assertions
    assert said.time is Time.PAST


@pytest.mark.parametrize(
    "text",
    ["CR, eating well, blasts not seen.", "CR, GVHD and infection ruled out.", "No pain, eating well, CR."],
)
def test_a_state_beside_a_denied_finding_is_stated(text: str) -> None:
    assert read(text, "response").values == {"cr"}
