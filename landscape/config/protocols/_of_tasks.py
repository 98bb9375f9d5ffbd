"""The protocols of tasks on pictures and texts as data. Generated sample i is made of the one that belongs to real sample i."""

from collections.abc import Mapping
from typing import Any

_WHOLE = ["psnr", "ssim", "l1"]
_HOLE = ["l1", {"psnr": {"region": "hole"}}]
_SPREAD = ["diversity", "frechet", "kid"]
_PHOTOS = {
    "extractor": {"efficientnet_lite": {"size": "lite0", "layer": "pooled", "resolution": 112}},
    "objective": "KID[efficientnet_lite]",
}
_CLASSES = {"extractor": "classifier", "objective": "FD[classifier]"}
_EACH = (
    "This project's own: the whole test split, of each of whose images one sample is generated. PSNR, SSIM and L1 compare it with that "
    "image, its target; FD and KID compare the two sets, so that a blurred mean, which has the best PSNR, does badly in them. "
)
_SAME = "Comparable with other scores of the same name on the same data and with the same hyperparameters of the task."

_TEXTS = (
    "This project's own: the whole test split, for each of whose texts one sample is generated, through a classifier that reads what the "
    "texts say. Texts that the model was trained on and texts that it was not have scores of their own. "
)

_SPEECH = (
    "This project's own: the whole test split, for the phones and the voice of each of whose recordings one mel is generated. Every "
    "recording of it has a word that the model was not trained on. MCD is in decibels, over a warped path. "
)

_BOTH_WAYS = (
    "This project's own: the test splits of two sets of pictures A and B, of each of whose pictures one is made in the other set. FD "
    "compares what was made of A with B, and FD_back what was made of B with A. "
)

OF_TASKS: Mapping[str, Mapping[str, Any]] = {
    "quick-unpaired": {
        "note": _BOTH_WAYS + "content_kept says whether the content stayed, through the classifier of the data. " + _SAME,
        "metrics": ["frechet", "frechet_back", "content_kept", "cycle_l1", "identity_l1"],
        **_CLASSES,
    },
    "quick-unpaired-photos": {
        "note": _BOTH_WAYS + "As quick-unpaired, for color images without classes, seen through EfficientNet-Lite0. " + _SAME,
        "metrics": ["frechet", "kid", "frechet_back", "cycle_l1", "identity_l1"],
        **_PHOTOS,
    },
    "quick-text": {
        "note": _TEXTS + "Comparable with other scores of the same name on the same data.",
        "metrics": ["word_accuracy", "r_precision", *_SPREAD],
        "extractor": "classifier",
        "objective": "word_accuracy[classifier]",
    },
    "quick-captions": {
        "note": "This project's own: the whole test split, for one caption of each of whose pictures one sample is generated, seen through "
        "EfficientNet-Lite0. No score says whether a sample shows what its caption says, which needs a model of pictures and captions that "
        "the generator was not trained against. " + _SAME,
        "metrics": [*_SPREAD],
        **_PHOTOS,
    },
    "quick-speech": {
        "note": _SPEECH
        + "The word is read, and FD and KID are computed, by a classifier of whole words that is trained on recordings of all "
        "words, also of those that the model was not trained on. Comparable with other scores of the same name on the same data.",
        "metrics": ["mel_cepstral_distortion", "word_accuracy", "l1", *_SPREAD],
        "extractor": "classifier",
        "objective": "MCD",
    },
    "quick-recordings": {
        "note": _SPEECH + "For recordings of sentences, whose words no classifier reads: KID compares levels. Comparable with other scores "
        "of the same name on the same data.",
        "metrics": ["mel_cepstral_distortion", "l1", "diversity", "kid"],
        "extractor": "pixels",
        "objective": "MCD",
    },
    "quick-super-resolution": {
        "note": _EACH + "PSNR and SSIM are on Y without a border of `factor` pixels, as papers have them. " + _SAME,
        "metrics": [*_WHOLE, "consistency", "class_kept", *_SPREAD],
        **_CLASSES,
    },
    "quick-super-resolution-photos": {
        "note": _EACH + "As quick-super-resolution, for color images, seen through EfficientNet-Lite0. " + _SAME,
        "metrics": [*_WHOLE, "consistency", *_SPREAD],
        **_PHOTOS,
    },
    "quick-colorization": {
        "note": _EACH + "PSNR is over all colors, because the luma is given. consistency says how well it is kept. " + _SAME,
        "metrics": [{"psnr": {"channels": "rgb"}}, "l1", "consistency", *_SPREAD],
        **_PHOTOS,
    },
    "quick-paired": {
        "note": _EACH + "For pairs of pictures; color or gray ones are seen through EfficientNet-Lite0. " + _SAME,
        "metrics": [{"psnr": {"channels": "rgb"}}, "ssim", "l1", *_SPREAD],
        **_PHOTOS,
    },
    "quick-inpainting": {
        "note": _EACH + "L1, PSNR and diversity count the pixels of the hole alone. " + _SAME,
        "metrics": [*_HOLE, "class_kept", *_SPREAD],
        **_CLASSES,
    },
    "quick-inpainting-photos": {
        "note": _EACH + "As quick-inpainting, for color images, seen through EfficientNet-Lite0. " + _SAME,
        "metrics": [*_HOLE, *_SPREAD],
        **_PHOTOS,
    },
}
