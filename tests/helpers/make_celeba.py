"""Write a small data set in CelebA's layout: img_align_celeba/000001.jpg ... of 178x218 pixels, and list_eval_partition.txt.

python tests/helpers/make_celeba.py FOLDER [COUNT]
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

WIDTH, HEIGHT = 178, 218


def face(random: np.random.Generator) -> Image.Image:
    """Draw an oval with two eyes and a mouth on a plain background, at about the place of CelebA's aligned faces."""
    background, skin, dark = (tuple(int(c) for c in random.integers(low, high, 3)) for low, high in ((0, 256), (120, 240), (0, 80)))
    image = Image.new("RGB", (WIDTH, HEIGHT), background)
    draw = ImageDraw.Draw(image)
    x, y = WIDTH // 2 + int(random.integers(-4, 5)), HEIGHT // 2 + int(random.integers(-4, 5))
    draw.ellipse((x - 48, y - 62, x + 48, y + 66), fill=skin)
    for side in (-1, 1):
        draw.ellipse((x + side * 20 - 7, y - 12, x + side * 20 + 7, y - 2), fill=dark)
    draw.arc((x - 22, y + 18, x + 22, y + 18 + int(random.integers(8, 30))), 0, 180, fill=dark, width=4)
    return image


def write(folder: Path, count: int = 96) -> Path:
    """Write `count` pictures, four in six of them for training and the others for validation and test. Return the folder."""
    random = np.random.default_rng(0)
    pictures = folder / "img_align_celeba"
    pictures.mkdir(parents=True, exist_ok=True)
    lines = []
    for index in range(1, count + 1):
        name = f"{index:06d}.jpg"
        face(random).save(pictures / name, quality=90)
        lines.append(f"{name} {(0, 0, 0, 0, 1, 2)[index % 6]}\n")
    (folder / "list_eval_partition.txt").write_text("".join(lines))
    return folder


if __name__ == "__main__":
    write(Path(sys.argv[1]), *(int(a) for a in sys.argv[2:3]))
