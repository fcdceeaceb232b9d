"""Label rules for the liver: procedure LIVER of policy analysis 2.9, single limbs a recommendation.

Newest bilirubin, AST and ALT within 7 days before min(today, planned date). The upper limit of
normal is the result's own; a default is used only when it is missing, and said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from cds_service.clinical.evidence import before, newest, within
from cds_service.clinical.results import Result
from cds_service.clinical.words import Said, phrase, says
from cds_service.fhir.quantities import plain
from cds_service.policies.inotuzumab.case import Case
from cds_service.policies.inotuzumab.numbers import days, number
from cds_service.policy.determination import Basis, CardKind, Finding, Indicator

_TESTS = {"bilirubin_total": "bilirubin", "ast": "AST", "alt": "ALT"}
_NOT_RECOVERING = phrase(
    r"(?:not|never) (?:recover\w*|normali[sz]\w*|improv\w*|resolv\w*)", r"(?:failed|fails|failing) to (?:recover|normali[sz]e)", r"persistent(?:ly)?(?: elevated| elevation)?",
    r"non-?recover\w*", r"no recovery",
)  # fmt: skip
_LIVER = re.compile(r"bilirubin|AST|ALT|transaminas|liver|hepat|LFT", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limb:
    """One liver test against its upper limit of normal: how many times, and from which result."""

    name: str
    result: Result
    uln: Decimal
    default_uln: bool

    def above(self, times: Decimal) -> bool | None:
        value = self.result.value
        return None if value is None else value.is_above(self.uln * times)

    @property
    def shown(self) -> str:
        said = ", default limit" if self.default_uln else ""
        return f"{self.name} {self.result.shown} (upper limit {plain(self.uln)}{said})"


def _limb(concept: str, result: Result) -> Limb:
    default = {
        "bilirubin_total": "bilirubin.default_uln",
        "ast": "ast.default_uln",
        "alt": "alt.default_uln",
    }[concept]
    own = result.upper_limit
    return Limb(_TESTS[concept], result, own or number(default), own is None)


def limbs(case: Case) -> dict[str, tuple[Limb, ...]]:
    """The newest tests of the window, by concept; tied results that differ all stand."""
    end = case.horizon
    start = end - timedelta(days=days("lab.max_age.lft"))
    return {c: tuple(_limb(c, r) for r in newest(within(case.chart.usable(c), start, end))) for c in _TESTS}


def explained(case: Case) -> bool:
    """Whether Gilbert syndrome or hemolysis is recorded: then bilirubin alone says nothing."""
    return any(
        p.verified
        and p.is_active
        and (p.is_a("gilbert_or_hemolysis") or any(re.match(r"D5[5-9]", code) for _, code in p.codes))
        for p in case.chart.problems
    )


def findings(case: Case) -> Iterator[Finding]:
    """Steps 1 to 4: the label's pair of limits, then single limbs."""
    found = limbs(case)
    bilirubin, enzymes = found["bilirubin_total"], (*found["ast"], *found["alt"])
    excused = explained(case)
    high_bilirubin = [b for b in bilirubin if b.above(number("hep.bilirubin_x_uln"))] if not excused else []
    high_enzymes = [e for e in enzymes if e.above(number("hep.transaminase_x_uln"))]
    if high_bilirubin and high_enzymes:
        text = f"{_all((*high_bilirubin, *high_enzymes))}: above 1.5 and 2.5 times the upper limit. Hold until bilirubin is at most 1.5 and AST/ALT at most 2.5 times (label)"
        yield _warning(
            text, Basis.LABEL, (*high_bilirubin, *high_enzymes), "Hold the dose until the liver tests recover"
        )
        return
    single = [b for b in high_bilirubin if b.above(number("hep.one_limb.bilirubin_x_uln"))]
    single += [e for e in high_enzymes if e.above(number("hep.one_limb.transaminase_x_uln"))]
    risen = [] if excused else [b for b in bilirubin if _risen(case, b)]
    if single or risen:
        every = tuple(dict.fromkeys((*single, *risen)))
        why = (
            "above 3 times (bilirubin) or 5 times (AST, ALT) the upper limit"
            if single
            else "at or above 2 mg/dL and higher than before the first dose"
        )
        yield _warning(
            f"{_all(every)}: {why}. Hold and evaluate for veno-occlusive disease (recommendation)",
            Basis.RECOMMENDATION,
            every,
            "Hold the dose and evaluate for veno-occlusive disease",
        )
        return
    if high_bilirubin or high_enzymes:
        every = (*high_bilirubin, *high_enzymes)
        yield Finding(
            "safety-hepatic",
            Indicator.INFO,
            CardKind.DETAILS,
            ("POL-TOX-HEP",),
            Basis.LABEL,
            f"{_all(every)}: one limb alone, watch",
            "",
            _refs(every),
        )


