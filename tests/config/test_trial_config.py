"""TrialConfig: what is filled in, what is refused and with which words, and what a digest depends on."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landscape.config.protocol import Protocol
from landscape.config.trial_config import TrialConfig
from landscape.config.undefined import UndefinedCombinationError
from landscape.core.errors import UserError

BASE = {"dataset": "digits", "architecture": "mlp", "loss": "hinge"}


def config(**fields):
    return TrialConfig.parse(BASE | fields)


def test_defaults_are_filled_in_from_the_components():
    c = config(regularizers=["gradient_penalty"])
    assert c.loss.hyperparameters == {"margin": 1.0}
    assert c.regularizers[0].hyperparameters["weight"] == 10.0
    assert c.g_normalization is not None
    assert c.latent is not None
    assert c.resolution == 8
    assert c.g_batch_size == c.batch_size


def test_json_round_trip_is_the_same_config():
    c = config(regularizers=[{"gradient_penalty": {"weight": 1, "every": 4}}], ema={"decay": 0.99})
    again = TrialConfig.parse(json.loads(json.dumps(c.to_json())))
    assert again == c
    assert again.digest() == c.digest()


def test_shorthand_and_none():
    assert config(loss={"hinge": {"margin": 2}}).loss.hyperparameters["margin"] == 2
    assert config(regularizers="none").regularizers == ()
    assert config(regularizers=["none"]).digest() == config().digest()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"loss": "hingee"}, ["unknown loss 'hingee'", "'hinge'", "wasserstein"]),
        ({"loss": {"hinge": {"marign": 1}}}, ["hyperparameter", "'marign'", "'margin'"]),
        ({"loss": {"hinge": {"margin": -1}}}, ["margin=-1", "greater than 0"]),
        ({"regularizers": [{"gradient_penalty": {"sides": "three"}}]}, ["sides='three'", "'two' or 'one'"]),
        ({"batchsize": 3}, ["batchsize", "batch_size"]),
        ({"batch_size": 0}, ["batch_size=0", "greater than or equal to 1"]),
        ({"d_optimizer": {"beta1": 1.5}}, ["d_optimizer.beta1=1.5"]),
        ({"d_optimizer": {"beta1": 1.0}}, ["beta1", "below 1"]),
        ({"architecture": "dcgan", "resolution": 7}, ["dcgan", "7"]),
        ({"regularizers": ["gradient_penalty", "gradient_penalty"]}, ["twice"]),
        ({"ema": {}}, ["exactly one", "relative_width"]),
        ({"ema": {"decay": 0.9, "relative_width": 0.1}}, ["exactly one"]),
        ({"ema": {"half_life_images": 10, "relative_width": 0.1}}, ["exactly one"]),
        ({"ema": {"relative_width": 0.1, "burn_in": 0.1}}, ["burn_in", "half_life_images"]),
        ({"ema": {"relative_width": 0.29}}, ["relative_width", "0.2886"]),
        ({"ema": {"relative_width": 0}}, ["relative_width", "greater than 0"]),
        ({"d_optimizer": {"schedule": {"name": "step", "drops": 2, "final": 0.5}}}, ["final", "not used by step"]),
        ({"loss": "hinge:margin"}, ["hinge:margin", "name=value"]),
        ({"loss": "hinge:margn=1"}, ["'margn'", "did you mean 'margin'"]),
        ({"ema": {"decay": 0.9, "burn_in": 0.1}}, ["burn_in", "half_life_images"]),
        ({"order": "simultaneous", "d_steps_per_round": 2}, ["simultaneous"]),
        ({"reuse_z": True, "g_batch_size": 128}, ["reuse_z"]),
        ({"regularizers": [{"packing": {"degree": 3}}], "batch_size": 64}, ["packing", "3"]),
        ({"d_optimizer": {"name": "sgd", "beta1": 0.9}}, ["d_optimizer", "beta1", "not by sgd"]),
        ({"g_optimizer": {"momentum": 0.9}}, ["g_optimizer", "momentum", "not by adam"]),
        ({"g_optimizer": {"final_momentum": 0.9}}, ["final_momentum", "not by adam"]),
        ({"g_optimizer": {"name": "sgd", "momentum_saturation": 0.5}}, ["momentum_saturation", "only with final_momentum"]),
        ({"g_optimizer": {"name": "sgd", "final_beta2": 0.99}}, ["final_beta2", "not by sgd"]),
        ({"g_optimizer": {"beta2_saturation": 0.5}}, ["beta2_saturation", "only with final_beta2"]),
        ({"g_optimizer": {"name": "sgd", "beta2_saturation": 0.5}}, ["beta2_saturation", "not by sgd"]),
        ({"budget": {"unit": "seconds"}, "g_optimizer": {"final_beta2": 0.99}}, ["g_optimizer", "final_beta2", "seconds"]),
        ({"g_optimizer": {"name": "sgd", "smoothing": 0.5}}, ["smoothing", "not by sgd"]),
        ({"budget": {"unit": "seconds"}, "g_optimizer": {"schedule": {"name": "linear"}}}, ["g_optimizer", "'linear'", "seconds"]),
        (
            {"budget": {"unit": "seconds"}, "d_optimizer": {"name": "sgd", "final_momentum": 0.7}},
            ["d_optimizer", "final_momentum", "seconds"],
        ),
        ({"loss": "mmd", "batch_size": 1}, ["mmd", "at least 2"]),
        ({"loss": "mmd", "regularizers": ["top_k"]}, ["mmd", "no discriminator", "top_k"]),
        ({"regularizers": ["adaptive_augmentation", "differentiable_augmentation"]}, ["both change every image", "choose one"]),
        ({"regularizers": [{"adaptive_augmentation": {"final": 0.5}}]}, ["adaptive_augmentation", "target=null"]),
        ({"regularizers": ["adaptive_augmentation"], "loss": "wasserstein"}, ["only differences of logits", "target=null"]),
        ({"regularizers": ["adaptive_augmentation"], "loss": "began", "architecture": "autoencoder_mlp"}, ["an energy", "target=null"]),
        ({"regularizers": ["adaptive_augmentation"], "dataset": "ring", "architecture": "mlp_2d"}, ["acts on images", "points"]),
        ({"regularizers": [{"name": "adaptive_augmentation", "every": 2}]}, ["adaptive_augmentation", "every step"]),
        ({"regularizers": [{"consistency": {"shift": 8}}]}, ["consistency", "shift", "8 pixels"]),
    ],
)
def test_bad_input_is_one_line_that_names_it(fields, words):
    with pytest.raises(UserError) as caught:
        config(**fields)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message


def test_pulling_away_needs_two_packs():
    energies = {"loss": "margin_energy", "architecture": "autoencoder_mlp", "batch_size": 2}
    config(**energies, regularizers=["pulling_away"])
    with pytest.raises(UndefinedCombinationError, match=r"pulling_away.*at least 2 packs of 2 samples"):
        config(**energies, regularizers=["pulling_away", {"packing": {"degree": 2}}])


def test_undefined_combinations_say_why():
    with pytest.raises(UndefinedCombinationError, match="'roth' reads a logit, the discriminator of 'autoencoder_mlp' gives an energy"):
        config(architecture="autoencoder_mlp", loss="margin_energy", regularizers=["roth"])
    with pytest.raises(UndefinedCombinationError, match="energ"):
        config(loss="margin_energy")
    with pytest.raises(UndefinedCombinationError, match="no discriminator"):
        config(loss="mmd", regularizers=["gradient_penalty"])
    with pytest.raises(UndefinedCombinationError, match="points"):
        config(dataset="ring", architecture="dcgan")


def test_fields_that_came_later_leave_old_digests_alone(root):
    """Committed trials are found by these digests. Another value of such a field enters the digest like any other."""
    for path in sorted((root / "results/published").glob("*/trials/*/record.json")):
        record = json.loads(path.read_text())
        assert TrialConfig.parse(record["config"]).digest() == record["digest"] == path.parent.name
    cosine = {"schedule": {"name": "cosine"}}
    assert config(d_optimizer=cosine).digest() != config(d_optimizer={"schedule": cosine["schedule"] | {"end": 0.5}}).digest()
    wider = {"mlp": {"g_width": 16}}
    assert (
        config(architecture="mlp").digest()
        == config(architecture={"mlp": {"dropout": 0.0}}).digest()
        != config(architecture=wider).digest()
    )
    with pytest.raises(UserError, match="start=0.6 must lie before end=0.5"):
        config(g_optimizer={"schedule": {"name": "linear", "start": 0.6, "end": 0.5}})
    for wrong, message in (
        ({"name": "exponential", "end": 0.5}, "end is not used by exponential"),
        ({"name": "step", "decay": 0.5}, "drops=0: step takes one or more, say how many"),
        ({"name": "linear", "drops": 2}, "drops=2: step takes one or more, the others none"),
    ):
        with pytest.raises(UserError, match=message):
            config(g_optimizer={"schedule": wrong})


def test_digest_depends_on_what_decides_the_model_and_on_nothing_else():
    base = config()
    assert config().digest() == base.digest()
    for change in ({"seed": 1}, {"batch_size": 32}, {"loss": "wasserstein"}, {"data_hash": "ab"}, {"budget": {"amount": 7}}):
        assert config(**change).digest() != base.digest()
    assert config(seed=1).setting_digest() == base.setting_digest()
    assert config(budget={"amount": 7}).setting_digest() != base.setting_digest()
    assert config(budget={"amount": 7}).run_digest() == base.run_digest()


def test_digest_is_stable_across_releases():
    """A changed digest would make everybody train everything again. Change it only on purpose, with a component's revision."""
    assert config(data_hash="0123456789abcdef").digest() == "af2631341ee6ba0b"


