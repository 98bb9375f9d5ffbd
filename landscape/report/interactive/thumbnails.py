"""Makes small WebP pictures of the trials' PNG files for the page, the most wanted first, within a limit of bytes."""

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from landscape.report.pictures import LARGEST_SIDE, picture
from landscape.report.view import View

KINDS = ("samples", "nearest", "interpolation", "progress")
MOST_BYTES = 620_000
"""The number of bytes of all pictures of a page together, in base64."""
MOST_LARGE_BYTES = 1_200_000
"""The same limit for a page of more than a thousand trials."""
SIDE = 288
WHOLE = 6
"""The number of cells whose best trial shows all its pictures, if there is room."""


@dataclass(frozen=True)
class Thumbnails:
    """The pictures of a page."""

    uris: dict[str, dict[str, str]]
    """The data addresses of pictures by trial and kind."""
    left_out: int
    """The number of wanted pictures for which there was no room."""
    problems: dict[str, str]
    """The reason why a trial's picture cannot be shown, by trial."""


def thumbnails(view: View) -> Thumbnails:
    """Return the pictures that a reader looks for first.

    They are those of the best trials, of the best trial of each cell, of trials that diverged or collapsed, and more of the best ones.
    """
    room = MOST_BYTES if len(view.table.frame) <= 1000 else MOST_LARGE_BYTES
    uris: dict[str, dict[str, str]] = {}
    problems: dict[str, str] = {}
    left_out = 0
    for digest, kind in dict.fromkeys(_wanted(view)):
        found = picture(view.trial(digest), kind)
        if found is None:
            continue
        if not found.uri:
            problems[digest] = found.problem
            continue
        uri = _webp(base64.b64decode(found.uri.partition(",")[2]))
        if uri is None:
            problems[digest] = f"{kind} cannot be read as a picture"
        elif len(uri) > room:
            left_out += 1
        else:
            room -= len(uri)
            uris.setdefault(digest, {})[kind] = uri
    return Thumbnails(uris, left_out, problems)


def _wanted(view: View) -> Iterator[tuple[str, str]]:
    """Yield trials and kinds of pictures, the most wanted first. A pair may come twice."""
    frame = view.table.frame
    best: list[str] = []
    if view.score is not None:
        yield from ((str(digest), "samples") for digest in view.best_first(frame)["digest"].head(WHOLE))
        best = [str(d) for d in view.best_first(view.table.role("search").frame).drop_duplicates("cell")["digest"]]
    yield from ((digest, "samples") for digest in best)
    yield from ((digest, kind) for digest in best[:1] for kind in KINDS)
    seen: dict[tuple[str, ...], int] = {}
    for digest, found in zip(frame["digest"], view.symptoms, strict=True):
        if found and seen.get(found, 0) < 3:
            seen[found] = seen.get(found, 0) + 1
            yield str(digest), "samples"
    yield from ((digest, kind) for digest in best[:WHOLE] for kind in KINDS)


def _webp(content: bytes) -> str | None:
    """Return a data address of the picture, at most 288 pixels wide, or None if it cannot be decoded."""
    try:
        with Image.open(io.BytesIO(content)) as opened:
            if max(opened.size) > LARGEST_SIDE:
                return None
            image = opened.convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    image = _unscaled(image)
    if image.width > SIDE:
        image = image.resize((SIDE, max(1, round(image.height * SIDE / image.width))), Image.Resampling.BOX)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=62, method=4)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def _unscaled(image: Image.Image) -> Image.Image:
    """Return the picture as it was before trials enlarged it by a whole number, which they do so that a viewer can show it."""
    pixels = np.asarray(image)
    for factor in (8, 6, 5, 4, 3, 2):
        if image.width % factor == 0 and image.height % factor == 0:
            small = pixels[::factor, ::factor]
            if np.array_equal(np.repeat(np.repeat(small, factor, 0), factor, 1), pixels):
                return Image.fromarray(small)
    return image
