"""Tiny trials of every architecture, and one of every kind of state that a checkpoint must contain."""

from helpers.small_architectures import SMALL
from landscape.components.architectures._base import ARCHITECTURES
from landscape.components.regularizers._base import REGULARIZERS

BASE = {"dataset": "digits", "architecture": {"mlp": {"width": 8}}, "loss": "non_saturating", "batch_size": 4, "budget": {"amount": 16}}
RESOLUTIONS = {
    "srresnet": 16,
    "unet": 8,
    "resnet107": 64,
    "resnet19": 64,
    "resnet_stl": 48,
    "infogan": 28,
    "mlp_2014": 28,
    "mlp": 8,
    "autoencoder_mlp": 8,
}
STATES = {
    "BEGAN k": {"architecture": {"autoencoder_mlp": SMALL["autoencoder_mlp"]}, "loss": "began"},
    "spectral u": {"d_normalization": "spectral", "loss": "hinge"},
    "batch statistics": {"g_normalization": "batch"},
    "instance-noise schedule": {"regularizers": ["instance_noise"]},
    "unrolled": {"regularizers": [{"unrolled": {"k": 2}}]},
    "top-k schedule": {"regularizers": ["top_k"]},
    "LeCam averages": {"regularizers": ["lecam"]},
    "adaptive augmentation": {"regularizers": [{"adaptive_augmentation": {"target": -0.9, "images": 40, "interval": 2}}]},
    "augmentation draws": {"regularizers": ["consistency"]},
    "an average of a relative width": {"ema": {"relative_width": 0.1}},
    "EMA, flips, dequantization": {"ema": {"decay": 0.9}, "horizontal_flip": True, "dequantize": True},
    "networks that grow": {"architecture": {"progressive": SMALL["progressive"]}, "loss": "wasserstein", "regularizers": ["drift"]},
    "classes": {"task": "class_conditional", "d_normalization": "spectral", "g_normalization": "conditional_batch"},
    "texts": {
        "dataset": "stacked_words_digits:count=60",
        "task": "text_to_image",
        "architecture": {"gan_cls": SMALL["gan_cls"]},
        "regularizers": ["mismatch"],
    },
    "masks": {"task": "inpainting:place=random", "architecture": {"unet": SMALL["unet"]}, "regularizers": ["pixel"]},
    "an encoder": {"task": "inference", "ema": {"decay": 0.9}},
    "pools": {
        "dataset": "printed_digits:per_class=5",
        "task": "unpaired:pool=6",
        "architecture": {"resnet_translation": SMALL["resnet_translation"]},
        "regularizers": ["cycle", "identity", "lecam"],
        "ema": {"decay": 0.9},
    },
    "kept z": {"reuse_z": True, "order": "g_first", "d_steps_per_round": 2},
    "rates and momentum on schedules": {"d_optimizer": {"name": "sgd", "momentum": 0.5, "final_momentum": 0.7, "learning_rate": 0.01}},
    "beta2 on a schedule": {"d_optimizer": {"beta2": 0.9, "final_beta2": 0.99}, "ema": {"half_life_images": 40, "burn_in": 0.5}},
}
NAMES_CLASSES = {"task": "class_conditional", "architecture": {"mlp": {"width": 8, "d_condition": "auxiliary_classifier"}}}
"""Settings of a D with a second head, which `auxiliary_classifier` trains."""
HAS_TARGETS = {"task": {"super_resolution": {"factor": 2}}, "architecture": {"srresnet": SMALL["srresnet"]}}
"""Settings of a task with targets, which some regularizers read."""


HAS_TEXTS = {"dataset": "stacked_words_digits:count=60", "task": "text_to_image", "architecture": {"gan_cls": SMALL["gan_cls"]}}
"""Settings of a task on texts, of which `mismatch` shows D wrong ones."""


SPEAKS = {"dataset": "spoken_words:words=10", "task": "text_to_speech", "architecture": {"mel_conv": SMALL["mel_conv"]}}
"""Settings of a task on speech, for tests with the fixture `without_flite`."""


HAS_TWO_WAYS = {
    "dataset": "printed_digits:per_class=5",
    "task": "unpaired",
    "architecture": {"resnet_translation": SMALL["resnet_translation"]},
}
"""Settings of a task with two generators, which `cycle` and `identity` read."""


def needed_by(regularizer: str) -> dict:
    """Return settings with which a regularizer has what it reads."""
    facts = REGULARIZERS[regularizer].facts
    if facts.needs_wrong:
        return HAS_TEXTS
    if facts.needs_translation:
        return HAS_TWO_WAYS
    return NAMES_CLASSES if facts.needs_class_logits else HAS_TARGETS if facts.needs_target is True else {}


def trial_of(name: str) -> dict:
    """Return settings with which architecture `name` trains on digits or on points."""
    facts = ARCHITECTURES[name].facts
    found: dict = {"architecture": {name: SMALL.get(name, {})}}
    if facts.samples == "points":
        found["dataset"] = "ring"
    else:
        found |= {"resolution": RESOLUTIONS.get(name, 32), "channels": 3 if 1 not in facts.channels else 1}
    if "text" in facts.conditions:
        return dict(HAS_TEXTS)
    if "speech" in facts.conditions:
        return dict(SPEAKS)
    if "none" not in facts.conditions:
        found["task"] = {"super_resolution": {"factor": 2}}
    return found | ({"loss": "began"} if facts.output == "energy" else {})
