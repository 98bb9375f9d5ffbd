"""Imports point down, without cycles; heavy packages stay where they belong. Read from the source, so that lazy imports count too."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "landscape"
LAYERS = {
    0: {"registry", "record", "errors", "gradients", "precision", "strict_yaml", "images", "processors", "frozen", "shorthand", "ramps"},
    1: {
        *("losses", "regularizers", "normalizations", "architectures", "datasets", "features", "metrics", "published"),
        *("results", "_results_files", "_results_index", "pruning", "analysis"),
    },
    2: {"config", "combinations", "averaging", "layouts", "optimizers", "checkpoint", "environment", "report"},
    3: {
        *("axes", "parameters", "space", "protocols", "evaluation"),
        *("building", "games", "data_stream", "stepper", "execution", "trained", "curves", "update", "replays", "gan"),
    },
    4: {"trial", "pacing", "rescoring", "selecting", "pictures", "diagnosis"},
    5: {"sweep", "reproductions", "api", "catalog", "doctor"},
    6: {"cli", "__main__"},
}
LAYER_OF = {name: layer for layer, names in LAYERS.items() for name in names}
MODULES = {".".join(p.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): p for p in PACKAGE.rglob("*.py")}


def imports_of(path: Path, *, top_level: bool = False) -> set[str]:
    """Modules that a file imports; those under `if TYPE_CHECKING` are for the type checker alone."""
    found = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and top_level:
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{a.name}" for a in node.names if f"{node.module}.{a.name}" in MODULES)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return found


def part(module: str) -> str:
    """`landscape.losses.hinge` -> `losses`."""
    return module.split(".")[1] if "." in module else ""


def test_every_module_has_a_layer():
    parts = {part(m) for m in MODULES} - {""}
    assert parts - set(LAYER_OF) == set()


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_point_down(module):
    if module == "landscape":
        pytest.skip("the root only forwards to landscape.api on first use")
    own = LAYER_OF[part(module)]
    ours = {m for m in imports_of(MODULES[module]) if m.startswith("landscape.")}
    upward = {m for m in ours if LAYER_OF[part(m)] > own}
    assert not upward, f"{module} (layer {own}) imports from above"


def test_the_package_root_is_imported_for_its_version_alone():
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "landscape":
                names = {a.name for a in node.names if f"landscape.{a.name}" not in MODULES}
                assert names <= {"__version__"}, f"{module} imports {names} from the package root"


def test_no_cycles():
    graph = {m: {i for i in imports_of(p, top_level=True) if i in MODULES and i != m} for m, p in MODULES.items()}
    # A submodule's import runs its package's __init__ first; that edge is Python's, and no cycle of ours.
    graph = {m: {i for i in ims if not m.startswith(i + ".")} for m, ims in graph.items()}
    done: set[str] = set()

    def walk(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, f"cycle: {' -> '.join((*path[path.index(module) :], module))}"
        if module not in done:
            for other in sorted(graph[module]):
                walk(other, (*path, module))
            done.add(module)

    for module in sorted(graph):
        walk(module, ())


def offenders(packages: set[str], allowed: set[str]) -> set[str]:
    """Modules outside `allowed` that import one of `packages`, at the top or inside a function."""
    found = {m: {i.split(".")[0] for i in imports_of(p)} & packages for m, p in MODULES.items()}
    return {m for m, hits in found.items() if hits and part(m) not in allowed}


def test_only_the_sweep_imports_ray_or_optuna():
    assert offenders({"ray", "optuna"}, {"sweep"}) == set()


def test_lightning_has_one_name():
    assert offenders({"lightning"}, set()) == set()


def test_analysis_and_report_never_import_torch():
    assert not {m for m in offenders({"torch", "ray", "torchvision"}, set()) if part(m) in ("analysis", "report", "published", "record")}


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import landscape", {"torch", "ray", "numpy", "pandas", "pydantic"}),
        ("import landscape.report", {"torch", "ray", "optuna"}),
        ("import landscape.report.build", {"torch", "ray", "optuna"}),
        ("import landscape.cli", {"torch", "ray", "optuna", "numpy", "pandas", "pydantic", "matplotlib", "rich"}),
        ("import landscape.trial", {"ray", "optuna", "lmdb", "pandas"}),
        ("import landscape.space", {"torch", "ray", "optuna"}),
    ],
)
def test_what_an_import_loads(statement, absent):
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert absent & set(run.stdout.split()) == set()
