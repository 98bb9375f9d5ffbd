"""How trials share a machine. Neither Ray nor Optuna is imported here, so that wrong options show before anything starts."""

from dataclasses import dataclass

from landscape.core.cpu_count import cores
from landscape.core.errors import UserError


@dataclass(frozen=True)
class Resources:
    """What each trial gets, and how many trials run at the same time."""

    jobs: int | None
    """The number of trials at a time; None means as many as the cluster holds."""
    threads: int
    gpus_per_trial: float | None
    """The share of a GPU. 0 means the CPU. None means one GPU each if the cluster has GPUs when the sweep connects to it, else the CPU."""
    gpus: int
    """The number of GPUs of this machine that trials use."""
    local: bool


def device_of(gpus_per_trial: float | None) -> str:
    """Return the device on which trials, and the probes before them, run: the CPU for a share of 0, even if torch sees a GPU."""
    return "cpu" if gpus_per_trial == 0 else "auto"


def visible_gpus() -> int:
    """Return the number of GPUs that torch sees."""
    import torch

    return torch.cuda.device_count()


def plan_resources(jobs: int | None, gpus_per_trial: float | None, ray_address: str | None) -> Resources:
    """Decide what each trial gets. What is None is chosen: one trial for each core, or as many as the GPUs hold.

    Raises:
        UserError: A GPU is asked for where there is none, a trial is to use several, or the GPUs hold fewer trials than asked for.
    """
    if gpus_per_trial is not None and not 0 <= gpus_per_trial <= 1:
        raise UserError(f"--gpus-per-trial {gpus_per_trial:g}: a trial uses one GPU at most; give a fraction to share one, or 1")
    if jobs is not None and jobs < 1:
        raise UserError(f"--jobs {jobs}: at least one trial must run at a time")
    if ray_address:
        return Resources(jobs, 1, None if gpus_per_trial is None else float(gpus_per_trial), 0, local=False)
    gpus = visible_gpus()
    share = float(gpus > 0 if gpus_per_trial is None else gpus_per_trial)
    if share and not gpus:
        raise UserError(f"--gpus-per-trial {share:g}, and torch sees no GPU here: leave it out to train on the CPU")
    # The small number undoes rounding: three trials share a GPU when each is given a third of it.
    places = gpus * int(1 / share + 1e-9) if share else 0
    if jobs is not None and share and jobs > places:
        hold = f"{places} {'trials' if places > 1 else 'trial'} at a time"
        raise UserError(f"--jobs {jobs}: with --gpus-per-trial {share:g} the GPUs here hold {hold}; give a smaller share, or fewer jobs")
    limit = jobs or places or cores()
    return Resources(limit, max(1, cores() // limit), share, gpus if share else 0, local=True)
