"""Defines what a reproduction is, and holds the registry of reproductions."""

from dataclasses import dataclass

from landscape.core.registry import Registry


@dataclass(frozen=True)
class ReproductionFacts:
    """What is known about a reproduction before anything is run.

    paper: The source.
    table: Which of its tables is reproduced.
    gpu_hours: The hours of a full run on the GPU that `measured_on` names.
    measured_on: That GPU.
    """

    paper: str = ""
    table: str = ""
    gpu_hours: float | None = None
    measured_on: str = ""


REPRODUCTIONS: Registry[ReproductionFacts] = Registry(
    "paper", "landscape.reproductions", ReproductionFacts, injected=frozenset({"results_dir", "data_dir"})
)
"""The registry of reproductions.

A reproduction is function(*, results_dir: Path, data_dir: Path | None, hyperparameters) -> Path of its report. It runs the trials of the
published table under the published protocol and compares the outcome with the published values.
"""
