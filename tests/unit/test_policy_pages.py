"""The pages on procedures: what code cites is there, and their tables say what the policy file says."""

import re
from functools import cache
from pathlib import Path

import pytest

from cds_service.policies.inotuzumab.numbers import POLICY

ROOT = Path(__file__).parents[2]
FOLDER = "docs/policies/inotuzumab"
PAGES = sorted((ROOT / FOLDER).glob("*.md"))
READING = ROOT / "docs" / "record-reading.md"
ROOM = ROOT / "cds_service" / "policies" / "inotuzumab"
DECIDES_NOTHING = {"numbers.py", "picture.py", "__init__.py"}
MODULES = sorted(p for p in ROOM.rglob("*.py") if p.name not in DECIDES_NOTHING)
CODE = sorted(
    p
    for folder in ("cds_service", "cards", "tests")
    for p in (ROOT / folder).rglob("*.py")
    if p != Path(__file__)
)
CITING = sorted([*MODULES, *(ROOT / "cds_service" / "clinical").rglob("*.py")])
DOCS = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])

REFERENCE = re.compile(r"(docs/[\w/-]+\.md)(#[\w-]+)?")
STEPS = re.compile(r"(docs/[\w/-]+\.md)?(#[\w-]+)?(?:, )?\b[Ss]teps? (\d+(?:(?:, | and | to )\d+)*)")
HOME = re.compile(r"(?:Procedure|Source): (docs/[\w/-]+\.md)(#[\w-]+)?")


def name(path):
    return path.relative_to(ROOT).as_posix()


def slug(heading):
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-")


@cache
def sections(path):
    """The numbered steps below each heading of a page."""
    found, steps = {}, set()
    for line in path.read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"#+ (.+)", line):
            steps = found.setdefault(slug(heading[1]), set())
        elif step := re.match(r"(\d+)\. ", line):
            steps.add(int(step[1]))
    return found


def one_line(path):
    """A module's text with its line breaks, and the signs of comments after them, taken out."""
    return re.sub(r"\s*\n\s*(?:# )?", " ", path.read_text(encoding="utf-8"))


def numbers_in(text):
    """``1 to 3`` and ``1, 2 and 5`` as numbers."""
    first_to_last = re.fullmatch(r"(\d+) to (\d+)", text)
    if first_to_last:
        return range(int(first_to_last[1]), int(first_to_last[2]) + 1)
    return [int(n) for n in re.findall(r"\d+", text)]


def cited_steps(text):
    """Each step that a module names: page, anchor and number; those without a page are of its own procedure."""
    home = HOME.search(text)
    for page, anchor, steps in STEPS.findall(text):
        own_page, own_anchor = home.groups() if home else ("", "")
        for number in numbers_in(steps):
            yield page or own_page, (anchor or own_anchor or "").lstrip("#"), number


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_every_module_of_the_policy_names_the_page_of_its_procedure(path):
    home = HOME.search(path.read_text(encoding="utf-8"))
    assert home, "the module's docstring names no page: Procedure: docs/policies/inotuzumab/..."
    assert home[1].startswith(FOLDER)


def test_every_page_that_code_names_exists_with_its_heading():
    for path in CODE:
        for page, anchor in REFERENCE.findall(path.read_text(encoding="utf-8")):
            assert (ROOT / page).is_file(), f"{name(path)} names {page}"
            assert not anchor or anchor[1:] in sections(ROOT / page), f"{name(path)} names {page}{anchor}"


@pytest.mark.parametrize("path", CITING, ids=name)
def test_every_step_that_code_names_stands_in_its_page(path):
    for page, anchor, number in cited_steps(one_line(path)):
        assert page, f"step {number} of no page"
        assert number in sections(ROOT / page).get(anchor, ()), f"{page}#{anchor} has no step {number}"


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("Procedure: docs/a.md#b. Also steps 1 to 3", [("docs/a.md", "b", n) for n in (1, 2, 3)]),
        ("Procedure: docs/a.md#b. See #c, steps 2 and 5.", [("docs/a.md", "c", 2), ("docs/a.md", "c", 5)]),
        ("Source: docs/a.md. See docs/d.md#e, step 7", [("docs/d.md", "e", 7)]),
        ("step 4 of nothing", [("", "", 4)]),
    ],
)
def test_steps_are_found_in_all_spellings(text, cited):
    assert list(cited_steps(text)) == cited


