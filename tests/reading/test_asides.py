"""An aside in brackets, or between commas, does not part a denial, a doubt or a time from what it is said of."""

from datetime import date

import pytest

from cds_service.clinical.reading.reader import read

TODAY = date(2026, 4, 13)
SAYS = [
    ("No evidence (by flow) of relapse", "response", {"no-progression"}), ("No sign (on exam) of progression", "response", {"no-progression"}),
    ("No (marrow 4/10, PET 4/11) evidence of relapse", "response", {"no-progression"}), ("Not (yet) in CR", "response", {"no-cr"}),
    ("Never (since dx) in CR", "response", {"no-cr"}), ("No relapse (by marrow) or progression", "response", {"no-progression"}),
    ("No evidence (clinical or lab) of VOD", "vod", {"excluded"}), ("Low suspicion (per GI) for VOD", "vod", {"excluded"}),
    ("No signs (wt gain, ascites, RUQ pain) of VOD", "vod", {"excluded"}), ("No evidence (PET) of EMD", "extramedullary", {"absent"}),
    ("Resolved (PET 4/10) EMD", "extramedullary", {"absent"}), ("No (grade 3) infusion reaction", "reaction", {"excluded"}),
    ("Not a candidate (age) for transplant", "transplant", {"not-planned"}), ("Plan (after C2) for HSCT", "transplant", {"planned"}),
    ("Signs (none) of VOD", "vod", {"excluded"}), ("Bili 4 (no hemolysis) c/w VOD", "vod", {"vod"}), ("s/p InO (C1) in CR", "response", {"cr"}), ("Pt (34F) in CR", "response", {"cr"}),
    ("Relapsed B-ALL (dx 1/2024) in CR", "response", {"cr"}), ("Marrow (done 4/10) CR", "response", {"cr"}),
]  # fmt: skip
NOTHING = [
    ("No evidence, by flow, of relapse", "response"), ("Denies (per pt) relapse", "response"), ("Possible (per path) relapse", "response"),
    ("Unlikely (per onc) relapse", "response"), ("Prior marrow (12/2025) showed relapse.", "response"),
    ("Marrow in January (post blina) showed CR.", "response"), ("After blina (2025) CR", "response"),
    ("Initial induction (hyper-CVAD) resulted in CR.", "response"), ("Following HCVAD (4 cycles) achieved CR", "response"),
    ("Prior remission (CR1) lasted 14 months.", "response"), ("Last remission (CR1) lasted 14 months.", "response"),
    ("Prior PET (12/2025) showed EMD in breast.", "extramedullary"), ("At diagnosis (2024) CNS3.", "extramedullary"),
    ("Prior transplant (2024) complicated by VOD.", "vod"), ("VOD (ppx: ursodiol)", "vod"), ("CR (MRD neg) after blina", "response"),
    ("VOD (history)", "vod"), ("EMD (breast) at diagnosis", "extramedullary"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "topic", "values"), SAYS)
def test_the_words_before_an_aside_hold_behind_it(text, topic, values):
    assert read(text, topic, TODAY).values == values


@pytest.mark.parametrize(("text", "topic"), NOTHING)
def test_what_is_doubted_or_past_before_an_aside_is_none_of_the_present(text, topic):
    assert not read(text, topic, TODAY).values


def test_concern_before_an_aside_is_a_suspicion():
    said = read("Concern (per GI) for VOD", "vod", TODAY).assertions
    assert [(a.value, a.certainty) for a in said] == [("vod", "suspected")]


@pytest.mark.parametrize(
    "text",
    ["Marrow (4/10) showed CR", "EOC1 marrow [4/10]: CR", "CR (MRD neg) on 4/10", "CR (x2) on 4/10/26"],
)
def test_a_day_in_an_aside_is_that_of_the_finding(text):
    (said,) = read(text, "response", TODAY).assertions
    assert said.when is not None
    assert said.when.first == date(2026, 4, 10)


MARKERS = [
    ("MRD negative (previously positive)", "mrd", {"negative"}), ("MRD positive (prior)", "mrd", set()), ("MRD negative (prior sample)", "mrd", set()),
    ("CORRECTED REPORT: CD22 NEGATIVE (previously reported as positive).", "cd22", {"negative"}), ("CD22 positive (previously negative)", "cd22", {"positive"}),
    ("CD22 positive (previous sample)", "cd22", set()), ("CD22 positive (at diagnosis 85%)", "cd22", set()),
    ("No immunophenotypic evidence of residual B-ALL (MRD negative, LOD 0.01%)", "mrd", {"negative"}),
    ("MRD neg by flow (sens 0.01%)", "mrd", {"negative"}), ("MRD detectable at 1 in 10^3", "mrd", {"positive"}), ("Neg. for MRD", "mrd", {"negative"}),
    ("CD22 strong and diffuse positive", "cd22", {"positive"}), ("Lymphoblasts: CD19+, cyCD22+", "cd22", {"positive"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "topic", "values"), MARKERS)
def test_an_aside_tells_what_was_before_and_not_what_is(text, topic, values):
    assert read(text, topic, TODAY).values == values


@pytest.mark.parametrize("awaited", ["NGS pending", "MRD pending", "flow pending"])
def test_another_test_that_is_awaited_in_brackets_takes_nothing_back(awaited):
    assert read(f"Marrow 4/7: CR ({awaited}).", "response").values == {"cr"}


@pytest.mark.parametrize("awaited", ["pending", "marrow pending", "confirmation pending"])
def test_what_the_state_itself_waits_for_does(awaited):
    assert read(f"CR ({awaited}).", "response").values == set()


@pytest.mark.parametrize(("text", "says"), [
    ("Persistent disease, 22% blasts (prior 88%).", "no-cr"), ("Relapse, blasts 40% (previously 2%).", "relapse"), ("In CR, blasts 1% (previously 85%).", "cr"),
    ("CR, MRD negative (prior MRD positive).", "cr"), ("Leukemia is progressing, blasts 71% compared with 50% before starting inotuzumab.", "progression"),
])  # fmt: skip
def test_a_figure_of_before_beside_it_makes_no_state_past(text, says):
    assert read(text, "response", TODAY).values == {says}


@pytest.mark.parametrize("text", ["CR (prior).", "CR (previously).", "Relapse (before inotuzumab).", "Relapsed before starting inotuzumab."])  # fmt: skip
def test_a_time_of_before_in_brackets_does(text):
    assert read(text, "response", TODAY).values == set()
