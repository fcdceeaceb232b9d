"""The page says first what counts and what to do, shows every criterion once, and escapes everything."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from flask import Flask, render_template

from cds_service.clinical.observations.series import Point, Series
from cds_service.engine.determination import Determination, Drug, Indicator, ItemPart, NeededItem, Unseen
from cds_service.engine.verdict import Verdict
from cds_service.fhir.record import DataKind, Record, Resource, record_from
from cds_service.smart.page import charts as geometry
from cds_service.smart.page.criteria import grouped, tally
from cds_service.smart.page.detail import DetailPage, detail_page
from cds_service.smart.page.plain_text import plain_text
from cds_service.smart.page.sources import sources_of
from cds_service.smart.page.steps import steps
from cds_service.smart.routes import blueprint
from tests.fixtures import Fixture
from tests.web import examples

TIMES = "\N{MULTIPLICATION SIGN}"
PER_LITER = f"{TIMES}10⁹/L"
ITEMS = [
    "diagnosis",
    "pathology",
    "cd22",
    "ph-status",
    "therapy-history",
    "line-of-therapy",
    "partner-drugs",
    "response",
    "mrd",
    "hsct-plan",
    "progression-note",
    "cbc",
    "ecg-baseline",
    "ecg-follow-up",
    "electrolytes-baseline",
    "electrolytes-follow-up",
    "qt-drugs",
    "infusion-monitoring-note",
    "myelosuppression-note",
    "height-weight",
    "birth-date",
    "cycle-number",
    "interruption-reason",
    "hepatic-recovery",
    "extramedullary-status",
    "toxicity-detail",
]
PLATELETS = Series(
    "Platelets",
    "10*9/L",
    (Point("2026-04-07", Decimal(61), "Observation/1"), Point("2026-04-14", Decimal(48), "Observation/2")),
    (("policy: hold below", Decimal(50)),),
)


def arranged(determination: Determination, record: Record = examples.CHART, **more: bool) -> DetailPage:
    return detail_page(
        determination,
        record,
        series=[PLATELETS],
        timeline=None,
        provenance=examples.PROVENANCE,
        full_banner=more.get("full_banner", True),
        brief=more.get("brief", False),
    )


@pytest.fixture(scope="module")
def app() -> Flask:
    app = Flask("page")
    app.register_blueprint(blueprint)
    return app


def html(app: Flask, page: DetailPage) -> str:
    with app.test_request_context():
        return render_template("smart/detail.html", page=page, text=plain_text(page), geometry=geometry)


def marks(text: str, name: str) -> list[str]:
    return re.findall(rf'{name}="([^"]*)"', text)


@pytest.mark.parametrize(
    ("determination", "coverage"),
    [(examples.MET, "met"), (examples.NOT_MET, "not-met"), (examples.UNKNOWN, "unknown")],
)
def test_the_verdict_is_marked_and_told_by_icon_word_and_colour(
    app: Flask, determination: Determination, coverage: str
) -> None:
    text = html(app, arranged(determination))
    assert f'<h1 id="verdict" data-coverage="{coverage}">' in text
    assert f'<div class="verdict answer tone-{coverage}">' in text
    assert {"met": "✓", "not-met": "✕", "unknown": "?"}[coverage] in text
    assert "approve" not in text.partition("<footer>")[0]


def warned(indicator: Indicator) -> Determination:
    """All criteria met, and one finding on safety."""
    (finding,) = (f for f in examples.UNKNOWN.findings if f.kind == "safety-qt")
    return replace(examples.MET, findings=(replace(finding, indicator=indicator),))


@pytest.mark.parametrize(
    ("determination", "coverage", "safety", "words"),
    [
        (examples.MET, "met", "met", "nothing open"),
        (warned(Indicator.CRITICAL), "good", "not-met", "1 stop"),
        (warned(Indicator.WARNING), "good", "unknown", "1 to check"),
        (warned(Indicator.INFO), "met", "met", "nothing open"),
        (replace(examples.NOT_MET, findings=(), unseen=()), "not-met", "good", "nothing open"),
        (
            replace(examples.MET, unseen=(Unseen("labs", "refused"),)),
            "good",
            "unknown",
            "nothing open in what could be seen",
        ),
        (replace(examples.MET, dose=None), "good", "unknown", "dose not checked"),
    ],
)
def test_a_good_answer_is_green_only_beside_another_good_one(
    app: Flask, determination: Determination, coverage: str, safety: str, words: str
) -> None:
    page = arranged(determination)
    assert (page.head.coverage.tone, page.head.safety.tone, page.head.safety.text) == (
        coverage,
        safety,
        words,
    )
    head = html(app, page).partition("</section>")[0]
    assert ("tone-met" in head) is (coverage == safety == "met")


def test_the_urgent_step_stands_in_the_head_and_counters_lead_to_rows(app: Flask) -> None:
    text = html(app, arranged(examples.UNKNOWN))
    head = text[text.index("<main") :].partition("</section>")[0]
    assert "<strong>Stop:</strong> Repeat the ECG before the dose: QTcF 510 ms on 2026-04-10</p>" in head
    targets = re.findall(r'<a href="#([^"]+)"><b>1</b> (stop|not met|open)</a>', head)
    assert targets == [
        ("finding-critical", "stop"),
        ("criteria-not-met", "not met"),
        ("criteria-unknown", "open"),
    ]
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(marks(text, " id"))
    assert len(marks(text, " id")) == len(set(marks(text, " id")))


def test_an_urgent_sentence_that_begins_with_its_own_word_gets_no_other() -> None:
    held = warned(Indicator.WARNING)
    findings = tuple(
        replace(f, action="Hold cycle 2 until platelets recover", text="48") for f in held.findings
    )
    (urgent,) = arranged(replace(held, findings=findings)).head.urgent
    assert (urgent.badge, urgent.text) == ("", "Hold cycle 2 until platelets recover: 48")
    (urgent,) = arranged(held).head.urgent
    assert urgent.badge == ""
    bare = replace(held, findings=tuple(replace(f, action="") for f in held.findings))
    (urgent,) = arranged(bare).head.urgent
    assert urgent.badge == "Check"


def test_the_head_says_what_was_found_or_is_missing(app: Flask) -> None:
    assert arranged(examples.MET).head.coverage.why == ""
    assert arranged(examples.NOT_MET).head.coverage.why == "BCR::ABL1 found on 2026-03-28 (A.iv)"
    lacking = tuple(NeededItem(item, "because") for item in ("cd22", "mrd", "cbc", "response", "diagnosis"))
    asking = tuple(
        replace(c, needed=tuple(n.item for n in lacking)) if c.id == "POL-A-II-A" else c
        for c in examples.UNKNOWN.criteria
    )
    unknown = replace(examples.UNKNOWN, criteria=asking)
    few = arranged(replace(unknown, needed=lacking[:2])).head.coverage.why
    many = arranged(replace(unknown, needed=lacking)).head.coverage.why
    dose_alone = NeededItem("height-weight", "no height found")
    assert arranged(replace(unknown, needed=(*lacking[:2], dose_alone))).head.coverage.why == few
    assert few == "Open: CD22 on blasts, MRD after two cycles"
    assert many == "Open: CD22 on blasts, MRD after two cycles, CBC with differential and 2 more"
    unseen = tuple(replace(need, unseen=need.item == "mrd") for need in lacking[:2])
    assert (
        arranged(replace(unknown, needed=unseen)).head.coverage.why
        == "Open: CD22 on blasts; look in the EHR for MRD after two cycles"
    )
    only = arranged(replace(unknown, needed=unseen[1:])).head.coverage.why
    assert only == "Look in the EHR for MRD after two cycles"
    head = html(app, arranged(examples.NOT_MET)).partition("</section>")[0]
    assert '<p class="because">BCR::ABL1 found on 2026-03-28 (A.iv)</p>' in head


def test_a_dose_far_off_is_said_in_the_head_by_how_much(app: Flask) -> None:
    over = replace(examples.UNKNOWN.dose, verdict="over", ordered_mg=Decimal("14.1"))  # type: ignore[type-var]
    (finding,) = (f for f in examples.UNKNOWN.findings if f.kind == "safety-qt")
    dose = replace(
        finding, kind="dose", action="Check the dose: it is above the table", text="Ordered 14.1 mg"
    )
    text = html(app, arranged(replace(examples.MET, dose=over, findings=(dose,))))
    assert "<strong>Stop:</strong> Dose 10 times too high: 14.1 mg ordered, table 1.41 mg</p>" in text


def test_a_criterion_that_is_not_met_is_headed_by_what_was_found(app: Flask) -> None:
    because = "cycle 7; the policy covers up to 6 without transplant (B.iii); " + "more was found; " * 9
    failed = tuple(replace(c, because=because) if c.id == "POL-A-IV-PH" else c for c in examples.CRITERIA)
    text = html(app, arranged(replace(examples.NOT_MET, criteria=failed)))
    row = text[text.index('data-criterion="POL-A-IV-PH"') :].partition("</li>")[0]
    title = row[row.index('<p class="title">') :].partition("</p>")[0]
    assert "<strong>Cycle 7; the policy covers up to 6 without transplant (B.iii)" in title
    assert '<span class="fine">Disease is Philadelphia-negative</span>' in title
    assert row.lower().count("more was found") == 9


def test_kinds_of_data_that_were_not_seen_for_one_reason_stand_together(app: Flask) -> None:
    unseen = (
        Unseen("otherObservations", "refused"),
        Unseen("coverage", "late"),
        Unseen("procedures", "refused"),
    )
    page = arranged(replace(examples.UNKNOWN, unseen=unseen))
    assert page.unseen == ("other observations, procedures: refused", "coverage: late")
    assert "<li>other observations, procedures: refused</li>" in html(app, page)


def test_without_a_figure_of_the_dose_there_is_no_section_of_it(app: Flask) -> None:
    bare = replace(
        examples.UNKNOWN.dose,
        arithmetic="",
        options=(),
        ordered_mg=None,
        bsa_m2=None,  # type: ignore[type-var]
    )
    page = arranged(replace(examples.UNKNOWN, dose=bare))
    assert 'id="dose"' not in html(app, page)
    assert "dose" not in [section.id for section in page.sections]


def test_no_sentence_of_a_print_ends_in_two_full_stops(app: Flask) -> None:
    quoted = tuple(replace(c, because='note: "No infection."') for c in examples.CRITERIA)
    text = html(app, arranged(replace(examples.MET, criteria=quoted)))
    assert "No infection.&#34;." not in text
    assert "No infection.&#34;</" in text


def test_the_results_stand_in_a_table_with_limit_and_state(app: Flask) -> None:
    text = html(app, arranged(examples.UNKNOWN))
    row = text[text.index('<th scope="row">Platelets') :].partition("</tr>")[0]
    assert re.sub(r"<[^>]+>", " ", row).split() == (
        f"Platelets {PER_LITER} 61 2026-04-07 48 2026-04-14 hold below 50 below".split()
    )


def test_no_number_on_the_page_has_a_needless_zero(app: Flask) -> None:
    dose = replace(examples.UNKNOWN.dose, ordered_mg=Decimal("1.410"), bsa_m2=Decimal("1.8000"))  # type: ignore[type-var]
    text = html(app, arranged(replace(examples.UNKNOWN, dose=dose)))
    assert "<dd>1.41 mg</dd>" in text
    assert "1.8 m²</dd>" in text
    assert not re.search(r"\d\.\d*0 m", text)


def test_every_criterion_stands_once_with_its_verdict(app: Flask) -> None:
    text = html(app, arranged(examples.UNKNOWN))
    rows = dict(zip(marks(text, "data-criterion"), marks(text, "data-verdict"), strict=True))
    assert rows == {c.id: c.verdict.value for c in examples.CRITERIA}
    assert len(marks(text, "data-criterion")) == len(examples.CRITERIA)


def test_what_blocks_stands_first_and_what_is_not_needed_does_not_alarm(app: Flask) -> None:
    groups = grouped(examples.UNKNOWN, examples.CHART)
    assert [group.section for group in groups] == ["A.iv", "A.ii", "Indications A", "A.i"]
    text = html(app, arranged(examples.UNKNOWN))
    row = text[text.index('data-criterion="POL-A-II-B-2"') - 60 :]
    assert "tone-aside" in row[:60]
    assert text.index("<details", text.index(">Section A.ii<")) < text.index('data-criterion="POL-A-II-B-2"')
    assert "The path taken does not need this." in row[:900]


def test_the_tally_leaves_out_what_is_not_needed() -> None:
    assert tally(examples.CRITERIA) == "2 met, 1 not met, 1 cannot be determined"


def test_dangers_come_first_among_the_next_steps_and_each_step_once() -> None:
    found = arranged(examples.UNKNOWN).steps
    assert [step.text for step in found] == [
        "Repeat the ECG before the dose",
        "Review with the payer: BCR::ABL1 found on 2026-03-28 (A.iv)",
        "State the treatment history (A.ii.A)",
        "Record height and weight",
    ]
    assert found[0].why == "QTcF 510 ms on 2026-04-10"
    assert found[2].why == "A record of the relapse, or of the treatment that failed"


def test_where_every_path_fails_no_step_asks_for_what_would_change_nothing() -> None:
    d = Fixture("dlbcl").determine()[0]
    asked = [step.text for step in steps(d, ())]
    assert len(asked) == 1
    assert asked[0].startswith("Review with the payer: diffuse large B-cell lymphoma")


def test_a_step_asks_for_no_more_than_lacks() -> None:
    alone = ItemPart("height", "Record the height", ("Body height",))
    needed = (NeededItem("height-weight", "no height found", part=alone),)
    (step,) = arranged(replace(examples.MET, coverage=Verdict.UNKNOWN, needed=needed)).steps
    assert step.text == "Record the height"


def test_a_finding_says_in_words_what_it_rests_on(app: Flask) -> None:
    text = html(app, arranged(Fixture("qtcf-510-with-nilotinib").determine()[0]))
    safety = text[text.index('id="safety"') :].partition("</section>")[0]
    assert "<strong>Do not infuse yet:</strong> QTcF 510 ms" in safety
    assert '<span class="fine">(recommendation) <span class="source screen">POL-REC-QT</span>' in safety
    assert "rests on" not in text


def test_every_item_that_can_be_needed_has_a_step_with_a_verb() -> None:
    verbs = {"Record", "Attach", "Order", "Write", "State", "Complete", "Document", "Get", "Measure", "List"}
    assert len(ITEMS) == 26
    for item in ITEMS:
        needed = (NeededItem(item, "because"),)
        (step,) = arranged(replace(examples.MET, coverage=Verdict.UNKNOWN, needed=needed)).steps
        assert step.text.split()[0] in verbs, item


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"unseen": True}, "Look in the EHR for CD22 on blasts"),
        ({"orderable": False}, "Look in the EHR for CD22 on blasts"),
        ({"orderable": False, "awaited": True}, "Await the result: CD22 on blasts"),
        ({}, "Order or attach CD22 on blasts"),
    ],
)
def test_no_step_orders_what_may_be_there_or_is_awaited(state: dict[str, bool], says: str) -> None:
    needed = (NeededItem("cd22", "because", **state),)
    (step,) = arranged(replace(examples.MET, coverage=Verdict.UNKNOWN, needed=needed)).steps
    assert step.text == says


def test_when_all_is_met_the_next_step_is_to_attach_the_page() -> None:
    (step,) = arranged(examples.MET).steps
    assert "prior authorization" in step.text


def test_evidence_names_value_unit_date_source_and_how_it_was_obtained() -> None:
    (source,) = sources_of(("Observation/cd22",), examples.CHART)
    assert (source.what, source.value, source.when, source.reference, source.origin) == (
        "CD22 on blasts, flow cytometry",
        "92 %",
        "2026-04-02",
        "Observation/cd22",
        "fetched",
    )


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ({"valueQuantity": {"value": Decimal(10), "comparator": "<", "unit": "IU/mL"}}, "<10 IU/mL"),
        ({"valueString": "see comment"}, "see comment"),
        ({"valueCodeableConcept": {"coding": [{"display": "Positive"}]}}, "Positive"),
        ({"valueBoolean": False}, "False"),
        ({"dataAbsentReason": {"text": "not performed"}}, "not performed"),
        ({"status": "preliminary", "valueInteger": 3}, "3; preliminary"),
        (
            {"component": [{"code": {"text": "QTc"}, "valueQuantity": {"value": 500, "unit": "ms"}}]},
            "QTc 500 ms",
        ),
        ({"valueString": "x" * 500}, "x" * 159 + "…"),
        ({"valueQuantity": "odd", "code": 7, "effectiveDateTime": ["odd"], "component": 3}, ""),
    ],
)
def test_values_are_shown_as_sent(body: dict[str, object], value: str) -> None:
    observation = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        **body,
    }
    (source,) = sources_of(("Observation/o",), examples.record(observation))
    assert source.value == value


def test_a_reference_that_is_not_in_the_record_is_shown_bare() -> None:
    (source,) = sources_of(("Observation/gone",), examples.CHART)
    assert (source.reference, source.what) == ("Observation/gone", "")


def test_each_chart_is_an_image_with_words_and_the_same_numbers_in_a_table(app: Flask) -> None:
    text = html(app, arranged(examples.UNKNOWN))
    svg = text[text.index("<svg viewBox") : text.index("</svg>")]
    assert 'role="img"' in svg
    assert "<title" in svg
    assert "<desc" in svg
    points = re.findall(r"<circle[^>]*><title>([^<]*)</title>", svg)
    assert points == [f"61 {PER_LITER}, 2026-04-07"]
    (beyond,) = re.findall(r"<rect class=\"point beyond\"[^>]*><title>([^<]*)</title>", svg)
    assert beyond == f"48 {PER_LITER}, 2026-04-14, beyond the limit"
    assert ">hold below 50</text>" in svg
    assert "url(#chart-1-hatch)" in svg
    table = text[text.index("<table", text.index("</svg>")) :]
    for point in (*points, beyond):
        value, day = point.split(", ")[:2]
        assert f'<td class="day">{day}</td><td>{value}</td>' in table


def test_the_dose_stands_with_its_arithmetic(app: Flask) -> None:
    text = html(app, arranged(examples.UNKNOWN))
    assert f"0.8 mg/m² {TIMES} 1.7654 m² = 1.412 mg; ordered 1.41 mg" in text
    assert '<dt>Body surface</dt><dd title="1.7654 m²">1.77 m²</dd>' in text
    assert "<dt>Accepted</dt><dd>1.271 to 1.554 mg</dd>" in text


def test_what_was_searched_and_what_could_not_be_seen_is_said(app: Flask) -> None:
    text = html(app, arranged(examples.UNKNOWN, replace(examples.CHART, gaps=(examples.GAP,))))
    assert "adverseEvents: the server answered 403" in text[text.index('id="unseen"') :]
    searched = text[text.index("What was searched") :]
    assert "active,on-hold,completed,stopped" in searched
    assert "not wholly seen (adverseEvents: the server answered 403)" in searched


def test_a_type_that_the_ehr_does_not_offer_is_named_where_it_was_searched(app: Flask) -> None:
    text = html(
        app, arranged(examples.UNKNOWN, replace(examples.CHART, not_offered=(DataKind.ADVERSE_EVENTS,)))
    )
    searched = text[text.index("What was searched") :]
    assert "this EHR does not offer AdverseEvent; its facts are judged by the other sources" in searched
    assert "not wholly seen" not in searched


def test_where_the_answer_comes_from_stands_at_the_foot(app: Flask) -> None:
    foot = html(app, arranged(examples.UNKNOWN)).partition("<footer>")[2]
    for part in (
        "MP-RX-FP-12-23",
        "2026-03-24",
        "2026-04-15 13:00",
        "payer-policy-cds 0.1.0",
        "Practitioner/1",
    ):
        assert part in foot


def test_the_banner_is_full_unless_the_ehr_shows_its_own(app: Flask) -> None:
    full, short = (html(app, arranged(examples.UNKNOWN, full_banner=b)) for b in (True, False))
    assert "MRN-0001" in full
    assert "MRN-0001" not in short
    assert "Ada Example" in short
    assert '<span class="paper">born 1981-03-02</span>' in short


def test_the_summary_intent_leaves_the_charts_out(app: Flask) -> None:
    assert "<svg" not in html(app, arranged(examples.UNKNOWN, brief=True))


def test_without_a_patient_resource_the_banner_says_so(app: Flask) -> None:
    assert "Name not shared by the EHR" in html(app, arranged(examples.UNKNOWN, Record("p1")))


def test_the_text_to_copy_holds_verdict_steps_and_every_criterion() -> None:
    text = plain_text(arranged(examples.UNKNOWN))
    assert text.startswith("MP-RX-FP-12-23 (effective 2026-03-24): The record does not tell")
    for criterion in examples.CRITERIA:
        assert criterion.title in text
    assert "- [Not needed here] A.ii.B.2" in text
    assert "None" not in text
    assert "Dose and safety: 1 stop." in text


class Elements(HTMLParser):
    """Collects start tags with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, [name for name, _ in attrs]))


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\" onmouseover='x' {{7*7}} </textarea>"


