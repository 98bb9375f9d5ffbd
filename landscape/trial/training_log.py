"""Writes curves, scores and samples of a trial for TensorBoard, by Lightning's own logger. Nothing else in the program reads them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pytorch_lightning.loggers import TensorBoardLogger

from landscape.core.errors import UserError
from landscape.core.files import read_json
from landscape.results.record import Scores, TrialRecord

TENSORBOARD = "tensorboard"
Points = Mapping[str, Sequence[tuple[float, float]]]


class TrainingLog:
    """Event files in the folder `tensorboard` of a trial.

    Args:
        folder: The trial's folder.
        curves: The points of an interrupted execution up to its last checkpoint, which are not written again. What stands in the log
            beyond them was written between that checkpoint and the interruption. TensorBoard is told to ignore it, because this
            execution writes it again.
    """

    def __init__(self, folder: Path, curves: Points) -> None:
        kept = max((int(points[-1][0]) for points in curves.values() if points), default=-1)
        try:
            self.logger = TensorBoardLogger(save_dir=str(folder), name="", version=TENSORBOARD, purge_step=kept + 1)
            self.writer: Any = self.logger.experiment
        except ModuleNotFoundError as error:
            raise UserError(f"--logger {TENSORBOARD} needs a package that is not installed: pip install tensorboard") from error
        self.written = {name: len(points) for name, points in curves.items()}

    def follow(self, curves: Points) -> None:
        """Write the points that were added after the last call."""
        for name, points in curves.items():
            for step, value in points[self.written.get(name, 0) :]:
                self.writer.add_scalar(f"training/{name}", value, int(step))
            self.written[name] = len(points)
        self.writer.flush()  # The trial may be stopped at any time.

    def finish(self, record: TrialRecord, folder: Path) -> None:
        """Write scores and pictures at the last step and close the files."""
        step = int(record.counts.get("d_steps", 0) or record.counts.get("g_steps", 0))
        self.follow(record.curves)
        for path in sorted((folder / "scores").glob("[!.]*.json")):
            scores = Scores.from_json(read_json(path))
            for name, estimate in scores.estimates.items():
                self.writer.add_scalar(f"{scores.protocol.get('name')}/{name}", estimate.value, step)
        for name, file in record.pictures.items():
            if (folder / file).is_file():
                with Image.open(folder / file) as image:
                    self.writer.add_image(name, np.asarray(image.convert("RGB")), step, dataformats="HWC")
        self.logger.finalize("success")
