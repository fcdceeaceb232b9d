"""No member of a resource is hashed, iterated, indexed or formatted before a reader has looked at its type.

The source is read as a tree: what ``body.get("status")`` gives may only be handed to a function, or
compared with ``==`` or ``is``, or with the members of a tuple.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (
    "cds_service/fhir",
    "cds_service/clinical",
    "cds_service/oncology",
    "cds_service/policies",
    "cds_service/ehr",
    "cds_service/crd",
    "cds_service/smart/page",
)
FILES = sorted(p for folder in FOLDERS for p in (ROOT / folder).rglob("*.py"))
_PASSES_ON = (ast.BoolOp, ast.IfExp, ast.NamedExpr)


def raw_uses(source):
    """The line numbers at which a raw member is used in another way."""
    tree = ast.parse(source)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    return sorted(
        {node.lineno for node in ast.walk(tree) if _is_member(node) and not _is_read(node, parents)}
    )


def _is_member(node):
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "get"
        and not ast.unparse(node.func.value).endswith(".headers")
        and bool(node.args)
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    )


def _is_read(node, parents):
    parent = parents[node]
    match parent:
        case ast.Call():
            return node in parent.args and not (
                isinstance(parent.func, ast.Attribute) and parent.func.attr == "add"
            )
        case ast.keyword():
            return True
        case ast.Dict():
            return node in parent.values  # put into another resource, to be read there
        case ast.Compare(ops=[ast.Is() | ast.IsNot() | ast.Eq() | ast.NotEq()]):
            return True
        case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[ast.Tuple()]):
            return True
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.NamedExpr(target=ast.Name(id=name)):
            return _name_is_read(name, node, parents) and (
                isinstance(parent, ast.Assign) or _is_read(parent, parents)
            )
        case ast.If() | ast.While() | ast.Expr():
            return True
        case ast.BoolOp() | ast.IfExp() | ast.UnaryOp():
            return _is_read(parent, parents)
    return False


def _name_is_read(name, node, parents):
    function = node
    while not isinstance(function, ast.FunctionDef | ast.Module):
        function = parents[function]
    uses = [
        n
        for n in ast.walk(function)
        if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)
    ]
    return all(_is_read(use, parents) for use in uses)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_member_goes_through_a_reader(path):
    assert raw_uses(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        'x = body.get("status") in STATUSES',
        'for x in body.get("note"): pass',
        "x = f\"{body.get('unit')}\"",
        'x = body.get("code")["text"]',
        'x = body.get("date") + 1',
        'x = TABLE[body.get("unit")]',
        'x = {body.get("id")}',
        'x = {body.get("id"): 1}',
        'found.add(body.get("id"))',
        'status = body.get("status")\nx = status in STATUSES',
    ],
)
def test_what_would_raise_on_another_type_is_seen(source):
    assert raw_uses(source) != []


@pytest.mark.parametrize(
    "source",
    [
        'x = as_text(body.get("status")) in STATUSES',
        'x = body.get("id") == wanted',
        'x = {"status": body.get("status")}',
    ],
)
def test_what_cannot_raise_is_let_through(source):
    assert raw_uses(source) == []
