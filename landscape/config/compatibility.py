"""Completes a configuration from the components' declarations and refuses undefined combinations, giving the reason."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from landscape.config.component_identities import completed
from landscape.config.conditions import require_condition_taken, with_condition
from landscape.config.joint_game import require_joint_game
from landscape.config.two_way_game import require_two_way_game
from landscape.config.undefined import UndefinedCombinationError
from landscape.core.errors import UserError

if TYPE_CHECKING:
    from landscape.components.architectures._base import ArchitectureFacts
    from landscape.config.choices import Choice, RegularizerChoice
    from landscape.config.trial_fields import TrialFields


def resolve(config: TrialFields) -> dict[str, Any]:
    """Return the fields of `config` that its components decide.

    Every hyperparameter is filled in, and every field that is None gets the value that the component's source uses.

    Raises:
        UserError: A component or a hyperparameter is unknown, or a value is out of range.
        UndefinedCombinationError: The combination has no meaning.
    """
    from landscape.components.architectures._base import ARCHITECTURES
    from landscape.components.datasets._base import DATASETS
    from landscape.components.losses._base import LOSSES
    from landscape.components.normalizations._base import NORMALIZATIONS
    from landscape.components.regularizers._base import REGULARIZERS
    from landscape.components.tasks._base import TASKS
    from landscape.config.choices import Choice
    from landscape.config.training_settings import LatentConfig

    task = completed(config.task, TASKS[config.task.name])
    loss = completed(config.loss, LOSSES[config.loss.name])
    architecture = with_condition(completed(config.architecture, ARCHITECTURES[config.architecture.name]), task, loss)
    facts = ARCHITECTURES[architecture.name].facts.of(architecture.hyperparameters)
    dataset = completed(config.dataset, DATASETS.dashed(config.dataset.name))
    source_g = Choice(name=facts.default_g_normalization, hyperparameters=dict(facts.default_g_hyperparameters))
    g_normalization = config.g_normalization or source_g
    latent = LatentConfig(dim=facts.latent.dim, distribution=facts.latent.distribution, bound=facts.latent.bound)
    if LOSSES[loss.name].facts.inputs == "autoencoding":
        # The variational bound is derived for the prior N(0, I), whatever latent distribution the architecture's GAN used.
        latent = LatentConfig(dim=facts.latent.dim, distribution="normal")
    if config.latent is not None:
        latent = latent.model_copy(update={name: getattr(config.latent, name) for name in config.latent.model_fields_set})
    resolved = {
        "dataset": dataset,
        "task": task,
        "architecture": architecture,
        "loss": loss,
        "regularizers": tuple(completed(r, REGULARIZERS[r.name]) for r in config.regularizers),
        "d_normalization": completed(config.d_normalization, NORMALIZATIONS[config.d_normalization.name]),
        "g_normalization": completed(g_normalization, NORMALIZATIONS[g_normalization.name]),
        "latent": latent,
        "g_batch_size": config.g_batch_size or config.batch_size,
        "resolution": config.resolution or DATASETS[dataset.name].facts.resolution,
    }
    _refuse_undefined(config.model_copy(update=resolved))
    return resolved


def _refuse_undefined(config: TrialFields) -> None:
    for check in (
        require_condition_taken,
        require_joint_game,
        require_two_way_game,
        _samples,
        _normalizations,
        _discriminator,
        _regularizers,
        _sizes,
        _schedule,
        _buildable,
    ):
        check(config)


def _architecture(config: TrialFields) -> ArchitectureFacts:
    from landscape.components.architectures._base import ARCHITECTURES

    return ARCHITECTURES[config.architecture.name].facts.of(config.architecture.hyperparameters)


def _samples(config: TrialFields) -> None:
    from landscape.components.datasets._base import DATASETS

    facts, data = _architecture(config), DATASETS[config.dataset.name].facts
    name = config.architecture.name
    if facts.samples not in (data.samples, "any"):
        raise UndefinedCombinationError(
            f"architecture {name!r} makes {facts.samples}, data set {config.dataset.name!r} holds {data.samples}"
        )
    if data.samples == "points":
        return
    if config.resolution is None:
        raise UserError(f"data set {config.dataset.name!r} has images of any size: give a resolution (for example 64)")
    if reason := facts.refuses(config.resolution):
        raise UndefinedCombinationError(f"architecture {name!r} {reason}")
    if config.channels is not None and config.channels not in facts.channels:
        raise UndefinedCombinationError(f"architecture {name!r} takes {sorted(facts.channels)} channels, not {config.channels}")


def _normalizations(config: TrialFields) -> None:
    from landscape.components.normalizations._base import NORMALIZATIONS

    facts = _architecture(config)
    assert config.g_normalization is not None
    sides = (("D", config.d_normalization, facts.d_normalizations), ("G", config.g_normalization, facts.g_normalizations))
    for side, choice, honored in sides:
        welcome = facts.honors_plugins and NORMALIZATIONS[choice.name].is_plugin
        if choice.name not in honored and not welcome:
            names = ", ".join(sorted(honored))
            message = (
                f"architecture {config.architecture.name!r} has no place for {choice.name!r} normalization in {side}; it honors {names}"
            )
            raise UndefinedCombinationError(message)


def _discriminator(config: TrialFields) -> None:
    """Check that the loss can read the discriminator's output, and that nothing acts on a discriminator that does not exist."""
    from landscape.components.losses._base import LOSSES

    inputs, output = LOSSES[config.loss.name].facts.inputs, _architecture(config).output
    least = LOSSES[config.loss.name].facts.least_batch
    if min(config.batch_size, config.g_batch_size or least) < least:
        raise UndefinedCombinationError(f"loss {config.loss.name!r} compares samples of a batch: give batches of at least {least}")
    if inputs in ("logits", "energies"):
        if inputs != {"logit": "logits", "energy": "energies"}[output]:
            message = f"loss {config.loss.name!r} reads {inputs}, the discriminator of {config.architecture.name!r} gives an {output}"
            raise UndefinedCombinationError(message.replace("an logit", "a logit"))
        return
    if inputs == "autoencoding":
        if not _architecture(config).has_encoder:
            raise UndefinedCombinationError(f"no encoder can be made of the discriminator of {config.architecture.name!r}")
        if config.latent is not None and config.latent.distribution != "normal":
            raise UndefinedCombinationError(f"loss {config.loss.name!r} has the prior N(0, I): choose the latent distribution 'normal'")
    if config.d_normalization.name != "none" and inputs == "samples":
        raise UndefinedCombinationError(f"loss {config.loss.name!r} has no discriminator to normalize with {config.d_normalization.name!r}")
    for r in config.regularizers:
        raise UndefinedCombinationError(f"loss {config.loss.name!r} has no discriminator for regularizer {r.name!r} to act on")


