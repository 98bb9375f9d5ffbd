"""Components by name: register, look up, list; found by globbing a folder, or brought by a plugin.

One component is one file with one public function (or class) of the same name. Its keyword-only arguments with defaults are
its hyperparameters; their annotations give type and range (`Annotated[float, Gt(0)]`). Nothing here needs torch.
"""

import ast
import hashlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import sys
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar, overload

from annotated_types import Ge, Gt, Le, Lt

from landscape.core import old_paths
from landscape.core.errors import UserError, unknown

if typing.TYPE_CHECKING:
    from pydantic import TypeAdapter

Positive = Annotated[float, Gt(0)]
NonNegative = Annotated[float, Ge(0)]
Fraction = Annotated[float, Ge(0), Le(1)]
Share = Annotated[float, Gt(0), Le(1)]
PositiveInt = Annotated[int, Gt(0)]
NonNegativeInt = Annotated[int, Ge(0)]
Seed = Annotated[int, Ge(0), Lt(2**32)]
"""What NumPy's generator takes."""

ENTRY_POINT_GROUP = "landscape.plugins"
Facts = TypeVar("Facts")
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Hyperparameter:
    """One searchable keyword of a component: its default and its annotation (type, range, choices)."""

    name: str
    default: Any
    annotation: Any

    @cached_property
    def _adapter(self) -> "TypeAdapter[object]":
        from pydantic import ConfigDict, TypeAdapter

        return TypeAdapter(self.annotation, config=ConfigDict(strict=False, allow_inf_nan=False, arbitrary_types_allowed=True))

    def check(self, value: object, owner: str) -> object:
        """`value` as the annotated type; UserError if it has another type or lies outside the range."""
        from pydantic import ValidationError

        try:
            return self._adapter.validate_python(value)
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            raise UserError(f"{owner}: {self.name}={value!r} is not valid: {reason} (default {self.default!r})") from None


