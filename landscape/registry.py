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
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar, overload

from annotated_types import Ge, Gt, Le

from landscape.errors import UserError, unknown

Positive = Annotated[float, Gt(0)]
NonNegative = Annotated[float, Ge(0)]
Fraction = Annotated[float, Ge(0), Le(1)]
PositiveInt = Annotated[int, Gt(0)]
NonNegativeInt = Annotated[int, Ge(0)]

ENTRY_POINT_GROUP = "landscape.plugins"
Facts = TypeVar("Facts")
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Hyperparameter:
    """One searchable keyword of a component: its default and its annotation (type, range, choices)."""

    name: str
    default: Any
    annotation: Any

    def check(self, value: object, owner: str) -> object:
        """`value` as the annotated type; UserError if it has another type or lies outside the range."""
        from pydantic import ConfigDict, TypeAdapter, ValidationError

        try:
            config = ConfigDict(strict=False, allow_inf_nan=False, arbitrary_types_allowed=True)
            return TypeAdapter(self.annotation, config=config).validate_python(value)
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

    @property
    def summary(self) -> str:
        """First sentence of the docstring."""
        return (inspect.getdoc(self.function) or "").split("\n\n")[0].replace("\n", " ")

    def complete(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Every hyperparameter with its value: `given` checked, defaults filled in. UserError on unknown names or bad values."""
        owner = f"{self.kind} {self.name!r}"
        for name in given:
            if name not in self.hyperparameters:
                raise unknown(f"hyperparameter of {owner}", name, self.hyperparameters)
        return {name: h.check(given.get(name, h.default), owner) for name, h in self.hyperparameters.items()}


@dataclass
class Registry(Generic[Facts]):
    """The components of one axis. `package` is globbed on first use; files whose name begins with `_` are machinery."""

    kind: str
    package: str
    facts_type: Callable[..., Facts]
    injected: frozenset[str] = frozenset()
    """Keyword arguments that the caller supplies (a resolution, a normalization): not hyperparameters."""
    _components: dict[str, Component[Facts]] = field(default_factory=dict)

    @overload
    def register(self, function: F) -> F: ...
    @overload
    def register(self, *, revision: int = 1, **facts: Any) -> Callable[[F], F]: ...
    def register(self, function: Callable[..., Any] | None = None, *, revision: int = 1, **facts: Any) -> Any:
        """Decorator: enter `function` under its own name. `revision` counts changes that alter results; `facts` are declared data."""
        if function is None:
            return lambda later: self._enter(later, revision, facts)
        return self._enter(function, revision, facts)

    def _enter(self, function: F, revision: int, facts: Mapping[str, Any]) -> F:
        name = function.__name__
        if name in self._components:
            raise UserError(f"{self.kind} {name!r} is registered twice: rename the one in {inspect.getsourcefile(function)}")
        plugin = _plugin_hash.get(function.__module__)
        self._components[name] = Component(
            kind=self.kind,
            name=name,
            function=function,
            facts=self.facts_type(**facts),
            hyperparameters=_hyperparameters(function, self.injected),
            identity=f"plugin:{plugin}" if plugin else f"r{revision}",
            is_plugin=plugin is not None,
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


def load_plugin(path: str | Path) -> None:
    """Import a user's own file, whose components register themselves. Runs its code: load only files you trust.

    Raises:
        UserError: the file is missing, does not parse, or raises on import.
    """
    file = Path(path).resolve()
    if not file.is_file():
        raise UserError(f"plugin {path}: no such file; give the path of a Python file")
    source = file.read_bytes()
    digest = hashlib.sha256(source).hexdigest()[:16]
    module_name = f"landscape_plugin_{file.stem}_{digest}"
    if module_name in sys.modules:
        return
    try:
        ast.parse(source, filename=str(file))
    except (SyntaxError, ValueError) as error:
        raise UserError(f"plugin {path} is not valid Python: {error}") from None
    spec = importlib.util.spec_from_file_location(module_name, file)
    assert spec is not None
    assert spec.loader is not None
    _plugin_hash[module_name] = digest
    sys.modules[module_name] = module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except UserError:
        del sys.modules[module_name]
        raise
    except Exception as error:
        del sys.modules[module_name]
        raise UserError(f"plugin {path} failed on import: {type(error).__name__}: {error}; fix the file or leave it out") from error


def load_installed_plugins() -> None:
    """Import every installed package that declares an entry point in the group `landscape.plugins`."""
    for entry in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP):
        spec = importlib.util.find_spec(entry.module)
        if spec is not None and spec.origin is not None:
            _plugin_hash[entry.module] = hashlib.sha256(Path(spec.origin).read_bytes()).hexdigest()[:16]
        try:
            entry.load()
        except UserError:
            raise
        except Exception as error:
            message = f"plugin package {entry.value!r} failed on import: {type(error).__name__}: {error}; fix or uninstall it"
            raise UserError(message) from error
