"""Pictures, texts or speech that a trained generator is asked to make samples of: a user's own, or those of a split of its data."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from landscape.components.datasets._speech import Speech
from landscape.components.tasks._asked import as_floats, conditions
from landscape.core.errors import UserError
from landscape.trial.saved_generator import Trained, shown


@dataclass(frozen=True)
class Asked:
    """What the generator is given, one row a picture or a text."""

    conditions: Tensor
    """Pictures [n, c, h, w] float32 in [0, 1], or texts [n, L] int64."""
    targets: Tensor | None = None
    """The right answers [n, C, H, W] float32 in [0, 1], or the real samples to which the texts belong, if they are known."""
    notes: tuple[str, ...] = ()
    """What was converted in pictures, such as a transparent ground that was laid on white."""


def of_files(path: Path, model: Trained, seed: int, most: int | None) -> Asked:
    """Return the conditions of a picture, or of the pictures of a folder in the order of their names.

    Args:
        path: The file or the folder.
        model: The generator.
        seed: The seed of what the task draws (random holes).
        most: The number of pictures of a folder to take at most. None takes all.

    Raises:
        UserError: There is no picture, one cannot be read, or one has another size or other colors than the generator is given.
    """
    from landscape.components.datasets._preparing.collection import is_picture
    from landscape.components.datasets._preparing.pictures import MAX_PICTURE_BYTES, as_array, decode
    from landscape.components.datasets._readers.files import read_bytes, walk

    if path.is_dir():
        files = [file for file in walk(path).files if is_picture(file.name)][:most] if any(path.glob("*")) else []
    else:
        files = [path]
    if not files:
        raise UserError(f"--input {path} holds no pictures: give a picture or a folder with some")
    asked_by, made, notes = model.task.facts.asked_by, [], []
    for number, file in enumerate(files):
        image, said = decode(read_bytes(file, MAX_PICTURE_BYTES), str(file))
        notes += [f"{file}: {note}" for note in said]
        levels = torch.tensor(as_array(image))
        picture = as_floats(levels)[None]
        wanted = model.condition.shape if asked_by is None else (picture.shape[1], *model.shape[1:])
        fits = picture.shape[1:] == wanted
        if fits and asked_by is not None:
            with torch.random.fork_rng(devices=[]):
                torch.default_generator.manual_seed(seed + number)
                picture = asked_by(picture, **model.task.hyperparameters)
        if not fits or picture.shape[1:] != model.condition.shape:
            needed = shown(model.condition.shape if asked_by is None else model.shape)
            raise UserError(f"{file} has {shown(tuple(levels.shape))}, the model is given pictures of {needed}: resize or convert it")
        made.append(picture)
    return Asked(torch.cat(made), notes=tuple(notes))


def of_texts(texts: Sequence[str], model: Trained, voice: str | None = None) -> Asked:
    """Return texts as conditions.

    Args:
        texts: The texts.
        model: The generator.
        voice: The voice that speaks them, if the generator makes speech.

    Raises:
        UserError: A text has a word that the generator does not know, too many words, or another form than the texts of its data, or the
            voice is not one of the generator's.
    """
    assert model.language is not None
    return Asked(model.language.tokens(texts, voice) if isinstance(model.language, Speech) else model.language.tokens(texts))


def of_split(name: str, model: Trained, data_dir: Path | None, seed: int, most: int, *, back: bool = False) -> Asked:
    """Return the conditions and the targets of the first rows of a split of the data that the generator was trained on.

    A model that translates between two sets of pictures has no targets. With `back`, its conditions are the samples of the data, and
    otherwise those of the second set.

    Raises:
        UserError: The data are missing, are others than those of the training, or have no such split.
    """
    from landscape.trial.prepared_trial import prepare

    dataset = prepare(model.config, data_dir).dataset
    split = dataset.split(name)
    if model.goes_both_ways:
        given = (split if back else dataset.other[name]).samples[:most]
        return Asked(conditions(model.task, given, None, seed, other=given))
    inputs, tokens = (None if part is None else part[:most] for part in (split.inputs, split.tokens))
    samples = split.samples[:most]
    return Asked(conditions(model.task, samples, inputs, seed, tokens), as_floats(samples))