def test_code_cites_no_document_that_is_not_in_the_repository():
    elsewhere = re.compile("policy " + "analysis|contract " + "section|written " + "analysis", re.IGNORECASE)
    assert [name(path) for path in CODE if elsewhere.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("path", DOCS, ids=name)
def test_every_link_of_a_page_leads_somewhere(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if re.match(r"\w+:", target):
            continue
        file, _, anchor = target.partition("#")
        goal = (path.parent / file).resolve() if file else path
        assert goal.exists(), target
        assert not anchor or anchor in sections(goal), target


# ---- What the pages say of rules, numbers and examples -------------------------------------------


def rows(path):
    """The rows of a page's table of rules, by rule."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {line.split("|")[1].strip(): line for line in lines if line.startswith("| POL-")}


def row_of(rule):
    """The row that the policy file asks for."""
    cited = POLICY.citations[rule]
    where = f"{cited.section}, page {cited.page}" if cited.page else cited.section.strip("-")
    numbers = ", ".join(f"`{n}`" for n, number in POLICY.numbers.items() if number.rule == rule)
    return "| " + " | ".join((rule, where, cited.basis.value, numbers)).replace("  ", " ") + " |"


def squeezed(row):
    return re.sub(r"\s+", " ", row)


@pytest.mark.parametrize("rule", sorted(POLICY.citations))
def test_every_rule_has_its_row_on_one_page(rule):
    holding = [path for path in PAGES if rule in rows(path)]
    if not holding and rule in READING.read_text(encoding="utf-8"):
        return
    assert len(holding) == 1, f"{rule} stands on {len(holding)} pages"
    assert squeezed(rows(holding[0])[rule]) == squeezed(row_of(rule))


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_names_no_rule_and_no_number_that_the_policy_file_lacks(path):
    assert rows(path).keys() <= POLICY.citations.keys()
    named = re.findall(r"`([a-z0-9_]+(?:\.[a-z0-9_]+)+)`", path.read_text(encoding="utf-8"))
    files = {n for n in named if n.endswith((".py", ".toml", ".csv"))}
    assert set(named) - files <= POLICY.numbers.keys()


# The doses of the table are found by cycle, response and day; the page names them in its table of rules alone.
IN_THE_TABLE = re.compile(r"dose\.(c1|sub)\.")


@pytest.mark.parametrize("number", sorted(POLICY.numbers))
def test_every_number_stands_in_a_procedure(number):
    prose = [
        line
        for path in PAGES
        for line in path.read_text(encoding="utf-8").splitlines()
        if not line.startswith("|")
    ]
    assert any(f"`{number}`" in line for line in prose) or IN_THE_TABLE.match(number)


VALUE = re.compile(
    r"(?<!cycle )\b\d+(?:\.\d+)? ?(?:%|mg\b|ms\b|mmol|days?\b|months?\b|years?\b|hours?\b|x ?10)"
)


@pytest.mark.parametrize("path", [*PAGES, READING], ids=name)
def test_a_page_names_numbers_and_repeats_no_value(path):
    assert VALUE.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", DOCS, ids=name)
def test_every_test_and_module_that_a_page_names_exists(path):
    text = path.read_text(encoding="utf-8")
    for file in re.findall(r"`((?:tests|cds_service|cards|docs|deploy)/[\w./-]*)`", text):
        assert (ROOT / file).exists(), file


# ---- docs/wire.md ------------------------------------------------------------------------------------

WIRE = (ROOT / "docs" / "wire.md").read_text(encoding="utf-8")

WRITTEN = {
    found
    for folder in ("cards", "cds_service/engine", "cds_service/policies")
    for path in (ROOT / folder).rglob("*.py")
    for found in re.findall(r'"([a-z]+(?:-[a-z]+)*)"', path.read_text(encoding="utf-8"))
}


def section_of(heading):
    return WIRE.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def test_the_page_on_the_wire_lists_the_items_of_the_policy_in_their_order():
    assert re.findall(r"`([a-z0-9-]+)`", section_of("Documentation items")) == list(POLICY.items)


def test_the_page_on_the_wire_lists_every_kind_of_finding_that_an_answer_has():
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", section_of("Kinds of findings"), re.MULTILINE))
    answers = (ROOT / "tests" / "golden").rglob("*.json")
    kinds = {kind for path in answers for kind in re.findall(r'"kind": "([a-z-]+)"', path.read_text())}
    assert kinds - {"details", "safety"} <= listed
    assert listed <= WRITTEN
