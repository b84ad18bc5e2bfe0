"""Read folders as Full-Duplex-Bench lays them out. Whatever is wrong is named with its file and the way out.

A root holds a folder a sample, named by a number. In each are `input.wav` (the user) and `output.wav` (the model), both
16 kHz, mono and equally long, `output.json` with the model's words, and the annotation that tells the task.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from reprlib import repr as quoted
from typing import Any

import numpy as np

from omniflow_graph.events import SECOND
from omniflow_graph.files import whole
from simulations.metrics.fdb import MS, Sample
from simulations.metrics.parts import Timed
from simulations.metrics.spans import Span

RATE_HZ = 16_000
TASKS = {"turn_taking.json": "smooth_turn_taking", "pause.json": "pause_handling", "interrupt.json": "user_interruption"}
OVERLAP = "metadata.json"  # of v1.5
KNOWN = "speech.json"  # ours: when both speak, so that nobody has to detect it
ASR = "get_transcript/asr.py of the benchmark writes one"
LONGEST_S = 1e6  # eleven days


def is_sample(folder: Path) -> bool:
    """Tell whether a folder looks like a sample."""
    return folder.is_dir() and any((folder / name).exists() for name in ("output.json", "output.wav", "input.wav", *TASKS))


def samples_in(root: Path) -> list[Path]:
    """Return the samples of a root in the order of their numbers. Raises ValueError for one whose name is no number."""
    found = [each for each in root.iterdir() if is_sample(each)]
    if wrong := sorted(each.name for each in found if not _is_number(each.name)):
        raise ValueError(f"{root / wrong[0]}: holds a sample, but its name is no number, and the benchmark passes over some of those; rename it")
    return sorted(found, key=lambda each: int(each.name))


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit()


def read_sample(folder: Path) -> Sample:
    """Read one sample. Raises ValueError for what is missing, broken, or not as the benchmark wants it."""
    task, annotation = _task(folder)
    user, model = (_sound(folder / name) for name in ("input.wav", "output.wav"))
    if len(user) != len(model):
        lengths = f"{len(user) / RATE_HZ:.4f} s, and output.wav has {len(model) / RATE_HZ:.4f} s"
        raise ValueError(f"{folder / 'input.wav'}: has {lengths}; cut the longer one, or fill up the shorter one with silence")
    length = len(user) * SECOND // RATE_HZ
    event = _event(folder / annotation, task) if annotation else (0, length)
    words = None if task == "overlap" else tuple(read_words(folder / "output.json"))
    if task == "user_interruption" and words and words[0].start < event[1] - MS:
        way = "the benchmark hears only what comes after the interruption: asr.py --task user_interruption"
        early = f"word 1, {words[0].text!r}, begins before the interruption ends at {event[1] / SECOND:g} s"
        raise ValueError(f"{folder / 'output.json'}: {early}; {way}")
    needed = {"backchannel": (False, True), "overlap": (True, True), "user_interruption": (True, True)}.get(task, (False, False))
    spans = _spans(folder, [sound if need else None for sound, need in zip((user, model), needed)])
    return Sample(str(folder), task, length, event, words, *map(tuple, spans))


def _task(folder: Path) -> tuple[str, str | None]:
    """Tell the task by the annotation; a backchannel sample has none, and is told by the name of its root."""
    found = [name for name in TASKS if (folder / name).exists()]
    if len(found) > 1:
        raise ValueError(f"{folder}: holds {' and '.join(found)}, and a sample is of one task; remove the others")
    if found:
        return TASKS[found[0]], found[0]
    if (folder / OVERLAP).exists():
        return "overlap", OVERLAP
    if "backchannel" in folder.resolve().parent.name:
        return "backchannel", None
    wanted = ", ".join((*TASKS, f"{OVERLAP} (v1.5)"))
    raise ValueError(f"{folder}: has no annotation, one of {wanted}; add it, or let the folder above be called backchannel if it is of that task")


def _sound(path: Path) -> np.ndarray:
    import soundfile

    if not path.is_file():
        raise ValueError(f"{path}: there is no such file; a sample wants input.wav and output.wav, equally long")
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (RuntimeError, OSError) as error:
        raise ValueError(f"{path}: cannot be read as sound ({' '.join(str(error).split())}); write it again as 16-bit PCM at 16 kHz") from None
    if rate != RATE_HZ or samples.shape[1] != 1:
        kind = f"{rate} Hz and {samples.shape[1]} channels" if samples.shape[1] != 1 else f"{rate} Hz"
        raise ValueError(f"{path}: has {kind}, and 16,000 Hz mono is wanted; convert it: ffmpeg -i {path.name} -ar 16000 -ac 1 16k.wav")
    return np.clip(np.round(samples[:, 0] * 32768), -32768, 32767).astype("<i2")


def read_words(path: Path) -> list[Timed]:
    """Read the words of an `output.json`, {"text": ..., "chunks": [{"text": word, "timestamp": [begin, end]}, ...]}, in seconds.

    Where the end of a word is null, as some recognizers leave it at the end of a sound, its beginning stands for it: the
    benchmark does so in one of its scripts.
    """
    chunks = _field(_json(path, ASR), "chunks", list, path)
    words = []
    for n, chunk in enumerate(chunks, 1):
        where = f"word {n}"
        text = _field(chunk, "text", str, path, where)
        begin, end = _pair(_field(chunk, "timestamp", list, path, where), path, where, open_end=True)
        words.append(Timed(text.strip(), begin, end))
    for n, (a, b) in enumerate(pairwise(words), 2):
        if b.start < a.start:
            begins = f"begins at {b.start / SECOND:g} s, before the one in front of it, at {a.start / SECOND:g} s"
            raise ValueError(f"{path}: word {n}, {b.text!r}, {begins}; sort the words by their times")
    return words


def _event(path: Path, task: str) -> Span:
    """Read what the annotation says, in ns."""
    given = _json(path, "it comes with the benchmark's data")
    if task == "overlap":
        return _pair(_field(given, "timestamps", list, path), path, "timestamps")
    if not isinstance(given, list) or not given:
        raise ValueError(f'{path}: wants a list such as [{{"timestamp": [1.5, 1.5]}}], got {quoted(given)}')
    entries = [_field(entry, "timestamp", list, path, f"entry {n}") for n, entry in enumerate(given, 1)]
    if task == "smooth_turn_taking":  # the second number is no end of anything in some data
        end, _ = _pair(entries[0][:1] * 2, path, "entry 1")
        return end, end
    pairs = [_pair(entry, path, f"entry {n}") for n, entry in enumerate(entries, 1)]
    return pairs[0] if task == "user_interruption" else (pairs[0][0], pairs[-1][1])


def _spans(folder: Path, sounds: list[np.ndarray | None]) -> list[list[Span]]:
    """Return when user and model speak: as it is known, else as the detector hears it; nothing where nobody asks."""
    path = folder / KNOWN
    if not path.exists():
        from simulations.metrics.detecting import speech_spans

        return [[] if sound is None else speech_spans(sound) for sound in sounds]
    given = _json(path, "remove it, and speech is detected")
    found = []
    for who in ("user", "model"):
        spans = [_pair(pair, path, f"{who}, stretch {n}") for n, pair in enumerate(_field(given, who, list, path), 1)]
        if any(b[0] < a[1] for a, b in pairwise(spans)):
            raise ValueError(f"{path}: {who}: wants stretches in order, none over another; remove the file, and speech is detected")
        found.append(spans)
    return found


def _json(path: Path, way: str) -> Any:
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file; {way}")
    try:
        return json.loads(whole(path))
    except (ValueError, RecursionError) as error:
        words = " ".join(str(error).split()) or type(error).__name__
        raise error if str(path) in str(error) else ValueError(f"{path}: is not JSON ({words}); {way}") from None


def _field(of: Any, name: str, kind: type, path: Path, where: str = "") -> Any:
    at = f"{path}: {where}: " if where else f"{path}: "
    if not isinstance(of, dict) or not isinstance(of.get(name), kind):
        called = {list: "a list", str: "a text"}[kind]
        got = quoted(of.get(name)) if isinstance(of, dict) and name in of else quoted(of)
        raise ValueError(f"{at}wants {name!r}, {called}, got {got}")
    return of[name]


def _pair(given: Any, path: Path, where: str, open_end: bool = False) -> Span:
    """Read [begin, end] in seconds as ns."""
    if isinstance(given, list) and len(given) == 2 and given[1] is None and open_end:
        given = [given[0], given[0]]
    if not isinstance(given, list) or len(given) != 2 or not all(map(_is_time, given)) or given[0] > given[1]:
        raise ValueError(f"{path}: {where}: wants [begin, end] in seconds, 0 or more and in order, got {quoted(given)}")
    begin, end = (round(each * SECOND) for each in given)
    return begin, end


def _is_time(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= LONGEST_S
