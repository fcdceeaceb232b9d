"""What denies nothing, or not yet: a denial of another thing, one still to come; and what is only a risk, an error or long ago."""

from datetime import date

import pytest

from cds_service.clinical.reading.assertions import Certainty
from cds_service.clinical.reading.reader import read

OF_ANOTHER = [
    ("VOD confirmed, no ascites", "vod", {"vod"}),
    ("Severe VOD, no ascites, bili 5", "vod", {"vod"}),
    ("VOD diagnosed, denies RUQ pain", "vod", {"vod"}),
    ("VOD with no weight gain", "vod", {"vod"}),
    ("suspected VOD, no ascites", "vod", {"vod"}),
    ("VOD possible but no ascites", "vod", {"vod"}),
    ("Infusion reaction grade 2, no fever", "reaction", {"reaction"}),
    ("Infusion reaction, no hypotension, resolved", "reaction", {"reaction"}),
    ("CNS disease, no marrow involvement", "extramedullary", {"present"}),
    ("CR, no MRD", "response", {"cr"}),
    ("CR with no blasts", "response", {"cr"}),
    ("Transplant scheduled, no infection", "transplant", {"planned"}),
    ("VOD: no ascites", "vod", set()),
    ("Infusion reaction: no fever", "reaction", set()),
    ("no ascites or VOD", "vod", {"excluded"}),
    ("No VOD, no ascites", "vod", {"excluded"}),
    ("VOD, none", "vod", {"excluded"}),
    ("VOD not seen on doppler", "vod", {"excluded"}),
    ("No evidence of VOD by doppler", "vod", {"excluded"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "topic", "says"), OF_ANOTHER)
def test_a_denial_is_of_what_stands_right_behind_it(text, topic, says):
    assert {a.value for a in read(text, topic).assertions} == says


NAMES = [("VOD", "vod", "vod"), ("CNS disease", "extramedullary", "present"), ("Infusion reaction", "reaction", "reaction"),
         ("Bleeding", "bleeding", "bleeding"), ("Sepsis", "infection", "severe"), ("Pregnancy", "pregnancy", "pregnant")]  # fmt: skip
STILL_TO_COME = "to be ruled out|to be excluded|being ruled out|needs to be ruled out|must be excluded|yet to be excluded|will be excluded by biopsy"


@pytest.mark.parametrize("way", STILL_TO_COME.split("|"))
@pytest.mark.parametrize(("name", "topic", "value"), NAMES)
def test_what_is_still_to_be_excluded_is_suspected(name, topic, value, way):
    said = [(a.value, a.certainty) for a in read(f"{name} {way}", topic).assertions]
    assert said in ([(value, Certainty.SUSPECTED)], [])
    assert said or "by biopsy" in way


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Relapse to be ruled out", "response"),
        ("Progression to be excluded", "response"),
        ("CR to be documented", "response"),
        ("CR yet to be confirmed", "response"),
        ("Transplant to be planned", "transplant"),
        ("CD22 positive, to be confirmed", "cd22"),
        ("Ph positive, yet to be confirmed", "ph"),
        ("MRD negative, to be confirmed", "mrd"),
        ("CD22 positive, not confirmed", "cd22"),
        ("MRD negative not documented", "mrd"),
        ("MRD from 0.1 % to <0.01 %", "mrd"),
        ("MRD 0.1 % to <0.01 %", "mrd"),
        ("CR achieved (error)", "response"),
        ("Entered in error: MRD negative", "mrd"),
        ("VOD excluded?", "vod"),
        ("VOD could be excluded", "vod"),
        ("VOD absent on 4/2, present on 4/10", "vod"),
    ],
)
def test_what_is_still_to_be_shown_says_nothing(text, topic):
    assert read(text, topic).assertions == ()


@pytest.mark.parametrize(
    ("text", "topic"),
    [("Transplant planned in 2019", "transplant"), ("Previously transplant planned", "transplant"), ("Previously no CNS disease", "extramedullary")],
)  # fmt: skip
def test_what_was_planned_or_absent_before_is_of_the_past(text, topic):
    assert read(text, topic, date(2026, 4, 10)).values == frozenset()


