"""The public name of a score, in its parts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from landscape.results.record import Estimate, Scores

_TERMS = frozenset(f"{distance}{term}" for distance in ("FID", "FD") for term in ("", "_mean", "_covariance"))
UNDECLARED_LOG = _TERMS | {"intra_FD", "intra_FID"}
"""Stems of scores on a log scale in records whose estimates do not declare their scale."""

CLASS_BLIND = "class-blind "
"""Before the name of a score: what real samples score whose labels are exchanged at random. A generator that ignores the class scores no
better.
"""

BASELINE = "baseline "
"""Before the name of a score: what the baseline of a task scores, which needs no learning (bicubic enlargement, the mean color)."""

COPY = "copy synthesis "
"""Before the name of a score: what the recordings themselves score after they were made to sound from their mels, which costs something."""

EXCHANGED = "exchanged conditions "
"""Before the name of a score: what the samples of a model score that were made under the conditions of other rows. It should be chance."""

SELECTION, SCREENING = "/selection", "/screening"
"""Behind the name of a protocol: its scores on the selection samples, and its scores of few samples in the first of two stages."""

CHANGED = ", changed"
"""Behind the name of a protocol of which some fields were changed, such as the extractor."""

INCEPTION = "inception"
"""The extractor of scores whose names leave it out: `FID` is the Frechet distance through it, and `IS` reads its logits."""


@dataclass(frozen=True)
class ScoreName:
    """`FD[classifier:digits]` has the stem `FD`, the extractor `classifier` and its variant `digits`; `FID` has a stem alone."""

    stem: str
    extractor: str = ""
    variant: str = ""

    @classmethod
    def parse(cls, name: str) -> Self:
        """Take a public name apart. A bracket that is never closed is part of the stem."""
        stem, bracket, rest = name.partition("[")
        if not bracket or not rest.endswith("]"):
            return cls(name)
        extractor, _, variant = rest[:-1].partition(":")
        return cls(stem, extractor, variant)

    def __str__(self) -> str:
        variant = f":{self.variant}" if self.variant else ""
        return f"{self.stem}[{self.extractor}{variant}]" if self.extractor else self.stem

    @property
    def measure(self) -> tuple[str, str]:
        """The metric and the extractor with its variant: `FD` and `classifier:digits`; for `FID`, `FD` and `inception`.

        The extractor is empty for a score that reads no features, such as `MS-SSIM`.
        """
        if self.extractor:
            return self.stem, f"{self.extractor}:{self.variant}" if self.variant else self.extractor
        prefix, found, term = self.stem.partition("FID")
        if found and prefix in ("", "intra_"):
            return f"{prefix}FD{term}", INCEPTION
        return self.stem, INCEPTION if self.stem == "IS" else ""

    def asks_for(self, other: "ScoreName") -> bool:
        """Return whether `other` is the score that this name asks for: the same, or one whose extractor is named here without variant."""
        return self == other or (self.stem == other.stem and self.extractor == other.extractor and not self.variant)

    def is_measure_of(self, wanted: "ScoreName") -> bool:
        """Return whether this is the score that a paper means by `wanted`.

        `FID` and `FD[inception]` are one score. A `wanted` without an extractor, such as `KID`, is that score through any; the extractor of
        `FID` and `IS` is known. `FD_mean`, a term of `FD`, is another score.
        """
        ours, theirs = self.measure, wanted.measure
        return ours[0] == theirs[0] and (not theirs[1] or ours[1] == theirs[1] or ours[1].partition(":")[0] == theirs[1])


def matches(patterns: Iterable[str], name: str) -> bool:
    """Return whether one of `patterns`, in which `{extractor}` stands for any extractor, is the score `name`."""
    wanted = ScoreName.parse(name)
    known = map(ScoreName.parse, patterns)
    return any(p == wanted or (bool(wanted.extractor) and p == ScoreName(wanted.stem, "{extractor}")) for p in known)


def has_log_scale(name: str, scale: str) -> bool:
    """Return whether the score `name` is compared by ratios and modeled in log.

    Its estimates declare it, or it is a Frechet distance whose estimates were written before they could.

    Args:
        name: The public name of the score.
        scale: `Estimate.scale` of its estimates.
    """
    return scale == "log" or ScoreName.parse(name).stem in UNDECLARED_LOG


def unprefixed(name: str) -> str:
    """Return the score that a yardstick is of: `class-blind FD` and `baseline FD` are of `FD`, and every other name is its own."""
    return name.removeprefix(CLASS_BLIND).removeprefix(BASELINE).removeprefix(COPY)


def score_of(scores: Mapping[str, Scores], protocol: str, name: str) -> Estimate | None:
    """Return the estimate that `name` asks for, or None if the trial does not have it, because it diverged or the score failed.

    Args:
        scores: The scores of one trial, by digest of their protocol.
        protocol: The name of the protocol.
        name: The public name of the score; an extractor may be named without its variant.
    """
    for found in scores.values():
        if found.protocol.get("name") == protocol:
            for score, estimate in found.estimates.items():
                if same_score(score, name):
                    return estimate
    return None


def same_score(name: str, wanted: str) -> bool:
    """Return whether the score `name` is the one that `wanted` asks for.

    An extractor may be named without its variant: `FD[classifier]` asks for `FD[classifier:digits]` too.
    """
    return ScoreName.parse(wanted).asks_for(ScoreName.parse(name))
