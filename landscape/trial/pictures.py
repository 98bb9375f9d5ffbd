"""Draws the pictures of a model that a report shows, at the end of its trial, so that nothing needs the model later."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from landscape.components.datasets._base import Dataset
from landscape.components.tasks._asked import as_floats
from landscape.components.tasks._images import as_picture
from landscape.config.network_layout import task_of
from landscape.results.png_grids import grid, write_png
from landscape.training.gan import GAN
from landscape.training.sampling import shown_rows

SAMPLES, NEIGHBORS, STEPS, LINES = 64, 8, 8, 4
MOST_CLASSES = 16
"""The most rows of the picture `samples` of a class-conditional model, which shows the first classes if there are more."""
ROWS = 8
"""The rows of the picture `samples` of a model that is given images or texts."""
FRAME_IMAGES, FRAME_POINTS = 8, 1000
PROGRESS = "progress.npy"


def texts(gan: GAN) -> tuple[str, ...]:
    """Return the texts of the rows of the picture `samples`, from the top. It is empty for a model that is given no texts or speech."""
    language, known = gan.dataset.language, gan.fixed_conditions
    if known is None or language is None or gan.condition.kind != language.kind:
        return ()
    return tuple(map(language.said, known[:ROWS]))


def frame(gan: GAN) -> Tensor:
    """Return what one picture of the training's progress shows: uint8 images or many points, of the same latent draws every time."""
    if len(gan.dataset.shape) > 1:
        return _levels(gan.sample(gan.fixed_z[:FRAME_IMAGES]))
    return gan.sample(_picture_z(gan, FRAME_POINTS)).cpu()


def draw(gan: GAN, dataset: Dataset, frames: list[Tensor], folder: Path) -> dict[str, str]:
    """Write the pictures of a trained model into `folder`, and return their file names by name.

    `samples` shows samples that were not selected, with one class in each row if the networks are given classes. If they are given images,
    each row has such an image, samples that were made of it, and their target; if they are given texts, samples of one text and the
    real sample to which it belongs. In a two-way game each row has a picture of A, its translation, and what the other generator makes of
    that, and then the same for a picture of B. `nearest` shows generated
    samples above their nearest training samples (Euclidean distance of pixels), `interpolation` straight lines between latent draws, and
    `progress` the same latent draws during training. Points of `progress` are also written to `progress.npy` [frame, point, coordinate],
    for figures of several models.
    """
    if frames and len(dataset.shape) == 1:
        np.save(folder / PROGRESS, torch.stack(frames).numpy())
    pictures = _points(gan, dataset) if len(dataset.shape) == 1 else _images(gan, dataset, frames)
    for name, picture in pictures.items():
        write_png(folder / f"{name}.png", picture)
    return {name: f"{name}.png" for name in pictures}


def _images(gan: GAN, dataset: Dataset, frames: list[Tensor]) -> dict[str, np.ndarray]:
    facts, columns = task_of(gan.config.task).facts, STEPS
    if facts.game == "two_way":
        samples, columns = _both_ways(gan), len(facts.columns)
    else:
        samples = _beside_targets(gan) if facts.is_of_rows else _levels(gan.sample(*_shown(gan)))
    some = samples[:NEIGHBORS] if gan.fixed_conditions is None else _levels(gan.sample(gan.fixed_z[:NEIGHBORS]))
    nearest = nearest_training_samples(some, dataset.split("train").samples)
    pictures = {
        "samples": grid(samples.numpy(), columns=columns),
        "nearest": grid(torch.cat([some, nearest]).numpy(), columns=NEIGHBORS),
        "interpolation": grid(_levels(gan.sample(interpolation(gan.fixed_z, rows=LINES), _of_rows(gan, LINES))).numpy(), columns=STEPS),
    }
    if frames:
        pictures["progress"] = grid(torch.cat(frames).numpy(), columns=len(frames[0]))
    return pictures


def _shown(gan: GAN) -> tuple[Tensor, Tensor | None]:
    """Return the latent draws and the classes of the picture `samples`. With classes, each row has one class and the same latent draws."""
    if not gan.classes:
        return gan.fixed_z[:SAMPLES], None
    rows = min(gan.classes, MOST_CLASSES)
    return gan.fixed_z[:STEPS].repeat(rows, 1), _of_rows(gan, rows)


