"""A round stays a small number of operations: on a GPU each of them costs microseconds, however small it is."""

import pytest
import torch

from benchmarks._operations import of_a_compiled_round, operations_by_name
from benchmarks.costs import model
from landscape.training.compilation import cannot_compile


def of_a_round(architecture: str, **fields) -> int:
    gan = model({architecture: {"width": 8}}, 32, 4, **fields)
    gan.run_rounds(3)
    counts = operations_by_name(gan.rounds.play)
    counts.pop("aten::randperm", None)  # once an epoch
    return sum(counts.values())


@pytest.mark.parametrize(("architecture", "most"), [("sndcgan", 260), ("resnet_cifar", 360)])
def test_spectral_normalization_and_half_precision_add_few_operations(architecture, most):
    """There are 259 and 355. There were 805 and 1,311 when each layer iterated and converted its own weight at each call."""
    assert of_a_round(architecture, precision="bf16", d_normalization="spectral") <= most


@pytest.mark.skipif(bool(cannot_compile(torch.device("cpu"))), reason="nothing compiles here")
@pytest.mark.parametrize(
    ("architecture", "most", "without_products"), [("sndcgan", 260, 350), pytest.param("resnet_cifar", 370, 555, marks=pytest.mark.slow)]
)
def test_a_compiled_round_has_as_few_operations(architecture, most, without_products):
    """There are 254 and 360, and 345 and 544 on CPUs without bf16 products. There were 453 and 760 when each layer made its own weight."""
    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        most = without_products
    gan = model({architecture: {"width": 8}}, 32, 4, precision="bf16", d_normalization="spectral")
    gan.run_rounds(3)
    counts = of_a_compiled_round(gan)
    assert counts.total() <= most, counts
    assert min(counts[part] for part in ("kernels", "calls", "operators", "outside")) > 0


def test_an_average_and_its_buffers_move_in_three_operations():
    assert of_a_round("sndcgan", ema={"decay": 0.9}) - of_a_round("sndcgan") <= 3


def test_operations_are_counted_and_views_are_not():
    x = torch.ones(3, 4)
    assert operations_by_name(lambda: (x.t() @ x).view(-1).add_(1)) == {"aten::mm": 1, "aten::add_": 1}
