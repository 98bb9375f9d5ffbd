"""Files, functions and argument lists stay small enough to be read at once."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "landscape"
MOST_LINES_OF_A_FILE = 350
MOST_LINES_OF_A_FUNCTION = 60
MOST_ARGUMENTS = 8

FILES = sorted(PACKAGE.rglob("*.py"))


def _functions(file: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _is_component(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether the function is registered, so that its keyword-only arguments are the hyperparameters of a component."""
    calls = (decorator for decorator in function.decorator_list if isinstance(decorator, ast.Call))
    return any(isinstance(call.func, ast.Attribute) and call.func.attr == "register" for call in calls)


def _arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    given = [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]
    given = given[1:] if given[:1] in (["self"], ["cls"]) else given
    return len(given) + (0 if _is_component(function) else len(function.args.kwonlyargs))


def test_there_are_files_to_measure():
    assert len(FILES) > 200


def test_files_are_short():
    long = {str(file.relative_to(PACKAGE)): lines for file in FILES if (lines := len(file.read_text().splitlines())) > MOST_LINES_OF_A_FILE}
    assert not long


def test_functions_are_short():
    lengths = {f"{file.relative_to(PACKAGE)}:{f.name}": f.end_lineno - f.lineno + 1 for file in FILES for f in _functions(file)}
    assert not {name: lines for name, lines in lengths.items() if lines > MOST_LINES_OF_A_FUNCTION}


def test_functions_take_few_arguments():
    counts = {f"{file.relative_to(PACKAGE)}:{f.name}": _arguments(f) for file in FILES for f in _functions(file)}
    assert not {name: count for name, count in counts.items() if count > MOST_ARGUMENTS}


@pytest.mark.parametrize(
    ("source", "arguments"),
    [
        ("def f(self, a, /, b, *, c): ...", 3),
        ("@LOSSES.register(paper='x')\ndef f(real, fake, *, margin=1.0): ...", 2),
        ("@click.option('--a')\ndef f(a, *, b): ...", 2),
    ],
)
def test_how_arguments_are_counted(source, arguments):
    assert _arguments(ast.parse(source).body[0]) == arguments
