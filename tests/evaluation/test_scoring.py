"""evaluate, evaluate_model, floor: the core against values worked by hand and by NumPy."""

import math

import numpy as np
import pytest
import torch

from landscape.components.datasets._base import Dataset, Modes, Split
from landscape.components.datasets._load import load_dataset
from landscape.components.extractors._base import Features
from landscape.components.metrics._base import METRICS, SampleSet
from landscape.config.protocols import get, varied
from landscape.core.errors import UserError
from landscape.evaluation import evaluate, evaluate_model, floor, require_scorable, select_model
from landscape.evaluation import extraction as extraction_module
from landscape.evaluation.extraction import EvaluationOptions, load_extractor
from landscape.evaluation.given import Given
from landscape.evaluation.model_parts import ModelParts
from landscape.evaluation.models import RESOLVED, gives, smallest_difference
from landscape.evaluation.scoring import Aids, averaged
from landscape.results.record import Estimate, Scores


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LANDSCAPE_CACHE", str(tmp_path))


@pytest.fixture
def metric():
    """Registers a metric for one test."""
    names = []

    def register(function, **facts):
        METRICS.register(**facts)(function)
        names.append(function.__name__)
        return function.__name__

    METRICS.names()
    yield register
    for name in names:
        # The registry has no public way to remove one component, which only tests need.
        del METRICS._components[name]


def _frechet(real, fake):
    """Frechet distance in NumPy float64, by eigenvalues of the product."""
    one, two = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    s1, s2 = np.cov(one, rowvar=False), np.cov(two, rowvar=False)
    roots = np.sqrt(np.maximum(np.linalg.eigvals(s1 @ s2).real, 0)).sum()
    return ((one.mean(0) - two.mean(0)) ** 2).sum() + np.trace(s1) + np.trace(s2) - 2 * roots


FEATURES_ONLY = {"metrics": ["frechet"], "extractor": "pixels", "objective": ""}


def test_pixels_frechet_distance_is_numpys():
    real, fake = torch.rand(60, 1, 2, 2), torch.rand(50, 1, 2, 2) ** 2
    scores = evaluate(real, fake, varied(get("given"), **FEATURES_ONLY))
    levels = [(s * 255).round().reshape(len(s), 4) / 255 for s in (real, fake)]
    assert scores.estimates["FD[pixels]"].value == pytest.approx(_frechet(*levels), rel=1e-6)
    assert not scores.failures
    assert "FID" not in scores.estimates


def test_quantization_is_the_protocols():
    real, fake = torch.rand(60, 1, 2, 2), torch.rand(50, 1, 2, 2) * 4 / 255
    for quantize, change in (("none", lambda x: x), ("floor", torch.floor), ("round", torch.round)):
        scores = evaluate(real, fake, varied(get("given"), quantize=quantize, **FEATURES_ONLY))
        expected = _frechet(*(change(s * 255).reshape(len(s), 4) / 255 for s in (real, fake)))
        assert scores.estimates["FD[pixels]"].value == pytest.approx(expected, rel=1e-5)
    assert "rounded" in scores.handling["generated: quantize"]


def test_given_features_need_no_extractor_and_say_so():
    real, fake = torch.randn(200, 8), torch.randn(150, 8) + 1
    scores = evaluate(SampleSet(features=real), SampleSet(features=fake), "given")
    assert scores.estimates["FD[given]"].value == pytest.approx(_frechet(real, fake), rel=1e-6)
    assert {"KID[given]", "precision[given]", "recall[given]", "density[given]", "coverage[given]"} <= set(scores.estimates)
    assert "k=5" in scores.estimates["precision[given]"].note
    assert scores.handling["real: samples"] == "features as given"
    assert scores.estimates["FD[given]"].n_real == 200
    assert scores.estimates["FD[given]"].n_fake == 150


def test_a_score_never_travels_without_its_protocol_and_survives_json():
    scores = evaluate(SampleSet(features=torch.randn(50, 3)), SampleSet(features=torch.randn(50, 3)), "given")
    assert scores.protocol["name"] == "given"
    assert scores.protocol["digest"] == get("given").digest()
    assert Scores.from_json(scores.to_json()) == scores


