"""Every rule that finds something, by its ids: what stands on the cards beside criteria and dose, in this order.

Each is evaluated by itself, so that a fault in one costs its own line only. What the rules look at
is told by their modules.
"""

from __future__ import annotations

from collections.abc import Iterator

from cds_service.policies.inotuzumab import (
    boxed_warning,
    checklist,
    coverage,
    hematologic,
    label_rules,
    liver,
    qt,
    record_quality,
    safety,
    timing,
    toxicity,
)
from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.stops import STOPS, UNDECIDED, Source
from cds_service.policy.determination import Finding
from cds_service.policy.finders import Finder


def _stop(source: Source) -> Finder[Case]:
    def look(case: Case) -> Iterator[Finding]:
        return safety.stops(source.reasons(case))

    return Finder(source.rules, source.about, look)


def _undecided(source: Source) -> Finder[Case]:
    def look(case: Case) -> Iterator[Finding]:
        return safety.undecided(source.reasons(case))

    return Finder(source.rules, source.about, look)


FINDERS: tuple[Finder[Case], ...] = (
    Finder(("POL-C-I", "POL-C-II"), "the duration of the authorization", coverage.authorization),
    *(_stop(source) for source in STOPS),
    *(_undecided(source) for source in UNDECIDED),
    Finder(("POL-TOX-BLEED", "POL-TOX-INF", "POL-TOX-GR2"), "graded toxicities", safety.toxicities),
    Finder(("POL-TOX-IRR",), "infusion reactions at earlier doses", safety.reactions),
    Finder(("POL-BBW-STOP",), "signs of veno-occlusive disease", safety.signs_of_vod),
    Finder(("POL-B-III-A",), "response within 3 cycles", safety.no_response),
    Finder(("POL-HEM-1", "POL-HEM-2", "POL-HEM-3"), "blood counts before the next cycle", hematologic.next_cycle),
    Finder(("POL-INT-LT7",), "the interval between doses", timing.minimum_interval),
    Finder(("POL-QL-I", "POL-QL-II"), "the interval between cycles", timing.early_cycle),
    Finder(("POL-INT-GE7",), "doses to omit", timing.dose_to_omit),
    Finder(("POL-INT-STEP2",), "doses in a reduced cycle", timing.third_dose),
    Finder(("POL-REC-QT",), "the QTc", qt.interval),
    Finder(("POL-REC-QT",), "potassium and magnesium", qt.electrolytes),
    Finder(("POL-REC-QT",), "QT-relevant drugs", qt.drugs_in_use),
    Finder(("POL-TOX-HEP",), "bilirubin and transaminases together", liver.both_limits),
    Finder(("POL-TOX-HEP",), "high bilirubin or transaminases", liver.one_limit_far),
    Finder(("POL-TOX-HEP",), "raised bilirubin or transaminases", liver.one_limit),
    Finder(("POL-BBW-VOD",), "the boxed warning", boxed_warning.vod_reminder),
    Finder(("POL-BBW-RISK",), "risk of veno-occlusive disease", boxed_warning.vod_risks),
    Finder(("POL-BBW-NRM",), "the boxed warning on transplant", boxed_warning.transplant_mortality),
    Finder(("POL-LAB-CYTO",), "blasts before the first dose", label_rules.cytoreduction),
    Finder(("POL-LAB-EMBRYO",), "pregnancy", label_rules.pregnancy),
    Finder(("POL-LAB-EMBRYO",), "breastfeeding", label_rules.lactation),
    Finder(("POL-REC-DECEASED",), "a recorded death", record_quality.deceased),
    Finder(("POL-REC-VALUE",), "values that cannot be used", record_quality.unreadable),
    Finder(("POL-REC-VALUE",), "dates that cannot be used", record_quality.unreadable_dates),
    Finder(("POL-REC-VALUE",), "texts that are too long", record_quality.unread_texts),
    Finder(("POL-REC-VALUE",), "heights and weights without a figure", record_quality.inexact),
    Finder(("POL-REC-VALUE",), "results that are awaited", record_quality.awaited),
    Finder(("POL-DOSE-COMBINATION",), "the dose in a combination", safety.combination),
    Finder(("POL-TOX-HEP",), "recovery of the liver tests", safety.lasting_liver_tests),
    Finder(("POL-INT-GE7",), "reasons of interruptions", timing.interruption_reason, "interruption-reason"),
    Finder(("POL-TOX-BLEED", "POL-TOX-INF"), "toxicities of long ago", toxicity.long_ago, "toxicity-detail"),
    Finder(("POL-COURSE",), "treatments without a date", record_quality.undated_treatment, "therapy-history"),
    Finder(("POL-REC-BSA",), "the age of height and weight", record_quality.body_measures, "height-weight"),
    Finder(("POL-A-DOC",), "pathology reports and clinical notes", checklist.documents, "pathology"),
    Finder(("POL-B-I-C-1", "POL-B-I-C-2"), "notes on monitoring", checklist.notes, "infusion-monitoring-note"),
    Finder(("POL-B-II-A",), "the MRD status", checklist.mrd, "mrd"),
)  # fmt: skip
