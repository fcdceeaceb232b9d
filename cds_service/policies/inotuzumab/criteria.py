"""Section A and the indication: one function for each criterion of an initial request.

Each is a procedure of the policy analysis, in its order: the first line that fits decides.
Missing data is UNKNOWN with what would settle it, never NOT MET.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from cds_service.clinical.body import age_on
from cds_service.clinical.drugs import CD22_DIRECTED, INOTUZUMAB
from cds_service.clinical.evidence import newest
from cds_service.clinical.markers import cd22_samples, ph_evidence
from cds_service.clinical.problems import Problem
from cds_service.clinical.results import Result
from cds_service.fhir.dates import When
from cds_service.fhir.record import Need
from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.numbers import days, number
from cds_service.policy.outline import Answer
from cds_service.policy.verdict import Verdict, agreed

MET, NOT, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN


def refs(items: Iterable[Problem] | Iterable[Result]) -> tuple[str, ...]:
    return tuple(i.reference for i in items)


def unknown(because: str, *needed: str, evidence: tuple[str, ...] = (), changes: str = "") -> Answer:
    return Answer(UNKNOWN, because, evidence, needed, changes)


def age(case: Case) -> Answer:
    """POL-IND-A-AGE: at least 1 year old on the planned date, birthday included."""
    least = days("age.min")
    birth = case.chart.birth
    if birth is None:
        reason = case.chart.unseen(Need.PATIENT)
        why = f"the Patient could not be seen ({reason})" if reason else "no birth date found"
        return unknown(why, "birth-date", changes="the birth date in Patient.birthDate")
    if birth.first > case.planned:
        return unknown(f"birth date {birth} lies after the planned date", "birth-date")
    years = age_on(birth, case.planned)
    evidence = (case.chart.patient.reference,) if case.chart.patient else ()
    if years.least >= least:
        return Answer(MET, f"born {birth}, aged {years.least} on {case.planned}", evidence)
    if years.most < least:
        return Answer(
            NOT,
            f"born {birth}, under 1 year old on {case.planned}",
            evidence,
            changes="the indication starts at the first birthday",
        )
    return unknown(
        f"birth date {birth} leaves open whether the patient is 1 year old on {case.planned}",
        "birth-date",
        evidence=evidence,
    )


def diagnosis(case: Case) -> Answer:
    """POL-A-I-DX: procedure DX. Only confirmed conditions; a code of the policy alone never meets it."""
    d = case.diagnosis
    lineages = {i.lineage for i in d.lineages}
    t_stated = bool(d.t_all) or "T" in lineages
    named = refs((*d.b_all, *d.t_all, *d.unspecified_all)) + tuple(i.reference for i in d.lineages)
    mixed = bool(d.mixed) or "mixed" in lineages or ("T" in lineages and "B" in lineages)
    settle = "a pathology or flow cytometry report that states the lineage"
    if mixed or (t_stated and d.b_all):
        return unknown(
            "B and T lineage or a mixed phenotype are recorded side by side",
            "pathology",
            evidence=named,
            changes=settle,
        )
    if t_stated:
        return Answer(
            NOT,
            "T-lineage disease is recorded and no B-cell ALL",
            named,
            changes="a confirmed diagnosis of B-cell ALL",
        )
    if d.b_all:
        return Answer(MET, f"B-cell ALL recorded: {_named(d.b_all)}", refs(d.b_all))
    if d.unspecified_all:
        b = tuple(i.reference for i in d.lineages if i.lineage == "B")
        b += tuple(r.reference for r in cd22_samples(case.chart) if _cd22_verdict(r) is MET)
        evidence = refs(d.unspecified_all) + b
        if b:
            return Answer(
                MET, f"{_named(d.unspecified_all)}, with B-lineage or CD22-positive blasts", evidence
            )
        return unknown(
            f"{_named(d.unspecified_all)} does not state B or T lineage",
            "pathology",
            evidence=evidence,
            changes=settle,
        )
    if d.unclear or d.unconfirmed:
        found = (*d.unclear, *d.unconfirmed)
        doubt = "not confirmed" if not d.unclear else "leaves the diagnosis of B-cell ALL open"
        return unknown(
            f"{_named(found)} {doubt}", "diagnosis", "pathology", evidence=refs(found), changes=settle
        )
    if reason := case.chart.unseen(Need.CONDITIONS):
        return unknown(
            f"the diagnoses could not be seen ({reason})",
            "diagnosis",
            changes="the Condition that states the diagnosis",
        )
    if d.other:
        return Answer(
            NOT,
            f"only another disease is recorded: {_named(d.other)}",
            refs(d.other),
            changes="a confirmed diagnosis of B-cell ALL",
        )
    return unknown(
        "no diagnosis of leukemia found", "diagnosis", changes="a Condition that states B-cell ALL"
    )


def _named(problems: Iterable[Problem]) -> str:
    texts = []
    for p in problems:
        code = sorted(code for _, code in p.codes)
        texts.append(
            f"{p.words.split(' | ')[0] or (code[0] if code else 'a condition')}"
            + (f" ({p.dated})" if p.dated else "")
        )
    return ", ".join(dict.fromkeys(texts))


def cd22(case: Case) -> Answer:
    """POL-A-I-CD22: procedure CD22. The newest sample on leukemic blasts, laboratory's words first."""
    settle = "flow cytometry or immunohistochemistry for CD22 on the leukemic blasts"
    samples = cd22_samples(case.chart)
    found = newest(samples)
    if not found:
        reason = case.chart.unseen(Need.OBSERVATIONS) or case.chart.unseen(Need.DIAGNOSTIC_REPORTS)
        if reason:
            return unknown(f"CD22 results could not all be seen ({reason})", "cd22", changes=settle)
        if bad := case.chart.unusable(("cd22_blasts_pct",)):
            return unknown(
                f"the CD22 result cannot be read ({bad[0].problem})",
                "cd22",
                evidence=refs(bad),
                changes=settle,
            )
        return unknown("no CD22 result on blasts found", "cd22", changes=settle)
    evidence = refs(found)
    shown = "; ".join(_cd22_shown(r) for r in found)
    if earlier := _earlier_cd22_therapy(case):
        if any(r.when is None or r.when.is_after(earlier[0]) is not True for r in found):
            return unknown(
                f"{shown}, not surely later than {earlier[1]}",
                "cd22",
                evidence=evidence,
                changes=f"a CD22 result from a sample after {earlier[1]}",
            )
    verdict = agreed(_cd22_verdict(r) for r in found)
    if verdict is UNKNOWN:
        why = "results of one sample disagree" if len(found) > 1 else "does not settle CD22 positivity"
        return unknown(f"{shown}: {why}", "cd22", evidence=evidence, changes=settle)
    because = f"CD22 {'positive' if verdict is MET else 'negative'}: {shown}"
    return Answer(
        verdict,
        because,
        evidence,
        changes="a CD22-positive result of a later sample" if verdict is NOT else "",
    )


