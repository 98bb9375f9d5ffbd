"""Findings of papers and claims of one's own, held against a study whose truth is known."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from helpers.confirmed_study import AXES, SCORE, study_of, trial
from scipy.stats import binomtest, fisher_exact
from scipy.stats.contingency import odds_ratio

from landscape.analysis.answering import answer_of
from landscape.analysis.claims import held_against
from landscape.analysis.finding import OWN
from landscape.analysis.frames import trials_frame
from landscape.analysis.interval import Interval
from landscape.core.errors import UserError
from landscape.published.findings import Claim, findings
from landscape.results.record import Estimate, Scores, Status
from landscape.results.score_names import matches

BETTER = {"id": "C1", "claim": "spectral is better", "axis": "d_normalization", "levels": "spectral", "against": "none"}


def said(claim: dict, study=None, dataset="digits"):
    study = study or study_of()
    facts = {**study.facts, "space": {"dataset": dataset, **study.facts.get("space", {})}}
    study = replace(study, facts=facts)
    table = trials_frame(study.trials, axes=tuple(AXES))
    return held_against([Claim.parse(claim)], study, table, answer_of(study, table, SCORE))[0]


def test_a_comparison_that_the_runs_decide():
    found = said(BETTER)
    assert found.says == "reproduced"
    assert found.effect.high < 1
    assert found.trials == (5, 5)
    assert found.reason.startswith("spectral beside none: 0.")
    assert found.reason.endswith("with loss hinge, architecture mlp")
    assert said(BETTER | {"levels": "none", "against": "spectral"}).says == "contradicted"
    assert said(BETTER | {"expect": "not_better"}).says == "contradicted"
    assert said(BETTER | {"levels": "none", "against": "spectral", "expect": "not_better"}).says == "reproduced"
    assert said(BETTER | {"expect": "similar"}).says == "contradicted"


def test_other_data_or_another_score_are_other_ground():
    assert said(BETTER | {"data": "digits"}).says == "reproduced"
    assert said(BETTER | {"data": ["celeba"]}).says == "holds here"
    assert said(BETTER | {"score": "FID"}).says == "holds here"
    assert said(BETTER | {"score": "FD"}).says == "reproduced"
    assert said(BETTER | {"data": "celeba", "levels": "none", "against": "spectral"}).says == "does not hold here"


def test_what_is_open_says_what_it_would_take():
    close = {"id": "C2", "claim": "hinge is better", "axis": "loss", "levels": "hinge", "against": "minimax", "data": "celeba"}
    found = said(close)
    assert found.says == "undecided here"
    assert found.to_decide.seeds > 5
    # Of several pairs, one that is open leaves the claim open, and one against it contradicts it.
    assert said(close | {"against": ["minimax", "wasserstein"]}).says == "undecided here"
    assert said(close | {"levels": ["hinge", "wasserstein"], "against": "minimax"}).says == "does not hold here"
    # Within 10% is shown where the seeds spread by a tenth of that.
    near = {"axis": "loss", "levels": "hinge", "against": "minimax", "expect": "similar", "id": "C3", "claim": "as good"}
    assert said(near).says == "undecided"
    assert said(near, study_of(spread=0.005)).says == "reproduced"
    assert said(near | {"expect": "not_better", "levels": "minimax", "against": "hinge"}, study_of(spread=0.005)).says == "reproduced"
    assert said(near | {"margin": 1.001}, study_of(spread=0.005)).says == "contradicted"


def test_what_a_study_does_not_address():
    for claim, why in (
        (BETTER | {"axis": "regularizers"}, "compares no levels of regularizers"),
        (BETTER | {"against": "batch"}, "does not compare spectral with batch"),
        (BETTER | {"where": {"loss": "minimax"}}, "compared beside loss hinge; the claim is about minimax"),
        (BETTER | {"where": {"steps": "10"}}, "the study has no axis steps, and the claim is about 10"),
        ({"id": "N", "claim": "n", "needs": "a microscope"}, "needs a microscope"),
        ({"id": "K", "claim": "k", "correlates": ["FD", "KID"]}, "have no scores FD and KID through one extractor"),
    ):
        found = said(claim)
        assert (found.says, why in found.reason) == ("not addressed", True), found
    assert said(BETTER, study_of(seeds=0)).reason == "d_normalization has no confirmation runs"
    assert said(BETTER | {"where": {"loss": ["hinge", "minimax"]}}).says == "reproduced"


def two_scores(noise: float, kid="KID[pixels]", n=40):
    """A study whose search has two scores, of which the second is the order of the first and noise."""
    rng, trials = np.random.default_rng(0), []
    for i, labels in enumerate(itertools.islice(itertools.cycle([dict(zip(AXES, ("hinge", "none", "mlp"), strict=True))]), n)):
        one = trial(labels, "search", rate=0.1 + i, seed=i, cost=i / 10, ask=i)
        scores = one.scores["p"]
        second = Estimate(i + noise * float(rng.normal()), "lower")
        trials.append(replace(one, scores={"p": Scores(scores.protocol, {**scores.estimates, kid: second})}))
    return replace(study_of(seeds=0), trials=tuple(trials))


def test_two_scores_that_agree():
    claim = {"id": "K", "claim": "k", "correlates": ["FD", "KID"], "least": 0.9}
    clear = said(claim, two_scores(0.5))
    assert clear.says == "reproduced"
    # No confirmation run stands behind a correlation; what is counted are its models.
    assert (clear.trials, clear.unit, clear.effect.n, clear.to_decide) == ((40,), "model", 40, None)
    assert said(claim, two_scores(100.0)).says == "contradicted"
    few = two_scores(0.5)
    assert "an interval needs 10" in said(claim, replace(few, trials=few.trials[:9])).reason
    # Several seeds of a setting are one model.
    twice = [replace(t, record=replace(t.record, digest=f"{t.record.digest} again")) for t in few.trials[:9]]
    assert said(claim, replace(few, trials=(*few.trials[:9], *twice))).effect.n == 9


def test_an_open_correlation_says_how_many_models_would_decide():
    claim = {"id": "K", "claim": "k", "correlates": ["FD", "KID"], "least": 0.9}
    found = said(claim, two_scores(6.0))
    assert found.says == "undecided"
    models = found.to_decide.seeds
    assert (found.to_decide.trainings, found.to_decide.seconds) == (models - 40, 10.0 * (models - 40))
    # The correlation of nine models has no interval, and says nothing of how many would have a short one.
    few = two_scores(6.0)
    assert said(claim, replace(few, trials=few.trials[:9])).to_decide is None
    rho = found.effect.value
    for n, decides in ((models, True), (models - 1, False)):
        reach = 1.959964 * np.sqrt((1 + rho**2 / 2) / (n - 3))
        assert bool(abs(np.arctanh(rho) - np.arctanh(0.9)) >= reach) is decides


def test_the_same_two_distances_through_another_extractor_are_other_ground():
    """FID and KID are both through Inception; through a classifier or pixels they are FD and KID of another score."""
    claim = {"id": "K", "claim": "k", "correlates": ["FID", "KID[inception]"], "least": 0.9}
    assert said(claim, two_scores(0.5)).says == "holds here"
    assert said(claim, two_scores(100.0)).says == "does not hold here"
    assert said(claim, two_scores(0.5, kid="KID[inception]")).says == "not addressed"  # FD and KID through different networks.
    own = two_scores(0.5, kid="KID[inception]")
    renamed = [
        replace(t, scores={"p": Scores(s.protocol, {**s.estimates, "FID": s.estimates[SCORE]})})
        for t in own.trials
        for s in t.scores.values()
    ]
    own = replace(own, trials=tuple(renamed))
    assert said(claim, own).says == "reproduced"
    assert said(claim | {"data": "celeba"}, own).says == "holds here"


def test_better_high_and_better_low_agree_where_they_rank_models_alike():
    study = two_scores(0.5, kid="IS")
    higher = [
        replace(t, scores={"p": Scores(s.protocol, {**s.estimates, "IS": Estimate(-s.estimates["IS"].value, "higher")})})
        for t in study.trials
        for s in t.scores.values()
    ]
    found = said({"id": "K", "claim": "k", "correlates": ["FD[pixels]", "IS"]}, replace(study, trials=tuple(higher)))
    assert found.effect.low > 0.9


def test_trials_left_out_on_the_way_leave_a_correlation_unaddressed():
    study = two_scores(0.5)
    stopped = replace(study.trials[0], record=replace(study.trials[0].record, status=Status.STOPPED_EARLY), scores={})
    found = said({"id": "K", "claim": "k", "correlates": ["FD", "KID"]}, replace(study, trials=(stopped, *study.trials[1:])))
    assert (found.says, "stopped or screened out" in found.reason) == ("not addressed", True)


def test_a_claim_is_judged_by_its_own_score_if_the_trials_have_it():
    """IS says the opposite of the objective here, and the claim is about IS."""
    study = study_of()
    both = []
    for t in study.trials:
        scores = {
            k: Scores(s.protocol, {**s.estimates, "IS": replace(s.estimates[SCORE], direction="higher")}) for k, s in t.scores.items()
        }
        both.append(replace(t, scores=scores))
    study = replace(study, trials=tuple(both))
    assert said(BETTER | {"score": "FD"}, study).says == "reproduced"
    found = said(BETTER | {"score": "IS"}, study)
    assert (found.says, "by FD" in found.reason) == ("contradicted", False)
    assert said(BETTER | {"score": "FID"}, study).reason.endswith(", by FD[pixels], with loss hinge, architecture mlp")
    # A term of a distance is another score than the distance.
    assert said(BETTER | {"score": "FD_mean"}, study).says == "holds here"


def drawn(reaching: dict[str, tuple[int, int]], **facts):
    """A random search whose trials of each loss score 1 or 3; how many of them score 1, of how many."""
    trials = []
    for loss, (good, n) in reaching.items():
        for i in range(n):
            labels = dict(zip(AXES, (loss, "none", "mlp"), strict=True))
            one = trial(labels, "search", rate=0.1 + i, seed=i, cost=0.0 if i < good else np.log(3.0), ask=i)
            config = {**one.record.config, "loss": {"name": loss}, "regularizers": []}
            trials.append(replace(one, record=replace(one.record, config=config)))
    study = study_of(seeds=0)
    return replace(study, trials=tuple(trials), facts={**study.facts, "searcher": {"name": "random"}, **facts})


SIDES = {"id": "S", "claim": "s", "sides": [{"loss": "hinge", "regularizers": "none"}, {"loss": "minimax"}]}


def test_fewer_tries_are_a_larger_share_of_trials_at_the_target():
    many = drawn({"hinge": (15, 20), "minimax": (5, 20)})
    found = said(SIDES | {"target": 2}, many)
    assert (found.says, found.trials, found.unit) == ("reproduced", (20, 20), "trial of the search")
    table = [[15, 5], [5, 15]]
    assert found.effect.low > 1
    assert fisher_exact(table).pvalue < 0.05
    assert found.effect.value == pytest.approx(odds_ratio(np.array(table)).statistic)
    assert "15 of 20 trials (loss hinge, regularizers none) and 5 of 20 trials (loss minimax) reach 2;" in found.reason
    assert said(SIDES | {"target": 2, "sides": SIDES["sides"][::-1]}, many).says == "contradicted"
    # On other data the target is the median of both sides, which is 1 or 3 here.
    elsewhere = said(SIDES | {"target": 0.5, "data": "celeba"}, many)
    assert (elsewhere.says, "reach 1, the lower median of both sides" in elsewhere.reason) == ("holds here", True)


def test_shares_that_are_too_close_say_how_many_trials_would_decide():
    found = said(SIDES | {"target": 2}, drawn({"hinge": (7, 10), "minimax": (4, 10)}))
    assert found.says == "undecided"
    each = found.to_decide.seeds
    assert found.to_decide.trainings == 2 * (each - 10)
    sides = [round(0.7 * each), round(0.4 * each)]
    low = odds_ratio(np.array([[s, each - s] for s in sides])).confidence_interval().low
    assert low > 1


def test_shares_need_independent_trials_that_were_all_scored():
    counts = {"hinge": (15, 20), "minimax": (5, 20)}
    space = {"searcher": {"name": "optuna-tpe"}}
    assert "not drawn at random" in said(SIDES | {"target": 2}, drawn(counts, **space)).reason
    few = drawn(counts)
    stopped = replace(few.trials[0], record=replace(few.trials[0].record, status=Status.STOPPED_EARLY), scores={})
    assert "stopped or screened out" in said(SIDES | {"target": 2}, replace(few, trials=(stopped, *few.trials[1:]))).reason
    assert (
        "no trial of the search has loss wasserstein" in said(SIDES | {"sides": [{"loss": "wasserstein"}, {"loss": "hinge"}]}, few).reason
    )
    diverged = [replace(t, record=replace(t.record, status=Status.DIVERGED), scores={}) for t in few.trials[:35]]
    lost = replace(few, trials=(*diverged, *few.trials[35:]))
    assert "more than half of the trials diverged" in said(SIDES, lost).reason
    # A diverged trial does not reach a target, and counts as a try.
    assert said(SIDES | {"target": 5}, lost).trials == (20, 20)


CURVE = {"id": "C", "claim": "c", "curve": "d_spectral_norm", "at_most": 1.05, "where": {"d_normalization": "spectral"}, "least": 0.8}


def with_curve(highest):
    """A search of trials with spectral normalization whose largest spectral norm was `highest`, on the way; and one trial without it."""
    labels = dict(zip(AXES, ("hinge", "spectral", "mlp"), strict=True))
    trials = [trial(labels | {"d_normalization": "none"}, "search", rate=0.0, seed=0, cost=1.0, ask=0)]
    trials[0] = replace(trials[0], record=replace(trials[0].record, curves={"d_spectral_norm": ((1.0, 9.0),)}))
    for i, value in enumerate(highest):
        one = trial(labels, "search", rate=0.1 + i, seed=i, cost=1.0, ask=i + 1)
        trials.append(replace(one, record=replace(one.record, curves={"d_spectral_norm": ((1.0, 0.5), (2.0, value), (3.0, 1.0))})))
    study = study_of(seeds=0)
    return replace(study, trials=tuple(trials), facts={**study.facts, "searcher": {"name": "random"}})


def test_a_curve_that_stays_below_a_bound():
    found = said(CURVE, with_curve([1.0] * 30))
    ends = binomtest(30, 30).proportion_ci(0.95, method="exact")
    assert (found.says, found.trials, found.effect.low) == ("reproduced", (30,), pytest.approx(ends.low))
    assert said(CURVE, with_curve([1.0] * 10 + [1.06] * 20)).says == "contradicted"
    assert said(CURVE, with_curve([1.05] * 30)).says == "reproduced"
    few = said(CURVE, with_curve([1.0] * 10))
    assert few.says == "undecided"
    needed = few.to_decide.seeds
    assert binomtest(needed, needed).proportion_ci(0.95, method="exact").low >= 0.8
    assert binomtest(needed - 1, needed - 1).proportion_ci(0.95, method="exact").low < 0.8
    assert said(CURVE | {"data": "celeba"}, with_curve([1.0] * 30)).says == "holds here"
    assert said(CURVE | {"score": "FID"}, with_curve([1.0] * 30)).says == "reproduced"  # A curve is the same under every score.
    search = with_curve([1.0] * 30)
    again = replace(
        search.trials[1], record=replace(search.trials[1].record, study={**search.trials[1].record.study, "role": "confirmation"})
    )
    assert said(CURVE, replace(search, trials=(*search.trials, again))).trials == (30,)
    assert "the records have no curve d_spectral_norm" in said(CURVE, study_of()).reason
    assert "no trial of the search has d_normalization weight" in said(CURVE | {"where": {"d_normalization": "weight"}}, study_of()).reason


def with_checkpoints(ratios, direction="lower", prescribed="last"):
    """A search whose last weights score `ratio` times as bad as the best ones, under the names that the runner gives them."""
    trials = []
    for i, ratio in enumerate(ratios):
        one = trial(dict(zip(AXES, ("hinge", "none", "mlp"), strict=True)), "search", rate=0.1 + i, seed=i, cost=0.0, ask=i)
        last = 10.0 * ratio if direction == "lower" else 10.0 / ratio
        values = {"best_on_selection": 10.0, "last": last}
        scores = {"s": Scores({"name": "quick/selection", "checkpoint": "last"}, {SCORE: Estimate(1.0, direction)})}
        for which, value in values.items():
            name = "quick" if which == prescribed else f"quick/{which}"
            digest = "p" if which == prescribed else which
            scores[digest] = Scores(
                {"name": name, "digest": digest, "checkpoint": which}, {SCORE: Estimate(value, direction)}, checkpoint=which
            )
        trials.append(replace(one, scores=scores))
    study = study_of(seeds=0)
    return replace(study, trials=tuple(trials), facts={**study.facts, "searcher": {"name": "random"}})


def said_of_checkpoints(claim, study):
    table = trials_frame(study.trials, protocol="p", axes=tuple(AXES))
    return held_against([Claim.parse(claim)], study, table, answer_of(study, table, SCORE))[0]


@pytest.mark.parametrize("direction", ["lower", "higher"])
@pytest.mark.parametrize("prescribed", ["last", "best_on_selection"])
def test_weights_that_degrade_after_their_best(direction, prescribed):
    claim = {"id": "D", "claim": "d", "last_to_best": 2, "least": 0.1}

    def found(ratios):
        return said_of_checkpoints(claim, with_checkpoints(ratios, direction, prescribed))

    many = found([2.5] * 10 + [1.0] * 20)
    assert (many.says, many.trials, many.effect.value) == ("reproduced", (30,), pytest.approx(1 / 3))
    assert found([1.9] * 40).says == "contradicted"
    assert found([2.5] * 3 + [1.0] * 20).says == "undecided"
    assert found([2.5] * 3 + [1.0] * 37).says == "undecided"
    assert "ratios are 1 to 2.5, with median 1" in many.reason
    assert "no trial has scores of its best weights" in said(claim, study_of()).reason


def test_components_are_found_under_their_labels():
    study = study_of()
    entries = {"d_normalization": [{"label": "spectral", "use": [{"name": "spectral_batch", "every": 1}]}, {"label": "none", "use": []}]}
    study = replace(study, facts={**study.facts, "space": {"entries": entries}})
    assert said(BETTER | {"levels": "spectral_batch"}, study).says == "reproduced"


def test_an_axis_of_methods_stands_for_the_field_that_an_entry_changes():
    study = study_of()
    methods = [
        {"label": "hinge", "overrides": {"d_normalization": {"spectral": {"iterations": 1}}}},
        {"label": "minimax", "overrides": {"d_normalization": "batch"}},
        {"label": "wasserstein", "overrides": {"d_normalization": ["layer"], "batch_size": 8}},
    ]
    study = replace(study, facts={**study.facts, "space": {"entries": {"loss": methods}}})
    claim = {"id": "M", "claim": "m", "axis": "regularizers", "levels": "l2", "against": "none"}
    assert said(claim, study).reason == "the study compares no levels of regularizers"
    # Here the axis `loss` plays an axis of methods: the claim is about a field that is no axis of the study.
    renamed = replace(
        study,
        facts={
            **study.facts,
            "space": {
                "entries": {
                    "loss": [
                        {"label": "hinge", "overrides": {"regularizers": "l2"}},
                        {"label": "wasserstein", "overrides": {"regularizers": [{"name": "r1"}]}},
                        {"label": "minimax", "overrides": {"regularizers": ["l2", "r1"]}},
                    ]
                }
            },
        },
    )
    assert said(claim | {"levels": "r1", "against": "l2"}, renamed).says == "contradicted"
    assert said(claim | {"levels": "r1", "against": "none"}, renamed).says == "not addressed"


@pytest.mark.parametrize(("low", "high", "verdict"), [(0.05, 0.2, "yes"), (0.21, 0.5, "no"), (0.1, 0.21, "open")])
def test_the_part_of_the_seed_is_that_of_the_answer(low, high, verdict):
    study = study_of()
    table = trials_frame(study.trials, axes=tuple(AXES))
    answer = answer_of(study, table, SCORE)
    part = replace(answer.variance.seed_part, value=(low + high) / 2, low=low, high=high, n=7)
    answer = replace(answer, variance=replace(answer.variance, seed_part=part, of_confirmed=True))
    claim = Claim.parse({"id": "P", "claim": "p", "seed_part": 0.2})
    (found,) = held_against([claim], study, table, answer)
    assert (found.says, found.effect, found.trials, found.unit) == (OWN[verdict], part, (7,), "confirmation run")
    assert "by the seeds of confirmed settings, held against 0.2" in found.reason
    (absent,) = held_against(
        [claim], study, table, replace(answer, variance=replace(answer.variance, seed_part=Interval(None, absent="why")))
    )
    assert (absent.says, absent.reason) == ("not addressed", "why")


def test_an_entry_that_changes_what_the_claim_is_limited_to_stands_for_its_component():
    """As in `lucic-wide`, where one entry sets the loss and the regularizer."""
    study = study_of()
    methods = [
        {"label": "hinge", "overrides": {"loss": "wasserstein", "regularizers": {"gradient_penalty": {"weight": 10}}}},
        {"label": "wasserstein", "overrides": {"loss": "wasserstein", "regularizers": "weight_clipping"}},
        {"label": "minimax", "overrides": {"loss": "minimax", "regularizers": "weight_clipping"}},
    ]
    study = replace(study, facts={**study.facts, "space": {"entries": {"loss": methods}}})
    claim = {"id": "M", "claim": "m", "axis": "regularizers", "levels": "gradient_penalty", "against": "weight_clipping"}
    found = said(claim | {"where": {"loss": "wasserstein"}}, study)
    assert (found.says, found.reason.startswith("hinge beside wasserstein")) == ("reproduced", True)
    assert said(claim | {"where": {"loss": "hinge"}}, study).says == "not addressed"
    labels = {"id": "L", "claim": "l", "axis": "loss", "levels": "hinge", "against": "wasserstein"}
    assert said(labels | {"where": {"regularizers": ["gradient_penalty", "weight_clipping"]}}, study).says == "reproduced"
    assert said(labels | {"where": {"regularizers": "l2"}}, study).says == "not addressed"
    assert said(claim, study).says == "not addressed"  # Without the limit, the entries differ in the loss as well.


def test_a_component_that_the_study_fixes_is_found():
    """It is no axis, and every trial has it: a claim about it is addressed."""
    study = study_of()
    fixed = replace(study, facts={**study.facts, "space": {"base": {"regularizers": "gradient_penalty:weight=10", "d_steps": 5}}})
    where = {"where": {"regularizers": ["gradient_penalty", "r1"], "loss": "hinge"}}
    assert said(BETTER | where, fixed).says == "reproduced"
    assert (
        said(BETTER | {"where": {"regularizers": "r1"}}, fixed).reason
        == "compared beside regularizers gradient_penalty; the claim is about r1"
    )
    # The condition after one that a fixed component meets is looked at too.
    assert said(BETTER | {"where": {"regularizers": "gradient_penalty", "loss": "minimax"}}, fixed).says == "not addressed"
    # Records say it of defaults that the study does not name.
    trained = [replace(t, record=replace(t.record, config={**t.record.config, "regularizers": []})) for t in study.trials]
    assert said(BETTER | {"where": {"regularizers": "none"}}, replace(study, trials=tuple(trained))).says == "reproduced"


UNDECIDABLE = {"F12", "F17", "F22", "F23", "F36", "F40"}
"""Findings that no study's records decide: the components or data are not here, or records do not hold what is compared."""


