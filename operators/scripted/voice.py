"""Turn a sentence into sound: 24 kHz, 16 bits, the same samples every time."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np

RATE_HZ = 24_000
TONE_MS = 60  # a character, in `tone`
TONE_HZ = 240
LOUDNESS = 6_000
LINES = 64  # that are kept as sound: some 10 MB; a session of a day says thousands


@lru_cache(maxsize=LINES)
def say(text: str) -> np.ndarray:
    """Voice a text in whole sentences with hibari-tts (English). Returns int16 samples at 24 kHz.

    The synthesiser draws noise, so its seed is derived from the text: unseeded it differs on every call. What it has
    no letters for, such as Chinese, is left out: a text of nothing else has no samples, and is over at once.
    """
    seed = int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big")
    wave = np.asarray(voice()(text, seed=seed), np.float32).reshape(-1)
    samples = np.round(np.clip(wave, -1, 1) * 32767).astype("<i2")
    samples.flags.writeable = False
    return samples


@lru_cache(maxsize=LINES)
def tone(text: str) -> np.ndarray:
    """Hum a text: a triangle wave as long as it would take to say it, in integers only. Returns int16 at 24 kHz."""
    period = RATE_HZ // TONE_HZ
    phase = np.arange(len(text) * TONE_MS * RATE_HZ // 1000, dtype=np.int64) % period
    samples = (np.abs(2 * phase - period) * 2 * LOUDNESS // period - LOUDNESS).astype("<i2")
    samples.flags.writeable = False
    return samples


@lru_cache(maxsize=1)
def voice() -> Any:
    """Load the synthesiser, on one thread."""
    import hibari

    return hibari.Hibari(threads=1)


@lru_cache(maxsize=1)
def load() -> None:
    """Load the synthesiser and, by saying a word, the dictionaries that it opens when it first speaks."""
    voice()("one", seed=0)


say.load = load  # type: ignore[attr-defined]
