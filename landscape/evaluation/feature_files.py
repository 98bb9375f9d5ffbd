"""Writes features to a file that other programs can read too: an .npz with the features and what made them."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from landscape.components.datasets._base import Dataset
from landscape.config.protocol import Protocol
from landscape.core.errors import UserError
from landscape.core.files import write_bytes
from landscape.evaluation.extraction import EvaluationOptions, load_extractor, sample_set
from landscape.evaluation.given import Given
from landscape.evaluation.splits import whole


def save_features(samples: Given | Dataset, protocol: Protocol, path: Path, options: EvaluationOptions | None = None) -> dict[str, Any]:
    """Write the features of `samples` through the protocol's extractor to `path`, whole or not at all. Return facts about them.

    The arrays are `features` [N, d] float32, and `logits` [N, k] and `labels` [N] if there are any. The texts are `extractor`, `weights`
    (16 hex digits of the SHA-256), `handling` (JSON) and `source`. `landscape.evaluation.loading.load_array` reads the file.

    Raises:
        UserError: The samples are features already, or the extractor cannot be loaded.
    """
    options = options or EvaluationOptions()
    dataset = samples if isinstance(samples, Dataset) else None
    if isinstance(samples, Dataset):
        samples = whole(samples, protocol.real_split)
    if samples.samples is None:
        raise UserError(f"{samples.source!r} holds features already: give samples")
    extractor = load_extractor(protocol, dataset, options)
    made = sample_set(samples, protocol, extractor, options, keep_images=False)
    assert made.features is not None
    facts = {"extractor": extractor.name, "weights": extractor.weights_hash, "source": samples.source}
    tensors = {"features": made.features, "logits": made.logits, "labels": made.labels}
    arrays: dict[str, Any] = {name: v.cpu().numpy() for name, v in tensors.items() if v is not None}
    arrays |= {name: np.array(text) for name, text in {**facts, "handling": json.dumps(dict(extractor.handling))}.items()}
    file = io.BytesIO()
    np.savez(file, **arrays)
    write_bytes(path, file.getvalue())
    return {"samples": len(made.features), "width": made.features.shape[1], **facts}
