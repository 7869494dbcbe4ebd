"""The rooms of the house: imports point one way, files are named for what is in them, each opens with what it is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "api": {"api", "schema", "db", "seed"},
    "schema": {"schema", "db"},
    "seed": {"seed", "db"},
    "db": {"db"},
    "tests": {"api", "schema", "db", "seed", "tests"},
}
"""api → schema → db ← seed. The command line, in api, seeds; tests reach everywhere."""

NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "base", "manager", "service"}

FILES = sorted(
    file.relative_to(ROOT)
    for room in MAY_IMPORT
    for file in (ROOT / room).rglob("*.py")
    if "node_modules" not in file.parts
)


def imported(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Each import of the module, wherever it stands, and the package it starts from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node, "." * node.level or (node.module or "").partition(".")[0]


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_module_imports_only_what_its_room_may(file: Path) -> None:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    rooms = {package for _, package in imported(tree) if package in MAY_IMPORT or package.startswith(".")}
    assert rooms <= MAY_IMPORT[file.parts[0]]


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_module_imports_at_its_top(file: Path) -> None:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = [node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)]
            assert not inside, f"line {inside[0].lineno}"


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_module_opens_with_what_is_in_it(file: Path) -> None:
    assert ast.get_docstring(ast.parse((ROOT / file).read_text("utf-8")))


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_file_is_named_for_its_idea(file: Path) -> None:
    assert not {*file.with_suffix("").parts} & NAMES_THAT_SAY_NOTHING
