"""Each kind of thing that turns a plan for a transplant knows its example, and not the look-alike beside it."""

import pytest

from cds_service.clinical.leukemia.transplants import turns
from cds_service.clinical.leukemia.transplants.plans import intention_in

KINDS = {name: turn for name, turn in vars(turns).items() if isinstance(turn, turns.Turn)}


@pytest.mark.parametrize("turn", KINDS.values(), ids=KINDS)
def test_a_kind_is_seen_in_its_example_and_not_in_its_look_alike(turn):
    assert turn.pattern.search(turn.example)
    assert not turn.pattern.search(turn.none)


@pytest.mark.parametrize(
    ("turned", "kept", "was", "becomes"),
    [
        (turns.BE_TRANSPLANTED.example, turns.BE_TRANSPLANTED.none, None, True),
        (turns.TRANSPLANT_HER.example, turns.TRANSPLANT_HER.none, None, True),
        (f"HSCT planned. {turns.UNDONE.example}", f"HSCT planned. {turns.UNDONE.none}", True, None),
        (turns.DECLINED_IT.example, turns.DECLINED_IT.none, None, False),
        (f"HSCT {turns.PUT_OFF.example}", f"HSCT {turns.PUT_OFF.none}", False, None),
        (f"HSCT planned{turns.IN_DOUBT.example}", f"HSCT planned{turns.IN_DOUBT.none}", True, None),
        (f"No HSCT planned{turns.IN_DOUBT.example}", f"No HSCT planned{turns.IN_DOUBT.none}", False, None),
        (f"HSCT planned{turns.IS_OFF.example}", f"HSCT planned{turns.IS_OFF.none}", True, None),
        (turns.RULE.example, "no HSCT", False, None),
        (turns.BEGINS_GENERAL.example, turns.BEGINS_GENERAL.none, True, None),
        ("HSCT was offered, but the trial is open and she declined it", turns.DECLINED_IT.example, False, None),
    ],
)  # fmt: skip
def test_what_a_turn_does_to_a_plan(turned, kept, was, becomes):
    assert intention_in(kept) is was
    assert intention_in(turned) is becomes
