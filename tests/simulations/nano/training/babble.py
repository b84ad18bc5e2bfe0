"""Lines that nobody said: frames that go up and down, for networks to learn in a second."""

from __future__ import annotations

import numpy as np

from simulations.nano.training.corpus import Utterance


def babble(words: tuple[str, ...], seed: int, units_each: int = 4) -> Utterance:
    """Return a line in which every word has its own sound, `units_each` units long."""
    rng = np.random.default_rng(seed)
    count = len(words) * units_each
    shapes = {word: np.random.default_rng(len(word)).standard_normal((4 * units_each, 82)) for word in words}
    frames = np.concatenate([shapes[word] for word in words]) + 0.01 * rng.standard_normal((4 * count, 82))
    pitch = np.full(count * 960 // 300 + 1, 200.0, np.float32)
    samples = (3_000 * np.sin(np.arange(count * 960) / 19)).astype("<i2")
    return Utterance(words, tuple(units_each * n for n in range(1, len(words) + 1)), samples, frames.astype(np.float16), pitch, np.zeros(1))


LINES = [babble(words, n) for n, words in enumerate([("a", "bbb"), ("bbb", "cc"), ("cc", "a"), ("a", "bbb", "cc")])]
WORDS = ("a", "bbb", "cc")
