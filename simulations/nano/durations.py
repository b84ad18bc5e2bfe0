"""Tell how long the assistant takes to say each word of a line, so that words go into the window in which they are heard."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from omniflow_graph.events import SECOND
from simulations.nano.assistant_voice import RATE_HZ, spoken


@lru_cache(maxsize=4096)
def durations_ns(line: str) -> tuple[int, ...]:
    """Return how long each word of a line takes in nanoseconds, from its start to the next one's: together, the line's sound."""
    samples, words = spoken(line)
    starts = [0, *(start for _, start, _ in words[1:]), len(samples)]
    return tuple((end - start) * SECOND // RATE_HZ for start, end in pairwise(starts))


def duration_ns(word: str, line: str) -> int:
    """Return how long a word takes in a line: where it is said first. Raises ValueError where the line does not hold it."""
    words = line.split()
    if word not in words:
        raise ValueError(f"word {word!r}: is not in the line {line!r}")
    return durations_ns(line)[words.index(word)]