def test_the_protocol_of_a_score_is_bound_to_the_weights():
    dataset = load_dataset("digits")
    scores = floor(dataset, "quick")
    weights = load_extractor(get("quick"), dataset).weights_hash
    assert scores.protocol["weights_hash"] == weights
    assert scores.protocol["digest"] == varied(get("quick"), weights_hash=weights).digest() != get("quick").digest()
    with pytest.raises(UserError, match=f"bound to 'classifier' weights 0000.*found {weights}"):
        floor(dataset, varied(get("quick"), weights_hash="0" * 16))


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (SampleSet(features=torch.zeros(9, 3)), SampleSet(features=torch.zeros(9, 4)), "different shapes"),
        (SampleSet(features=torch.zeros(9, 3)), torch.zeros(9, 3), "holds features, 'generated' samples"),
        (torch.zeros(9, 1, 8, 8), torch.zeros(9, 3, 8, 8), "different shapes"),
        (torch.zeros(9, 1, 8, 8), torch.zeros(9, 1, 16, 16), "one size"),
        (Given(features=torch.zeros(9, 3), extractor="a", source="A"), Given(features=torch.zeros(9, 3), extractor="b", source="B"),
         "'A' come from 'a', those of 'B' from 'b'"),
    ],
)  # fmt: skip
def test_sets_that_do_not_compare_are_refused(real, fake, message):
    with pytest.raises(UserError, match=message):
        evaluate(real, fake, "given", aids=Aids(extractor=load_extractor(varied(get("given"), extractor="pixels"))))


def test_fewer_samples_than_the_protocol_needs():
    few, enough = torch.zeros(9, 1, 8, 8), torch.zeros(10, 1, 8, 8)
    protocol = varied(get("quick-pixels"), n_real=10, n_fake=10)
    with pytest.raises(UserError, match="needs 10 generated samples, 'generated' has 9"):
        evaluate(enough, few, protocol)
    with pytest.raises(UserError, match="needs 10 real samples"):
        evaluate(few, enough, protocol)
    more = torch.cat([torch.rand(10, 1, 8, 8), torch.zeros(5, 1, 8, 8)])
    cut, same = evaluate(enough, more, protocol), evaluate(enough, more[:10], protocol)
    assert cut.estimates["KID[pixels]"] == same.estimates["KID[pixels]"]
    assert cut.estimates["KID[pixels]"].n_fake == 10


def test_a_metric_that_lacks_memory_fails_alone_unless_all_is_tried_again(metric):

    def large(evidence):
        """Takes more memory than there is."""
        raise torch.OutOfMemoryError("CUDA out of memory")

    protocol = varied(get("given"), metrics=["frechet", metric(large)])
    sets = [SampleSet(features=torch.randn(50, 3)) for _ in range(2)]
    with pytest.warns(UserWarning, match="'large' failed"):
        scores = evaluate(*sets, protocol)
    assert "FD[given]" in scores.estimates
    assert scores.failures == {"large": "OutOfMemoryError: CUDA out of memory"}
    with pytest.raises(torch.OutOfMemoryError):
        evaluate(*sets, protocol, options=EvaluationOptions(raise_out_of_memory=True))


def test_a_failed_metric_is_absent_with_its_reason_and_the_others_stay(metric):
    def broken(evidence):
        """Divides by zero."""
        return 1 / 0

    def endless(evidence):
        """Is not a number."""
        return {"endless": Estimate(float("nan"), "lower")}

    names = [metric(broken), metric(endless)]
    protocol = varied(get("given"), metrics=["frechet", *names, "memorization"])
    with pytest.warns(UserWarning, match="broken"):
        scores = evaluate(SampleSet(features=torch.randn(50, 3)), SampleSet(features=torch.randn(50, 3)), protocol)
    assert scores.failures["broken"] == "ZeroDivisionError: division by zero"
    assert "finite" in scores.failures["endless"]
    assert "training set" in scores.failures["memorization"]
    assert {name.partition("[")[0] for name in scores.estimates} == {"FD", "FD_mean", "FD_covariance"}


def test_gray_images_are_refused_where_the_protocol_says_so():
    class Color:
        name, weights_hash, channels, handling = "color", "", 3, {}

        def __call__(self, images):
            return Features(images.flatten(1).float())

    protocol = varied(get("given"), grayscale="refuse", metrics=["frechet"])
    gray = torch.rand(9, 1, 4, 4)
    with pytest.raises(UserError, match="refuses 1-channel images for 'color'"):
        evaluate(gray, gray, protocol, aids=Aids(extractor=Color()))
    color = torch.rand(9, 3, 4, 4)
    # The protocol names inception, but what is looked through is not: nothing here may be called FID.
    assert evaluate(color, color, protocol, aids=Aids(extractor=Color())).estimates["FD[color]"].value < 1e-6