def _around_g(names: list[str], config: TrialFields) -> None:
    """Check the regularizers that wrap G's update, which look ahead at D's next ones."""
    if len(names) > 1:
        raise UndefinedCombinationError(f"{' and '.join(names)} both wrap G's update: choose one")
    if names and (name := config.d_optimizer.name) in ("muon", "schedule_free"):
        raise UndefinedCombinationError(f"regularizer {names[0]!r} looks ahead at D's updates, and {name}'s cannot be: choose adam")


def _schedule_free(after_d: list[str], config: TrialFields) -> None:
    """Check what acts on weights beside an optimizer that computes them from others."""
    if config.g_optimizer.keeps_average and config.ema is not None:
        raise UndefinedCombinationError("schedule_free keeps an average of G's weights itself: leave ema out")
    if config.d_optimizer.keeps_average and after_d:
        raise UndefinedCombinationError(
            f"regularizer {after_d[0]!r} changes D's weights, and schedule_free computes them from others: choose adam or adamw"
        )


def _boundary(r: RegularizerChoice, config: TrialFields) -> None:
    """Check that a regularizer that reads on which side of a boundary D's logits are has such a boundary."""
    from landscape.components.losses._base import LOSSES
    from landscape.components.regularizers._base import REGULARIZERS, holds

    if not holds(REGULARIZERS[r.name].facts.needs_boundary, r.hyperparameters):
        return
    reason = f"the discriminator of {config.architecture.name!r} gives an energy" if _architecture(config).output == "energy" else ""
    if LOSSES[config.loss.name].facts.only_differences:
        reason = f"in loss {config.loss.name!r} only differences of logits count"
    if reason:
        raise UndefinedCombinationError(
            f"regularizer {r.name!r} follows the share of real samples that D calls real, and {reason}, so that D calls none real:"
            " set target=null"
        )


