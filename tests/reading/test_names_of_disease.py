"""A disease's name with its course ("B-ALL, relapsed") is no relapse of this course; a statement of it is one."""

from datetime import date

import pytest

from cds_service.clinical.reading.assertions import Time
from cds_service.clinical.reading.reader import read

NOTED = date(2026, 4, 13)


def present(text):
    return {a.value for a in read(text, "response", NOTED).assertions if a.time is Time.PRESENT}


@pytest.mark.parametrize("text", [
    "# B-ALL, relapsed", "B-ALL, relapsed", "1. B-ALL, relapsed\n- s/p C1 inotuzumab", "#1 B-ALL - relapsed, refractory", "B-ALL (relapsed)",
    "B-ALL: relapsed", "B-ALL, in relapse", "ALL, relapsed", "Impression: B-ALL relapsed", "57 yo F with B-ALL, relapsed, here for C2.",
    "Acute lymphoblastic leukemia, in relapse", "Active problems:\n- B-ALL, in relapse\n- Hypertension", "B-ALL, relapsed s/p hyper-CVAD",
])  # fmt: skip
def test_a_name_states_no_relapse(text):
    assert present(text) == set()


@pytest.mark.parametrize("text", [
    "Marrow 4/10: B-ALL, relapsed", "B-ALL has relapsed", "Her leukemia relapsed", "B-ALL, relapsed after C1", "B-ALL now relapsed",
    "B-ALL, relapsed 4/12/2026", "Disease status: relapsed", "Relapsed.",
])  # fmt: skip
def test_a_statement_of_relapse_is_one(text):
    assert present(text) == {"relapse"}


@pytest.mark.parametrize(
    "named",
    ["Her relapsed, CD22-positive B-ALL", "Diagnosis: relapsed, CD22-positive B-ALL", "Relapsed, refractory, Ph-negative ALL", "Seen for relapsed, Ph-negative ALL",
     "Her relapsed (CD22-positive) B-ALL", "# Relapsed, refractory B-ALL", "Mrs. Alvarez returns for follow-up of her relapsed, CD22-positive B-ALL",
     "Relapsed, pre-B ALL", "45F with relapsed, refractory B-ALL"],
)  # fmt: skip
def test_an_adjective_before_a_comma_is_part_of_the_name(named: str) -> None:
    assert read(named, "response").values == set()
    assert read(f"{named}. She is in CR.", "response").values == {"cr"}


@pytest.mark.parametrize("text", ["He relapsed, B-ALL in marrow", "She has relapsed, B-ALL blasts 60 %", "ALL is relapsed, B-ALL blasts 40%", "Relapsed, B-ALL blasts 40%", "She relapsed, CD22-positive blasts."])  # fmt: skip
def test_a_relapse_before_a_comma_is_one(text: str) -> None:
    assert read(text, "response").values == {"relapse"}


@pytest.mark.parametrize(
    "told",
    ["He was treated with blinatumomab, achieving {}.", "She received hyper-CVAD, achieving {}.", "Received FLAG-Ida, went into {}, and underwent alloHSCT.",
     "She received hyper-CVAD. She achieved {}.", "Hyper-CVAD with {}"],
)  # fmt: skip
@pytest.mark.parametrize("state", ["CR", "remission", "a complete remission", "a first complete remission"])
@pytest.mark.parametrize("topic", ["response", "status"])
def test_what_another_treatment_led_to_is_none_of_now(topic: str, state: str, told: str) -> None:
    if "with {}" not in told or topic == "response":
        assert read(told.format(state), topic).values == set()


@pytest.mark.parametrize(
    "text",
    ["She received mini-hyper-CVD with inotuzumab, achieving CR.", "Prior hyper-CVAD. Started InO 3/18. She achieved CR.", "Prior blina. Achieved CR after cycle 1.",
     "Hyper-CVAD failed. With inotuzumab she achieved a CR.", "Blinatumomab failed. She is in CR.", "After hyper-CVAD and now InO she achieved CR"],
)  # fmt: skip
def test_what_this_treatment_led_to_is(text: str) -> None:
    assert read(text, "response").values == {"cr"}


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("history of BCR-ABL negative B-ALL", {"negative"}), ("history of Philadelphia chromosome-negative acute lymphoblastic leukemia", {"negative"}),
        ("h/o Ph- B-ALL, relapsed", {"negative"}), ("history of Ph-negative B-ALL, now BCR-ABL positive", {"negative", "positive"}),
        ("previously Ph negative", set()), ("history of negative BCR-ABL testing", set()), ("mother with history of Ph-negative ALL", set()), ("history of Ph-", set()),
    ],
)  # fmt: skip
def test_a_name_by_what_the_disease_lacks_is_so_for_good(text: str, signs: set[str]) -> None:
    assert read(text, "ph").values <= signs
    assert not signs or read(text, "ph").values


