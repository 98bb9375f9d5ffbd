"""Public names of scores and their parts."""

import math

import pytest

from landscape.analysis.frames import score_facts
from landscape.analysis.objective import modeled
from landscape.components.metrics._base import METRICS, is_on_log_scale
from landscape.results.record import Estimate
from landscape.results.score_names import ScoreName, same_score


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("FD[classifier:digits]", ("FD", "classifier", "digits")),
        ("FD_infinity[pixels]", ("FD_infinity", "pixels", "")),
        ("classes[classifier:stacked:mnist]", ("classes", "classifier", "stacked:mnist")),
        ("PRD_F1/8[x]", ("PRD_F1/8", "x", "")),
        ("FID", ("FID", "", "")),
        ("odd[x", ("odd[x", "", "")),
    ],
)
def test_a_name_is_taken_apart_and_put_together(name, parts):
    found = ScoreName.parse(name)
    assert (found.stem, found.extractor, found.variant) == parts
    assert str(found) == name


@pytest.mark.parametrize(
    ("name", "measure"),
    [
        ("KID[efficientnet_lite:lite0-112]", ("KID", "efficientnet_lite:lite0-112")),
        ("FD_infinity[pixels]", ("FD_infinity", "pixels")),
        ("FID", ("FD", "inception")),
        ("FID_infinity", ("FD_infinity", "inception")),
        ("intra_FID", ("intra_FD", "inception")),
        ("IS", ("IS", "inception")),
        ("MS-SSIM", ("MS-SSIM", "")),
        ("CONFIDENCE", ("CONFIDENCE", "")),
    ],
)
def test_a_name_says_the_metric_and_what_it_looks_through(name, measure):
    assert ScoreName.parse(name).measure == measure


@pytest.mark.parametrize(
    ("name", "wanted", "same"),
    [
        ("FD[classifier:digits]", "FD[classifier:digits]", True),
        ("FD[classifier:digits]", "FD[classifier]", True),
        ("FD[classifier]", "FD[classifier:digits]", False),
        ("FD[classifier:mnist]", "FD[classifier:digits]", False),
        ("FD[classifier:digits]", "FD[pixels]", False),
        ("FD[pixels]", "KID[pixels]", False),
        ("FID", "FID", True),
        ("FD[inception]", "FD", False),
    ],
)
def test_an_extractor_may_be_named_without_its_variant_and_no_other_score_is_meant(name, wanted, same):
    assert same_score(name, wanted) is same


@pytest.mark.parametrize(
    ("name", "wanted", "same"),
    [
        ("FID", "FID", True),
        ("FD[inception]", "FID", True),
        ("FD[classifier:digits]", "FID", False),
        ("FID_mean", "FID", False),
        ("FD_mean[pixels]", "FD", False),
        ("FD[pixels]", "FD", True),
        ("KID[inception]", "KID", True),
        ("modified_IS[classifier:mnist]", "modified_IS[classifier]", True),
        ("modified_IS[classifier:mnist]", "IS", False),
        ("IS[classifier:mnist]", "IS", False),
        ("modes", "modes", True),
    ],
)
def test_what_a_paper_means_by_a_name(name, wanted, same):
    assert ScoreName.parse(name).is_measure_of(ScoreName.parse(wanted)) is same


ALWAYS_DECLARED = {"frechet_back"}
"""Metrics that came after records declared the scale."""


@pytest.mark.parametrize(
    ("metric", "scale"),
    [(name, "log") for name in METRICS.names()] + [(name, "") for name in METRICS.names() if name not in ALWAYS_DECLARED],
    ids=lambda value: {"": "older record", "log": "declared"}.get(value, value),
)
def test_search_and_analysis_agree_on_what_is_modeled_in_log(metric, scale):
    """The scores that metrics declare are those of Frechet distances, and records from before they declared it are read alike."""
    for pattern in METRICS[metric].facts.names:
        name = pattern.replace("{extractor}", "classifier:digits")
        declared = is_on_log_scale(name, [metric])
        estimate = Estimate(3.0, "lower", scale=scale if declared else "")
        in_search = modeled(estimate, name) == math.log(3.0)
        assert in_search == score_facts(name, estimate).is_log == declared == (name.split("[")[0] in DISTANCES)


def test_a_score_of_any_name_can_declare_a_log_scale():
    estimate = Estimate(3.0, "lower", scale="log")
    assert modeled(estimate, "ratio[mine]") == math.log(3.0)
    assert score_facts("ratio[mine]", estimate).is_log


DISTANCES = ("FD", "FID", "FD_mean", "FID_mean", "FD_covariance", "FID_covariance", "intra_FD", "intra_FID", "FD_back", "FID_back")
