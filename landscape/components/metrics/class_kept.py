"""The share of generated images that show the class of their targets."""

import torch

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._intervals import wilson
from landscape.components.metrics._paired import pairs_of
from landscape.components.metrics._samples import named
from landscape.components.metrics.class_coverage import predicted
from landscape.core.errors import UserError
from landscape.results.record import Estimate


@METRICS.register(
    needs=frozenset({"pairs", "logits"}),
    names=("class_kept[{extractor}]",),
    direction="higher",
    paper="Isola et al. 2017, arXiv:1611.07004, section 3.4, with an independent classifier of whole images",
)
def class_kept(evidence: Evidence) -> dict[str, Estimate]:
    """Share of generated images in which the extractor's classifier sees the class of their target.

    The class of a target is its label, or what the classifier sees in it if the data have no labels.

    Raises:
        UserError: The model has no targets, or the extractor does not classify.
    """
    task = pairs_of(evidence, "class_kept").task
    if task.facts.game == "two_way":
        raise UserError(f"class_kept compares samples with their targets, which task {task.name!r} does not have: take content_kept")
    seen = predicted(evidence.fake, "generated", "class_kept").cpu()
    targets = predicted(evidence.real, "real", "class_kept").cpu()
    labels = evidence.real.labels
    rows = torch.arange(len(seen)) % len(targets)
    right = int((seen == (targets if labels is None else labels.cpu())[rows]).sum())
    note = (
        "classes of the targets by the classifier"
        if labels is None
        else f"of the targets {float((targets == labels.cpu()).float().mean()):.4f}"
    )
    return {
        named("class_kept", evidence): Estimate(
            right / len(seen),
            "higher",
            wilson(right, len(seen)),
            interval_kind="Wilson over generated samples, given the classifier",
            bounds=(0.0, 1.0),
            n_real=len(targets),
            n_fake=len(seen),
            note=note,
        )
    }