def _regularizers(config: TrialFields) -> None:
    from landscape.components.regularizers._base import REGULARIZERS
    from landscape.components.tasks._base import TASKS

    names = [r.name for r in config.regularizers]
    if twice := {name for name in names if names.count(name) > 1}:
        raise UndefinedCombinationError(f"regularizer {sorted(twice)[0]!r} is named twice: give it once, with the weight you mean")
    facts = {r.name: REGULARIZERS[r.name].facts for r in config.regularizers}
    _around_g([name for name in names if facts[name].site == "around_g"], config)
    _schedule_free([name for name in names if facts[name].site == "after_d_update"], config)
    if len(augmenting := [name for name in names if facts[name].augments]) > 1:
        raise UndefinedCombinationError(f"{' and '.join(augmenting)} both change every image that D sees at random: choose one")
    for r in config.regularizers:
        if r.every > 1 and facts[r.name].site not in ("d_term", "d_weights", "g_term"):
            raise UndefinedCombinationError(f"regularizer {r.name!r} acts on every step: `every` is for terms of a loss")
        if facts[r.name].needs_features and not _architecture(config).has_features:
            raise UndefinedCombinationError(f"regularizer {r.name!r} reads features, architecture {config.architecture.name!r} gives none")
        if facts[r.name].needs_logits and _architecture(config).output == "energy":
            message = f"regularizer {r.name!r} reads a logit, the discriminator of {config.architecture.name!r} gives an energy"
            raise UndefinedCombinationError(message)
        if reason := facts[r.name].contradicts(r.hyperparameters):
            raise UserError(f"regularizer {r.name!r}: {reason}")
        _boundary(r, config)
    degree = packing_degree(config)
    if degree > 1 and TASKS[config.task.name].facts.condition != "none":
        raise UndefinedCombinationError(
            f"packing shows D several samples as one, which have several conditions under task {config.task.name!r}"
        )
    if config.batch_size % degree or (config.g_batch_size or degree) % degree:
        raise UndefinedCombinationError(f"packing {degree} samples needs batch sizes that are multiples of {degree}")


def _sizes(config: TrialFields) -> None:
    """Check the regularizers that need a certain shape or number of samples."""
    from landscape.components.datasets._base import DATASETS
    from landscape.components.regularizers._base import REGULARIZERS

    side, degree = config.resolution, packing_degree(config)
    for r in config.regularizers:
        facts = REGULARIZERS[r.name].facts
        if facts.needs_images and DATASETS[config.dataset.name].facts.samples == "points":
            raise UndefinedCombinationError(f"regularizer {r.name!r} acts on images, data set {config.dataset.name!r} holds points")
        if facts.below_side and side is not None and r.hyperparameters[facts.below_side] >= side:
            raise UndefinedCombinationError(f"regularizer {r.name!r}: {facts.below_side} must be below the images' side of {side} pixels")
        if (config.g_batch_size or config.batch_size) // degree < facts.least_batch:
            packs = f" packs of {degree} samples" if degree > 1 else ""
            raise UndefinedCombinationError(
                f"regularizer {r.name!r} compares generated samples: give batches of at least {facts.least_batch}{packs}"
            )


def _schedule(config: TrialFields) -> None:
    together = config.d_steps_per_round == config.g_steps_per_round == 1 and config.g_batch_size == config.batch_size
    if config.order == "simultaneous" and not together:
        raise UndefinedCombinationError(
            "simultaneous updates take one D step and one G step on one batch: set both to 1, batch sizes equal"
        )
    if config.budget.unit == "seconds":
        for side, optimizer in (("d_optimizer", config.d_optimizer), ("g_optimizer", config.g_optimizer)):
            schedule = optimizer.schedule
            reached = next((name for name in ("final_momentum", "final_beta2") if getattr(optimizer, name) is not None), None)
            if reached or (schedule.name != "constant" and (schedule.name != "exponential" or schedule.start > 0)):
                what = reached or f"schedule {schedule.name!r}"
                raise UserError(f"{side}: {what} follows the share of the steps: give a budget in steps or images, not in seconds")
    if config.reuse_z and config.g_batch_size != config.batch_size:
        raise UndefinedCombinationError("reuse_z needs g_batch_size equal to batch_size")


