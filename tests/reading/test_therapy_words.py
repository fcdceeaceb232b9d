"""Words on treatment: earlier therapy, the line, the end of a toxicity. Each with what must not be read so."""

from datetime import date

import pytest

from cds_service.clinical.reading.reader import read
from cds_service.oncology.hold_reasons import says_recovered, shared_words
from cds_service.policies.inotuzumab.case.regimens import (
    MINI_HYPER_CVD,
    names_therapy,
    plans,
    prior_therapy_in,
)

EARLIER = [
    "Prior therapies: hyper-CVAD, blinatumomab", "Treated with hyper-CVAD x 8 then POMP maintenance, relapsed 1/2026", "She received blinatumomab x 2 cycles",
    "B-ALL, relapsed after alloHSCT 2024", "R/R B-ALL after 2 prior lines", "Progressed on ponatinib", "Refractory to blinatumomab and CAR-T",
    "Had induction with CALGB 10403", "Completed BFM in 2010", "Failed 2 lines of therapy", "S/p CAR-T 2025",
    "Underwent alloSCT in CR1", "Previously on dasatinib", "Heavily pretreated with chemotherapy", "Prior lines: 2", "Relapsed after hyper-CVAD, starting inotuzumab",
    "Pt previously received blinatumomab and brexu-cel.", "MRD persisted despite 2 cycles of blina.", "Past therapy included EWALL chemotherapy and dasatinib.",
    "The member has previously been treated with multi-agent chemotherapy (hyper-CVAD) and blinatumomab.", "Mr. Doe has failed ponatinib and hyper-CVAD.",
]  # fmt: skip
NONE_EARLIER = [
    "Plan hyper-CVAD", "Will receive blinatumomab after inotuzumab", "Never received chemotherapy", "No prior therapy", "No prior lines of therapy", "Chemotherapy naive",
    "Mother received chemotherapy for breast cancer", "Chemotherapy consent signed", "Received chemo teaching packet", "Prior authorization for chemotherapy received",
    "Discussed prior chemotherapy options", "Trial requires failure of 2 prior lines of therapy", "If she failed blinatumomab, consider CAR-T", "Risk of relapse after chemotherapy",
    "Prior chemo for lymphoma in 2005", "Breast cancer s/p chemotherapy 2012", "Induction of labor completed", "CAR-T referral completed", "Received first dose of inotuzumab",
    "Prior auth for blinatumomab submitted.", "History of methotrexate for RA.", "Member has not received chemotherapy.", "Letter of medical necessity for blinatumomab.",
]  # fmt: skip


@pytest.mark.parametrize("text", EARLIER)
def test_earlier_therapy_is_read(text):
    assert [p.understood for p in prior_therapy_in(text, None)][:1] == [True]


@pytest.mark.parametrize("text", NONE_EARLIER)
def test_what_is_no_earlier_therapy_of_this_patient_for_this_disease(text):
    assert list(prior_therapy_in(text, None)) == []


@pytest.mark.parametrize(
    "text",
    [
        "Onc hx: hyper-CVAD 2024, relapse 2025",
        "Previously treated with dasatinib xyzzy",
        "Failed quux and blinatumomab",
    ],
)
def test_earlier_therapy_in_words_that_are_not_understood_is_told_apart(text):
    (prior,) = prior_therapy_in(text, None)
    assert (prior.understood, prior.quote) == (False, text)


NO_LINES = [
    "Prior lines: 0", "Prior lines of therapy: 0", "0 prior lines of therapy", "Prior lines - 0", "Prior lines (0)", "# prior lines: 0", "Prior lines = 0", "Prior lines: zero",
    "Lines of prior therapy: 0", "Previous lines of therapy 0", "Number of prior lines: 0", "No. of prior lines: 0", "Prior lines of therapy (including inotuzumab): 0.",
    "Received 0 cycles of blinatumomab",
]  # fmt: skip
LINES_TOLD = [
    "Prior lines: 2", "Number of prior lines: 2", "No. of prior lines: 2", "# prior lines: 3", "Prior lines: 10", "ECOG 0, 2 prior lines", "Prior lines of therapy: two",
    "Prior lines (2): hyper-CVAD", "S/p alloHSCT, day 0 3/1/2025",
]  # fmt: skip
LINES_OPEN = ["Prior lines: 0-1", "Prior lines:", "Prior lines of therapy:\nhyper-CVAD"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [*((t, None) for t in NO_LINES), *((t, True) for t in LINES_TOLD), *((t, False) for t in LINES_OPEN)],
)
def test_no_line_is_none_and_a_heading_alone_leaves_it_open(text, expected):
    prior = next(iter(prior_therapy_in(text, None)), None)
    assert (prior.understood if prior else None) is expected


