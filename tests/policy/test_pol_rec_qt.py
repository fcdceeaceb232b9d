"""POL-REC-QT: QT. The limits are recommendations, and every card says so."""

import pytest

from tests.policy.chart_notes import (
    RXNORM,
    administration,
    coded,
    determine_all,
    drug_order,
    observation,
    order,
    procedure,
    quantity,
    report,
    stated,
    verdict,
)
from tests.policy.treated import C1D1, C2D1, ECGS, NEVER_TREATED, first_cycle, raised, second_cycle

CRITICAL = ("safety-qt", "critical")
WARNING = ("safety-qt", "warning")
INFO = ("safety-qt", "info")
NILOTINIB = drug_order("nilotinib", authored="2026-03-01", id="nilotinib")


def ecg(ms, day="2026-04-14", loinc="76634-5", unit="ms", **more):
    return observation(loinc, day, ms, unit, **more)


def worded(text, day="2026-04-14"):
    return observation("76634-5", day, text=text)


QTC = {
    "500 is not above 500": ([ecg(500)], set()),
    "501": ([ecg(501)], {CRITICAL}),
    "0.51 seconds": ([ecg(0.51, unit="s")], {CRITICAL}),
    "Bazett": ([ecg(510, loinc="76635-2")], {CRITICAL}),
    "formula not stated": ([ecg(510, loinc="8636-3")], {CRITICAL}),
    "30 days before": ([ecg(510, "2026-03-16")], {CRITICAL}),
    "31 days before": ([ecg(510, "2026-03-15")], set()),
    "of tomorrow": ([ecg(510, "2026-04-16")], set()),
    "the newest counts": ([ecg(510, "2026-04-10"), ecg(430, "2026-04-14")], set()),
    "Fridericia before Bazett of the same ECG": ([ecg(510, loinc="76635-2"), ecg(470)], set()),
    "Fridericia before a QTc without formula": ([ecg(510, loinc="8636-3"), ecg(470)], set()),
    "a corrected result before the final one of the same time": (
        [ecg(510, "2026-04-14T10:00:00-04:00", id="a"), ecg(450, "2026-04-14T10:00:00-04:00", id="b", status="corrected")], set(),
    ),
    "values of one time on both sides of the limit": (
        [ecg(510, "2026-04-14T10:00:00-04:00", id="a"), ecg(450, "2026-04-14T10:00:00-04:00", id="b")], {WARNING},
    ),
    "a range on both sides of the limit": ([worded("495-505 ms")], {WARNING}),
    "a range above it": ([worded("505-515 ms")], {CRITICAL}),
    "about 520, which may be less": ([worded("approx. 520 ms")], {WARNING}),
    "about 420, which is not raised": ([worded("approx. 420 ms")], set()),
    "implausible": ([ecg(5100)], set()),
    "pulse by palpation, misused as QTc": ([ecg(510, loinc="44974-4")], set()),
}  # fmt: skip


@pytest.mark.parametrize(("records", "expected"), QTC.values(), ids=QTC)
def test_pol_rec_qt_the_newest_qtc_above_500_is_critical(records, expected):
    d = first_cycle(*records)
    assert {f for f in raised(d, "POL-REC-QT") if f[0] == "safety-qt"} == expected
    assert d.coverage.value == "met"


