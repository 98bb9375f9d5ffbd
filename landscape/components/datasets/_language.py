"""The language of the texts that belong to samples: the words that there are, and where they may stand."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from landscape.core.errors import UserError

END = 0
"""The number that stands behind the last word of a text that is shorter than the longest."""
NAMED = 20
"""The number of known words up to which a message names them all."""


def words_of(text: str) -> list[str]:
    """Return the words of a text in small letters, without punctuation."""
    return re.findall(r"[^\W_]+", text.lower())


@dataclass(frozen=True)
class Language:
    """The words of texts, each of which is known by its number."""

    words: tuple[str, ...]
    """The words in the order of their numbers, which begin with 1."""
    length: int
    """The number of words of the longest text."""
    form: tuple[tuple[str, ...], ...] = ()
    """The words that may stand at each place, if all texts have one form; otherwise ()."""

    kind: ClassVar[str] = "text"
    """The kind of condition that the data have."""

    @property
    def vocabulary(self) -> int:
        """The number of different tokens: all words, and the end of a text."""
        return len(self.words) + 1

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        return {word: number for number, word in enumerate(self.words, 1)}

    def tokens(self, texts: Sequence[str]) -> Tensor:
        """Return texts as tokens [N, length] int64. Upper and lower case and punctuation do not matter.

        Raises:
            UserError: A text has no words, a word that is not known, too many words, or another form than the texts of the data.
        """
        return torch.tensor([self._of_text(text) for text in texts])

    def text(self, tokens: Tensor) -> str:
        """Return tokens [L] as words with blanks between them."""
        return " ".join(self.words[number - 1] for number in tokens.tolist() if number != END)

    def said(self, tokens: Tensor) -> str:
        """Return the text of tokens [L] as captions show it."""
        return self.text(tokens)

    def _known(self, word: str) -> str:
        """Return the known words, or of many the number and those that are most similar to `word`."""
        if len(self.words) <= NAMED:
            return ", ".join(self.words)
        near = difflib.get_close_matches(word, self.words, n=5, cutoff=0.5)
        return f"{len(self.words):,} words" + (f", among them {', '.join(near)}" if near else "")

    def _of_text(self, text: str) -> list[int]:
        words = words_of(text)
        for word in words:
            if word not in self._numbers:
                raise UserError(f"text {text!r}: the model does not know the word {word!r}; it knows {self._known(word)}")
        if not 0 < len(words) <= self.length:
            raise UserError(f"text {text!r} has {len(words)} words, the model takes 1 to {self.length}")
        example = " ".join(choices[0] for choices in self.form)
        if self.form and len(words) < len(self.form):
            raise UserError(f"text {text!r} has {len(words)} words, the texts of the data have {len(self.form)}, such as {example!r}")
        for place, (word, choices) in enumerate(zip(words, self.form, strict=False), 1):
            if word not in choices:
                raise UserError(
                    f"text {text!r}: {word!r} cannot be word {place}, which is one of {', '.join(choices)}: write it as {example!r}"
                )
        return [*(self._numbers[word] for word in words), *[END] * (self.length - len(words))]
