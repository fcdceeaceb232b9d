"""Label rules for the liver; single limbs are a recommendation.

The upper limit of normal is the result's own; a default is used only when it is missing, and said.
Procedure: docs/policies/inotuzumab/label.md#liver.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from cds_service.clinical.code_sets import code_set
from cds_service.clinical.observations.newest_first import newest_usable, surely_on
from cds_service.clinical.observations.results import Result
from cds_service.clinical.observations.units import for_a_reader
from cds_service.engine.determination import Basis, CardKind, Finding, Indicator
from cds_service.fhir.quantities import plain
from cds_service.policies.inotuzumab.case.case import Case
from cds_service.policies.inotuzumab.case.windows import before_first_dose
from cds_service.policies.inotuzumab.numbers import days, filled, number
from cds_service.remembering import once
from cds_service.values import dataclass

_RULE = "POL-TOX-HEP"
TESTS = {"bilirubin_total": "bilirubin", "ast": "AST", "alt": "ALT"}
_ENZYMES = ("ast", "alt")
_DEFAULTS = {"bilirubin_total": "bilirubin.default_uln", "ast": "ast.default_uln", "alt": "alt.default_uln"}
_HEMOLYSIS = code_set("hemolysis")


_BOTH = (
    "above {hep.bilirubin_x_uln} (bilirubin) and {hep.transaminase_x_uln!} (AST, ALT) the upper limit. "
    "Hold until at most {hep.bilirubin_x_uln} and {hep.transaminase_x_uln!}"
)
_FAR = "more than {{{times}!}} its upper limit of {limit}"
_RISEN = "{hep.one_limb.bilirubin_min!} or more, and risen"


@dataclass(frozen=True, slots=True)
class Limb:
    """One liver test against its upper limit of normal."""

    concept: str
    result: Result
    uln: Decimal
    default_uln: bool

    def above(self, times: str) -> bool:
        """Whether it is surely above so many times its limit; ``times`` names the number."""
        value = self.result.value
        return value is not None and value.is_above(self.uln * number(times)) is True

    def may_be_above(self, times: str) -> bool:
        """Whether a value that is a range leaves open that it is above so many times its limit."""
        value = self.result.value
        return value is not None and value.is_above(self.uln * number(times)) is None

    def leans_above(self, times: str) -> bool:
        """Whether it is above so many times its limit, or a range that lies more above it than below."""
        value, limit = self.result.value, self.uln * number(times)
        return value is not None and value.is_above(limit) is not False and value.leans_above(limit)

    @property
    def _kind(self) -> str:
        """How the numbers of the policy call it."""
        return "bilirubin" if self.concept == "bilirubin_total" else "transaminase"

    @property
    def far(self) -> str:
        """The number that names the limit far above which one test alone holds."""
        return f"hep.one_limb.{self._kind}_x_uln"

    @property
    def high(self) -> str:
        """The number that names the label's limit, which for bilirubin is another than for AST and ALT."""
        return f"hep.{self._kind}_x_uln"

    @property
    def is_high(self) -> bool:
        """Whether it is surely above the label's limit."""
        return self.above(self.high)

    @property
    def shown(self) -> str:
        return f"{self.measured}, upper limit {self.limit}"

    @property
    def measured(self) -> str:
        return f"{TESTS[self.concept]} {self.result.shown}"

    @property
    def limit(self) -> str:
        """The upper limit of normal; a default is said to be one."""
        return f"{plain(for_a_reader(self.uln))}{' (default)' if self.default_uln else ''}"

    @property
    def is_far(self) -> bool:
        """Whether it is far above its limit, alone."""
        return self.above(self.far)

    @property
    def how_far(self) -> str:
        """Why it alone is grave, which for a bilirubin that is not far above its limit is that it has risen."""
        return filled(_FAR.format(times=self.far, limit=self.limit) if self.is_far else _RISEN)


def limb_of(concept: str, result: Result) -> Limb:
    own = result.upper_limit
    return Limb(concept, result, own or number(_DEFAULTS[concept]), own is None)


def limbs_on(case: Case, end: date) -> dict[str, tuple[Limb, ...]]:
    """The newest bilirubin, AST and ALT up to a day; tied results that differ all stand."""
    start = end - timedelta(days=days("lab.max_age.lft"))
    recent = surely_on(start, end)
    return {c: tuple([limb_of(c, r) for r in newest_usable(case.chart, c, recent)]) for c in TESTS}


@once
def newest_limbs(case: Case) -> dict[str, tuple[Limb, ...]]:
    """Those that count for the order."""
    return limbs_on(case, case.horizon)


@once
def is_explained(case: Case) -> bool:
    """Whether Gilbert syndrome or hemolysis is recorded: then bilirubin alone says little of the liver."""
    return any(
        p.verified and p.is_active and (p.is_a("gilbert_or_hemolysis") or _HEMOLYSIS.has_any(p.codes))
        for p in case.chart.problems
    )