SILENCING = ("If ", "Father: ", "Trial requires ", "Discussed ", "Consent for ", "Sister ", "Plan: ")


@pytest.mark.parametrize("prefix", SILENCING)
def test_behind_words_of_another_time_place_or_person_nothing_is_earlier_therapy(prefix):
    told = [
        text
        for text in EARLIER
        if ":" not in text and any(p.understood for p in prior_therapy_in(f"{prefix}{text}", None))
    ]
    assert told == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hyper-CVAD x 4", True),
        ("R-hyper-CVAD part A", True),
        ("FLAG-IDA", True),
        ("No chemotherapy", False),
        ("Chemotherapy education", False),
        ("Wound care", False),
        ("Chemotherapy of the quux kind", None),
    ],
)
def test_the_name_of_a_record_of_therapy(name, expected):
    assert names_therapy(name) is expected


LINES = {
    "first": ["Induction", "First-line therapy with inotuzumab", "Newly diagnosed B-ALL, induction", "Remission induction day 1", "Upfront treatment"],
    "later": ["Third-line therapy: FLAG-IDA", "Salvage chemotherapy", "Second relapse", "Re-induction", "Plan: third-line blinatumomab"],
    "": ["Failed first line", "Post-induction", "Prior induction", "Consider induction", "If induction fails", "Brother: induction", "Induction of labor", "First line antibiotics", "Limb salvage surgery", "Salvage options discussed", "Not first-line", "Induction trial"],
}  # fmt: skip


@pytest.mark.parametrize(("value", "text"), [(v, t) for v, texts in LINES.items() for t in texts])
def test_the_line_of_treatment(value, text):
    assert read(text, "line").values == ({value} if value else set())


RECOVERED = [
    "Mucositis resolved", "Resolution of mucositis", "Mucositis improved to grade 1", "Oral mucositis resolved, may resume inotuzumab", "Mucositis is back to baseline",
    "Mucositis resolved, no fever", "Her mucositis resolved on 3/30 with supportive care", "Mucositis and diarrhea resolved", "Mucositis, resolved",
]  # fmt: skip
NOT_RECOVERED = [
    "Mucositis improving", "Mucositis, hold until resolved", "Mucositis unresolved", "No resolution of mucositis", "Mucositis not yet resolved", "Resume when mucositis resolved",
    "Mucositis persists, ALT resolved", "Mucositis grade 2, fever resolved", "Mucositis grade 2, resolved fever", "Mucositis resolved?", "Mucositis possibly resolved", "Mucositis nearly resolved",
    "Mucositis resolved in sister", "Mucositis resolved xyzzy", "Mucositis grade 1 expected",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"), [*((t, True) for t in RECOVERED), *((t, False) for t in NOT_RECOVERED)]
)
def test_whether_a_toxicity_has_recovered(text, expected):
    assert says_recovered(text, "Mucositis grade 3", frozenset()) is expected


def test_the_words_of_the_drug_tell_no_toxicity_from_another():
    text, reason = "Inotuzumab toxicity has resolved", "inotuzumab toxicity"
    assert shared_words(text, "inotuzumab held", frozenset()) == {"inotuzumab"}
    assert shared_words(text, "inotuzumab held", frozenset({"inotuzumab"})) == set()
    assert says_recovered(text, reason, frozenset({"inotuzumab"}))


@pytest.mark.parametrize(
    ("text", "topic", "says"),
    [
        ("VOD: no VOD", "vod", ["excluded"]),
        ("Infusion reaction: no infusion reaction", "reaction", ["excluded"]),
        ("CNS disease: no CNS disease", "extramedullary", ["absent-there"]),
        ("Testicular disease: no CNS disease", "extramedullary", []),
        ("VOD resolved: no VOD", "vod", []),
        ("VOD: prior: no VOD", "vod", []),
        ("CNS disease: previous: no CNS disease", "extramedullary", []),
    ],
)
def test_a_heading_in_the_same_words_says_nothing_of_its_own(text, topic, says):
    assert [a.value for a in read(text, topic).assertions if a.is_now] == says


@pytest.mark.parametrize("text", [
    "Blinatumomab 1/2026: no response", "Blinatumomab x 1 cycle 1/2026", "Blinatumomab, no response", "Hyper-CVAD x 4 (2024)", "Hyper-CVAD x 4",
    "1. Hyper-CVAD (1/2026) - no CR", "Tx: hyper-CVAD 1A/1B w/o remission",
])  # fmt: skip
def test_a_day_an_outcome_or_a_number_of_courses_leaves_it_open_whether_it_is_over(text):
    assert [p.understood for p in prior_therapy_in(text, date(2026, 3, 10))] == [False]


