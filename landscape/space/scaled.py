"""Shrinks a study evenly: fewer trials, fewer steps, fewer samples. Everything that the smaller study makes says so."""

import math
from typing import Any

from landscape.core.errors import UserError
from landscape.space.space import Space

FEWEST_SAMPLES = 50


def scaled(space: Space, share: float) -> Space:
    """Return the study with `share` of its trials, of its training and of its samples, named and noted as such.

    Every cell keeps at least one trial, every training at least one step, and every protocol at least 50 samples of each kind. A
    protocol that takes a whole split keeps it. The name of the protocol says that it was scaled, so that its scores are not taken for
    those of the whole one. The trials that come before a searcher or a stopping rule begins (`startup`) shrink along, down to one. The
    seeds of the confirmation stay, because fewer than 5 give no verdict.

    Raises:
        UserError: `share` does not lie between 0 and 1, or the search itself decides the length of training.
    """
    if not 0 < share <= 1:
        raise UserError(f"a study is scaled by a share above 0 and at most 1, not by {share:g}")
    if share == 1:
        return space
    searched = [name for name, p in space.search.items() if any(t.startswith("budget") for t in p.targets(name))]
    if searched:
        raise UserError(f"search.{searched[0]} sets the length of training: scale its range in the study instead")
    data = space.to_json()
    suffix = f"scale-{share:g}"
    data["name"] = f"{space.name}-{suffix}"
    data["note"] = (
        f"Scaled by {share:g}: this share of the trials, the training and the samples of the study {space.name}. {space.note}".strip()
    )
    trials = {name: value for name, value in data["trials"].items() if value is not None}
    least = space.seeds * (len(space.cells()) if "total" in trials else 1)
    data["trials"] = {name: max(math.ceil(value * share), least) for name, value in trials.items()}
    data["base"]["budget"] = _budget(data["base"].get("budget") or {}, space, share)
    for entries in data["axes"].values():
        for entry in entries:
            overrides = entry["overrides"]
            if "budget.amount" in overrides:
                overrides["budget.amount"] = _fewer(overrides["budget.amount"], share, 1)
            if isinstance(overrides.get("budget"), dict):
                overrides["budget"] = _budget(overrides["budget"], space, share)
    data["protocol"]["name"] = f"{data['protocol']['name']}-{suffix}"
    for part in ("searcher", "early_stopping"):
        if data[part] is not None:
            data[part]["startup"] = _fewer(data[part]["startup"], share, 1)
    _scale_samples(data, share)
    return Space.parse(data)


def _scale_samples(data: dict[str, Any], share: float) -> None:
    """Enter `share` of the samples of a study's protocol, of its screening and of its rungs."""
    fewer = [(data[part] or {}, "n_fake") for part in ("protocol", "screening", "early_stopping")]
    for holder, name in ((data["protocol"], "n_real"), *fewer):
        if holder.get(name) is not None:
            holder[name] = _fewer(holder[name], share, FEWEST_SAMPLES)


def _budget(budget: dict[str, Any], space: Space, share: float) -> dict[str, Any]:
    amount = budget.get("amount", space.cells()[0].config({}, seed=0).budget.amount)
    return budget | {"amount": _fewer(amount, share, 1)}


def _fewer(number: float, share: float, least: int) -> float:
    """Return `share` of a number, rounded. The result is below `least` only if the number is."""
    fewer = number * share
    return max(round(fewer), min(least, number)) if float(number).is_integer() else fewer
