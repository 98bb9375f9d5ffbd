"""The share of the attributes in a text that the generated sample shows."""

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._texts import asked, of_seen_and_unseen
from landscape.results.record import Estimate


@METRICS.register(
    needs=frozenset({"pairs", "logits", "train"}),
    names=("word_accuracy[{extractor}]", "unseen_word_accuracy[{extractor}]"),
    direction="higher",
    paper="ours, after the class accuracy of Odena et al. 2017, arXiv:1610.09585",
)
def word_accuracy(evidence: Evidence) -> dict[str, Estimate]:
    """Share of the attributes in a text that the extractor's classifier sees in the sample: each digit of "red seven green two blue one".

    The attributes of a text are those of the real sample to which it belongs, which its label gives. Texts whose combination of attributes
    has no training sample are scored apart, as `unseen_word_accuracy`.

    Raises:
        UserError: The model is given no texts, the extractor does not classify, or the real samples have no labels or other classes.
    """
    texts = asked(evidence, "word_accuracy")
    right = (texts.logits.argmax(2) == texts.attributes).float().mean(1)
    return of_seen_and_unseen("word_accuracy", right, texts, evidence)
