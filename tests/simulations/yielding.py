"""A property that a graph breaks in which the assistant never lets itself be interrupted, and sessions in which it is."""

from __future__ import annotations

import numpy as np

from omniflow_graph import Session, Trace, seconds
from operators.turns import turns

MOST = seconds(1.2)  # of speech over an answer before it has to stop


def yields(trace: Trace) -> None:
    """Fail if the user talked over an answer for longer than it takes to stop it, and it went on."""
    for turn in turns(trace):
        spoken = [(event.time, event.data) for event in trace["env-audio"] if turn.start <= event.time < turn.end]
        over = sum(len(data) // 2 * 62_500 for _, data in spoken if any(data))
        assert over < MOST or turn.stopped, f"answer {turn.response} goes on after {over / 1e9:.2f} s"


def talk(length: float, *spoken: tuple[float, float], frame: float = 0.02) -> Session:
    """A user who talks from ... to ... seconds, and a camera that sees something else each second."""
    talks, samples = [(seconds(a), seconds(b)) for a, b in spoken], round(16_000 * frame)
    loud, silent = np.full(samples, 3000, "<i2").tobytes(), bytes(2 * samples)
    heard = [(t, loud if any(a <= t < b for a, b in talks) else silent) for t in range(0, seconds(length), seconds(frame))]
    seen = [(t, b"picture %d" % t) for t in range(0, seconds(length), seconds(1.0))]
    return Session("talk", {"env-visual": seen, "env-audio": heard}, end=seconds(length))