def _cd22_shown(result: Result) -> str:
    value = f"{result.value} % of blasts" if result.value is not None else ""
    words = result.words.split(" | ")[0][:80]
    return f"{', '.join(t for t in (value, words) if t) or 'result'} ({result.day_text})"


def _cd22_verdict(result: Result) -> Verdict:
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


def _earlier_cd22_therapy(case: Case) -> tuple[date, str] | None:
    """The last day of earlier CD22-directed therapy (an earlier course, or another such drug), and its name."""
    found = [(d.day, f"the inotuzumab dose of {d.day}") for d in case.frame.earlier]
    for use in case.chart.uses:
        others = use.drugs & (CD22_DIRECTED - {INOTUZUMAB})
        if others and use.is_given and (last := use.last_known) is not None:
            found.append((last.last, f"{', '.join(sorted(others))} of {last}"))
    return max(found, default=None)


def ph_status(case: Case) -> tuple[bool | None, tuple[str, ...], str]:
    """Whether the disease is Philadelphia-positive (ever), -negative, or not known; evidence and text."""
    found = ph_evidence(case.chart)
    positive = [e for e in found if e.positive]
    if positive:
        return True, tuple(e.reference for e in positive), "; ".join(e.shown for e in positive)
    negative = [e for e in found if not _in_response(case, e.when)]
    if negative:
        return False, tuple(e.reference for e in negative), "; ".join(e.shown for e in negative)
    if found:
        return (
            None,
            tuple(e.reference for e in found),
            f"{found[0].shown} was taken during response to treatment",
        )
    return None, (), ""


def _in_response(case: Case, when: When | None) -> bool:
    """Whether a test was taken in a remission: then an absent transcript is response, not Ph-negative disease."""
    day = when.day if when is not None else None
    before = [i for i in case.items if day is not None and i.day <= day]
    return bool(before) and before[-1].achieved


def philadelphia_negative(case: Case) -> Answer:
    """POL-A-IV-PH: procedure PH. Ever positive is positive; "Ph-like" says nothing of BCR::ABL1."""
    settle = "FISH for t(9;22), cytogenetics or a BCR::ABL1 transcript test at diagnosis or relapse"
    positive, evidence, text = ph_status(case)
    if positive is True:
        return Answer(NOT, f"Philadelphia chromosome positive: {text}", evidence)
    if reason := case.chart.unseen(Need.OBSERVATIONS, Need.CONDITIONS):
        because = f"the evidence on the Philadelphia chromosome could not all be seen ({reason})"
        return unknown(because, "ph-status", evidence=evidence, changes=settle)
    if positive is False:
        return Answer(MET, f"Philadelphia chromosome negative: {text}", evidence)
    why = text or "no test for the Philadelphia chromosome found"
    return unknown(why, "ph-status", evidence=evidence, changes=settle)