@pytest.mark.parametrize(
    ("unit", "amount", "rounds"),
    [("d_steps", 1000, 200), ("d_steps", 1001, 201), ("g_steps", 10, 10), ("images", 64 * 5 * 3, 3), ("seconds", 5, None)],
)
def test_budget_in_rounds(unit, amount, rounds):
    assert config(d_steps_per_round=5, budget={"unit": unit, "amount": amount}).rounds == rounds


@settings(max_examples=50, deadline=None)
@given(
    rate=st.floats(1e-6, 1.0),
    beta1=st.floats(0, 0.99),
    batch=st.integers(1, 512),
    seed=st.integers(0, 2**31 - 1),
    loss=st.sampled_from(["hinge", "non_saturating", "wasserstein", "least_squares", "minimax"]),
)
def test_any_valid_config_survives_json(rate, beta1, batch, seed, loss):
    c = config(loss=loss, seed=seed, batch_size=batch, d_optimizer={"learning_rate": rate, "beta1": beta1})
    assert TrialConfig.parse(json.loads(json.dumps(c.to_json()))) == c


def test_protocol_note_is_not_identity():
    a, b = (Protocol(name="p", note=note, extractor={"name": "pixels"}) for note in ("one", "two"))
    assert a.digest() == b.digest()
    assert Protocol(name="p", n_fake=10, extractor={"name": "pixels"}).digest() != a.digest()


