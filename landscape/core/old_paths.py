"""Accepts the import paths of the last version, for plugins that still use them, and warns when one is imported.

This module will be removed in the next version.
"""

import importlib
import importlib.abc
import importlib.machinery
import sys
import warnings
from collections.abc import Sequence
from types import ModuleType

_COMPONENTS = {name: f"landscape.components.{name}" for name in ("architectures", "datasets", "losses", "metrics")}
_COMPONENTS |= {name: f"landscape.components.{name}" for name in ("normalizations", "regularizers")}
MOVED = {f"landscape.{old}": new for old, new in _COMPONENTS.items()} | {
    "landscape.features": "landscape.components.extractors",
    "landscape.registry": "landscape.core.registry",
    "landscape.errors": "landscape.core.errors",
}
"""Maps each path that plugins used to import from to its present path."""


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds a module under its old name and fills it with the names of the module that replaced it."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if _new_name(fullname) is None:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=fullname.count(".") == 1)

    def exec_module(self, module: ModuleType) -> None:
        new = _new_name(module.__name__)
        assert new is not None
        if module.__name__.rpartition(".")[0] != "landscape" or module.__name__ in ("landscape.registry", "landscape.errors"):
            public = new.removesuffix("._base")
            warnings.warn(f"{module.__name__} has moved: import from {public}; the old path goes with the next version", FutureWarning, 2)
        moved = importlib.import_module(new)
        module.__dict__.update({name: value for name, value in vars(moved).items() if not name.startswith("__")})


def _new_name(fullname: str) -> str | None:
    for old, new in MOVED.items():
        if fullname == old or fullname.startswith(old + "."):
            return new + fullname[len(old) :]
    return None


def honor() -> None:
    """Make the old paths importable from now on. Further calls change nothing."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
