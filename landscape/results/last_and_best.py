"""Pairs the scores of a training's last weights with those of its best ones."""

from collections.abc import Iterable, Iterator

from landscape.results.record import Scores

BEST = ("best_on_selection", "best_on_test")


def last_and_best(scores: Iterable[Scores]) -> Iterator[tuple[Scores, Scores]]:
    """Yield the scores of the last weights and of the best ones, for each protocol under which a training has both.

    A protocol's own name stands for the checkpoint that it prescribes, and `NAME/CHECKPOINT` for another one.
    """
    known = list(scores)
    for best in known:
        if best.checkpoint in BEST:
            name = str(best.protocol.get("name")).removesuffix(f"/{best.checkpoint}")
            last = next((s for s in known if s.checkpoint == "last" and s.protocol.get("name") in (name, f"{name}/last")), None)
            if last is not None:
                yield last, best