@pytest.mark.parametrize(
    "name",
    ["C91.02 Acute lymphoblastic leukemia, in relapse", "Acute lymphoblastic leukemia in relapse (C91.02)", "Acute lymphoblastic leukemia, relapsed (C91.02)",
     "Acute lymphoblastic leukemia not having achieved remission", "C91.00 Acute lymphoblastic leukemia not having achieved remission",
     "Acute lymphoblastic leukemia (ALL) not having achieved remission (HCC)", "Acute lymphoblastic leukemia, in remission (C91.01)",
     "Acute lymphoblastic leukemia (ALL) in remission (HCC)", "1. Pre B-cell ALL, in relapse (C91.02)", "Leukemia, acute lymphoblastic, in relapse"],
)  # fmt: skip
def test_the_name_of_a_code_is_no_response(name: str) -> None:
    assert read(name, "response").values == set()
    assert read(f"{name}\n- not in CR after cycle 1", "response").values == {"no-cr"}
    assert read(f"{name}\nIn CR after cycle 1", "response").values == {"cr"}


@pytest.mark.parametrize(
    ("text", "value"),
    [("B-ALL in remission", "cr"), ("B-ALL is in remission (C91.01)", "cr"), ("ALL in CR2 (C91.01)", "cr"), ("B-ALL now in relapse (C91.02)", "relapse"),
     ("ALL (C91.02) in relapse, blasts 40 %", "relapse"), ("B-cell ALL, not in remission", "no-cr")],
)  # fmt: skip
def test_a_statement_beside_a_code_is_one(text: str, value: str) -> None:
    assert read(text, "response").values == {value}


@pytest.mark.parametrize("text", ["Since her relapse she has received one cycle of inotuzumab.", "Her relapse was treated with inotuzumab.", "Since the first relapse, one cycle"])  # fmt: skip
def test_a_relapse_from_which_time_is_counted_is_over(text: str) -> None:
    assert read(text, "response").values == set()


@pytest.mark.parametrize("text", ["She has since relapsed", "MRD neg 2/26, since relapsed", "Since the last visit she has relapsed", "She relapsed and was treated with steroids"])  # fmt: skip
def test_a_relapse_since_then_is_of_now(text: str) -> None:
    found = read(text, "response", NOTED).assertions
    assert [(a.value, a.when) for a in found if a.time is Time.PRESENT] == [("relapse", None)]


@pytest.mark.parametrize(
    "text",
    ["Best response to date: CR (after hyper-CVAD)", "Regimen | Response\nhyper-CVAD | CR\nblinatumomab | PD", "Prior therapy\n1. hyper-CVAD: CR\n2. blina: CR",
     "Marrow after blina: CR", "CR not achieved with hyper-CVAD, so InO started.", "Bridged with vincristine; persistent leukemia, so InO started"],
)  # fmt: skip
@pytest.mark.parametrize("topic", ["response", "status"])
def test_nor_is_what_a_table_or_an_aside_says_it_led_to(topic: str, text: str) -> None:
    assert read(text, topic).values & {"cr", "no-cr", "remission"} == set()


@pytest.mark.parametrize("text", ["Response to InO C1: CR", "CR (after cycle 1)", "CR (on InO)", "C1 InO: CR", "Marrow after cycle 1 | CR"])  # fmt: skip
def test_but_what_inotuzumab_led_to_is(text: str) -> None:
    assert read(text, "response").values == {"cr"}


@pytest.mark.parametrize("text", ["CR = blasts <5%, ANC >1000, plt >100K", "Per outside records CR; not verified", "In CR. Not documented."])  # fmt: skip
def test_what_is_defined_or_not_verified_is_no_state(text: str) -> None:
    assert read(text, "response").values == set()
