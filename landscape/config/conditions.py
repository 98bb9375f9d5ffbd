"""What a task's condition asks of the other components of a configuration, and of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from landscape.config.undefined import UndefinedCombinationError
from landscape.core.errors import UserError

if TYPE_CHECKING:
    from landscape.components.datasets._base import Dataset
    from landscape.config.choices import Choice
    from landscape.config.network_layout import Texts
    from landscape.config.trial_fields import TrialFields


def with_condition(architecture: Choice, task: Choice, loss: Choice) -> Choice:
    """Return a completed architecture with the hyperparameters by which it takes the condition of the task.

    Without a condition they are left out, because they have no meaning then. Where the user left the choice, D takes the class by
    `projection` if the loss reads a logit, and by `concat` otherwise.

    Raises:
        UndefinedCombinationError: Such a hyperparameter was given for a task without a condition.
    """
    from landscape.components.architectures._base import ARCHITECTURES
    from landscape.components.architectures._conditioning import HYPERPARAMETERS
    from landscape.components.losses._base import LOSSES
    from landscape.components.tasks._base import TASKS

    component, given = ARCHITECTURES[architecture.name], dict(architecture.hyperparameters)
    added = [name for name in HYPERPARAMETERS if name in given and "condition" in component.injected]
    if TASKS[task.name].facts.condition == "none":
        for name in added:
            if given.pop(name) != component.hyperparameters[name].default:
                raise UndefinedCombinationError(
                    f"{name} of architecture {component.name!r} says how it takes a class, task {task.name!r} has none"
                )
    elif "d_condition" in added and given["d_condition"] is None:
        has_logit = LOSSES[loss.name].facts.inputs == "logits"
        given["d_condition"] = "projection" if has_logit else "concat"
    return architecture.model_copy(update={"hyperparameters": given})


def require_condition_taken(config: TrialFields) -> None:
    """Check that every component that the condition reaches has a place for it, and that none waits for a condition that does not come.

    Raises:
        UndefinedCombinationError: A component would ignore the condition, would contradict it, or needs one.
    """
    from landscape.components.tasks._base import TASKS

    kind = TASKS[config.task.name].facts.condition
    _norms(config, kind)
    _taken(config, kind)
    _terms(config)
    if kind == "none":
        _class_terms(config, "")
        return
    _networks(config, kind)
    _data(config)
    _class_terms(config, config.architecture.hyperparameters.get("d_condition", ""))


def _norms(config: TrialFields, kind: str) -> None:
    from landscape.components.normalizations._base import NORMALIZATIONS

    for choice in (config.d_normalization, config.g_normalization):
        wanted = "none" if choice is None else NORMALIZATIONS[choice.name].facts.condition
        if choice is not None and wanted not in ("none", kind):
            raise UndefinedCombinationError(
                f"normalization {choice.name!r} reads the {wanted}, task {config.task.name!r} has none: choose 'batch'"
            )


def _taken(config: TrialFields, kind: str) -> None:
    from landscape.components.architectures._base import ARCHITECTURES
    from landscape.components.tasks._base import TASKS

    name = config.architecture.name
    taken: frozenset[str] = ARCHITECTURES[name].facts.conditions
    if kind in taken:
        return
    if kind == "none":
        (kind_taken,) = taken
        tasks = ", ".join(task for task in TASKS if TASKS[task].facts.condition == kind_taken)
        wanted = {"image": "an image", "speech": "speech"}.get(kind_taken, f"a {kind_taken}")
        raise UndefinedCombinationError(
            f"architecture {name!r} takes {wanted}, which task {config.task.name!r} does not give: choose one of {tasks}"
        )
    takers = ", ".join(other for other in ARCHITECTURES if kind in ARCHITECTURES[other].facts.conditions)
    raise UndefinedCombinationError(f"architecture {name!r} has no place for the {kind} of task {config.task.name!r}; these have: {takers}")


def _networks(config: TrialFields, kind: str) -> None:
    from landscape.components.architectures._base import ARCHITECTURES
    from landscape.components.losses._base import LOSSES

    architecture = ARCHITECTURES[config.architecture.name]
    task, inputs = config.task.name, LOSSES[config.loss.name].facts.inputs
    if "condition" not in architecture.injected:
        raise UndefinedCombinationError(
            f"architecture {architecture.name!r} declares that it takes the {kind}, but its function has no keyword `condition`, "
            f"so that its networks would ignore the {kind}: decorate it with `takes_class`, or accept `condition`"
        )
    if inputs == "samples":
        raise UndefinedCombinationError(
            f"loss {config.loss.name!r} compares sets of samples without their conditions, which task {task!r} could not learn from it"
        )
    method = config.architecture.hyperparameters.get("d_condition")
    if inputs != "logits" and method not in (None, "concat"):
        gives = "makes an encoder of D" if inputs == "autoencoding" else "reads an energy of D"
        raise UndefinedCombinationError(
            f"loss {config.loss.name!r} {gives}, which has no logit for d_condition={method}: choose d_condition=concat"
        )


def _data(config: TrialFields) -> None:
    from landscape.components.datasets._base import DATASETS
    from landscape.components.tasks._base import TASKS

    task, data = TASKS[config.task.name].facts, DATASETS[config.dataset.name].facts
    if "labels" in task.reads and not data.labeled:
        raise UndefinedCombinationError(without_classes(config.task.name, config.dataset.name))
    if task.condition == "image" and data.samples == "points":
        raise UndefinedCombinationError(f"task {config.task.name!r} reads images, data set {config.dataset.name!r} holds points")
    if "tokens" in task.reads and not {"text": data.has_texts, "speech": data.has_speech}.get(task.condition, True):
        raise UndefinedCombinationError(_without_texts(config.task.name, config.dataset.name))
    if task.condition in _SIDES and config.horizontal_flip:
        raise UndefinedCombinationError(f"horizontal_flip would exchange {_sides(config)}")


_SIDES = {"text": "the sides that a text of task {!r} may name", "speech": "the beginning and the end of what is said in task {!r}"}
"""What the sides of a sample are that must not be exchanged, for the kinds of condition that say something about them."""


def _sides(config: TrialFields) -> str:
    from landscape.components.tasks._base import TASKS

    return _SIDES[TASKS[config.task.name].facts.condition].format(config.task.name)


def _terms(config: TrialFields) -> None:
    """Check that terms that read a target have one, and that nothing moves a sample away from the image that D sees beside it."""
    from landscape.components.regularizers._base import REGULARIZERS, holds
    from landscape.components.tasks._base import TASKS

    task = TASKS[config.task.name].facts
    for r in config.regularizers:
        facts = REGULARIZERS[r.name].facts
        if holds(facts.needs_target, r.hyperparameters) and not task.has_target:
            with_one = ", ".join(name for name in TASKS if TASKS[name].facts.has_target)
            raise UndefinedCombinationError(
                f"regularizer {r.name!r} compares a sample with its target, task {config.task.name!r} has none: choose one of {with_one}"
            )
        if facts.needs_wrong and not task.shows_condition:
            with_some = ", ".join(name for name in TASKS if TASKS[name].facts.shows_condition)
            raise UndefinedCombinationError(
                f"regularizer {r.name!r} shows D wrong conditions, task {config.task.name!r} shows it none: choose one of {with_some}"
            )
        if facts.needs_wrong and config.architecture.hyperparameters.get("d_condition") == "auxiliary_classifier":
            raise UndefinedCombinationError(
                f"regularizer {r.name!r} compares D's logits under two classes, and with d_condition=auxiliary_classifier the logit reads "
                "none: choose d_condition=projection or concat"
            )
        if holds(facts.moves_pixels, r.hyperparameters) and task.d_sees == "pair":
            raise UndefinedCombinationError(
                f"regularizer {r.name!r} moves or hides parts of the sample alone, beside which D sees an image or phones of the same "
                f"place under task {config.task.name!r}"
            )
        if holds(facts.mirrors, r.hyperparameters) and task.condition in _SIDES:
            remedy = "set flip=false" if "flip" in r.hyperparameters else "leave out the changes that mirror or turn"
            raise UndefinedCombinationError(f"regularizer {r.name!r} would exchange {_sides(config)}: {remedy}")


def _class_terms(config: TrialFields, method: str) -> None:
    """Check that D's second head and the term that trains it come together."""
    from landscape.components.regularizers._base import REGULARIZERS

    reads = [r.name for r in config.regularizers if REGULARIZERS[r.name].facts.needs_class_logits]
    if reads and method != "auxiliary_classifier":
        raise UndefinedCombinationError(
            f"regularizer {reads[0]!r} reads the classes that D names: choose task class_conditional and d_condition=auxiliary_classifier"
        )
    if method == "auxiliary_classifier" and not reads:
        raise UndefinedCombinationError(
            "d_condition=auxiliary_classifier gives D a head that nothing trains: add regularizer auxiliary_classifier"
        )