class _Counting:
    """Pixels that count the images that pass."""

    name, weights_hash, channels = "counting", "1" * 16, None
    handling: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, broken=False):
        self.seen, self.broken = 0, broken

    def __call__(self, images):
        self.seen += len(images)
        features = images.flatten(1).float() / 255
        return Features(features * float("nan") if self.broken else features, features)


def test_one_pass_of_features_serves_all_metrics_and_is_reused():
    real, fake = torch.randint(0, 256, (2, 40, 1, 4, 4), dtype=torch.uint8)
    extractor = _Counting()
    first = evaluate(real, fake, "given", aids=Aids(extractor=extractor))
    assert extractor.seen == 80
    again = evaluate(real, fake, "given", aids=Aids(extractor=extractor))
    assert extractor.seen == 80
    assert again.estimates == first.estimates
    evaluate(real, fake.clone() ^ 1, "given", aids=Aids(extractor=extractor))
    assert extractor.seen == 120
    evaluate(real, fake, "given", aids=Aids(extractor=extractor), options=EvaluationOptions(cache=False))
    assert extractor.seen == 200


def test_features_that_are_not_finite_are_refused():
    with pytest.raises(UserError, match="counting features of real hold NaN"):
        evaluate(torch.rand(9, 1, 2, 2), torch.rand(9, 1, 2, 2), "given", aids=Aids(extractor=_Counting(broken=True)))


def test_progress_is_reported(monkeypatch):
    monkeypatch.setattr(extraction_module, "CHUNK", 4)
    seen = []
    options = EvaluationOptions(cache=False, progress=lambda *entry: seen.append(entry))
    evaluate(torch.rand(6, 1, 2, 2), torch.rand(6, 1, 2, 2), "given", aids=Aids(extractor=_Counting()), options=options)
    assert seen == [(f"counting features of {w}", d, 6) for w in ("real", "generated") for d in (4, 6)]


def test_averaging_runs_give_mean_spread_and_mean_interval():
    runs = [Estimate(v, "lower", (v - 1, v + 2), interval_kind="s.e.") for v in (1.0, 2.0, 6.0)]
    mean = averaged(runs)
    assert mean.value == 3
    assert mean.spread == pytest.approx(np.std([1, 2, 6]))
    assert mean.interval == (2, 5)
    assert mean.interval_kind == "s.e.; mean of 3 runs"
    assert averaged([runs[0], Estimate(2.0, "lower")]).interval is None
    assert averaged(runs[:1]) is runs[0]


