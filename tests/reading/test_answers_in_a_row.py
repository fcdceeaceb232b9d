"""Several questions with their answers in one line or in lines of their own: each answer is of its own question."""

from datetime import date

import pytest

from cds_service.clinical.leukemia.transplants.plans import intention_in
from cds_service.clinical.reading.reader import read

DAY = date(2026, 4, 13)


def said(text, topic):
    return {a.value + ("?" if a.certainty == "suspected" else "") for a in read(text, topic, DAY).assertions}


@pytest.mark.parametrize(
    "text",
    ["CR: No Relapse: Yes", "CR: no relapse: yes", "CR? No Relapse? Yes", "CR No Relapse Yes", "CR=No Relapse=Yes", "CR - No  Relapse - Yes", "CR: No   Relapse: Yes"],
)  # fmt: skip
def test_a_no_belongs_to_the_question_before_it(text):
    assert said(text, "response") == {"no-cr", "relapse"}


@pytest.mark.parametrize(
    ("text", "topic", "read_as"),
    [
        ("Jaundice: No VOD: Yes", "vod", {"vod"}), ("Jaundice? No VOD? Yes", "vod", {"vod"}), ("Jaundice No VOD Yes", "vod", {"vod"}),
        ("VOD: No   Infusion reaction: Yes   Grade: 3", "vod", {"excluded"}), ("VOD: No   Infusion reaction: Yes   Grade: 3", "reaction", {"reaction"}),
        ("VOD: No\tIRR: No\tBleeding: No", "bleeding", {"none"}), ("Pregnant: No   Lactating: Yes", "lactation", {"lactating"}),
        ("Adverse events since last visit: VOD [x] yes [ ] no", "vod", {"vod"}), ("Response: CR   MRD: negative   VOD: none", "vod", {"excluded"}),
        ("Relapse: marrow clean", "response", set()), ("Assessment: No Relapse: marrow clean", "response", set()),
        ("No jaundice no VOD no", "vod", {"excluded"}), ("No relapse: yes", "response", {"no-progression"}),
    ],
)  # fmt: skip
def test_each_field_of_a_line_is_read_by_itself(text, topic, read_as):
    assert said(text, topic) == read_as


@pytest.mark.parametrize(
    ("text", "topic", "read_as"),
    [
        ("Prior VOD: No\nVOD: Yes", "vod", {"vod"}), ("History of VOD: No\nCurrent VOD: suspected", "vod", {"vod?"}), ("PMH: none\nVOD confirmed 4/10", "vod", {"vod"}),
        ("Prior VOD: Yes 2019\nCurrent VOD: No", "vod", {"excluded"}), ("Prior CR: Yes\nRelapse: Yes", "response", {"relapse"}),
        ("Side effects reviewed: Yes\n- VOD\n- Infusion reaction", "vod", set()), ("Risks discussed: yes\nVOD, infection, bleeding", "vod", set()),
        ("PMH:\nVOD 2019", "vod", set()), ("PMH: asthma\nVOD 2019", "vod", set()),
    ],
)  # fmt: skip
def test_a_title_that_is_answered_is_of_its_own_line(text, topic, read_as):
    assert said(text, topic) == read_as


@pytest.mark.parametrize(
    ("text", "planned"),
    [
        ("Prior HSCT: Yes   HSCT planned: No", False), ("Prior HSCT: No   HSCT planned: Yes", True), ("HSCT planned: No   Prior HSCT: Yes", False),
        ("HSCT planned? Yes, 5/2026", True), ("[x] HSCT planned - date: 05/14/2026", True), ("[ ] HSCT planned: 5/2026", None), ("[x] HSCT discussed: yes", None),
        ("[x] Candidate for HSCT\n[x] HSCT planned - date: 5/14/2026\n[ ] Not a candidate", True),
    ],
)  # fmt: skip
def test_a_plan_in_fields_and_boxes(text, planned):
    assert intention_in(text, DAY) is planned
