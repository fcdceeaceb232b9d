"""Every label of every topic in every form: what is left open decides nothing, what is filled in never its opposite."""

import pytest

from cds_service.clinical.reading.markers.lineage import lineages
from cds_service.clinical.reading.mentioned import mentioned
from cds_service.clinical.reading.reader import read
from cds_service.clinical.reading.recorded import Named, named
from cds_service.oncology.hold_reasons import reason_kind
from tests.reading.asking import SECOND, UPPER, Chart, put, quiet_note

# Topic, label, what "yes" says, and what "no" may say.
LABELS = [
    ("response", "Complete remission", "cr", {"no-cr"}),
    ("response", "CR achieved", "cr", {"no-cr"}),
    ("response", "In CR", "cr", {"no-cr"}),
    ("response", "Disease progression", "progression", {"no-progression"}),
    ("response", "Relapse since last visit", "relapse", {"no-progression"}),
    ("cd22", "CD22 positive", "positive", {"negative"}),
    ("cd22", "CD22 expressed on blasts", "positive", {"negative"}),
    ("ph", "Ph positive", "positive", {"negative"}),
    ("ph", "BCR::ABL1 detected", "positive", {"negative"}),
    ("ph", "Philadelphia chromosome", "positive", {"negative"}),
    ("mrd", "MRD detected", "positive", {"negative"}),
    ("mrd", "MRD negative", "negative", {"positive"}),
    ("extramedullary", "Extramedullary disease", "present", {"absent"}),
    ("extramedullary", "CNS disease", "present", {"absent-there"}),
    ("transplant", "HSCT planned", "planned", {"not-planned"}),
    ("transplant", "Transplant candidate", "planned", {"not-planned"}),
    ("transplant", "Proceeding to transplant", "planned", {"not-planned"}),
    ("vod", "VOD", "vod", {"excluded"}),
    ("vod", "VOD/SOS suspected", "vod", {"excluded"}),
    ("reaction", "Infusion reaction", "reaction", {"excluded"}),
    ("reaction", "Anaphylaxis", "anaphylaxis", {"no-anaphylaxis", "excluded"}),
    ("status", "Newly diagnosed B-ALL", "untreated", set()),
    ("status", "Relapsed B-ALL", "relapsed", set()),
    ("regimen", "Mini-hyper-CVD", "mini-hyper-cvd", {"without"}),
    ("hold", "Held for infection", "toxicity", set()),
    ("hold", "Patient request", "other", set()),
    ("infection", "Cellulitis", "infection", {"none"}),
    ("bleeding", "Bleeding", "bleeding", {"none"}),
    ("liver-disease", "Cirrhosis", "serious", {"none"}),
    ("pregnancy", "Pregnant", "pregnant", {"not-pregnant"}),
    ("lactation", "Breastfeeding", "lactating", {"not-lactating"}),
    ("line", "First line", "first", set()),
    ("maintenance", "Maintenance", "maintenance", set()),
]
OPEN = [
    "{}: Y / N", "{}? Y/N", "{} (Y/N)", "{}: Yes/No", "{}? Yes No", "{}? Yes or no", "{}: Y or N", "{}: Y/N/NA",
    "{}: [Yes|No]", "{}: Yes, No, Unknown", "{}: (circle one) Y N", "{}: select one", "{}: {{YES/NO:63}}",
    "{}: [ ] Yes [ ] No", "{}? [ ] Yes [ ] No", "{}: \u2610 Yes \u2610 No", "{}: \u25a1 Y \u25a1 N", "{}: \u25cb Yes \u25cb No",
    "{}: ( ) yes ( ) no", "{}: Yes [ ] No [ ]", "{}: Yes ___ No ___", "[ ] {}", "\u2610 {}", "( ) {}", "{} [ ]", "__ {}",
    "{}: [x] Yes [x] No", "{} [x] [ ]", "{}: (x) [ ] yes no",
    "{}: ***", "{}: ____", "{}:", "{}:\nto be assessed", "{}: ?", "{}: TBD", "{}: unk", "{}: n/a", "{}: not done",
    "{} - not documented", "{} - not recorded", "{} - not assessed", "{}: not yet assessed", "{} (not documented)",
    "{} is / is not present", "{} present / not present", "{}: has / has not", "{} / no {}", "{} vs not {}",
]  # fmt: skip
YES = [
    "{}: Yes", "{}? Yes", "{}: Y", "{}: [x] Yes [ ] No", "{}? [x] Yes [ ] No", "{}: Yes [x] No [ ]", "{} Yes [X] No [ ]",
    "{}: \u2612 Yes \u2610 No", "{}: \u2611 Yes", "{}: (x) yes ( ) no", "[x] {}", "\u2612 {}", "{} [x]", "{}: [x]", "{}: \u2714",
    "{}: Yes _x_ No ___", "{}: \u25cf Yes \u25cb No",
]  # fmt: skip
NO = [
    "{}: No", "{}? No", "{}: N", "{}? N", "{}? -No", "{}: no.", "{} - N", "{}: [ ] Yes [x] No", "{}? [ ] Yes [x] No",
    "{}: Yes [ ] No [x]", "{} Yes [ ] No [x]", "{}: \u2610 Yes \u2612 No", "{}: ( ) yes (x) no", "{}: Yes ___ No _x_",
    "{}: \u25cb Yes \u25cf No", "{}: [x] no [ ] yes", "{} (Y/N): N",
]  # fmt: skip
IDS = [label for _, label, _, _ in LABELS]
each_label = pytest.mark.parametrize("asked", LABELS, ids=IDS)


