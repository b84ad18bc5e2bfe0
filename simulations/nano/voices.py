"""Voice the users of nano's world: several families of synthesisers, each with many voices, pitches, speeds and formants.

A synthesiser is called as a program. Moving pitch and formants together is playing samples faster or slower; the
synthesiser is asked to speak as much slower or faster first.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np

RATE_HZ = 16_000
QUIET = 0.02  # of the loudest sample; what is softer at either end of a clip is silence
LOUDNESS = 2_000  # root mean square of a clip
MADE = 1  # raise it where anything below is changed that can be heard: what was rendered before is then rendered anew
PROGRAMS = {"espeak": "espeak-ng", "flite": "flite", "festival": "festival"}


class Voice(NamedTuple):
    """Name somebody who speaks: the family of synthesisers, which of its voices, and in how many ways each phrase is said."""

    family: str  # espeak, flite, festival, hibari
    name: str
    takes: int


class Take(NamedTuple):
    """Say one phrase in one way."""

    text: str
    speed: float  # 1: as the voice does by itself
    pitch: float  # the same
    shift: float  # of formants and pitch together, after that


def _espeak(voices: str) -> tuple[Voice, ...]:
    return tuple(Voice("espeak", name, 3) for name in voices.split())


SPLITS: dict[str, tuple[Voice, ...]] = {
    "train": (
        *_espeak("en-gb en-us en-gb-scotland en-029 en-gb-x-rp en-gb-x-gbclan en-gb-x-gbcwmd en-us-nyc en-us+m1 en-gb+m2 en-gb-scotland+m3"),
        *_espeak("en-gb+m4 en-us-nyc+m5 en-us+f1 en-gb+f2 en-gb-scotland+f4 en-us+klatt en-gb-x-gbclan+klatt2 en-gb-scotland+klatt4 en-us+Alex"),
        *_espeak("en-gb+Andrea en-gb-scotland+belinda en-us+benjamin en-gb+david en-gb-x-gbcwmd+edward en-us+Gene en-gb+Michael en-029+steph"),
        *_espeak("en-us+anika en-gb+adam en-gb-scotland+john en-gb-scotland+Denis"),
        *(Voice("flite", name, 5) for name in ("kal16", "rms", "slt")),
        *(Voice("festival", name, 4) for name in ("kal_diphone", "ked_diphone", "cmu_us_slt_arctic_hts")),
        Voice("hibari", "lower", 3), Voice("hibari", "higher", 3),
    ),
    "heldout": _espeak("en-us+m6 en-gb+m7 en-us+f3 en-gb+f5 en-gb+klatt3 en-us+Mario en-gb+linda en-us+Annie en-gb-scotland+paul"),
    "flite-awb": (Voice("flite", "awb", 4),),
    "one-voice": (Voice("espeak", "en-gb+f3", 1),),  # is rendered in a second, to see that things work
}  # fmt: skip


def missing(families: Sequence[str] = ("espeak", "flite", "festival", "hibari")) -> list[str]:
    """Name the synthesisers that are not installed here."""
    return [family for family in families if not _installed(family)]


def _installed(family: str) -> bool:
    if family == "hibari":
        from importlib.util import find_spec

        return find_spec("hibari") is not None
    return shutil.which(PROGRAMS[family]) is not None


def takes(voice: Voice, text: str) -> tuple[Take, ...]:
    """Draw the ways in which a voice says a phrase: a function of their names."""
    drawn = []
    for n in range(voice.takes):
        rng = np.random.default_rng(int.from_bytes(blake2b(f"{voice.family} {voice.name} {text} {n}".encode(), digest_size=8).digest(), "big"))
        speed, pitch, shift = rng.uniform((0.85, 0.8, 0.92), (1.2, 1.25, 1.1))
        if voice.family == "hibari":  # far from the assistant, whose voice it is
            shift = rng.uniform(0.76, 0.86) if voice.name == "lower" else rng.uniform(1.14, 1.28)
        drawn.append(Take(text, *(round(float(value), 3) for value in (speed, pitch, shift))))
    return tuple(drawn)


def said(voice: Voice, wanted: Sequence[Take]) -> list[np.ndarray]:
    """Say takes with a voice: int16 samples at 16 kHz without silence around them, all equally loud.

    Raises RuntimeError for a synthesiser that is not installed, or says nothing.
    """
    if absent := missing([voice.family]):
        raise RuntimeError(f"voice {voice.name!r}: {absent[0]} is not installed; run `make synthesisers`")
    found = []
    for take, (samples, rate) in zip(wanted, FAMILIES[voice.family](voice.name, wanted)):
        clip = _trimmed(resampled(samples, round(len(samples) * RATE_HZ / rate / take.shift)))
        if not RATE_HZ // 20 < len(clip) < 10 * RATE_HZ:
            raise RuntimeError(f"voice {voice.name!r}: says {take.text!r} in {len(clip) / RATE_HZ:.2f} s; wants 0.05 to 10 s")
        found.append(clip)
    return found


def resampled(samples: np.ndarray, n: int) -> np.ndarray:
    """Play samples in another number of them, by cutting or filling up their spectrum; floats, [n]."""
    spectrum = np.fft.rfft(samples.astype(np.float64))
    out = np.zeros(n // 2 + 1, complex)
    kept = min(len(out), len(spectrum))
    out[:kept] = spectrum[:kept]
    return np.fft.irfft(out, n) * (n / len(samples))


def _trimmed(samples: np.ndarray) -> np.ndarray:
    loud = np.flatnonzero(np.abs(samples) >= QUIET * np.abs(samples).max(initial=1))
    kept = samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]
    level = np.sqrt(np.mean(kept**2)) if len(kept) else 1
    return np.clip(np.round(kept * (LOUDNESS / level)), -32_768, 32_767).astype("<i2")


def _wave(content: bytes) -> tuple[np.ndarray, int]:
    """Read a wave of 16 bits, mono; a program that writes to a pipe does not know its length."""
    rate, at = int.from_bytes(content[24:28], "little"), content.index(b"data") + 8
    return np.frombuffer(content[at : at + (len(content) - at) // 2 * 2], "<i2"), rate


def _run(*command: str, cwd: str | None = None) -> bytes:
    return subprocess.run(command, check=True, capture_output=True, cwd=cwd).stdout


def _by_espeak(name: str, wanted: Sequence[Take]) -> list[tuple[np.ndarray, int]]:
    found = []
    for take in wanted:
        pitch, speed = min(99, max(0, round(50 * take.pitch))), round(165 * take.speed / take.shift)
        found.append(_wave(_run("espeak-ng", "-v", name, "-p", str(pitch), "-s", str(speed), "--stdout", take.text)))
    return found


def _by_flite(name: str, wanted: Sequence[Take]) -> list[tuple[np.ndarray, int]]:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "said.wav")
        for take in wanted:
            stretch, mean = (
                f"duration_stretch={take.shift / take.speed:.3f}",
                f"int_f0_target_mean={(170 if name == 'slt' else 115) * take.pitch:.0f}",
            )
            _run("flite", "-voice", name, "--setf", stretch, "--setf", mean, "-t", take.text, "-o", str(path))
            found.append(_wave(path.read_bytes()))
    return found


def _by_festival(name: str, wanted: Sequence[Take]) -> list[tuple[np.ndarray, int]]:
    """Say all of them in one run, as starting it takes long."""
    orders = [f"(voice_{name})"]
    for n, take in enumerate(wanted):
        orders.append(f"(Parameter.set 'Duration_Stretch {take.shift / take.speed:.3f})")
        orders.append(f'(utt.save.wave (utt.synth (Utterance Text "{take.text}")) "{n}.wav" \'riff)')
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "say.scm").write_text("\n".join(orders))
        _run("festival", "-b", "say.scm", cwd=folder)
        return [_wave(Path(folder, f"{n}.wav").read_bytes()) for n in range(len(wanted))]


def _by_hibari(name: str, wanted: Sequence[Take]) -> list[tuple[np.ndarray, int]]:
    from simulations.nano import assistant_voice

    return [(assistant_voice.spoken(take.text)[0], assistant_voice.RATE_HZ) for take in wanted]


FAMILIES: dict[str, Callable[[str, Sequence[Take]], list[tuple[np.ndarray, int]]]] = {
    "espeak": _by_espeak,
    "flite": _by_flite,
    "festival": _by_festival,
    "hibari": _by_hibari,
}
