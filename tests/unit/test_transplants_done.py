"""What a text says of a stem cell transplant that was done, and which names of conditions say so."""

from datetime import date

import pytest

from cds_service.clinical.leukemia.transplants.done import is_of_one_done, performed_in

ON = date(2026, 4, 10)
DONE = {
    "s/p allogeneic stem cell transplant 2025-06-01": "2025-06-01",
    "s/p alloSCT 6/2025": "2025-06",
    "S/P allo-HSCT (MUD) 2025": "2025",
    "Underwent haploidentical SCT 6/12/2025": "2025-06-12",
    "Underwent alloHSCT 6/2025, relapsed 3/2026": "2025-06",
    "He received an allogeneic transplant from his sister in 2024.": "2024",
    "Prior transplant in 2024": "2024",
    "Prior HSCT: 2024": "2024",
    "PMH: allogeneic BMT 2023": "2023",
    "Allogeneic HSCT in 2025": "2025",
    "Prior therapies: hyper-CVAD x 8, then POMP, relapse 1/2025, blinatumomab x 2, alloHSCT 6/2025, relapse 3/2026.": "2025-06",
    "s/p hyper-CVAD, blinatumomab, and MUD alloSCT in CR2 (6/2025)": "2025-06",
    "HPI: 46F with Ph-negative B-ALL dx 1/2024 s/p hyper-CVAD x 8, alloSCT 6/2025 c/b VOD, relapsed 3/2026 (62% marrow blasts, CD22+).": "2025-06",
    "46F with Ph-negative B-ALL dx 1/2024 s/p alloSCT 6/2025": "2025-06",
    "46-year-old woman with B-ALL, s/p alloSCT from MUD in 6/2025, now with relapse.": "2025-06",
    "She underwent alloSCT in June 2025 and relapsed in March 2026.": "2025-06",
    "B-ALL s/p alloSCT 6/2025 complicated by GVHD": "2025-06",
    "B-ALL s/p hyper-CVAD and alloSCT, relapsed 3/2026": None,
    "Relapsed after alloHSCT in 2025": None,
    "Prior therapy: hyper-CVAD, blinatumomab, alloSCT": None,
    "History of allogeneic HSCT in CR1": None,
    "Prior alloSCT: yes": None,
    "Post-transplant relapse": None,
    "Day +250 after alloHSCT": None,
    "Relapsed 4 months post transplant": None,
}
NOT_DONE = [
    "No prior transplant", "No history of HSCT", "Never transplanted", "Prior HSCT: no", "Prior transplant: none", "s/p kidney transplant", "Brother underwent BMT",
    "HSCT planned", "Bridge to alloSCT", "alloSCT in May 2026", "s/p HLA typing for HSCT", "s/p transplant consult", "Completed transplant workup", "Had transplant evaluation 3/2026",
    "Was to undergo HSCT in 1/2026", "Had been scheduled for HSCT", "Discussed risk of VOD after transplant", "If s/p HSCT", "Relapsed before transplant", "Declined HSCT in 2025",
    "Previously declined HSCT", "Failed to proceed to HSCT", "Received blinatumomab as a bridge to HSCT", "s/p 2 cycles of blinatumomab prior to alloSCT",
    "Previously not a candidate for HSCT", "Relapsed after hyper-CVAD, transplant planned", "Relapsed after hyper-CVAD, now for transplant", "Relapsed after blinatumomab, alloSCT next",
    "Received hyper-CVAD, will go to alloSCT", "Prior therapy: hyper-CVAD. Plan: alloSCT", "Maintenance after transplant", "Prior Hct 30", "Brother with ALL s/p BMT 6/2025", "HPI: if s/p HSCT", "HPI: HSCT planned", "Received blinatumomab, Hct 25",
]  # fmt: skip


@pytest.mark.parametrize(("text", "when"), DONE.items())
def test_a_transplant_of_the_past_has_the_date_that_the_text_gives_it(text, when):
    found = performed_in(text, ON)
    assert found
    assert {str(p.when) for p in found if p.when is not None} == ({when} if when else set())


@pytest.mark.parametrize("text", NOT_DONE)
def test_what_is_planned_denied_around_one_or_of_another_is_no_transplant_done(text):
    assert performed_in(text, ON) == ()


@pytest.mark.parametrize(
    "name",
    [
        "History of stem cell transplant", "Stem cell transplant status", "Stem cells transplant status (HCC)", "S/P allogeneic bone marrow transplant (HCC)",
        "H/O autologous stem cell transplant", "Chronic graft-versus-host disease", "Acute GVHD", "Complications of stem cell transplant",
    ],
)  # fmt: skip
def test_a_condition_named_as_the_state_after_one(name):
    assert is_of_one_done(name)


@pytest.mark.parametrize(
    "name",
    [
        "Stem cell transplant candidate", "Stem cell transplant donor", "Awaiting stem cell transplant", "Pre-transplant evaluation", "Encounter for stem cell transplant",
        "Declined stem cell transplant", "Encounter for pre-bone marrow transplant evaluation", "Brother s/p bone marrow transplant",
        "Discussion after stem cell transplant consult", "Stem cell transplant",
        "No history of HSCT", "GVHD prophylaxis", "Family history of stem cell transplant", "Kidney transplant status",
    ],
)  # fmt: skip
def test_a_condition_named_otherwise(name):
    assert not is_of_one_done(name)
