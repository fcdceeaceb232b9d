"""Every number of the policy is told once, in its file: the code and its sentences get it from there."""

import ast
import re
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from cds_service.clinical.therapy.labels import Label
from cds_service.engine.numbers import NumberError, Numbers
from cds_service.engine.policy_file import read_policy
from cds_service.fhir.record import Resource
from cds_service.policies.inotuzumab.case.schedule import order_of
from cds_service.policies.inotuzumab.numbers import POLICY, days_of_table
from tests.cards.rendering import cards_of, texts
from tests.fixtures import CLOCK
from tests.policy.chart_notes import administration, drug_order, observation, order
from tests.policy.test_worked_patients import BASELINE, COUNT, CYCLE_1, RELAPSED

ROOT = Path(__file__).parents[2]
CODE = ROOT / "cds_service" / "policies" / "inotuzumab"
FILE = (CODE / "policy.toml").read_text(encoding="utf-8")
MODULES = sorted(
    [*CODE.rglob("*.py"), *(ROOT / "cards").rglob("*.py"), *(ROOT / "cds_service/engine").rglob("*.py")]
)
ASKING = {"number", "days", "span", "said", "word", "nth"}
NUMBERS = sorted(POLICY.numbers)


def strings(tree):
    """The string constants that are no docstrings, each with its line."""
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
            yield node.lineno, node.value


# ---- No sentence states a number of its own ------------------------------------------------------

# What is said with digits and is no number of the policy: markers, places of a cycle, sections, units, signs in patterns.
NAMED = re.compile(
    r"CD\d+|\b[Cc]ycle 1\b|\b[Dd]ay 1\b|\b1st line|POL-\S+|x? ?10\*9/L|mg/m2|\bm2\b|/mm3|t\(9;22\)|\b[AB]\.i+|path [12]|1 item|BCR::ABL1|\{[^{}]*\}"
)
SENTENCE = re.compile(r"[a-z]{2,} [a-z(]|[a-z] \d|\d [a-z]")
PATTERN = re.compile(r"\\[bwds]|\[\^?\w|\(\?")


