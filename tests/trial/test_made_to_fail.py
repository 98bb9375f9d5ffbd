"""Trainings that are made to fail in each way: the rules of training health name what was done to them, and what stayed well is healthy.

The classes that a classifier counts in the samples, which no rule reads, say apart from the rules that samples were lost.
"""

from pathlib import Path

import pytest

from landscape.config.protocol import Protocol
from landscape.config.trial_config import TrialConfig
from landscape.core.files import read_json
from landscape.results.record import Scores, Status, TrialRecord
from landscape.trial.run_trial import prepare_and_run

PROTOCOL = Protocol.parse(
    {
        "name": "made to fail",
        "extractor": "classifier",
        "metrics": ["frechet", "class_coverage"],
        "objective": "FD[classifier]",
        "n_real": 300,
        "n_fake": 300,
        "selection_points": 4,
    }
)


def adam(learning_rate: float, **fields: object) -> dict:
    return {"learning_rate": learning_rate, "beta1": 0.5} | fields


STOPS = {"name": "linear", "start": 0.7, "end": 0.75}
"""The learning rate falls to 0 after 70% of the training."""
WELL = {
    "architecture": {"mlp": {"width": 64}},
    "latent": {"dim": 16},
    "batch_size": 32,
    "loss": "wasserstein",
    "regularizers": [{"gradient_penalty": {"weight": 1.0}}],
    "d_optimizer": adam(5e-3),
    "g_optimizer": adam(5e-3),
}
FAILING = {
    # D is certain at once, and the minimax loss has no gradient there.
    "gradients vanish": {"loss": "minimax", "regularizers": [], "d_optimizer": adam(0.1), "g_optimizer": adam(1e-5)},
    # G climbs to the highest point of a D that stands still.
    "collapse": {"regularizers": [], "d_optimizer": adam(1e-6), "g_optimizer": adam(3e-2)},
    # D sees noise alone, and leads G about at random.
    "D sees noise": {
        "loss": "non_saturating",
        "regularizers": [{"instance_noise": {"deviation": 100.0, "end": 1e9}}],
        "g_optimizer": adam(3e-2),
    },
    # G learns, and then D stands still.
    "D stops": {"d_optimizer": adam(5e-3, schedule=STOPS)},
    "D stops under hinge": {"loss": "hinge", "regularizers": [], "d_optimizer": adam(3e-3, schedule=STOPS), "g_optimizer": adam(3e-3)},
    "divergence": {"regularizers": [], **{f"{net}_optimizer": {"name": "sgd", "learning_rate": 1e6} for net in "dg"}},
}
FOUND = {
    "gradients vanish": {"generator_gradient_vanished", "discriminator_wins"},
    "collapse": {"mode_collapse"},
    "D sees noise": {"discriminator_undecided"},
    "D stops": {"diversity_lost", "degraded_after_best"},
}
SHORT = 60
"""D steps after which a training that never learns shows it."""
DIGITS = [pytest.param({"dataset": "digits"}, 200, id="digits"), pytest.param({"dataset": "digits", "resolution": 28}, 200, id="28x28")]
MNIST = pytest.param({"dataset": "mnist"}, 200, id="mnist", marks=pytest.mark.slow)


def trained(folder: Path, data: dict, steps: int, changed: dict, request: pytest.FixtureRequest) -> tuple[TrialRecord, int]:
    """Return the record, and how many classes are in the samples of the last weights. It is 0 for a diverged training."""
    data_dir = request.getfixturevalue("shared_data") if data["dataset"] == "mnist" else None
    config = TrialConfig.parse(data | WELL | changed | {"budget": {"amount": steps}})
    record = prepare_and_run(config, PROTOCOL, data_dir=data_dir, folder=folder, pictures=False, threads=1)
    scores = [Scores.from_json(read_json(path)) for path in (folder / "scores").glob("*.json")]
    last = [s for s in scores if s.protocol["name"] == PROTOCOL.name]
    return record, int(next(e.value for name, e in last[0].estimates.items() if name.startswith("classes["))) if last else 0


@pytest.mark.parametrize(("data", "steps"), DIGITS)
def test_one_that_stays_well_and_one_whose_discriminator_stops(data, steps, tmp_path, request):
    well, classes = trained(tmp_path / "well", data, steps, {}, request)
    assert list(well.diagnosis) == ["healthy"]
    assert well.diagnosis["healthy"].keys() >= {"sample_diversity", "data_diversity", "g_gradient_norm", "last", "best"}
    stopped, left = trained(tmp_path / "stopped", data, steps, FAILING["D stops"], request)
    assert set(stopped.symptoms) == FOUND["D stops"]
    assert left < classes
    figures = stopped.diagnosis["degraded_after_best"]
    assert figures["last_interval"][0] > figures["best_interval"][1]
    assert figures["best_at"] < steps


@pytest.mark.slow
def test_mnist_that_is_short_and_mnist_whose_discriminator_stops(tmp_path, request):
    """200 steps of MNIST are too few for all classes, which is a part of the diversity, and are no degradation."""
    short, classes = trained(tmp_path / "short", {"dataset": "mnist"}, 200, {}, request)
    assert short.symptoms == ("diversity_lost",)
    assert 2 <= classes < 10
    stops = {"d_optimizer": adam(5e-3, schedule=STOPS | {"start": 0.5, "end": 0.55}), "g_optimizer": adam(2e-2)}
    stopped, left = trained(tmp_path / "stopped", {"dataset": "mnist"}, 200, stops, request)
    assert set(stopped.symptoms) == {"mode_collapse", "degraded_after_best"}
    assert left == 1


@pytest.mark.parametrize(("data", "steps"), DIGITS)
def test_one_whose_discriminator_falls_behind(data, steps, tmp_path, request):
    record, _ = trained(tmp_path, data, steps, FAILING["D stops under hinge"], request)
    assert "discriminator_behind" in record.symptoms


@pytest.mark.parametrize("failure", ["gradients vanish", "collapse", "D sees noise"])
@pytest.mark.parametrize(("data", "steps"), [*DIGITS, MNIST])
def test_one_that_never_learns(data, steps, failure, tmp_path, request):
    record, classes = trained(tmp_path, data, SHORT, FAILING[failure], request)
    assert record.status is Status.COMPLETED
    assert set(record.symptoms) >= FOUND[failure]
    assert "degraded_after_best" not in record.symptoms
    assert classes <= 5


@pytest.mark.parametrize(("data", "steps"), [*DIGITS, MNIST])
def test_one_that_diverges(data, steps, tmp_path, request):
    record, _ = trained(tmp_path, data, SHORT, FAILING["divergence"], request)
    assert record.status is Status.DIVERGED
    assert "not finite" in record.reason
    assert record.symptoms == ()
    assert "healthy" not in record.diagnosis
