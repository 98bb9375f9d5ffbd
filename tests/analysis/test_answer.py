"""The answer of a study: which settings are confirmed, what is decided by them, and what is said of it."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from helpers.confirmed_study import AXES, SCORE, study_of, trial

from landscape.analysis.answer import AxisAnswer, Effort, LevelAnswer, PairAnswer, ToDecide
from landscape.analysis.answer_words import axis_sentence
from landscape.analysis.answering import answer_of, design_of
from landscape.analysis.contrasts import by_pairs
from landscape.analysis.frames import ScoreFacts, trials_frame
from landscape.analysis.interval import Interval
from landscape.analysis.looks import looks
from landscape.analysis.matched import Searched, key_of, matched_design, most_settings
from landscape.analysis.paired import seeds_to_decide
from landscape.core.errors import UserError
from landscape.report.answer_section import answer_table
from landscape.report.study_tables import contrast_table
from landscape.results.studies import Study


def answer(study: Study):
    return answer_of(study, trials_frame(study.trials, axes=tuple(AXES)), SCORE)


def test_each_axis_is_confirmed_beside_the_same_levels_of_the_others_and_shared_settings_once():
    design = design_of(study_of(seeds=0), tuple(AXES), SCORE)
    assert {b.axis: dict(b.partners) for b in design.blocks} == {
        "loss": {"d_normalization": "spectral", "architecture": "mlp"},
        "d_normalization": {"loss": "hinge", "architecture": "mlp"},
    }
    best = key_of("hinge / spectral / mlp", {"rate": 0.1})
    assert design.settings[best] == ("loss=hinge", "d_normalization=spectral")
    # The better of the two settings of each cell, and no setting twice: 3 losses + 2 normalizations - 1 shared.
    assert len(design.settings) == 4 == most_settings({axis: len(levels) for axis, levels in AXES.items()})
    assert [dict(key[1])["rate"] for key in design.settings] == [0.1] * 4


def test_partners_with_all_levels_come_before_better_ones_that_lack_some():
    def at(ask, loss, norm, cost):
        return Searched(ask, f"{loss} / {norm}", {"loss": loss, "norm": norm}, {}, cost)

    trials = [at(0, "a", "x", 1.0), at(1, "b", "x", math.inf), at(2, "a", "y", 2.0), at(3, "b", "y", 3.0)]
    loss, norm = matched_design(trials, ("loss", "norm")).blocks
    assert dict(loss.partners) == {"norm": "y"}
    assert dict(norm.partners) == {"loss": "a"}
    assert [dict(b.partners) for b in matched_design(trials[:1] + trials[2:], ("loss", "norm"), cells=2).of("loss")] == [{"norm": "y"}]
    # One seed of three with a score does not make a setting: the lower median of its costs has none.
    assert matched_design([at(i, "a", "x", c) for i, c in enumerate((1.0, math.inf, math.inf))], ("loss", "norm")).blocks == ()


def test_the_choice_goes_by_the_selection_samples_and_names_its_axes():
    with pytest.raises(UserError, match=r"axis in confirmation\.axes 'los'"):
        matched_design([], ("loss",), confirmed=("los",))
    assert most_settings({"loss": 3, "norm": 2}, confirmed=("loss",), cells=2) == 6


@pytest.mark.parametrize("cells", [1, 2, 3, 9])
@pytest.mark.parametrize("counts", [(2, 1), (3, 2), (3, 3), (2, 3, 2)])
def test_no_search_leads_to_more_settings_than_the_estimate_says_and_some_to_as_many(cells, counts):
    axes = tuple("abc"[: len(counts)])
    draw, found = np.random.default_rng(0), []
    for _ in range(200):
        combinations = itertools.product(*(map(str, range(count)) for count in counts))
        trials = [Searched(i, "/".join(c), dict(zip(axes, c, strict=True)), {}, draw.random()) for i, c in enumerate(combinations)]
        found.append(len(matched_design(trials, axes, cells=cells).settings))
    most = most_settings(dict(zip(axes, counts, strict=True)), cells=cells)
    assert max(found) <= most
    if cells in (1, 9):  # Between these, blocks of different axes share cells in ways that the estimate does not follow.
        assert max(found) == most


def test_verdicts_stay_when_a_later_confirmation_names_other_axes():
    """The remedy on the page names one axis and a largest number of seeds. What was confirmed before is still judged."""
    before = answer(study_of())
    after = answer(study_of(confirmation={"axes": ["loss"], "most_seeds": before.axis("loss").rival.to_decide.seeds}))
    assert {a.axis: a.best for a in after.axes} == {a.axis: a.best for a in before.axes}
    assert after.axis("d_normalization").state == "decided"


@pytest.mark.parametrize("spread", [0.05, 0.2])
def test_the_seeds_that_would_decide_suffice_with_the_looks_that_they_bring(spread):
    close = answer(study_of(spread=spread)).axis("loss").rival
    seeds, pairs = close.to_decide.seeds, 3
    ours, theirs = (np.log(level.scores) for level in levels_of(spread, close))
    each = 1 - 0.05 / pairs / len(looks(5, seeds))
    found = ours - theirs
    assert seeds == seeds_to_decide(float(found.mean()), float(found.std(ddof=1)), level=each)


def levels_of(spread, pair):
    levels = {level.level: level for level in answer(study_of(spread=spread)).axis("loss").levels}
    return levels[pair.better], levels[pair.other]


def test_a_clear_axis_is_decided_and_a_close_one_says_what_it_would_take():
    found = answer(study_of())
    norm, loss = found.axis("d_normalization"), found.axis("loss")
    assert norm.state == "decided"
    assert (norm.best, norm.runner_up) == ("spectral", "none")
    ratio = norm.contrast.difference
    assert ratio.low < math.exp(-0.5) < ratio.high < 1
    assert norm.sentence.startswith("D normalization: spectral is best: its FD[pixels] is 0.")
    assert "beside loss hinge, architecture mlp" in norm.sentence
    assert loss.state == "suggested"
    assert loss.beaten == ("wasserstein",)
    assert {loss.best, loss.runner_up} == {"hinge", "minimax"}
    close = loss.contrast
    assert not close.decided
    assert close.resolvable > 1.1
    assert close.to_decide.seeds > 5
    assert close.to_decide.trainings == 2 * (close.to_decide.seeds - 5)
    assert close.to_decide.seconds == close.to_decide.trainings * 10
    assert f"5 seeds can show a factor of {close.resolvable:.3g} or more" in loss.sentence
    assert f"({close.to_decide.trainings} more trainings, about " in loss.sentence
    assert "architecture" not in {a.axis for a in found.axes}
    assert "Decided with the settings confirmed here: D normalization (spectral)." in found.sentence
    assert "Ruled out with the settings confirmed here: loss wasserstein." in found.sentence
    assert (found.search.trials, found.confirmation.trials, found.confirmation.seconds) == (12, 20, 200)
    assert found.chosen.labels["d_normalization"] == "spectral"
    assert found.chosen.of == 4
    assert found.chosen.mean.level == pytest.approx(1 - 0.05 / 4)
    mean = found.chosen.mean
    assert f"{mean.value:.3g} ({mean.low:.3g} to {mean.high:.3g}, 95% jointly for all 4) over 5 fresh seeds" in found.sentence


def test_a_winner_whose_trainings_are_not_healthy_says_so():
    """The best score of collapsed models is that of a collapsed model."""
    study = study_of()
    healthy = answer(study)
    assert (healthy.chosen.unhealthy, "symptom" in healthy.sentence) == (0, False)
    first, second, *_ = healthy.chosen.trials
    others = [t.record.digest for t in study.trials if t.record.digest not in healthy.chosen.trials]
    collapsed = {"mode_collapse": {"sample_diversity": 0.1}}
    diagnoses = {first: collapsed, second: collapsed | {"discriminator_wins": {"d_accuracy": 1.0}}} | dict.fromkeys(others, collapsed)
    trials = [replace(t, record=replace(t.record, diagnosis=diagnoses.get(t.record.digest, {}))) for t in study.trials]
    found = answer(replace(study, trials=tuple(trials)))
    assert (found.chosen.unhealthy, found.chosen.symptoms) == (2, {"mode_collapse": 2, "discriminator_wins": 1})
    said = "2 of these 5 trainings show a symptom (mode collapse in 2 and discriminator wins in 1): look at the samples first."
    assert said in found.sentence


def test_a_level_whose_seeds_all_diverge_loses_by_that():
    found = answer(study_of(diverges=("wasserstein",))).axis("loss")
    assert found.levels[-1].level == "wasserstein"
    assert found.levels[-1].diverged == 5
    lost = [p for p in found.pairs if p.other == "wasserstein"]
    assert [(p.decided, p.by_divergence, p.difference.has_interval) for p in lost] == [(True, True, False)] * 2
    assert (
        "wasserstein is shown to be worse than hinge (more of its seeds diverge)" in found.sentence
        or "than minimax (more" in found.sentence
    )


def test_the_best_level_is_the_one_that_its_pairs_show_and_not_the_one_with_lucky_further_seeds():
    """Seeds that only one level has count in no pair, so they must not make it the best level or the setting to train either."""
    study = study_of()
    before = answer(study)
    best, second = before.axis("loss").best, before.axis("loss").runner_up
    labels = {"loss": second, "d_normalization": "spectral", "architecture": "mlp"}
    lucky = [trial(labels, "confirmation", rate=0.1, seed=1000 + r, cost=-3.0, repeat=r) for r in range(5, 10)]
    after = answer(replace(study, trials=(*study.trials, *lucky)))
    found = after.axis("loss")
    assert (found.best, found.runner_up) == (best, second)
    assert (found.contrast.better, found.contrast.seeds) == (best, 5)
    assert found.contrast.difference == before.axis("loss").contrast.difference
    assert found.contrast.difference.value < 1
    assert after.chosen.labels["loss"] == best
    assert answer_section_row(after, "loss")["best"] == best


def test_a_setting_to_train_beside_another_best_level_is_explained():
    found = answer(study_of())
    note = "On an axis that is not decided, its level need not be the best of the pairs."
    other = replace(found, chosen=replace(found.chosen, labels={**found.chosen.labels, "loss": "wasserstein"}))
    assert note not in answer_table(found).caption
    assert note in answer_table(other).caption


def test_verdicts_name_the_score_that_they_compare():
    found = answer(study_of())
    assert contrast_table(found.axis("loss"), found.score, is_log=True).caption.startswith("FD[pixels]: pairs of loss levels.")


def answer_section_row(found, axis):
    table = answer_table(found).frame
    return table[table["axis"] == axis].iloc[0]


def test_levels_go_by_the_pairs_they_win_then_lose_and_then_by_all_their_seeds():
    usual = {"a": (0.0, 1.0), "b": (0.0, 2.0), "c": (0.0, 0.5), "d": (0.0, 0.1)}
    assert by_pairs("abcd", [("b", "a"), ("b", "c"), ("a", "c")], usual) == ["b", "a", "d", "c"]
    assert by_pairs("abc", [("a", "b"), ("b", "c"), ("c", "a")], usual) == ["c", "a", "b"]


@pytest.mark.parametrize("seeds", [3, 5])
def test_an_open_pair_names_the_level_first_that_is_ahead(seeds):
    for pair in answer(study_of(seeds=seeds, spread=0.3)).axis("loss").pairs:
        assert pair.difference.value is None or pair.difference.value <= 1


def test_without_confirmation_nothing_is_decided():
    found = answer(study_of(seeds=0))
    assert {a.state for a in found.axes} == {"open"}
    assert [(a.best, "not confirmed" in a.sentence) for a in found.axes] == [(None, True)] * 2
    assert found.chosen is None
    assert found.sentence.startswith("Not decided: ")
    few = answer(study_of(seeds=4))
    assert {a.state for a in few.axes} == {"open"}
    assert "4 common seeds: a verdict needs 5" in few.axis("loss").sentence


def test_a_level_that_was_not_confirmed_stands_last_and_is_no_rival():
    found = answer(study_of(undone=("wasserstein",))).axis("loss")
    assert [level.level for level in found.levels][-1] == "wasserstein"
    assert found.levels[-1].mean.value is None
    assert {level for pair in found.pairs for level in (pair.better, pair.other)} == {"hinge", "minimax"}


def test_blocks_are_averaged_seed_by_seed():
    found = answer(study_of(confirmation={"cells": 2}))
    loss = found.axis("loss")
    assert [p["d_normalization"] for p in loss.partners] == ["spectral", "none"]
    assert "averaged over 2 combinations of the other axes" in loss.sentence
    assert found.confirmation.trials == 30
    assert loss.contrast.seeds == 5
    assert loss.contrast.to_decide is None or loss.contrast.to_decide.trainings % 4 == 0


def axis_answer(*pairs: PairAnswer, runner_up: str = "b") -> AxisAnswer:
    """An axis whose best level is a."""
    levels = tuple(LevelAnswer(name, Interval(1.0), confirmation=Effort(5, 50.0)) for name in "abc")
    return AxisAnswer("loss", "suggested", "", "a", runner_up, pairs, levels, ({"norm": "x"},))


BEATEN = PairAnswer("a", "b", Interval(0.5, 0.4, 0.6), decided=True, seeds=5)
OPEN = PairAnswer("a", "c", Interval(0.9, 0.7, 1.2), decided=False, seeds=5, resolvable=1.3, to_decide=ToDecide(30, 50, 500.0))


def test_the_rival_is_the_closest_level_that_the_best_one_is_not_shown_to_beat():
    """A runner-up may be beaten while a level behind it, whose seeds spread more, is still open."""
    answer = axis_answer(BEATEN, OPEN, PairAnswer("b", "c", Interval(1.0, 0.8, 1.2), decided=False, seeds=5))
    assert answer.rival == OPEN
    said = axis_sentence(answer, ScoreFacts("FD", "lower"), True)
    assert said.startswith(
        "loss: b is shown to be worse than a (ratio 0.5, 0.4 to 0.6); a is not shown to be better than c: its FD is 0.9 times that of c"
    )
    assert "30 seeds of each (50 more trainings, about 8.3 min) would decide this pair" in said
    assert "better than b" not in said
    assert axis_answer(BEATEN).rival is None


def test_an_open_pair_without_an_interval_says_why():
    same = PairAnswer("a", "b", Interval(0.5, absent="no spread over seeds: were they fresh?"), decided=False, seeds=5)
    said = axis_sentence(axis_answer(same), ScoreFacts("FD", "lower"), True)
    assert (
        "a is not shown to be better than b: its FD is 0.5 times that of b; no spread over seeds: were they fresh?; 5 paired seeds" in said
    )
    lost = PairAnswer("a", "b", Interval(None, absent="a seed diverged: the means cannot be compared"), decided=False, seeds=5)
    assert axis_sentence(axis_answer(lost), ScoreFacts("FD", "lower"), True).count("a seed diverged") == 1


def test_an_end_that_decides_is_not_shown_as_no_difference():
    near = replace(BEATEN, difference=Interval(0.865, 0.748, 0.99992))
    assert "(ratio 0.865, 0.748 to 0.9999)" in axis_sentence(axis_answer(near, OPEN), ScoreFacts("FD", "lower"), True)
    best = replace(axis_answer(near), state="decided")
    assert "0.865 times that of b (0.748 to 0.9999)" in axis_sentence(best, ScoreFacts("FD", "lower"), True)


def test_a_level_without_common_seeds_keeps_the_axis_open():
    said = axis_sentence(axis_answer(BEATEN), ScoreFacts("FD", "lower"), True)
    assert "a is ahead and was not compared with c, for want of common seeds" in said


def test_more_seeds_are_another_look_at_a_smaller_error_each():
    found = answer(study_of(seeds=10, spread=0.02, confirmation={"most_seeds": 10}))
    assert found.looks == (5, 10)
    pair = found.axis("d_normalization").contrast
    assert pair.decided
    assert pair.seeds == 5
    assert pair.difference.level == pytest.approx(1 - 0.05 / 2)
