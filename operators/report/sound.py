"""Put sound on a page: as a waveform to look at, and small enough to carry."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np

PEAKS_HZ = 100  # columns of a waveform for each second
BITS = 32_000  # a second, of both sides together


def peaks(samples: np.ndarray, rate: int) -> bytes:
    """Return the lowest and the highest sample of each hundredth of a second, in 1/128, as int8 pairs."""
    n = rate // PEAKS_HZ
    whole = np.zeros(-(-len(samples) // n) * n, "<i2")
    whole[: len(samples)] = samples
    columns = whole.reshape(-1, n)
    return (np.stack([columns.min(1), columns.max(1)], 1) >> 8).astype(np.int8).tobytes() if len(columns) else b""


def packed(blocks: Iterable[np.ndarray], rate: int) -> bytes:
    """Encode stereo blocks, int16 [n, 2], as Opus in Ogg, which every browser plays. The rate is one that Opus has: 16 or 24 kHz."""
    import av

    out = io.BytesIO()
    with av.open(out, "w", format="ogg") as file:
        stream = file.add_stream("libopus", rate=rate, layout="stereo", options={"b": str(BITS), "compression_level": "1"})
        for block in blocks:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block).reshape(1, -1), format="s16", layout="stereo")
            frame.sample_rate = rate
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return out.getvalue()
