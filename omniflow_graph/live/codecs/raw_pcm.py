"""Bare samples, one part: nobody agreed on more, so what they are is said beside the endpoint.

They become 16 bits, mono, at the rate of the graph's ears. There is neither a stamp nor a number: the time is that of arrival.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from omniflow_graph.live.codecs.record import Codec, CodecError, Record, Writer, checked_parts

WHOSE = "raw-pcm"
FORMATS = {"s16": "<i2", "f32": "<f4"}
MOST_CHANNELS = 16


def codec(stream: str, rate: int = 16_000, channels: int = 1, fmt: str = "s16", to: int = 16_000) -> Codec:
    """Read samples at `rate`, interleaved if there are several channels; `rate` is a whole multiple of `to`.

    Of more than one channel the mean is taken, and of samples that become one, too (a filter that is good enough for speech).
    """
    if fmt not in FORMATS:
        raise ValueError(f"{WHOSE}: wants fmt to be one of {', '.join(FORMATS)}, got {fmt!r}")
    if not 1 <= channels <= MOST_CHANNELS:
        raise ValueError(f"{WHOSE}: wants 1 to {MOST_CHANNELS} channels, got {channels}")
    if to < 1 or rate < to or rate % to:
        raise ValueError(f"{WHOSE}: wants a rate that is a whole multiple of {to} Hz, got {rate}; let the sender resample it")
    return Codec("audio", 1, partial(read, stream=stream, group=rate // to, channels=channels, fmt=fmt), to, "pcm-s16")


def writer(stream: str) -> Writer:
    """Write samples as they are: 16 bits, mono, at the rate of the recording."""
    return lambda record: [bytes(record.data)]


def read(parts: Sequence[bytes], *, stream: str, group: int, channels: int, fmt: str) -> list[Record]:
    """Read samples. Raises CodecError, and nothing else."""
    checked_parts(WHOSE, parts, 1)
    kind = np.dtype(FORMATS[fmt])
    size = kind.itemsize * channels * group
    if len(parts[0]) % size:
        raise CodecError(f"{WHOSE}: {len(parts[0])} bytes, wants a multiple of {size}: {group} samples of {channels} channels as {fmt}")
    if fmt == "s16" and channels * group == 1:
        return [Record(stream, parts[0])] if parts[0] else []
    with np.errstate(invalid="ignore"):  # some NaN signal when they are touched
        samples = np.frombuffer(parts[0], kind).astype(np.float64)
    if fmt == "f32":
        samples = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0) * 32768
    mixed = np.rint(np.clip(samples, -32768, 32767).reshape(-1, channels * group).mean(axis=1)).clip(-32768, 32767)
    return [Record(stream, mixed.astype("<i2").tobytes())] if len(mixed) else []
