"""How the networks of an architecture take the class of a sample: one helper for all architectures of chains of layers."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal, cast

import torch
from annotated_types import Gt
from torch import Tensor, nn

from landscape.components.architectures._autoencoder import AutoencoderDiscriminator
from landscape.components.architectures._base import Networks, Output
from landscape.components.architectures._networks import Conditioning, Discriminator, Generator
from landscape.components.normalizations._base import unwrapped
from landscape.components.tasks._base import UNCONDITIONAL, Condition, ConditionKind
from landscape.core.errors import UserError

TAKES_CLASS: frozenset[ConditionKind] = frozenset({"none", "class"})
"""The kinds of condition that an architecture with `takes_class` declares."""
HYPERPARAMETERS = ("d_condition", "class_embedding")
"""What `takes_class` adds to the hyperparameters of an architecture. They have a meaning only under a condition."""

DCondition = Literal["concat", "projection", "auxiliary_classifier"]
Wrap = Callable[[nn.Module], nn.Module]


class ClassTable(nn.Module):
    """A learned vector for each class: labels [N] or [N, L] int64 -> [N, size] or [N, L, size].

    It is a linear layer on one-hot vectors, so that every wrapper of layers (spectral norm) applies to it as to any other layer, and so
    that its gradient is summed in a fixed order on every device.
    """

    def __init__(self, classes: int, size: int, *, wrap: Wrap = unwrapped, init: Callable[[Tensor], object]) -> None:
        super().__init__()
        layer = nn.Linear(classes, size, bias=False)
        init(layer.weight)
        self.classes, self.layer = classes, wrap(layer)

    def forward(self, labels: Tensor) -> Tensor:
        one_hot = (labels[..., None] == torch.arange(self.classes, device=labels.device)).float()
        vectors: Tensor = self.layer(one_hot)
        return vectors


class ConcatenatedMap(Conditioning):
    """`concat` for images: each class has a learned map, which D sees as one more channel (Mirza & Osindero 2014)."""

    def __init__(self, classes: int, side: tuple[int, ...]) -> None:
        super().__init__()
        self.side = side
        self.table = ClassTable(classes, side[0] * side[1], init=nn.init.uniform_)

    def see(self, samples: Tensor, condition: Tensor) -> Tensor:
        """[N, C, H, W] -> [N, C + 1, H, W]."""
        return torch.cat([samples, self.table(condition).view(-1, 1, *self.side).to(samples.dtype)], 1)


class ConcatenatedVector(Conditioning):
    """`concat` for points: D sees e(y) behind the coordinates."""

    def __init__(self, classes: int, size: int) -> None:
        super().__init__()
        self.table = ClassTable(classes, size, init=nn.init.normal_)

    def see(self, samples: Tensor, condition: Tensor) -> Tensor:
        """[N, D] -> [N, D + size]."""
        return torch.cat([samples, self.table(condition).to(samples.dtype)], 1)


class Projection(Conditioning):
    """`projection`: the logit is w.phi(x) + <e(y), phi(x)>, phi(x) being D's last features (Miyato & Koyama 2018, equation 3)."""

    def __init__(self, classes: int, features: int, wrap: Wrap) -> None:
        super().__init__()
        self.table = ClassTable(classes, features, wrap=wrap, init=nn.init.xavier_uniform_)

    def answer(self, output: Output, condition: Tensor) -> Output:
        """D's output with the inner product added to its logit."""
        assert output.features is not None
        return output._replace(logit=output.logit + (self.table(condition) * output.features).sum(1))


class AuxiliaryClassifier(Conditioning):
    """`auxiliary_classifier`: a second head on D's last features names the class; the logit does not depend on it (Odena et al. 2017)."""

    def __init__(self, classes: int, features: int, wrap: Wrap) -> None:
        super().__init__()
        head = nn.Linear(features, classes)
        nn.init.xavier_uniform_(head.weight)
        nn.init.zeros_(head.bias)
        self.head = wrap(head)

    def answer(self, output: Output, condition: Tensor) -> Output:
        """D's output with the logits of the classes."""
        return output._replace(class_logits=self.head(output.features))