@dataclass(frozen=True)
class Component(Generic[Facts]):
    """A registered component: what to call, what is known about it, and what identifies its code."""

    kind: str
    name: str
    function: Callable[..., Any]
    facts: Facts
    hyperparameters: Mapping[str, Hyperparameter]
    identity: str
    """`r<revision>` for a built-in component, `plugin:<source hash>` for a user's own."""
    is_plugin: bool = False
    injected: frozenset[str] = frozenset()
    """Which of the keywords that its kind is offered the function names."""

    @property
    def summary(self) -> str:
        """First sentence of the docstring."""
        return (inspect.getdoc(self.function) or "").split("\n\n")[0].replace("\n", " ")

    def call(self, *arguments: Any, hyperparameters: Mapping[str, Any], **offered: Any) -> Any:
        """Call the function with `arguments`, its hyperparameters, and those of the `offered` keywords that it names."""
        return self.function(*arguments, **hyperparameters, **{name: value for name, value in offered.items() if name in self.injected})

    def complete(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Every hyperparameter with its value: `given` checked, defaults filled in. UserError on unknown names or bad values."""
        owner = f"{self.kind} {self.name!r}"
        for name in given:
            if name not in self.hyperparameters:
                raise unknown(f"hyperparameter of {owner}", name, self.hyperparameters)
        return {name: h.check(given.get(name, h.default), owner) for name, h in self.hyperparameters.items()}


_registries: list["Registry[Any]"] = []


@dataclass
class Registry(Generic[Facts]):
    """The components of one axis. `package` is globbed on first use; files whose name begins with `_` are machinery."""

    kind: str
    package: str
    facts_type: Callable[..., Facts]
    injected: frozenset[str] = frozenset()
    """Keyword arguments that the caller supplies (a resolution, a normalization): not hyperparameters."""
    _components: dict[str, Component[Facts]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _registries.append(self)

    @overload
    def register(self, function: F) -> F: ...
    @overload
    def register(self, *, revision: int = 1, **facts: Any) -> Callable[[F], F]: ...
    def register(self, function: Callable[..., Any] | None = None, *, revision: int = 1, **facts: Any) -> Any:
        """Decorator: enter `function` under its own name.

        `revision` counts changes that alter results; `facts` are declared data.
        """
        if function is None:
            return lambda function: self._enter(function, revision, facts)
        return self._enter(function, revision, facts)

    def _enter(self, function: F, revision: int, facts: Mapping[str, Any]) -> F:
        name = function.__name__
        plugin = _plugin_of(function.__module__)
        # Built-in components come first, so that a clash of names is blamed on the plugin, whichever of the two is asked for.
        if name in self._components or (plugin is not None and name in self):
            raise UserError(f"{self.kind} {name!r} is registered twice: rename the one in {inspect.getsourcefile(function)}")
        self._components[name] = Component(
            kind=self.kind,
            name=name,
            function=function,
            facts=self.facts_type(**facts),
            hyperparameters=_hyperparameters(function, self.injected),
            identity=f"plugin:{plugin}" if plugin else f"r{revision}",
            is_plugin=plugin is not None,
            injected=self.injected & inspect.signature(function).parameters.keys(),
        )
        return function

    @cached_property
    def _discovered(self) -> bool:
        package = importlib.import_module(self.package)
        for path in sorted(Path(package.__path__[0]).glob("[!_]*.py")):
            importlib.import_module(f"{self.package}.{path.stem}")
        return True

    def __getitem__(self, name: str) -> Component[Facts]:
        if name not in self._components and self._discovered and name not in self._components:
            raise unknown(self.kind, name, self._components)
        return self._components[name]

    def __contains__(self, name: str) -> bool:
        return name in self._components or (self._discovered and name in self._components)

    def __iter__(self) -> Iterator[str]:
        assert self._discovered
        return iter(sorted(self._components))

    def forget(self, module_name: str) -> None:
        """Drop what a module registered: its import failed half-way."""
        inside = module_name + "."
        self._components = {n: c for n, c in self._components.items() if not f"{c.function.__module__}.".startswith(inside)}

    def names(self) -> list[str]:
        """Every registered name, sorted."""
        return list(self)


def _hyperparameters(function: Callable[..., Any], injected: frozenset[str]) -> dict[str, Hyperparameter]:
    hints = typing.get_type_hints(function.__init__ if inspect.isclass(function) else function, include_extras=True)
    found = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY and name not in injected:
            if parameter.default is parameter.empty:
                raise UserError(f"{function.__module__}.{function.__name__}: keyword {name!r} needs a default to be a hyperparameter")
            found[name] = Hyperparameter(name, parameter.default, hints.get(name, Any))
    return found


_plugin_hash: dict[str, str] = {}
"""Module (or package) name of each plugin -> hash of its source."""


def load_plugin(path: str | Path) -> None:
    """Import a user's own file, whose components register themselves. Runs its code: load only files you trust.

    Raises:
        UserError: the file is missing, does not parse, or raises on import.
    """
    file = Path(path).resolve()
    if not file.is_file():
        raise UserError(f"plugin {path}: no such file; give the path of a Python file")
    try:
        source = file.read_bytes()
        ast.parse(source, filename=str(file))
    except OSError as error:
        raise UserError(f"plugin {path} cannot be read: {error.strerror or error}") from error
    except (SyntaxError, ValueError) as error:
        raise UserError(f"plugin {path} is not valid Python: {error}") from None
    digest = hashlib.sha256(source).hexdigest()[:16]
    module_name = f"landscape_plugin_{file.stem}_{digest}"
    if module_name in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(module_name, file)
    if spec is None or spec.loader is None:
        raise UserError(f"plugin {path} is no Python module by its name: give a file that ends in .py")
    old_paths.honor()
    with _all_or_nothing(module_name, digest, f"plugin {path}", "fix the file or leave it out"):
        sys.modules[module_name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)


def load_installed_plugins() -> None:
    """Import every installed package that declares an entry point in the group `landscape.plugins`.

    Raises:
        UserError: a package raises on import; none of its components stays registered.
    """
    old_paths.honor()
    for entry in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP):
        package = entry.module.partition(".")[0]
        if package in _plugin_hash:
            continue
        with _all_or_nothing(package, _package_hash(package), f"plugin package {entry.value!r}", "fix or uninstall it"):
            entry.load()


def _package_hash(package: str) -> str:
    """16 hex digits over every Python file of an installed package, by relative path."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return "unknown"
    origin = Path(spec.origin)
    files = sorted(origin.parent.rglob("*.py")) if spec.submodule_search_locations else [origin]
    content = hashlib.sha256()
    for file in files:
        content.update(f"{file.relative_to(origin.parent)}\0".encode() + file.read_bytes())
    return content.hexdigest()[:16]


def _plugin_of(module_name: str) -> str | None:
    """Source hash of the plugin that a module is, or is part of; None for a module of our own."""
    parts = module_name.split(".")
    return next((h for n in range(len(parts), 0, -1) if (h := _plugin_hash.get(".".join(parts[:n]))) is not None), None)


@contextmanager
def _all_or_nothing(module_name: str, digest: str, what: str, remedy: str) -> Iterator[None]:
    """Import a plugin's module inside: when it fails, nothing that it registered stays, and the error is one line."""
    _plugin_hash[module_name] = digest
    try:
        yield
    except (Exception, SystemExit) as error:
        for name in [n for n in sys.modules if f"{n}.".startswith(f"{module_name}.")]:
            del sys.modules[name]
        _plugin_hash.pop(module_name, None)
        for registry in _registries:
            registry.forget(module_name)
        if isinstance(error, UserError):
            raise
        raise UserError(f"{what} failed on import: {type(error).__name__}: {error}; {remedy}") from error
