"""Writes docs/components.md, which lists every component with its source and its oracle, and the parameter counts.

Run it with `python docs/components.py`.
"""

from pathlib import Path

from landscape.components.architectures._base import ARCHITECTURES
from landscape.components.datasets._base import DATASETS
from landscape.components.losses._base import LOSSES
from landscape.components.normalizations._base import NORMALIZATIONS
from landscape.components.regularizers._base import REGULARIZERS
from landscape.components.tasks._base import TASKS
from landscape.core.registry import Registry
from landscape.inventory import components

PAGE = Path(__file__).with_suffix(".md")
REGISTRIES: dict[str, Registry] = {  # type: ignore[type-arg]
    "Tasks": TASKS,
    "Losses": LOSSES,
    "Regularizers and training remedies": REGULARIZERS,
    "Normalizations": NORMALIZATIONS,
    "Architectures": ARCHITECTURES,
    "Data sets": DATASETS,
}

_TESTS = "tests/components"
_LOSSES, _NORMS, _REGULARIZERS, _NETWORKS = (f"{_TESTS}/{a}" for a in ("losses", "normalizations", "regularizers", "architectures"))
_TABLES = f"{_NETWORKS}/test_architecture_tables.py"
_LAYERS = ("layers in order, and parameter counts, from the sources' tables", f"{_TABLES}::test_layers_in_order")
_FORMULA = ("NumPy float64 formula; values by hand", f"{_LOSSES}/test_logit_losses.py::test_formula")
_SLOPES = (
    "values by hand; finite differences, of the penalty's gradient too",
    f"{_REGULARIZERS}/test_gradient_penalties.py::test_gradient_of_the_penalty_against_finite_differences",
)
_SPECTRAL = (
    "torch's own parametrization, an SVD, one iteration by hand",
    f"{_NORMS}/test_spectral.py::test_follows_torchs_parametrization",
)
_FORMATS = "tests/components/datasets/test_dataset_formats.py"
_SPEECH = "tests/components/datasets/test_speech.py"
_POINTS = "tests/components/datasets/test_dataset_points.py"

