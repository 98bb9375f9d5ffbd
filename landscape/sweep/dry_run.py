"""Estimates what a study would take, without running any of its trials."""

from dataclasses import asdict, dataclass
from typing import Any

from landscape.core.durations import duration, two_digits
from landscape.core.errors import UserError
from landscape.core.wording import plural
from landscape.published.costs import GPU_RATE
from landscape.space.cells import Cell
from landscape.space.space import Space
from landscape.sweep.estimate import Estimate, estimate, floor_of, probed
from landscape.sweep.search.confirming import Confirming
from landscape.sweep.search_load import SearchLoad, load_of, scoring_time
from landscape.sweep.study_data import Data
from landscape.sweep.sweep_options import SweepOptions


@dataclass(frozen=True)
class DryRun:
    """The size of a study, its time and its price."""

    study: str
    cells: int
    skipped: int
    """The number of combinations that cannot be trained."""
    trials: int
    """The number of models that the search trains."""
    confirmations: int
    """The largest number of models that are trained after the search, without further seeds for open pairs."""
    most_confirmations: int
    """The largest number including all further seeds."""
    d_steps: float
    """The number of D steps of all these models, for the middle of each cell's ranges. With early stopping it is the largest number."""
    expected_d_steps: float
    """The number that is expected with early stopping. Without it this is `d_steps`."""
    seconds_per_trial: float | None
    """The time of a whole trial on this machine, from short probes and one scoring. It is None if the data are missing."""
    basis: str
    """What the time rests on, or why it is not known."""
    hours: float | None
    """The hours on this machine, with as many trials at a time as the sweep would run. They are the most that is needed if trials may be
    stopped early or are scored in two stages.
    """
    expected_hours: float | None
    """The hours that are expected then. Otherwise they are `hours`."""
    gpus: int | None
    gpu_hours: float | None
    """The least hours on that many GPUs, which the expected products of training take at the highest rate to expect. Scoring is not
    counted.
    """
    dollars: float | None
    """The price at the given rate per hour, of `gpu_hours` if the number of GPUs is given, otherwise of `expected_hours`."""

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def dry_run(
    space: Space, how: SweepOptions, *, gpus: int | None = None, dollars_per_hour: float | None = None, probes: bool = True
) -> DryRun:
    """Count the models of a study and estimate its time.

    Args:
        space: The study.
        how: How it would be run.
        gpus: The number of GPUs, of the kind in docs/speed.md, for which the hours are estimated.
        dollars_per_hour: The price of one GPU, or of this machine.
        probes: Whether to measure here. Without it, the time on this machine is not known.

    Raises:
        UserError: The study has fewer trials than cells.
    """
    cells = space.cells()
    trials = space.asks_per_cell(len(cells)) * len(cells) * space.seeds
    confirming = Confirming(space, lambda config: config) if how.confirmation and space.confirmation.seeds else None
    fewer, most = confirming.expected if confirming else (0, 0)
    steps = [(config.rounds or 0) * config.d_steps_per_round for config in (cell.middle() for cell in cells)]
    per_trial, load = sum(steps) / len(steps), load_of(space)
    found = _estimate(space, how, load) if probes else Estimate(None, basis="nothing was measured")
    models, expected_models = trials + fewer, trials * load.training + fewer
    places = how.resources.jobs or 1
    seconds = found.seconds(trials, fewer)
    expected_hours, hours = (None, None) if seconds is None else (of / places / 3600 for of in seconds)
    on_gpus = None if gpus is None else _gpu_seconds(cells) * expected_models / gpus / 3600
    priced = on_gpus if gpus is not None else expected_hours
    return DryRun(
        study=space.name,
        cells=len(cells),
        skipped=len(space.skipped()),
        trials=trials,
        confirmations=fewer,
        most_confirmations=most,
        d_steps=per_trial * models,
        expected_d_steps=per_trial * expected_models,
        seconds_per_trial=found.seconds_per_trial,
        basis=found.basis,
        hours=hours,
        expected_hours=expected_hours,
        gpus=gpus,
        gpu_hours=on_gpus,
        dollars=None if dollars_per_hour is None or priced is None else priced * dollars_per_hour * (gpus or 1),
    )


def _estimate(space: Space, how: SweepOptions, load: SearchLoad) -> Estimate:
    data = Data(how.data_here)
    try:
        _, seconds = floor_of(space, data, how.resources)
        return estimate(space.cells(), data, how, scoring_time(space, data, how.resources, seconds), load)
    except UserError as error:
        return Estimate(None, basis=str(error))


def _gpu_seconds(cells: tuple[Cell, ...]) -> float:
    """Return the least seconds of a training, as the mean over a few cells that differ in their cost."""
    from landscape.trial.operations import operations

    found = []
    for cell in probed(cells):
        config = cell.middle()
        found.append(operations(config) * (config.rounds or 0) / GPU_RATE)
    return sum(found) / len(found)


def lines(found: DryRun) -> list[str]:
    """Return the dry run in words."""
    undefined = f", {plural(found.skipped, 'undefined combination')} skipped" if found.skipped else ""
    said = [f"study {found.study}: {plural(found.cells, 'cell')}{undefined}"]
    confirm = f", then at most {plural(found.confirmations, 'confirmation run')}" if found.confirmations else ""
    confirm += f" ({found.most_confirmations} where levels stay open)" if found.most_confirmations > found.confirmations else ""
    said.append(f"models: {plural(found.trials, 'trial')} of the search{confirm}; {found.d_steps:,.0f} D steps in all")
    if found.expected_d_steps < found.d_steps:
        said.append(f"early stopping: {found.expected_d_steps:,.0f} D steps expected, if early scores order trials as final ones do")
    if found.hours is None or found.expected_hours is None:
        said.append(f"time here: not known ({found.basis})")
    elif found.expected_hours != found.hours:
        expected, most = (duration(hours * 3600) for hours in (found.expected_hours, found.hours))
        hours = f"{two_digits(found.expected_hours)} and {two_digits(found.hours)} hours"
        said.append(f"time here: about {expected} expected, at most {most} ({hours}; {found.basis})")
    else:
        said.append(f"time here: about {duration(found.hours * 3600)} ({two_digits(found.hours)} hours; {found.basis})")
    if found.gpu_hours is not None:
        least = duration(found.gpu_hours * 3600)
        said.append(
            f"time on {plural(found.gpus or 0, 'GPU')}: at least {least} of training, by its products alone; the scoring is not counted"
        )
    if found.dollars is not None:
        said.append(f"price: {'at least' if found.gpus else 'about'} {found.dollars:,.2f} dollars")
    return said
