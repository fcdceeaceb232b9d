"""QT intervals in the words of an ECG report."""

import pytest

from cds_service.clinical.observations.ecg_words import reported_qts


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Sinus rhythm. QT/QTc 430/512 ms.", [("qtc_unspecified", 512)]),
        ("Sinus rhythm. QT/QTc\n430/512 ms.", [("qtc_unspecified", 512)]),
        ("PR interval 160 ms\nQT/QTc 430/512 ms\nNormal axis", [("qtc_unspecified", 512)]),
        ("QT/QTc: 430 / 512", [("qtc_unspecified", 512)]),
        ("QT/QTcF 400/431 ms", [("qtc_fridericia", 431)]),
        ("QTcF = 441 ms; QTcB = 466 ms", [("qtc_fridericia", 441), ("qtc_bazett", 466)]),
        ("QTc interval is 470 msec", [("qtc_unspecified", 470)]),
        ("QTc (Bazett) 466 ms", [("qtc_bazett", 466)]),
        ("Previous QTc 512 ms. QTc 430 ms.", [("qtc_unspecified", 430)]),
        ("QTc by Fridericia 455 msec", [("qtc_fridericia", 455)]),
        ("QTcF 0.51 s", [("qtc_fridericia", 510)]),
        ("Corrected QT interval 455 ms", [("qtc_unspecified", 455)]),
        ("QT corrected 455 ms on 2026-04-10", [("qtc_unspecified", 455)]),
        ("QTc 480 ms, prolonged", [("qtc_unspecified", 480)]),
        ("QTc 512 msecs", [("qtc_unspecified", 512)]),
        ("QT/QTc 430/512 mSecs", [("qtc_unspecified", 512)]),
        ("QTcF 0.51 secs", [("qtc_fridericia", 510)]),
        ("Q-T Interval 460 ms\nQTC Calculation(Bezet) 512 ms\nP Axis 45 degrees", [("qtc_bazett", 512)]),
        ("QTc Calculation (Bazett): 512 ms", [("qtc_bazett", 512)]),
        (
            " QT Int : 460 ms       P-R-T Axes : 045 030 020 degrees\nQTc Int : 512 ms",
            [("qtc_unspecified", 512)],
        ),
        ("QT Interval, Corrected: 512 msec", [("qtc_unspecified", 512)]),
        ("Q-T interval (corrected) 512 ms", [("qtc_unspecified", 512)]),
        ("Vent rate 80, PR 160, QRS 90, QT/QTcBaz 440/508 ms", [("qtc_bazett", 508)]),
        ("QT/QTc-Baz : 440/508 ms", [("qtc_bazett", 508)]),
        ("QTcFri 480 ms", [("qtc_fridericia", 480)]),
        ("QTc 508 ms (Bazett)", [("qtc_bazett", 508)]),
        ("QTc 480 ms by Fridericia's formula", [("qtc_fridericia", 480)]),
        ("QTc 480 ms (F)", [("qtc_fridericia", 480)]),
        ("QTc was mildly prolonged at 508 ms", [("qtc_unspecified", 508)]),
        ("QTc calculated 455 ms", [("qtc_unspecified", 455)]),
        ("QTcF 512 ms (prior 440)", [("qtc_fridericia", 512)]),
        ("QTc 512 ms, previously 440 ms", [("qtc_unspecified", 512)]),
        ("QTc 505 ms (baseline was 432 ms)", [("qtc_unspecified", 505)]),
    ],
)
def test_the_interval_of_this_ecg_is_read(text, found):
    assert [(q.concept, int(q.ms)) for q in reported_qts(text)] == found


@pytest.mark.parametrize(
    "text",
    [
        "Hold if QTc 500 ms or more",
        "Compared with the QTc 512 ms",
        "Compared with the\nQTc 512 ms",
        "QTc > 500 ms would be a concern",
        "No QTc above 500 ms",
        "QTc prolonged",
        "QTc 520 ms in 2019",
        "QTc 520 ms (2024)",
        "QTc 520 ms at baseline",
        "QTc 520 ms previously",
        "QTc 520 ms (prior)",
        "QTc 520 ms (prior ECG 3/2)",
        "QTcHod 508 ms",
        "QTc Baseline 508 ms",
        "QTc not prolonged at 430 ms",
        "QTc 1.2 s",
        "QTc 0.43",
        "QTc 5120 ms",
        "Prior QTC Calculation(Bezet) 512 ms",
        "Q-T Interval 460 ms",
        "PR 160 ms, QRS 90 ms, QT 430 ms",
    ],
)
def test_limits_conditions_and_other_ecgs_are_left_alone(text):
    assert list(reported_qts(text)) == []