def test_hostile_names_and_values_stay_text(app: Flask) -> None:
    patient = {**examples.PATIENT, "name": [{"text": HOSTILE}], "birthDate": HOSTILE, "gender": HOSTILE}
    value = examples.observation("cd22", HOSTILE, HOSTILE, HOSTILE, "2026-04-02")
    hostile = replace(
        examples.UNKNOWN,
        policy=replace(examples.REFERENCE, drug=Drug(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)),
        unseen=(Unseen(HOSTILE, HOSTILE),),
        notes=(HOSTILE,),
        criteria=tuple(replace(c, because=HOSTILE, title=HOSTILE) for c in examples.CRITERIA),
        findings=tuple(replace(f, text=HOSTILE, action=HOSTILE) for f in examples.UNKNOWN.findings),
    )
    plain, attacked = Elements(), Elements()
    plain.feed(html(app, arranged(examples.UNKNOWN)))
    record = record_from("p1", [Resource(patient), Resource(value)])
    text = html(app, arranged(hostile, record))
    assert text.count("&lt;script&gt;") > 10
    attacked.feed(text)
    assert {tag for tag, _ in attacked.tags} <= {tag for tag, _ in plain.tags}
    assert not [a for _, names in attacked.tags for a in names if a.startswith("on") or a == "style"]
    assert "<script" not in text


def test_the_page_needs_no_script_and_no_inline_style(app: Flask) -> None:
    page = Elements()
    page.feed(html(app, arranged(examples.UNKNOWN)))
    assert "script" not in {tag for tag, _ in page.tags}
    assert "style" not in {tag for tag, _ in page.tags} | {a for _, names in page.tags for a in names}
