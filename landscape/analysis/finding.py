"""What a study says of a claim, as data, and whether it does so on the claim's own data and score."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from landscape.analysis.answer import ToDecide
from landscape.analysis.frames import SCREENED_OUT, STOPPED_EARLY, TrialTable
from landscape.analysis.interval import Interval
from landscape.core.wording import end_of_interval, significant
from landscape.published.findings import Claim
from landscape.results.score_names import ScoreName
from landscape.results.studies import Study

Says = Literal["reproduced", "contradicted", "undecided", "holds here", "does not hold here", "undecided here", "not addressed"]
Verdict = Literal["yes", "no", "open"]
OWN: Mapping[str, Says] = {"yes": "reproduced", "no": "contradicted", "open": "undecided"}
ELSEWHERE: Mapping[str, Says] = {"yes": "holds here", "no": "does not hold here", "open": "undecided here"}
Unit = Literal["confirmation run", "model", "trial of the search"]

ON_THE_WAY = "trials were stopped or screened out on the way, so that those with scores are the better ones"
"""The reason why a claim about all trials is not addressed (see `is_selection`)."""


@dataclass(frozen=True)
class Finding:
    """What a study says of a claim."""

    claim: Claim
    says: Says
    reason: str
    """One line that gives the effect, or says why the study does not address the claim."""
    effect: Interval = field(default_factory=lambda: Interval(None))
    """The ratio or difference of the pair that decided, or of the one closest to a decision. For a claim about scores it is the
    correlation, for one about two sides the odds ratio of reaching the target, and for one about a share of trials this share.
    """
    trials: tuple[int, ...] = (0, 0)
    """The numbers of trials on both sides of that pair. There is one number for a correlation or a share."""
    to_decide: ToDecide | None = None
    """What it would take to decide it, of which `seeds` counts trials on each side."""
    unit: Unit = "confirmation run"
    """What `trials` counts."""


def not_addressed(claim: Claim, reason: str) -> Finding:
    """Return that the study does not address the claim, with the reason."""
    return Finding(claim, "not addressed", reason)


def is_selection(table: TrialTable) -> bool:
    """Return whether the trials with scores are the better ones, because others were stopped early or screened out."""
    return bool(table.frame["status"].isin([STOPPED_EARLY, SCREENED_OUT]).any())


def is_own_data(claim: Claim, study: Study) -> bool:
    """Return whether the study's data set is one of the claim's. A claim that names none is about the data of any study."""
    space = study.facts.get("space")
    dataset = str(space.get("dataset", "")) if isinstance(space, Mapping) else ""
    names = {dataset, dataset.partition(":")[0].partition("(")[0].strip(), dataset.replace("-", "_")}
    return not claim.data or bool(names & set(claim.data))


def is_own_score(claim: Claim, score: str) -> bool:
    """Return whether `score` is the one of the claim. A claim that names none is about the objective of any study.

    A Frechet distance through another network than FID's is another score.
    """
    return not claim.score or ScoreName.parse(score).is_measure_of(ScoreName.parse(claim.score))


def words_of(claim: Claim, study: Study, score: str) -> Mapping[str, Says]:
    """Return the words for each verdict by this score: those of the claim's own ground if data and score are its own."""
    return OWN if is_own_data(claim, study) and is_own_score(claim, score) else ELSEWHERE


def by_score(claim: Claim, score: str) -> str:
    """Return the end of a reason that names the score, if it is not the claim's own."""
    return "" if is_own_score(claim, score) else f", by {score}"


def bracketed(value: Interval) -> str:
    """Return an estimate with its interval, as in `0.9 (0.8 to 1)`."""
    shown = significant(value.value) if value.value is not None else ""
    if value.low is None or value.high is None:
        return shown
    return f"{shown} ({end_of_interval(value.low)} to {end_of_interval(value.high)})"


def of_share(share: Interval, least: float) -> Verdict:
    """Return whether the interval of a share or a correlation lies at or above `least`, below it, or across."""
    if share.low is None or share.high is None:
        return "open"
    return "yes" if share.low >= least else "no" if share.high < least else "open"
