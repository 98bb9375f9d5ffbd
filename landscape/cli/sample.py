"""`landscape sample`: pictures from a trained model."""

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
    ),
)
@click.argument("trial", type=click.Path(path_type=Path))
@click.option("--n", "count", type=click.IntRange(min=1), default=64, show_default=True, help="Number of samples.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="grid.png, an .npz of arrays, or a folder of PNG files.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The same seed gives the same samples.")
@click.option("--columns", type=click.IntRange(min=1), default=8, show_default=True, help="Pictures in a row of the grid.")
@click.option("--batch", type=click.IntRange(min=1), default=64, show_default=True, help="Samples made at once.")
@plugin_option
def sample(trial: Path, count: int, out: Path, seed: int, columns: int, batch: int, plugins: tuple[Path, ...]) -> None:
    """Draw samples from the generator that a trial left in its folder TRIAL.

    An .npz holds them as `images`, uint8 (N, C, H, W), or as `samples`, float32 points (N, D).
    """
    from landscape.trial.saved_generator import load_trained

    trained = load_trained(trial)
    samples = trained.sampler(count, seed, batch).numpy()
    if out.suffix == ".npz":
        _write_arrays(out, samples)
    elif samples.ndim != 4:
        raise UserError(f"{trial} makes points, not pictures: write them as arrays with --out samples.npz")
    elif out.suffix == ".png":
        from landscape.results.png_grids import grid, write_png

        write_png(out, grid(samples, columns))
    elif out.suffix:
        raise UserError(f"--out {out}: the ending says what to write: .png, .npz, or none for a folder")
    else:
        _write_folder(out, samples)
    click.echo(f"{count} samples: {out.resolve()}")


def _write_arrays(out: Path, samples: Any) -> None:
    import io

    import numpy as np

    from landscape.core.files import write_bytes
    from landscape.results.png_grids import as_levels

    buffer = io.BytesIO()
    if samples.ndim == 4:
        np.savez_compressed(buffer, images=as_levels(samples))
    else:
        np.savez_compressed(buffer, samples=samples)
    write_bytes(out, buffer.getvalue())


def _write_folder(out: Path, samples: Any) -> None:
    from landscape.results.png_grids import as_levels, write_png

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"--out {out} is not an empty folder: name a new one")
    for index, image in enumerate(as_levels(samples)):
        write_png(out / f"{index:06d}.png", image.transpose(1, 2, 0))