def require_inputs(task: Choice, dataset: Dataset) -> None:
    """Check that every row of a data set has the picture that the task makes the sample of.

    Raises:
        UserError: A split has none.
    """
    from landscape.config.network_layout import task_of

    bound = task_of(task)
    if "inputs" in bound.reads and any(split.inputs is None for split in dataset.splits.values()):
        asked, remedy = "", "choose data set 'pairs'"
        if given := bound.facts.given:
            asked, remedy = f" with {given}=True", f"leave {given} out, or choose data with small pictures, such as div2k:lr=bicubic/X4"
        shown = dataset.name.replace("_", "-")
        raise UserError(f"task {task.name!r}{asked} needs two pictures a row, data set {shown!r} has one: {remedy}")


def require_wrong(config: TrialFields, classes: int) -> None:
    """Check that data of one class are not trained with a term that shows D wrong classes.

    Raises:
        UserError: They are.
    """
    from landscape.components.regularizers._base import REGULARIZERS

    wanting = [r.name for r in config.regularizers if REGULARIZERS[r.name].facts.needs_wrong]
    if wanting and classes == 1:
        raise UserError(f"regularizer {wanting[0]!r} shows D wrong classes, data set {config.dataset.name!r} has one class: leave it out")


def without_classes(task: str, dataset: str) -> str:
    """Return why a task that needs classes cannot be run on a data set without them."""
    name = dataset.replace("_", "-")
    return (
        f"task {task!r} needs the class of each sample, data set {name!r} has none: choose labeled data (a folder: one sub-folder a class)"
    )


