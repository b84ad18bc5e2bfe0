"""Give nano's words and marks the ids of the published vocabulary, and to each a row of a table that holds no others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from operators.omni_flow.tokens.vocabulary import (
    AUDIO_END,
    AUDIO_START,
    CHUNK_EOS,
    IM_END,
    IM_START,
    IMAGE,
    IMAGE_END,
    LISTEN,
    SIZE,
    SPEAK,
    TTS_BOS,
    TURN_EOS,
    UNIT,
    UNIT_END,
)

# The marks that it reads and writes, in the order of their rows. `<|tts_bos|>` inside a turn: another answer begins in its place.
MARKS = (IM_START, IM_END, AUDIO_START, AUDIO_END, IMAGE, IMAGE_END, UNIT, UNIT_END, LISTEN, SPEAK, TURN_EOS, CHUNK_EOS, TTS_BOS)


@dataclass(frozen=True)
class Vocabulary:
    """Read and write words. The id of a word is its place among `texts`, its row that behind the marks."""

    texts: tuple[str, ...]
    name = "nano"

    @cached_property
    def ids(self) -> tuple[int, ...]:
        """Return the id that each row has."""
        return (*MARKS, *range(len(self.texts)))

    @cached_property
    def rows(self) -> np.ndarray:
        """Return the row of each id, int64 [151748]; -1 where it has none."""
        rows = np.full(SIZE, -1, np.int64)
        rows[list(self.ids)] = np.arange(len(self.ids))
        return rows

    def encode(self, text: str) -> tuple[int, ...]:
        """Return the ids of a text's words. Raises ValueError for one that it does not know.

        >>> Vocabulary(("one", "two")).encode("two one")
        (1, 0)
        """
        if unknown := [word for word in text.split() if word not in self._places]:
            raise ValueError(f"nano: does not know the word {unknown[0]!r}; it knows {', '.join(self.texts)}")
        return tuple(self._places[word] for word in text.split())

    def decode(self, ids: Iterable[int]) -> str:
        """Return ids as text, words joined by spaces, marks left out.

        >>> Vocabulary(("one", "two")).decode((SPEAK, 1, 0, CHUNK_EOS))
        'two one'
        """
        return " ".join(self.texts[id_] for id_ in ids if id_ < len(self.texts))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self.texts)}