def pair_above(case: Case, end: date) -> tuple[Limb, ...]:
    """Step 1: the limbs when bilirubin and AST or ALT are both above the label's limits; else empty."""
    found = newest_limbs(case) if end == case.horizon else limbs_on(case, end)
    bilirubin = [b for b in found["bilirubin_total"] if b.is_high]
    if not bilirubin or is_explained(case):
        return ()
    enzymes = [e for name in _ENZYMES for e in found[name] if e.is_high]
    return (*bilirubin, *enzymes) if enzymes else ()


def both_limits(case: Case) -> Iterator[Finding]:
    """Step 1, before each dose: bilirubin and AST or ALT above the label's limits."""
    if pair := pair_above(case, case.horizon):
        text = f"{_all(pair)}: {filled(_BOTH)}"
        yield _finding(
            Indicator.WARNING, Basis.LABEL, text, "Hold the dose until the liver tests recover", pair
        )


def one_limit_far(case: Case) -> Iterator[Finding]:
    """Steps 2 and 3: one of them far above its limit, or bilirubin risen."""
    if grave := _grave(case):
        text = "; ".join(f"{limb.measured}: {limb.how_far}" for limb in grave)
        action = "Hold the dose and evaluate for veno-occlusive disease"
        yield _finding(Indicator.WARNING, Basis.RECOMMENDATION, text, action, grave)


def one_limit(case: Case) -> Iterator[Finding]:
    """Step 4: one of the two limits exceeded, when no earlier step says more."""
    if pair_above(case, case.horizon) or _grave(case):
        return
    if single := tuple(_single(case)):
        text = f"{_all(single)}: one of the two limits of the label exceeded, no hold by itself"
        yield _finding(
            Indicator.INFO, Basis.LABEL, text, "Check the liver tests again before the dose", single
        )


def open_limits(case: Case) -> Iterator[Finding]:
    """Steps 1 to 4, where a result is a range on both sides of a limit: what holds cannot be determined."""
    found = newest_limbs(case)
    judged = (*pair_above(case, case.horizon), *_grave(case))
    limbs = [b for b in found["bilirubin_total"] if not is_explained(case) or b.may_be_above(b.far)]
    limbs += [e for name in _ENZYMES for e in found[name]]
    unsure = [x for x in limbs if x not in judged and (x.may_be_above(x.high) or x.may_be_above(x.far))]
    if not unsure:
        return
    leaning = {x.concept == "bilirubin_total" for x in limbs if x.leans_above(x.high)}
    grave = any(x.may_be_above(x.far) and x.leans_above(x.far) for x in unsure) or len(leaning) > 1
    text = f"{_all(unsure)}: whether a limit of the liver tests is exceeded cannot be determined from a range"
    level = Indicator.WARNING if grave else Indicator.INFO
    yield _finding(level, Basis.LABEL, text, "Check the liver tests again before the dose", unsure)


@once
def _grave(case: Case) -> tuple[Limb, ...]:
    """Step 2: bilirubin, AST or ALT far above the limit. Step 3: bilirubin high and risen."""
    found = newest_limbs(case)
    bilirubin = [
        b for b in found["bilirubin_total"] if b.is_far or (_has_risen(case, b) and not is_explained(case))
    ]
    enzymes = [e for name in _ENZYMES for e in found[name] if e.is_far]
    return (*bilirubin, *enzymes)


def _single(case: Case) -> Iterator[Limb]:
    """Step 4: one limb above the label's limit."""
    found = newest_limbs(case)
    if not is_explained(case):
        yield from (b for b in found["bilirubin_total"] if b.is_high)
    yield from (e for name in _ENZYMES for e in found[name] if e.is_high)


def _has_risen(case: Case, limb: Limb) -> bool:
    """High, and higher than the last value before the first dose (none known: taken as risen)."""
    value = limb.result.value
    if case.frame.start is None or value is None:
        return False
    if value.is_below(number("hep.one_limb.bilirubin_min")) is not False or before_first_dose(
        case, limb.result.when
    ):
        return False
    earlier = newest_usable(case.chart, "bilirubin_total", lambda when: before_first_dose(case, when))
    exact = [r.value.exact for r in earlier if r.value is not None and r.value.exact is not None]
    return not exact or value.is_above(max(exact)) is True


def _finding(indicator: Indicator, basis: Basis, text: str, action: str, every: Sequence[Limb]) -> Finding:
    refs = tuple(limb.result.reference for limb in every)
    return Finding("safety-hepatic", indicator, CardKind.SAFETY, (_RULE,), basis, text, action, refs)


def _all(every: Sequence[Limb]) -> str:
    return "; ".join(limb.shown for limb in every)
