"""Say what differs between the arms, and nothing else does: the five rows of the paper's Table 1 (spec 5.1), and windows of 0.5 s."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from omniflow_graph.events import SECOND, seconds
from operators.omni_flow.tokens.groups import Form
from simulations.nano.sessions import Session, judged
from simulations.nano.timeline import timeline

ARMS: dict[str, Form] = {
    "1.0 s explicit LS": Form(),
    "1.0 s explicit LT": Form(control="LT"),
    "1.0 s implicit LT": Form("implicit", "LT"),
    "0.5 s explicit LS": Form(window_ns=seconds(0.5)),
    "0.2 s explicit LS": Form(window_ns=seconds(0.2)),
    "0.1 s explicit LS": Form(window_ns=seconds(0.1)),
}
UNSEEN = 0.4  # of the windows of a second have no picture, so that a place in the sequence does not give a window's bounds away
LEARNED, TESTED = 1 << 42, 1 << 43  # first seeds of the sessions to learn from, and to be judged by


def drawn(seed: int, form: Form, split: str = "train") -> Session:
    """Draw a session whose pictures are missing now and then: the same ones, whatever its windows are."""
    of = timeline(seed, split=split)
    lost = np.random.default_rng([seed, 4]).random(of.length // SECOND) < UNSEEN
    pictures = tuple(time for n, time in enumerate(of.pictures) if n == 0 or not lost[time // SECOND])
    return judged(replace(of, pictures=pictures), form.window_ns)
