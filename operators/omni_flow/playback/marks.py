"""Tie an answer's text to its sound: which words were heard when so many samples had been played."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from omniflow_graph.events import SECOND
from operators.omni_flow.interleaving.dialogue import Word
from operators.omni_flow.interleaving.spelling import places
from operators.words import WAVE_HZ


class Mark(NamedTuple):
    """Say that at `sample` of an answer's sound its first `characters` are said: the end of a word, or of a silence.

    Both are counted from the answer's beginning, over all its waves, and never decrease.
    """

    sample: int
    characters: int


START = Mark(0, 0)


def heard_text(text: str, marks: Sequence[Mark], played_samples: int) -> str:
    """Return the words that were heard when so many samples of an answer had been played.

    From one mark to the next sounds one word, or nothing where no characters come. A word counts as soon as half of it
    has been played; where nothing was played, no word does. One without a sound of its own counts once all before it was played.

    >>> marks = (Mark(100, 3), Mark(200, 3), Mark(400, 7))  # "one", a silence, " two"
    >>> [heard_text("one two", marks, played) for played in (0, 49, 50, 299, 300)]
    ['', '', 'one', 'one', 'one two']
    """
    begin = characters = 0
    for mark in marks:
        if played_samples <= 0 or 2 * played_samples < begin + mark.sample:
            break
        begin, characters = mark
    return text[:characters]


def marks_of(words: Sequence[Word], text: str | None = None) -> tuple[Mark, ...]:
    """Mark an answer whose words have times. Without a `text`, it is the words joined.

    Punctuation goes with the word that it touches from behind, and what is left at the end with the last one. Raises
    ValueError where words and text say something else, naming the word.

    >>> marks_of([Word("Good", 0, SECOND // 2), Word("day", SECOND, 2 * SECOND)], "Good, day.")
    (Mark(sample=12000, characters=5), Mark(sample=24000, characters=5), Mark(sample=48000, characters=10))
    """
    spelled = [word.text for word in words]
    marks: list[Mark] = []
    before = START
    for word, characters in zip(words, _reaches("".join(spelled) if text is None else text, spelled)):
        start, end = (time * WAVE_HZ // SECOND for time in (word.start, word.end))
        marks += [Mark(start, before.characters)] if start > before.sample else []
        before = Mark(end, characters)
        marks.append(before)
    return tuple(marks)


def even_marks(text: str, samples: int, after: Mark = START) -> tuple[Mark, ...]:
    """Mark a text whose words have no times, as if all its characters took equally long. `after` is where its answer stood before it.

    Words end before a space; a Chinese, Japanese or Korean letter is a word by itself. Punctuation goes with the word before it.

    >>> even_marks("Oh, 你好。", 700)
    (Mark(sample=300, characters=3), Mark(sample=500, characters=5), Mark(sample=700, characters=7))
    """
    return tuple(Mark(after.sample + samples * end // len(text), after.characters + end) for end in _word_ends(text))


def _reaches(text: str, words: Sequence[str]) -> list[int]:
    """Count, for each word, the characters of the text up to its end."""
    ends, word = [0] * len(words), -1
    for n, (char, place) in enumerate(zip(text, places(text, words)), 1):
        word = place.word if place else -1 if char.isspace() else word
        if word >= 0:
            ends[word] = n
    return [*accumulate(ends[:-1], max), len(text)] if ends else []


def _word_ends(text: str) -> list[int]:
    ends, said, wide = [], False, False  # said: the word has a letter; wide: its last one stands for itself
    for n, char in enumerate(text):
        letter = char.isalnum()
        if said and (char.isspace() or _is_wide(char) or (wide and letter)):
            ends.append(n)
            said = False
        said = said or letter
        wide = _is_wide(char) if letter else wide
    return [*ends, len(text)] if text else []


def _is_wide(char: str) -> bool:
    return char.isalpha() and unicodedata.east_asian_width(char) in "WF"
