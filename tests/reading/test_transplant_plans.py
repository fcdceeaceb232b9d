"""A plan for a transplant that stands, and what is none: one kind or donor excluded, a former plan, options and rules."""

from datetime import date

import pytest

from cds_service.clinical.leukemia.transplants.plans import intention_in

ONE_KIND_EXCLUDED = [
    "Not a candidate for autologous transplant.", "Auto SCT not an option; allo to be discussed.", "Not a candidate for cord blood transplant; haplo being explored.",
    "MUD transplant not possible; haplo donor search ongoing.", "Declines haplo HSCT", "Not a candidate for myeloablative transplant", "No sibling transplant planned",
    "Autologous stem cell transplantation not planned", "Not eligible for autologous HSCT", "Cord transplant not recommended", "Transplant from brother not possible",
    "Not a candidate for full-intensity alloHSCT", "No autologous transplant",
    "alloSCT not an option; auto to be discussed.", "Not a candidate for TBI-based transplant",
]  # fmt: skip
FORMER = [
    "Was to undergo alloHCT in January; donor fell through. New search.", "Was scheduled for HSCT 3/1 but relapsed before admission; InO started.",
    "Planned alloHCT (2/2026) aborted for relapse.", "alloHSCT had been planned for February", "Was going to transplant in 2025", "Was supposed to undergo HSCT",
    "HSCT was scheduled for January", "Originally planned for alloHSCT", "alloHCT planned for January, donor backed out", "Transplant planned for 2/2026.",
    "alloHSCT scheduled for 3/1.", "HSCT planned. Donor fell through.", "Were going to proceed to transplant", "Was en route to transplant", "Was booked for HSCT",
]  # fmt: skip
NOT_SURELY_PUT_OFF = [
    "Transplant delayed", "Transplant delayed indefinitely.", "HSCT delayed until infection clears and she is fit", "Kidney transplant delayed to June.",
    "HSCT cancelled; will reschedule", "HSCT cancelled. Rescheduled for June", "HSCT cancelled given infection, will be rescheduled",
    "Transplant clinic visit postponed to June", "alloHSCT was postponed to 2/2026", "Cycle 3 delayed to June",
]  # fmt: skip
WITHOUT_A_DATE = [
    "Pt wants transplant", "Interested in transplant", "Not currently planning transplant, will revisit after C2",
    "No HSCT yet", "No HSCT plans yet", "Transplant not scheduled yet", "No transplant scheduled", "HSCT not booked", "No transplant date",
    "No date set for HSCT", "No date for transplant yet", "Transplant candidate: yes", "Transplant eligible: yes",
    "HSCT planned. Patient declines.", "planned HSCT; pt refuses", "alloHSCT was planned for May. She has now declined it.",
]  # fmt: skip
OPTIONS_AND_RULES = [
    "Options:\n1. Proceed to alloHSCT\n2. Continue InO", "Options: proceed to alloHSCT or continue InO", "Treatment options:\n- proceed to HSCT\n- no HSCT, continue InO",
    "Duration: HSCT planned - 2 cycles; no HSCT - 6 cycles", "Proceeding to transplant: 2 cycles. Not proceeding to transplant: 6 cycles.",
    "HSCT planned: 2 cycles; HSCT not planned: 6 cycles", "Number of cycles: proceeding to HSCT 2, not proceeding to HSCT 6", "For those proceeding to HSCT: 2 cycles",
    "Policy: HSCT planned, 2 cycles", "Considerations:\nproceed to HSCT", "If proceeding to HSCT, 2 cycles. Not proceeding to HSCT: up to 6 cycles.",
    "2 cycles (proceeding to HSCT) or 6 cycles (not proceeding to HSCT)", "HSCT cancelled for now, will revisit after C2", "No transplant for now", "Not proceeding to HSCT = up to 6 cycles", "Option 1: proceed to HSCT. Option 2: no HSCT.",
]  # fmt: skip


@pytest.mark.parametrize(
    "text", [*ONE_KIND_EXCLUDED, *FORMER, *NOT_SURELY_PUT_OFF, *WITHOUT_A_DATE, *OPTIONS_AND_RULES]
)
def test_what_is_no_plan_and_no_denial_of_one(text):
    assert intention_in(text, date(2026, 4, 13)) is None


