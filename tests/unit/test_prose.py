"""Words for people go through one reader: white space evened, too long a text not read, and no other way to them."""

import ast
from pathlib import Path

import pytest

from cds_service.fhir.json_types import LONGEST_PROSE, PROSE, as_prose, holds_unread_prose
from tests.unit.test_members_are_read_by_type import FILES, ROOT


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("no  VOD \t seen", "no VOD seen"),
        (" CR\u00a0\u2003now ", "CR now"),
        ("No fever.\r\nVOD.\n \n\tCR. ", "No fever.\nVOD.\nCR."),
        ("a" + " " * 50_000 + "b", "a b"),
        ("as it is", "as it is"),
        ("dose \u202e14.1\u202c mg", "dose 14.1 mg"),
        ("VOD\x07ruled\x00 out", "VOD ruled out"),
        ("\u202e\x00", None),
        ("", None),
        (" \n\t ", None),
        (None, None),
        (5, None),
        (["text"], None),
    ],
)
def test_white_space_is_evened_and_line_ends_are_kept(written, read):
    assert as_prose(written) == read


def test_a_text_that_is_too_long_is_not_read_at_all_and_never_cut():
    assert as_prose("x" * LONGEST_PROSE) == "x" * LONGEST_PROSE
    assert as_prose("x" * (LONGEST_PROSE + 1)) is None


@pytest.mark.parametrize(
    ("body", "unread"),
    [
        ({"note": [{"text": "x" * (LONGEST_PROSE + 1)}]}, True),
        ({"code": {"coding": [{"display": "x" * (LONGEST_PROSE + 1)}]}}, True),
        ({"note": [{"text": "x" * LONGEST_PROSE}]}, False),
        ({"content": [{"attachment": {"data": "x" * 200_000}}]}, False),
        ({"note": [{"text": "short"}] * 10_000}, False),
    ],
    ids=["note", "display", "just short enough", "data", "many"],
)
def test_what_was_not_read_is_known(body, unread):
    assert holds_unread_prose(body) is unread


def other_readings(source):
    """The line numbers at which a member of words for people is read by another reader than ``as_prose``."""
    tree = ast.parse(source)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    return sorted(
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("as_text", "str")
        and node.args
        and not PROSE.isdisjoint(_members(node.args[0], parents))
    )


def _members(read, parents):
    """The members that ``x.get(…)`` may give: its own, or those that the name in it runs through."""
    match read:
        case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(name)), *_]):
            return {name}
        case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Name(id=name), *_]):
            return _run_through(name, read, parents)
    return set()


def _run_through(name, node, parents):
    while not isinstance(node, ast.FunctionDef | ast.Module):
        node = parents[node]
    return {
        constant.value
        for loop in ast.walk(node)
        if isinstance(loop, ast.For | ast.comprehension) and ast.unparse(loop.target) == name
        for constant in ast.walk(loop.iter)
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
    }


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_words_for_people_are_read_as_prose_everywhere(path: Path):
    assert other_readings(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        'as_text(note.get("text"))',
        'as_text(as_dict(body.get("code")).get("display"))',
        'str(body.get("description"))',
        'def f(body):\n    return [as_text(body.get(m)) for m in ("title", "status")]',
        'def f(body):\n    for m in ("id", "conclusion"):\n        yield as_text(body.get(m))',
    ],
)
def test_another_reader_of_words_is_seen(source):
    assert other_readings(source) != []


@pytest.mark.parametrize(
    "source",
    [
        'as_prose(note.get("text"))',
        'as_text(coding.get("code"))',
        'def f(body):\n    return [as_text(body.get(m)) for m in ("status", "id")]',
    ],
)
def test_codes_ids_and_prose_are_let_through(source):
    assert other_readings(source) == []
