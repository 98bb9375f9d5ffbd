"""Lists which updates compile with the torch that is installed: `python -m benchmarks.compiling [--only NAME ...] [--json FILE]`.

Each loss, each regularizer with hinge (or with the loss that it needs), and each normalization of D trains a tiny network for a round, in
fp32 and in bf16. The compiler's front end traces both updates with their gradients into one graph each; no code is generated, because what
a version of torch refuses is refused there. The exit status is 1 if an update of a trial that can be built is refused.
Weights are made as compiled code makes them on a GPU. The regularizers' code does not depend on the loss, so that pairs need no run.
"""

import argparse
import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from rich.progress import track

import landscape
from landscape.components.losses._base import LOSSES
from landscape.components.normalizations._base import NORMALIZATIONS
from landscape.components.regularizers._base import REGULARIZERS
from landscape.core.errors import UserError
from landscape.training import compilation, effective_weights

BASE: dict[str, Any] = {"dataset": "digits", "batch_size": 8, "budget": {"amount": 4}}
ALTERNATIVES: tuple[dict[str, Any], ...] = (
    {"architecture": {"dcgan": {"width": 4}}, "resolution": 16, "loss": "hinge"},
    {"architecture": {"mlp": {"width": 8}}, "loss": "hinge"},
    {"architecture": {"mlp": {"width": 8, "d_condition": "auxiliary_classifier"}}, "loss": "hinge", "task": "class_conditional"},
    {"architecture": {"dcgan": {"width": 4}}, "resolution": 16, "loss": "hinge", "task": "class_conditional"},
    {"architecture": "autoencoder_mlp", "loss": "margin_energy"},
    {"architecture": {"unet": {"width": 4}}, "loss": "hinge", "task": {"inpainting": {"place": "random"}}},
    {"architecture": {"sndcgan": {"width": 4}}, "resolution": 32, "loss": "hinge"},
)
"""Small trials, of which the first one that takes a component stands for all trials with it."""


def trials(only: set[str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Return the axis, the name and the fields of a trial of every component that a compiled update may contain."""
    kinds: tuple[tuple[str, Any, Callable[[str], dict[str, Any]]], ...] = (
        ("loss", LOSSES, lambda name: {"loss": name}),
        ("regularizer", REGULARIZERS, lambda name: {"regularizers": [name]}),
        ("D normalization", NORMALIZATIONS, lambda name: {"d_normalization": name}),
        ("G normalization", NORMALIZATIONS, lambda name: {"g_normalization": name}),
    )
    for kind, registry, fields in kinds:
        for name in registry.names():
            if not only or name in only:
                yield kind, name, fields(name)


def outcome(fields: dict[str, Any], precision: str) -> str:
    """Return `compiled`, or the reason why an update of the trial with these fields runs eagerly or cannot be built."""
    why = ""
    for alternative in ALTERNATIVES:
        try:
            gan = landscape.build(BASE | alternative | fields | {"precision": precision})
        except UserError as error:
            why = why or f"not built: {error}"
            continue
        gan.prepare(torch.device("cpu"), "compiled")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gan.run_rounds(1)
        return gan.execution
    return why


def by_the_front_end(function: Any, **_: Any) -> Any:
    """Compile as `compilation.compiled` does, without generating code."""
    torch._dynamo.config.trace_autograd_ops = True
    torch.compiler.reset()
    return torch.compile(function, fullgraph=True, dynamic=False, backend="aot_eager")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these components alone")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the outcomes there")
    arguments = parser.parse_args()
    if reason := compilation.cannot_compile(torch.device("cpu")):
        raise SystemExit(reason)
    compilation.compiled = by_the_front_end
    effective_weights.COMPILED_TOGETHER = frozenset({"cpu"})
    found: list[dict[str, str]] = []
    for kind, name, fields in track(list(trials(set(arguments.only))), "compiling"):
        found += [{"kind": kind, "name": name, "precision": p, "execution": outcome(fields, p)} for p in ("fp32", "bf16")]
        if arguments.json is not None:  # After each component, so that a run that is cut off leaves what it found.
            arguments.json.write_text(json.dumps({"torch": torch.__version__, "trials": found}, indent=1) + "\n", encoding="utf-8")
    refused = [each for each in found if each["execution"] != "compiled"]
    print(f"torch {torch.__version__}: {len(found) - len(refused)} of {len(found)} trials compile both updates")
    for each in refused:
        print(f"{each['kind']} {each['name']}, {each['precision']}: {each['execution']}")
    if any(not each["execution"].startswith("not built") for each in refused):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