def test_a_plan_of_this_year_stands():
    assert read("Transplant planned 5/12/2026", "transplant", date(2026, 4, 10)).values == {"planned"}
    assert read("Transplant planned for May", "transplant", date(2026, 4, 10)).values == {"planned"}


@pytest.mark.parametrize("way", ["{} grade 0", "{}: grade 0", "{}, G0", "{} (grade 0)"])
@pytest.mark.parametrize(("name", "topic", "value"), NAMES[:5])
def test_grade_0_is_a_denial(name, topic, value, way):
    assert value not in read(way.format(name), topic).values


@pytest.mark.parametrize("text", ["Found to be in CR", "Continues to be in CR", "Noted to be in remission"])
def test_to_be_behind_a_finding_is_a_verb(text):
    assert read(text, "response").values == {"cr"}


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("High risk of relapse", "status"),
        ("Very high risk for relapse", "status"),
        ("Increased risk of VOD", "vod"),
        ("Low risk of relapse", "response"),
        ("Chance of remission", "response"),
        ("Rate of CR 80 %", "response"),
        ("At high risk of bleeding", "bleeding"),
        ("<CR", "response"),
        ("> PR", "response"),
    ],
)
def test_a_risk_a_rate_and_a_comparison_are_no_state(text, topic):
    assert read(text, topic).assertions == ()


@pytest.mark.parametrize(
    ("text", "topic", "says"),
    [("High-risk relapsed B-ALL", "status", "relapsed"), ("Blasts < 5 %, CR", "response", "cr"), ("High risk pregnancy", "pregnancy", "pregnant")],
)  # fmt: skip
def test_a_risk_beside_a_state_leaves_it(text, topic, says):
    assert read(text, topic).values == {says}


@pytest.mark.parametrize(
    "text", ["Lost MRD negativity", "Loss of MRD negativity", "MRD negativity lost", "MRD negative lost"]
)
def test_a_negativity_that_is_lost_is_none(text):
    assert "negative" not in read(text, "mrd").values


@pytest.mark.parametrize(
    "text", ["CD22 lost", "Lost CD22", "Loss of CD22", "CD22 negative (lost at relapse)"]
)
def test_an_antigen_that_is_lost_is_negative_or_open(text):
    assert read(text, "cd22").values <= {"negative"}


@pytest.mark.parametrize(
    ("text", "says"),
    [("Mucositis resolved to grade 2", {"not-recovered"}), ("Mucositis recovered to grade 1", {"recovered"})],
)
def test_a_toxicity_above_grade_1_has_not_recovered(text, says):
    assert read(text, "recovery").values == says


@pytest.mark.parametrize(
    "name", ["Sepsis 2019", "Sepsis in Sept 2019", "Sepsis, Sep. 2019", "Sepsis September 12, 2019"]
)
def test_a_word_that_begins_like_a_month_is_no_date(name):
    (said,) = read(name, "infection").assertions
    assert (said.value, said.when.first.year) == ("severe", 2019)


def test_marrow_of_a_year_is_no_month_of_it():
    (said,) = read("Marrow 2026: CR", "response").assertions
    assert said.when.first == date(2026, 1, 1)


def test_a_heading_with_a_date_begins_another_part_of_a_note():
    note = "Prior lines: hyper-CVAD, CR.\nMarrow 4/10: CR, MRD neg."
    assert read(note, "response", date(2026, 4, 12)).values == {"cr"}
    assert read(note, "mrd", date(2026, 4, 12)).values == {"negative"}


def test_a_heading_with_a_date_inside_of_a_part_leaves_it():
    assert (
        read("Father: relapse 1/2026. 4/10 marrow: CR.", "response", date(2026, 4, 12)).values == frozenset()
    )
    assert read("History 2019: CR", "response", date(2026, 4, 12)).values == frozenset()


