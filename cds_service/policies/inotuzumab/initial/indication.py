"""Age, diagnosis and CD22: one function for each criterion.

In each procedure the first step that fits decides. Missing data is UNKNOWN with what would settle it,
never NOT MET.
Procedure: docs/policies/inotuzumab/initial.md#age. Also: docs/policies/inotuzumab/initial.md#diagnosis, docs/policies/inotuzumab/initial.md#cd22.
"""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from cds_service.clinical.evidence import newest
from cds_service.clinical.leukemia.cd22 import cd22_samples
from cds_service.clinical.leukemia.cd22_therapy import cd22_therapies
from cds_service.clinical.leukemia.diagnosis import Diagnosis
from cds_service.clinical.observations.body import age_on
from cds_service.clinical.observations.results import Result
from cds_service.clinical.problems import problems_shown
from cds_service.clinical.reading.mentioned import another_person
from cds_service.clinical.therapy.drugs import CD22_DIRECTED, INOTUZUMAB
from cds_service.engine.answers import MET, NOT, UNKNOWN, Answer, refs, unknown
from cds_service.engine.verdict import Verdict, agreed
from cds_service.fhir.json_types import as_text
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.open_items import absent, hidden, not_understood
from cds_service.policies.inotuzumab.case.places import may_be_overruled, unseen
from cds_service.policies.inotuzumab.numbers import days, nth, number, said


def age(case: Case) -> Answer:
    """POL-IND-A-AGE: old enough on the planned date, birthday included."""
    least = days("age.min")
    birth = case.chart.birth
    if birth is None:
        reason = unseen(case.chart, "birth-date")
        why = f"the patient's record could not be seen ({reason})" if reason else _no_birth_date(case)
        return unknown(why, "birth-date", changes="the patient's birth date")
    if birth.first > case.planned:
        return unknown(f"birth date {birth} lies after the planned date", "birth-date")
    years = age_on(birth, case.planned)
    evidence = (case.chart.patient.reference,) if case.chart.patient else ()
    if years.least >= least:
        return Answer(MET, f"born {birth}, aged {years.least} on {case.planned}", evidence)
    if years.most < least:
        return Answer(
            NOT,
            f"born {birth}, under {said('age.min')} old on {case.planned}",
            evidence,
            changes=f"the {nth('age.min')} birthday, with which the indication starts",
        )
    return unknown(
        f"birth date {birth} leaves open whether the patient is {said('age.min')} old on {case.planned}",
        "birth-date",
        evidence=evidence,
    )


def _no_birth_date(case: Case) -> str:
    written = as_text(case.chart.patient.body.get("birthDate")) if case.chart.patient else None
    return f"the birth date cannot be read ({written[:40]})" if written else "no birth date found"


def diagnosis(case: Case) -> Answer:
    """POL-A-I-DX. Only confirmed conditions; a code of the policy alone never meets it."""
    d = case.diagnosis
    named = refs((*d.b_all, *d.t_all, *d.mixed, *d.unspecified_all)) + tuple(i.reference for i in d.lineages)
    stated = {i.lineage for i in d.lineages}
    t_stated = bool(d.t_all) or "T" in stated
    if d.mixed or "mixed" in stated or (t_stated and (d.b_all or "B" in stated)):  # 1
        because = "B and T lineage or a mixed phenotype are recorded side by side"
        return unknown(because, "pathology", evidence=named, changes=_LINEAGE)
    if t_stated:
        return _other_disease(case, "T-lineage disease is recorded and no B-cell ALL", named)
    if d.b_all:  # 2
        return Answer(MET, f"B-cell ALL recorded: {problems_shown(d.b_all)}", refs(d.b_all))
    if d.unspecified_all:  # 3
        return _by_lineage(case, d)
    if found := (*d.unclear, *d.unconfirmed):  # 4
        doubt = "leaves the diagnosis of B-cell ALL open" if d.unclear else "is not confirmed"
        because = f"{problems_shown(found)} {doubt}"
        return unknown(because, "diagnosis", "pathology", evidence=refs(found), changes=_LINEAGE)
    named_so = [
        p for p in case.chart.problems if not p.is_event and p not in d.other and _names_leukemia(p.words)
    ]
    if d.other and not named_so:  # 5
        return _other_disease(case, f"{problems_shown(d.other)} is recorded, no B-cell ALL", refs(d.other))
    reason = unseen(case.chart, "diagnosis")
    because = "no diagnosis of leukemia found"
    if reason:
        because = f"the diagnoses could not be seen ({reason})"
    elif named_so:
        because = f"no diagnosis of leukemia is understood; on file: {problems_shown(named_so)}"
    settle = "a confirmed diagnosis of B-cell ALL"
    return unknown(because, "diagnosis", evidence=refs(named_so), changes=settle)


_LEUKEMIA = re.compile(r"[Ll]euk(?:a)?emi|[Ll]ymphoblast|\bALL\b")


def _names_leukemia(words: str) -> bool:
    """Whether the name of a condition may be of this patient's leukemia, in whatever words."""
    return _LEUKEMIA.search(words) is not None and another_person().search(words) is None


_LINEAGE = "a pathology or flow cytometry report that states the lineage"


def _by_lineage(case: Case, d: Diagnosis) -> Answer:
    """ALL without a lineage takes it from a B-lineage immunophenotype or CD22-positive blasts beside it."""
    beside = tuple(i.reference for i in d.lineages if i.lineage == "B")
    beside += tuple(r.reference for r in cd22_samples(case.chart) if _cd22_verdict(r) is MET)
    evidence = tuple(dict.fromkeys((*refs(d.unspecified_all), *beside)))
    named = problems_shown(d.unspecified_all)
    if beside:
        return Answer(MET, f"{named}, with B-lineage or CD22-positive blasts", evidence)
    return unknown(f"{named} does not state B or T lineage", "pathology", evidence=evidence, changes=_LINEAGE)


