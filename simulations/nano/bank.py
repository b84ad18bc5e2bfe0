"""Keep every phrase in every voice as sound: rendered once, in parallel, and kept under build/nano by what made it."""

from __future__ import annotations

import json
import multiprocessing
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np

from simulations.nano import voices
from simulations.nano.voices import SPLITS, Voice
from simulations.nano.words import PHRASES, USER_WORDS

FOLDER = Path("build/nano")  # below the working directory, as all that is built
LETTERS = 1.5  # so many letters the pause between two words is long


class Clip(NamedTuple):
    """Hold a phrase as somebody says it."""

    samples: np.ndarray  # int16 at 16 kHz, read-only
    voice: str
    phrase: int  # which of PHRASES
    words: tuple[tuple[int, int, int], ...]  # which of USER_WORDS, its first sample, the sample after its last
    index: int  # in its split's bank


@lru_cache(maxsize=4)
def bank(split: str) -> tuple[Clip, ...]:
    """Return the clips of a split: "train", "heldout", voices that are not in it, or "flite-awb", another speaker and accent.

    What is not on disk is rendered: two or three minutes for "train" on two cores. Clips lie in the order of voices,
    phrases, takes; the same synthesisers give the same bytes. Raises ValueError for another split, RuntimeError for a
    synthesiser that is not installed.
    """
    folder = rendered(split)
    samples = np.load(folder / "samples.npy", mmap_mode="r")
    clips, at = [], 0
    for voice, phrase, n in json.loads((folder / "clips.json").read_text()):
        clips.append(Clip(samples[at : at + n], voice, phrase, laid_out(phrase, n), len(clips)))
        at += n
    return tuple(clips)


@lru_cache(maxsize=4)
def said_by(split: str) -> dict[str, dict[int, tuple[Clip, ...]]]:
    """Sort a split's clips: by voice, then by phrase."""
    found: dict[str, dict[int, list[Clip]]] = {}
    for clip in bank(split):
        found.setdefault(clip.voice, {}).setdefault(clip.phrase, []).append(clip)
    return {voice: {phrase: tuple(clips) for phrase, clips in by.items()} for voice, by in found.items()}


def laid_out(phrase: int, n: int) -> tuple[tuple[int, int, int], ...]:
    """Lay a phrase's words over its samples, by their letters.

    >>> [(USER_WORDS[word], start, end) for word, start, end in laid_out(8, 1_000)]
    [('hello', 0, 500), ('there', 500, 1000)]
    """
    words = PHRASES[phrase].words
    ends = np.cumsum([len(word) + LETTERS for word in words])
    ends = [0, *(int(end) for end in np.round(ends * n / ends[-1]))]
    return tuple((_INDEX[word], start, end) for word, start, end in zip(words, ends, ends[1:]))


_INDEX = {word: n for n, word in enumerate(USER_WORDS)}


def name_of(split: str) -> str:
    """Name what makes a split: voices, phrases, and how they are said."""
    made = [voices.MADE, SPLITS[split], [phrase.text for phrase in PHRASES]]
    return f"bank-{split}-{blake2b(json.dumps(made).encode(), digest_size=6).hexdigest()}"


def rendered(split: str) -> Path:
    """Return the folder of a split, rendered if it is not there yet."""
    if split not in SPLITS:
        raise ValueError(f"bank: wants a split out of {', '.join(SPLITS)}, got {split!r}")
    folder = FOLDER / name_of(split)
    if not folder.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=FOLDER) as made:
            _render(SPLITS[split], Path(made, "bank"))
            if not folder.exists():
                Path(made, "bank").rename(folder)
    return folder


def _render(wanted: tuple[Voice, ...], folder: Path) -> None:
    if absent := voices.missing(sorted({voice.family for voice in wanted})):
        raise RuntimeError(f"bank: {', '.join(absent)} is not installed; run `make synthesisers`, or take the weights that are there")
    folder.mkdir()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
        spoken = [(voice, clips) for voice, clips in zip(wanted, pool.map(_phrases_by, wanted))]
    index = [(f"{v.family} {v.name}", n // v.takes, len(clip)) for v, clips in spoken for n, clip in enumerate(clips)]
    np.save(folder / "samples.npy", np.concatenate([clip for _, clips in spoken for clip in clips]))
    (folder / "clips.json").write_text(json.dumps(index))


def _phrases_by(voice: Voice) -> list[np.ndarray]:
    return voices.said(voice, [take for phrase in PHRASES for take in voices.takes(voice, phrase.text)])