ASKED = [
    ("CR", "response"),
    ("relapse", "response"),
    ("PD", "response"),
    ("HSCT planned", "transplant"),
    ("relapsed ALL", "status"),
]


@pytest.mark.parametrize(
    "way",
    [
        "? {}",
        "?{}",
        "Marrow: ? {}",
        "- ? {}",
        "(? {})",
        "Seen today. ? {}",
        "{} ?",
        "{}?",
        "{} ? Await flow.",
    ],
)
@pytest.mark.parametrize(("state", "topic"), ASKED)
def test_a_question_mark_before_or_behind_a_state_asks_for_it(way, state, topic):
    assert read(way.format(state), topic).assertions == ()


def test_a_question_mark_raises_the_suspicion_of_what_is_worth_suspecting():
    for text in ("? VOD", "Impression: ? VOD", "Weight up, ? VOD", "VOD ?"):
        assert [a.certainty for a in read(text, "vod").assertions] == [Certainty.SUSPECTED]


def test_a_question_of_its_own_leaves_the_sentence_before_it():
    assert read("In CR. ? fungal pneumonia.", "response").values == {"cr"}


@pytest.mark.parametrize(
    "text", ["Without CR after 3 cycles, discontinue.", "PET: complete metabolic response."]
)
def test_a_rule_and_a_response_of_another_kind_are_none(text):
    assert read(text, "response").assertions == ()


@pytest.mark.parametrize(
    ("text", "topic", "values"),
    [
        ("Pt has no evid. of relapse", "response", {"no-progression"}), ("w/o evid. of VOD", "vod", {"excluded"}), ("no sx. of VOD", "vod", set()),
        ("susp. VOD", "vod", set()), ("monit. for VOD", "vod", set()), ("r/o. relapse", "response", set()), ("no signif. progression", "response", set()),
        ("No evid. of CNS disease", "extramedullary", {"absent-there"}), ("In CR. No VOD.", "response", {"cr"}), ("cr per bmbx. no vod.", "response", {"cr"}),
    ],
)  # fmt: skip
def test_the_stop_of_an_abbreviation_ends_no_sentence(text, topic, values):
    assert read(text, topic).values == values


@pytest.mark.parametrize("opening", ["No", "She has no", "She has had no", "There is no", "There has been no", "The patient has no", "He does not have"])  # fmt: skip
@pytest.mark.parametrize("listed", ["jaundice or {}", "jaundice, ascites or {}", "jaundice, ascites, or {}"])
@pytest.mark.parametrize(
    ("name", "topic", "says"), [("VOD", "vod", "excluded"), ("relapse", "response", "no-progression")]
)
def test_a_denied_list_may_open_with_who_has_none(name, topic, says, listed, opening):
    assert read(f"{opening} {listed.format(name)}.", topic).values == {says}


@pytest.mark.parametrize("first", ["No jaundice", "She has had no jaundice", "There is no ascites"])
@pytest.mark.parametrize(
    ("second", "topic", "says"), [
        ("no VOD", "vod", "excluded"), ("no evidence of VOD", "vod", "excluded"), ("no relapse", "response", "no-progression"),
        ("no disease progression", "response", "no-progression"), ("no CR", "response", "no-cr"),
    ],
)  # fmt: skip
def test_each_of_two_denials_is_of_its_own_thing(second, topic, says, first):
    assert read(f"{first} and {second}.", topic).values == {says}


@pytest.mark.parametrize(
    ("text", "topic"), [
        ("No jaundice and VOD", "vod"), ("No fever and no doubt of VOD", "vod"), ("No fever and no other explanation than VOD", "vod"),
        ("No toxicity and no change in progression", "response"), ("She has no toxicity or change in remission", "response"),
        ("There is no fever, VOD is likely or present", "response"),
    ],
)  # fmt: skip
def test_where_it_is_not_said_what_is_denied_nothing_is(text, topic):
    assert read(text, topic).values == set()