def _points(count, seed):
    return torch.randn(count, 2, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def cloud():
    splits = {name: Split(_points(50, i)) for i, name in enumerate(("train", "validation", "test"))}
    return Dataset("cloud", splits, "e" * 16, bounds=None, modes=Modes(torch.zeros(1, 2), 1.0))


def test_a_models_runs_are_drawn_anew_from_the_protocols_seeds(cloud):
    seeds = []

    def sampler(number, seed):
        seeds.append((number, seed))
        return _points(number, seed)

    protocol = varied(get("quick-points"), n_fake=70, averaging_runs=3, seed=5)
    scores = evaluate_model(sampler, cloud, protocol, checkpoint="ema")
    assert seeds == [(70, 5), (70, 6), (70, 7)]
    values = [_frechet(cloud.splits["test"].samples, _points(70, s)) for s in (5, 6, 7)]
    assert scores.estimates["FD[pixels]"].value == pytest.approx(np.mean(values), rel=1e-5)
    assert scores.estimates["FD[pixels]"].spread == pytest.approx(np.std(values), rel=1e-5)
    assert scores.estimates["modes"].value == 1
    assert scores.checkpoint == "ema"
    assert not scores.failures
    assert scores.handling["real: choice"] == "test, 50 samples"


def test_selection_uses_other_samples_other_seeds_and_the_objective_alone(cloud):
    seeds = []

    def sampler(number, seed):
        seeds.append(seed)
        return _points(number, seed)

    protocol = varied(get("quick-points"), n_fake=50, averaging_runs=3, objective="FD[pixels]")
    scores = select_model(sampler, cloud, protocol)
    reported = evaluate_model(sampler, cloud, protocol)
    assert len(seeds) == 4
    assert seeds[0] not in seeds[1:]
    assert scores.handling["real: choice"] == "validation, 50 samples"
    assert scores.estimates["FD[pixels]"].value == pytest.approx(
        _frechet(cloud.splits["validation"].samples, _points(50, seeds[0])), rel=1e-5
    )
    assert {"FD[pixels]"} <= set(scores.estimates)
    assert all(name.startswith("FD") for name in scores.estimates)
    assert scores.protocol["digest"] != reported.protocol["digest"]
    with pytest.raises(UserError, match="no objective"):
        select_model(sampler, cloud, varied(protocol, objective=""))
    with pytest.raises(UserError, match=r"no metric of protocol .* gives its objective 'IS'"):
        select_model(sampler, cloud, varied(protocol, objective="IS"))


def test_which_metric_gives_a_score():
    assert gives("frechet", "FID")
    assert gives("frechet", "FD[classifier]")
    assert gives("kid", "KID[pixels]")
    assert not gives("kid", "FD[pixels]")
    assert not gives("frechet", "KID")


def test_samples_that_are_not_finite_or_too_few_are_refused(cloud):
    protocol = varied(get("quick-points"), n_fake=50)
    with pytest.raises(UserError, match="generated samples hold NaN"):
        evaluate_model(lambda n, seed: torch.full((n, 2), float("nan")), cloud, protocol)
    with pytest.raises(UserError, match="gave 49 samples for 50"):
        evaluate_model(lambda n, seed: torch.zeros(n - 1, 2), cloud, protocol)


def test_the_floor_is_that_of_disjoint_real_samples(cloud, monkeypatch):
    taken = []

    class Recording(_Counting):
        def __call__(self, images):
            taken.append(images.clone())
            return super().__call__(images)

    monkeypatch.setattr("landscape.evaluation.scoring.load_extractor", lambda *arguments: Recording())
    scores = floor(cloud, varied(get("given"), metrics=["frechet"]), options=EvaluationOptions(cache=False))
    real, *draws = taken
    assert torch.equal(real, cloud.splits["test"].samples)
    assert [len(d) for d in draws] == [50]
    others = cloud.splits["validation"].samples  # never those that models are trained on
    assert torch.equal(torch.cat(draws).unique(dim=0), others.unique(dim=0))
    values = [_frechet(real / 255, d / 255) for d in draws]
    assert scores.estimates["FD[counting]"].value == pytest.approx(np.mean(values), rel=1e-5)
    assert scores.checkpoint == "real"


def test_the_floor_is_scored_as_a_model_is():
    """Without labels, as generated samples have none: real samples scored as a model's give the floor, to the last digit."""
    digits, protocol = load_dataset("digits"), varied(get("quick"), metrics=["ms_ssim", "memorization"])
    found = floor(digits, protocol)
    real = digits.splits["validation"].samples
    as_a_model = evaluate_model(lambda number, seed: real[:number].float() / 255, digits, protocol)
    mine, theirs = found.estimates["MS-SSIM"], as_a_model.estimates["MS-SSIM"]
    assert "groups of up to 64" in mine.note
    assert mine.value == pytest.approx(theirs.value, abs=0.03)  # another permutation, and classes by chance
    assert 0.28 < mine.value < 0.36  # across classes; within a class it is 0.64
    memorized, authentic = (found.estimates[f"{name}[classifier:digits]"] for name in ("memorization", "authenticity"))
    assert memorized.interval[0] < 0.5 < memorized.interval[1]
    assert {memorized.target, authentic.target} == {"real"}
    assert {memorized.direction, authentic.direction} == {"none"}


def test_images_too_small_for_a_metric_are_named_before_anything_is_trained():
    digits, protocol = load_dataset("digits"), get("quick-super-resolution")
    said = "ssim needs images of at least 11 pixels a side inside of the border, those of 'digits' have 4"
    assert require_scorable(digits, protocol, border=2) == (f"{said}: it will not be computed",)
    with pytest.raises(UserError, match=f"objective 'SSIM': {said}: choose another objective"):
        require_scorable(digits, varied(protocol, objective="SSIM"), border=2)
    assert require_scorable(digits, get("quick")) == ()


def test_the_floor_of_scores_of_classes_has_a_class_blind_baseline():
    """Real samples keep their labels where a metric reads those of generated ones; under exchanged labels the classes are chance."""
    found = floor(load_dataset("digits"), varied(get("quick-classes"), metrics=["intra_frechet", "class_accuracy", "frechet"])).estimates
    accuracy, blind = found["class_accuracy[classifier:digits]"], found["class-blind class_accuracy[classifier:digits]"]
    assert accuracy.value > 0.98
    assert blind.interval[0] < 0.1 < blind.interval[1]
    assert found["class-blind intra_FD[classifier:digits]"].value > 50 * found["intra_FD[classifier:digits]"].value
    assert "class-blind FD[classifier:digits]" not in found  # This score reads no classes.


def test_the_floor_of_scores_of_classes_has_the_real_sets_numbers_of_each_class(metric):
    """A small class then has as many samples as a model is asked for, and the other scores keep classes by chance."""
    seen = []

    def spy(evidence):
        seen.append(torch.bincount(evidence.fake.labels, minlength=3).tolist())
        return {}

    def labels(counts):
        return torch.repeat_interleave(torch.arange(3), torch.tensor(counts))

    real = Split(_points(50, 0), labels([40, 8, 2]))
    others = Split(_points(150, 1), labels([50, 50, 50]))
    dataset = Dataset("d", {"train": others, "validation": others, "test": real}, "f" * 16, classes=3, bounds=None)
    own = metric(spy, needs=frozenset({"features", "labels"}))
    found = floor(dataset, varied(get("quick-points"), n_real=None, n_fake=None, metrics=["frechet", "intra_frechet", own]))
    assert not found.failures
    assert seen == [[40, 8, 2]] * 6  # Three draws, and the same under exchanged classes.
    assert "n_c = 2 to 40" in found.estimates["intra_FD[pixels]"].note
    assert {metric["name"] for metric in found.protocol["metrics"]} == {"frechet", "intra_frechet", own}
    assert not any(name.startswith(f"{RESOLVED} class-blind") for name in found.estimates)


def test_the_note_of_the_floor_agrees_with_its_value():
    found = floor(load_dataset("digits"), varied(get("quick"), metrics=["frechet"])).estimates["FD[classifier:digits]"]
    noted = float(found.note.split("would give about ")[1].split(";")[0])
    assert found.interval[0] < noted < found.interval[1]
    assert found.value == pytest.approx(noted, rel=0.5)


def test_what_real_samples_tell_apart():
    """With a standard deviation s of one score, two equal models differ by more than t sqrt(2) s in one of twenty pairs."""
    few = Estimate(1.0, "lower", (0.5, 1.8), spread=0.3)
    assert smallest_difference(few, 2).value == pytest.approx(math.sqrt(2) * 0.8)
    many = smallest_difference(few, 4)
    assert many.value == pytest.approx(3.182446 * math.sqrt(2) * 0.3 * math.sqrt(4 / 3), rel=1e-5)
    assert smallest_difference(Estimate(1.0, "lower"), 1) is None
    found = floor(load_dataset("digits"), varied(get("quick"), metrics=["frechet", "kid"])).estimates
    assert found["smallest difference in KID[classifier:digits]"].value > 0


def test_without_held_out_samples_the_floor_has_no_score_of_memorization():
    dataset = Dataset("d", {"train": Split(_points(60, 0)), "test": Split(_points(30, 1))}, "f" * 16, bounds=None)
    found = floor(dataset, varied(get("quick-points"), n_fake=None, metrics=["kid", "memorization"]))
    assert "KID[pixels]" in found.estimates
    assert not any("memorization" in name for name in found.estimates)


def test_the_floor_of_digits_finds_all_classes():
    scores = floor(load_dataset("digits"), "quick")
    assert not scores.failures
    assert scores.estimates["classes[classifier:digits]"].value == 10
    assert scores.estimates["FD[classifier:digits]"].n_real == scores.estimates["FD[classifier:digits]"].n_fake == 300


def test_the_floor_cuts_both_sets_where_there_is_little():
    dataset = Dataset("d", {"train": Split(_points(21, 0))}, "f" * 16, bounds=None)
    scores = floor(dataset, varied(get("quick-points"), n_fake=None, real_split="train", metrics=["frechet"]))
    assert scores.estimates["FD[pixels]"].n_real == scores.estimates["FD[pixels]"].n_fake == 10


def test_the_discriminator_is_read_in_evaluation_mode_and_restored(cloud):
    modes = []

    class Critic(torch.nn.Module):
        def forward(self, x):
            modes.append(self.training)
            return x[:, 0]

    critic = Critic().train()
    protocol = varied(get("quick-points"), metrics=["discriminator_accuracy"], n_fake=50)
    scores = evaluate_model(_points, cloud, protocol, parts=ModelParts(discriminator=critic))
    assert set(modes) == {False}
    assert critic.training
    share = float((cloud.splits["train"].samples[:, 0] >= 0).double().mean())
    assert scores.estimates["D_accuracy_train"].value == pytest.approx(share)
