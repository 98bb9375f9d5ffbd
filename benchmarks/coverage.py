"""Simulate how often each kind of interval of the analysis holds the true value, at 5, 20, 60 and 240 trials or seeds.

`python -m benchmarks.coverage [--repetitions 1000] [--only KIND...]` prints the table of docs/studies.md in a few minutes on one core.
Scores are normal, or lognormal with a deviation of 0.5 of their logarithms (a skewness of 1.75). What no kind may be asked for is
refused, and the table says so. tests/analysis/test_coverage.py holds the same cases to a floor.
"""

import argparse
import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import binom, norm

from landscape.analysis.agreement import PublishedMean, agreement
from landscape.analysis.best import budget_curve
from landscape.analysis.correlation import rank_correlation
from landscape.analysis.dispersion import quartile_spread
from landscape.analysis.improvement import probability_of_improvement
from landscape.analysis.interval import Interval, Values
from landscape.analysis.paired import paired_contrast
from landscape.analysis.proportions import share
from landscape.analysis.quantiles import quantile, shown_share
from landscape.analysis.rankings import agreement_of
from landscape.analysis.seed_part import seed_part
from landscape.analysis.seeds import seed_mean
from landscape.analysis.variance import variance_shares
from landscape.results.record import Estimate

SIZES = (5, 20, 60, 240)
POPULATIONS = ("normal", "lognormal")
SIGMA = 0.5
MANY = 400_000
"""The number of draws behind a true value that has no formula."""

Case = Callable[[np.random.Generator, str, int], tuple[Interval, float]]
"""Draws n scores of a population, and returns their interval and the true value."""


def scores(rng: np.random.Generator, of: str, *shape: int) -> Values:
    """Return scores of a population: normal around 3 with deviation 1, or lognormal with median 1."""
    z: Values = rng.normal(size=shape)
    return 3 + z if of == "normal" else np.exp(SIGMA * z)


@cache
def large(of: str) -> Values:
    """Return many sorted scores of a population."""
    return np.sort(scores(np.random.default_rng(0), of, MANY))


def mean_of(of: str) -> float:
    """Return the mean of a population."""
    return 3.0 if of == "normal" else math.exp(SIGMA**2 / 2)


def over_seeds(rng: np.random.Generator, of: str, n: int) -> tuple[Interval, float]:
    """The mean of one setting over seeds, of scores that are not on a log scale."""
    return seed_mean(scores(rng, of, n), log=False), mean_of(of)


def over_seeds_in_log(rng: np.random.Generator, of: str, n: int) -> tuple[Interval, float]:
    """The geometric mean of positive scores. Lognormal ones are normal on this scale, so that the other population is exponential."""
    if of == "lognormal":
        return seed_mean(scores(rng, of, n), log=True), 1.0
    return seed_mean(rng.exponential(size=n), log=True), math.exp(-float(np.euler_gamma))


def against_published(rng: np.random.Generator, of: str, n: int) -> tuple[Interval, float]:
    """The difference to a mean of five published runs, whose deviation is printed."""
    theirs = scores(rng, of, 5)
    published = PublishedMean(float(theirs.mean()), float(theirs.std(ddof=1)), "standard deviation", 5)
    return agreement(scores(rng, of, n).tolist(), published, margin=1.0).difference, 0.0


def paired(rng: np.random.Generator, of: str, n: int) -> tuple[Interval, float]:
    """The difference of two settings over the same seeds, the second of half the spread."""
    other = mean_of(of) + (scores(rng, of, n) - mean_of(of)) / 2
    return paired_contrast(scores(rng, of, n), other, log=False), 0.0


def of_quantile(rng: np.random.Generator, of: str, n: int) -> tuple[Interval, float]:
    """The quantile that n trials support."""
    part = shown_share(n)
    return quantile(scores(rng, of, n)), math.nan if part is None else float(np.quantile(large(of), part))


