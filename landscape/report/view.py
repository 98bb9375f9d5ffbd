"""Holds what a report of one study looks at: one protocol, one objective, the scores of real samples, and the searcher."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from landscape.analysis.frames import SCORE, SCREENED_OUT, STOPPED_EARLY, ScoreFacts, TrialTable, customary, protocols, trials_frame
from landscape.analysis.objective import objective
from landscape.analysis.questions import questions_of
from landscape.analysis.searching import is_given_search, searcher_name
from landscape.report.setting_columns import SettingColumn, setting_columns
from landscape.results.record import Estimate
from landscape.results.score_names import BASELINE, CLASS_BLIND, SCREENING, unprefixed
from landscape.results.studies import Study
from landscape.results.trial_files import DamagedError, Trial, checked_scores

SEARCHERS = {
    "optuna-tpe": "Optuna's TPE",
    "optuna-gp": "Optuna's Gaussian process",
    "optuna-gp-front": "Optuna's Gaussian processes of two scores",
    "gp-ucb": "GP-UCB",
    "random": "random search",
    "qmc": "a Sobol sequence",
    "grid": "a grid",
}


@dataclass(frozen=True)
class View:
    """A study under one protocol."""

    study: Study
    table: TrialTable
    score: str | None
    """The public name of the objective. None while nothing has been scored."""
    floors: Mapping[str, Estimate]
    """What real samples score against other real samples under the same protocol and at the same sample size, by score.

    `class-blind SCORE` is the same under exchanged labels, and `baseline SCORE` is that of the task's baseline.
    """
    other_protocols: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def facts(self) -> ScoreFacts:
        assert self.score is not None
        return self.table.scores[self.score]

    @property
    def floor(self) -> Estimate | None:
        """The score of real samples against other real samples, for the objective."""
        return self.floors.get(self.score or "")

    @property
    def class_blind(self) -> Estimate | None:
        """The score of real samples under exchanged classes. None if the objective does not read classes."""
        return self.floors.get(CLASS_BLIND + (self.score or ""))

    @property
    def baseline(self) -> Estimate | None:
        """The score of the task's baseline, for the objective. None if the task has none."""
        return self.floors.get(BASELINE + (self.score or ""))

    @property
    def baseline_name(self) -> str:
        """The name of the task's baseline, with which the note of each of its scores begins. It is empty if the task has none."""
        notes = (estimate.note for name, estimate in self.floors.items() if name.startswith(BASELINE))
        return next(notes, "").partition(";")[0]

    @property
    def given_search(self) -> bool:
        return is_given_search(self.study)

    @property
    def given(self) -> str:
        """What follows the kind of an interval in a caption if it holds for this search alone; else it is empty."""
        return ", given this search" if self.given_search else ""

    @property
    def given_search_words(self) -> str:
        """The reason why intervals hold for this search alone, as the end of a sentence. It is empty if they hold for any search."""
        if not self.given_search:
            return ""
        if self.searcher == "grid":
            return "its trials are the points of a grid and no random draws, so that intervals hold for these points"
        if self.searcher == "qmc":
            return "its trials are the points of a Sobol sequence and no independent draws, so that intervals hold for these points"
        return f"its trials were proposed by {self.searcher_words}, which learns from earlier ones, so another search could differ by more"

    @property
    def searcher(self) -> str:
        return searcher_name(self.study.facts)

    @property
    def searcher_words(self) -> str:
        """The name of the searcher in prose."""
        return SEARCHERS.get(self.searcher, self.searcher)

    @property
    def cells(self) -> int | None:
        """The number of cells of the study, tried or not. None if the study does not give it."""
        cells = self.study.facts.get("cells")
        return cells if isinstance(cells, int) else None

    @property
    def floor_value(self) -> float | None:
        return self.floor.value if self.floor else None

    @cached_property
    def _trials(self) -> dict[str, Trial]:
        return {t.record.digest: t for t in self.study.trials}

    @cached_property
    def selection_costs(self) -> Mapping[str, float]:
        """The cost by which each trial is chosen, by its digest.

        It is the objective on the selection samples if they were scored, and otherwise the reported one. Lower is better, whatever the
        direction of the score. Trials without the score are left out.
        """
        protocol, found = str((self.table.protocol or {}).get("name", "")), dict[str, float]()
        for trial in self.study.trials:
            estimate = objective(trial.scores, protocol, self.score or "")
            if estimate is not None:
                found[trial.record.digest] = estimate.value * self.facts.sign
        return found

    @property
    def selects_apart(self) -> bool:
        """Whether trials are chosen by scores on other samples than those of the report."""
        protocol = str((self.table.protocol or {}).get("name", ""))
        return any(s.protocol.get("name") == f"{protocol}/selection" for t in self.study.trials for s in t.scores.values())

    def best_first(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of `frame` that have the objective, in the order in which they are chosen by the selection samples."""
        column = SCORE + str(self.score)
        if column not in frame:
            return frame.head(0)
        scored = frame[frame[column].notna()]
        order = np.argsort([self.selection_costs.get(str(digest), math.inf) for digest in scored["digest"]], kind="stable")
        return scored.iloc[order]

    def trial(self, digest: str) -> Trial:
        """Return the trial of a row of the table."""
        return self._trials[digest]

    @cached_property
    def settings(self) -> tuple[SettingColumn, ...]:
        """The settings that varied between trials."""
        return tuple(setting_columns(self.table))

    @cached_property
    def symptoms(self) -> tuple[tuple[str, ...], ...]:
        """The names of each trial's symptoms, in the order of the table. `diverged` comes first if the trial diverged."""
        return tuple(
            (*(["diverged"] if row.status == "diverged" else []), *self.trial(str(row.digest)).record.symptoms)
            for row in self.table.frame[["digest", "status"]].itertuples(index=False)
        )

    @cached_property
    def undiagnosed(self) -> frozenset[str]:
        """The digests of completed trials of which no diagnosis was written, so that nobody knows whether they are healthy."""
        return frozenset(digest for digest, trial in self._trials.items() if not trial.record.is_diagnosed)


def view_of(study: Study, protocol: str | None = None) -> View:
    """Return the study under a protocol, given by its digest. The default is the study's own, or the one that scored most trials."""
    known = protocols(study.trials)
    own = _own_protocol(study, known)
    chosen: str | None = protocol or (own if own in known else next(iter(known), None))
    table = trials_frame(study.trials, chosen, _axes(study))
    score = _objective(study, table)
    floors, warnings = _floors(study, table) if chosen == own else ({}, ())
    if own and known and own not in known:
        name = _mapping(table.protocol).get("name", chosen)
        warnings = (*warnings, f"no trial was scored under the study's own protocol; scores shown are those of {name}")
    if out := int((table.frame["status"] == SCREENED_OUT).sum()):
        left = int((table.role("search").finished().frame["status"] == "completed").sum())
        warnings = (*warnings, _screened(out, left, str(_mapping(table.protocol).get("name"))))
    search = table.role("search")
    if early := int((search.frame["status"] == STOPPED_EARLY).sum()):
        warnings = (*warnings, _stopped(early, int((search.frame["status"] == "completed").sum())))
    if len(asked := questions_of(study.trials)) > 1:
        warnings = (
            *warnings,
            f"trials are of different tasks ({'; '.join(asked)}), whose raw scores do not compare: no order of them holds",
        )
    others = {digest: p for digest, p in known.items() if digest != chosen}
    return View(study, table, score, floors, others, (*study.warnings, *warnings))


def _stopped(early: int, completed: int) -> str:
    return (
        f"{early:,} trials of the search were stopped early and count in no table but their own; tables of the search hold the"
        f" {completed:,} that were trained to their end, which are the better ones, and flatter what they compare"
    )


def _screened(out: int, left: int, protocol: str) -> str:
    return (
        f"{out:,} trials of the search were screened out by few samples; tables of the search hold the {left:,} others, which are the"
        f" better ones, and flatter what they compare; all trials have scores under {protocol}{SCREENING}"
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _axes(study: Study) -> list[str]:
    space = _mapping(study.facts.get("space"))
    order = space.get("axis_order")
    return [str(axis) for axis in (order if isinstance(order, list) else customary(_mapping(space.get("axes"))))]


def _own_protocol(study: Study, known: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Return the digest of the protocol that the study names, or one of the same name if no trial has the digest."""
    named = _mapping(study.facts.get("protocol"))
    digest = named.get("digest")
    same_name = [d for d, p in known.items() if p.get("name") == named.get("name")]
    return digest if digest in known or not same_name else same_name[0]


def _objective(study: Study, table: TrialTable) -> str | None:
    for name in (study.facts.get("objective"), (table.protocol or {}).get("objective")):
        found = [n for n in table.scores if name in (n, without_data(n))]
        if found:
            return found[0]
    directed = [name for name, facts in table.scores.items() if facts.direction != "none"]
    return next((name for name in directed if table.scores[name].is_log), next(iter(directed), None))


def without_data(score: str) -> str:
    """Return `FD[classifier]` for `FD[classifier:digits]`. A study names its objective without the data of the extractor."""
    name, colon, rest = score.partition(":")
    return f"{name}]" if colon and rest.endswith("]") else score


def _floors(study: Study, table: TrialTable) -> tuple[dict[str, Estimate], tuple[str, ...]]:
    given = {name: e for name, e in _mapping(study.facts.get("floor")).items() if unprefixed(name) in table.scores}
    try:
        wrapped = {"schema": 1, "protocol": {"name": "", "digest": ""}, "estimates": given}
        floors = dict(checked_scores(wrapped, study.folder).estimates)
    except DamagedError as error:
        return {}, (f"the floor in study.json is damaged ({error}): not drawn",)
    warnings = []
    for name in list(floors):
        ours, theirs = _sizes(floors[name]), _sizes(table.scores[unprefixed(name)])
        if ours != theirs and None not in (*ours, *theirs):
            del floors[name]
            warnings.append(f"the floor of {name} was measured with {ours} samples, the scores with {theirs}: not comparable, not drawn")
        elif name in table.scores and (other := _another_kind(floors[name], table.scores[name])):
            del floors[name]
            warnings.append(f"the floor of {name} is of another kind than the scores ({other}): not comparable, not drawn")
    return floors, tuple(warnings)


def _another_kind(floor: Estimate, scores: ScoreFacts) -> str:
    """Return in what the two were computed differently, or an empty text.

    A note that one of them lacks says nothing: it is written where something was found, such as images that equal their targets.
    """
    for ours, theirs in ((floor.unit, scores.unit), (floor.target, scores.target)):
        if ours != theirs:
            return f"{ours or 'none'} against {theirs or 'none'}"
    return f"{floor.kind} against {scores.kind}" if floor.kind != scores.kind and floor.kind and scores.kind else ""


def _sizes(of: Estimate | ScoreFacts) -> tuple[int | None, int | None]:
    return of.n_real, of.n_fake
