"""Show that a model fits: make it weight by weight, run a window, and say how much memory each part took, and the process at most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from operators.minicpm_o.config import Config
from operators.minicpm_o.door import Tensor, torch
from operators.minicpm_o.fit.assembling import Read, assembled, drawing, reading
from operators.minicpm_o.fit.memory import components, peak_bytes
from operators.minicpm_o.fit.running import Ran, window
from operators.minicpm_o.fit.speed import Speed, speed
from operators.minicpm_o.loading import gathered, load
from operators.minicpm_o.shapes import expected
from operators.minicpm_o.voice import VoiceWeights
from operators.minicpm_o.voice import load as load_voice
from operators.minicpm_o.voice.noise import noise
from operators.minicpm_o.voice.shapes import FlowSizes, VocoderSizes, flow, vocoder
from operators.minicpm_o.voice.weights import FOLDER, made

FULL_SIZE = "full-size"
MOST = 12_000_000_000  # bytes: what a computer or a GPU of 12 GB has


@dataclass(frozen=True)
class Fit:
    """Hold what was found. `ran`: a window; `speed`: of the language model, where it was asked for."""

    peak_rss_bytes: int
    components: dict[str, int]
    ran: Ran
    speed: Speed | None = None

    @property
    def fits(self) -> bool:
        """Tell whether the process stayed below 12 GB."""
        return self.peak_rss_bytes < MOST

    def described(self) -> dict[str, object]:
        """Write it for JSON."""
        ran = {"rows": self.ran.rows, "tokens": self.ran.tokens, "samples": self.ran.samples}
        found = {"peak_rss_bytes": self.peak_rss_bytes, "window_ran": True, "fits": self.fits, "components": self.components, "window": ran}
        return {**found, "speed": {**asdict(self.speed), "tokens_per_s": self.speed.tokens_per_s}} if self.speed else found


def fit(
    what: str | Path,
    *,
    config: Config | None = None,
    sizes: FlowSizes | None = None,
    vocoder_sizes: VocoderSizes | None = None,
    device: str = "cpu",
    fast: bool = False,
    seed: int = 0,
    told: Callable[[str], None] = lambda part: None,
) -> Fit:
    """Load a checkpoint's folder in 4 bit, or make "full-size", the published architecture with drawn weights, and run a window.

    `config` and sizes make it smaller. `fast` measures how fast the language model goes, too. `told` hears of each thing that is
    done. A checkpoint without a voice is given a drawn one. Raises ValueError for what cannot be loaded, RuntimeError for a window
    that did not come to anything.
    """
    if str(what) == FULL_SIZE:
        config = config or Config()
        read = drawing(seed)
        weights = gathered(assembled(config, read, device, told), config, "int4", device)
    else:
        weights = load(what, precision="int4", device=device, speech=False)
        config, read = weights.config, reading(what, check=False)
        told("language, sight, hearing")
    speech = _speech(config, read, device)
    told("speech")
    voice = load_voice(what) if (Path(what) / FOLDER).is_dir() else drawn_voice(sizes or FlowSizes(), vocoder_sizes or VocoderSizes("causal"), seed)
    told("voice")
    ran = window(weights, voice, seed, told=told)
    measured = speed(weights, ran.session.cache) if fast else None
    return Fit(peak_bytes(), components(weights, voice, speech, ran.session.cache), ran, measured)


def _speech(config: Config, read: Read, device: str) -> dict[str, Tensor]:
    """Hold the speech decoder's weights, in bf16."""
    return {key: read(key, shape).to(device) for key, shape in expected(config).items() if key.startswith("tts.")}


def drawn_voice(sizes: FlowSizes, vocoder_sizes: VocoderSizes, seed: int = 0) -> VoiceWeights:
    """Make a voice with drawn weights; what it says is rubbish, as long as it should be."""
    t, rng = torch(), np.random.default_rng(seed)
    parts = []
    for named in (flow(sizes), vocoder(vocoder_sizes)):
        drawn = {name: rng.standard_normal(shape, np.float32) / max(1, int(np.prod(shape[1:]))) ** 0.5 for name, shape in named}
        parts.append({name: t.from_numpy(each + 1 if "norm" in name or "alpha" in name else each / 2) for name, each in drawn.items()})
    return made(parts[0], parts[1], None, noise(seed))


def table(found: Fit) -> str:
    """Write what was found as text."""
    lines = [f"{name:<16}{size / 1e9:>8.2f} GB" for name, size in found.components.items()]
    held = sum(found.components.values())
    lines += [
        f"{'held':<16}{held / 1e9:>8.2f} GB",
        f"{'at most':<16}{found.peak_rss_bytes / 1e9:>8.2f} GB of this process, with all that was computed",
    ]
    ran = found.ran
    lines.append(f"one window ran: {ran.rows} rows in, {ran.tokens} tokens written, {ran.samples} samples said")
    if found.speed:
        of = found.speed
        lines.append(f"75 rows in {of.prefill_s:.2f} s; a token in {of.token_s * 1e3:.0f} ms, {of.tokens_per_s:.2f} a second")
        lines.append(f"a token reads {of.bytes_per_token / 1e9:.2f} GB at {of.bytes_per_s / 1e9:.1f} GB/s: {of.share:.2f} of what memory allows")
    return "\n".join([*lines, "below 12 GB" if found.fits else "not below 12 GB"])
