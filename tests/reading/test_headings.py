"""Headings and lists: what stands under "pending", "ruled out" or "education" is not stated; rules and titles are no findings."""

from datetime import date

import pytest

from cds_service.clinical.reading.assertions import Certainty
from cds_service.clinical.reading.reader import read

NOTED = date(2026, 4, 12)


def values(text, topic):
    return {a.value for a in read(text, topic, NOTED).assertions}


NOT_STATED = [
    "Pending", "Awaiting", "To be determined", "TBD", "Not done", "Pending at discharge", "Ruled out", "No evidence of", "Restaging pending",
    "Pertinent negatives",
]  # fmt: skip


@pytest.mark.parametrize("heading", NOT_STATED)
@pytest.mark.parametrize("listed", ["{}:\n- {}\n- MRD", "{}:\n{}\nMRD", "{}:\n- MRD\n- {}"])
@pytest.mark.parametrize(("name", "topic"), [("CR", "response"), ("Relapse", "response"), ("VOD", "vod")])
def test_what_is_listed_under_it_is_not_stated(heading, listed, name, topic):
    assert values(listed.format(heading, name), topic) == set()


@pytest.mark.parametrize("title", ["PATIENT EDUCATION", "Side effects", "Discharge instructions", "FAMILY HISTORY", "Consent"])  # fmt: skip
@pytest.mark.parametrize(("name", "topic"), [("CR", "response"), ("VOD", "vod"), ("Infusion reaction", "reaction")])  # fmt: skip
def test_a_title_without_a_colon_holds_for_the_lines_under_it(title, name, topic):
    assert values(f"{title}\nInfection\n{name}\nBleeding", topic) == set()


def test_until_another_part_begins():
    assert values("PATIENT EDUCATION\nVOD\nASSESSMENT\nVOD confirmed", "vod") == {"vod"}
    assert values("PMH\nCR 2010\nASSESSMENT AND PLAN\nB-ALL in CR", "response") == {"cr"}
    assert values("Pending:\n- MRD\nMarrow 4/10: CR", "response") == {"cr"}
    assert values("Pending: MRD. CR by morphology.", "response") == {"cr"}


def test_the_past_of_a_question_about_the_past_is_kept():
    assert values("PMH\nVOD 2019", "vod") == {"vod"}


@pytest.mark.parametrize("text", ["Adverse reactions (>10%):\nVOD, thrombocytopenia", "Reviewed: VOD, IRR", "Reviewed with patient:\n- VOD\n- IRR"])  # fmt: skip
def test_drug_information_and_what_was_gone_through_raise_nothing(text):
    assert values(text, "vod") == set()


@pytest.mark.parametrize(("text", "topic", "says"), [
    ("Reviewed: VOD suspected", "vod", "vod"),
    ("Reviewed: CNS disease present", "extramedullary", "present"),
    ("Response (IWG): CR", "response", "cr"),
    ("Day 28 marrow (final): CR", "response", "cr"),
    ("Confirmed:\n- VOD", "vod", "vod"),
])  # fmt: skip
def test_a_statement_behind_a_heading_is_read(text, topic, says):
    assert values(text, topic) == {says}


@pytest.mark.parametrize("text", [
    "CR assessment", "Progression assessment", "Relapse evaluation", "CR assessment: done", "CR assessment: pending", "CR:\nPending marrow",
    "Progression:\nto be assessed", "Differential for cytopenia: CR, relapse, drug.", "Differential: relapse, drug", "DDx: relapse, CR",
    "CR -> HSCT; PR -> C3; PD -> CAR-T",
])  # fmt: skip
def test_the_name_of_a_test_a_differential_and_a_rule_say_nothing(text):
    assert values(text, "response") == set()


@pytest.mark.parametrize(("text", "says"), [
    ("CR assessment: yes", "cr"), ("Remission assessment: CR", "cr"), ("Progression assessment: stable disease", "sd"),
    ("In CR -> HSCT 5/1", "cr"), ("InO C1 -> CR; C2 -> MRD neg", "cr"),
])  # fmt: skip
def test_the_answer_to_an_assessment_and_a_chain_of_events_are_read(text, says):
    assert says in values(text, "response")


@pytest.mark.parametrize(("text", "topic"), [
    ("Ph pos -> TKI; Ph neg -> none", "ph"), ("MRD neg -> none\nMRD pos -> blina", "mrd"), ("MRD neg -> HSCT, MRD pos -> blina", "mrd"),
])  # fmt: skip
def test_a_rule_states_no_marker(text, topic):
    assert values(text, topic) == set()


def test_one_finding_and_what_follows_is_no_rule():
    assert values("MRD neg -> proceed to HSCT", "mrd") == {"negative"}
    assert values("InO C1 -> CR; C2 -> MRD neg", "mrd") == {"negative"}


