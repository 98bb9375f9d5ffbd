"""Defines what a task is, and holds the registry of tasks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from landscape.core.registry import Registry

ConditionKind = Literal["none", "class", "image", "text", "speech"]
"""The kinds of condition that both networks may receive: none, or the class, an image, a text, or phones and a voice for each sample."""
Keeps = Callable[[Tensor, Tensor], Tensor]
"""(samples [N, C, H, W], conditions [N, c, h, w]) -> the samples with what the conditions tell of them."""
Need = Literal["labels", "inputs", "tokens", "other"]
"""What a task may read of a row beside its sample: its class, the picture or the text that belongs to it, or a picture of the second set of
the data, which does not belong to it.
"""


class Rows(NamedTuple):
    """Rows of a split, on the device where the networks are."""

    samples: Tensor
    """[N, ...] float32 as networks see samples: images in [0, 1], points in the range of the data."""
    labels: Tensor | None = None
    """[N] int64, the class of each sample. None unless the task needs it."""
    inputs: Tensor | None = None
    """[N, C, H, W] float32 in [0, 1], the picture that belongs to each sample. None unless the task needs it."""
    tokens: Tensor | None = None
    """[N, L] int64, the text of each sample as numbers of words in the vocabulary, 0 where it has ended, or [N, K, L], its K texts; or its
    voice and the phone of each of its frames. None unless the task needs it.
    """
    other: Tensor | None = None
    """[N, C, H, W] float32 in [0, 1], pictures of the second set of the data, which belong to no sample. None unless needed."""


@dataclass(frozen=True)
class Batch:
    """What one step sees of the data.

    A task makes it of rows. Row i of the condition belongs to row i of `real`, and the generated sample i is made and judged under it too.
    """

    real: Tensor
    """[N, ...], what D compares the generated samples with. Under a task with a target, row i is the target of the generated sample i."""
    condition: Tensor | None = None
    """What both networks receive beside their input: [N] int64 for classes, [N, c, h, w] float32 in [0, 1] for images, [N, L] int64 for
    texts, [N, 1 + frames] int64 for speech (the voice, and the phone of each frame); None for an unconditional task.
    """
    wrong: Tensor | None = None
    """Conditions like `condition`, of which row i does not belong to row i of `real`. A task may make them; if it does not, they are
    conditions of other rows where a term reads them, and None elsewhere.
    """


@dataclass(frozen=True)
class Condition:
    """What is known of a task's condition before the networks are built."""

    kind: ConditionKind = "none"
    classes: int = 0
    """The number of classes; 0 if the condition is no class."""
    size: int = 0
    """The number of values of e(y) with which the helper `takes_class` extends z, or of the vector of the voice behind it; 0 without."""
    shape: tuple[int, ...] = ()
    """The shape of the condition of one sample: (c, h, w) of an image, which may be smaller than the sample, (L,) of a text of at most L
    words, (1 + frames,) of speech; () for other kinds.
    """
    vocabulary: int = 0
    """The number of words that a text may have, with 0 for its end, or of phones; 0 if the condition is neither text nor speech."""
    voices: int = 0
    """The number of voices that may speak; 0 if the condition is no speech."""
    has_mask: bool = False
    """Whether the last channel of the image is a mask, which is 1 where pixels are to be made."""
    keeps: Keeps | None = None
    """What generated samples keep of the image, whatever the generator makes. None if they keep nothing."""
    is_judged: bool = True
    """Whether D is given the condition too. If not, D is called with samples alone."""


UNCONDITIONAL = Condition()
SHOWN_IN_ROW = 8
"""The number of images in a row of a trial's picture `samples`, for tasks whose samples have an image, text or speech of their own."""