def test_what_is_not_given_of_a_latent_is_the_architectures_own():
    found = config(architecture="mlp_2014", dataset="mnist", latent={"dim": 50}).latent
    assert (found.dim, found.distribution) == (50, "uniform")
    assert found.bound == pytest.approx(3**0.5)
    assert config(architecture="mlp_2014", dataset="mnist", latent={"distribution": "normal"}).latent.dim == 100
    assert config(loss="vae", latent={"dim": 5}).latent.distribution == "normal"


def test_old_spellings_are_read_and_keep_their_digest():
    old, new = (TrialConfig.parse(BASE | {name: True}) for name in ("dequantise", "dequantize"))
    assert old == new
    assert "dequantise" in old.identity()["config"]


def test_what_came_later_enters_a_digest_only_where_it_differs_from_its_default():
    """Nobody needs to list a new field. A field that is not in the table of the first names is left out at its default."""
    identity = TrialConfig.parse(BASE).identity()["config"]
    assert "final_beta2" not in identity["d_optimizer"]
    assert "momentum" in identity["d_optimizer"]
    changed = TrialConfig.parse(BASE | {"d_optimizer": {"beta2": 0.9, "final_beta2": 0.99}}).identity()["config"]
    assert changed["d_optimizer"]["final_beta2"] == 0.99
    norm = {"d_normalization": {"batch": {"learned_gain": True}}, "architecture": "sndcgan", "resolution": 32}
    assert "learned_gain" not in TrialConfig.parse(BASE | norm).identity()["config"]["d_normalization"]["hyperparameters"]


def test_the_table_of_first_names_names_what_there_is():
    import json
    from pathlib import Path

    import landscape.config
    from landscape.components.architectures import ARCHITECTURES
    from landscape.components.datasets import DATASETS
    from landscape.components.extractors import EXTRACTORS
    from landscape.components.losses import LOSSES
    from landscape.components.metrics import METRICS
    from landscape.components.normalizations import NORMALIZATIONS
    from landscape.components.regularizers import REGULARIZERS

    table = json.loads((Path(landscape.config.__file__).parent / "hashed_always.json").read_text())
    for registry in (ARCHITECTURES, DATASETS, EXTRACTORS, LOSSES, METRICS, NORMALIZATIONS, REGULARIZERS):
        for name, hyperparameters in table["components"].get(registry.kind, {}).items():
            assert set(hyperparameters) <= set(registry[name].hyperparameters), name
    assert {name for name in table["trial"] if "." not in name} <= set(TrialConfig.model_fields)
