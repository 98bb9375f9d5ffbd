"""The named protocols as data.

Each note says where the protocol comes from and what its scores are comparable with. Notes are not part of the identity.
"""

from collections.abc import Mapping
from typing import Any

_IS_ONE_SPLIT = {"inception_score": {"splits": 1}}
_IS_TEN_SPLITS = {"inception_score": {"splits": 10}}

CATALOGUE: Mapping[str, Mapping[str, Any]] = {
    "quick": {
        "note": (
            "This project's own, for small labeled data sets: the whole test split against as many generated samples, seen "
            "through the data set's classifier. Seconds on a CPU. Comparable with other `quick` scores of the same data and "
            "classifier, with no published number."
        ),
        "metrics": ["frechet", "kid", _IS_ONE_SPLIT, "class_coverage", "precision_recall", "density_coverage", "memorization", "ms_ssim"],
        "extractor": "classifier",
        "objective": "FD[classifier]",
    },
    "quick-classes": {
        "note": (
            "This project's own, for class-conditional models of small labeled data sets: as `quick`, with scores of the classes. "
            "Each generated sample has the class of a real one. intra_FD is the mean of the distances within each class, which few "
            "samples a class bias upwards (digits: 30 a class), so it compares only at equal numbers. Comparable with other "
            "`quick-classes` scores of the same data and classifier, with no published number."
        ),
        "metrics": ["intra_frechet", "class_accuracy", "frechet", "kid", "precision_recall", "density_coverage", "classifier_accuracy"],
        "extractor": "classifier",
        "objective": "intra_FD[classifier]",
    },
    "quick-inference": {
        "note": (
            "This project's own, for small labeled data sets: what a model is good for beside its samples. Inference of z by a network "
            "that is trained on the model's samples, and accuracy of a linear classifier with 100 labels on D's last features, both on "
            "the whole test split, beside FD. D is scored at the end of the training only, because a trial leaves its generator alone. "
            "Comparable with other `quick-inference` scores of the same data, with no published number."
        ),
        "metrics": ["latent_regression", "feature_probe", "frechet"],
        "extractor": "classifier",
        "objective": "FD[classifier]",
    },
    "quick-conditionals": {
        "note": (
            "This project's own, for unconditional models of small labeled data sets: holes of 100 held-out images that are filled by a "
            "search of z, beside FD. The search asks D, which is there at the end of the training only, because a trial leaves its "
            "generator alone. Comparable with other `quick-conditionals` scores of the same data, with no published number."
        ),
        "metrics": ["semantic_inpainting", "frechet"],
        "extractor": "classifier",
        "objective": "FD[classifier]",
    },
    "quick-joint": {
        "note": (
            "This project's own, for models of task inference on small labeled data sets: inference of z by the model's own encoder and "
            "by a network that is trained on its samples, on the whole test split, beside FD. The encoder is scored at the end of the "
            "training only, because a trial leaves its generator alone. Comparable with other `quick-joint` scores of the same data, with "
            "no published number."
        ),
        "metrics": ["encoder_inference", "latent_regression", "frechet"],
        "extractor": "classifier",
        "objective": "FD[classifier]",
    },
    "given": {
        "note": "Features or images as they were given, all of them: no split, no number is prescribed. P/R/D/C with k = 5.",
        "metrics": ["frechet", "kid", {"precision_recall": {"k": 5}}, {"density_coverage": {"k": 5}}],
        "extractor": "inception",
    },
    "landscape-2018": {
        "note": (
            "Kurach et al., A Large-Scale Study on Regularization and Normalization in GANs, arXiv:1807.04720, code "
            "compare_gan v2: the first 10,000 test images in file order against 10,000 generated in batches of 64, not "
            "quantized, moving batch-norm averages, seed 42, one run, Inception score in one split, the best of 10 checkpoints "
            "(every 20,000 of 200,000 steps; theirs had step 0 too) on this very test set: optimistic. The last checkpoint's "
            "scores stand beside these under landscape-2018/last. CIFAR-10 (give cifar10 with validation=False) and LSUN bedroom. "
            "Differences: torch-fidelity's conversion of the network for TF-GAN's; z from torch, not NumPy."
        ),
        "metrics": ["frechet", {"kid": {"estimator": "blocks", "subset_size": 1024}}, _IS_ONE_SPLIT, "ms_ssim"],
        "extractor": "inception",
        "real_split": "test",
        "n_real": 10_000,
        "n_fake": 10_000,
        "quantize": "none",
        "checkpoint": "best_on_test",
        "selection_points": 10,
        "seed": 42,
        "objective": "FID",
    },
    "landscape-2018-celeba-hq": {
        "note": (
            "As landscape-2018, the best checkpoint on the test set included, for CelebA-HQ 128: its 3,000 test images against "
            "3,000 generated. So few samples bias FID "
            "upwards: real images alone score 12.6 there."
        ),
        "metrics": ["frechet", {"kid": {"estimator": "blocks", "subset_size": 1024}}, _IS_ONE_SPLIT, "ms_ssim"],
        "extractor": "inception",
        "real_split": "test",
        "n_real": 3_000,
        "n_fake": 3_000,
        "quantize": "none",
        "checkpoint": "best_on_test",
        "selection_points": 10,
        "seed": 42,
        "objective": "FID",
    },
    "lucic-2018": {
        "note": (
            "Lucic et al., Are GANs Created Equal?, arXiv:1711.10337, code compare_gan v1: FID of 10,000 test images against "
            "10,000 generated, not quantized, gray repeated to 3 channels, the best of 20 checkpoints on the test set (optimistic; "
            "every 5 epochs of CIFAR-10's 100: MNIST's 20 epochs have 4, CelebA's 40 have 8), and the last one's under "
            "lucic-2018/last. "
            "The table's spread is over 50 training seeds of the best setting, not over evaluations. Give cifar10 with validation=False."
        ),
        "metrics": ["frechet"],
        "extractor": "inception",
        "real_split": "test",
        "n_real": 10_000,
        "n_fake": 10_000,
        "quantize": "none",
        "checkpoint": "best_on_test",
        "selection_points": 20,
        "seed": 42,
        "objective": "FID",
    },
    "sngan-2018": {
        "note": (
            "Miyato et al., Spectral Normalization for GANs, ICLR 2018: FID of 10,000 real against 5,000 generated images. "
            "Real images score 7.8 there on CIFAR-10. The split and quantization are not told in what we read: test, and 8 "
            "bits, are this project's reading. The paper's Inception score is the mean of ten sets of 5,000: protocol "
            "sngan-2018-is. Give cifar10 with validation=False."
        ),
        "metrics": ["frechet"],
        "extractor": "inception",
        "real_split": "test",
        "n_real": 10_000,
        "n_fake": 5_000,
        "quantize": "floor",
        "objective": "FID",
    },
    "sngan-2018-is": {
        "note": "Inception score of Miyato et al. 2018: ten sets of 5,000 generated images, mean and standard deviation over the sets.",
        "metrics": [_IS_ONE_SPLIT],
        "extractor": "inception",
        "real_split": "test",
        "n_real": 10_000,
        "n_fake": 5_000,
        "quantize": "floor",
        "averaging_runs": 10,
        "objective": "IS",
    },
    "torch-fidelity-default": {
        "note": (
            "What torch-fidelity computes with its defaults: 8-bit images, all of the training split against 50,000 "
            "generated, Inception score in 10 shuffled splits, KID of 100 subsets of 1,000, precision and recall with k = 3, "
            "seed 2020. Comparable with any score that names that tool and its defaults; its shuffles and subsets are other "
            "draws than ours, which KID and IS show in the last digits. A data set that holds back a validation split must be "
            "given whole (cifar10 with validation=False)."
        ),
        "metrics": ["frechet", {"kid": {"subsets": 100, "subset_size": 1000}}, _IS_TEN_SPLITS, {"precision_recall": {"k": 3}}],
        "extractor": "inception",
        "real_split": "train",
        "n_fake": 50_000,
        "quantize": "floor",
        "seed": 2020,
        "objective": "FID",
    },
    "mimicry": {
        "note": (
            "Lee & Town, Mimicry, 2020: 50,000 real and 50,000 generated images, the real ones a random subset of the "
            "training data, three runs (seeds from 0), Inception score in 10 splits, KID over 10 subsets. KID's subsets "
            "have a tenth of the samples (compute_kid.py). It scales generated images to 8 bits by the extremes of the whole "
            "set; here they are rounded. Give cifar10 with validation=False."
        ),
        "metrics": ["frechet", {"kid": {"subsets": 10, "subset_size": 5000}}, _IS_TEN_SPLITS],
        "extractor": "inception",
        "version": 2,
        "real_split": "train",
        "n_real": 50_000,
        "n_fake": 50_000,
        "real_order": "random",
        "averaging_runs": 3,
        "seed": 0,
        "objective": "FID",
    },
    "studiogan-2023": {
        "note": (
            "Kang et al., StudioGAN (tables of 2023): the training split of CIFAR-10 against as many generated images "
            "(50,000), TensorFlow's Inception with the resizer it was trained with, images rounded to 8 bits, one run, "
            "Inception score in one split, P/R/D/C by the rule of the prdc package, whose balls leave their border out. The "
            "neighborhood size is not told in what we read: k = 5 here, that package's. Best of 10 checkpoints (how many "
            "there were is not told either), chosen on the same images (optimistic), and the last one's under studiogan-2023/last. "
            "Give cifar10 with validation=False."
        ),
        "metrics": ["frechet", _IS_ONE_SPLIT, {"precision_recall": {"k": 5, "border": "outside"}}, {"density_coverage": {"k": 5}}],
        "extractor": "inception",
        "version": 2,
        "real_split": "train",
        "n_real": 50_000,
        "n_fake": 50_000,
        "checkpoint": "best_on_test",
        "selection_points": 10,
        "objective": "FID",
    },
    "modern-50k": {
        "note": (
            "What papers since StyleGAN report: 50,000 generated images against all training images, 8 bits, FID, KID, "
            "precision and recall with k = 3, Inception score in 10 splits. Comparable where the same images, resolution and "
            "flips of the real set were used. A data set that holds back a validation split must be given whole (cifar10 with "
            "validation=False)."
        ),
        "metrics": ["frechet", {"kid": {"subsets": 100, "subset_size": 1000}}, _IS_TEN_SPLITS, {"precision_recall": {"k": 3}}],
        "extractor": "inception",
        "real_split": "train",
        "n_fake": 50_000,
        "objective": "FID",
    },
    "quick-pixels": {
        "note": (
            "This project's own, for images that no network at hand was trained on: raw pixels, whose distances see brightness and "
            "position before content. Of photographs they hardly see blur, noise or missing classes (docs/metrics.md): no study "
            "should be steered by them where `quick-photos` can be used. Comparable with other `quick-pixels` scores of the same "
            "images only."
        ),
        "metrics": ["kid", "precision_recall", "density_coverage", "memorization", "ms_ssim"],
        "extractor": "pixels",
        "objective": "KID[pixels]",
    },
    "quick-photos": {
        "note": (
            "This project's own, for photographs and other color images on any machine: the whole test split against as many generated "
            "images, seen through EfficientNet-Lite0 (trained on ImageNet, installed with the program) at 112 x 112 pixels. Comparable "
            "with other `quick-photos` scores of the same data, with no published number, and with no FID. About 10 ms an image on a core."
        ),
        "metrics": ["frechet", "kid", "mind", "precision_recall", "density_coverage", "vendi", "ms_ssim"],
        "extractor": {"efficientnet_lite": {"size": "lite0", "layer": "pooled", "resolution": 112}},
        "objective": "KID[efficientnet_lite]",
    },
    "quick-points": {
        "note": (
            "This project's own, for points: 10,000 generated ones against the test split, by the coordinates themselves; "
            "modes where they are known."
        ),
        "metrics": ["frechet", {"kid": {"kernel": "rbf"}}, "precision_recall", "mode_coverage"],
        "extractor": "pixels",
        "n_fake": 10_000,
        "objective": "KID[pixels]",
    },
    "goodfellow-2014": {
        "note": (
            "Goodfellow et al., Generative Adversarial Nets, 2014, code goodfeli/adversarial: Gaussian windows around 10,000 "
            "generated images, not quantized, in [0, 1]; the width from 10 values between 0.1 and 1 by the first 1,000 "
            "validation images (MNIST: the first of train[50000:60000]); mean over the test images, interval from its "
            "standard error. Comparable with Parzen estimates of real-valued MNIST in nats with the same numbers of samples; "
            "the estimator favors memorized samples."
        ),
        "metrics": ["parzen"],
        "extractor": "pixels",
        "real_split": "test",
        "n_fake": 10_000,
        "quantize": "none",
        "objective": "Parzen_LL",
    },
    "pacgan-2018": {
        "note": (
            "Lin et al., PacGAN, 2018, code: 2-D ring and grid, 2,500 generated points, of high quality within 3 sigma of a "
            "mode, a mode found by one such point; reverse KL of the histogram over modes against uniform; batch-norm "
            "averages."
        ),
        "metrics": ["mode_coverage"],
        "extractor": "pixels",
        "n_fake": 2_500,
        "objective": "modes",
    },
    "pacgan-2018-stacked-mnist": {
        "note": (
            "Lin et al., PacGAN, 2018, code, VEEGAN's setting: 26,000 generated images, distinct triples of digits by a "
            "classifier read on each channel, KL against uniform over 1,000; batch-norm averages. Differences: our MNIST "
            "classifier (its accuracy stands in the handling); generated levels in [0, 1], where theirs went to the "
            "classifier unclipped in [-1, 1]."
        ),
        "metrics": ["class_coverage"],
        "extractor": {"classifier": {"trained_on": "stacked:mnist"}},
        "n_fake": 26_000,
        "quantize": "none",
        "objective": "classes[classifier]",
    },
    "veegan-2017": {
        "note": (
            "Srivastava et al., VEEGAN, 2017: ring, grid and 1,200-D mixture, 2,500 generated points, of high quality within "
            "3 sigma (that radius is recalled, and PacGAN's code has it; of the 1,200-D mixture, within the data set's own "
            "radius, which its dimensions need), a mode found by one such point."
        ),
        "metrics": ["mode_coverage"],
        "extractor": "pixels",
        "n_fake": 2_500,
        "objective": "modes",
    },
    "veegan-2017-stacked-mnist": {
        "note": (
            "Srivastava et al., VEEGAN, 2017: 26,000 generated stacked digits, distinct triples and KL by a classifier on "
            "each channel. Difference: our MNIST classifier (its accuracy stands in the handling)."
        ),
        "metrics": ["class_coverage"],
        "extractor": {"classifier": {"trained_on": "stacked:mnist"}},
        "n_fake": 26_000,
        "quantize": "none",
        "objective": "classes[classifier]",
    },
    "unrolled-2016-stacked-mnist": {
        "note": (
            "Metz et al., Unrolled GANs, 2016, setting of its stacked MNIST as PacGAN's code repeats it: 25,600 generated "
            "images, sampled with the statistics of each batch of 128; distinct triples and KL by a classifier on each "
            "channel. Difference: our MNIST classifier."
        ),
        "metrics": ["class_coverage"],
        "extractor": {"classifier": {"trained_on": "stacked:mnist"}},
        "n_fake": 25_600,
        "quantize": "none",
        "batch_norm": "batch",
        "sampling_batch": 128,
        "objective": "classes[classifier]",
    },
    "ebgan-2017": {
        "note": (
            "Zhao et al., EBGAN, 2017, the grid search on MNIST: the modified inception score I', divergence reversed and "
            "squared. Whether the square stands inside the mean is ambiguous in print (inside here); the scoring classifier "
            "and the number of samples stand in an appendix that we have not read: our MNIST classifier and 10,000 here, so "
            "only the order of models compares."
        ),
        "metrics": [{"modified_inception": {"square": "inside"}}],
        "extractor": {"classifier": {"trained_on": "mnist"}},
        "n_fake": 10_000,
        "objective": "modified_IS[classifier]",
    },
}