def stated(text):
    """The digits in a sentence that are no name of something."""
    if PATTERN.search(text) or not SENTENCE.search(text):
        return []
    return re.findall(r"\d+(?:\.\d+)?", NAMED.sub("", text))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_sentence_in_code_states_a_number(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert [(line, text) for line, text in strings(tree) if stated(text)] == []


@pytest.mark.parametrize(
    "text",
    ["above 500 ms. The limit", "; +/-10 % is accepted", "within 3 cycles", "at least 6 days between doses"],
)
def test_a_number_in_a_sentence_is_seen(text):
    assert stated(text)


# ---- No rule compares with a number of its own ----------------------------------------------------

RULES = sorted([*CODE.rglob("*.py"), *(ROOT / "cds_service/oncology").rglob("*.py")])
PLACES = {0, 1, 2}  # none, the first and the second of something


def own_numbers(tree):
    """The lines that compare with a number, or make a time span or an amount of one."""
    for node in ast.walk(tree):
        made = isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("timedelta", "Decimal")
        asked = isinstance(node, ast.Compare)
        parts = [*node.args, *(k.value for k in node.keywords)] if made else []
        parts = [node.left, *node.comparators] if asked else parts
        for part in parts:
            value = part.value if isinstance(part, ast.Constant) else None
            number = isinstance(value, int | float) and value not in PLACES
            if number or (made and isinstance(value, str) and not re.fullmatch(r"0?\.0*1|1", value)):
                yield node.lineno


@pytest.mark.parametrize("path", RULES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_rule_has_a_number_of_its_own(path):
    assert list(own_numbers(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "code", ["x < 50", "28 >= x", "timedelta(days=7)", "Decimal('1.5')", "timedelta(21)"]
)
def test_a_number_in_a_rule_is_seen(code):
    assert list(own_numbers(ast.parse(code))) == [1]


def test_no_title_and_no_item_states_a_number_of_its_own():
    citations = POLICY.citations.values()
    written = [t for c in citations for t in (c.title, c.brief)] + [
        t for i in POLICY.items.values() for t in (i.name, i.act, i.late)
    ]
    unsaid = {t: NAMED.sub("", re.sub(r"C83\.5x|D46\.A|Cycle 1|A\.i", "", t)) for t in written}
    assert [t for t, rest in unsaid.items() if re.search(r"\d", rest)] == []


# ---- Every number is used, and none is asked for that is not there -------------------------------


@cache
def asked():
    """What the code asks for, as patterns: a part that is put in while it runs stands for anything."""
    return frozenset(_asked())


def _asked():
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from re.findall(r"\{([\w.]+)(?:!|:\w+)?\}", node.value)
                if re.fullmatch(r"[\w.]+", node.value):
                    yield node.value
            if isinstance(node, ast.JoinedStr):
                yield "".join(v.value if isinstance(v, ast.Constant) else "*" for v in node.values)


def matches(pattern, name):
    return re.fullmatch(re.escape(pattern).replace(r"\*", r"\w+"), name)


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_is_read_by_the_code_or_said_by_a_title(name):
    patterns = [p for p in asked() if "." in p]
    said = re.search(rf"\{{{re.escape(name)}(?:!|:\w+)?\}}", FILE)
    assert said or any(matches(p, name) for p in patterns), f"nothing reads {name}"


def test_the_code_asks_for_no_number_that_the_file_lacks():
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ASKING
                and node.args
                and isinstance(node.args[0], ast.Constant)
                and "." in str(node.args[0].value)
            ):
                assert node.args[0].value in POLICY.numbers


# ---- A number that is changed is changed in every sentence ---------------------------------------


def changed(name):
    """A value that the file has nowhere, whole where the number is whole."""
    old = POLICY.numbers[name].value
    return Decimal(int(old) + 41) if old == int(old) else old + Decimal("0.037")


@pytest.mark.parametrize("name", NUMBERS)
def test_titles_follow_a_changed_number(name):
    old, new = POLICY.numbers[name].value, changed(name)
    line = next(row for row in FILE.splitlines() if row.startswith(f'"{name}" ='))
    policy = read_policy(FILE.replace(line, line.replace(f'"{old}"', f'"{new}"', 1)))
    assert policy.numbers.number(name) == new
    for rule, cited in POLICY.citations.items():
        follows = f"{{{name}" in cited.title
        assert (policy.reference.rules[rule].title != POLICY.reference.rules[rule].title) is follows


@pytest.fixture
def with_number(monkeypatch):
    """Puts another value under a number's name."""

    def put(name, value):
        one = POLICY.numbers[name]
        values = tuple((since, Decimal(value)) for since, _ in one.values)
        changed = Numbers({**POLICY.numbers, name: replace(one, values=values)})
        for member, held in vars(changed).items():
            monkeypatch.setattr(POLICY.numbers, member, held)
        POLICY._editions.clear()

    yield put
    POLICY._editions.clear()


def said_of(resources, draft):
    return " ".join(t for card in cards_of(resources, [draft]) for t in texts(card))


C1D1 = order("2026-04-16", "Cycle 1 Day 1", 1.41)
C2D1 = order("2026-04-16", "Cycle 2 Day 1", 0.88)
NILOTINIB = drug_order("nilotinib", authored="2026-04-01")


@pytest.mark.parametrize(
    ("name", "value", "resources", "draft", "new", "old"),
    [
        ("dose.tolerance.ok", "5", RELAPSED, order("2026-04-16", "Cycle 1 Day 1", 1.6), "±5 %", "10 %"),
        (
            "hem.platelets",
            "75",
            [*RELAPSED, *CYCLE_1, *BASELINE, observation("777-3", "2026-04-14", 60, COUNT), observation("751-8", "2026-04-14", 2, COUNT)],
            C2D1,
            "≥ 75",
            "≥ 50",
        ),
        ("qtc.critical", "520", [*RELAPSED, observation("76634-5", "2026-04-14", 530, "ms")], C1D1, "above 520 ms", "500 ms"),
        ("qtc.warn", "470", [*RELAPSED, NILOTINIB, observation("76634-5", "2026-04-14", 475, "ms")], C1D1, "470 ms", "480 ms"),
        ("dose.min_interval", "9", [*RELAPSED, administration("2026-04-09", 1.41, "C1D1")], order("2026-04-16", "Cycle 1 Day 8", 0.88), "9 days between", "6 days"),
    ],
)  # fmt: skip
def test_cards_follow_a_changed_number(with_number, name, value, resources, draft, new, old):
    assert new not in said_of(resources, draft)
    with_number(name, value)
    text = said_of(resources, draft)
    assert new in text
    assert old not in text


# ---- The days of a cycle are those of the dose table ----------------------------------------------


def test_the_days_of_a_cycle_are_those_of_the_dose_table():
    assert days_of_table(
        ["dose.c1.d1", "dose.c1.d4", "dose.sub.cr.d4", "dose.sub.cr.d1", "dose.min_interval"]
    ) == (1, 4)


@pytest.mark.parametrize(
    "names", [["dose.c1.d1", "dose.c1.d8", "dose.sub.cr.d1"], ["dose.c1.d2", "dose.sub.cr.d2"]]
)
def test_a_table_whose_rows_have_other_days_is_refused(names):
    with pytest.raises(NumberError, match="dose table"):
        days_of_table(names)


def test_how_far_a_dose_may_lie_off_its_day_decides_what_a_label_means(with_number):
    given = [*RELAPSED, administration("2026-04-06", 1.41, "C1D1")]
    order_on_day_10 = order("2026-04-16", "Cycle 1 Day 10", 0.88)
    assert "cycle 1 day 8" in said_of(given, order_on_day_10)
    with_number("cycle.day_window", "1")
    assert case_label(order_on_day_10) is None
    with_number("cycle.day_window", "2")
    assert case_label(order_on_day_10) == Label(1, 8)


def case_label(draft):
    return order_of(Resource(draft, "draft order"), CLOCK).label
