"""Ranks the models of a study through several views, for `landscape evaluate`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from landscape.cli.aligned import aligned
from landscape.cli.changed_protocol import changed_protocol
from landscape.cli.options import print_json
from landscape.cli.output import print_warnings
from landscape.core.errors import UserError
from landscape.core.progress import counting_bars
from landscape.core.wording import significant

if TYPE_CHECKING:
    from landscape.config.protocol import Protocol
    from landscape.trial.views import SeenStudy

RANKED_BY = "kid"
"""The metric that ranks if none is named. It is unbiased and has an interval."""


def protocols_of(folder: Path, protocol: str | None, features: Sequence[str], metrics: tuple[str, ...]) -> list["Protocol"]:
    """Return a protocol for each view: the study's own, or the named one, with the view's extractor and the metric that ranks."""
    from landscape.config.protocol import Protocol
    from landscape.config.protocols import get
    from landscape.results.studies import read_study

    if protocol is not None:
        base = get(protocol)
    else:
        stored = read_study(folder).facts.get("protocol")
        if not isinstance(stored, dict):
            raise UserError(f"{folder} does not say by which protocol it was scored: name one by --protocol")
        base = Protocol.parse({name: value for name, value in stored.items() if name != "digest"}, source=str(folder))
    return [changed_protocol(base, metrics or (RANKED_BY,), view) for view in features]


def show_views(folder: Path, protocols: Sequence["Protocol"], *, as_json: bool, data_dir: Path | None, device: str) -> None:
    """Score every model of the study in `folder` under each protocol and print how the views rank them.

    Raises:
        UserError: fewer than two models, data that are not there, or a view through which a model cannot be scored.
    """
    from landscape.config.trial_config import TrialConfig
    from landscape.core.environment import resolve_device
    from landscape.results.studies import read_study
    from landscape.trial.prepared_trial import prepare
    from landscape.trial.views import see

    study = read_study(folder)
    if not study.trials:
        raise UserError(f"{folder} has no finished trials: run its sweep first")
    dataset = prepare(TrialConfig.parse(study.trials[0].record.config, source=str(folder)), data_dir).dataset
    with counting_bars(not as_json) as progress:
        seen = see(study, dataset, protocols, resolve_device(device), progress)
    if as_json:
        print_json(_data(seen))
    else:
        click.echo("\n".join(_lines(seen)))
    print_warnings(study)


def _label(seen: "SeenStudy", digest: str) -> str:
    from landscape.analysis.frames import cell_label, customary

    cell = seen.models[digest].record.study.get("cell")
    return f"{digest}  {cell_label(cell, customary(cell))}" if cell else digest


def _lines(seen: "SeenStudy") -> list[str]:
    from landscape.analysis.rankings import agreements, by_mean_rank, contradicted, judged, ranks
    from landscape.analysis.study_views import FEWEST

    of, views = ranks(seen.views), list(seen.views)
    rows = [
        [_label(seen, digest), *(f"{of[v][digest]:g}  ({significant(seen.views[v][digest].value, 4)})" for v in views)]
        for digest, _ in by_mean_rank(seen.views)
    ]
    lines = aligned(["model, best mean rank first", *(f"{view}: rank" for view in views)], rows)
    lines.append("agreement of the rankings (Kendall's tau, 95 % interval):")
    for (a, b), tau in agreements(seen.views).items():
        interval = f"[{tau.low:.2f}, {tau.high:.2f}]" if tau.has_interval else f"no interval: {tau.absent}"
        lines.append(f"  {a} and {b}: {'' if tau.value is None else f'{tau.value:.2f} '}{interval}")
    wrong = contradicted(seen.views)
    lines.append(
        "models that one view places decidedly otherwise than the others:" if wrong else "no view decidedly contradicts the others"
    )
    for one in wrong:
        against = f"against {len(one.opponents)} of {len(seen.models) - 1} others"
        lines.append(f"  {_label(seen, one.model)}: {judged(one, seen.views)} {one.view}, {against}")
    lines += [f"left out: {len(seen.left_out)} trials ({_reasons(seen)})"] if seen.left_out else []
    shown = "; the study's report shows them too, under `Through other views`" if len(seen.models) >= FEWEST else ""
    return [*lines, f"the scores are kept beside the trials{shown}"]


def _reasons(seen: "SeenStudy") -> str:
    counts: dict[str, int] = {}
    for reason in seen.left_out.values():
        counts[reason] = counts.get(reason, 0) + 1
    return ", ".join(f"{reason}: {count}" for reason, count in counts.items())


def _data(seen: "SeenStudy") -> dict[str, Any]:
    from dataclasses import asdict

    from landscape.analysis.rankings import agreements, misjudged, ranks

    of = ranks(seen.views)
    models = {
        digest: {view: {"rank": of[view][digest], **asdict(seen.views[view][digest])} for view in seen.views} for digest in seen.models
    }
    pairs = [{"views": list(pair), **asdict(tau)} for pair, tau in agreements(seen.views).items()]
    return {"models": models, "agreements": pairs, "misjudged": [asdict(one) for one in misjudged(seen.views)], "left_out": seen.left_out}
