"""What a voice is told by: the mel that the flow goes on from, Kaldi's bands for who speaks, Whisper's for what was said, all of sound.

Source: spec 6.7.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from operators.minicpm_o.door import Tensor, blocks, functional, torch
from operators.minicpm_o.voice.noise import BANDS, HOP
from operators.minicpm_o.voice.source import RATE_HZ

WINDOW = 1920  # samples at 24 kHz
HEARD_HZ = 16_000
SPOKEN_BANDS = 128  # of the speech tokenizer


def voice_mel(samples: np.ndarray) -> np.ndarray:
    """Return the mel of sound at 24 kHz, float32 [frames, 80], 50 a second: natural logarithms, 0 to 8 kHz, Slaney's scale.

    Raises ValueError for fewer than 721 samples.
    """
    edge = (WINDOW - HOP) // 2
    if len(samples) <= edge:
        raise ValueError(f"voice: wants more than {edge} samples at 24 kHz, got {len(samples)}; give a longer prompt")
    t = torch()
    wave = functional().pad(t.from_numpy(np.require(samples, np.float32, ["C", "W"]))[None, None], (edge, edge), mode="reflect")[0, 0]
    found = t.view_as_real(t.stft(wave, WINDOW, HOP, window=t.hann_window(WINDOW), center=False, return_complex=True))
    strengths = (found.pow(2).sum(-1) + 1e-9).sqrt()
    return (_bands(WINDOW, BANDS, RATE_HZ, 8000.0) @ strengths).clamp(min=1e-5).log().T.contiguous().numpy()


def spoken_mel(samples: np.ndarray) -> np.ndarray:
    """Return what the speech tokenizer hears of sound at 16 kHz, float32 [128, frames], 100 a second: Whisper's log-mel of 128 bands."""
    t, width = torch(), 400
    found = t.stft(t.from_numpy(np.require(samples, np.float32, ["C", "W"])), width, 160, window=t.hann_window(width), return_complex=True)
    powers = (_bands(width, SPOKEN_BANDS, HEARD_HZ, 8000.0) @ (found[:, :-1].abs() ** 2)).clamp(min=1e-10).log10()
    return ((t.maximum(powers, powers.max() - 8.0) + 4.0) / 4.0).numpy()


def kaldi_bands(samples: np.ndarray) -> np.ndarray:
    """Return Kaldi's log bands of sound at 16 kHz, float32 [frames, 80], 100 a second, less their mean: what who speaks is told by."""
    audio = blocks("audio_utils")
    filters = audio.mel_filter_bank(257, BANDS, 20.0, 8000.0, HEARD_HZ, norm=None, mel_scale="kaldi", triangularize_in_mel_space=True)
    window = audio.window_function(400, "povey", periodic=False)
    how = {"fft_length": 512, "power": 2.0, "center": False, "preemphasis": 0.97, "mel_filters": filters, "log_mel": "log"}
    eps = float(np.finfo(np.float32).eps)
    found = audio.spectrogram(samples.astype(np.float64), window, 400, 160, mel_floor=eps, remove_dc_offset=True, **how).T
    return (found - found.mean(0)).astype(np.float32)


def resampled(samples: np.ndarray, from_hz: int, to_hz: int) -> np.ndarray:
    """Return sound at another rate, float32: a sinc of 6 zeros to a side under a Hann window, cut at 0.99 of the lower rate.

    >>> len(resampled(np.zeros(16_000, np.float32), 16_000, 24_000))
    24000
    """
    if from_hz == to_hz:
        return samples.astype(np.float32)
    t, shared = torch(), int(np.gcd(from_hz, to_hz))
    old, new = from_hz // shared, to_hz // shared
    kernel, width = _sinc(old, new)
    wave = functional().pad(t.from_numpy(np.require(samples, np.float32, ["C", "W"]))[None, None], (width, width + old))
    found = functional().conv1d(wave, kernel, stride=old)[0].T.reshape(-1)
    return found[: -(-new * len(samples) // old)].numpy()


@lru_cache(maxsize=8)
def _sinc(old: int, new: int) -> tuple[Tensor, int]:
    """Return what each of `new` samples takes of those around it [new, 1, 2 width + old]."""
    t, zeros = torch(), 6
    cut = min(old, new) * 0.99
    width = int(np.ceil(zeros * old / cut))
    at = t.arange(-width, width + old, dtype=t.float64)[None, None] / old
    at = ((at - t.arange(new, dtype=t.float64)[:, None, None] / new) * cut).clamp(-zeros, zeros)
    return (t.sinc(at) * (at * np.pi / zeros / 2).cos() ** 2 * (cut / old)).float(), width


@lru_cache(maxsize=4)
def _bands(width: int, bands: int, rate_hz: int, highest: float) -> Tensor:
    """Return what each band takes of each frequency [bands, 1 + width / 2], Slaney's scale and norm."""
    made = blocks("audio_utils").mel_filter_bank(1 + width // 2, bands, 0.0, highest, rate_hz, norm="slaney", mel_scale="slaney")
    return torch().from_numpy(made).float().T.contiguous()