STANDS = [
    "MUD transplant not possible; proceeding to haplo transplant.", "Not a candidate for autologous transplant, alloHSCT planned.", "Haplo HSCT declined. Proceeding to MUD alloHSCT.",
    "Was to undergo alloHCT in January; rescheduled, alloHSCT now planned for May.", "HSCT planned 5/10", "Proceeding to alloHSCT on 5/12/2026", "alloHSCT scheduled for May",
    "Plan: 2 cycles of InO then alloHSCT", "Bridge to alloHCT, max 2 cycles.", "Plan: proceed to MUD alloHCT ~5/10 w/ Dr. Lee.", "Options reviewed, proceeding to alloHSCT",
    "BMT approved by committee 4/1, HSCT planned for May", "Transplant delayed to June.", "alloHSCT postponed until May", "HSCT was delayed until 6/1.", "HSCT scheduled 5/10. Patient declined transfusion.",
]  # fmt: skip
DENIED = [
    "Not a candidate for allogeneic transplant.", "No transplant planned, auto or allo", "Not eligible for autologous or allogeneic transplant", "HSCT not possible, no donor",
    "Options reviewed: continue InO, no HSCT per patient wish.", "no txplant planned, InO to 6 cycles", "Planned alloHCT cancelled", "Not a candidate for second transplant",
    "No transplant, patient declines.", "No HSCT as patient declines", "No transplant - pt refused", "No transplant planned, patient declined",
    "HSCT scheduled for May was cancelled", "We will not be pursuing HSCT.", "Transplant candidate: no",
]  # fmt: skip


@pytest.mark.parametrize(("text", "planned"), [*((t, True) for t in STANDS), *((t, False) for t in DENIED)])
def test_the_plan_that_stands(text, planned):
    assert intention_in(text, date(2026, 4, 13)) is planned


TURNED = [
    "HSCT planned, now off", "HSCT planned, but I doubt it", "HSCT planned; now off", "HSCT planned. It is off.", "HSCT planned per BMT. I doubt it will happen.",
    "HSCT planned but doubtful", "HSCT planned, but not sure it will happen", "HSCT planned, but having second thoughts", "HSCT planned, pt reconsidering",
    "HSCT planned, though it looks unlikely", "HSCT planned, didn't happen", "HSCT planned, but patient changed mind", "HSCT planned, called it off",
    "Transplant scheduled 5/6, now off", "alloHSCT scheduled for 5/6 but off", "HSCT planned, liver permitting", "HSCT planned. Team now recommends against.",
    "HSCT planned, but denied", "No HSCT planned, but she is reconsidering", "Pt declined HSCT but is wavering",
    "Declined HSCT. Having second thoughts.", "HSCT not planned, but I doubt that is final", "No transplant planned. Plan may change.",
    "HSCT scheduled -> moved to CAR-T instead", "HSCT planned, CAR-T instead", "Was too frail for HSCT in January",
    "We plan no more inotuzumab after this cycle, as she goes to transplant on May 14.", "No additional cycles as she goes to transplant",
    "Not going to transplant this month", "Does not want transplant delayed", "No transplant today", "Not ready for transplant", "Transplant is not a cure",
    "No transplant, no cure", "No consensus on transplant", "No transplant in CR1", "NCCN: InO then transplant",
    "No third cycle since transplant is planned in May", "Inotuzumab not continued as transplant is planned", "Declined C3, going to transplant 5/14",
]  # fmt: skip
OF_THE_DRUG = [
    "Inotuzumab is given as a bridge to transplant", "Inotuzumab is a bridge to transplant", "Inotuzumab is followed by transplant", "Besponsa bridges to transplant",
    "Most will proceed to transplant", "The standard of care is to proceed to transplant",
]  # fmt: skip


@pytest.mark.parametrize("text", [*TURNED, *OF_THE_DRUG])
def test_what_is_doubted_behind_or_said_of_all_patients_decides_nothing(text):
    assert intention_in(text, date(2026, 4, 13)) is None


ABOUT_OTHER_THINGS = [
    "HSCT planned, now off antibiotics", "HSCT planned, off steroids", "HSCT planned. Now off oxygen.", "HSCT planned, but counts are low today",
    "HSCT planned, denies fever", "HSCT planned, now day 15", "InO is a bridge to alloHSCT in May", "Inotuzumab is a bridge to her transplant",
    "InO is being given as a bridge to transplant", "Inotuzumab as a bridge to transplant",
]  # fmt: skip


@pytest.mark.parametrize("text", ABOUT_OTHER_THINGS)
def test_what_goes_on_about_other_things_leaves_a_plan(text):
    assert intention_in(text, date(2026, 4, 13)) is True


@pytest.mark.parametrize(
    ("text", "planned"),
    [
        ("ONC HX\n1/2024 dx B-ALL\n6/2024 MUD alloHSCT\n1/2026 relapse\n3/2026 InO C1\n5/2026 planned second alloHSCT", True),
        ("Oncologic history:\n1/2024 dx\n5/20/2026 alloHSCT planned", True), ("Onc Hx:\n1/2024 dx\n2/2026 alloHSCT planned", None),
        ("Onc Hx:\n6/2024 planned alloHSCT, relapsed", None), ("Onc Hx:\n- planned for alloHSCT\n- relapsed", None),
        ("ONC HX\n5/2026 alloHSCT evaluation", None), ("PMH:\nbrother alloHSCT planned 6/2026", None), ("ONC HX\n5/20/2026 alloHSCT planned, now off", None),
        ("ONC HX: HSCT planned for 6/2026 but declined", None),
    ],
)  # fmt: skip
def test_a_timeline_may_end_with_what_lies_ahead(text, planned):
    assert intention_in(text, date(2026, 4, 13)) is planned
