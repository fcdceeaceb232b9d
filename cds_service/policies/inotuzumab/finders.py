"""Every rule that finds something, by its ids: what is on the cards beside criteria and dose, in this order.

Each is evaluated by itself, so that a fault in one costs its own line only. What the rules look at
is in their modules.
Procedure: docs/policies/inotuzumab/coverage.md#coverage.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import wraps

from cds_service.engine.determination import Finding
from cds_service.engine.finders import Finder
from cds_service.policies.inotuzumab import checklist, coverage, findings
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.continuation.stops import STOPS, UNDECIDED, Source
from cds_service.policies.inotuzumab.dose import intervals
from cds_service.policies.inotuzumab.hematologic import holds
from cds_service.policies.inotuzumab.label import cytoreduction_and_pregnancy, liver
from cds_service.policies.inotuzumab.recommended import qt, record_quality
from cds_service.policies.inotuzumab.toxicities import boxed_warning, graded


def _stop(source: Source) -> Finder[Case]:
    @wraps(source.reasons)
    def look(case: Case) -> Iterator[Finding]:
        return findings.stops(source.reasons(case))

    return Finder(source.rules, source.about, look)


def _undecided(source: Source) -> Finder[Case]:
    @wraps(source.reasons)
    def look(case: Case) -> Iterator[Finding]:
        return findings.undecided(source.reasons(case))

    return Finder(source.rules, source.about, look)


FINDERS: tuple[Finder[Case], ...] = (
    Finder(("POL-C-I", "POL-C-II"), "the duration of the authorization", coverage.authorization),
    *(_stop(source) for source in STOPS),
    *(_undecided(source) for source in UNDECIDED),
    Finder(("POL-TOX-BLEED", "POL-TOX-INF", "POL-TOX-GR2"), "graded toxicities", findings.toxicities),
    Finder(("POL-TOX-IRR",), "infusion reactions at earlier doses", findings.reactions),
    Finder(("POL-BBW-STOP",), "signs of veno-occlusive disease", findings.signs_of_vod),
    Finder(("POL-B-III-A",), "response within {cycle.response_deadline!}", findings.no_response),
    Finder(("POL-HEM-1", "POL-HEM-2", "POL-HEM-3"), "blood counts before the next cycle", holds.next_cycle),
    Finder(("POL-INT-LT7",), "the interval between doses", intervals.minimum_interval),
    Finder(("POL-INT-LT7",), "other orders for the same day", intervals.same_day),
    Finder(("POL-QL-I", "POL-QL-II"), "the interval between cycles", intervals.early_cycle),
    Finder(("POL-INT-GE7",), "doses to omit", intervals.dose_to_omit),
    Finder(("POL-INT-STEP2",), "doses in a reduced cycle", intervals.third_dose),
    Finder(("POL-REC-QT",), "the QTc", qt.interval),
    Finder(("POL-REC-QT",), "potassium and magnesium", qt.electrolytes),
    Finder(("POL-REC-QT",), "QT-prolonging drugs", qt.drugs_in_use),
    Finder(("POL-TOX-HEP",), "bilirubin and transaminases together", liver.both_limits),
    Finder(("POL-TOX-HEP",), "high bilirubin or transaminases", liver.one_limit_far),
    Finder(("POL-TOX-HEP",), "raised bilirubin or transaminases", liver.one_limit),
    Finder(("POL-TOX-HEP",), "liver tests given as ranges", liver.open_limits),
    Finder(("POL-BBW-VOD",), "the boxed warning", boxed_warning.vod_reminder),
    Finder(("POL-BBW-RISK",), "risk of veno-occlusive disease", boxed_warning.vod_risks),
    Finder(("POL-BBW-NRM",), "the boxed warning on transplant", boxed_warning.transplant_mortality),
    Finder(("POL-LAB-CYTO",), "blasts before the first dose", cytoreduction_and_pregnancy.cytoreduction),
    Finder(("POL-LAB-EMBRYO",), "pregnancy", cytoreduction_and_pregnancy.pregnancy),
    Finder(("POL-LAB-EMBRYO",), "breastfeeding", cytoreduction_and_pregnancy.lactation),
    Finder(("POL-REC-DECEASED",), "a recorded death", record_quality.deceased),
    Finder(("POL-REC-VALUE",), "values that cannot be used", record_quality.unreadable),
    Finder(("POL-REC-VALUE",), "dates that cannot be used", record_quality.unreadable_dates),
    Finder(("POL-REC-VALUE",), "texts that are too long", record_quality.unread_texts),
    Finder(("POL-REC-VALUE",), "heights and weights without a figure", record_quality.inexact),
    Finder(("POL-REC-VALUE",), "results that are awaited", record_quality.awaited),
    Finder(("POL-DOSE-COMBINATION",), "the dose in a combination", findings.combination),
    Finder(("POL-TOX-HEP",), "recovery of the liver tests", findings.lasting_liver_tests),
    Finder(("POL-INT-GE7",), "reasons of interruptions", intervals.interruption_reason, "interruption-reason"),
    Finder(("POL-TOX-BLEED", "POL-TOX-INF"), "toxicities of long ago", graded.long_ago, "toxicity-detail"),
    Finder(("POL-COURSE",), "treatments without a date", record_quality.undated_treatment, "therapy-history"),
    Finder(("POL-REC-BSA",), "the age of height and weight", record_quality.body_measures, "height-weight"),
    Finder(("POL-A-DOC",), "pathology reports and clinical notes", checklist.documents, "pathology"),
    Finder(("POL-B-I-C-1", "POL-B-I-C-2"), "notes on monitoring", checklist.notes, "infusion-monitoring-note"),
    Finder(("POL-B-II-A",), "the MRD status", checklist.mrd, "mrd"),
)  # fmt: skip
