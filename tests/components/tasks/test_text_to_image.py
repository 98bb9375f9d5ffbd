"""Texts of samples: the language, wrong texts, the stacked digits, and the term that shows D wrong texts."""

import numpy as np
import pytest
import torch

import landscape
from landscape.components.datasets._drawing.stacked_texts import LANGUAGE, is_unseen
from landscape.components.datasets._language import Language
from landscape.components.datasets._load import load_dataset
from landscape.components.datasets._preparing.content import content_hash
from landscape.components.losses._base import LOSSES
from landscape.components.tasks._wrong import wrong_conditions
from landscape.config.trial_config import TrialConfig
from landscape.config.undefined import UndefinedCombinationError
from landscape.core.errors import UserError

BASE = {
    "dataset": "stacked-words-digits:count=60",
    "task": "text_to_image",
    "architecture": {"gan_cls": {"width": 4, "text": 4, "encoded": 4, "word": 4}},
    "loss": "non_saturating",
    "batch_size": 4,
    "budget": {"amount": 16},
}


def parsed(**fields):
    return TrialConfig.parse(BASE | fields)


@pytest.fixture(scope="module")
def data():
    return load_dataset("stacked-words-digits:count=3000")


def test_texts_say_which_digits_the_images_show(data):
    digits = load_dataset("digits")
    for name, split in data.splits.items():
        known = {tuple(image.flatten().tolist()): int(label) for image, label in zip(*_of(digits.split(name)), strict=True)}
        for row in range(0, len(split), 97):
            seen = [known[tuple(channel.flatten().tolist())] for channel in split.samples[row]]
            words = data.language.text(split.tokens[row]).split()
            assert words[::2] == ["red", "green", "blue"]
            assert [LANGUAGE.form[1].index(word) for word in words[1::2]] == seen
            assert int(split.labels[row]) == seen[0] * 100 + seen[1] * 10 + seen[2]


def _of(split):
    return split.samples, split.labels


