"""Batch-norm statistics while sampling, and drawing in blocks."""

import pytest
import torch
from torch import nn

from landscape.components.datasets._load import load_dataset
from landscape.config.protocols import get, varied
from landscape.core.errors import UserError
from landscape.evaluation import evaluate, evaluate_model, sampling
from landscape.evaluation.given import Given
from landscape.evaluation.sampling import batch_norm_mode, blocks, draw, protocol_mode


@pytest.fixture
def generator():
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4, momentum=0.1), nn.Dropout(0.5))
    for _ in range(3):
        network(torch.randn(16, 3) * 5)
    return network.train()


def _state(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def _same(one, two):
    assert one
    return all(torch.equal(one[name], two[name]) for name in one)


def test_moving_averages_are_those_of_training(generator):
    z, before = torch.randn(8, 3), _state(generator)
    with batch_norm_mode(generator, "moving"):
        made = generator(z)
    norm = generator[1]
    hidden = generator[0](z)
    expected = (hidden - norm.running_mean) / (norm.running_var + norm.eps).sqrt()
    torch.testing.assert_close(made, expected)
    assert _same(before, _state(generator))
    assert all(m.training for m in generator.modules())


def test_batch_statistics_are_the_batchs_and_nothing_lasts(generator):
    z, before = torch.randn(8, 3), _state(generator)
    with batch_norm_mode(generator, "batch"):
        made = generator(z)
        # Dropout stays off: only the norms read the batch.
        torch.testing.assert_close(made, generator(z))
    torch.testing.assert_close(made.mean(0), torch.zeros(4), atol=1e-6, rtol=0)
    torch.testing.assert_close(made.var(0, correction=0), torch.ones(4), atol=1e-3, rtol=0)
    assert _same(before, _state(generator))
    assert generator[1].training


def test_standing_statistics_are_the_mean_over_all_batches(generator):
    batches = torch.randn(5, 16, 3)
    asked = []

    def accumulate(samples):
        asked.append(samples)
        for batch in batches:
            generator(batch)

    z, before = torch.randn(8, 3), _state(generator)
    with batch_norm_mode(generator, "standing", accumulate=accumulate, samples=80):
        made = generator(z)
    hidden = generator[0](batches)
    mean, variance = hidden.mean(1).mean(0), hidden.var(1).mean(0)
    torch.testing.assert_close(made, (generator[0](z) - mean) / (variance + generator[1].eps).sqrt())
    assert asked == [80]
    assert _same(before, _state(generator))
    assert generator[1].momentum == 0.1


def test_statistics_are_restored_after_an_error(generator):
    before = _state(generator)

    def fail():
        with batch_norm_mode(generator, "batch"):
            generator(torch.randn(8, 3))
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fail()
    assert _same(before, _state(generator))


def test_the_protocol_decides(generator):
    z = torch.randn(8, 3)

    def sampler(number, seed):
        return generator(torch.randn(number, 3, generator=torch.Generator().manual_seed(seed)))

    protocol = varied(get("given"), batch_norm="standing", standing_samples=25_000)
    with protocol_mode(generator, sampler, protocol):
        standing = generator(z)
    with batch_norm_mode(generator, "moving"):
        moving = generator(z)
    assert not torch.allclose(standing, moving, atol=1e-2)
    with pytest.raises(UserError, match="standing batch-norm statistics: give the generator"):
        protocol_mode(None, sampler, protocol).__enter__()
    with protocol_mode(None, sampler, get("given")):
        pass


def test_blocks_cover_the_number_with_seeds_of_their_own(monkeypatch):
    monkeypatch.setattr(sampling, "BLOCK", 10)
    made = list(blocks(25, 7))
    assert [n for n, _ in made] == [10, 10, 5]
    assert made[0] == (10, 7)
    assert len({seed for start in (7, 8, 9) for _, seed in blocks(25, start)}) == 9


def test_a_set_drawn_in_blocks_is_quantized_and_described(monkeypatch):
    monkeypatch.setattr(sampling, "BLOCK", 10)

    def sampler(number, seed):
        return torch.rand(number, 1, 2, 2, generator=torch.Generator().manual_seed(seed))

    given = draw(sampler, 25, 7, "floor")
    expected = torch.cat([(sampler(n, s) * 255).floor().to(torch.uint8) for n, s in blocks(25, 7)])
    assert torch.equal(given.samples, expected)
    assert given.handling["seed"] == "7"
    assert not given.cached
    with pytest.raises(UserError, match=r"range from 3 to 3"):
        draw(lambda n, s: torch.full((n, 1, 2, 2), 3.0), 5, 0, "round")


def test_labels_that_a_sampler_gives_stay_with_its_samples(monkeypatch):
    """Over several blocks; and a conditional model whose samples are real images of their labels teaches a classifier what real ones teach."""
    monkeypatch.setattr(sampling, "BLOCK", 400)
    train = load_dataset("digits").split("train")
    images, labels = train.samples.float() / 255, train.labels

    def conditional(number, seed):
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))[:number]
        return images[order], labels[order]

    made = draw(conditional, 900, 0, "round")
    assert made.labels.shape == (900,)
    assert made.labels.dtype == torch.int64
    first = conditional(400, 0)
    assert torch.equal(made.samples[:400].float() / 255, first[0])
    assert torch.equal(made.labels[:400], first[1])
    protocol = varied(get("quick"), metrics=["classifier_accuracy"], n_fake=900)
    found = evaluate_model(conditional, load_dataset("digits"), protocol).estimates
    assert next(e.value for name, e in found.items() if name.startswith("CAS")) > 0.9
    with pytest.raises(UserError, match=r"labels of shape \(899,\) for 900 samples"):
        draw(lambda n, seed: (conditional(n, seed)[0], conditional(n, seed)[1][: n - (n == 100)]), 900, 0, "round")


def test_labels_reach_scores_only_where_a_metric_reads_classes():
    """MS-SSIM compares labeled images within their class: under a protocol without scores of classes it is the same score for all models."""
    train = load_dataset("digits").split("train")
    images, labels = train.samples.float() / 255, train.labels

    def conditional(number, seed):
        return images[:number], labels[:number]

    found = [
        evaluate_model(sampler, load_dataset("digits"), varied(get("quick"), metrics=["ms_ssim"])).estimates["MS-SSIM"].value
        for sampler in (conditional, lambda number, seed: images[:number])
    ]
    assert found[0] == found[1]
    as_a_file = Given(images[:300], labels=labels[:300])
    assert evaluate(load_dataset("digits"), as_a_file, varied(get("quick"), metrics=["ms_ssim"])).estimates["MS-SSIM"].value == found[0]
    of_classes = varied(get("quick"), metrics=["ms_ssim", "class_accuracy"])
    assert evaluate_model(conditional, load_dataset("digits"), of_classes).estimates["MS-SSIM"].value > found[0] + 0.1
