"""Findings of papers and claims of one's own, held against a study whose truth is known."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from helpers.confirmed_study import AXES, SCORE, study_of, trial

from landscape.analysis.answering import answer_of
from landscape.analysis.claims import held_against
from landscape.analysis.frames import trials_frame
from landscape.core.errors import UserError
from landscape.published.findings import Claim, findings
from landscape.results.record import Estimate, Scores

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
        ({"id": "K", "claim": "k", "correlates": ["FD", "KID"]}, "have no scores FD and KID"),
    ):
        found = said(claim)
        assert (found.says, why in found.reason) == ("not addressed", True), found
    assert said(BETTER, study_of(seeds=0)).reason == "d_normalization has no confirmation runs"
    assert said(BETTER | {"where": {"loss": ["hinge", "minimax"]}}).says == "reproduced"


def test_two_scores_that_agree():
    def study(noise: float):
        rng, trials = np.random.default_rng(0), []
        for i, labels in enumerate(itertools.islice(itertools.cycle([dict(zip(AXES, ("hinge", "none", "mlp"), strict=True))]), 40)):
            one = trial(labels, "search", rate=0.1 + i, seed=i, cost=i / 10, ask=i)
            scores = one.scores["p"]
            kid = Estimate(i + noise * float(rng.normal()), "lower")
            trials.append(replace(one, scores={"p": Scores(scores.protocol, {**scores.estimates, "KID[pixels]": kid})}))
        return replace(study_of(seeds=0), trials=tuple(trials))

    claim = {"id": "K", "claim": "k", "correlates": ["FD", "KID"], "least": 0.9}
    clear = said(claim, study(0.5))
    assert clear.says == "reproduced"
    # No confirmation run stands behind a correlation; its models are counted apart.
    assert (clear.trials, clear.effect.n) == ((0, 0), 40)
    assert said(claim, study(100.0)).says == "contradicted"
    assert said(claim, study(6.0)).says == "undecided"
    few = study(0.5)
    assert "an interval needs 10" in said(claim, replace(few, trials=few.trials[:9])).reason


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


def test_the_forty_findings():
    known = findings()
    assert [claim.id for claim in known] == [f"F{i}" for i in range(1, 41)]
    assert [claim.id for claim in known if not claim.source] == []
    addressable = [claim for claim in known if not claim.needs]
    assert len(addressable) == 28


def test_names_of_levels_and_data_are_those_of_components():
    from landscape.components.architectures._base import ARCHITECTURES
    from landscape.components.datasets._base import DATASETS
    from landscape.components.losses._base import LOSSES
    from landscape.components.normalizations._base import NORMALIZATIONS
    from landscape.components.regularizers._base import REGULARIZERS

    registries = {"loss": LOSSES, "d_normalization": NORMALIZATIONS, "architecture": ARCHITECTURES, "regularizers": REGULARIZERS}
    labels = {"none", "gradient_penalty 5:1", "packing 2", "packing 3", "r1_r2 every 8", "one-sided", "two-sided"}
    for claim in findings():
        assert all(name in DATASETS for name in claim.data), claim.id
        for axis, names in [(claim.axis, (*claim.levels, *claim.against)), *claim.where.items()]:
            if axis in registries:
                assert all(name in registries[axis] or name in labels for name in names), (claim.id, names)


def test_a_claim_is_one_thing():
    for wrong, said_of in (
        ({"needs": "x"}, "give an axis with levels"),
        ({"levels": "", "axis": ""}, "give an axis|a comparison names"),
        ({"against": []}, "a comparison names its axis"),
        ({"margin": 1.0}, "margin=1.0"),
        ({"beter": 1}, "beter"),
    ):
        with pytest.raises(UserError, match=said_of):
            Claim.parse(BETTER | wrong)
    with pytest.raises(UserError, match="two scores"):
        Claim.parse({"id": "K", "claim": "k", "correlates": ["FD"]})
