"""A study's search space: from YAML to cells, to the parameters searched in each cell, to a TrialConfig.

Nothing here knows Ray or Optuna.
"""

import contextlib
import copy
import hashlib
import itertools
import json
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from landscape.config.choices import ComponentChoice
from landscape.config.compatibility import require_independent_judge
from landscape.config.protocol import Protocol
from landscape.config.trial_config import TrialConfig
from landscape.config.undefined import UndefinedCombinationError
from landscape.core.errors import UserError, unknown
from landscape.core.frozen_model import Frozen, UserErrorAsValueError
from landscape.core.strict_yaml import Document
from landscape.published.findings import Claim
from landscape.space.axes import COMPONENT_AXES, Entry, LocatedError, choice_data, choices, entries_of
from landscape.space.cells import Cell, Skipped, applies
from landscape.space.claimed_levels import unknown_level
from landscape.space.first_settings import first_mistake
from landscape.space.mistakes import explained
from landscape.space.screening import screening_mistake
from landscape.space.search_range import Parameter, components, set_field
from landscape.space.settings import NEWER, Confirmation, EarlyStopping, First, Limits, Screening, SearcherChoice, Trials, total_or_per_cell
from landscape.space.stopping import stopping_mistake, without_rungs

MODEL_BASED = ("optuna-tpe", "optuna-gp", "optuna-gp-front", "gp-ucb")
EXTERNAL_SEARCHES = 3
AXIS_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
"""The names that an axis may have. Reports use them in file names."""
SCORED_AS_SETS = "without an image, text or speech as condition"
NOT_IDENTITY = ("note", "trials", "confirmation", "limits", "claims")
"""Fields that may change when a study is continued, because they do not affect the trials that were already run."""


def _named_protocol(value: object) -> object:
    if not isinstance(value, str):
        return value
    from landscape.config import protocols

    try:
        return protocols.get(value)
    except UserError as error:
        raise UserErrorAsValueError(error) from None


def _question(config: TrialConfig) -> str:
    from landscape.config.network_layout import task_of

    return task_of(config.task).question


