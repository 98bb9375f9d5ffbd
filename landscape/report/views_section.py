"""Makes the part of a page that ranks the models of a study through other views than the one that steered it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from landscape.analysis.frames import score_facts
from landscape.analysis.rankings import Misjudged, agreements, best_models, by_mean_rank, contradicted, judged, ranks, spearman_of
from landscape.analysis.study_views import StudyViews, study_views
from landscape.core.wording import join, plural
from landscape.report.figures.view_ranks import seen_through
from landscape.report.formats import count
from landscape.report.legends import legend_of
from landscape.report.pictures import Sample, picture
from landscape.report.study_figures import Drawn, view_ranks_figure
from landscape.report.study_tables import arrow
from landscape.report.tables import Column, Table
from landscape.report.view import View, without_data

MOST_ROWS, MOST_LINES = 30, 6
AGREEMENT = (
    Column("metric", "Metric"),
    Column("one", "View"),
    Column("two", "Other view"),
    Column("models", "Models", "count"),
    Column("tau", "Kendall's tau", "number", True, help="1: the same order; 0: none in common; -1: the reversed order"),
    Column("rho", "Spearman's rho", "number", True, help="The correlation of the ranks, with the same ends"),
    Column("note", "Note", optional=True),
)


@dataclass(frozen=True)
class ViewsSection:
    """What a page says of a study's models through several views."""

    lead: tuple[str, ...]
    """Sentences on which models were compared, and through what."""
    best: tuple[str, ...]
    """The best model by each view."""
    agreement: Table
    contradicted: tuple[str, ...]
    """A line for each model that one view places decidedly otherwise, those with the most contradictions first, and one for the rest."""
    table: Table
    figure: Drawn | None
    pictures: tuple[Sample, ...]
    """Pictures of the best model by each view."""

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables, in the order of the page."""
        return self.agreement, self.table


def views_section(view: View) -> ViewsSection | None:
    """Return the section, or None if no metric scored at least three models through two views."""
    found = study_views(view.study.trials, view.score or "")
    if not found:
        return None
    first = found[0]
    wrong = contradicted(first.views)
    labels = _labels(view, first.models)
    return ViewsSection(
        _lead(view, first),
        _best(first, labels),
        _agreement_table(found),
        _lines(wrong, first, labels),
        _models_table(view, first, wrong),
        view_ranks_figure(first.views, wrong[:MOST_LINES], first.metric),
        _pictures(view, first, labels),
    )


def _labels(view: View, models: Sequence[str]) -> dict[str, str]:
    cells = dict(zip(view.table.frame["digest"], view.table.frame["cell"], strict=True))
    return {digest: f"{cells[digest]}, {digest[:8]}" for digest in models}


def _lead(view: View, seen: StudyViews) -> tuple[str, ...]:
    names, score = list(seen.views), view.score or ""
    lines = [
        f"{plural(len(seen.models), 'model')} ranked by {seen.metric} through {count(len(names))} views: {join(names)}. A model may please"
        " one network alone, because scores can be optimized for the network that they look through. A good one ranks well through all."
    ]
    if view.study.facts.get("objective") in (score, without_data(score)) and (steering := _steering(names, score)):
        same = f", which looks through the same extractor as {steering}" if steering != score else ""
        lines.append(f"The study chose by {score}{same}: the other views check that choice.")
    if seen.left_out:
        few = join([f"{name} ({plural(n, 'model')})" for name, n in seen.left_out.items()])
        lines.append(f"Left out, because too few models have it: {few}. `landscape evaluate` scores the others through it too.")
    return tuple(lines)


def _steering(names: Sequence[str], score: str) -> str:
    """Return the view through the extractor of the score by which the study chose, or an empty text."""
    return next((name for name in names if seen_through(name) == seen_through(score)), "")


def _best(seen: StudyViews, labels: Mapping[str, str]) -> tuple[str, ...]:
    """Return a line for each view with its best model and the ranks of this model by the other views."""
    of, best = ranks(seen.views), best_models(seen.views)
    if len(set(best.values())) == 1:
        return (f"by every view: {labels[next(iter(best.values()))]}",)
    lines = []
    for name, model in best.items():
        others = join([f"rank {of[other][model]:g} by {other}" for other in best if other != name])
        equal = list(of[name].values()).count(of[name][model]) - 1
        lines.append(f"by {name}: {labels[model]} ({others})" + (f", and {plural(equal, 'model')} with the same score" if equal else ""))
    return tuple(lines)


def _agreement_table(found: Sequence[StudyViews]) -> Table:
    rows = []
    for seen in found:
        for (one, two), tau in agreements(seen.views).items():
            row = {"metric": seen.metric, "one": one, "two": two, "models": len(seen.models), "note": tau.absent}
            rows.append(row | tau.columns("tau") | spearman_of(seen.views[one], seen.views[two]).columns("rho"))
    caption = (
        "Kendall's tau-b of the rankings by two views: 1 for the same order, 0 for orders that have nothing in common, -1 for the reversed"
        " one. Spearman's rho is the correlation of the ranks. Brackets: 95% intervals over models (tau: Fieller, Hartley and Pearson; rho:"
        " Bonett and Wright), from 10 models on."
    )
    frame = pd.DataFrame(rows, columns=[key for column in AGREEMENT for key in column.keys])
    return Table("views_agreement", "Agreement of the views", caption, AGREEMENT, frame)


def _how(one: Misjudged, seen: StudyViews) -> str:
    """Return how a view contradicts the others about a model, and about how many others."""
    return f"{judged(one, seen.views)} {seen_through(one.view)} (against {count(len(one.opponents))})"


def _lines(wrong: Sequence[Misjudged], seen: StudyViews, labels: Mapping[str, str]) -> tuple[str, ...]:
    lines = [f"{labels[one.model]}: {_how(one, seen)}" for one in wrong[:MOST_LINES]]
    rest = {one.model for one in wrong[MOST_LINES:]} - {one.model for one in wrong[:MOST_LINES]}
    return (*lines, *([f"{plural(len(rest), 'further model')}, in the last column of the table"] if rest else []))


def _models_table(view: View, seen: StudyViews, wrong: Sequence[Misjudged]) -> Table:
    of, known = ranks(seen.views), view.table.frame.set_index("digest").loc[list(seen.models)]
    rows = []
    for digest, mean in by_mean_rank(seen.views):
        row: dict[str, Any] = {"digest": digest, "cell": known.at[digest, "cell"], "role": known.at[digest, "role"]}
        for name, scores in seen.views.items():
            low, high = scores[digest].interval or (None, None)
            row |= {name: scores[digest].value, f"{name}_low": low, f"{name}_high": high, f"rank:{name}": _whole(of[name][digest])}
        rows.append(row | {"mean_rank": _whole(mean), "otherwise": "; ".join(_how(one, seen) for one in wrong if one.model == digest)})
    facts = [score_facts(name, next(iter(scores.values()))) for name, scores in seen.views.items()]
    columns = (
        Column("cell", "Setting"),
        Column("digest", "Trial"),
        *([Column("role", "Role")] if known["role"].nunique() > 1 else []),
        Column("mean_rank", "Mean rank", "number"),
        *(Column(f.name, f"{f.name}{arrow(f)}", "number", True, note=f"rank:{f.name}", note_label="rank") for f in facts),
        Column("otherwise", "Placed decidedly otherwise", optional=True),
    )
    frame = pd.DataFrame(rows, columns=[key for column in columns for key in column.keys], dtype=object)
    return Table("views", "Models through several views", _caption(seen), columns, frame, most_rows=MOST_ROWS)


def _whole(rank: float) -> float | int:
    """Return a rank as a whole number if it is one. Models with equal scores share the mean of their ranks."""
    return int(rank) if rank == int(rank) else rank


def _caption(seen: StudyViews) -> str:
    found = [estimate for scores in seen.views.values() for estimate in scores.values()]
    real, made = [e.n_real for e in found if e.n_real is not None], [e.n_fake for e in found if e.n_fake is not None]
    sizes = [
        f"{' to '.join(count(n) for n in sorted({min(ns), max(ns)}))} {what}" for ns, what in ((real, "real"), (made, "generated")) if ns
    ]
    text = (
        f"The {plural(len(seen.models), 'model')} that every view scored, of {count(seen.scored)} with any; the best mean rank first."
        f" Brackets: 95% intervals over samples of one model. Protocol {seen.protocol} apart from the extractor"
    )
    text += f", {' and '.join(sizes)} samples" if sizes else ""
    known = [f"{name} {digest}" for name, digest in seen.weights.items() if digest]
    return f"{text}. Weights: {', '.join(known)}." if known else f"{text}."


def _pictures(view: View, seen: StudyViews, labels: Mapping[str, str]) -> tuple[Sample, ...]:
    """Return a picture of the best model by each view. A model that is the best by several views has one picture."""
    best = dict[str, list[str]]()
    for name, model in best_models(seen.views).items():
        best.setdefault(model, []).append(name)
    found = []
    for digest, names in best.items():
        if grid := picture(view.trial(digest), "samples"):
            alt, legend = f"Grid of samples of the best model by {join(names)}", legend_of(view.trial(digest).record)
            found.append(Sample(grid, f"Best by {join(names)}: {labels[digest]}", alt, legend=legend))
    return tuple(found)
