"""Defines `landscape sample`, which draws pictures from a trained model."""

from pathlib import Path
from typing import Any

import click

from landscape.cli.options import examples, plugin_option
from landscape.core.errors import UserError


@click.command(
    short_help="Draw samples from a trained model.",
    epilog=examples(
        "landscape sample results/digits/trials/0123456789abcdef --out grid.png",
        "landscape sample TRIAL --n 10000 --out samples.npz",
        "landscape sample TRIAL --n 100 --out pictures/ --seed 1",
        "landscape sample TRIAL --class all --out classes.png",
    ),
)
@click.argument("trial", type=click.Path(path_type=Path))
@click.option("--n", "count", type=click.IntRange(min=1), help="Number of samples.  [default: 64; with --class all, a row of each class]")
@click.option("--class", "wanted", metavar="NUMBER|all", help="The class of the samples, for a class-conditional model.  [default: all]")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="grid.png, an .npz of arrays, or a folder of PNG files.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The same seed gives the same samples.")
@click.option("--columns", type=click.IntRange(min=1), default=8, show_default=True, help="Pictures in a row of the grid.")
@click.option("--batch", type=click.IntRange(min=1), default=64, show_default=True, help="Samples made at once.")
@plugin_option
def sample(
    trial: Path,
    count: int | None,
    wanted: str | None,
    *,
    out: Path,
    seed: int,
    columns: int,
    batch: int,
    plugins: tuple[Path, ...],
) -> None:
    """Draw samples from the generator that a trial left in its folder TRIAL.

    An .npz holds them as `images`, uint8 (N, C, H, W), or as `samples`, float32 points (N, D), and the classes that were asked for as
    `labels`. With --class all the classes have equal shares. In an .npz they take turns, so that the first samples of it have equal shares
    too; in a picture they follow one another, so that each fills a row of the default grid; a folder gets a sub-folder for each.
    """
    from landscape.training.sampling import generate
    from landscape.trial.saved_generator import load_trained

    trained = load_trained(trial)
    known = _known_classes(trial, wanted, trained.known)
    count = count or (columns * len(known) if len(known) > 1 else 64)
    labels = _equal_shares(known, count, in_turn=out.suffix == ".npz")
    samples = generate(trained.generator, trained.draw_seeded(count, seed), labels, batch).numpy()
    if out.suffix == ".npz":
        _write_arrays(out, samples, labels)
    elif samples.ndim != 4:
        raise UserError(f"{trial} makes points, not pictures: write them as arrays with --out samples.npz")
    elif out.suffix == ".png":
        from landscape.results.png_grids import grid, write_png

        write_png(out, grid(samples, columns))
    elif out.suffix:
        raise UserError(f"--out {out}: the ending says what to write: .png, .npz, or none for a folder")
    else:
        _write_folder(out, samples, labels)
    click.echo(f"{count} samples: {out.resolve()}")


def _known_classes(trial: Path, wanted: str | None, classes: list[int]) -> list[int]:
    """The classes to draw, each of which the model makes; none for a model without classes.

    Raises:
        UserError: The model makes no classes, or not this one.
    """
    if not classes:
        if wanted is not None:
            raise UserError(f"--class {wanted}: the model of {trial} was trained without classes: leave --class out")
        return []
    if wanted in (None, "all"):
        return classes
    if not wanted.isdecimal() or int(wanted) not in classes:
        raise UserError(f"--class {wanted}: the model of {trial} makes the classes {', '.join(map(str, classes))}, and all")
    return [int(wanted)]


def _equal_shares(classes: list[int], count: int, *, in_turn: bool) -> Any:
    """Return the labels of the samples, int64 [count], in turn or class after class, or None if there are no classes."""
    import torch

    if not classes:
        return None
    places = torch.arange(count)
    return torch.tensor(classes)[places % len(classes) if in_turn else places * len(classes) // count]


def _write_arrays(out: Path, samples: Any, labels: Any) -> None:
    import io

    import numpy as np

    from landscape.core.files import write_bytes
    from landscape.results.png_grids import as_levels

    buffer = io.BytesIO()
    arrays = {"images": as_levels(samples)} if samples.ndim == 4 else {"samples": samples}
    np.savez_compressed(buffer, **arrays, **({} if labels is None else {"labels": labels.numpy()}))
    write_bytes(out, buffer.getvalue())


def _write_folder(out: Path, samples: Any, labels: Any) -> None:
    from landscape.results.png_grids import as_levels, write_png

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"--out {out} is not an empty folder: name a new one")
    for index, image in enumerate(as_levels(samples)):
        folder = out if labels is None else out / str(int(labels[index]))
        write_png(folder / f"{index:06d}.png", image.transpose(1, 2, 0))
