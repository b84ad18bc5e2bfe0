"""What travels between the operators of the pipeline: decisions, what to say, waves, what sounds, what was heard."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np

from omniflow_graph.events import SECOND

WAVE_HZ = 24_000  # of all that the assistant says
WORD = re.compile(r"\s*(?:[぀-鿿]|[^\s぀-鿿]+)")  # Chinese and Japanese have no spaces: a character each


class Decision(NamedTuple):
    """Say what one window was answered with, and why."""

    k: int  # of the window
    choice: str  # listen, speak, stop
    cause: str
    response: int = 0  # which answer this belongs to, counted from 1
    part: int = 0  # of the answer, counted from 0
    last: bool = False  # the answer's text ends here
    text: str = ""  # what is said of it in this window: empty if enough was said before
    line: str = ""  # the whole line
    begin: int = 0  # where in the line the text begins
    epoch: int = 0  # grows with every flush: what belongs to an old one never sounds
    p_listen: int = 0  # how likely it was to listen, in permille
    forced: str = ""  # what made it listen, if it had no choice
    ends: str = ""  # how speech stops: "drain" plays out what was made, "flush" falls silent at once
    overlap: tuple[Any, ...] = ()  # what was chosen about who talked over it: omni_flow.playback.overlap.Choice
    notices: tuple[Any, ...] = ()  # what was wrong with acknowledgements: omni_flow.playback.ledger.Notice
    context: tuple[Any, ...] = ()  # what is remembered after it, in one record: omni_flow.context.remembering.Remembered


class Say(NamedTuple):
    """Ask for the sound of one part of a line."""

    response: int
    part: int
    last: bool
    text: str
    line: str
    begin: int = 0
    epoch: int = 0


class Wave(NamedTuple):
    """Hold one part of a line as sound, int16 at 24 kHz. It begins at `at` or when it comes, whichever is later."""

    response: int
    part: int
    last: bool
    text: str
    samples: np.ndarray
    at: int = 0
    epoch: int = 0
    marks: tuple[tuple[int, int], ...] = ()  # (sample, characters) of the answer: where a word ends


class Fence(NamedTuple):
    """Order silence: a new epoch begins, and nothing of an older one sounds from now on."""

    epoch: int
    response: int  # the answer that is cut short
    cause: str


class Sound(NamedTuple):
    """Say that a wave begins to sound."""

    response: int
    part: int
    text: str
    samples: np.ndarray
    last: bool = False
    epoch: int = 0
    marks: tuple[tuple[int, int], ...] = ()


class Ack(NamedTuple):
    """Acknowledge how much of an answer, counted from its beginning, has been heard by `time`; `final` if no more of it will be."""

    response: int
    played_samples: int
    final: bool = False
    epoch: int = 0
    time: int = 0  # ns of the session


def duration(samples: int) -> int:
    """Return how long samples at 24 kHz last, in nanoseconds."""
    return samples * SECOND // WAVE_HZ


def words_of(line: str) -> list[str]:
    """Cut a line into words, each with the space before it: joined they are the line.

    >>> words_of("one two 你好"), "".join(words_of(" a  b "))
    (['one', ' two', ' 你', '好'], ' a  b ')
    """
    words = WORD.findall(line)
    rest = line[sum(map(len, words)) :]
    return [*words[:-1], words[-1] + rest] if words else [line] * bool(line)


def place(character: int, line: str, samples: int) -> int:
    """Return the sample at which a character of a line begins, for a voice that does not tell: in proportion."""
    return samples * character // len(line) if line else 0