def test_the_forty_findings():
    known = findings()
    whole = [claim.id for claim in known if claim.id[-1].isdigit()]
    assert whole == [f"F{i}" for i in range(1, 41)]
    assert {claim.id for claim in known} - set(whole) == {"F3b", "F5b", "F5c", "F10b", "F15b", "F24b", "F31b", "F32b", "F33b"}
    assert [claim.id for claim in known if not (claim.source and claim.comparison)] == []
    assert {claim.id for claim in known if claim.needs} == UNDECIDABLE


def test_every_finding_names_its_data():
    """A finding without a data set would be said to be reproduced, or contradicted, on any."""
    assert [claim.id for claim in findings() if not claim.data] == []


def test_scores_of_findings_are_public_names():
    from landscape.components.metrics._base import METRICS

    patterns = [name for metric in METRICS for name in METRICS[metric].facts.names]
    for claim in findings():
        for name in (claim.score, *claim.correlates):
            assert not name or matches([*patterns, "FID"], name), (claim.id, name)


NOT_OFFERED = {"ffhq_256", "imagenet_32"}


def test_names_of_levels_and_data_are_those_of_components():
    from landscape.components.architectures._base import ARCHITECTURES
    from landscape.components.datasets._base import DATASETS
    from landscape.components.losses._base import LOSSES
    from landscape.components.normalizations._base import NORMALIZATIONS
    from landscape.components.regularizers._base import REGULARIZERS

    registries = {"loss": LOSSES, "d_normalization": NORMALIZATIONS, "architecture": ARCHITECTURES, "regularizers": REGULARIZERS}
    labels = {"none", "packing 2", "packing 3", "r1_r2 every 8", "one-sided", "two-sided"}
    for claim in findings():
        assert all(name in DATASETS or name in NOT_OFFERED for name in claim.data), claim.id
        of_sides = [pair for side in claim.sides for pair in side.items()]
        for axis, names in [(claim.axis, (*claim.levels, *claim.against)), *claim.where.items(), *of_sides]:
            if axis in registries:
                assert all(name in registries[axis] or name in labels for name in names), (claim.id, names)


def test_a_claim_is_one_thing():
    for wrong, said_of in (
        ({"needs": "x"}, "give one of: an axis with levels"),
        ({"curve": "d_loss", "at_most": 1}, "give one of: an axis with levels"),
        ({"levels": "", "axis": ""}, "give one of|a comparison names"),
        ({"against": []}, "a comparison names its axis"),
        ({"margin": 1.0}, "margin=1.0"),
        ({"beter": 1}, "beter"),
    ):
        with pytest.raises(UserError, match=said_of):
            Claim.parse(BETTER | wrong)
    for wrong, said_of in (
        ({"sides": [{"loss": "hinge"}]}, "two kinds of trials"),
        ({"curve": "d_loss"}, "at_most come together"),
        ({"at_most": 1, "needs": "x"}, "at_most come together"),
        ({"last_to_best": 1}, "last_to_best=1"),
    ):
        with pytest.raises(UserError, match=said_of):
            Claim.parse({"id": "W", "claim": "w"} | wrong)
    with pytest.raises(UserError, match="two scores"):
        Claim.parse({"id": "K", "claim": "k", "correlates": ["FD"]})
