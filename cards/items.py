"""What a prescriber does about a documentation item. The words of each item come from its policy."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.engine.determination import Determination, NeededItem
from cds_service.engine.verdict import Verdict


def name_of(d: Determination, need: NeededItem) -> str:
    """The item as a noun, or what alone lacks of it."""
    return need.part.name if need.part else d.policy.items[need.item].name


def keeping_open(d: Determination) -> list[NeededItem]:
    """The items that coverage waits for; others decide the dose or a hold alone."""
    open_ = (c for c in d.criteria if c.applies and c.verdict is Verdict.UNKNOWN)
    asked = {item for c in open_ for item in c.needed}
    return [need for need in d.needed if need.decides and need.item in asked]


def to_do(d: Determination, need: NeededItem) -> str:
    """What to do about an item, as a verb first.

    What may be there already is to be looked for; what only the past could bring is never asked for anew.
    """
    item = d.policy.items[need.item]
    if need.may_be_there:
        return look_for(d, [need])
    if need.awaited:
        return f"Await the result: {name_of(d, need)}"
    if need.part:
        return need.part.act
    return item.late if item.late and d.request == "continuation" else item.act


def look_for(d: Determination, hidden: Sequence[NeededItem]) -> str:
    """What to do about items that may be there already."""
    return f"Look in the EHR for {', '.join(name_of(d, need) for need in hidden)}"
