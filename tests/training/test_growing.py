"""Networks that grow while they are trained: when optimizers begin anew, what a round costs, and what is refused."""

import pytest
import torch

import landscape
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.trial.operations import operations

NETWORKS = {"fmap_base": 32, "fmap_max": 8}
FIELDS = {"dataset": "digits", "loss": "wasserstein", "batch_size": 4, "budget": {"amount": 20}, "ema": {"decay": 0.9}}


def fields(**networks):
    return FIELDS | {"architecture": {"progressive": NETWORKS | networks}}


def test_moments_begin_anew_in_every_phase_and_the_average_grows_along():
    gan = landscape.build(fields(grown=0.5))
    gan.prepare(torch.device("cpu"))
    phases, taken = [], []
    for _ in range(12):
        gan.run_rounds(1)
        phases.append([part.phase for part in gan.rounds.growth.parts])
        taken.append([{int(s["step"]) for s in stepper.optimizer.state.values()} for stepper in gan.rounds.steppers])
    assert phases == [[0] * 3] * 5 + [[1] * 3] * 5 + [[2] * 3] * 2
    assert taken == [[{i % 5 + 1}] * 2 for i in range(12)]
    assert [stepper.steps for stepper in gan.rounds.steppers] == [12, 12]
    # Layers of the second resolution are not touched in the first phase, and their moments do not exist.
    part = gan.generator.layers.layers[0]
    used = {id(p) for p in gan.rounds.g_parameters}
    assert all(id(p) in used for p in part.blocks.parameters())
    assert not any(id(p) in used for p in part.to_image[0].parameters())


def test_networks_that_do_not_grow_have_one_phase():
    gan = landscape.build(fields(grown=0))
    gan.prepare(torch.device("cpu"))
    gan.run_rounds(3)
    assert {part.phase for part in gan.rounds.growth.parts} == {2}
    assert {int(s["step"]) for s in gan.rounds.g_stepper.optimizer.state.values()} == {3}


def test_low_resolutions_cost_less():
    """At 32x32, where phases at 4x4, 8x8 and 16x16 come first. What the last phase costs is the cost of the fixed networks."""
    settings = {"resolution": 32, "latent": {"dim": 8}}
    fixed, growing, late = (operations(TrialConfig.parse(fields(grown=grown) | settings)) for grown in (0, 0.5, 1.0))
    assert growing < fixed / 1.3
    assert late < fixed / 2
    assert late - growing == pytest.approx(growing - fixed)


def test_bad_input():
    with pytest.raises(UserError, match="architecture 'progressive' doubles images from 4x4 on and takes the powers of two"):
        TrialConfig.parse(fields() | {"resolution": 28})
    with pytest.raises(UserError, match=r"grown=1\.5 is not valid"):
        TrialConfig.parse(fields(grown=1.5))
    with pytest.raises(UserError, match="no place for 'spectral' normalization in D"):
        TrialConfig.parse(fields() | {"d_normalization": "spectral"})