AT_TEN = "2026-04-14T10:00:00-04:00"
RATE = observation("8867-4", AT_TEN, 100, "/min")
UNCORRECTED = {
    "without a heart rate": ([ecg(430, AT_TEN, loinc="8634-8")], set()),
    # 430 / (60/100)^(1/3) = 509.8; 420 gives 498.
    "430 ms at 100 per minute is 510 by Fridericia": ([ecg(430, AT_TEN, loinc="8634-8"), RATE], {CRITICAL}),
    "0.43 s at 100 per minute": ([ecg(0.43, AT_TEN, loinc="44975-1", unit="s"), RATE], {CRITICAL}),
    "420 ms at 100 per minute is 498": ([ecg(420, AT_TEN, loinc="8634-8"), RATE], set()),
    "520 ms uncorrected at 50 per minute is 489": (
        [ecg(520, AT_TEN, loinc="8634-8"), observation("8867-4", AT_TEN, 50, "/min")], set(),
    ),
    "the heart rate of another time": (
        [ecg(430, AT_TEN, loinc="8634-8"), observation("8867-4", "2026-04-14T11:00:00-04:00", 100, "/min")], set(),
    ),
    "heart rate in the same resource": (
        [
            observation("34534-8", "2026-04-14", id="panel")
            | {
                "component": [
                    {"code": coded("http://loinc.org", "8634-8"), "valueQuantity": quantity(430, "ms")},
                    {"code": coded("http://loinc.org", "8867-4"), "valueQuantity": quantity(100, "/min")},
                ]
            }
        ],
        {CRITICAL},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("records", "expected"), UNCORRECTED.values(), ids=UNCORRECTED)
def test_pol_rec_qt_an_uncorrected_qt_needs_a_heart_rate_of_the_same_ecg(records, expected):
    assert raised(first_cycle(*records), "POL-REC-QT") == expected


def test_pol_rec_qt_the_card_gives_value_formula_day_drug_and_electrolyte():
    low = observation("2823-3", "2026-04-14", 3.3, "mmol/L")
    d = first_cycle(ecg(510), NILOTINIB, low)
    (found,) = [f for f in d.findings if f.indicator.value == "critical"]
    for said in (
        "QTcF 510 ms (2026-04-14)",
        "nilotinib (boxed QT warning)",
        "K 3.3 mmol/L",
    ):
        assert said in found.text
    assert found.action.startswith("Do not infuse")
    assert found.basis.value == "recommendation"


@pytest.mark.parametrize(
    ("ms", "drug", "expected"),
    [(480, NILOTINIB, {INFO}), (481, NILOTINIB, {INFO, WARNING}), (481, None, set()), (481, drug_order("imatinib", authored="2026-03-01"), {INFO})],
    ids=["480 with nilotinib", "481 with nilotinib", "481 alone", "481 with imatinib"],
)  # fmt: skip
def test_pol_rec_qt_480_matters_with_nilotinib(ms, drug, expected):
    assert raised(first_cycle(ecg(ms), *([drug] if drug else [])), "POL-REC-QT") == expected


@pytest.mark.parametrize(
    ("baseline", "now", "expected"),
    [
        ([ecg(400, "2026-03-17")], 460, set()),
        ([ecg(400, "2026-03-17")], 461, {WARNING}),
        ([ecg(400, "2025-01-10")], 461, {WARNING}),
        ([ecg(400, "2026-03-18")], 461, {WARNING}),
        ([ecg(400, "2026-03-19")], 461, set()),
        ([ecg(440, "2026-03-17"), ecg(400, "2026-03-10")], 461, set()),
        ([], 461, set()),
    ],
    ids=[
        "60",
        "61",
        "of any age",
        "untimed on the day of the dose",
        "after it",
        "the last before it counts",
        "none",
    ],
)
def test_pol_rec_qt_a_rise_of_more_than_60_over_baseline_warns(baseline, now, expected):
    d = second_cycle(*baseline, ecg(now), without=ECGS)
    assert raised(d, "POL-REC-QT") == expected


def test_pol_rec_qt_an_ecg_timed_after_the_dose_of_its_day_is_no_baseline():
    dose = administration("2026-03-18T10:00:00-04:00", 1.41, "C1D1", id="adm-2026-03-18")
    for at, expected in (("09:00", {WARNING}), ("11:00", set())):
        d = second_cycle(dose, ecg(400, f"2026-03-18T{at}:00-04:00"), ecg(461), without=ECGS)
        assert raised(d, "POL-REC-QT") == expected, at


ELECTROLYTES = {
    "K 3.5": (observation("2823-3", "2026-04-14", 3.5, "mmol/L"), set()),
    "K 3.4": (observation("2823-3", "2026-04-14", 3.4, "mmol/L"), {("electrolyte", "warning")}),
    "K 3.4 mEq/L": (observation("2823-3", "2026-04-14", 3.4, "meq/L"), {("electrolyte", "warning")}),
    "K 3.4 within its own range": (
        observation("2823-3", "2026-04-14", 3.4, "mmol/L", referenceRange=[{"low": quantity(3.3, "mmol/L")}]), set(),
    ),
    "K 3.4 of 14 days before": (observation("2823-3", "2026-04-01", 3.4, "mmol/L"), {("electrolyte", "warning")}),
    "K 3.4 of 15 days before": (observation("2823-3", "2026-03-31", 3.4, "mmol/L"), set()),
    "Mg 1.7": (observation("19123-9", "2026-04-14", 1.7, "mg/dL"), set()),
    "Mg 1.6": (observation("19123-9", "2026-04-14", 1.6, "mg/dL"), {("electrolyte", "warning")}),
    "Mg 0.6 mmol/L": (observation("19123-9", "2026-04-14", 0.6, "mmol/L"), {("electrolyte", "warning")}),
    "magnesium in red cells": (observation("26746-8", "2026-04-14", 1.0, "mg/dL"), set()),
    "calcium does not make the criterion": (observation("17861-6", "2026-04-14", 6, "mg/dL"), set()),
}  # fmt: skip


@pytest.mark.parametrize(("result", "expected"), ELECTROLYTES.values(), ids=ELECTROLYTES)
def test_pol_rec_qt_low_potassium_or_magnesium_warns(result, expected):
    assert raised(first_cycle(result), "POL-REC-QT") == expected


def test_pol_rec_qt_electrolytes_of_the_same_time_that_differ_are_both_named():
    d = first_cycle(
        observation("2823-3", "2026-04-14", 3.0, "mmol/L", id="a"),
        observation("2823-3", "2026-04-14", 4.1, "mmol/L", id="b"),
    )
    (found,) = (f for f in d.findings if f.kind == "electrolyte")
    assert found.action == "Check the potassium: values differ"
    assert "3 mmol/L" in found.text
    assert "4.1 mmol/L" in found.text


def test_pol_rec_qt_electrolytes_that_differ_and_are_all_accepted_say_nothing():
    d = first_cycle(
        observation("19123-9", "2026-04-14", 1.9, "mg/dL", id="a"),
        observation("19123-9", "2026-04-14", 2.1, "mg/dL", id="b"),
    )
    assert raised(d, "POL-REC-QT") == set()


HALOPERIDOL = drug_order("haloperidol", authored="2026-04-01")
DRUGS = {
    "high level, no ECG": ([NILOTINIB], {INFO, WARNING}),
    "high level, ECG before its first use": ([NILOTINIB, ecg(430, "2026-02-20")], {INFO, WARNING}),
    "high level, ECG on the day of its first use": ([NILOTINIB, ecg(430, "2026-03-01")], {INFO, WARNING}),
    "high level, ECG newer, however old": ([NILOTINIB, ecg(430, "2026-03-02")], {INFO}),
    "high level, an ECG without QTc counts as an ECG": (
        [NILOTINIB, procedure("29303009", "2026-03-20")], {INFO},
    ),
    "moderate level, no ECG": ([drug_order("levofloxacin", authored="2026-03-01")], {INFO}),
    "moderate level, no ECG, low potassium": (
        [drug_order("levofloxacin", authored="2026-03-01"), observation("2823-3", "2026-04-14", 3.2, "mmol/L")],
        {INFO, WARNING, ("electrolyte", "warning")},
    ),
    "moderate level, QTc 481 before its first use": (
        [drug_order("levofloxacin", authored="2026-04-12"), ecg(481, "2026-04-11")], {INFO, WARNING},
    ),
    "a drug whose source was not re-read, low potassium": (
        [drug_order("imatinib", authored="2026-03-01"), observation("2823-3", "2026-04-14", 3.2, "mmol/L")],
        {INFO, ("electrolyte", "warning")},
    ),
    "by product code": (
        [drug_order(coded(RXNORM, "662281"), authored="2026-03-01")], {INFO, WARNING},
    ),
    "stopped": ([NILOTINIB | {"status": "stopped"}], set()),
    "ended": (
        [drug_order("nilotinib", authored="2026-01-01", dosageInstruction=[{"timing": {"repeat": {"boundsPeriod": {"start": "2026-01-01", "end": "2026-02-01"}}}}])],
        set(),
    ),
    "starts next month": (
        [drug_order("nilotinib", authored="2026-04-01", dosageInstruction=[{"timing": {"repeat": {"boundsPeriod": {"start": "2026-05-20"}}}}])],
        set(),
    ),
    "no QT drug": ([drug_order("allopurinol", authored="2026-04-01")], set()),
}  # fmt: skip


@pytest.mark.parametrize(("records", "expected"), DRUGS.values(), ids=DRUGS)
def test_pol_rec_qt_drugs_are_named_and_warn_only_without_a_newer_ecg(records, expected):
    assert raised(first_cycle(*records), "POL-REC-QT") == expected


def test_pol_rec_qt_a_drug_ordered_now_has_no_newer_ecg():
    draft = drug_order("nilotinib", status="draft", id="draft-2")
    found = determine_all([*NEVER_TREATED, ecg(430)], [C1D1, draft])
    assert raised(found[0], "POL-REC-QT") == {INFO, WARNING}


def test_pol_rec_qt_repeated_single_doses_do_not_restart_the_first_use():
    haloperidol = {"text": "haloperidol"}
    doses = [
        administration(f"2026-{day}", None, drug=haloperidol, id=f"h-{day}")
        for day in ("03-20", "04-01", "04-13")
    ]
    assert raised(second_cycle(*doses), "POL-REC-QT") == {INFO}  # an ECG of 2026-04-12 is newer than 03-20


def test_pol_rec_qt_single_doses_from_before_the_course_are_not_its_first_use():
    haloperidol = {"text": "haloperidol"}
    doses = [
        administration(f"{day}", None, drug=haloperidol, id=f"h-{day}")
        for day in ("2025-01-01", "2026-04-13")
    ]
    assert raised(second_cycle(*doses), "POL-REC-QT") == {INFO, WARNING}


def test_pol_rec_qt_an_old_ecg_is_named_with_its_date_and_gives_no_verdict():
    d = first_cycle(NILOTINIB, ecg(510, "2026-03-10"))
    assert raised(d, "POL-REC-QT") == {INFO}
    (found,) = [f for f in d.findings if f.kind == "safety-qt"]
    assert "2026-03-10" in found.text
    assert "no QTc verdict" in found.text


def test_pol_rec_qt_windows_end_with_the_planned_date_or_today_whichever_is_first():
    assert raised(
        first_cycle(ecg(510, "2026-03-16"), draft=order("2026-05-20", "C1D1", 1.41)), "POL-REC-QT"
    ) == {CRITICAL}


def test_pol_rec_qt_changes_no_verdict():
    d = second_cycle(ecg(510), draft=C2D1)
    assert CRITICAL in raised(d)
    assert verdict(d, "POL-B-I-TOX") == "met"
    assert d.coverage.value == "met"


def qt_and_rate(qt, rate):
    return [ecg(qt, AT_TEN, loinc="8634-8"), observation("8867-4", AT_TEN, rate, "/min")]


STATED_AND_COMPUTED = {  # QT 400 at 100 a minute is 474 by Fridericia, 440 at 60 is 440
    "the stated one is higher": ([ecg(512, AT_TEN, loinc="8636-3"), *qt_and_rate(400, 100)], "512 ms", {CRITICAL}),
    "the computed one is higher": ([ecg(470, AT_TEN, loinc="8636-3"), *qt_and_rate(430, 100)], "510 ms", {CRITICAL}),
    "both below": ([ecg(460, AT_TEN, loinc="8636-3"), *qt_and_rate(440, 60)], None, set()),
}  # fmt: skip


@pytest.mark.parametrize(
    ("records", "said", "expected"), STATED_AND_COMPUTED.values(), ids=STATED_AND_COMPUTED
)
def test_pol_rec_qt_of_a_stated_and_a_computed_qtc_the_higher_decides_and_both_are_named(
    records, said, expected
):
    d = first_cycle(*records)
    assert {f for f in raised(d, "POL-REC-QT") if f[0] == "safety-qt"} == expected
    texts = [f.text for f in d.findings if f.kind == "safety-qt"]
    assert all(said in t and "the higher counts" in t for t in texts)


def test_pol_rec_qt_a_rise_is_judged_only_between_values_of_one_formula():
    bazett = ecg(480, "2026-04-14", loinc="76635-2")
    assert WARNING not in raised(
        second_cycle(bazett), "POL-REC-QT"
    )  # 70 above the Fridericia of the baseline
    both = [bazett, ecg(480, "2026-04-14")]
    assert WARNING in raised(second_cycle(*both), "POL-REC-QT")


@pytest.mark.parametrize(("text", "warns"), [("471-479 ms", True), ("470-479 ms", False)])
def test_pol_rec_qt_the_least_rise_of_a_range_counts(text, warns):
    assert (WARNING in raised(second_cycle(worded(text)), "POL-REC-QT")) is warns  # over 410


def test_pol_rec_qt_the_words_of_an_ecg_report_are_read_as_reported():
    d = first_cycle(report("2026-04-14", "Sinus rhythm. QT/QTc 430/512 ms.", loinc="11524-6"))
    assert CRITICAL in raised(d, "POL-REC-QT")
    assert any("as reported, 512 ms" in f.text for f in d.findings)


def test_pol_rec_qt_an_ecg_report_under_a_local_name_is_read_too():
    local = report("2026-04-14", "QT/QTc 430/512 ms.") | {"code": {"text": "EKG 12-LEAD"}}
    assert CRITICAL in raised(first_cycle(local), "POL-REC-QT")


def test_pol_rec_qt_other_reports_and_other_words_give_no_qtc():
    said = "Sinus rhythm. Hold drugs if QTc 512 ms."
    assert CRITICAL not in raised(first_cycle(report("2026-04-14", said, loinc="11524-6")))
    assert CRITICAL not in raised(first_cycle(report("2026-04-14", "QT/QTc 430/512 ms.", loinc="60568-3")))


def test_pol_rec_qt_both_intervals_in_one_row_of_a_flow_sheet_are_read():
    assert CRITICAL in raised(first_cycle(stated("QT/QTc", "430/512 ms", "2026-04-14")))
    assert CRITICAL not in raised(first_cycle(stated("QT/QTc", "430/450 ms", "2026-04-14")))
    assert CRITICAL not in raised(first_cycle(stated("QTc goal", "below 500 ms", "2026-04-14")))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (3.6, 4.4, set()),
        (3.4, 4.4, {("electrolyte", "info")}),
        (3.0, 3.6, {("electrolyte", "warning")}),
        (2.5, 3.0, {("electrolyte", "warning")}),
    ],
)
@pytest.mark.parametrize("as_text", [True, False])
def test_pol_rec_qt_an_electrolyte_as_a_range_that_may_be_low_is_never_silent(low, high, expected, as_text):
    ends = {"low": quantity(low, "mmol/L"), "high": quantity(high, "mmol/L")}
    value = {"valueString": f"{low}-{high} mmol/L"} if as_text else {"valueRange": ends}
    d = second_cycle(observation("2823-3", "2026-04-14", **value))
    assert {f for f in raised(d) if f[0] == "electrolyte"} == expected


@pytest.mark.parametrize(
    "text",
    [
        "3.7-5.1",
        "(3.7-5.1)",
        "[3.7 - 5.1]",
        "Normal: 3.7-5.1",
        "Reference range 3.7 to 5.1 mmol/L",
        "(ref: 3.7-5.1)",
        ">=3.7",
    ],
)
def test_pol_rec_qt_the_range_in_words_counts_in_brackets_and_behind_a_title(text):
    d = second_cycle(observation("2823-3", "2026-04-14", 3.6, "mmol/L", referenceRange=[{"text": text}]))
    assert ("electrolyte", "warning") in raised(d)


@pytest.mark.parametrize("text", ["Critical: 3.7-5.1", "Normal adults", "3.7-5.1 in plasma, 3.5-5 in serum"])
def test_pol_rec_qt_words_that_may_mean_more_are_no_range(text):
    d = second_cycle(observation("2823-3", "2026-04-14", 3.6, "mmol/L", referenceRange=[{"text": text}]))
    assert ("electrolyte", "warning") not in raised(d)