def part_of(of: str) -> float:
    """Return the share of trials that is estimated: 30%, or 5% in the place of lognormal scores."""
    return 0.3 if of == "normal" else 0.05


def exact_share(rng: np.random.Generator, of: str, n: int) -> tuple[Interval, float]:
    """A share of n trials by Clopper and Pearson's interval."""
    return share(int(rng.binomial(n, part_of(of))), n), part_of(of)


def wilson_share(rng: np.random.Generator, of: str, n: int) -> tuple[Interval, float]:
    """The same by Wilson's interval."""
    return share(int(rng.binomial(n, part_of(of))), n, method="wilson"), part_of(of)


def share_coverage(method: Literal["clopper_pearson", "wilson"], of: str, n: int) -> float:
    """Return the coverage of a share of n trials, which needs no simulation: the chance of the counts whose intervals hold it."""
    found = [share(count, n, method=method) for count in range(n + 1)]
    p = part_of(of)
    held = [one.low is not None and one.high is not None and one.low <= p <= one.high for one in found]
    return float(binom.pmf(np.arange(n + 1), n, p)[held].sum())


def best_of(rng: np.random.Generator, of: str, n: int) -> tuple[Interval, float]:
    """The expected best of n / 5 trials, of normal scores without a lower bound and of lognormal ones above 0."""
    k = max(2, n // 5)
    bound, seed = None if of == "normal" else 0.0, int(rng.integers(2**31))
    (found,) = budget_curve(scores(rng, of, n), [k], random_state=seed, lower_bound=bound, draws=400)
    return found, expected_minimum(of, k)


@cache
def expected_minimum(of: str, k: int) -> float:
    """Return the expected least of k scores, integrated over the sorted large sample."""
    above = 1 - np.arange(MANY + 1) / MANY
    return float(-np.diff(above**k) @ large(of))


def improvement(rng: np.random.Generator, of: str, n: int) -> tuple[Interval, float]:
    """How often a trial beats one of another level, n trials each, the other half a deviation worse on its scale."""
    worse = scores(rng, of, n) + 0.5 if of == "normal" else scores(rng, of, n) * math.exp(SIGMA / 2)
    # P(z < z' + 1/2) for independent normal z and z'.
    return probability_of_improvement(scores(rng, of, n), worse), 0.5 * (1 + math.erf(0.5 / 2))


def axis_labels(n: int) -> pd.DataFrame:
    """Return n trials of three losses and two normalizations, evenly spread."""
    i = np.arange(n)
    return pd.DataFrame({"loss": np.array(["a", "b", "c"])[i % 3], "norm": np.array(["x", "y"])[i // 3 % 2]})


def searched(rng: np.random.Generator, of: str, n: int) -> Values:
    """Return scores of these trials, whose losses differ by half a deviation each."""
    shift = 0.6 * (np.arange(n) % 3)
    return scores(rng, of, n) + shift if of == "normal" else scores(rng, of, n) * np.exp(SIGMA * shift)


@cache
def axis_share(of: str) -> float:
    """Return the share of the loss in the whole population."""
    n = 120_000
    found = variance_shares(searched(np.random.default_rng(1), of, n), axis_labels(n)).axes["loss"].value
    assert found is not None
    return found


def of_axis(rng: np.random.Generator, of: str, n: int) -> tuple[Interval, float]:
    """The share of variance that an axis explains."""
    return variance_shares(searched(rng, of, n), axis_labels(n)).axes["loss"], axis_share(of)


def of_seeds(rng: np.random.Generator, of: str, n: int) -> tuple[Interval, float]:
    """The seed's part (30%) of the variance within a cell: n trials in four cells, and five seeds of seven settings."""
    costs = math.sqrt(0.7) * scores(rng, of, n) + math.sqrt(0.3) * scores(rng, of, n)
    runs = dict(zip("abcdefg", math.sqrt(0.3) * scores(rng, of, 7, 5), strict=True))
    found = seed_part(costs, np.arange(n) % 4, [str(i) for i in range(n)], runs, log=False)
    return found, 0.3


def correlated(rng: np.random.Generator, of: str, n: int) -> tuple[Values, Values]:
    """Return two scores of n models that share half of their variance."""
    common = scores(rng, of, n)
    return common + scores(rng, of, n), common + scores(rng, of, n)


@cache
def true_correlation(of: str, kind: str) -> float:
    """Return the correlation of a large number of models."""
    from scipy.stats import kendalltau, spearmanr

    x, y = correlated(np.random.default_rng(2), of, MANY // 4)
    return float((spearmanr if kind == "spearman" else kendalltau)(x, y).statistic)


def spearman(rng: np.random.Generator, of: str, n: int) -> tuple[Interval, float]:
    """Spearman's correlation of two scores over models."""
    return rank_correlation(*correlated(rng, of, n)), true_correlation(of, "spearman")


def kendall(rng: np.random.Generator, of: str, n: int) -> tuple[Interval, float]:
    """Kendall's tau of two views of models."""
    views = [{str(i): Estimate(float(v), "lower") for i, v in enumerate(view)} for view in correlated(rng, of, n)]
    return agreement_of(*views), true_correlation(of, "kendall")


def of_spread(rng: np.random.Generator, of: str, n: int) -> tuple[Interval, float]:
    """The distance of the quartiles."""
    z = float(norm.ppf(0.75))
    return quartile_spread(scores(rng, of, n), log=False), 2 * z if of == "normal" else 2 * math.sinh(SIGMA * z)


CASES: Mapping[str, Case] = {
    "Student's t over seeds": over_seeds,
    "Student's t over seeds, of logarithms": over_seeds_in_log,
    "Student's t over seeds, Welch": against_published,
    "paired t over seeds": paired,
    "order statistics": of_quantile,
    "percentile bootstrap": of_spread,
    "Clopper-Pearson": exact_share,
    "Wilson": wilson_share,
    "Bayesian bootstrap, conservative ends": best_of,
    "placements on the logit scale, Welch": improvement,
    "noncentral F on ranks": of_axis,
    "jackknifed log variances, Welch": of_seeds,
    "Bonett and Wright": spearman,
    "Fieller, Hartley & Pearson over models": kendall,
}
"""The kinds of intervals. `Clopper-Pearson, inverted` (trials until a target) covers exactly where `Clopper-Pearson` does."""


def coverage(kind: str, of: str, n: int, repetitions: int, seed: int = 3) -> float | None:
    """Return the share of intervals that hold the true value, or None if the kind gives no interval at this n."""
    if kind in ("Clopper-Pearson", "Wilson"):
        return share_coverage("wilson" if kind == "Wilson" else "clopper_pearson", of, n)
    rng, held, given = np.random.default_rng(seed), 0, 0
    for _ in range(repetitions):
        found, truth = CASES[kind](rng, of, n)
        if found.low is not None and found.high is not None:
            given += 1
            held += found.low <= truth <= found.high
    return held / given if given else None


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=1000)
    parser.add_argument("--only", nargs="+", choices=sorted(CASES), default=list(CASES), metavar="KIND")
    given = parser.parse_args()
    half = 1.96 * math.sqrt(binom.var(1, 0.95) / given.repetitions)
    print(f"Coverage in {given.repetitions:,} repetitions; one of a true 95% is known to {half:.1%} on either side.\n")
    print("| kind | " + " | ".join(f"{of}, n = {n}" for of in POPULATIONS for n in SIZES) + " |")
    print("|---" * (1 + len(POPULATIONS) * len(SIZES)) + "|")
    for kind in given.only:
        found = [coverage(kind, of, n, given.repetitions) for of in POPULATIONS for n in SIZES]
        print(f"| {kind} | " + " | ".join("none given" if x is None else f"{x:.1%}" for x in found) + " |", flush=True)
    print("\nUnder `normal` the row of logarithms is of exponential scores. Shares estimate 30% under `normal` and 5% under `lognormal`.")


if __name__ == "__main__":
    main()