def _risen(case: Case, limb: Limb) -> bool:
    """Step 3: at least 2 mg/dL and higher than the last value before the first dose (none known: risen)."""
    value = limb.result.value
    if value is None or value.is_below(number("hep.one_limb.bilirubin_min")) is not False:
        return False
    start = case.frame.start
    earlier = newest(before(case.chart.usable("bilirubin_total"), start)) if start is not None else ()
    if start is None:
        return False
    exact = [r.value.exact for r in earlier if r.value is not None and r.value.exact is not None]
    return not exact or value.is_above(max(exact)) is True


def _warning(text: str, basis: Basis, every: Sequence[Limb], action: str) -> Finding:
    return Finding(
        "safety-hepatic",
        Indicator.WARNING,
        CardKind.SAFETY,
        ("POL-TOX-HEP",),
        basis,
        text,
        action,
        _refs(every),
    )


def _all(every: Sequence[Limb]) -> str:
    return ", ".join(limb.shown for limb in every)


def _refs(every: Sequence[Limb]) -> tuple[str, ...]:
    return tuple(limb.result.reference for limb in every)


def not_recovered(case: Case) -> Finding | None:
    """Step 5: both limits exceeded once and a limb stated as not recovering, or high in every result for > 28 days."""
    start = case.frame.start
    met = _first_both(case, start) if start is not None and not explained(case) else None
    if met is None:
        return None
    stated = [
        s
        for s in case.chart.statements
        if s.when is not None
        and s.when.first >= met
        and _LIVER.search(s.whole)
        and says(s.text or s.topic, _NOT_RECOVERING) is Said.AFFIRMED
    ]
    lasting = [name for name in _TESTS if _high_throughout(case, name, met)]
    if not stated and not lasting:
        return None
    why = (
        f"stated as not recovering ({stated[0].when})"
        if stated
        else f"{', '.join(_TESTS[n] for n in lasting)} above the limit in every result for more than 28 days"
    )
    text = f"Bilirubin and AST/ALT exceeded the label's limits on {met}, and {why}: the label says discontinue permanently when they do not recover"
    evidence = tuple(s.reference for s in stated)
    return Finding(
        "consider-permanent-discontinuation",
        Indicator.WARNING,
        CardKind.SAFETY,
        ("POL-TOX-HEP",),
        Basis.LABEL,
        text,
        "Consider stopping for good: liver tests have not recovered",
        evidence,
    )


def _times(concept: str) -> Decimal:
    return number("hep.bilirubin_x_uln" if concept == "bilirubin_total" else "hep.transaminase_x_uln")


def _first_both(case: Case, start: date) -> date | None:
    """The first day since the first dose on which both limits were exceeded."""
    days_high: dict[str, set[date]] = {}
    for concept in _TESTS:
        for r in case.chart.usable(concept):
            if (
                r.when is not None
                and r.when.day is not None
                and r.when.day >= start
                and _limb(concept, r).above(_times(concept))
            ):
                days_high.setdefault("bilirubin" if concept == "bilirubin_total" else "enzyme", set()).add(
                    r.when.day
                )
    both = days_high.get("bilirubin", set()) & days_high.get("enzyme", set())
    return min(both, default=None)


def _high_throughout(case: Case, concept: str, met: date) -> bool:
    later = [
        r
        for r in case.chart.usable(concept)
        if r.when is not None and r.when.day is not None and r.when.day >= met
    ]
    if not later or not all(_limb(concept, r).above(_times(concept)) for r in later):
        return False
    last = max(r.when.first for r in later if r.when is not None)
    return (last - met).days > days("hep.nonrecovery")
