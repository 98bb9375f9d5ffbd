"""Collects everything on a study's page as data: what the template writes, and which files lie beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from landscape.analysis.answer import AxisAnswer, StudyAnswer
from landscape.analysis.answering import answer_of
from landscape.analysis.frames import AXIS, SCORE
from landscape.core.wording import words
from landscape.report.formats import as_yaml, interval, moment, number
from landscape.report.front_table import front_table
from landscape.report.legends import NO_LEGEND, Legend, legend_of
from landscape.report.level_ranks import RanksOfAxis, ranks_of_axis
from landscape.report.pictures import Sample, picture, sound
from landscape.report.score_agreement_table import score_agreement_table
from landscape.report.space_tables import axes_table, search_table
from landscape.report.study_figures import (
    Drawn,
    box_figure,
    budget_figures,
    chosen_trials,
    curve_figures,
    hyperparameter_figures,
    seeds_figure,
)
from landscape.report.study_published import PublishedBeside, published_beside
from landscape.report.study_tables import (
    best_trials_table,
    cells_table,
    confirmation_table,
    contrast_table,
    figure_table,
    levels_table,
    shares_table,
    trials_table,
    unfinished_table,
)
from landscape.report.summary import Summary, summarize
from landscape.report.surfaces_section import SurfacesSection
from landscape.report.tables import Table
from landscape.report.view import View, view_of
from landscape.report.views_section import ViewsSection, views_section
from landscape.results.score_names import CHANGED
from landscape.results.studies import Study

if TYPE_CHECKING:
    from landscape.report.answer_section import AnswerSection

SAMPLE_CELLS = 6
MORE_PICTURES = {
    "nearest": "Generated samples (upper rows) and the nearest training image of each (lower rows)",
    "interpolation": "Straight lines between latent draws",
    "progress": "The same latent draws over training, from top to bottom",
}


@dataclass(frozen=True)
class AxisSection:
    """The part of a page about one axis: the comparison over the search, what was confirmed, and figures."""

    name: str
    label: str
    levels: Table
    answer: AxisAnswer | None
    """The result of the confirmation runs. None for an axis with one level."""
    confirmed: Table | None
    contrasts: Table | None
    shares: Table | None
    """How the order of the levels depends on the share of best trials. None for an axis with one level."""
    ranks: RanksOfAxis | None
    """The ranks of the levels over matched cells. None for an axis with one level."""
    figures: tuple[Drawn, ...]
    seeds: Drawn | None = None


@dataclass(frozen=True)
class StudyPage:
    """The content of one page before it is written."""

    view: View
    summary: Summary
    axes: tuple[AxisSection, ...] = ()
    cells: Table | None = None
    best_trials: Table | None = None
    agreement: Table | None = None
    """How alike the scores rank the models. None if there is a single score."""
    front: Table | None = None
    """The trials that no other one dominates in quality and diversity. None if there is a single score."""
    trials: Table | None = None
    unfinished: Table | None = None
    space: tuple[Table, ...] = ()
    """The tables of axes and searched hyperparameters. Empty if `study.json` does not give them."""
    other_protocols: tuple[tuple[str, tuple[Table, ...]], ...] = ()
    through: ViewsSection | None = None
    """The models through several views. None if fewer than three models have a score through a second one."""
    published: PublishedBeside | None = None
    """Published numbers on the study's data. None if the ledger has none."""
    budget: tuple[Drawn, ...] = ()
    hyperparameters: tuple[Drawn, ...] = ()
    hyperparameters_left_out: int = 0
    curves: tuple[Drawn, ...] = ()
    heroes: tuple[Sample, ...] = ()
    """Pictures of the best model and of a typical one, for the first screen."""
    samples: tuple[Sample, ...] = ()
    legends: tuple[Legend, ...] = ()
    """What the rows and columns of the pictures show, for each kind of picture that the study has."""
    more_pictures: tuple[Sample, ...] = ()
    found: StudyAnswer | None = None
    """What the study says. None if no trial has a score."""
    answer: "AnswerSection | None" = None
    importance: Table | None = None
    """What the scores depend on. None if there are too few trials."""
    surfaces: SurfacesSection | None = None
    """The score over the searched ranges. None if the study searched none."""
    health: Table | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Texts by name: the best setting, the search space, the protocol and the environment, as the page shows them."""

    @property
    def figures(self) -> list[Drawn]:
        """All figures, in the order of the page."""
        by_axis = [f for a in self.axes for f in (*a.figures, a.seeds, a.ranks.figure if a.ranks else None) if f is not None]
        through = [self.through.figure] if self.through is not None and self.through.figure is not None else []
        surfaces = self.surfaces.figures if self.surfaces is not None else ()
        return [*by_axis, *self.budget, *self.hyperparameters, *surfaces, *self.curves, *through]

    @property
    def tables(self) -> list[Table]:
        """All tables that have a CSV file: those on the page, and the data of each figure."""
        by_axis = [
            t
            for a in self.axes
            for t in (a.levels, a.confirmed, a.contrasts, a.shares, a.ranks.table if a.ranks else None)
            if t is not None
        ]
        single = [
            t
            for t in (self.cells, self.best_trials, self.agreement, self.front, self.trials, self.unfinished, *self.space)
            if t is not None
        ]
        others = [t for _, tables in self.other_protocols for t in tables]
        answered = (self.answer.table, self.answer.importance) if self.answer else ()
        others += [t for t in (self.health, self.importance, *answered) if t is not None]
        others += [self.surfaces.table] if self.surfaces is not None and self.surfaces.table is not None else []
        others += self.through.tables if self.through is not None else ()
        others += [self.published.table] if self.published is not None and self.published.table is not None else []
        return [*by_axis, *single, *others, *(figure_table(f"figure_{f.name}", f.title, f.frame) for f in self.figures)]


def study_page(study: Study) -> StudyPage:
    """Return the page of `study`. If no trial has a score, the page says so and shows what there is."""
    view = view_of(study)
    if view.score is None:
        return StudyPage(
            view,
            summarize(view, None),
            trials=trials_table(view),
            unfinished=unfinished_table(view),
            space=_space(view),
            facts=_facts(view, None),
        )
    found = answer_of(view.study, view.table, view.score)
    axes = tuple(_axis(view, axis, found) for axis in view.table.axes if len(view.table.frame))
    summary = summarize(view, found)
    hyper, left_out = hyperparameter_figures(view)
    samples = _samples(view)
    return StudyPage(
        view,
        summary,
        axes=axes,
        cells=cells_table(view),
        best_trials=best_trials_table(view),
        agreement=score_agreement_table(view),
        front=front_table(view),
        trials=trials_table(view),
        unfinished=unfinished_table(view),
        space=_space(view),
        other_protocols=_other_protocols(view),
        through=views_section(view),
        published=published_beside(view),
        budget=tuple(budget_figures(view, None)),
        hyperparameters=tuple(hyper),
        hyperparameters_left_out=left_out,
        curves=tuple(curve_figures(chosen_trials(view))),
        heroes=_heroes(view),
        samples=samples,
        legends=tuple(dict.fromkeys(s.legend for s in samples if s.legend != NO_LEGEND)),
        more_pictures=_more_pictures(view, summary.best),
        found=found,
        facts=_facts(view, summary.best),
    )


def _space(view: View) -> tuple[Table, ...]:
    space = view.study.facts.get("space")
    return tuple(table for table in (axes_table(space), search_table(space)) if len(table.frame))


def _axis(view: View, axis: str, study: StudyAnswer) -> AxisSection:
    found = study.axis(axis)
    confirmed = found is not None and any(level.confirmation.trials for level in found.levels)
    figures = [box_figure(view, axis), *budget_figures(view, axis)]
    return AxisSection(
        axis,
        words(axis),
        levels_table(view, axis),
        found,
        confirmation_table(view, found, is_log=study.is_log) if found is not None and confirmed else None,
        contrast_table(found, study.score, is_log=study.is_log) if found is not None and found.pairs else None,
        shares_table(view, axis),
        ranks_of_axis(view, axis),
        tuple(f for f in figures if f is not None),
        seeds_figure(view, found) if found is not None and confirmed else None,
    )


def _other_protocols(view: View) -> tuple[tuple[str, tuple[Table, ...]], ...]:
    """Return the comparison by axis under every further protocol, in tables of its own."""
    found = []
    for i, (digest, protocol) in enumerate(view.other_protocols.items(), start=1):
        other = view_of(view.study, digest)
        if other.score is not None:
            name = _title_of(digest, protocol)
            made = (levels_table(other, axis, f"protocol{i}_") for axis in other.table.axes)
            found.append((name, tuple(replace(table, title=f"{table.title} under {name}") for table in made)))
    return tuple(found)


def _title_of(digest: str, protocol: Mapping[str, Any]) -> str:
    """Return the name of a protocol. Several changed ones may have the same name, so that the digest stands beside it."""
    name = str(protocol.get("name", digest))
    return f"{name} ({digest})" if name.endswith(CHANGED) else name


def _heroes(view: View) -> tuple[Sample, ...]:
    found = []
    for label, record in chosen_trials(view).items():
        if label in ("best", "typical") and (grid := picture(view.trial(record.digest), "samples")):
            row = view.table.frame[view.table.frame["digest"] == record.digest].to_dict("records")[0]
            what = {"best": "The best model", "typical": "A typical model: the median score"}[label]
            text = f"{what}. {row['cell']}: {view.score} {number(row[SCORE + str(view.score)])}"
            heard = sound(view.trial(record.digest), "samples")
            if heard is not None:
                text += ". The sound has a sample and behind it the recording, for each of the first rows"
            legend = legend_of(record)
            found.append(Sample(grid, text, f"Grid of samples generated by the {label} model of the study", heard, legend))
    return tuple(found)


def _samples(view: View) -> tuple[Sample, ...]:
    """Return the sample grids of the best trial of each of the best cells."""
    column = SCORE + str(view.score)
    best = view.best_first(view.table.role("search").frame).drop_duplicates("cell").head(SAMPLE_CELLS)
    found = []
    for row in best.to_dict("records"):
        if grid := picture(view.trial(row["digest"]), "samples"):
            caption = f"{row['cell']}: {view.score} {number(row[column])}"
            legend = legend_of(view.trial(row["digest"]).record)
            found.append(Sample(grid, caption, f"Grid of samples generated by the best model of the cell {row['cell']}", legend=legend))
    return tuple(found)


def _more_pictures(view: View, best: str) -> tuple[Sample, ...]:
    trial = view.trial(best)
    found = ((name, text, picture(trial, name)) for name, text in MORE_PICTURES.items())
    return tuple(Sample(p, text, f"{text}, for the best model") for _, text, p in found if p is not None)


def _facts(view: View, best: str | None) -> dict[str, Any]:
    study = view.study.facts
    records = [t.record for t in view.study.trials]
    base = study["space"].get("base") if isinstance(study.get("space"), Mapping) else None
    named = {k: v for k, v in study.items() if k in ("searcher", "budget") and v}
    return {
        "name": str(study.get("name") or view.study.name),
        "last": moment(max((r.finished_at for r in records if r.finished_at), default="")),
        "space": as_yaml(study.get("definition") or study.get("space")),
        "fixed": flatten(base) if isinstance(base, Mapping) else [],
        "search": flatten({k: v if isinstance(v, Mapping) else {"": v} for k, v in named.items()}),
        "floor": flatten({"value": number(view.floor.value), "interval": interval(*(view.floor.interval or (None, None)))})
        + flatten({"interval kind": view.floor.interval_kind})
        + flatten({"samples": f"{view.floor.n_real} real against {view.floor.n_fake} other real", "note": view.floor.note})
        + flatten({"under exchanged classes": number(view.class_blind.value)} if view.class_blind else {})
        + flatten({f"baseline ({view.baseline_name})": number(view.baseline.value)} if view.baseline else {})
        if view.floor
        else [],
        "protocol": flatten(dict(view.table.protocol or study.get("protocol") or {})),
        "environment": flatten(_environment(view)),
        "best_config": as_yaml(dict(view.trial(best).record.config)) if best else "",
        "levels": {a: view.table.frame[AXIS + a].nunique() for a in view.table.axes},
    }


def _environment(view: View) -> dict[str, Any]:
    """Return the study's environment, and every distinct value that trials recorded."""
    seen: dict[str, dict[str, int]] = {}
    for trial in view.study.trials:
        for key, value in flatten(dict(trial.record.environment)):
            seen.setdefault(key, {}).setdefault(value, 0)
            seen[key][value] += 1
    study = view.study.facts.get("environment")
    merged: dict[str, Any] = {**dict(flatten(dict(study)))} if isinstance(study, Mapping) else {}
    for key, values in seen.items():
        if len(values) == 1:
            merged[key] = next(iter(values))
        elif len(values) <= 5:
            merged[key] = "; ".join(f"{v} ({n} trials)" for v, n in values.items())
    return merged


def flatten(data: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return the dotted name and the text of every leaf. Empty and absent leaves are left out."""
    rows: list[tuple[str, str]] = []
    for key, value in data.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            rows += flatten(value, f"{name}.")
        elif isinstance(value, (list, tuple)) and any(isinstance(v, Mapping) for v in value):
            for i, inner in enumerate(value, start=1):
                rows += flatten(inner, f"{name} {i}.") if isinstance(inner, Mapping) else [(f"{name} {i}", str(inner))]
        elif value not in (None, "", [], ()):
            rows.append((name, ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)))
    return rows
