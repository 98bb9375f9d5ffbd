"""The configuration of a trial: everything that decides a trained model, as an immutable, validated model with a digest."""

import math
from typing import Any, Self

from pydantic import model_validator

from landscape.config.digests import digest_of, hashed_fields, hashed_hyperparameters, without_fields
from landscape.config.trial_fields import TrialFields
from landscape.core.errors import UserError
from landscape.core.frozen_model import Frozen, UserErrorAsValueError


class TrialConfig(TrialFields):
    """Everything that decides a trained model.

    Missing parts are filled in from the components' own defaults, so that a stored configuration is explicit.

    Raises (through `parse`):
        UserError: A component, hyperparameter or field is unknown, or a value is out of range.
        UndefinedCombinationError: The components have no meaning together.
    """

    @property
    def rounds(self) -> int | None:
        """The number of rounds that the budget amounts to, rounded up; None for a budget in seconds.

        A round is the D steps and G steps that alternate, once through. A budget in D steps gives a method without a discriminator as many
        rounds as a method with one.
        """
        per_round = {"d_steps": self.d_steps_per_round, "g_steps": self.g_steps_per_round, "images": self.images_per_round}
        return math.ceil(self.budget.amount / per_round[self.budget.unit]) if self.budget.unit in per_round else None

    @property
    def images_per_round(self) -> int:
        """The number of real images that D sees in a round, or that the loss sees if there is no D."""
        from landscape.components.losses._base import LOSSES

        if LOSSES[self.loss.name].facts.inputs in ("logits", "energies"):
            return self.d_steps_per_round * self.batch_size
        return self.g_steps_per_round * (self.g_batch_size or self.batch_size)

    @model_validator(mode="after")
    def _resolve(self) -> Self:
        from landscape.config.compatibility import resolve

        try:
            resolved = resolve(self)
        except UserError as error:
            raise UserErrorAsValueError(error) from None
        for name, value in resolved.items():
            object.__setattr__(self, name, value)
        return self

    def replace(self, **changes: Any) -> Self:
        """Return a validated copy with some fields changed.

        Args:
            changes: New values by field name. A nested field has a dotted name: `replace(**{"d_optimizer.beta1": 0.5})`.

        Raises:
            UserError: The changed configuration is not valid.
        """
        data = self.to_json()
        for dotted, value in changes.items():
            *path, last = dotted.split(".")
            node = data
            for part in path:
                node = node[part]
            node[last] = value.to_json() if isinstance(value, Frozen) else value
        return type(self).parse(data)

    def identity(self) -> dict[str, Any]:
        """Return what `digest` is computed from.

        This is the configuration, with the content hash of the data, and the revision or source hash of each component.
        """
        from landscape.config.component_identities import component_choices, component_identities

        data = hashed_fields(self, "trial")
        for _, choice, component in component_choices(data):
            choice["hyperparameters"] = hashed_hyperparameters(component, choice["hyperparameters"])
        # A path says where the data lie, not what they are; `data_hash` identifies them.
        data["dataset"]["hyperparameters"] = {k: v for k, v in data["dataset"]["hyperparameters"].items() if k != "path"}
        return {"config": data, "components": component_identities(data)}

    def digest(self) -> str:
        """Return the identity of the trained model, 16 hex digits. The same digest is never trained twice."""
        return digest_of(self.identity())

    def setting_digest(self) -> str:
        """Return the identity without the seed, which is the same for all trials that are aggregated."""
        return digest_of(without_fields(self.identity(), "seed"))

    def run_digest(self) -> str:
        """Return the identity without seed and budget, which is the same for trials that are longer or shorter versions of one another."""
        return digest_of(without_fields(self.identity(), "seed", "budget"))