@pytest.mark.parametrize("text", [
    "Rituximab 3/9, mini-hyper-CVD C1 3/8", "Induction with mini-hyper-CVD and InO", "Mini-hyper-CVD x 4 cycles with InO", "On dasatinib",
    "IT methotrexate 3/1", "Received IT methotrexate 3/1.", "Received intrathecal cytarabine 2/1/2026",
])  # fmt: skip
def test_the_regimen_that_starts_now_and_intrathecal_drugs_are_none(text):
    assert list(prior_therapy_in(text, date(2026, 3, 10))) == []


def test_what_a_patient_got_is_earlier_therapy():
    assert [
        p.understood for p in prior_therapy_in("She got 2 cycles of hyper-CVAD elsewhere.", date(2026, 3, 10))
    ] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "Relapsed after alloHSCT", "Relapse post alloHSCT 2025", "Relapsed post allo", "Relapsed after HCVAD", "Refractory to HCVAD", "Failed CAR-T",
        "Relapsed after obe-cel",
    ],
)  # fmt: skip
def test_a_relapse_after_a_therapy_by_its_short_name(text):
    assert read(text, "status", date(2026, 4, 13)).values in ({"relapsed"}, {"refractory"})


@pytest.mark.parametrize(
    "text", ["No relapse after alloHSCT", "Relapse risk after alloHSCT", "In case of relapse after HCVAD"]
)
def test_no_relapse_after_one(text):
    assert not read(text, "status", date(2026, 4, 13)).values


def test_hyper_cvad_by_its_letters():
    (given,) = read("s/p HCVAD x4", "therapy", date(2026, 4, 13)).assertions
    assert (given.value, given.time) == ("given", "past")
    assert read("InO + HCVAD", "regimen", date(2026, 4, 13)).values == {"hyper-cvad"}
    assert not read("Plan HCVAD", "therapy", date(2026, 4, 13)).assertions
    assert not read("Brother s/p HCVAD", "therapy", date(2026, 4, 13)).assertions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mini-hyper-CVD with inotuzumab", True),
        ("Mini-hyper-CVD + inotuzumab, started 12/2025", True),
        ("Second line therapy: mini-hyper-CVD 2024", False),
        ("Mini-hyper-CVD x 4 in 2024 as salvage", False),
        ("Mini-hyper-CVD with inotuzumab for relapsed B-ALL", True),
        ("Mini-hyper-CVD with inotuzumab, relapsed B-ALL", True),
        ("Mini-hyper-CVD, then transplant. Relapse. InO.", False),
        ("Mini-hyper-CVD second line therapy, now inotuzumab", False),
    ],
)
def test_a_regimen_given_before_is_no_plan(text, expected):
    assert plans(text, MINI_HYPER_CVD, date(2026, 4, 12)) is expected


@pytest.mark.parametrize("text", [
    "Inotuzumab with ponatinib followed by blinatumomab", "No rituximab allergy; inotuzumab with ponatinib", "Cytarabine and inotuzumab, intrathecal methotrexate",
    "Methotrexate IV with inotuzumab",
])  # fmt: skip
def test_a_drug_beside_inotuzumab_may_be_a_partner(text):
    assert _may_be_partner(text)


@pytest.mark.parametrize("text", [
    "IT methotrexate with inotuzumab", "Intrathecal cytarabine x 4, inotuzumab", "Rituximab allergy; InO alone", "Methotrexate for RA held; InO",
    "Prior blinatumomab, now inotuzumab", "Ponatinib to resume after inotuzumab",
])  # fmt: skip
def test_another_use_of_a_drug_is_no_partner(text):
    assert not _may_be_partner(text)


def _may_be_partner(text):
    reading = read(text, "partner")
    return "drug" in reading.values or any(not n.silenced for n in reading.not_understood)


@pytest.mark.parametrize(
    ("text", "reason", "expected"),
    [
        ("mucositis has completely cleared", "mucositis", True), ("Her mucositis has healed and she is eating normally.", "mucositis", True),
        ("Off antibiotics, pneumonia cleared on CT", "pneumonia", True), ("The transaminitis that led to the delay has resolved completely.", "transaminitis", True),
        ("pneumonia cleared for discharge", "pneumonia", False), ("pneumonia not cleared on CT", "pneumonia", False), ("mucositis has not healed", "mucositis", False),
        ("will be given once mucositis has healed", "mucositis", False), ("mucositis not completely cleared", "mucositis", False),
    ],
)  # fmt: skip
def test_what_has_healed_or_cleared_has_recovered(text, reason, expected):
    assert says_recovered(text, reason, frozenset()) is expected
