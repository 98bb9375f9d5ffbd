"""Claims of a study whose axes or levels it does not have are refused when the study is read, with file and line."""

import pytest

from landscape.core import strict_yaml
from landscape.core.errors import UserError
from landscape.space.space import Space
from landscape.space.study_files import available, load_space

TEXT = """
name: toy
dataset: digits
protocol: quick
base: {budget: {amount: 100}}
trials: 12
axes:
  loss: [non_saturating, hinge]
  regularizers: [none, {use: {gradient_penalty: {weight: 1}}, label: GP 1}, {use: [r1, r2], label: both}]
  method:
    - {label: slow, overrides: {d_normalization: spectral, d_optimizer.learning_rate: 1e-4}}
    - {label: fast, overrides: {d_normalization: layer}}
  architecture: [mlp]
claims:
"""


def read(claim):
    text = f"{TEXT}  - {{id: ours, claim: It is so., {claim}}}\n"
    document = strict_yaml.parse(text, "toy.yaml")
    return Space.parse(document.data, document=document)


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ("axis: losss, levels: hinge, against: non_saturating", "axis of claim ours 'losss'"),
        ("axis: loss, levels: hing, against: non_saturating", "level of loss in claim ours 'hing'"),
        ("axis: loss, levels: hinge, against: [non_saturating, wasserstein]", "level of loss in claim ours 'wasserstein'"),
        ("axis: method, levels: fast, against: slo", "level of method in claim ours 'slo'"),
        ("axis: d_normalization, levels: layer, against: batch", "level of d_normalization in claim ours 'batch'"),
        ("axis: d_normalization, levels: layer, against: none", "level of d_normalization in claim ours 'none'"),
        ("axis: regularizers, levels: r1, against: none", "level of regularizers in claim ours 'r1'"),
        ("axis: loss, levels: hinge, against: non_saturating, where: {regularizers: GP 2}", "level of regularizers in claim ours 'GP 2'"),
    ],
)
def test_what_no_axis_has_is_refused(claim, words):
    with pytest.raises(UserError) as refused:
        read(claim)
    assert words in str(refused.value)
    assert str(refused.value).startswith("toy.yaml:15: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "claim",
    [
        "axis: loss, levels: hinge, against: non_saturating, where: {regularizers: gradient_penalty, architecture: mlp}",
        "axis: regularizers, levels: GP 1, against: none",
        "axis: method, levels: fast, against: slow",
        "axis: d_normalization, levels: layer, against: spectral",
        "correlates: [FD, KID]",
    ],
)
def test_labels_components_and_fields_that_entries_set_are_known(claim):
    assert len(read(claim).claims) == 1


@pytest.mark.parametrize("name", [name for name in available() if "claims:" in available()[name].read_text()])
def test_the_claims_of_the_studies_that_come_along_name_what_these_have(name):
    assert load_space(name).claims