def takes_class(build: Callable[..., Networks]) -> Callable[..., Networks]:
    """Return `build`, an architecture of a `Generator` and a `Discriminator` (or an autoencoder), as one that takes the class.

    G receives [z; e(y)] in place of z, e(y) being a learned vector of the class; the norms in G receive it too. D takes the class by
    `d_condition`. Without a condition the networks are those of `build`, with the same parameters and random draws.

    Two hyperparameters are added, which have a meaning under a condition only:

    d_condition: How D takes the class. `concat` gives it a learned map of the class as one more channel (Mirza & Osindero 2014).
        `projection` adds <e(y), phi(x)> to its logit (Miyato & Koyama 2018). `auxiliary_classifier` gives it a second head that names the
        class (Odena et al. 2017), which the regularizer of that name trains. None stands for `concat` if D is an
        autoencoder or the loss makes an encoder of it, and for `projection` otherwise.
    class_embedding: The number of values of e(y) in G.

    Raises (when the networks are built):
        UserError: D is an autoencoder and takes the class otherwise than by `concat`, or `build` lacks what the helper needs.
    """

    def conditional(
        *,
        condition: Condition = UNCONDITIONAL,
        d_condition: DCondition | None = None,
        class_embedding: Annotated[int, Gt(0)] = 16,
        **given: Any,
    ) -> Networks:
        if condition.kind == "none":
            return build(**given)
        method = d_condition or "projection"
        if "latent_dim" not in given:
            raise _misfit(build, "its function to accept `latent_dim`")
        inputs = _wider_input(given, class_embedding) if method == "concat" else {}
        if method == "concat" and not inputs:
            raise _misfit(build, "its function to accept `d_shape` for d_condition=concat")
        networks = build(**given | inputs | {"latent_dim": given["latent_dim"] + class_embedding})
        generator, discriminator = networks
        if not isinstance(generator, Generator):
            raise _misfit(build, f"a `Generator`, not a {type(generator).__name__}")
        if not isinstance(discriminator, Discriminator | AutoencoderDiscriminator):
            raise _misfit(build, f"a `Discriminator`, not a {type(discriminator).__name__}")
        if isinstance(discriminator, AutoencoderDiscriminator) and method != "concat":
            raise UserError(f"an autoencoder gives an energy, which has no logit for d_condition={method}: choose d_condition=concat")
        features = discriminator.feature_size if isinstance(discriminator, Discriminator) else 0
        generator.class_table = ClassTable(condition.classes, class_embedding, init=nn.init.normal_)
        discriminator.conditioning = _conditioning(method, (condition.classes, class_embedding), given, features)
        return networks

    added = inspect.signature(conditional).parameters
    own = inspect.signature(build)
    kept = [p for name, p in added.items() if name in ("condition", *HYPERPARAMETERS)]
    functools.update_wrapper(conditional, build)
    conditional.__signature__ = own.replace(parameters=[*own.parameters.values(), *kept])  # type: ignore[attr-defined]
    conditional.__annotations__ = {**build.__annotations__, **{p.name: p.annotation for p in kept}}
    return cast(Callable[..., Networks], conditional)


def _misfit(build: Callable[..., Networks], needed: str) -> UserError:
    """Return the error of an architecture that does not have what `takes_class` needs."""
    return UserError(
        f"architecture {build.__name__!r}: takes_class needs {needed} (both networks are in landscape.components.architectures): "
        "change it, or take `condition` in networks of your own without takes_class"
    )


def _wider_input(given: dict[str, Any], size: int) -> dict[str, Any]:
    """The injected keywords of D's input, one channel wider for images and by e(y) for points."""
    wider: dict[str, Any] = {}
    if "d_channels" in given:
        wider["d_channels"] = given["d_channels"] + 1
    if "d_dimension" in given:
        wider["d_dimension"] = given["d_dimension"] + size
    if "d_shape" in given:
        shape = given["d_shape"]
        wider["d_shape"] = (shape[0] + (1 if len(shape) == 3 else size), *shape[1:])
    return wider


def _conditioning(method: DCondition, table: tuple[int, int], given: dict[str, Any], features: int) -> Conditioning:
    """What D takes the class by.

    Args:
        method: How.
        table: The number of classes, and the size of e(y).
        given: The injected keywords of the architecture.
        features: The size of D's last features.
    """
    classes, size = table
    wrap = given["d_normalization"].wrap if "d_normalization" in given else unwrapped
    if method == "projection":
        return Projection(classes, features, wrap)
    if method == "auxiliary_classifier":
        return AuxiliaryClassifier(classes, features, wrap)
    side = (given["resolution"],) * 2 if "resolution" in given else tuple(given.get("d_shape", ()))[1:]
    return ConcatenatedMap(classes, side) if side else ConcatenatedVector(classes, size)
