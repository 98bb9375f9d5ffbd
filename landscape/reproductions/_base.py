"""What a reproduction is, and the registry of reproductions."""

from dataclasses import dataclass

from landscape.core.registry import Registry


@dataclass(frozen=True)
class ReproductionFacts:
    """What is known before anything is run.

    paper: the source. table: which of its tables. gpu_hours: what a full run takes on the GPU that `measured_on` names.
    """

    paper: str = ""
    table: str = ""
    gpu_hours: float | None = None
    measured_on: str = ""


REPRODUCTIONS: Registry[ReproductionFacts] = Registry(
    "paper", "landscape.reproductions", ReproductionFacts, injected=frozenset({"results_dir", "data_dir"})
)
"""A reproduction is function(*, results_dir: Path, data_dir: Path | None, hyperparameters) -> Path of its report: it runs the published
table's trials under the published protocol and holds the outcome against the published values."""
