"""Let the assistant's voice say what it will have to say, and much else in the same words: what speech is trained on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from operators.nano.speech.acoustics import HOP, UNIT, log_mel, with_pitch
from simulations.nano.assistant_voice import FRAME, say


class Utterance(NamedTuple):
    """Hold a line that was said."""

    words: tuple[str, ...]
    ends: tuple[int, ...]  # the unit before which each word ends; the first begins at 0, the last ends with the line
    samples: np.ndarray  # int16, a whole number of units
    frames: np.ndarray  # float16 [4 * units, 82]
    pitch: np.ndarray  # float32, Hz, every 300 samples
    phase: np.ndarray  # float64 [1], of the voice when the line begins, in periods


def utterance(line: str) -> Utterance:
    """Say a line, and cut it into units of 40 ms. A word begins where it sounds, and ends where the next one begins."""
    said = say(line)
    step = HOP * UNIT
    units = -(-len(said.samples) // step)
    samples = np.pad(said.samples, (0, units * step - len(said.samples)))
    middles = (np.arange(units * UNIT) + 0.5) * HOP / FRAME - 0.5
    places = np.arange(len(said.pitch))
    pitch = np.where(said.pitch[np.clip(np.round(middles).astype(int), 0, len(places) - 1)] > 40, np.interp(middles, places, said.pitch), 0)
    frames = with_pitch(log_mel(samples / 32768), pitch).astype(np.float16)
    starts = [round(start / step) for _, start, _ in said.words[1:]]
    return Utterance(tuple(line.split()), (*starts, units), samples, frames, said.pitch.astype(np.float32), np.array([said.phase]))


def strings(words: Sequence[str], count: int, seed: int) -> list[str]:
    """Draw lines of one to seven of these words, in any order, from a seed. A comma at the end is left out."""
    rng = np.random.default_rng([seed, 21])
    return [" ".join(rng.choice(words, rng.integers(1, 8))).rstrip(",") for _ in range(count)]


def pieces(lines: Iterable[str]) -> list[str]:
    """List every run of words that stands in one of these lines, but for the lines themselves.

    >>> pieces(["no it is"])
    ['no', 'no it', 'it', 'it is', 'is']
    """
    lines = list(lines)
    cut = [line.split() for line in lines]
    runs = [" ".join(words[a:b]).rstrip(",") for words in cut for a in range(len(words)) for b in range(a + 1, len(words) + 1)]
    return [run for run in dict.fromkeys(runs) if run not in lines]


def corpus(lines: Iterable[str], folder: Path) -> list[Utterance]:
    """Say lines, or read them from a folder where they were said before: its file is named by a hash of the lines."""
    lines = list(dict.fromkeys(lines))
    path = folder / f"corpus-{blake2b(chr(10).join(lines).encode(), digest_size=8).hexdigest()}.npz"
    if not path.exists():
        _write(path, [utterance(line) for line in lines])
    return _read(path)


def _write(path: Path, said: list[Utterance]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    kinds = {name: [getattr(each, name) for each in said] for name in ("ends", "samples", "frames", "pitch", "phase")}
    arrays: dict[str, Any] = {name: np.concatenate([np.asarray(part) for part in parts]) for name, parts in kinds.items()}
    lengths: dict[str, Any] = {f"{name}_lengths": np.array([len(part) for part in parts]) for name, parts in kinds.items()}
    half = path.with_suffix(".part")
    with half.open("wb") as file:
        np.savez(file, lines=np.array([" ".join(each.words) for each in said]), **arrays, **lengths)
    half.rename(path)


def _read(path: Path) -> list[Utterance]:
    with np.load(path) as data:
        parts = [np.split(data[name], np.cumsum(data[f"{name}_lengths"])[:-1]) for name in ("ends", "samples", "frames", "pitch", "phase")]
        lines = [str(line).split() for line in data["lines"]]
    return [Utterance(tuple(words), tuple(map(int, ends)), *rest) for words, ends, *rest in zip(lines, *parts)]
