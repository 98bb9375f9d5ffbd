"""The answer in words: one sentence for each axis, and one or two for the study. Every comparison says on what it is conditional."""

from collections.abc import Sequence

from landscape.analysis.answer import AxisAnswer, Chosen, PairAnswer, State
from landscape.analysis.frames import ScoreFacts
from landscape.analysis.interval import Interval
from landscape.core.durations import duration
from landscape.core.wording import end_of_interval, join, plural, significant, words

FEW = 3
"""The number of hyperparameters that a recommendation writes out."""


def axis_state(best: str | None, levels: Sequence[str], pairs: Sequence[PairAnswer]) -> State:
    """Return how far an axis is settled."""
    won = {p.other for p in pairs if p.decided and p.better == best}
    if best is not None and won == set(levels) - {best}:
        return "decided"
    return "suggested" if any(p.decided for p in pairs) else "open"


def axis_sentence(answer: AxisAnswer, facts: ScoreFacts, is_log: bool) -> str:
    """Return a sentence that says what is decided and what is open, what would decide it, and on what the comparison is conditional."""
    if answer.best is None:
        return f"{words(answer.axis)}: not confirmed, so nothing is decided."
    if answer.state == "decided" and answer.contrast is not None:
        text = f"{answer.best} is best: {difference_in_words(answer.contrast, facts.name, is_log)}"
        others = [p.other for p in answer.pairs if p.better == answer.best and p.other != answer.runner_up]
        text += f", and it beats {join(others)} too" if others else ""
    else:
        text = _open_question(answer, facts.name, is_log)
        beaten = {p.other: p for p in reversed(answer.pairs) if p.decided}
        if beaten:
            said = [f"{level} is shown to be worse than {p.better} ({_short(p, is_log)})" for level, p in sorted(beaten.items())]
            text = f"{join(said)}; {text}"
    return f"{words(answer.axis)}: {text}; {_ground(answer)}."


def _open_question(answer: AxisAnswer, score: str, is_log: bool) -> str:
    """Return which two levels are not told apart, what their seeds show, and what would tell them apart."""
    if (pair := answer.rival) is not None:
        return f"{pair.better} is not shown to be better than {pair.other}: {difference_in_words(pair, score, is_log)}{_open(pair, is_log)}"
    compared = {level for p in answer.pairs if answer.best in (p.better, p.other) for level in (p.better, p.other)}
    others = [level.level for level in answer.levels if level.confirmation.trials and level.level not in compared]
    if others:
        return f"{answer.best} is ahead and was not compared with {join(others)}, for want of common seeds"
    return f"{answer.best} is ahead and does not beat every other level"


def difference_in_words(pair: PairAnswer, score: str, is_log: bool) -> str:
    """Return how the better level of a pair differs from the other one, in words whose subject is its score or its seeds."""
    if pair.by_divergence:
        return f"fewer of its seeds diverge than of {pair.other}'s"
    if pair.difference.value is None:
        return f"{pair.difference.absent}"
    if is_log:
        return f"its {score} is {_number(pair.difference.value)} times that of {pair.other}{_ends(pair.difference)}"
    return f"its {score} differs from that of {pair.other} by {_number(pair.difference.value)}{_ends(pair.difference)}"


def _short(pair: PairAnswer, is_log: bool) -> str:
    if pair.by_divergence or pair.difference.value is None:
        return "more of its seeds diverge"
    value = pair.difference
    ends = f", {_end(value.low)} to {_end(value.high)}" if value.has_interval else ""
    return f"{'ratio' if is_log else 'difference'} {_number(value.value)}{ends}"


def _open(pair: PairAnswer, is_log: bool) -> str:
    if pair.resolvable is None:
        # Without a difference the reason already stands in its place.
        return f"; {pair.difference.absent}" if pair.difference.value is not None else ""
    kind = "a factor of " if is_log else "a difference of "
    text = f"; {pair.seeds} seeds can show {kind}{_number(pair.resolvable)} or more"
    if pair.to_decide is None:
        return f"{text}, and 1,000 would not decide so small a one"
    needed = pair.to_decide
    more = f"{plural(needed.trainings, 'more training')}, about {duration(needed.seconds)}"
    return f"{text}, and {needed.seeds:,} seeds of each ({more}) would decide this pair"


def _ground(answer: AxisAnswer) -> str:
    """Return what the comparison rests on and on what it is conditional."""
    seeds = sorted({p.seeds for p in answer.pairs})
    counted = f"{seeds[0]} paired seeds" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]} paired seeds"
    if len(answer.partners) == 1:
        beside = ", ".join(f"{words(axis)} {level}" for axis, level in answer.partners[0].items())
        return f"{counted}, each level with the setting that the search found for it" + (f" beside {beside}" if beside else "")
    return f"{counted}, averaged over {len(answer.partners)} combinations of the other axes"


def study_sentence(score: str, axes: Sequence[AxisAnswer], chosen: Chosen | None) -> str:
    """Return what to train, what is decided, and what is not."""
    parts = []
    if chosen is not None:
        setting = join([f"{words(axis)} {level}" for axis, level in chosen.labels.items()])
        some = [f"{name} {_value(value)}" for name, value in list(chosen.assignment.items())[:FEW]]
        more = f" with {', '.join(some)}" if some else ""
        more += ", ..." if len(chosen.assignment) > FEW else ""
        mean = "" if chosen.mean.value is None else f" {_number(chosen.mean.value)}{_joint_ends(chosen)}"
        best = f"the best of {chosen.of} confirmed settings" if chosen.of > 1 else "the one confirmed setting"
        parts.append(f"Train {setting}{more}: {score}{mean} over {len(chosen.trials)} fresh seeds, {best}.")
        if chosen.unhealthy:
            named = join([f"{words(name)} in {count}" for name, count in chosen.symptoms.items()])
            parts.append(f"{chosen.unhealthy} of these {len(chosen.trials)} trainings show a symptom ({named}): look at the samples first.")
    decided = [f"{words(a.axis)} ({a.best})" for a in axes if a.state == "decided"]
    ruled_out = [f"{words(a.axis)} {level}" for a in axes if a.state == "suggested" for level in a.beaten]
    undecided = [words(a.axis) for a in axes if a.state != "decided"]
    # A level is judged by the one setting that the search found for it, and another search may find another one.
    parts += [f"Decided with the settings confirmed here: {join(decided)}."] if decided else []
    parts += [f"Ruled out with the settings confirmed here: {join(ruled_out)}."] if ruled_out else []
    parts += [f"Not decided: {join(undecided)}."] if undecided else []
    return " ".join(parts) or "Nothing is compared: no axis has two levels."


def _number(value: float | None) -> str:
    return "?" if value is None else significant(value)


def _end(value: float | None) -> str:
    return "?" if value is None else end_of_interval(value)


def _value(value: object) -> str:
    return significant(value) if isinstance(value, float) else str(value)


def _joint_ends(chosen: Chosen) -> str:
    """Return the interval of the chosen setting, which is wider than the one of its level's table, with the reason for it."""
    mean = chosen.mean
    share = 1 - chosen.of * (1 - mean.level)
    joint = f" jointly for all {chosen.of}" if chosen.of > 1 else ""
    return f" ({_number(mean.low)} to {_number(mean.high)}, {100 * share:.3g}%{joint})" if mean.has_interval else ""


def _ends(interval: Interval) -> str:
    return f" ({_end(interval.low)} to {_end(interval.high)})" if interval.has_interval else ""
