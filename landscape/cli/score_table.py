"""Writes scores as a table for a person: value, interval, the score of real samples, and the smallest difference that can be told."""

from typing import TYPE_CHECKING

from landscape.cli.aligned import aligned
from landscape.cli.output import notes_of
from landscape.core.wording import significant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from landscape.evaluation.real_against_real import Yardstick
    from landscape.evaluation.torch_fidelity_check import Checked
    from landscape.results.record import Estimate, Scores

BETTER = {"lower": "lower", "higher": "higher", "none": ""}


def score_table(scores: "Scores", yardstick: "Yardstick | None", exchanged: "Scores | None" = None, *, verbose: bool = False) -> list[str]:
    """Return the lines of the table.

    Args:
        scores: what was computed.
        yardstick: what real samples score under the same protocol; None leaves its two columns empty.
        exchanged: what the model scores under the conditions of other rows; None leaves the column out.
        verbose: add each score's notes, the protocol's note, and how samples were handled.
    """
    protocol = scores.protocol
    numbers = next((f"{e.n_real} real, {e.n_fake} generated" for e in scores.estimates.values() if e.n_real and e.n_fake), "")
    lines = [f"protocol {protocol.get('name')} v{protocol.get('version')} ({protocol.get('digest')}), {scores.checkpoint} weights"]
    lines[0] += f", {numbers}" if numbers else ""
    head: tuple[str, ...] = ("score", "value", "95 % interval", "real against real", "resolves", "better")
    cells = [_row(name, estimate, yardstick) for name, estimate in scores.estimates.items()]
    if exchanged is not None:
        head = (*head, "conditions exchanged")
        cells = [(*row, _under_exchange(name, exchanged)) for row, name in zip(cells, scores.estimates, strict=True)]
    heads, *rows = aligned(head, cells)
    lines.append(heads)
    for row, estimate in zip(rows, scores.estimates.values(), strict=True):
        lines.append(row)
        lines += [f"      {note}" for note in notes_of(estimate)] if verbose else []
    lines += [f"  {name}: not computed: {reason}" for name, reason in scores.failures.items()]
    if exchanged is not None:
        lines += [f"  {name}: not computed: {reason}" for name, reason in exchanged.failures.items()]
        lines += ["  conditions exchanged: the same model, each sample made under the condition of another row; the targets stay"]
    if yardstick is not None:
        lines += [_below(yardstick), *_others(yardstick)]
    if verbose:
        lines += [f"  protocol: {protocol['note']}"] if protocol.get("note") else []
        lines += [f"  {name}: {value}" for name, value in scores.handling.items()]
    return lines


def _row(name: str, estimate: "Estimate", yardstick: "Yardstick | None") -> tuple[str, ...]:
    floor = yardstick.scores.estimates.get(name) if yardstick is not None else None
    smallest = yardstick.resolvable(name) if yardstick is not None else None
    return (
        name,
        f"{significant(estimate.value, 5)} {estimate.unit}".rstrip(),
        "[{}, {}]".format(*(significant(end, 5) for end in estimate.interval)) if estimate.interval is not None else "",
        significant(floor.value, 5) if floor is not None else "",
        significant(smallest) if smallest is not None else "",
        BETTER[estimate.direction],
    )


def _under_exchange(name: str, exchanged: "Scores") -> str:
    from landscape.results.score_names import EXCHANGED

    found = exchanged.estimates.get(EXCHANGED + name)
    if found is None:
        return ""
    ends = " [{}, {}]".format(*(significant(end, 3) for end in found.interval)) if found.interval is not None else ""
    return f"{significant(found.value, 5)}{ends}"


def _below(yardstick: "Yardstick") -> str:
    line = f"  real against real: {yardstick.samples} + {yardstick.samples} real samples"
    if yardstick.samples < yardstick.wanted:
        line += f", of {yardstick.wanted}: scores that are biased upwards (FD, MIND) lie higher there"
    return line + "; resolves: the smallest difference of two models that such numbers tell from chance"


def _others(yardstick: "Yardstick") -> list[str]:
    """Return a line for each further yardstick: real samples under exchanged classes, copy synthesis, the task's baseline."""
    from landscape.results.score_names import BASELINE, CLASS_BLIND, COPY

    blind, copy = "class-blind (real samples under exchanged classes)", "copy synthesis (recordings made to sound from their mels)"
    lines = []
    for prefix, words in ((CLASS_BLIND, blind), (COPY, copy), (BASELINE, "baseline")):
        found = {name.removeprefix(prefix): e for name, e in yardstick.scores.estimates.items() if name.startswith(prefix)}
        if prefix == BASELINE and found:
            words = f"baseline ({next(iter(found.values())).note.partition(';')[0]})"
        values = ", ".join(f"{name} {significant(e.value, 5)}" for name, e in found.items())
        lines += [f"  {words}: {values}"] if found else []
    return lines


def check_table(checked: "Sequence[Checked]") -> list[str]:
    """Return lines that show each score of this program beside torch-fidelity's."""
    from landscape.evaluation.torch_fidelity_check import version

    rows = [(c.name, f"{c.ours:.9g}", f"{c.theirs:.9g}", f"{c.difference:.1e}{f'  ({c.how})' if c.how else ''}") for c in checked]
    return aligned(("score", "ours", f"torch-fidelity {version()}", "difference"), rows)
