"""Defines `landscape sample`, which draws pictures from a trained model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from landscape.cli.options import data_dir_option, examples, plugin_option
from landscape.core.errors import UserError

GRID = "samples.png"
"""The picture that is written where the user names nothing."""


@click.command(
    short_help="Draw samples from a trained model.",
    epilog=examples(
        "landscape sample results/digits/trials/0123456789abcdef --out grid.png",
        "landscape sample TRIAL --n 10000 --out samples.npz",
        "landscape sample TRIAL --n 100 --out pictures/ --seed 1",
        "landscape sample TRIAL --class all",
        "landscape sample TRIAL --from-split test --draws 4 --out rows.png",
        "landscape sample TRIAL --input picture.png --draws 4 --out four/",
        "landscape sample TRIAL --input zebra.png --direction b-to-a --out horse.png",
        "landscape sample TRIAL --text 'red seven, green two, blue one' --draws 4 --out words.png",
        "landscape sample TRIAL --text seven --voice slt --out seven.wav",
    ),
)
@click.argument("trial", type=click.Path(path_type=Path))
@click.option(
    "--n",
    "count",
    type=click.IntRange(min=1),
    help="Number of samples, or of pictures to make samples of.  [default: 64; with --class all, a row of each class; 8 rows of a split]",
)
@click.option("--class", "wanted", metavar="NUMBER|all", help="The class of the samples, for a class-conditional model.  [default: all]")
@click.option("--input", "source", type=click.Path(path_type=Path), help="A picture, or a folder of pictures, to make samples of.")
@click.option("--text", "texts", multiple=True, help="A text to make samples of. It may be given several times.")
@click.option("--voice", help="The voice that speaks the texts, for a model that makes speech.")
@click.option("--from-split", type=click.Choice(["train", "validation", "test"]), help="Make samples of the first rows of a split.")
@click.option("--direction", type=click.Choice(["a-to-b", "b-to-a"]), help="Which way to translate, in a two-way game.  [default: a-to-b]")
@click.option(
    "--draws", type=click.IntRange(min=1), help="Samples of each picture or text.  [default: 4; 1 in a .wav and in a two-way game]"
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help=f"grid.png, an .npz of arrays, a folder of PNG files, or a .wav.  [default: {GRID}, which is not overwritten]",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The same seed gives the same samples.")
@click.option("--columns", type=click.IntRange(min=1), help="Pictures in a row of the grid.  [default: 8]")
@click.option("--batch", type=click.IntRange(min=1), default=64, show_default=True, help="Samples made at once.")
@data_dir_option
@plugin_option
def sample(trial: Path, *, out: Path | None, plugins: tuple[Path, ...], **options: Any) -> None:
    """Draw samples from the generator that a trial left in its folder TRIAL.

    An .npz holds them as `images`, uint8 (N, C, H, W), or as `samples`, float32 points (N, D), and the classes that were asked for as
    `labels`. With --class all the classes have equal shares. In an .npz they take turns, so that the first samples of it have equal shares
    too; in a picture they follow one another, so that each fills a row of the default grid; a folder gets a sub-folder for each.

    A model that makes samples of pictures needs --input or --from-split. A grid then has a row for each picture: the picture, its samples,
    and the target if it is known. In an .npz the samples of a picture follow one another, beside `conditions` and `targets`. A model that
    makes samples of texts needs --text or --from-split; its rows have the samples of a text and, of a split, the real sample. An .npz has
    the texts as `texts`. A model that makes speech needs a --voice too. A .wav holds its samples one behind the other, as sound that
    Griffin-Lim makes of their mels, which lie beside it as a PNG.
    A model that translates between two sets of pictures A and B takes pictures of A, or of B with --direction b-to-a.
    """
    from landscape.trial.saved_generator import load_trained

    if out is None:
        out = Path(GRID)
        if out.exists():
            raise UserError(f"{out.resolve()} exists: name the file or folder to write by --out")
    trained = load_trained(trial)
    _require_fitting(trial, trained.condition.kind, options)
    if options["direction"] is not None and not trained.goes_both_ways:
        raise UserError(f"--direction: the model of {trial} makes samples in one direction: leave --direction out")
    endings = (".png", ".npz", ".wav", "") if trained.condition.kind == "speech" else (".png", ".npz", "")
    if out.suffix not in endings:
        raise UserError(f"--out {out}: the ending says what to write: {', '.join(filter(None, endings))}, or none for a folder")
    count = _of_rows(trained, out, **options) if trained.task.facts.is_of_rows else _of_classes(trial, trained, out, **options)
    click.echo(f"{count} samples: {out.resolve()}")


_SOURCES = {"image": "--input", "text": "--text", "speech": "--text"}
"""The option that gives a model its conditions, for the kinds of condition of which every sample has its own."""


def _require_fitting(trial: Path, kind: str, options: dict[str, Any]) -> None:
    """Check that the options have a meaning for the condition of the model.

    Raises:
        UserError: One has none, or the pictures or texts to make samples of are missing.
    """
    names = {"source": "--input", "texts": "--text", "from_split": "--from-split", "draws": "--draws", "wanted": "--class"}
    names |= {"columns": "--columns", "voice": "--voice"}
    given = [option for name, option in names.items() if options[name] not in (None, ())]
    what = {"image": "samples of pictures", "text": "samples of texts", "speech": "speech of texts"}.get(kind)
    if what is None:
        refused = {"--text": "makes no samples of texts", "--voice": "does not speak"} | dict.fromkeys(
            ("--input", "--from-split", "--draws"), "makes no samples of pictures"
        )
    else:
        fitting = (_SOURCES[kind], "--from-split", "--draws", *(("--voice",) if kind == "speech" else ()))
        refused = {option: f"makes {what}" for option in names.values() if option not in fitting}
    if idle := [option for option in given if option in refused]:
        raise UserError(f"{idle[0]}: the model of {trial} {refused[idle[0]]}: leave {idle[0]} out")
    if what is not None and (_SOURCES[kind] in given) == ("--from-split" in given):
        raise UserError(f"the model of {trial} makes {what}: give either {_SOURCES[kind]} or --from-split")
    if {"--voice", "--from-split"} <= set(given):
        raise UserError("--voice: the rows of a split are spoken by voices of their own: leave --voice out")


def _of_rows(
    trained: Any, out: Path, *, source: Path | None, texts: tuple[str, ...], from_split: str | None, draws: int | None, **options: Any
) -> int:
    """Write samples of the pictures or texts that were asked for, and return their number."""
    import torch

    from landscape.components.tasks._images import as_picture
    from landscape.training.sampling import generate
    from landscape.trial.asked_pictures import of_files, of_split, of_texts

    seed, count, back = options["seed"], options["count"], options["direction"] == "b-to-a"
    each = draws or (1 if trained.goes_both_ways or out.suffix == ".wav" else 4)
    if source is not None:
        asked = of_files(source, trained, seed, count)
    elif texts:
        asked = of_texts(texts, trained, options["voice"])
    else:
        assert from_split is not None
        asked = of_split(from_split, trained, options["data_dir"], seed, count or 8, back=back)
    for note in asked.notes:
        click.echo(f"note: {note}", err=True)
    rows = len(asked.conditions)
    # The samples of one row do not depend on how many other rows there are.
    z = torch.cat([trained.draw_seeded(each, seed + row) for row in range(rows)])
    network = trained.generator.back if back else trained.generator
    samples = generate(network, z, asked.conditions.repeat_interleave(each, 0), options["batch"])
    language = trained.language
    given = as_picture(asked.conditions, trained.shape, has_mask=trained.condition.has_mask) if language is None else None
    if out.suffix == ".npz":
        known = {} if asked.targets is None else {"targets": asked.targets.numpy()}
        known |= {} if given is None else {"conditions": given.numpy()}
        _write_arrays(out, samples.numpy(), None, () if language is None else list(map(language.text, asked.conditions)), **known)
    elif out.suffix == ".png":
        from landscape.results.png_grids import grid, write_png

        parts = (given, samples.view(rows, each, *samples.shape[1:]), asked.targets)
        picture = torch.cat([part if part.ndim == 5 else part[:, None] for part in parts if part is not None], 1)
        write_png(out, grid(picture.flatten(0, 1).numpy(), picture.shape[1]))
    elif out.suffix == ".wav":
        _write_sound(out, samples)
    else:
        _write_folder(out, samples.numpy(), [f"{row:06d}-{draw}" for row in range(rows) for draw in range(each)])
    return len(samples)


def _of_classes(trial: Path, trained: Any, out: Path, *, count: int | None, wanted: str | None, **options: Any) -> int:
    """Write samples of a model that is given no pictures, and return their number."""
    from landscape.training.sampling import generate

    columns = options["columns"] or 8
    known = _known_classes(trial, wanted, trained.known)
    count = count or (columns * len(known) if len(known) > 1 else 64)
    labels = _equal_shares(known, count, in_turn=out.suffix == ".npz")
    samples = generate(trained.generator, trained.draw_seeded(count, options["seed"]), labels, options["batch"]).numpy()
    if out.suffix == ".npz":
        _write_arrays(out, samples, labels)
    elif samples.ndim != 4:
        raise UserError(f"{trial} makes points, not pictures: write them as arrays with --out samples.npz")
    elif out.suffix == ".png":
        from landscape.results.png_grids import grid, write_png

        write_png(out, grid(samples, columns))
    else:
        _write_folder(out, samples, [f"{index:06d}" if labels is None else f"{int(labels[index])}/{index:06d}" for index in range(count)])
    return count


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


def _write_arrays(out: Path, samples: Any, labels: Any, texts: Sequence[str] = (), **pictures: Any) -> None:
    import io

    import numpy as np

    from landscape.core.files import write_bytes
    from landscape.results.png_grids import as_levels

    buffer = io.BytesIO()
    arrays: dict[str, Any] = {"images": as_levels(samples)} if samples.ndim == 4 else {"samples": samples}
    arrays |= {} if labels is None else {"labels": labels.numpy()}
    arrays |= {"texts": np.array(texts)} if texts else {}
    arrays |= {name: as_levels(picture) for name, picture in pictures.items()}
    np.savez_compressed(buffer, **arrays)
    write_bytes(out, buffer.getvalue())


def _write_sound(out: Path, samples: Any) -> None:
    """Write mels [n, 1, bands, frames] in [0, 1] as sound, and beside it their picture."""
    from landscape.core.files import write_bytes
    from landscape.results.png_grids import grid, write_png
    from landscape.trial.sounds import sound_of

    sound = sound_of(samples)
    write_png(out.with_suffix(".png"), grid(samples.numpy(), len(samples)))
    write_bytes(out, sound)


def _write_folder(out: Path, samples: Any, names: list[str]) -> None:
    from landscape.results.png_grids import as_levels, write_png

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"--out {out} is not an empty folder: name a new one")
    for name, image in zip(names, as_levels(samples), strict=True):
        write_png(out / f"{name}.png", image.transpose(1, 2, 0))
