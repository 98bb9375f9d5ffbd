"""Compares two studies: what differs between them, and how their scores compare on the cells that both have."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import kendalltau

from landscape.analysis.cell_pairs import cell_medians, paired_cells
from landscape.analysis.frames import FINISHED, STOPPED_EARLY, ScoreFacts, TrialTable, customary, protocols, trials_frame
from landscape.analysis.interval import Interval
from landscape.analysis.questions import questions_of
from landscape.core.errors import UserError
from landscape.results.score_names import CHANGED, SCREENING, SELECTION, same_score
from landscape.results.studies import Study


@dataclass(frozen=True)
class Differing:
    """One fact in which the two studies differ."""

    what: str
    first: str
    second: str


@dataclass(frozen=True)
class PairedRatio:
    """The first study compared with the second over shared cells."""

    level: str
    """The text `all`, or a level of the requested axis."""
    cells: int
    contrast: Interval
    """The median over cells of first / second if the score `is_log`, otherwise of first - second, with its exact order-statistic interval.
    """
    better_in: int
    """The number of cells in which the first study has the better score."""


@dataclass(frozen=True)
class TwoStudies:
    """What `landscape compare` prints."""

    names: tuple[str, str]
    differences: tuple[Differing, ...]
    protocol: str = ""
    """The name and digest of the protocol that scored both. It is empty if there is none."""
    score: str = ""
    is_log: bool = False
    shared_cells: int = 0
    ratios: tuple[PairedRatio, ...] = ()
    rank_agreement: float | None = None
    """Kendall's tau-b of the scores of the shared cells. It is None with fewer than three cells."""
    absent: str = ""
    """The reason why nothing is compared. It is empty if something is."""


def compare_studies(first: Study, second: Study, by: str | None = None, *, level: float = 0.95) -> TwoStudies:
    """Return the differences of two studies and, if one protocol scored both, paired ratios on their shared cells.

    The score of a cell is the median of its finished search trials, of which a diverged one counts as worse than every score. Intervals
    over the levels of `by` hold jointly (Bonferroni).

    Raises:
        UserError: `by` is not an axis of both studies.
    """
    names = (first.name, second.name)
    differences = tuple(_differences(first, second))
    axes = [a for a in _axes(first) if a in _axes(second)]
    if by is not None and by not in axes:
        raise UserError(f"{by!r} is no axis of both studies: choose from {', '.join(axes) or 'none, they share no axis'}")
    shared = [digest for digest in protocols(first.trials) if digest in protocols(second.trials)]
    if not shared:
        return TwoStudies(names, differences, absent=_no_protocol(first, second))
    if len(asked := questions_of([*first.trials, *second.trials])) > 1:
        absent = f"they are of different tasks ({'; '.join(asked)}), whose raw scores do not compare: see `landscape across`"
        return TwoStudies(names, differences, absent=absent)
    digest = _compared_by(first, shared)
    tables = (trials_frame(first.trials, digest, axes), trials_frame(second.trials, digest, axes))
    facts = _score(first, tables)
    named = f"{(tables[0].protocol or {}).get('name', '?')} ({digest})"
    if facts is None:
        return TwoStudies(names, differences, named, absent="no score with a direction was made of both")
    costs = [cell_medians(table, axes, facts.name) for table in tables]
    keys = [key for key in costs[0] if key in costs[1]]
    if not keys:
        return TwoStudies(names, differences, named, facts.name, facts.is_log, absent="no cell of the shared axes was scored in both")
    groups = {"all": keys}
    if by is not None:
        at = axes.index(by)
        groups = {name: [k for k in keys if k[at] == name] for name in sorted({k[at] for k in keys})}
    joint = 1 - (1 - level) / len(groups)
    found = {n: paired_cells([(costs[0][k], costs[1][k]) for k in members], facts, level=joint) for n, members in groups.items()}
    ratios = tuple(PairedRatio(name, one.pairs, one.contrast, one.better) for name, one in found.items())
    pairs = np.array([[costs[0][k], costs[1][k]] for k in keys])
    tau = float(kendalltau(pairs[:, 0], pairs[:, 1]).statistic) if len(keys) > 2 else math.nan
    agreement = tau if math.isfinite(tau) else None
    return TwoStudies(names, differences, named, facts.name, facts.is_log, len(keys), ratios, agreement)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _axes(study: Study) -> list[str]:
    space = _mapping(study.facts.get("space"))
    order = space.get("axis_order")
    named = [str(a) for a in order] if isinstance(order, list) else list(map(str, _mapping(space.get("axes"))))
    found = dict.fromkeys(named)
    for trial in study.trials:
        found.update(dict.fromkeys(map(str, _mapping(trial.record.study.get("cell")))))
    return customary(found)


