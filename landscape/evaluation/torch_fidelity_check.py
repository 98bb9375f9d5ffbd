"""Computes scores by torch-fidelity's own functions from the same features, to show them beside this program's scores."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from torch import Tensor

from landscape.components.datasets._base import Dataset
from landscape.components.metrics._base import SampleSet
from landscape.config.choices import Choice
from landscape.config.protocol import Protocol
from landscape.core.errors import UserError
from landscape.evaluation.extraction import EvaluationOptions, load_extractor, sample_set
from landscape.evaluation.given import SampleSource, as_given
from landscape.evaluation.scoring import Aids, enough
from landscape.evaluation.splits import reporting
from landscape.results.record import Scores
from landscape.results.score_names import ScoreName


class Checked(NamedTuple):
    """One score as both programs compute it."""

    name: str
    ours: float
    theirs: float
    how: str
    """What differs in how the two are computed. It is empty if only rounding should differ."""

    @property
    def difference(self) -> float:
        return self.ours - self.theirs


def check(
    scores: Scores,
    real: SampleSource,
    fake: SampleSource,
    protocol: Protocol,
    *,
    aids: Aids | None = None,
    options: EvaluationOptions | None = None,
) -> list[Checked]:
    """Compute those of `scores` that torch-fidelity knows by torch-fidelity: FD, KID, IS, precision and recall.

    Both programs read the same features, which were given or are those of the protocol's extractor, so that differences come from the
    programs. Features of samples come from the cache or are extracted again.

    Args:
        scores: The scores that this program computed.
        real: The real side, as it was scored.
        fake: The generated side, as it was scored.
        protocol: The protocol of `scores`.
        aids: Gives the data set to an extractor that depends on it.
        options: The device, the cache and the weights.

    Raises:
        UserError: torch-fidelity knows none of the protocol's scores, or the protocol averages over several generated sets.
    """
    if protocol.averaging_runs > 1:
        raise UserError(f"protocol {protocol.name!r} averages over {protocol.averaging_runs} generated sets: torch-fidelity scores one")
    known = [m for m in protocol.metrics if m.name in _THEIRS]
    if not known:
        raise UserError(f"torch-fidelity knows none of the scores of protocol {protocol.name!r}: add --metrics frechet,kid")
    one, two = _sides(real, fake, protocol, aids or Aids(), options or EvaluationOptions())
    found = []
    for metric in known:
        for stem, (value, how) in _THEIRS[metric.name](one, two, metric, protocol.seed).items():
            name = next((n for n in scores.estimates if _stem(n) == stem), None)
            if name is not None:
                found.append(Checked(name, scores.estimates[name].value, value, how))
    return found


def _stem(name: str) -> str:
    stem = ScoreName.parse(name).stem
    return "FD" if stem == "FID" else stem


def _sides(
    real: SampleSource, fake: SampleSource, protocol: Protocol, aids: Aids, options: EvaluationOptions
) -> tuple[SampleSet, SampleSet]:
    dataset = aids.dataset or (real if isinstance(real, Dataset) else None)
    chosen = (
        reporting(real, protocol).samples
        if isinstance(real, Dataset)
        else enough(as_given(real, "real"), protocol.n_real, "real", protocol)
    )
    made = reporting(fake, protocol).samples if isinstance(fake, Dataset) else as_given(fake, "generated")
    made = enough(made, protocol.n_fake, "generated", protocol)
    extractor = None if chosen.samples is None else load_extractor(protocol, dataset, options)
    one, two = (sample_set(each, protocol, extractor, options, keep_images=False) for each in (chosen, made))
    return one, two


def _features(side: SampleSet) -> Tensor:
    assert side.features is not None
    return side.features


def _fid(real: SampleSet, fake: SampleSet, metric: Choice, seed: int) -> dict[str, tuple[float, str]]:
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    sides = [fid_features_to_statistics(_features(each)) for each in (fake, real)]
    return {"FD": (float(fid_statistics_to_metric(*sides, False)["frechet_inception_distance"]), "")}


def _kid(real: SampleSet, fake: SampleSet, metric: Choice, seed: int) -> dict[str, tuple[float, str]]:
    from torch_fidelity.metric_kid import kid_features_to_metric

    given, least = metric.hyperparameters, min(len(_features(real)), len(_features(fake)))
    size = min(given["subset_size"] or 1000, least)
    subsets = 1 if given["estimator"] == "subsets" and size == len(_features(real)) == len(_features(fake)) else given["subsets"]
    kernel = {"polynomial": "poly"}.get(given["kernel"], given["kernel"])
    options = {
        "kid_subsets": subsets,
        "kid_subset_size": size,
        "kid_kernel": kernel,
        "kid_kernel_poly_degree": given["degree"],
        "kid_kernel_poly_coef0": given["coef0"],
        "kid_kernel_rbf_sigma": given["sigma"] or 10.0,
    }
    value = kid_features_to_metric(_features(fake).double(), _features(real).double(), rng_seed=seed, verbose=False, **options)
    how = "" if given["estimator"] == "subsets" else f"theirs over {subsets} random subsets, ours by {given['estimator']}"
    how = how or ("theirs with sigma 10, ours with the median distance" if kernel == "rbf" and not given["sigma"] else "")
    return {"KID": (float(value["kernel_inception_distance_mean"]), how)}


def _isc(real: SampleSet, fake: SampleSet, metric: Choice, seed: int) -> dict[str, tuple[float, str]]:
    from torch_fidelity.metric_isc import isc_features_to_metric

    if fake.logits is None or fake.logits.dim() != 2:
        return {}
    splits = metric.hyperparameters["splits"]
    value = isc_features_to_metric(fake.logits, splits=splits, shuffle=True, rng_seed=seed)
    return {"IS": (float(value["inception_score_mean"]), "" if splits == 1 else "other shuffles into splits")}


def _prc(real: SampleSet, fake: SampleSet, metric: Choice, seed: int) -> dict[str, tuple[float, str]]:
    from torch_fidelity.metric_prc import prc_features_to_metric

    sides = [_features(each).double() for each in (fake, real)]
    neighbors = metric.hyperparameters["k"]
    value = prc_features_to_metric(*sides, prc_neighborhood=neighbors, prc_batch_size=10_000, save_cpu_ram=True, verbose=False)
    return {name: (float(value[name]), "") for name in ("precision", "recall")}


_THEIRS: Mapping[str, Callable[[SampleSet, SampleSet, Any, int], dict[str, tuple[float, str]]]] = {
    "frechet": _fid,
    "kid": _kid,
    "inception_score": _isc,
    "precision_recall": _prc,
}
"""For each metric a function of the real set, the generated set, the metric's choice and the seed. It returns torch-fidelity's values and
what differs, by the stem of the score's name.
"""


def version() -> str:
    """Return the release of torch-fidelity that is installed."""
    import torch_fidelity

    return str(torch_fidelity.__version__)
