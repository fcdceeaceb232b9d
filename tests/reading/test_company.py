"""Relatives and places around a statement leave it readable; what is said of a relative is not the patient's."""

from __future__ import annotations

from datetime import date

import pytest

from cds_service.clinical.reading.assertions import Time
from cds_service.clinical.reading.reader import read
from cds_service.policies.inotuzumab.case.regimens import planned_beside


def said(topic: str, text: str) -> set[str]:
    return {a.value for a in read(text, topic).assertions if a.time is Time.PRESENT}


@pytest.mark.parametrize(
    ("topic", "value", "text"),
    [
        (
            "response",
            "cr",
            "I reviewed the marrow with her and her daughter today: she is in complete remission.",
        ),
        ("response", "cr", "Reviewed with her husband today: she is in complete remission."),
        ("response", "cr", "Marrow reviewed with patient and wife: in complete remission."),
        ("status", "relapsed", "Frank relapse, seen with her family today."),
        ("transplant", "not-planned", "After a long talk with her family she decided against transplant."),
        ("response", "cr", "Marrow at Mercy Hospital last Tuesday: complete remission."),
        ("response", "progression", "Marrow at Mayo last Tuesday showed progression of leukemia."),
        ("transplant", "planned", "Pt here with brother. He is scheduled for an allogeneic transplant."),
    ],
)
def test_a_relative_at_hand_does_not_silence(topic: str, value: str, text: str) -> None:
    assert said(topic, text) == {value}


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        ("transplant", "Here with her daughter, who is scheduled for an allogeneic transplant."),
        ("transplant", "Here with her brother. He is scheduled for an allogeneic transplant."),
        ("transplant", "Here with his wife; she is scheduled for an allogeneic transplant."),
        ("response", "Here with her brother. He is in remission."),
        ("response", "Reviewed with her brother today: he is in complete remission."),
        ("response", "Seen with her sister in remission."),
        ("response", "Seen with her sister, who is in complete remission."),
        ("response", "Here with daughter in CR."),
        ("response", "Accompanied by her sister in CR."),
        ("response", "Marrow at another aggressive remission clinic."),
        ("status", "Here with his mother for her relapsed B-ALL."),
        ("status", "Here with her mother, who has relapsed B-ALL."),
        ("status", "Seen with her sister with relapsed B-ALL."),
        ("status", "Patient and daughter: daughter has relapsed B-ALL."),
        ("status", "Her mother and father had relapsed ALL."),
    ],
)  # fmt: skip
def test_what_is_said_of_a_relative_is_not_the_patients(topic: str, text: str) -> None:
    assert said(topic, text) == set()


@pytest.mark.parametrize(
    ("topic", "text", "value"),
    [
        ("response", "She is in complete remission four weeks after starting Besponsa.", "cr"), ("response", "CR 3 weeks into therapy.", "cr"),
        ("response", "Two weeks after count recovery, she experienced relapse.", "relapse"),
        ("response", "Told patient and husband that the marrow is in remission.", "cr"), ("mrd", "She is MRD negative by flow at Hopkins.", "negative"),
    ],
)  # fmt: skip
def test_a_span_of_time_and_who_was_told_change_nothing(topic: str, text: str, value: str) -> None:
    assert said(topic, text) == {value}


@pytest.mark.parametrize(
    "text",
    [
        "CR expected four weeks after starting Besponsa.",
        "The concern is relapse in the months after transplant.",
        "Weeks of CR",
        "Two weeks after relapse",
        "She is 2 weeks post relapse",
        "Seen three weeks after the progression",
    ],
)
def test_a_span_ahead_or_without_a_count_states_nothing(text: str) -> None:
    assert said("response", text) == set()


@pytest.mark.parametrize(
    "text",
    ["Mini-HCVD cycle 1 with InO.", "Inotuzumab, which we will give with mini-hyper-CVD."],
)
def test_a_cycle_or_a_relative_clause_may_stand_between_the_drug_and_its_regimen(text: str) -> None:
    assert planned_beside(text, date(2026, 4, 12)) == {"mini-hyper-cvd"}


@pytest.mark.parametrize(
    "text",
    ["Inotuzumab, which could be given with mini-hyper-CVD.", "At Duke in 2023 inotuzumab, given with mini-hyper-CVD."],
)  # fmt: skip
def test_a_regimen_that_is_not_planned_is_none(text: str) -> None:
    assert not planned_beside(text, date(2026, 4, 12))
