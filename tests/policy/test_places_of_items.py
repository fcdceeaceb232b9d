"""What keeps a rule open is what the checklist says to look for: the places of the policy file's items."""

import ast
from pathlib import Path

import pytest

from cds_service.engine.verdict import Verdict
from cds_service.fhir.record import DataKind, Gap
from cds_service.policies.inotuzumab.case import places
from cds_service.policies.inotuzumab.numbers import POLICY
from tests.policy.chart_notes import administration, determine, determine_all, order, stated
from tests.policy.test_open_items import LACKING, NO_SUCH
from tests.policy.test_sources_not_seen import CASES
from tests.policy.test_worked_patients import PATIENTS as WORKED_OUT
from tests.policy.treated import NEVER_TREATED, second_cycle

FAILED = "the server answered 503"
ASKED = [kind for kind in DataKind if kind is not DataKind.COVERAGE]
THREE_CYCLES = [
    *NEVER_TREATED,
    *(
        administration(day, None, label)
        for day, label in (("2026-01-20", "C1D1"), ("2026-02-17", "C2D1"), ("2026-03-17", "C3D1"))
    ),
    stated("Response", "stable disease", "2026-04-10"),
]
PATIENTS = (
    {f"lacks {item}": (resources, [draft]) for item, (resources, draft) in LACKING.items()}
    | {f"for {rule}": (resources, [draft]) for rule, (resources, draft, _) in CASES.items()}
    | {p.note: (p.record, p.orders) for p in WORKED_OUT}
    | {"never in CR or CRi": (THREE_CYCLES, [order("2026-04-16", "Cycle 4 Day 1", 0.88)])}
)


def where(item):
    return {*places.SOURCES[item], *places.JUDGED_WITH[item]}


def misfits(before, after, kind):
    """What a failed search of a kind keeps open, without an item that may stand there or is judged with it."""
    told = f"{kind}: {FAILED}"
    looked_for = {n.item for n in after.needed if n.unseen}
    asked = {n.item for n in after.needed}
    was = {c.id: c.verdict for c in before.criteria}
    for c in after.criteria:
        if c.verdict is not was[c.id] or (c.verdict is Verdict.UNKNOWN and told in c.because):
            places_of = [item for item in c.needed if kind in where(item)]
            if not places_of:
                yield f"{c.id} waits for {kind}, which is no place of {c.needed}"
            elif told not in c.because:
                yield f"{c.id} does not say that {kind} could not be seen: {c.because}"
            elif asked.intersection(places_of) and not looked_for.intersection(places_of):
                yield f"{c.id}: none of {places_of} is to be looked for"
    yield from (
        f"{n.item} is not to be looked for" for n in after.needed if told in n.because and not n.unseen
    )


@pytest.mark.parametrize("name", PATIENTS)
def test_what_a_failed_search_keeps_open_is_to_be_looked_for(name):
    before = determine_all(*PATIENTS[name])
    after = {kind: determine_all(*PATIENTS[name], gaps=[Gap(kind, FAILED)]) for kind in ASKED}
    pairs = [
        (was, now, kind) for kind, found in after.items() for was, now in zip(before, found, strict=True)
    ]
    assert [fault for pair in pairs for fault in misfits(*pair)] == []


def test_rules_ask_by_item_and_only_one_module_knows_the_kinds_of_data():
    folder = Path(places.__file__).parents[1]
    naming = [
        path
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Name) and node.id == "DataKind"
    ]
    assert {path.name for path in naming} == {"places.py"}


def test_the_table_names_kinds_that_are_asked_for_and_overruled_in_is_a_part_of_the_places():
    for item in POLICY.items.values():
        assert set(item.overruled_in) <= set(item.sources), item.id
        assert not set(item.judged_with) & set(item.sources), item.id
        assert {*item.sources, *item.judged_with} <= {kind.value for kind in ASKED}, item.id


@pytest.mark.parametrize("item", ["cbc", "height-weight"])
@pytest.mark.parametrize("kind", [DataKind.OBSERVATIONS, DataKind.OTHER_OBSERVATIONS])
def test_a_value_that_may_be_under_a_code_not_seen_is_not_called_absent(item, kind):
    found = determine(*LACKING[item], gaps=[Gap(kind, FAILED)])
    rules = {"cbc": "hem-unknown", "height-weight": "dose-unchecked"}
    said = [n.because for n in found.needed if n.item == item]
    said += [f.text for f in found.findings if f.kind == rules[item]]
    assert len(said) == 2
    assert [text for text in said if NO_SUCH.search(text)] == []


def test_a_count_that_is_missing_is_ordered_though_transfusions_could_not_be_seen():
    gaps = [Gap(DataKind.PROCEDURES, FAILED)]
    resources, draft = LACKING["cbc"]
    (need,) = [n for n in determine(resources, draft, gaps=gaps).needed if n.item == "cbc"]
    assert need.orderable
    assert not need.unseen
    (need,) = [n for n in second_cycle(gaps=gaps).needed if n.item == "cbc"]
    assert need.unseen