@dataclass(frozen=True)
class TaskFacts:
    """What must be known about a task before it is called.

    condition: The kind of condition that both networks receive. The architecture must declare that it takes this kind. With `class`, the
        data must have labels; with `image`, the samples must be images; with `text`, the data must have a text for each sample; with
        `speech`, the samples must be mels with the phone of each frame.
    needs: What the task reads of a row beside its sample. A task whose condition is the class always reads `labels`, and one whose
        condition is a text or speech `tokens`.
    has_target: Whether row i of `Batch.real` is the one right answer to row i of the condition, so that terms and scores may compare the
        generated sample i with it.
    d_sees: `pair` if D judges a sample beside an image or phones of the same place, so that a change of place must act on both.
    has_mask: Whether the last channel of the condition is a mask (`Condition.has_mask`).
    keeps: What generated samples keep of the condition, whatever the generator makes (`Condition.keeps`). None if they keep nothing.
    keeps_if: The name of the hyperparameter that says whether they do, or "" if they always do.
    baseline: (condition [N, c, h, w], shape (C, H, W), the task's hyperparameters as keywords) -> samples [N, C, H, W] in [0, 1] that need
        no learning. Its name is that of the baseline in tables.
    baseline_is_mean: Whether the baseline is the mean of the training samples, for a task from whose condition none can be made.
    played: (samples uint8 [N, C, H, W]) -> these samples as they are after they were played, so that scores may tell what playing alone
        costs. None if samples are not played.
    measured: (samples [N, C, H, W], the task's hyperparameters as keywords) -> what the condition would show of these samples, not yet
        rounded to levels. None if the condition does not follow from the sample.
    border: The name of the hyperparameter that gives the number of pixels which scores cut off at each side, or "".
    asked_by: (pictures [N, c, h, w] in [0, 1], the task's hyperparameters as keywords) -> the condition for pictures of a user's own. None
        if such a picture is the condition itself.
    protocols: The names of the protocols that score a model of this task if none is named: for data with a classifier of their own, and
        for photographs or data without classes. Empty for the protocols of unconditional models.
    game: `single` if D judges samples. `joint` if it judges pairs of a sample and a latent vector, and an encoder plays beside G. `two_way`
        if two generators translate between two sets of pictures, and a D for each set judges pictures alone.
    given: The name of the hyperparameter that says whether the condition is the picture that belongs to the sample (`Rows.inputs`), which
        the task then reads, or "".
    pool: The name of the hyperparameter that gives the number of earlier generated pictures that D is also shown, or "".
    paper: The source.
    """

    condition: ConditionKind = "none"
    needs: frozenset[Need] = frozenset()
    has_target: bool = False
    d_sees: Literal["sample", "pair"] = "sample"
    has_mask: bool = False
    keeps: Keeps | None = None
    keeps_if: str = ""
    baseline: Callable[..., Tensor] | None = None
    baseline_is_mean: bool = False
    played: Callable[[Tensor], Tensor] | None = None
    measured: Callable[..., Tensor] | None = None
    border: str = ""
    asked_by: Callable[..., Tensor] | None = None
    protocols: tuple[str, ...] = ()
    game: Literal["single", "joint", "two_way"] = "single"
    given: str = ""
    pool: str = ""
    paper: str = ""

    @property
    def reads(self) -> frozenset[Need]:
        """What the task reads of a row beside its sample, whatever its hyperparameters are."""
        tokens: frozenset[Need] = frozenset({"tokens"})
        own: Mapping[str, frozenset[Need]] = {"class": frozenset({"labels"}), "text": tokens, "speech": tokens}
        return self.needs | own.get(self.condition, frozenset())

    @property
    def shows_condition(self) -> bool:
        """Whether D is given a condition beside a sample, so that it may also be given one that does not belong to it."""
        return self.condition != "none" and self.game == "single"

    @property
    def is_of_rows(self) -> bool:
        """Whether the condition is an image, a text or speech, of which every sample has its own."""
        return self.condition in ("image", "text", "speech")

    @property
    def columns(self) -> tuple[tuple[str, int], ...]:
        """The headings of the columns of a trial's picture `samples`, from the left, and the number of images below each.

        It is () for tasks whose samples have no image, text or speech of their own: these have no columns of different meaning.
        """
        if self.game == "two_way":
            return tuple((heading, 1) for heading in ("a", "G(a)", "F(G(a))", "b", "F(b)", "G(F(b))"))
        match self.condition:
            case "image":
                return ("given", 1), ("samples", SHOWN_IN_ROW - 2), ("target" if self.has_target else "real", 1)
            case "text" | "speech":
                return ("samples", SHOWN_IN_ROW - 1), ("real" if self.condition == "text" else "recorded", 1)
            case _:
                return ()


