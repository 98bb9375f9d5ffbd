"""What a number of seeds can tell apart, before the search: from a spread that was measured in the results folder, or assumed."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from helpers import synthetic_study
from helpers.confirmed_study import SCORE, study_of

from landscape.analysis.measured_spread import MeasuredSpread, measured_spread, spread_over_seeds
from landscape.analysis.paired import resolvable_difference
from landscape.analysis.resolution import resolution_sentence, resolvable_before


def test_pairs_and_looks_share_the_error():
    assert resolvable_before(0.1, 2, (5,)) == pytest.approx(resolvable_difference(math.sqrt(2) * 0.1, 5, level=0.95))
    # Three levels have 3 pairs, and each of two looks has half of the error of a pair.
    assert resolvable_before(0.1, 3, (5, 10)) == pytest.approx(resolvable_difference(math.sqrt(2) * 0.1, 5, level=1 - 0.05 / 6))


def test_the_sentence_names_what_the_first_look_decides():
    said = resolution_sentence("FD[pixels]", 2, (5,), log=True)
    assert said.startswith("5 paired seeds tell two of 2 levels apart, 4 times in 5, by a factor in FD[pixels]")
    assert f"{math.exp(resolvable_before(0.1, 2, (5,))):.3g} if by 10%" in said
    assert "over seeds, here assumed: " in said
    assert "differs by" in resolution_sentence("accuracy", 2, (5,), log=False)
    assert resolution_sentence("FD[pixels]", 1, (5,), log=True) == ""


@pytest.mark.parametrize("log", [True, False])
def test_fewer_than_five_seeds_tell_nothing_apart(log):
    """No interval is given below 5 seeds, so a look before that decides nothing by scores."""
    assert resolution_sentence("FD", 3, (4,), log=log) == "4 seeds tell no two levels apart by their scores: a verdict needs 5"
    assert resolution_sentence("FD", 3, (3, 6), log=log).startswith("6 paired seeds tell two of 3 levels apart")
    assert resolvable_before(0.1, 3, (3, 6)) == pytest.approx(resolvable_difference(math.sqrt(2) * 0.1, 6, level=1 - 0.05 / 6))


def test_a_measured_spread_takes_the_place_of_assumed_ones():
    here = resolution_sentence("FD[pixels]", 2, (5,), log=True, measured=MeasuredSpread(0.1, 3, ""))
    factor = f"{math.exp(resolvable_before(0.1, 2, (5,))):.3g}"
    assert here == (
        f"5 paired seeds tell two of 2 levels apart, 4 times in 5, whose FD[pixels] differs by a factor of {factor}:"
        " seeds of one setting spread by 10% in 3 settings of this study"
    )
    there = resolution_sentence("accuracy", 2, (5,), log=False, measured=MeasuredSpread(0.02, 1, "other"))
    assert f"differs by {resolvable_before(0.02, 2, (5,)):.3g}: " in there
    assert there.endswith("spread by 0.02 in 1 setting of study other, of the same data, protocol and budget")


def test_the_spread_is_pooled_over_confirmed_settings():
    study = study_of(seeds=5)
    runs = {}
    for one in study.trials:
        if one.record.study["role"] == "confirmation":
            runs.setdefault(one.record.setting_digest, []).append(math.log(one.scores["p"].estimates[SCORE].value))
    pooled = math.sqrt(sum(np.var(of, ddof=1) for of in runs.values()) / len(runs))
    assert spread_over_seeds(study, log=True) == (pytest.approx(pooled), len(runs))
    assert spread_over_seeds(study, log=False)[0] > 3 * pooled
    lost = spread_over_seeds(study_of(seeds=5, diverges=("wasserstein",)), log=True)
    assert lost[1] == len(runs) - 1
    one = [
        trial for trial in study.trials if trial.record.setting_digest == next(iter(runs)) and trial.record.study["role"] == "confirmation"
    ]
    assert spread_over_seeds(replace(study, trials=tuple(one[:5])), log=True) == (pytest.approx(np.std(runs[next(iter(runs))], ddof=1)), 1)
    assert spread_over_seeds(replace(study, trials=tuple(one[:4])), log=True) is None


def test_only_studies_of_the_same_ground_are_asked(tmp_path):
    how = {"confirm": 5, "pictures": False, "axes": ("loss", "architecture")}
    for name in ("a-other", "b-same", "mine"):
        synthetic_study.write_study(tmp_path, 20, name, **{**how, "confirm": 0 if name == "mine" else 5})
    for name in ("a-other", "b-same", "mine"):
        path = tmp_path / name / "study.json"
        facts = json.loads(path.read_text())
        facts |= {"data": {"digits": "x"}, "budget": {"training": {"amount": 1 if name == "a-other" else 400, "unit": "d_steps"}}}
        path.write_text(json.dumps(facts))
    found = measured_spread(tmp_path / "mine", log=True)
    assert found.study == "b-same"
    assert 0 < found.value < 1
    assert measured_spread(tmp_path / "b-same", log=True) == MeasuredSpread(found.value, found.settings, "")
    assert measured_spread(tmp_path / "a-other", log=True).study == ""
    (tmp_path / "b-same" / "study.json").write_text("{")
    assert measured_spread(tmp_path / "mine", log=True) is None
    assert measured_spread(tmp_path / "nothing", log=True) is None