ORACLES: dict[str, dict[str, tuple[str, str]]] = {
    "Tasks": {
        "unconditional": ("rows without labels", f"{_TESTS}/tasks/test_tasks_contract.py::test_the_unconditional_task_never_sees_labels"),
        "class_conditional": (
            "every call of both networks in a round is watched",
            "tests/training/test_class_conditions.py::test_every_call_of_both_networks_in_a_round_gets_the_condition",
        ),
        "colorization": (
            "Pillow's gray; levels",
            f"{_TESTS}/tasks/test_image_tasks.py::test_colorization_gives_the_luma_in_levels",
        ),
        "paired": (
            "a flip hits both pictures of a pair",
            "tests/training/test_image_conditions.py::test_a_flip_hits_the_sample_and_the_picture_that_belongs_to_it",
        ),
        "inference": (
            "D's loss with its arguments exchanged, for every loss on logits",
            "tests/training/test_joint_game.py::test_the_encoder_and_g_minimize_the_loss_of_d_with_its_arguments_exchanged",
        ),
        "inpainting": ("the hole by hand", f"{_TESTS}/tasks/test_image_tasks.py::test_a_hole_in_the_center"),
        "text_to_image": (
            "each loss with the term `mismatch` against algorithm 1",
            f"{_TESTS}/tasks/test_text_to_image.py::test_every_loss_with_the_mismatch_term_is_the_mixture_of_gan_cls",
        ),
        "text_to_speech": (
            "every call of both networks in a round is watched",
            f"{_TESTS}/tasks/test_text_to_speech.py::test_every_call_of_both_networks_in_a_round_gets_voice_and_phones",
        ),
        "unpaired": (
            "two adversarial games, for every loss on logits; the pool against the source's loop",
            "tests/training/test_two_way_game.py::test_both_directions_are_adversarial_games_whose_losses_add_up",
        ),
        "super_resolution": (
            "Pillow's bicubic filter",
            f"{_TESTS}/tasks/test_image_tasks.py::test_small_images_are_pillows_with_the_wide_filter",
        ),
    },
    "Losses": {
        **dict.fromkeys(("absolute_error", "hinge", "least_squares", "least_squares_sigmoid", "minimax", "non_saturating"), _FORMULA),
        **dict.fromkeys(("relativistic_average", "relativistic_pairing", "wasserstein"), _FORMULA),
        "began": ("two steps by hand", f"{_LOSSES}/test_energy_losses.py::test_began_two_steps_by_hand"),
        "margin_energy": (
            "NumPy formula; V in 1-D, driven from m and back to it",
            "tests/reproductions/test_game_1d.py::test_ebgan_value_approaches_the_margin",
        ),
        "mmd": ("double loops in NumPy; unbiased over many draws", f"{_LOSSES}/test_mmd.py::test_unbiased_over_many_draws"),
        "vae": ("SciPy's and torch.distributions' densities", f"{_LOSSES}/test_vae.py::test_bernoulli_bound"),
    },
    "Regularizers and training remedies": {
        **dict.fromkeys(("dragan", "gradient_penalty", "r1", "r2", "r1_r2", "roth"), _SLOPES),
        "adaptive_augmentation": (
            "NumPy's pixels, SciPy's affine maps, the source's color matrices; the rule for p in a loop",
            f"{_REGULARIZERS}/test_adaptive_augmentation.py::test_the_rule_against_a_loop",
        ),
        "auxiliary_classifier": ("NumPy formula", f"{_REGULARIZERS}/test_generator_terms.py::test_auxiliary_classifier_by_hand"),
        "consistency": ("by hand; NumPy's padding", f"{_REGULARIZERS}/test_input_changes.py::test_consistency_by_hand"),
        "differentiable_augmentation": (
            "ranges of the paper; finite differences",
            f"{_REGULARIZERS}/test_input_changes.py::test_augmentation_passes_exact_gradients",
        ),
        **dict.fromkeys(
            ("cycle", "identity"), ("NumPy formula", f"{_REGULARIZERS}/test_generator_terms.py::test_cycle_and_identity_against_numpy")
        ),
        "content": ("NumPy formula", f"{_REGULARIZERS}/test_generator_terms.py::test_content_against_numpy"),
        "drift": ("by hand", f"{_REGULARIZERS}/test_generator_terms.py::test_drift_by_hand"),
        "mismatch": (
            "algorithm 1 of the paper in NumPy",
            f"{_TESTS}/tasks/test_text_to_image.py::test_every_loss_with_the_mismatch_term_is_the_mixture_of_gan_cls",
        ),
        "feature_matching": ("NumPy formula", f"{_REGULARIZERS}/test_generator_terms.py::test_feature_matching_against_numpy"),
        "instance_noise": ("variance over training", f"{_REGULARIZERS}/test_input_changes.py::test_instance_noise_falls_linearly"),
        "l2": ("by hand", f"{_REGULARIZERS}/test_weight_terms.py::test_l2_by_hand"),
        "lecam": ("two steps by hand", f"{_REGULARIZERS}/test_generator_terms.py::test_lecam_two_steps_by_hand"),
        "orthogonal": ("NumPy formula", f"{_REGULARIZERS}/test_weight_terms.py::test_orthogonal_formula"),
        "packing": ("order of channels by hand", f"{_REGULARIZERS}/test_input_changes.py::test_packing_stacks_channels"),
        "pixel": ("NumPy formula", f"{_REGULARIZERS}/test_generator_terms.py::test_pixel_against_numpy"),
        "pulling_away": ("double loop", f"{_REGULARIZERS}/test_generator_terms.py::test_pulling_away_against_a_double_loop"),
        "top_k": ("sorted by hand", f"{_REGULARIZERS}/test_generator_terms.py::test_top_k_leaves_the_mean_of_the_best"),
        "total_variation": ("NumPy formula", f"{_REGULARIZERS}/test_generator_terms.py::test_total_variation_against_numpy"),
        "unrolled": (
            "finite differences through 0, 1, 5, 10 steps; D really stepped",
            f"{_REGULARIZERS}/test_unrolled.py::test_gradient_through_the_unrolled_steps_against_finite_differences",
        ),
        "weight_clipping": (
            "every parameter looked at",
            f"{_REGULARIZERS}/test_weight_terms.py::test_clipping_cuts_every_trainable_parameter",
        ),
    },
    "Normalizations": {
        **dict.fromkeys(("spectral", "spectral_batch", "spectral_instance", "spectral_layer"), _SPECTRAL),
        "batch": ("NumPy: the batch's moments, moving averages", f"{_NORMS}/test_norm_layers.py::test_batch_norm_and_its_moving_averages"),
        "conditional_batch": ("written out in NumPy", f"{_NORMS}/test_norm_layers.py::test_conditional_batch_norm"),
        "spectral_conditional_batch": (
            "its two parts",
            f"{_NORMS}/test_norm_layers.py::test_spectral_conditional_batch_norm_is_its_two_parts",
        ),
        "instance": ("NumPy: moments of each map", f"{_NORMS}/test_norm_layers.py::test_instance_norm"),
        "layer": ("NumPy over all but the batch; by hand", f"{_NORMS}/test_norm_layers.py::test_layer_norm_by_hand"),
        "none": (
            "keeps its input",
            f"{_NORMS}/test_normalizations_contract.py::test_keeps_shapes_and_passes_gradients_to_everything",
        ),
        "self_modulated": ("written out in NumPy", f"{_NORMS}/test_norm_layers.py::test_self_modulation"),
        "weight": ("torch's weight norm", f"{_NORMS}/test_norm_layers.py::test_weight_norm_is_torchs"),
    },
    "Architectures": {
        **dict.fromkeys(ARCHITECTURES, _LAYERS),
        "dcgan_variants": (
            "layers counted by hand at each depth; NumPy formula of the nonlinearity",
            f"{_NETWORKS}/test_dcgan_variants.py::test_layers_of_each_depth",
        ),
        **dict.fromkeys(
            ("resnet_cifar", "resnet_stl", "resnet19"),
            ("blocks in order, and parameter counts, from the sources' tables", f"{_TABLES}::test_blocks_in_order"),
        ),
        "resnet107": (
            "blocks in order, and parameter counts, as the source makes them",
            f"{_TABLES}::test_resnet107_has_five_blocks_a_stage",
        ),
        "r3gan": (
            "both networks written out in NumPy; parameter counts",
            f"{_NETWORKS}/test_architecture_layers.py::test_r3gan_discriminator",
        ),
        "progressive": ("both phases of each resolution written out in NumPy", f"{_NETWORKS}/test_progressive.py::test_generator_in_numpy"),
        "mlp": ("size of signals", f"{_NETWORKS}/test_architecture_initialization.py::test_mlp_keeps_the_size_of_signals"),
    },
    "Data sets": {
        "celeba": ("the originals' crop and resize, written out", f"{_FORMATS}::test_celeba_as_compare_gan_prepares_it"),
        "celeba_hq_128": ("order and box filter", f"{_FORMATS}::test_celeba_hq_is_split_in_natural_order_and_box_filtered"),
        "cifar10": ("files in its format", f"{_FORMATS}::test_cifar10"),
        "cifar10_jpeg": (
            "the pictures themselves",
            f"{_TESTS}/datasets/test_dataset_collections.py::test_zips_by_split_and_cifar10_jpeg",
        ),
        "convex_polygons": ("the originals' tools, their drawing order", f"{_POINTS}::test_polygons_are_those_of_the_originals_tools"),
        "div2k": (
            "crops of pictures whose levels tell the place",
            f"{_TESTS}/datasets/test_div2k.py::test_squares_without_overlap_of_pictures_of_unequal_sizes",
        ),
        "digits": ("sizes, levels and class counts; a golden hash", f"{_FORMATS}::test_digits_are_split_once_and_for_all"),
        "cub": ("files in its format", f"{_TESTS}/datasets/test_cub.py::test_splits_by_classes_and_captions_of_their_pictures"),
        "fashion_mnist": ("files in its format", f"{_FORMATS}::test_fashion_mnist_by_either_name"),
        "folder": ("Pillow", "tests/components/datasets/test_dataset_collections.py::test_resizing_is_pillows_antialiased_bicubic"),
        "gaussian_1d": ("centers, width and count of every preset", f"{_POINTS}::test_gaussians_on_a_line"),
        "grid": ("published centers, width and count", f"{_POINTS}::test_published_grids"),
        "lsun_bedroom": ("a database in its format", f"{_FORMATS}::test_lsun_from_its_database"),
        "mnist": ("the real files' MD5 sums and class counts", f"{_FORMATS}::test_real_mnist"),
        "pairs": ("pictures that are written and read", "tests/components/datasets/test_pairs.py::test_side_by_side"),
        "printed_digits": (
            "a nearest neighbor names the classes and tells both sets apart",
            f"{_TESTS}/datasets/test_unpaired.py::test_printed_digits_show_their_classes_and_differ_from_handwritten_ones",
        ),
        "ring": ("published centers, width and count", f"{_POINTS}::test_published_rings"),
        "asterisk_prompts": ("files in its format", f"{_SPEECH}::test_asterisks_packages"),
        "emoji_pairs": ("files in its format", f"{_TESTS}/datasets/test_emoji_pairs.py::test_pairs_of_names"),
        "ljspeech": ("files in its format", f"{_SPEECH}::test_ljspeech_in_its_layout"),
        "spoken_words": (
            "tones of known pitch in the place of phones",
            f"{_SPEECH}::test_words_are_held_out_with_all_their_recordings_and_mels_show_what_phones_say",
        ),
        "stacked_mnist": ("the digits it is made of", f"{_FORMATS}::test_stacked_mnist"),
        "stacked_words": (
            "the digits it is made of",
            f"{_FORMATS}::test_stacked_words",
        ),
        "stacked_words_digits": (
            "the digits it is made of",
            f"{_TESTS}/tasks/test_text_to_image.py::test_texts_say_which_digits_the_images_show",
        ),
        "stl10": ("files in its format", f"{_FORMATS}::test_stl10_is_stored_column_by_column"),
        "swiss_roll": ("scikit-learn's swiss roll", f"{_POINTS}::test_swiss_roll_is_scikit_learns"),
        "tfd": ("files in its format", f"{_FORMATS}::test_tfd_from_the_users_own_copy"),
        "unpaired": ("pictures that are written and read", f"{_TESTS}/datasets/test_unpaired.py::test_the_layout_of_cyclegan"),
        "veegan_1200d": (
            "its subspaces, noise and modes",
            f"{_POINTS}::test_veegan_1200d_has_noise_in_700_coordinates_and_modes_that_real_points_reach",
        ),
        "zip": ("a StyleGAN archive", "tests/components/datasets/test_dataset_collections.py::test_a_stylegan_zip"),
    },
}
"""Maps each component to (what it is tested against, the test that does it)."""