TASKS: Registry[TaskFacts] = Registry("task", "landscape.components.tasks", TaskFacts)
"""The registry of tasks. A task is a pure function (rows, *, hyperparameters) -> Batch, and raises a UserError for samples of a shape that
it cannot use. Its random draws come from torch's generator.
"""


@dataclass(frozen=True)
class Task:
    """A task with its hyperparameters bound."""

    name: str = "unconditional"
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def facts(self) -> TaskFacts:
        """What the task declares."""
        return TASKS[self.name].facts

    @property
    def reads(self) -> frozenset[Need]:
        """What the task reads of a row beside its sample."""
        inputs: frozenset[Need] = frozenset({"inputs"})
        is_given = bool(self.facts.given) and bool(self.hyperparameters.get(self.facts.given))
        return self.facts.reads | inputs if is_given else self.facts.reads

    def batch(self, rows: Rows) -> Batch:
        """Return the batch that the task makes of rows."""
        made: Batch = TASKS[self.name].function(rows, **self.hyperparameters)
        return made

    def condition_shape(self, shape: tuple[int, ...], inputs: tuple[int, ...] = ()) -> tuple[int, ...]:
        """Return the shape of the condition of one sample.

        Args:
            shape: The shape of a sample.
            inputs: The shape of the picture that belongs to a sample. If it is not known, a task that needs one gets that of the sample.

        Raises:
            UserError: The task cannot use samples of this shape.
        """
        empty = torch.empty(1, *shape, device="meta")
        known = inputs or (shape if "inputs" in self.facts.reads else ())
        given = torch.empty(1, *known, device="meta") if known and "inputs" in self.reads else None
        condition = self.batch(Rows(empty, inputs=given, other=empty if "other" in self.reads else None)).condition
        assert condition is not None
        return tuple(condition.shape[1:])

    def baseline(self, condition: Tensor, shape: tuple[int, ...]) -> Tensor | None:
        """Return the samples [N, C, H, W] of the task's baseline, or None if it has none."""
        found = self.facts.baseline
        return None if found is None else found(condition, shape, **self.hyperparameters)

    @property
    def question(self) -> str:
        """What scores of two models must have in common to be compared: the task and those of its hyperparameters that make the condition.

        It is empty for all tasks whose samples have no image, text or speech of their own: they are scored as a set against the same split,
        whether a class was asked for or not.
        """
        if not self.facts.is_of_rows:
            return ""
        values = {name: parameter.default for name, parameter in TASKS[self.name].hyperparameters.items()} | dict(self.hyperparameters)
        others = (self.facts.pool, self.facts.keeps_if)
        asked = ", ".join(f"{name}={value}" for name, value in sorted(values.items()) if name not in others)
        return f"{self.name}[{asked}]" if asked else self.name

    @property
    def keeps(self) -> Keeps | None:
        """What generated samples keep of their condition, or None if they keep nothing."""
        keeps = not self.facts.keeps_if or bool(self.hyperparameters.get(self.facts.keeps_if))
        return self.facts.keeps if keeps else None

    @property
    def border(self) -> int:
        """The number of pixels that scores cut off at each side."""
        return int(self.hyperparameters[self.facts.border]) if self.facts.border else 0

    @property
    def pool(self) -> int:
        """The number of earlier generated pictures that D is also shown."""
        return int(self.hyperparameters[self.facts.pool]) if self.facts.pool else 0


def completed(samples: Tensor, condition: Tensor) -> Tensor:
    """Return samples [N, C, H, W] with the known pixels of a condition [N, C + 1, H, W] whose last channel is a mask."""
    known, mask = condition[:, :-1], condition[:, -1:]
    return torch.where(mask > 0, samples, known.to(samples.dtype))