def _told(study: Study) -> dict[str, Any]:
    """Return what a study says of itself."""
    facts, space = study.facts, _mapping(study.facts.get("space"))
    environment = _mapping(facts.get("environment"))
    protocol = _mapping(facts.get("protocol"))
    axes = _mapping(space.get("axes"))
    return {
        "dataset": space.get("dataset"),
        **{f"axis {axis}": ", ".join(map(_text, levels)) for axis, levels in axes.items() if isinstance(levels, list)},
        **{f"search {name}": _text(entry) for name, entry in _mapping(space.get("search")).items()},
        **{f"fixed {name}": _text(value) for name, value in _mapping(space.get("base")).items()},
        **{f"budget {name}": value for name, value in _mapping(facts.get("budget")).items()},
        "searcher": _mapping(facts.get("searcher")).get("name"),
        "protocol": f"{protocol.get('name')} ({protocol.get('digest')})" if protocol else None,
        **{f"protocol {name}": _text(value) for name, value in protocol.items() if name not in ("name", "digest")},
        **{f"version of {name}": value for name, value in _mapping(environment.get("versions")).items()},
        "device": environment.get("device_name") or environment.get("device"),
        "finished trials": sum(t.record.status.value in FINISHED for t in study.trials),
        "trials stopped early": sum(t.record.status.value == STOPPED_EARLY for t in study.trials),
    }


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        known = {k: v for k, v in value.items() if v not in (None, "", [], {}, False)}
        return ", ".join(str(k) if v is True else f"{k} {_text(v)}" for k, v in known.items())
    return " ".join(_text(v) for v in value) if isinstance(value, (list, tuple)) else str(value)


def _differences(first: Study, second: Study) -> Iterator[Differing]:
    one, other = _told(first), _told(second)
    for name in dict.fromkeys([*one, *other]):
        texts = tuple("" if told.get(name) is None else str(told[name]) for told in (one, other))
        if texts[0] != texts[1]:
            yield Differing(name, texts[0], texts[1])


def _compared_by(first: Study, shared: Sequence[str]) -> str:
    """Return the protocol by which studies are compared: the first one's own if it scored both. A view that was added is the last resort.

    Args:
        first: The first study.
        shared: The digests of the protocols that scored both, the most used one first.
    """
    own, known = _mapping(first.facts.get("protocol")).get("digest"), protocols(first.trials)

    def place(digest: str) -> tuple[bool, bool, bool]:
        name = str(known[digest].get("name", ""))
        return digest != own, name.removesuffix(CHANGED).endswith((SELECTION, SCREENING)), name.endswith(CHANGED)

    return min(shared, key=place)


def _no_protocol(first: Study, second: Study) -> str:
    used = [", ".join(str(p.get("name", d)) for d, p in protocols(s.trials).items()) or "none" for s in (first, second)]
    return f"no protocol scored both studies ({used[0]} against {used[1]}): score one of them again with `landscape evaluate`"


def _score(first: Study, tables: tuple[TrialTable, TrialTable]) -> ScoreFacts | None:
    """Return the first study's objective if both have it, otherwise the first score with a direction that both have."""
    shared = [f for name, f in tables[0].scores.items() if name in tables[1].scores and f.direction != "none"]
    wanted = str(first.facts.get("objective") or "")
    return next((f for f in shared if same_score(f.name, wanted)), next(iter(shared), None))