def _buildable(config: TrialFields) -> None:
    """Check what only the layers themselves can refuse, by building them once on the meta device, which takes no memory."""
    from landscape.components.datasets._base import DATASETS

    native = DATASETS[config.dataset.name].facts.shape
    if config.resolution is not None:
        channels = config.channels or (native[0] if native is not None else max(_architecture(config).channels))
        shape: tuple[int, ...] = (channels, config.resolution, config.resolution)
    elif native is not None:
        shape = native
    else:
        return
    parts = ("architecture", "d_normalization", "g_normalization", "latent", "task")
    if reason := _reason_against(json.dumps([getattr(config, p).to_json() for p in parts]), packing_degree(config), shape):
        raise UndefinedCombinationError(reason)


@lru_cache(maxsize=1024)
def _reason_against(parts: str, degree: int, shape: tuple[int, ...]) -> str:
    import torch

    from landscape.components.tasks._base import TASKS
    from landscape.config.choices import Choice
    from landscape.config.network_layout import condition_of, layout
    from landscape.config.training_settings import LatentConfig

    *components, latent, task = json.loads(parts)
    chosen, d, g = (Choice.parse(component) for component in components)
    # The number of classes is known once the data are loaded; it decides no size that a layer could refuse.
    try:
        condition = condition_of(Choice.parse(task), chosen, 2, shape)
        with torch.device("meta"):
            layout(chosen, d, g, LatentConfig.parse(latent), degree, shape, condition, TASKS[json.loads(parts)[-1]["name"]].facts.game)
    except UserError as error:
        return str(error)
    except (TypeError, OverflowError, RuntimeError) as error:
        # torch raises any of these for a number of weights beyond 64 bits.
        if "overflow" not in str(error).lower():
            raise
        return f"the layers of {chosen.label()} would have more weights than a computer can count: choose smaller sizes"
    return ""


def require_independent_judge(config: TrialFields, extractor: Choice) -> None:
    """Refuse to score a model through a network that its discriminator or a term of G's loss reads: G was trained to please just that one.

    Raises:
        UndefinedCombinationError: the architecture declares the extractor's family of networks among its pretrained ones, or a regularizer
            reads a network of that family.
    """
    from landscape.components.extractors._base import EXTRACTORS
    from landscape.components.regularizers._base import REGULARIZERS

    family = EXTRACTORS[extractor.name].facts.network
    if family and family in _architecture(config).pretrained:
        raise UndefinedCombinationError(
            f"the discriminator of {config.architecture.name!r} is built on {family!r}, through which the protocol scores: "
            "choose a protocol with another extractor"
        )
    for r in config.regularizers:
        read = REGULARIZERS[r.name].facts.perceives
        if family and read and EXTRACTORS[read].facts.network == family:
            raise UndefinedCombinationError(
                f"regularizer {r.name!r} trains G to please {family!r}, through which the protocol scores: "
                "choose a protocol with another extractor"
            )


def packing_degree(config: TrialFields) -> int:
    """Return how many samples D sees stacked as one (PacGAN); 1 without packing."""
    from landscape.components.regularizers._base import REGULARIZERS

    degree = 1
    for r in config.regularizers:
        if name := REGULARIZERS[r.name].facts.packs:
            degree *= int(r.hyperparameters[name])
    return degree


def notes(config: TrialFields) -> list[str]:
    """Return what a reader should know about an allowed combination."""
    from landscape.components.normalizations._base import NORMALIZATIONS
    from landscape.components.regularizers._base import REGULARIZERS

    found = []
    penalties = [r.name for r in config.regularizers if REGULARIZERS[r.name].facts.site == "d_term"]
    if penalties and NORMALIZATIONS[config.d_normalization.name].facts.couples_samples:
        found.append(f"{config.d_normalization.name} norm in D couples the samples that {penalties[0]} treats one by one")
    if config.loss.name == "wasserstein" and not config.regularizers and config.d_normalization.name == "none":
        found.append("wasserstein without a Lipschitz constraint (the Landscape study ran it so)")
    return found
