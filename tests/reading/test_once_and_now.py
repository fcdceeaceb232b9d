"""A state and the one that it was before: in brackets, turned into one another, and within one clause."""

from __future__ import annotations

import pytest

from cds_service.clinical.reading.assertions import Time
from cds_service.clinical.reading.reader import read


@pytest.mark.parametrize(
    ("now", "before", "topic"),
    [
        ("MRD negative", "MRD positive", "mrd"),
        ("MRD positive", "MRD negative", "mrd"),
        ("CD22 negative", "CD22 positive", "cd22"),
        ("CD22 positive", "CD22 negative", "cd22"),
    ],
)
@pytest.mark.parametrize(
    "written", ["{} (previously {})", "{} (prior: {})", "{} (at diagnosis {})", "{} [initially {}]"]
)
def test_a_result_of_before_in_brackets_is_of_the_past(
    written: str, now: str, before: str, topic: str
) -> None:
    found = read(written.format(now, before), topic).assertions
    assert [(a.value, a.time) for a in found] == [
        (now.split()[1], Time.PRESENT),
        (before.split()[1], Time.PAST),
    ]


def test_behind_the_bracket_the_past_is_over() -> None:
    assert read("CD19 positive (previously CD19 negative), CD22 positive", "cd22").values == {"positive"}


@pytest.mark.parametrize("verb", ["converted to", "reverted to", "turned into"])
@pytest.mark.parametrize(("first", "later"), [("PR", "CR"), ("In CR", "relapse"), ("Not in CR", "CR")])
def test_a_state_that_became_another_is_none_of_now(first: str, later: str, verb: str) -> None:
    assert not read(f"{first}, {verb} {later}", "response").values & read(first, "response").values


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("No VOD then VOD", "vod"),
        ("From no VOD to VOD", "vod"),
        ("Not in CR then in CR", "response"),
        ("No extramedullary disease then extramedullary disease", "extramedullary"),
    ],
)
def test_a_denial_that_turns_denies_nothing(text: str, topic: str) -> None:
    assert not read(text, topic).values


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("B-ALL, post relapse", "response"),
        ("Status post relapse", "response"),
        ("S/p leukemia cutis", "extramedullary"),
        ("Following CNS disease, IT MTX given", "extramedullary"),
        ("S/p anaphylaxis", "reaction"),
        ("S/p VOD", "vod"),
    ],
)
def test_what_a_clause_stands_after_is_of_the_past(text: str, topic: str) -> None:
    (said,) = read(text, topic).assertions
    assert said.time is Time.PAST


@pytest.mark.parametrize(
    ("text", "topic", "value"),
    [
        ("After C1 relapse", "response", "relapse"),
        ("After C1, leukemia cutis present", "extramedullary", "present"),
        ("Post infusion reaction noted", "reaction", "reaction"),
        ("Relapse after HSCT", "response", "relapse"),
        ("VOD after C2", "vod", "vod"),
    ],
)
def test_what_happens_after_something_is_told(text: str, topic: str, value: str) -> None:
    assert value in {a.value for a in read(text, topic).assertions}


@pytest.mark.parametrize(
    "text", ["Transplant plan: not proceeding to HSCT", "No transplant: will not go on to HSCT"]
)
def test_a_denial_between_two_names_denies(text: str) -> None:
    assert "planned" not in read(text, "transplant").values


def test_a_plan_that_is_answered_is_denied() -> None:
    assert read("Transplant plan: not proceeding to HSCT", "transplant").values == {"not-planned"}


def test_what_is_over_keeps_its_day() -> None:
    (said,) = read("S/p VOD 3/2025", "vod").assertions
    assert said.time is Time.PAST
    assert said.when is not None


@pytest.mark.parametrize(("now", "after", "topic"), [
    ("Now in CR.", "Disease progression noted.", "response"), ("MRD is now negative.", "MRD positive on the repeat.", "mrd"),
    ("She is now MRD negative.", "Low level MRD persists.", "mrd"), ("Her leukemia is now CD22 negative.", "CD22 is expressed by all blasts.", "cd22"),
])  # fmt: skip
@pytest.mark.parametrize("join", [" ", "\n", "\n- "])
def test_what_follows_the_words_of_now_is_no_earlier(join, now, after, topic):
    assert read(f"{now}{join}{after}", topic).values == set()
    assert read(f"{after}{join}{now}", topic).values == read(now, topic).values


LATER = [
    ("EMD: No{}", "extramedullary", "absent", "present"), ("No extramedullary disease{}", "extramedullary", "absent", "present"),
    ("VOD: no{}", "vod", "excluded", "vod"), ("Relapse: no{}", "response", "no-progression", "relapse"), ("CR not achieved{}", "response", "no-cr", "cr"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "topic", "denied", "now"), LATER)
@pytest.mark.parametrize(
    "behind", [", now positive", " (PET 4/9), now positive", ", now yes", ", then positive"]
)
def test_a_later_sign_replaces_a_denial(behind: str, said: str, topic: str, denied: str, now: str) -> None:
    assert read(said.format(""), topic).values == {denied}
    assert read(said.format(behind), topic).values == {now}


@pytest.mark.parametrize(("said", "topic", "denied"), [one[:3] for one in LATER])
@pytest.mark.parametrize("behind", ["; now positive", ". Now positive.", ", later positive", ", became positive", ". Later confirmed.", "\nNow present", ", now confirmed"])  # fmt: skip
def test_a_later_sign_in_a_part_of_its_own_takes_a_denial_back(
    behind: str, said: str, topic: str, denied: str
) -> None:
    assert denied not in read(said.format(behind), topic).values


@pytest.mark.parametrize(("said", "topic", "denied"), [one[:3] for one in LATER])
@pytest.mark.parametrize("behind", [". Now positive for CMV.", ", now afebrile", ". Now positive cultures.", "; has now seen Dr. Lee"])  # fmt: skip
def test_a_sign_of_another_thing_takes_nothing_back(behind: str, said: str, topic: str, denied: str) -> None:
    assert read(said.format(behind), topic).values == {denied}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (
            "While the marrow is in remission, the PET shows a new mass consistent with extramedullary relapse.",
            set(),
        ),
        ("Although she is in CR, there is concern for progression.", set()),
        ("Although she was in CR in March, she has now relapsed.", {"relapse"}),
        ("Although tired, she is in CR.", {"cr"}),
        ("While on inotuzumab, she is in CR without relapse.", {"cr", "no-progression"}),
    ],
)
def test_a_remission_granted_beside_a_relapse_is_not_stated(text: str, values: set[str]) -> None:
    assert read(text, "response").values == values