def _of_rows(gan: GAN, rows: int) -> Tensor | None:
    """Return the conditions of pictures that have one condition in each row, or None if the networks are given none."""
    known = gan.fixed_conditions
    return None if known is None else known[torch.arange(rows).repeat_interleave(STEPS) % len(known)]


def _beside_targets(gan: GAN) -> Tensor:
    """Return rows of pictures [n * STEPS, C, H, W] of one condition each.

    A row has the condition if it is an image, samples under it from latent draws that all rows share, and the target or the real sample.
    """
    assert gan.fixed_conditions is not None
    targets = as_floats(shown_rows(gan.dataset, ROWS).samples)
    conditions, shows = gan.fixed_conditions[: len(targets)], gan.condition.kind == "image"
    draws = dict(task_of(gan.config.task).facts.columns)["samples"]
    made = gan.sample(gan.fixed_z[:draws].repeat(len(targets), 1), conditions.repeat_interleave(draws, 0)).cpu()
    given = [as_picture(conditions, gan.dataset.shape, has_mask=gan.condition.has_mask)[:, None]] if shows else []
    return _levels(torch.cat([*given, made.view(len(targets), draws, *made.shape[1:]), targets[:, None]], 1).flatten(0, 1))


def _both_ways(gan: GAN) -> Tensor:
    """Return rows of pictures [n * 6, C, H, W]: a, G(a), F(G(a)), b, F(b), G(F(b))."""
    assert gan.fixed_conditions is not None
    b = as_floats(shown_rows(gan.dataset, ROWS).samples)
    a = gan.fixed_conditions[: len(b)]
    z = gan.fixed_z[: len(a)]
    parts = []
    for given, back in ((a, False), (b[: len(a)], True)):
        made = gan.sample(z, given, back=back).cpu()
        parts += [given, made, gan.sample(z, made, back=not back).cpu()]
    return _levels(torch.stack(parts, 1).flatten(0, 1))


def interpolation(z: Tensor, rows: int) -> Tensor:
    """Return straight lines from z[2i] to z[2i + 1], [rows * STEPS, latent]. They are not spherical, because the latent may be uniform."""
    t = torch.linspace(0, 1, STEPS, device=z.device)[None, :, None]
    return (z[0 : 2 * rows : 2, None] * (1 - t) + z[1 : 2 * rows : 2, None] * t).flatten(0, 1)


def nearest_training_samples(samples: Tensor, training: Tensor, chunk: int = 8192) -> Tensor:
    """Return for each of `samples` [n, C, H, W] the nearest of `training` [N, C, H, W] in Euclidean distance, all of them uint8."""
    best = torch.full((len(samples),), float("inf"))
    index = torch.zeros(len(samples), dtype=torch.long)
    for start in range(0, len(training), chunk):
        part = training[start : start + chunk].flatten(1).float()
        distance, where = torch.cdist(samples.flatten(1).float(), part).min(1)
        closer = distance < best
        best[closer], index[closer] = distance[closer], where[closer] + start
    return training[index]


def _points(gan: GAN, dataset: Dataset) -> dict[str, np.ndarray]:
    """Draw the first two coordinates of generated points over those of real points, or histograms if there is one coordinate."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    real = dataset.split("train").samples[:2000]
    fake = gan.sample(_picture_z(gan, 2000)).cpu()
    figure, axes = plt.subplots(figsize=(4, 4), dpi=100)
    if real.shape[1] == 1:
        axes.hist([real[:, 0].numpy(), fake[:, 0].numpy()], bins=80, density=True, histtype="step", label=["real", "generated"])
    else:
        axes.scatter(real[:, 0], real[:, 1], s=2, label="real", color="#999999")
        axes.scatter(fake[:, 0], fake[:, 1], s=2, label="generated", color="#0072B2")
    axes.legend(loc="upper right", fontsize=7)
    figure.canvas.draw()
    picture = np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()  # type: ignore[attr-defined]
    plt.close(figure)
    return {"samples": picture}


def _picture_z(gan: GAN, n: int) -> Tensor:
    return gan.draw_z(n, torch.Generator().manual_seed(gan.config.seed + 2))


def _levels(samples: Tensor) -> Tensor:
    return (samples * 255).round().clamp(0, 255).byte().cpu()