def _other_disease(case: Case, because: str, evidence: tuple[str, ...]) -> Answer:
    """Another disease and no B-ALL: a no only when all diagnoses could be seen."""
    settle = "a confirmed diagnosis of B-cell ALL"
    if reason := unseen(case.chart, "diagnosis"):
        because = f"{because}, but the diagnoses could not all be seen ({reason})"
        return unknown(because, "diagnosis", evidence=evidence, changes=settle)
    return Answer(NOT, because, evidence, changes=settle)


_CD22_TEST = "flow cytometry or immunohistochemistry for CD22 on the leukemic blasts"


def cd22(case: Case) -> Answer:
    """POL-A-I-CD22. The newest sample on leukemic blasts, laboratory's words first."""
    samples = cd22_samples(case.chart)
    found = newest(samples)
    if not found:
        return _no_cd22(case, samples)
    evidence = refs(found)
    shown = "; ".join(_cd22_shown(r) for r in found)
    if reason := may_be_overruled(case.chart, "cd22"):
        because = f"{shown}; a newer result may exist, the results could not all be seen ({reason})"
        return unknown(because, "cd22", evidence=evidence, changes=_CD22_TEST)
    earlier = _earlier_cd22_therapy(case)
    if earlier and any(r.when is None or r.when.is_after(earlier.day) is not True for r in found):
        settle = f"a CD22 result from a sample after {earlier.said if earlier.is_exact else 'that therapy'}"
        before = all(r.when is not None and r.when.is_before(earlier.day) is True for r in found)
        than = "before" if before and earlier.is_exact else "not surely later than"
        because = f"CD22 result ({shown}) {than} {earlier.said}"
        return unknown(because, "cd22", evidence=(*evidence, earlier.reference), changes=settle)
    verdict = agreed(_cd22_verdict(r) for r in found)
    if verdict is MET:
        return Answer(MET, f"CD22 positive: {shown}", evidence)
    if verdict is NOT:
        return Answer(
            NOT, f"CD22 negative: {shown}", evidence, changes="a later sample that is CD22-positive"
        )
    differ = len({_cd22_verdict(r) for r in found}) > 1
    if all(r.is_unreadable for r in found):
        because = f"the newest CD22 result is {shown}"
        return unknown(because, "cd22", evidence=evidence, changes=_CD22_TEST)
    why = "results of one sample disagree" if differ else "does not settle whether CD22 is positive"
    return unknown(f"{shown}: {why}", "cd22", evidence=evidence, changes=_CD22_TEST)


def _no_cd22(case: Case, undated: tuple[Result, ...]) -> Answer:
    reason = hidden(case.chart, "cd22")
    bad = case.chart.unusable(("cd22_blasts_pct",))
    if reason:
        because = f"CD22 results could not all be seen ({reason})"
    elif bad:
        because = f"the CD22 result cannot be read ({bad[0].problem})"
    elif undated:
        because = f"no CD22 result with a date: {'; '.join(_cd22_shown(r) for r in undated)}"
    else:
        because = absent(case, "CD22 result on blasts", "cd22")
    on_file = tuple(found.reference for found in not_understood(case, "cd22"))
    evidence = tuple(dict.fromkeys((*refs((*bad, *undated)), *on_file)))
    return unknown(because, "cd22", evidence=evidence, changes=_CD22_TEST)


def _cd22_shown(result: Result) -> str:
    if result.is_unreadable:
        return result.shown
    value = f"{result.value} % of blasts" if result.value is not None else ""
    words = result.words.split(" | ")[0][:80].rstrip(". ")
    note = ", preliminary" if result.preliminary else ""
    return f"{', '.join(t for t in (value, words) if t) or 'result'} ({result.day_text}{note})"


def _cd22_verdict(result: Result) -> Verdict:
    """#cd22, steps 3 and 4: what one result says, words first, then the number."""
    high, low = number("cd22.positive_min"), number("cd22.negative_max")
    value = result.value
    if result.sign is True:
        return UNKNOWN if value is not None and value.is_below(low) is not False else MET
    if result.sign is False:
        return UNKNOWN if value is not None and value.is_below(high) is not True else NOT
    if value is None:
        return UNKNOWN
    if value.is_below(high) is False:
        return MET
    return NOT if value.is_below(low) else UNKNOWN


class _CD22Therapy(NamedTuple):
    """One therapy directed against CD22: its last day, in words, where it stands, and whether it ended just then."""

    day: date
    said: str
    reference: str
    is_exact: bool


def _earlier_cd22_therapy(case: Case) -> _CD22Therapy | None:
    """The last earlier CD22-directed therapy: an earlier course, another such drug, or told in words.

    What texts tell of inotuzumab from the first dose of the present course on may be of that course.
    """
    found = [
        _CD22Therapy(d.day, f"the inotuzumab dose of {d.day}", d.reference, is_exact=True)
        for d in case.frame.earlier
    ]
    for use in case.chart.uses:
        others = use.drugs & (CD22_DIRECTED - {INOTUZUMAB})
        if others and use.is_given and (last := use.last_known) is not None:
            said = f"{', '.join(sorted(others))} of {last}"
            found.append(_CD22Therapy(last.last, said, use.reference, is_exact=True))
    start = case.frame.start
    for told in cd22_therapies(case.chart):
        last_day = told.when.last if told.when else case.chart.today
        if not (told.is_inotuzumab and start is not None and last_day >= start):
            when = f" ({told.when})" if told.when else ""
            said = f'the CD22-directed therapy on record: "{told.words[:80]}"{when}'
            found.append(_CD22Therapy(last_day, said, told.reference, is_exact=False))
    return max(found, default=None)
