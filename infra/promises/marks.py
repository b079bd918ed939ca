"""Which tests prove which promise: the marks `@pytest.mark.promise("P12")`, read from the source without running it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MARK: Final = "pytest.mark.promise"


class UnreadableMark(Exception):
    """A mark whose promises are not written out as strings, so that no reader can tell them."""


@dataclass(frozen=True, order=True)
class Proof:
    """A mark: the promise's number, and the test, class or module that bears it (`path::TestTrash::test_it`)."""

    number: str
    test: str

    @property
    def capability(self) -> str:
        """The folder that the test stands in below `tests`, which is that of the capability."""
        return str(Path(self.test.partition("::")[0]).parent.relative_to("tests"))


def found(root: Path) -> list[Proof]:
    """Return the marks of all tests of a checkout, in order. Raises UnreadableMark."""
    files = sorted((root / "tests").rglob("test_*.py"))
    return sorted({proof for file in files for proof in in_source(file.read_text(), str(file.relative_to(root)))})


def in_source(source: str, path: str) -> Iterator[Proof]:
    """Yield the marks on functions, on classes, and on the module by `pytestmark`."""
    for node, name in _named(ast.parse(source), path):
        for number in _numbers(node, name):
            yield Proof(number, name)


def _named(node: ast.AST, name: str) -> Iterator[tuple[ast.AST, str]]:
    yield node, name
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _named(child, f"{name}::{child.name}")


def _numbers(node: ast.AST, name: str) -> Iterator[str]:
    for mark in _marks(node):
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == _MARK:
            for argument in mark.args:
                if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
                    raise UnreadableMark(f"{name}: {ast.unparse(mark)} wants the numbers themselves")
                yield argument.value


def _marks(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        yield from node.decorator_list
    for statement in node.body if isinstance(node, ast.Module | ast.ClassDef) else ():
        if isinstance(statement, ast.Assign) and "pytestmark" in map(ast.unparse, statement.targets):
            value = statement.value
            yield from value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