def test_a_hundred_combinations_are_held_out_of_the_training(data):
    every = np.stack(np.meshgrid(*[np.arange(10)] * 3), -1).reshape(-1, 3)
    held_out = every[is_unseen(every)]
    assert len(held_out) == 100
    for places in ([0, 1], [0, 2], [1, 2]):
        assert len({tuple(row) for row in held_out[:, places]}) == 100

    def unseen(name):
        labels = data.split(name).labels.numpy()
        return is_unseen(np.stack([labels // 100, labels // 10 % 10, labels % 10], 1))

    assert not unseen("train").any()
    assert not unseen("validation").any()
    assert unseen("test").sum() == len(data.split("test")) // 2
    assert unseen("test")[:100].any()


def test_the_hash_of_a_data_set_sees_its_texts_and_others_have_none(data):
    from dataclasses import replace

    changed = {name: replace(split, tokens=split.tokens.flip(0)) for name, split in data.splits.items()}
    assert content_hash(changed) != data.content_hash == content_hash(data.splits)
    assert load_dataset("digits").split("all").tokens is None
    assert len(data.split("all").tokens) == len(data.split("all"))


def test_a_language_reads_texts_and_names_what_it_does_not_know():
    assert LANGUAGE.text(LANGUAGE.tokens(["Red seven, green two, BLUE one"])[0]) == "red seven green two blue one"
    free = Language(("a", "b"), 3)
    assert free.tokens(["b a", "a"]).tolist() == [[2, 1, 0], [1, 0, 0]]
    for text, reason in (
        ("red seventeen green two blue one", "does not know the word 'seventeen'; it knows red, green"),
        ("red seven", "has 2 words, the texts of the data have 6, such as 'red zero green zero blue zero'"),
        ("red one green two blue three red", "has 7 words, the model takes 1 to 6"),
        ("", "has 0 words"),
        ("green two red seven blue one", "'green' cannot be word 1, which is one of red: write it as"),
    ):
        with pytest.raises(UserError, match=reason):
            LANGUAGE.tokens([text])


def test_a_wrong_text_is_never_the_right_one():
    tokens = torch.randint(1, 3, (64, 2))
    for _ in range(20):
        wrong = wrong_conditions(tokens, 0)
        assert (wrong != tokens).any(1).all()
        assert all(tuple(row) in {tuple(t) for t in tokens.tolist()} for row in wrong.tolist())
    assert wrong_conditions(tokens[:1], 0).tolist() == [[0, 0]]


@pytest.mark.parametrize("loss", [name for name in LOSSES.names() if LOSSES[name].facts.inputs == "logits"])
def test_every_loss_with_the_mismatch_term_is_the_mixture_of_gan_cls(loss):
    gan = landscape.build(BASE | {"loss": loss, "regularizers": [{"mismatch": {"weight": 0.3}}]})
    game, batch = gan.game, gan.rounds.stream.next(4)
    gan.discriminator.eval()
    fake = gan.generator(gan.draw_z(4), batch.condition).detach()
    logits = [game.criticize(*of).logit for of in ((batch.real, batch.condition), (fake, batch.condition), (batch.real, batch.wrong))]
    expected = 0.7 * game._call_loss(logits[0], logits[1]).d.mean() + 0.3 * game._call_loss(logits[0], logits[2]).d.mean()
    torch.testing.assert_close(game.d_objective(batch, fake, due=("mismatch",)).total, expected)
    if loss == "non_saturating":  # Algorithm 1 of the paper in NumPy.
        r, f, w = (values.detach().double().numpy() for values in logits)
        by_hand = np.logaddexp(0, -r) + 0.3 * np.logaddexp(0, w) + 0.7 * np.logaddexp(0, f)
        np.testing.assert_allclose(expected.item(), by_hand.mean(), rtol=1e-5)


PROJECTS = {"architecture": {"gan_cls": BASE["architecture"]["gan_cls"] | {"d_text": "projection"}}}


@pytest.mark.parametrize(
    "fields",
    [{}, {"regularizers": ["mismatch", "r1"]}, {"regularizers": [{"unrolled": {"k": 1}}, "mismatch"]}, PROJECTS | {"regularizers": ["r1"]}],
)
def test_every_call_of_both_networks_in_a_round_gets_a_text(fields):
    gan, calls = landscape.build(BASE | fields), []
    for network in (gan.generator, gan.discriminator):
        network.register_forward_pre_hook(lambda module, given: calls.append((type(module).__name__, len(given[0]), given[1])))
    gan.run_rounds(1)
    assert {name for name, *_ in calls} == {"TextGenerator", "TextDiscriminator"}
    assert all(condition.shape == (n, 6) and condition.dtype == torch.int64 for _, n, condition in calls)


@pytest.mark.parametrize("fields", [{}, PROJECTS], ids=["maps", "projection"])
def test_both_networks_tell_texts_apart_by_their_order(fields):
    gan = landscape.build(BASE | fields)
    texts = LANGUAGE.tokens(["red seven green two blue one", "red two green seven blue one"])
    for network in (gan.generator, gan.discriminator):
        network.eval()
    z = gan.draw_z(1).expand(2, -1)
    made = gan.generator(z, texts)
    assert not torch.equal(made[0], made[1])
    assert len(gan.discriminator(made[:1].expand(2, -1, -1, -1), texts).logit.unique()) == 2


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"dataset": "digits"}, "needs a text for each sample, data set 'digits' has none: choose one of cub, stacked-words"),
        ({"architecture": "dcgan"}, "has no place for the text of task 'text_to_image'; these have: gan_cls"),
        ({"task": "unconditional"}, "takes a text, which task 'unconditional' does not give: choose one of text_to_image"),
        ({"loss": "mmd"}, "compares sets of samples without their conditions"),
        ({"loss": "began"}, "reads energies"),
        ({"loss": "vae"}, "no encoder can be made"),
        ({"regularizers": ["packing"]}, "several conditions"),
        ({"regularizers": ["pixel"]}, "compares a sample with its target"),
        ({"regularizers": ["consistency"]}, "would exchange the sides"),
        ({"regularizers": ["adaptive_augmentation"]}, "would exchange the sides.*: leave out the changes that mirror or turn"),
        ({"regularizers": [{"adaptive_augmentation": {"changes": ["geometry"]}}]}, "would exchange the sides"),
        ({"horizontal_flip": True}, "would exchange the sides"),
        ({"g_normalization": "conditional_batch"}, "reads the class"),
        (
            {"task": "unconditional", "architecture": "dcgan", "regularizers": ["mismatch"]},
            "shows it none: choose one of class_conditional, colorization, .*text_to_image",
        ),
    ],
)
def test_crossings_without_a_meaning_are_refused_with_the_reason(fields, reason):
    with pytest.raises(UndefinedCombinationError, match=reason):
        parsed(**fields)