@pytest.mark.parametrize("text", [
    "No jaundice, ascites, hepatomegaly, weight gain to suggest VOD.",
    "No RUQ pain, ascites, wt gain concerning for VOD.",
    "Denies RUQ pain, wt gain, jaundice suggestive of VOD.",
    "No ascites, weight gain to suggest VOD.",
])  # fmt: skip
def test_findings_that_are_denied_in_a_row_suggest_nothing(text):
    assert values(text, "vod") == set()


@pytest.mark.parametrize("text", [
    "Ascites, weight gain suggestive of VOD.", "No fever, but weight gain suggestive of VOD.", "No fever, weight gain suggestive of VOD.",
    "No fever, ascites present, weight gain suggestive of VOD.", "Cannot r/o VOD.", "Can't r/o VOD", "VOD not r/o'd",
])  # fmt: skip
def test_what_cannot_be_excluded_is_suspected(text):
    (said,) = read(text, "vod", NOTED).assertions
    assert (said.value, said.certainty) == ("vod", Certainty.SUSPECTED)


def test_what_was_ruled_out_in_short_is_excluded():
    assert values("VOD r/o'd", "vod") == {"excluded"}


@pytest.mark.parametrize("title", ["Pertinent negatives", "PERTINENT NEGATIVES"])
@pytest.mark.parametrize(("name", "topic"), [("VOD", "vod"), ("Extramedullary disease", "extramedullary"), ("CR", "response")])  # fmt: skip
def test_a_title_of_negatives_without_a_colon(title, name, topic):
    assert values(f"{title}\n{name}\nInfection", topic) == set()


def test_an_allergy_is_no_infusion_reaction_and_what_follows_the_list_is_read():
    assert values("ALLERGIES\nPenicillin - Anaphylaxis\nPeanut - Hives", "reaction") == set()
    assert values(
        "ALLERGIES\nPenicillin - Anaphylaxis\nASSESSMENT:\nSevere infusion reaction", "reaction"
    ) == {"reaction"}


@pytest.mark.parametrize(("text", "day"), [
    ('Note from 6/12/2024 (Dr. Smith): "B-ALL in complete remission."', date(2024, 6, 12)),
    ("Discharge summary (6/20/2024): B-ALL. Complete remission achieved.", date(2024, 6, 20)),
    ("Note from 6/12/2024:\nB-ALL in complete remission.", date(2024, 6, 12)),
    ("Visit 4/10/2026:\nIn CR.", date(2026, 4, 10)),
])  # fmt: skip
def test_what_stands_under_a_heading_with_a_day_is_of_that_day(text, day):
    (said,) = read(text, "response", NOTED).assertions
    assert said.value == "cr"
    assert said.when is not None
    assert said.when.first == day


def test_and_the_next_line_is_not():
    said = read("Marrow 4/10: no relapse.\nNow in CR", "response", NOTED).assertions
    assert [a.when for a in said if a.value == "cr"] == [None]


@pytest.mark.parametrize("text", ["VOD, not seen by hepatology", "VOD not yet evaluated by GI"])
def test_who_has_not_seen_it_does_not_deny_it(text):
    assert {a.certainty for a in read(text, "vod", NOTED).assertions} == {Certainty.SUSPECTED}


def test_who_doubts_it_denies_it():
    assert values("I doubt VOD", "vod") == {"excluded"}
    assert values("No doubt VOD", "vod") == {"vod"}


@pytest.mark.parametrize(
    "text",
    ["B-ALL dx 1/2024: on InO. She has relapsed.", "Visit 1/20/2024:\nRelapsed after cycle 1 of inotuzumab"],
)
def test_a_day_since_which_something_goes_on_dates_nothing_nor_does_any_beside_a_cycle(text):
    assert [a.when for a in read(text, "response", NOTED).assertions] == [None]


@pytest.mark.parametrize("errand", ["Reason for visit: CR after cycle 1.", "Reason for consult: relapse of B-ALL.", "Indication: assess response", "Clinical indication: rule out relapse."])  # fmt: skip
def test_what_a_visit_is_for_silences_its_own_line(errand):
    assert values(errand, "response") == set()
    assert values(f"{errand}\nIn CR after cycle 1.", "response") == {"cr"}
    assert values(f"Goals: remission.\n{errand}\nIn CR after cycle 1.", "response") == {"cr"}


def test_an_indication_over_lines_ends_with_the_findings():
    text = "INDICATION:\nRelapsed ALL.\nHoping for CR\n\nFINDINGS:\nRelapse"
    assert values(text, "response") == {"relapse"}
    assert values(text.split("FINDINGS")[0], "response") == set()


@pytest.mark.parametrize("title", ["Donor: brother", "Family: wife at bedside", "Reason for visit: cycle 2"])
def test_who_somebody_is_silences_one_line(title):
    assert values(f"{title}\nIn CR.", "response") == {"cr"}
    assert values(f"{title}, in CR.", "response") == set()


def test_a_family_history_goes_on():
    assert values("Family history: father with CML\nin remission", "response") == set()
