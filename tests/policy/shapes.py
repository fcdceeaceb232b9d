"""Two charts of the same meaning, one tidy and one in another shape, and what is decided of each."""

from tests.policy.chart_notes import determine


def decided(resources, draft):
    """All that a determination says of an order, but for the words and the sources."""
    d = determine(resources, draft)
    return {
        "verdicts": {c.id: c.verdict.value for c in d.criteria},
        "findings": {(f.kind, f.indicator.value) for f in d.findings},
        "place": (d.request, d.cycle, d.day),
        "needed": {n.item for n in d.needed},
        "dose": (d.dose.verdict, d.dose.ordered_mg, d.dose.expected_mg),
    }


def changed(resource, **members):
    """A resource with other members; one that is None is taken away."""
    found = {k: v for k, v in resource.items() if k not in members}
    return found | {k: v for k, v in members.items() if v is not None}