def _without_texts(task: str, dataset: str) -> str:
    """Return why a task that needs texts or speech cannot be run on a data set without them."""
    from landscape.components.datasets._base import DATASETS
    from landscape.components.tasks._base import TASKS

    is_speech = TASKS[task].facts.condition == "speech"
    facts = {name.replace("_", "-"): DATASETS[name].facts for name in DATASETS}
    known = ", ".join(name for name, of in facts.items() if (of.has_speech if is_speech else of.has_texts))
    what = "speech with the phone of each frame" if is_speech else "a text for each sample"
    return f"task {task!r} needs {what}, data set {dataset.replace('_', '-')!r} has none: choose one of {known}"


def texts_of(task: Choice, dataset: Dataset) -> Texts:
    """Return the sizes of the texts or of the speech that the networks are given; `ANY_TEXTS` if the task reads none.

    Args:
        task: The task.
        dataset: The data set, loaded.

    Raises:
        UserError: The task needs texts or speech, and a split of the data set has none.
    """
    from landscape.components.tasks._base import TASKS
    from landscape.config.network_layout import ANY_TEXTS, sizes_of

    facts, language = TASKS[task.name].facts, dataset.language
    if "tokens" not in facts.reads:
        return ANY_TEXTS
    if language is None or language.kind != facts.condition or any(split.tokens is None for split in dataset.splits.values()):
        raise UserError(_without_texts(task.name, dataset.name))
    return sizes_of(language)


def classes_of(task: Choice, dataset: Dataset) -> int:
    """Return the number of classes that the networks are given; 0 if the task has no class condition.

    Args:
        task: The task.
        dataset: The data set, loaded.

    Raises:
        UserError: The task needs classes, and a split of the data set has none or has labels out of range, or the data set composes its
            training samples of parts.
    """
    from landscape.components.tasks._base import TASKS

    if "labels" not in TASKS[task.name].facts.reads:
        return 0
    if dataset.classes is None or dataset.split("train").labels is None:
        raise UserError(without_classes(task.name, dataset.name))
    if dataset.split("train").parts is not None:
        raise UserError(
            f"task {task.name!r}: data set {dataset.name!r} composes samples at every step, which have no class: draw them beforehand"
        )
    # Every split is checked before the training, because its samples are scored with the classes of a split that is not trained on.
    for name, split in dataset.splits.items():
        if split.labels is None:
            raise UserError(f"task {task.name!r}: the {name} split of data set {dataset.name!r} has no labels: add them, or leave it out")
        if len(split) and not 0 <= int(split.labels.min()) <= int(split.labels.max()) < dataset.classes:
            raise UserError(
                f"task {task.name!r}: data set {dataset.name!r} has labels outside 0 to {dataset.classes - 1} in its {name} split: "
                "remove those samples"
            )
    return dataset.classes
