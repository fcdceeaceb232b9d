"""The head of the page: two answers side by side, what is urgent, and counters that lead to the rows.

A good answer is green only when the other one is good as well: a met policy never stands in green
over a dose or a danger that is open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards.dose_text import dose_summary
from cards.items import keeping_open, name_of
from cds_service.engine.carrying import foremost_failure
from cds_service.engine.determination import Determination, Finding, Indicator, NeededItem
from cds_service.engine.verdict import Verdict
from cds_service.engine.wording import upper_first
from cds_service.smart.page.found import found_where
from cds_service.smart.page.wording import first_sentence
from cds_service.values import dataclass

MARKS = {Verdict.MET: "✓", Verdict.NOT_MET: "✕", Verdict.UNKNOWN: "?"}
BADGES = {Indicator.CRITICAL: "Stop", Indicator.WARNING: "Check", Indicator.INFO: "Note"}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. ``tone`` is met, not-met, unknown, or good when it is good and the other one is not.

    ``why`` is what was found against a limit, or what is open; empty where the answer is good.
    """

    text: str
    tone: str
    mark: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Counter:
    """How many of a kind there are, and the id of the first row of that kind."""

    count: int
    word: str
    tone: str
    target: str


@dataclass(frozen=True, slots=True)
class Urgent:
    """What cannot wait, with the word for its urgency, which is empty where the sentence begins with one."""

    badge: str
    text: str
    indicator: Indicator


@dataclass(frozen=True, slots=True)
class Head:
    """What a reader takes in within five seconds."""

    coverage: Answer
    safety: Answer
    urgent: tuple[Urgent, ...]
    counters: tuple[Counter, ...]

    @property
    def badges(self) -> Mapping[Indicator, str]:
        """The word for each urgency."""
        return BADGES

    @property
    def tone(self) -> str:
        """The colour of the whole head: the graver of the two answers."""
        tones = {self.coverage.tone, self.safety.tone}
        return next(tone for tone in ("not-met", "unknown", "met") if tone in tones)


def head(determination: Determination, sentence: str, safety: Sequence[Finding]) -> Head:
    """Arrange the head; ``safety`` are the findings on dose and safety, strongest first."""
    text, tone = _safety(determination, safety)
    covered = determination.coverage
    both = covered is Verdict.MET and tone == "met"
    return Head(
        coverage=Answer(
            sentence,
            "good" if covered is Verdict.MET and not both else covered.value,
            MARKS[covered],
            _why(determination, safety),
        ),
        safety=Answer(text, "good" if tone == "met" and not both else tone, _MARK_OF_TONE[tone]),
        urgent=_urgent(determination, safety),
        counters=(*_findings_counted(safety), *_criteria_counted(determination, both)),
    )


def _why(determination: Determination, safety: Sequence[Finding]) -> str:
    """Of what is not met the first that no stop says already; of what is open all that would settle it, by name."""
    if determination.coverage is Verdict.NOT_MET:
        stops = [f.text.casefold() for f in safety if f.indicator is Indicator.CRITICAL]
        first = foremost_failure(determination.outline)
        counting = (c for c in determination.criteria if c.applies and c.verdict is Verdict.NOT_MET)
        failed = sorted(counting, key=lambda c: c is not first)
        told = (c for c in failed if not any(c.because.casefold().startswith(text) for text in stops))
        return next((upper_first(found_where(c)) for c in told), "")
    if determination.coverage is Verdict.UNKNOWN:
        decides = keeping_open(determination)
        open_ = _named(determination, [need for need in decides if not need.may_be_there])
        hidden = _named(determination, [need for need in decides if need.may_be_there])
        said = (f"open: {open_}" if open_ else "", f"look in the EHR for {hidden}" if hidden else "")
        return upper_first("; ".join(filter(None, said)))
    return ""


def _named(determination: Determination, needs: Sequence[NeededItem]) -> str:
    """Items by name; what is too many is counted."""
    names = [name_of(determination, need) for need in needs]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED + 1 else ""
    return f"{', '.join(names[:_NAMED] if more else names)}{more}"


_NAMED = 3
_BEGINNINGS = ("Stop", "Check", "Hold", "Do not")
_MARK_OF_TONE = {"met": "✓", "not-met": "✕", "unknown": "!"}


def _safety(determination: Determination, safety: Sequence[Finding]) -> tuple[str, str]:
    stops, checks = (_count(safety, indicator) for indicator in (Indicator.CRITICAL, Indicator.WARNING))
    if stops or checks:
        parts = [f"{count} {word}" for count, word in ((stops, "stop"), (checks, "to check")) if count]
        return ", ".join(parts), "not-met" if stops else "unknown"
    if determination.dose is None or determination.dose.verdict == "unknown":
        return "dose not checked", "unknown"
    if determination.unseen:
        return "nothing open in what could be seen", "unknown"
    return "nothing open", "met"


def _count(safety: Sequence[Finding], indicator: Indicator) -> int:
    return sum(finding.indicator is indicator for finding in safety)


def _urgent(determination: Determination, safety: Sequence[Finding]) -> tuple[Urgent, ...]:
    """Every stop; without one, the first thing to check."""
    stops = [finding for finding in safety if finding.indicator is Indicator.CRITICAL]
    checks = [finding for finding in safety if finding.indicator is Indicator.WARNING][:1]
    return tuple(_one_urgent(determination, finding) for finding in stops or checks)


def _one_urgent(determination: Determination, finding: Finding) -> Urgent:
    """A stop says so; what is only to be checked needs no such word before an action of its own."""
    text = dose_summary(determination, "") if finding.kind == "dose" else ""
    text = text or ": ".join(part for part in (finding.action, first_sentence(finding.text)) if part)
    is_plain = text.startswith(_BEGINNINGS) or (finding.action and finding.indicator is Indicator.WARNING)
    return Urgent("" if is_plain else BADGES[finding.indicator], text, finding.indicator)


def _findings_counted(safety: Sequence[Finding]) -> tuple[Counter, ...]:
    kinds = ((Indicator.CRITICAL, "stop", "not-met"), (Indicator.WARNING, "to check", "unknown"))
    return tuple(
        Counter(count, word, tone, f"finding-{indicator.value}")
        for indicator, word, tone in kinds
        if (count := _count(safety, indicator))
    )


def _criteria_counted(determination: Determination, both: bool) -> tuple[Counter, ...]:
    counting = [c.verdict for c in determination.criteria if c.applies]
    words = ((Verdict.NOT_MET, "not met"), (Verdict.UNKNOWN, "open"), (Verdict.MET, "met"))
    return tuple(
        Counter(
            count,
            word,
            verdict.value if both or verdict is not Verdict.MET else "good",
            f"criteria-{verdict.value}",
        )
        for verdict, word in words
        if (count := counting.count(verdict))
    )
