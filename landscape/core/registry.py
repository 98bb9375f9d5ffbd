"""Registers, finds and lists components by name. They are found in a folder or are brought by a plugin.

One component is one file with one public function (or class) of the same name. Its keyword-only arguments with defaults are its
hyperparameters, and their annotations give type and range (`Annotated[float, Gt(0)]`). Nothing here needs torch.
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
MOST_SEEDS = 1000
"""The most trainings of one setting that a command takes. More than that is a slip of the pen, whose plan alone would fill the memory."""
Seeds = Annotated[int, Gt(0), Le(MOST_SEEDS)]
Seed = Annotated[int, Ge(0), Lt(2**32)]
"""The range of seeds that NumPy's generator accepts."""

ENTRY_POINT_GROUP = "landscape.plugins"
Facts = TypeVar("Facts")
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Hyperparameter:
    """One searchable keyword argument of a component: its default and its annotation (type, range, choices)."""

    name: str
    default: Any
    annotation: Any

    @cached_property
    def _adapter(self) -> "TypeAdapter[object]":
        from pydantic import ConfigDict, TypeAdapter

        return TypeAdapter(self.annotation, config=ConfigDict(strict=False, allow_inf_nan=False, arbitrary_types_allowed=True))

    def check(self, value: object, owner: str) -> object:
        """Return `value` converted to the annotated type.

        Args:
            value: The value to check.
            owner: The component, as error messages name it.

        Raises:
            UserError: The value has another type or lies outside the range.
        """
        from pydantic import ValidationError

        try:
            return self._adapter.validate_python(value)
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            raise UserError(f"{owner}: {self.name}={value!r} is not valid: {reason} (default {self.default!r})") from None


@dataclass(frozen=True)
class Component(Generic[Facts]):
    """A registered component: its function, the declared facts about it, and what identifies its code."""

    kind: str
    name: str
    function: Callable[..., Any]
    facts: Facts
    hyperparameters: Mapping[str, Hyperparameter]
    identity: str
    """Identifies the code: `r<revision>` for a built-in component, `plugin:<hash of the source>` for a user's own."""
    is_plugin: bool = False
    injected: frozenset[str] = frozenset()
    """The keywords offered by the caller (see `Registry.injected`) that this function accepts."""

    @property
    def summary(self) -> str:
        """The first paragraph of the docstring, in one line."""
        return (inspect.getdoc(self.function) or "").split("\n\n")[0].replace("\n", " ")

    def call(self, *arguments: Any, hyperparameters: Mapping[str, Any], **offered: Any) -> Any:
        """Call the function with `arguments`, with its hyperparameters, and with those of the `offered` keywords that it accepts."""
        return self.function(*arguments, **hyperparameters, **{name: value for name, value in offered.items() if name in self.injected})

    def complete(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return every hyperparameter with its value: the `given` ones after a check, the others at their defaults.

        Raises:
            UserError: A name is unknown or a value is not valid.
        """
        owner = f"{self.kind} {self.name!r}"
        for name in given:
            if name not in self.hyperparameters:
                raise unknown(f"hyperparameter of {owner}", name, self.hyperparameters)
        return {name: h.check(given.get(name, h.default), owner) for name, h in self.hyperparameters.items()}


_registries: list["Registry[Any]"] = []


@dataclass
class Registry(Generic[Facts]):
    """The components of one axis.

    The modules of `package` are imported on first use. Files whose names begin with `_` hold shared code and are not components.
    """

    kind: str
    package: str
    facts_type: Callable[..., Facts]
    injected: frozenset[str] = frozenset()
    """Keyword arguments that the caller supplies, such as a resolution or a normalization. They are not hyperparameters."""
    _components: dict[str, Component[Facts]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _registries.append(self)

    @overload
    def register(self, function: F) -> F: ...
    @overload
    def register(self, *, revision: int = 1, **facts: Any) -> Callable[[F], F]: ...
    def register(self, function: Callable[..., Any] | None = None, *, revision: int = 1, **facts: Any) -> Any:
        """Register a function under its own name; used as a decorator.

        Args:
            function: The component, where the decorator is used without arguments.
            revision: Counts the changes of this component that alter results.
            facts: Declared data about the component, passed to `facts_type`.

        Raises:
            UserError: The name is already registered, or a keyword-only argument has no default.
        """
        if function is None:
            return lambda function: self._enter(function, revision, facts)
        return self._enter(function, revision, facts)

    def _enter(self, function: F, revision: int, facts: Mapping[str, Any]) -> F:
        name = function.__name__
        plugin = _plugin_of(function.__module__)
        # Look for a built-in component of this name first, so that the plugin is always the one blamed for a clash of names.
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

    def dashed(self, name: str) -> Component[Facts]:
        """The component of that name, where a user may write dashes for underscores, as in `fashion-mnist`.

        Raises:
            UserError: There is none. The message has the name as it was given, and the others in the same spelling.
        """
        registered = name.replace("-", "_")
        if registered in self:
            return self[registered]
        raise unknown(self.kind, name, [other.replace("_", "-") for other in self] if "-" in name else self)

    def __contains__(self, name: str) -> bool:
        return name in self._components or (self._discovered and name in self._components)

    def __iter__(self) -> Iterator[str]:
        assert self._discovered
        return iter(sorted(self._components))

    def forget(self, module_name: str) -> None:
        """Remove everything that a module registered, because importing it failed halfway."""
        inside = module_name + "."
        self._components = {n: c for n, c in self._components.items() if not f"{c.function.__module__}.".startswith(inside)}

    def names(self) -> list[str]:
        """Return every registered name, sorted."""
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
"""Maps the module or package name of each plugin to the hash of its source."""


def load_plugin(path: str | Path) -> None:
    """Import a user's own Python file, whose components register themselves.

    This runs the code in the file: load only files that you trust. A file that is already loaded is not loaded again.

    Raises:
        UserError: The file is missing, is not valid Python, or raises an error when imported.
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


def loaded_plugin_files() -> tuple[str, ...]:
    """Return the files that `load_plugin` has loaded, for a process that is to load them too."""
    found = (getattr(module, "__file__", None) for name, module in sorted(sys.modules.items()) if name.startswith("landscape_plugin_"))
    return tuple(file for file in found if file)


def load_installed_plugins() -> None:
    """Import every installed package that declares an entry point in the group `landscape.plugins`.

    Raises:
        UserError: A package raises an error when imported; none of its components stays registered.
    """
    old_paths.honor()
    for entry in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP):
        package = entry.module.partition(".")[0]
        if package in _plugin_hash:
            continue
        with _all_or_nothing(package, _package_hash(package), f"plugin package {entry.value!r}", "fix or uninstall it"):
            entry.load()


def _package_hash(package: str) -> str:
    """Return 16 hex digits of a hash over every Python file of an installed package, taken in the order of their paths."""
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
    """Return the source hash of the plugin that contains a module, or None for a module of this package."""
    parts = module_name.split(".")
    return next((h for n in range(len(parts), 0, -1) if (h := _plugin_hash.get(".".join(parts[:n]))) is not None), None)


@contextmanager
def _all_or_nothing(module_name: str, digest: str, what: str, remedy: str) -> Iterator[None]:
    """Import a plugin inside this block. If the import fails, nothing that it registered stays, and the error is one line."""
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
