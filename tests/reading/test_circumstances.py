"""Circumstances around a plan: what led to it, why it is so, and another clause in front of it are no part of it."""

from datetime import date

import pytest

from cds_service.clinical.leukemia.transplants.plans import intention_in
from cds_service.clinical.reading.reader import read

DAY = date(2026, 4, 12)

PLANNED = [
    "After a second opinion downtown, she is scheduled for alloHSCT on 5/11",
    "Following this, he will proceed to alloHSCT",
    "Now that his fistula healed, alloHSCT is planned for May",
    "Her case was reviewed on 4/8 and she was approved for alloHSCT in May",
    "AlloHSCT was moved to 5/18 because the donor had a cold",
    "AlloHSCT is planned in May because she is young",
]
NOT_PLANNED = [
    "After meeting with Dr. Kim, the patient has declined alloHSCT",
    "She declines alloHSCT because she fears chronic GVHD",
    "AlloHSCT is not planned given his amyloid heart",
    "Due to severe emphysema, alloHSCT is not planned",
    "AlloHSCT planned in May, not any more",
    "AlloHSCT planned, not any longer",
]
NEITHER = [
    "After meeting with her brother, he is scheduled for alloHSCT",
    "After discussing whether she is fit, alloHSCT is planned?",
    "If she responds, alloHSCT is planned",
    "Because patients relapse, alloHSCT is planned in all",
    "Not sure that she responded and she is scheduled for alloHSCT",
    "Her brother relapsed and he is scheduled for alloHSCT",
    "AlloHSCT is planned because she is a match for her brother",
    "AlloHSCT planned provided a donor turns up",
    "AlloHSCT was cancelled last month because of sepsis; will be readdressed",
    "AlloHSCT is planned because the template says so",
    "AlloHSCT planned because of a name mix-up",
    "AlloHSCT is planned because she was misdiagnosed",
    "AlloHSCT planned due to be discussed",
    "AlloHSCT planned so that she can donate",
    "AlloHSCT planned by her former oncologist",
    "AlloHSCT is not planned because not yet in CR",
    "AlloHSCT is not planned because it is premature",
    "AlloHSCT is not planned because she first needs to reach CR",
    "AlloHSCT has been cancelled because of weather",
    "AlloHSCT is not planned because insurance pending",
    "AlloHSCT has been cancelled because of a scheduling conflict",
    "AlloHSCT planned due to a documentation error",
    "AlloHSCT is not planned because the chart is wrong",
    "AlloHSCT is planned so she was told in 2023",
    "AlloHSCT planned because I hope so",
    "AlloHSCT planned with condition of MRD negativity",
    "AlloHSCT planned with great hesitation",
    "AlloHSCT planned by copy forward",
    "AlloHSCT is planned by her brother's team",
    "AlloHSCT planned with her daughter's physician",
    "AlloHSCT declined by the insurer because of forms",
    "AlloHSCT cancelled because it was rescheduled",
    "AlloHSCT planned with a 9/10 mismatched donor was reversed",
    "She declines alloHSCT because of its toxicities is incorrect",
    "I disagree that she achieved CR and will undergo alloHSCT",
    "Cannot confirm the patient achieved CR and is scheduled for alloHSCT",
    "The family believes she achieved CR and she is scheduled for alloHSCT",
    "Hopefully she achieves CR and will undergo alloHSCT",
    "Ideally she achieves CR and will undergo alloHSCT",
    "Suppose she achieved CR and will undergo alloHSCT",
    "Control: she achieved CR and will undergo alloHSCT",
    "Here for labs before alloHSCT on 5/21/24",
    "She agreed to undergo alloHSCT as a donor",
    "He will be hospitalized as donor for alloHSCT",
    "Inotuzumab is being used as a bridge to alloHSCT in many centers",
    "She does not want to discuss alloHSCT today",
    "She would not tolerate waiting for alloHSCT",
]


@pytest.mark.parametrize("text", PLANNED)
def test_a_plan_is_one_whatever_led_to_it(text: str) -> None:
    assert intention_in(text, DAY) is True


@pytest.mark.parametrize("text", NOT_PLANNED)
def test_a_denial_of_a_plan_is_one_whatever_its_reason(text: str) -> None:
    assert intention_in(text, DAY) is False


@pytest.mark.parametrize("text", NEITHER)
def test_a_condition_a_doubt_or_another_person_is_no_mere_circumstance(text: str) -> None:
    assert intention_in(text, DAY) is None


def test_what_stands_in_front_of_a_state_is_of_moment() -> None:
    assert read("With depression, in remission", "response", DAY).values == frozenset()


def test_a_regimen_is_one_whatever_led_to_it() -> None:
    text = "After a talk with pharmacy downtown, mini-hyper-CVD with inotuzumab"
    assert read(text, "regimen", DAY).values == {"mini-hyper-cvd"}


@pytest.mark.parametrize(
    "text",
    [
        "Status post mini-HCVD cycle 4B",
        "We recommend mini-hyper-CVD but she refused",
        "Mini-hyper-CVD was planned but the patient refused",
    ],
)
def test_a_regimen_that_is_over_or_refused_is_none_of_now(text: str) -> None:
    assert "mini-hyper-cvd" not in read(text, "regimen", DAY).values
