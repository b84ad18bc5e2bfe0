"""Voice the assistant as nano learns it: hibari-tts, with the time of every word as the synthesiser itself paced it."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from operators.nano.speech.acoustics import curve, pulses

RATE_HZ = 24_000
FRAME = 300  # samples a frame of the synthesiser's pitch
HOP = 600  # samples a frame of a phoneme
LOUD = 0.01  # what is softer, before and after a line, is silence
LEAD, TAIL = 1_200, 2_400  # samples of silence that are left around a line
FRAMES = b"/Clip_output_0"  # in its network: how many frames each phoneme lasts
SILENT = " ,.!?;:—…"  # phonemes that are a pause


class Spoken(NamedTuple):
    """Hold a line as sound, with its words and the pitch that the synthesiser gave it."""

    samples: np.ndarray  # at 24 kHz
    words: tuple[tuple[str, int, int], ...]  # word, first sample, the sample after its last
    pitch: np.ndarray  # Hz, one for each frame of 300 samples; below 40 without a voice
    phase: float = 0.0  # of the voice when the sound begins, in periods


@lru_cache(maxsize=256)
def spoken(text: str) -> tuple[np.ndarray, tuple[tuple[str, int, int], ...]]:
    """Say a line of English. Returns int16 samples at 24 kHz, and each word with the sample it starts at and ends before.

    The same line gives the same samples: the synthesiser's noise is seeded by the text. A line without a mark at its end is
    said as if it had a full stop; of the silence around it 50 ms are left before and 100 ms after. Raises ValueError where
    the synthesiser reads a line as other words than it is written in, such as figures.
    """
    said = say(text)
    return said.samples, said.words


def say(text: str) -> Spoken:
    """Say a line of English, and tell its pitch too."""
    words = text.split()
    whole = _whole(text if text[-1:] in ".!?" else text + ".")
    loud = np.flatnonzero(np.abs(whole.samples).reshape(-1, HOP).max(axis=1) > LOUD) * HOP  # frames of a phoneme
    begin, end = max(0, int(loud[0]) - LEAD), min(len(whole.samples), int(loud[-1]) + HOP + TAIL)
    samples = np.round(np.clip(whole.samples[begin:end], -1, 1) * 32767).astype("<i2")
    samples.flags.writeable = False
    last = end - begin - TAIL
    timed = [(word, max(0, a - begin), min(b - begin, last)) for word, (_, a, b) in zip(words, whole.words)]
    _, phase = pulses(curve(whole.pitch, FRAME)[:begin])
    return Spoken(samples, tuple(timed), whole.pitch[begin // FRAME : end // FRAME], phase)


def _whole(text: str) -> Spoken:
    """Say a line with the silence that the synthesiser puts around it, in floats."""
    import hibari.dsp

    rng = np.random.default_rng(int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big"))
    voice = synthesiser()
    sounds, words, pitches, begin = [], [], [], 0
    for sentence in voice.split_sentences(text):
        phonemes = voice.g2p(sentence)
        if len(phonemes.split()) != len(sentence.split()):
            raise ValueError(f"assistant's voice: {sentence!r} is read as {len(phonemes.split())} words, {phonemes!r}, not as it is written")
        ids = np.array([voice.ids(phonemes)], np.int64)
        given = {"ids": ids, "speed": np.ones(1, np.float32)}
        tone, turn, noise, rest, angle, pitch, frames = voice.sess.run(None, given)
        sounds.append(hibari.dsp.synth(tone[0], turn[0], noise[0], rest[0], angle[0], pitch[0], rng))
        words += _words(sentence.split(), [c for c in phonemes if c in voice.vocab], frames.astype(int), begin)
        pitches.append(pitch[0])
        begin += len(sounds[-1])
    if not words:
        raise ValueError(f"assistant's voice: nothing to say in {text!r}")
    return Spoken(np.concatenate(sounds), tuple(words), np.concatenate(pitches))


def _words(words: list[str], phonemes: list[str], frames: np.ndarray, begin: int) -> list[tuple[str, int, int]]:
    """Time a sentence's words: from the first sounding phoneme of each to its last. `frames` has a pad on either side.

    A word is heard from a frame before its first phoneme: there the tongue is already under way.
    """
    ends = begin + HOP * np.cumsum(frames)
    timed, inside = [], False
    for n, phoneme in enumerate(phonemes, 1):
        if phoneme in SILENT:
            inside = inside and phoneme != " "
        elif inside:
            timed[-1][1] = int(ends[n])
        else:
            timed.append([int(ends[n - 1]) - HOP, int(ends[n])])
            inside = True
    return [(word, start, end) for word, (start, end) in zip(words, timed)]


@lru_cache(maxsize=1)
def synthesiser() -> Any:
    """Load hibari on one thread, with the frames of its phonemes as one more output.

    Protobuf messages that stand one after the other are one message, so an output is added to a network by appending
    ModelProto.graph (7) with GraphProto.output (12) with ValueInfoProto.name (1).
    """
    import hibari
    import onnxruntime

    voice = hibari.Hibari(threads=1)
    field = bytes([1 << 3 | 2, len(FRAMES)]) + FRAMES
    for number in (12, 7):
        field = bytes([number << 3 | 2, len(field)]) + field
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    voice.sess = onnxruntime.InferenceSession(Path(voice.model_path).read_bytes() + field, options, providers=["CPUExecutionProvider"])
    return voice
