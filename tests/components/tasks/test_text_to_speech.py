"""Speech as a task: its networks read voice and phones in time, every loss and term crosses it, and what has no meaning is refused."""

import pytest
import torch
from helpers import spoken
from helpers.small_architectures import SMALL

from landscape.components.losses._base import LOSSES
from landscape.components.regularizers._base import REGULARIZERS
from landscape.components.tasks.text_to_speech import copy_synthesis
from landscape.config.trial_config import TrialConfig
from landscape.config.undefined import UndefinedCombinationError
from landscape.core.errors import UserError
from landscape.training.gan import GAN
from landscape.trial.prepared_trial import prepare

BASE = {
    "dataset": "spoken-words:words=10",
    "task": "text_to_speech",
    "architecture": {"mel_conv": SMALL["mel_conv"]},
    "loss": "non_saturating",
    "batch_size": 4,
    "budget": {"amount": 16},
}
UNDEFINED = {"auxiliary_classifier", "consistency", "packing"}
"""Terms that are refused; `content` and `pulling_away` need data or a D that are not those of these tests."""
CROSSING = [n for n in REGULARIZERS if n not in UNDEFINED | {"content", "pulling_away"} and not REGULARIZERS[n].facts.needs_translation]


def parsed(**fields):
    return TrialConfig.parse(BASE | fields)


def built(**fields):
    gan = GAN(parsed(**fields), spoken.noise())
    gan.prepare(torch.device("cpu"))
    return gan


@pytest.mark.parametrize("loss", [name for name in LOSSES.names() if LOSSES[name].facts.inputs == "logits"])
def test_every_loss_on_logits_crosses(loss):
    gan = built(loss=loss)
    gan.run_rounds(1)
    assert gan.sample(gan.fixed_z[:2]).isfinite().all()


@pytest.mark.parametrize("name", CROSSING)
def test_every_other_term_crosses(name):
    colors = {"differentiable_augmentation": {"policy": ["color"]}, "adaptive_augmentation": {"changes": ["color"]}}
    settings = {**colors, "unrolled": {"k": 1}}
    gan = built(regularizers=[{name: settings.get(name, {})}])
    gan.run_rounds(1)
    assert gan.sample(gan.fixed_z[:2]).isfinite().all()


@pytest.mark.parametrize("fields", [{}, {"regularizers": ["mismatch", "r1", "pixel"]}, {"order": "simultaneous"}])
def test_every_call_of_both_networks_in_a_round_gets_voice_and_phones(fields):
    gan, calls = built(**fields), []
    for network in (gan.generator, gan.discriminator):
        network.register_forward_pre_hook(lambda module, given: calls.append((type(module).__name__, len(given[0]), given[1])))
    gan.run_rounds(1)
    assert {name for name, *_ in calls} == {"SpeechGenerator", "PairDiscriminator"}
    assert all(condition.shape == (n, 65) and condition.dtype == torch.int64 for _, n, condition in calls)


@pytest.mark.parametrize("g_normalization", ["self_modulated", "none"])
def test_both_networks_read_the_voice_and_each_phone_at_its_time(g_normalization):
    gan = built(g_normalization=g_normalization)
    plain = gan.dataset.split("test").tokens[:1].clone()
    plain[:, 0] = 0
    voice, phone = plain.clone(), plain.clone()
    voice[:, 0] = 1
    phone[:, 1:7] = (phone[:, 1:7] + 1) % 41
    z, tokens = gan.draw_z(1).expand(3, -1), torch.cat([plain, voice, phone])
    for network in (gan.generator, gan.discriminator):
        network.eval()
    made = gan.generator(z, tokens)
    assert not torch.equal(made[0], made[1])
    changed = (made[0] != made[2]).any(1)[0]
    assert changed[:6].any()
    assert not changed[6 + 2 * (1 + 2 + 4 + 8) + 4 + 2 :].any()  # No convolution reaches farther.
    assert len(gan.discriminator(made[:1].expand(3, -1, -1, -1), tokens).logit.mean(1).unique()) == 3
    assert not torch.equal(gan.generator(gan.draw_z(1), plain), made[:1])


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (
            {"dataset": "digits"},
            "needs speech with the phone of each frame, data set 'digits' has none: choose one of asterisk-prompts, ljspeech, sp",
        ),
        ({"dataset": "stacked-words-digits", "resolution": 64}, "needs speech with the phone of each frame"),
        ({"architecture": "gan_cls"}, "has no place for the speech of task 'text_to_speech'; these have: mel_conv"),
        ({"task": "unconditional"}, "takes speech, which task 'unconditional' does not give: choose one of text_to_speech"),
        ({"task": "text_to_image", "architecture": "gan_cls"}, "needs a text for each sample, data set 'spoken-words' has none"),
        ({"resolution": 32}, "takes mels of 64 bands and 64 frames, not images of 32 pixels"),
        ({"architecture": {"mel_conv": {"kernel": 4}}}, "kernel=4 has no frame in its middle"),
        ({"loss": "mmd"}, "compares sets of samples without their conditions"),
        ({"loss": "began"}, "reads energies"),
        ({"loss": "vae"}, "no encoder can be made"),
        ({"regularizers": ["packing"]}, "several conditions"),
        ({"regularizers": ["auxiliary_classifier"]}, "reads the classes that D names"),
        ({"regularizers": [{"consistency": {"flip": False}}]}, "moves or hides parts of the sample alone"),
        ({"regularizers": ["consistency"]}, "moves or hides parts of the sample alone"),
        ({"regularizers": ["differentiable_augmentation"]}, "an image or phones of the same place"),
        ({"regularizers": [{"adaptive_augmentation": {"changes": ["cutout"]}}]}, "an image or phones of the same place"),
        ({"horizontal_flip": True}, "horizontal_flip would exchange the beginning and the end of what is said in task 'text_to_speech'"),
        ({"g_normalization": "conditional_batch"}, "reads the class"),
    ],
)
def test_crossings_without_a_meaning_are_refused_with_the_reason(fields, reason):
    with pytest.raises(UndefinedCombinationError, match=reason):
        parsed(**fields)


def test_a_data_set_that_has_lost_its_phones_is_refused(without_flite, monkeypatch):
    from dataclasses import replace

    from landscape.components.datasets import _load

    whole = _load.load_dataset

    def silent(*given, **named):
        data = whole(*given, **named)
        return replace(data, splits={name: replace(split, tokens=None) for name, split in data.splits.items()})

    monkeypatch.setattr(_load, "load_dataset", silent)
    with pytest.raises(UserError, match="needs speech with the phone of each frame"):
        prepare(parsed())


def test_copy_synthesis_is_close_to_what_it_copies():
    sound = torch.from_numpy(spoken.speak("", "hello", "slt", spoken_manner()).sound)[:8192]
    from landscape.components.numerics.mel import log_mel, to_levels

    mel = to_levels(log_mel(torch.nn.functional.pad(sound, (0, 8192 - len(sound)))[None]))
    copied = copy_synthesis(mel)
    assert copied.dtype == torch.uint8
    loud = mel > 120
    assert float((copied.float() - mel.float()).abs()[loud].mean()) < 8


def spoken_manner():
    from landscape.components.datasets._speaking.flite import Manner

    return Manner(1.0, 1.0)