def table(kind: str, registry: Registry) -> list[str]:  # type: ignore[type-arg]
    """Return the table of the components of one kind."""
    lines = [f"## {kind}", "", "| name | what it is | source | oracle |", "|---|---|---|---|"]
    for name in registry:
        entry, (oracle, test) = components.describe(registry[name]), ORACLES[kind][name]
        file, _, function = test.partition("::")
        cells = (f"`{name}`", entry["what"], entry["source"] or "ours", f"{oracle}: [`{function}`](../{file})")
        lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    return [*lines, ""]


def counts() -> list[str]:
    """Return the table of the parameter counts at the published shapes."""
    lines = ["## Parameter counts", "", "Trainable parameters at the shapes of the sources, with default hyperparameters, the source's"]
    lines += ["normalization of G and none of D. A test derives each from the layer table of its source and counts the network that is"]
    lines += ["built; both agree with this table. `landscape list architectures` shows them too.", ""]
    lines += ["| architecture | preset | samples | G | D |", "|---|---|---|---|---|"]
    for name in ARCHITECTURES:
        for preset, found in components.published_counts(ARCHITECTURES[name]).items():
            lines += [f"| `{name}` | {preset} | {shape} | {g:,} | {d:,} |" for shape, (g, d) in found.items()]
    return [*lines, ""]


def page() -> str:
    """Return the whole page."""
    lines = ["# Components, their sources and what they are checked against", ""]
    lines += [
        "Written by `python docs/components.py` from the registries. In addition to the test named here, every component passes the",
        "contract tests of its kind, which run over the registry.",
        "",
    ]
    for kind, registry in REGISTRIES.items():
        lines += table(kind, registry)
    return "\n".join(lines + counts())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
