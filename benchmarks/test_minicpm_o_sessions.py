"""What a session of the published model costs besides its layers: a late second as much as an early one, a switch of modes next to nothing.

The encoder of sound has the published width and two layers. How large a snapshot for recovery is, is counted at the published width.
"""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest

from omniflow_graph import Event, seconds
from omniflow_graph.chance import Rng
from omniflow_graph.clock import wall_seconds
from operators.minicpm_o.config import Config
from operators.minicpm_o.hearing import Heard, hear_on
from operators.minicpm_o.mode_pipeline import Both, InDuplex, answers, fresh
from operators.minicpm_o.pipeline import Checkpoint, Ears, Mind, Seen, decide, listen
from operators.omni_flow.context.sliding import Policy
from operators.omni_flow.deciding.choosing import Choosing
from operators.omni_flow.deciding.steps import Generating
from operators.omni_flow.modes.switch import State
from operators.scripted.session_modes import Switch
from operators.turn_taking.transcript import Transcript
from tests.operators.minicpm_o import small
from tests.operators.minicpm_o.conftest import with_tokenizer
from tests.operators.minicpm_o.recipe import needs_torch

pytestmark = pytest.mark.model
RATE, WIDTH, WINDOWS = 16_000, 4096, 60
NOISE = np.random.default_rng(1).standard_normal(RATE).astype(np.float32) / 10


def test_second_614_costs_what_second_34_does(tmp_path, record_property):
    """Both are as far into a period of the encoder, 29 s, and of the frames' buffer, 10 s."""
    needs_torch()
    from operators.minicpm_o.loading import load

    whole = Config()
    language = replace(whole.language, hidden_size=64, intermediate_size=64, num_attention_heads=1, num_key_value_heads=1, vocab_size=100)
    of = Config(replace(language, num_hidden_layers=1), replace(whole.sight, num_hidden_layers=1), replace(whole.hearing, encoder_layers=2), None)
    weights = load(small.write(Path(tmp_path) / "c", of), check=False)
    state, at = Heard(), {}
    for second in range(615):
        if second in (34, 614):
            at[second] = state
        state, _ = hear_on(weights, state, NOISE)
    assert [(before.rows, len(before.waiting), before.mel.given % 29) for before in at.values()] == [(250, 80, 5)] * 2
    taken: dict[int, list[float]] = {34: [], 614: []}
    for _ in range(9):
        for second, before in at.items():
            began = wall_seconds()
            hear_on(weights, before, NOISE)
            taken[second].append(wall_seconds() - began)
    early, late = (median(each) * 1000 for each in taken.values())
    record_property("ratio", late / early)
    print(f"second 34: {early:.1f} ms, second 614: {late:.1f} ms, {late / early:.2f} times")
    assert 0.8 < late / early < 1.25


def test_a_switch_takes_less_than_a_millisecond(record_property):
    """A session with a cache of 256 MB goes to turn-based mode and back; its memory is let go of, too."""
    needs_torch()
    import torch

    taken, rng = [], Rng(1, "s", "answer")
    for n in range(100):
        state = State(fresh("duplex", "reset"))
        assert isinstance(state.inner, InDuplex)
        state.inner.mind.cache.value = torch.empty(256 << 20, dtype=torch.uint8)
        both = Both(state)
        del state
        for to in ("turn-based", "duplex"):
            event: Event[Any] = Event(seconds(n + 1), "hear", n, Switch(to, Transcript()))
            began = wall_seconds()
            both, _ = answers(both, event, rng, how="carry", duplex=decide, chat=decide)
            taken.append(wall_seconds() - began)
    found = median(taken) * 1000
    record_property("ms", found)
    print(f"a switch: {found:.3f} ms, at most {max(taken) * 1000:.3f} ms")
    assert found < 1


def test_a_snapshot_is_as_large_as_what_was_seen_and_heard(tmp_path, record_property):
    """Count what recovery keeps of a minute of windows with a picture each: nothing of it is a cache."""
    needs_torch()
    from io import BytesIO

    from PIL import Image

    shown = BytesIO()
    Image.fromarray(np.zeros((30, 40, 3), np.uint8)).save(shown, "JPEG")
    model = Checkpoint(str(with_tokenizer(small.write(tmp_path / "c", small.TALKING))))
    settings = {"system": "Be brief.", "generating": Generating(cap=5), "choosing": Choosing(), "policy": Policy("basic")}
    ears, mind, rng = Ears(), Mind(), Rng(7, "s", "decide")
    sound, picture = (NOISE * 20_000).astype("<i2").tobytes(), np.zeros((1, 64, 16), np.float32)
    for k in range(WINDOWS):
        ears, (perceived,) = listen(ears, Event(seconds(k + 1), "look", k, Seen(k, seconds(k + 1), (picture,), sound)), model=model)
        mind, _ = decide(mind, Event(seconds(k + 1), "listen", k, perceived), rng, model=model, **settings)
    assert mind.session is not None
    wide = tuple(tuple(np.zeros((*rows.shape[:-1], WIDTH), np.float32) for rows in unit) for unit in mind.session.shown)
    whole = replace(mind, session=replace(mind.session, shown=wide))
    heard, thought, narrow = (len(pickle.dumps(each)) / 1e6 for each in (ears, whole, replace(mind, session=replace(mind.session, shown=()))))
    record_property("mb", heard + thought)
    kept = f"sound {heard:.1f} MB, {len(wide)} windows in {mind.session.context.length} rows {thought:.1f} MB, all else {narrow:.3f} MB"
    print(f"a snapshot after {WINDOWS} windows: {kept}")
    assert narrow < 0.1