class Space(Frozen):
    """A study: the models that are compared, what is searched in each, which searcher proposes, and how models are scored."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    note: str = ""
    dataset: ComponentChoice
    protocol: Annotated[Protocol, BeforeValidator(_named_protocol)]
    base: dict[str, Any] = Field(default_factory=dict)
    """Fields of the TrialConfig that all cells share."""
    axes: dict[str, tuple[Entry, ...]]
    """The axes that are crossed.

    An axis of components has the name of its field (`COMPONENT_AXES`). The entries of any other axis have a label and overrides.
    """
    search: dict[str, Parameter] = Field(default_factory=dict)
    first: tuple[First, ...] = ()
    """Settings that are proposed first, in this order. They count as trials of their cells, and the searcher learns from them."""
    searcher: SearcherChoice = SearcherChoice()
    ruleset: Literal["", "external", "self-tuning"] = ""
    """The rules of tuning, after AlgoPerf (Dahl et al. 2023, arXiv:2306.07179).

    With `external` the trials of a cell belong to 3 searches that know nothing of each other, and a level counts by the median over them of
    the best. With `self-tuning` nothing is searched, so that a cell has one setting, and a level counts by the median over the seeds of
    its best cell, which the selection samples choose.
    """
    trials: Annotated[Trials, BeforeValidator(total_or_per_cell)]
    batch: Annotated[int, Field(ge=1)] | None = None
    """The number of proposals that are made at once, from completed batches only: per cell, or over all cells if the scope is `across`."""
    seeds: Annotated[int, Field(ge=1)] = 1
    """The number of models trained for each proposal, with different seeds. The searcher is told their median."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    """The seed of the search. Trial number n trains with `seed + n`."""
    confirmation: Confirmation = Confirmation()
    screening: Screening | None = None
    """Whether the trials of the search are first scored with few samples. Runs of the confirmation always have the whole protocol."""
    early_stopping: EarlyStopping | None = None
    """Whether trials of the search end at rungs on the way where others are better. Runs of the confirmation are never stopped."""
    claims: tuple[Claim, ...] = ()
    """Hypotheses of one's own, in the form of the published findings: `landscape findings` holds them against the records."""
    limits: Limits = Limits()

    @model_validator(mode="before")
    @classmethod
    def _entries(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and isinstance(data.get("axes"), (list, tuple)):
            # `to_data` writes the axes as pairs, which keep their order in every format.
            with contextlib.suppress(TypeError, ValueError):
                data = {**data, "axes": dict(data["axes"])}
        if not isinstance(data, Mapping) or not isinstance(data.get("axes"), Mapping):
            return data
        if not data["axes"]:
            raise LocatedError(("axes",), UserError("axes is empty: name at least the architecture and the loss, one entry each"))
        if wrong := next((axis for axis in data["axes"] if not AXIS_NAME.fullmatch(str(axis))), None):
            raise LocatedError(("axes", str(wrong)), UserError(f"axis {str(wrong)!r}: give a name of letters, digits, '_', '.' and '-'"))
        return {**data, "axes": {axis: entries_of(str(axis), entries) for axis, entries in data["axes"].items()}}

    @model_validator(mode="after")
    def _objectives(self) -> Self:
        if not self.protocol.objective:
            message = "protocol.objective is empty: name the score that the search goes by, for example FD[classifier]"
            raise LocatedError(("protocol",), UserError(message))
        if self.protocol.second_objective and self.protocol.second_objective == self.protocol.objective:
            message = f"protocol.second_objective is the objective itself ({self.protocol.objective}): name another score"
            raise LocatedError(("protocol",), UserError(message))
        if bool(self.protocol.second_objective) != (self.searcher.name == "optuna-gp-front"):
            message = "optuna-gp-front and protocol.second_objective (for example recall[classifier]) belong together: give both or none"
            raise LocatedError(("searcher",), UserError(message))
        return self

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for field in self.base:
            if field in (*self.axes, "dataset", "seed"):
                raise LocatedError(("base", field), UserError(f"base.{field}: is set by the study's own {field}: remove it here"))
            if field not in TrialConfig.model_fields:
                raise LocatedError(("base", field), unknown("field of base", field, set(TrialConfig.model_fields) - set(self.axes)))
        if self.ruleset and bool(self.search) != (self.ruleset == "external"):
            what = "tunes: name what is searched" if self.ruleset == "external" else "has one setting: leave search out"
            raise LocatedError(("ruleset",), UserError(f"ruleset {self.ruleset} {what}, or choose the other ruleset"))
        if self.screening is not None and (mistake := screening_mistake(self.screening, self.protocol)):
            raise LocatedError(("screening",), UserError(mistake))
        if self.early_stopping is not None and (mistake := stopping_mistake(self.early_stopping, self.protocol, self.search)):
            raise LocatedError(("early_stopping",), UserError(mistake))
        if found := unknown_level(self.confirmation.axes, self.claims, self.axes):
            raise LocatedError(*found)
        for name, parameter in self.search.items():
            self._check_parameter(name, parameter)
        return self

    def _check_parameter(self, name: str, parameter: Parameter) -> None:
        if self.searcher.name == "grid" and not parameter.grid():
            message = f"search.{name}: a grid needs to know how many values: add points, or give choices"
            raise LocatedError(("search", name), UserError(message))
        for axis, labels in parameter.when.items():
            if axis not in self.axes:
                raise LocatedError(("search", name, "when"), unknown("axis", axis, self.axes))
            for label in labels:
                if label not in (known := self.labels[axis]):
                    raise LocatedError(("search", name, "when"), unknown(f"entry of axis {axis!r}", label, known))
        named = {c.name for entries in self.axes.values() for e in entries for c in e.use} | {c["name"] for c in components(self._shared())}
        named |= self._overriding()
        for dotted in parameter.targets(name):
            head = dotted.split(".")[0]
            if head not in TrialConfig.model_fields and head not in named:
                error = unknown("thing to search", head, {*named, "d_optimizer", "g_optimizer", "batch_size", "d_steps_per_round"})
                raise LocatedError(("search", name), UserError(f"search.{name}: {error}"))

    def _overriding(self) -> set[str]:
        """Return the names of the components that entries set as overrides of a component's field."""
        given = [(f, value) for entries in self.axes.values() for e in entries for f, value in e.overrides.items() if f in COMPONENT_AXES]
        chosen = [choices(field, value) for field, value in given]
        return {c["name"] for found in chosen for c in (found if isinstance(found, list) else [found])}

    @classmethod
    def parse(cls, data: Mapping[str, Any], *, source: str = "", document: Document | None = None) -> Self:
        """Build a study from plain data.

        Args:
            data: The fields.
            source: Where the data come from, for error messages.
            document: The file that the data were read from. If given, it replaces `source` by file and line.

        Raises:
            UserError: One line with the place in the file, what stands there, and what is valid.
        """
        try:
            return cls.model_validate(dict(data))
        except ValidationError as error:
            where, message = explained(error, cls)
            place = document.place(where) if document else source
            raise UserError(f"{place}: {message}" if place else message) from None

    def with_changes(self, **changes: Any) -> Self:
        """Return a validated copy with some fields changed.

        Raises:
            UserError: The changed study is not valid.
        """
        return type(self).parse({**self.to_json(), **changes})

    def with_steps(self, steps: int) -> Self:
        """Return the same study with another length of training, in the unit of its budget."""
        data = self.to_json()
        data["base"].setdefault("budget", {})["amount"] = steps
        for entries in data["axes"].values():
            for entry in entries:
                entry["overrides"].pop("budget.amount", None)
        return type(self).parse(data)

    @property
    def labels(self) -> dict[str, list[str]]:
        """The labels of the entries, by axis."""
        return {axis: [e.label for e in entries] for axis, entries in self.axes.items()}

    def to_data(self) -> dict[str, Any]:
        """Return plain data that survive a format that does not keep the order of keys.

        The order of the axes decides the order in which cells get their turns.
        """
        data = self.to_json()
        return data | {"axes": [[axis, entries] for axis, entries in data["axes"].items()]}

    def identity(self) -> dict[str, Any]:
        """Return what `digest` is computed from. The path of the data is left out, because it does not say what the data are."""
        data = {k: v for k, v in self.to_data().items() if k not in NOT_IDENTITY}
        data["dataset"]["hyperparameters"].pop("path", None)
        for part, field, default in NEWER:
            holder = data[part] if part else data
            if holder[field] == default:
                del holder[field]
        return data

    def digest(self) -> str:
        """Return the identity of the study, 16 hex digits. It does not depend on the number of trials."""
        text = json.dumps(self.identity(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def searches(self) -> int:
        """The number of searches in each cell that know nothing of each other."""
        return EXTERNAL_SEARCHES if self.ruleset == "external" else 1

    def asks_per_cell(self, cells: int) -> int:
        """Return the number of proposals for each of `cells` cells. Each proposal is trained `seeds` times, and each search has as many.

        Raises:
            UserError: There are fewer trials than cells times seeds times searches.
        """
        total = self.trials.total
        least = cells * self.seeds * self.searches
        if total is not None and total < least:
            each = f", each trained with {self.seeds} seeds" if self.seeds > 1 else ""
            each += f", in {self.searches} searches each" if self.searches > 1 else ""
            message = f"{total} trials do not reach {cells} cells{each}: give at least {least}, or a study with fewer cells"
            raise UserError(message)
        # A total that cannot be divided evenly is rounded up, so that every cell gets the same number.
        trials = self.trials.per_cell or -(-(total or 0) // cells)
        return -(-trials // (self.seeds * self.searches)) * self.searches

    def _shared(self) -> dict[str, Any]:
        data = copy.deepcopy(self.base)
        for field in set(COMPONENT_AXES) & set(data):
            data[field] = choices(field, data[field])
        return data | {"dataset": self.dataset.to_json()}

    def _cell(self, entries: Mapping[str, Entry]) -> "Cell":
        data = self._shared()
        for axis, entry in entries.items():
            used = [choice_data(c) for c in entry.use]
            if axis == "regularizers":
                data[axis] = used
            elif axis in COMPONENT_AXES:
                data[axis] = {k: v for k, v in used[0].items() if k != "every"}
        for entry in entries.values():
            for dotted, value in entry.overrides.items():
                set_field(data, dotted, choices(dotted, value) if dotted in COMPONENT_AXES else copy.deepcopy(value))
        labels = {axis: entry.label for axis, entry in entries.items()}
        searched = {name: p for name, p in sorted(self.search.items()) if applies(name, p, labels, data)}
        return Cell(labels, searched, data)

    @cached_property
    def _crossed(self) -> tuple[tuple["Cell", ...], tuple["Skipped", ...]]:
        cells, skipped = [], []
        models: dict[tuple[str, tuple[str, ...]], str] = {}
        asked: dict[str, str] = {}
        for combination in itertools.product(*self.axes.values()):
            cell = self._cell(dict(zip(self.axes, combination, strict=True)))
            try:
                config = cell.config({}, seed=0)
                require_independent_judge(config, self.protocol.extractor)
            except UndefinedCombinationError as error:
                skipped.append(Skipped(cell.labels, str(error)))
                continue
            model = (config.digest(), tuple(cell.parameters))
            if model in models:
                raise UserError(f"space {self.name!r}: cells {models[model]!r} and {cell.id!r} are the same model: remove one entry")
            models[model] = cell.id
            asked[cell.id] = _question(config)
            cells.append(cell)
        if not cells:
            raise UserError(f"space {self.name!r} has no cell that can be trained: {skipped[0].reason}")
        question = asked[cells[0].id]
        if other := next((name for name in asked if asked[name] != question), None):
            raise self._of_two_tasks(f"cell {cells[0].id!r}", question, f"cell {other!r}", asked[other])
        self._check_ends(cells, question)
        if mistake := first_mistake(self.first, cells, self.searcher.name):
            raise UserError(f"space {self.name!r}: {mistake}")
        if self.early_stopping is not None and (mistake := without_rungs(self.early_stopping, cells)):
            raise UserError(f"space {self.name!r}: early_stopping: {mistake}")
        return tuple(cells), tuple(skipped)

    def _of_two_tasks(self, first: str, one: str, second: str, other: str) -> UserError:
        """Return why two models of different tasks are not ranked in one study."""
        tasks = f"{first} ({one or SCORED_AS_SETS}) and {second} ({other or SCORED_AS_SETS}) are of two tasks"
        remedy = "make one study of each and set them side by side by `landscape across`"
        return UserError(f"space {self.name!r}: {tasks}, whose raw scores do not compare: {remedy}")

    def _check_ends(self, cells: list["Cell"], question: str) -> None:
        """Check that every end of a range and every choice makes a valid configuration of the same task, before the sweep begins."""
        for name, parameter in self.search.items():
            cell = next((c for c in cells if name in c.parameters), None)
            if cell is None:
                raise UserError(f"space {self.name!r}: search.{name} applies to no cell: correct `when` or remove it")
            for value in parameter.values or (parameter.at(0.0), parameter.at(1.0)):
                try:
                    asked = _question(cell.config({name: value}, seed=0))
                except UserError as error:
                    raise UserError(f"space {self.name!r}: search.{name}={value!r}: {error}") from None
                if asked != question:
                    raise self._of_two_tasks(f"cell {cell.id!r}", question, f"search.{name}={value!r}", asked)

    def cells(self) -> tuple["Cell", ...]:
        """Return every combination of entries that can be trained, in a fixed order.

        Raises:
            UserError: Two combinations are the same model, none can be trained, or a search parameter applies nowhere or is not valid.
        """
        return self._crossed[0]

    def skipped(self) -> tuple["Skipped", ...]:
        """Return every other combination, with the reason why it is skipped.

        Raises:
            UserError: As for `cells`.
        """
        return self._crossed[1]