def says(topic, text):
    return {a.value for a in read(text, topic).assertions}


@each_label
def test_a_form_left_open_says_nothing(asked):
    topic, label, _yes, _no = asked
    told = {way.format(label, label): s for way in OPEN if (s := says(topic, way.format(label, label)))}
    assert told == {}


@each_label
def test_a_form_with_yes_never_says_no(asked):
    topic, label, yes, _no = asked
    told = {way.format(label): s for way in YES if (s := says(topic, way.format(label))) - {yes}}
    assert told == {}


@each_label
def test_a_form_with_no_never_says_yes(asked):
    topic, label, _yes, no = asked
    told = {way.format(label): s for way in NO if (s := says(topic, way.format(label))) - no}
    assert told == {}


@pytest.mark.parametrize(
    ("topic", "text", "value"),
    [
        ("response", "[x] CR [ ] PR", "cr"),
        ("response", "Response: [ ] CR [x] PR [ ] SD", "pr"),
        ("response", "Response: CR [ ] PR [x] SD [ ]", "pr"),
        ("response", "- [ ] CR\n- [x] PR", "pr"),
        ("response", "Complete remission: \u2610 Yes \u2612 No", "no-cr"),
        ("response", "Disease progression since last visit? No", "no-progression"),
        ("cd22", "CD22: [x] positive [ ] negative", "positive"),
        ("cd22", "CD22: [ ] positive [x] negative", "negative"),
        ("cd22", "CD22 positive: No", "negative"),
        ("mrd", "MRD: \u2612 Negative \u2610 Positive \u2610 Not done", "negative"),
        ("mrd", "MRD detected: No", "negative"),
        ("ph", "BCR::ABL1 detected? No", "negative"),
        ("transplant", "HSCT planned: (x) yes ( ) no", "planned"),
        ("transplant", "[ ] HSCT planned [x] HSCT not planned", "not-planned"),
        ("vod", "VOD/SOS?  [ ] Yes  [x] No", "excluded"),
        ("extramedullary", "Extramedullary disease: [ ] Present [x] Absent", "absent"),
    ],
)
def test_what_is_ticked_is_read(topic, text, value):
    assert says(topic, text) == {value}


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        ("response", "VOD [ ] Yes [ ] No CR [x] Yes [ ] No"),
        ("vod", "VOD [ ] Yes [ ] No CR [x] Yes [ ] No"),
        ("vod", "VOD: Yes [ ] No [x] Ascites: Yes [x] No [ ]"),
        ("mrd", "MRD: \u2610 Negative \u2610 Positive \u2612 Not done"),
        ("response", "Patient is / is not in complete remission."),
        ("response", "Patient is (not) in CR"),
        ("response", "Disease has / has not progressed."),
        ("response", "CR vs not CR"),
        ("cd22", "CD22 is / is not expressed"),
        ("mrd", "MRD is / isn't detected"),
        ("ph", "BCR::ABL1 not detected / detected"),
        ("transplant", "Patient is / is not proceeding to transplant."),
        ("response", "CR not documented"),
        ("response", "[x] CR on ____"),
        ("response", "CR: yes / **no**"),
        ("response", "Complete remission -> pending"),
        ("response", "Complete remission ......."),
        ("response", "There is / there is no evidence of relapse"),
        ("response", "With / without relapse"),
        ("vod", "There is (no) VOD"),
        ("response", "No chills and patient is / is not in CR"),
    ],
)
def test_what_is_not_sure_is_not_read(topic, text):
    assert says(topic, text) == set()


