"""Find speech in a sound as Full-Duplex-Bench does: the Silero detector, and its package's own rules for where speech begins and ends."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from omniflow_graph.events import SECOND
from operators.senses.ears import CHUNK, CONTEXT, OFF, ON, RATE_HZ, detect, quiet
from simulations.metrics.spans import Span

MIN_SPEECH, MIN_SILENCE, PAD = 4_000, 1_600, 480  # samples: 250, 100 and 30 ms, as `get_speech_timestamps` has them by default


def speech_spans(samples: np.ndarray) -> list[Span]:
    """Return the stretches of speech in int16 samples at 16 kHz, in nanoseconds."""
    found = padded(stretches(likely(samples), len(samples)), len(samples))
    return [(begin * SECOND // RATE_HZ, end * SECOND // RATE_HZ) for begin, end in found]


def likely(samples: np.ndarray) -> list[int]:
    """Return how likely each 32 ms of a sound are speech, in permille; silence fills up the last one."""
    whole = np.concatenate([np.zeros(CONTEXT, "<i2"), samples, np.zeros(-len(samples) % CHUNK, "<i2")]).astype("<i2")
    network, found = quiet().network, []
    for at in range(0, len(whole) - CONTEXT, CHUNK):
        permille, network = detect(network, whole[at : at + CONTEXT + CHUNK].tobytes())
        found.append(permille)
    return found


def stretches(permilles: Iterable[int], length: int) -> list[Span]:
    """Begin at the first likely chunk of 32 ms; end where it gets unlikely, once that has lasted 100 ms. What is too short is left out."""
    found: list[Span] = []
    begin = quiet_since = None
    for n, permille in enumerate(permilles):
        at = n * CHUNK
        if permille >= ON:
            begin, quiet_since = at if begin is None else begin, None
        elif permille < OFF and begin is not None:
            quiet_since = at if quiet_since is None else quiet_since
            if at - quiet_since >= MIN_SILENCE:
                found += [(begin, quiet_since)] * (quiet_since - begin > MIN_SPEECH)
                begin = quiet_since = None
    if begin is not None and length - begin > MIN_SPEECH:
        found.append((begin, length))
    return found


def padded(spans: list[Span], length: int) -> list[Span]:
    """Let each begin and end 30 ms further out, or in the middle of a silence that is too short for that."""
    edges = [0, *(end for _, end in spans)]
    begins = [max(begin - min(PAD, (begin - before) // 2 if n else begin), 0) for n, ((begin, _), before) in enumerate(zip(spans, edges))]
    after = [*(begin for begin, _ in spans[1:]), length]
    last = len(spans) - 1
    ends = [min(end + min(PAD, (begin - end) // 2 if n < last else PAD), length) for n, ((_, end), begin) in enumerate(zip(spans, after))]
    return list(zip(begins, ends))