@pytest.mark.parametrize(
    ("topic", "text", "value"),
    [
        ("vod", "VOD: yes, no ascites", "vod"),
        ("response", "Patient in CR, plan as follows:", "cr"),
        ("response", "Not in CR or in CRi", "no-cr"),
        ("response", "**CR achieved**", "cr"),
        ("response", "CR (Hgb _ not shown)\nCR confirmed", "cr"),
        ("vod", "VOD: yes or no VOD\nVOD confirmed", "vod"),
    ],
)
def test_what_only_looks_like_a_form_is_read(topic, text, value):
    assert says(topic, text) == {value}


@pytest.mark.parametrize("way", [*OPEN, *NO])
@pytest.mark.parametrize("disease", ["T-ALL", "B-ALL"])
def test_a_lineage_that_a_form_leaves_open_or_denies_is_none(way, disease):
    text = way.format(disease, disease)
    assert lineages(text) == frozenset()
    if not text.endswith((":", "?")):  # the name of a recorded condition states it
        assert lineages(text, recorded=True) == frozenset()


@pytest.mark.parametrize("way", [*OPEN, *NO, "{} was not done"])
def test_watching_that_a_form_leaves_open_or_denies_is_none(way):
    label = "Monitored during infusion and for 1 hour after"
    assert not mentioned(way.format(label, label), "observation")


@pytest.mark.parametrize("way", YES)
def test_watching_that_a_form_affirms_is_watching(way):
    found = mentioned(way.format("Monitored during infusion and for 1 hour after"), "observation")
    assert any(values >= {"watched", "after", "hour"} for values, _ in found)


@pytest.mark.parametrize("way", [*OPEN, *NO])
@pytest.mark.parametrize("label", ["Held for infection", "Patient request"])
def test_a_reason_that_a_form_leaves_open_or_denies_is_none(way, label):
    assert reason_kind(way.format(label, label), UPPER) is None


@pytest.mark.parametrize("way", [*OPEN, *NO])
@pytest.mark.parametrize(
    ("name", "topic", "value"), [("VOD", "vod", "vod"), ("Pregnant", "pregnancy", "pregnant")]
)
def test_a_recorded_form_is_never_a_stated_condition(way, name, topic, value):
    assert named(way.format(name, name), topic, value) is not Named.STATED


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("Mucositis grade 3", True),
        ("Mucositis grade 3? Yes", True),
        ("Mucositis grade 3: [x] Yes [ ] No", True),
        ("Mucositis grade 3:", True),  # a recorded event asserts: a label alone does not take it back
        ("Mucositis grade 3: No", False),
        ("Mucositis grade 3: [ ] Yes [x] No", False),
        ("Mucositis grade 3: Y / N", False),
        ("[ ] Mucositis grade 3", False),
        ("Mucositis grade 3: ***", False),
    ],
)
def test_an_event_is_recorded_unless_its_form_is_open_or_says_no(name, holds):
    chart = Chart(SECOND)
    quiet_note(chart)
    put(chart, "AdverseEvent.event", name, "2026-04-12")
    assert ("nonhem-hold" in {f.kind for f in chart.determine().findings}) is holds
