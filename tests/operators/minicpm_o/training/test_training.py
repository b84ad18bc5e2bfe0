"""One loss trains all of the model: each parameter that is used gets a gradient, and a dialogue is learned."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from operators.minicpm_o import duplexing
from operators.minicpm_o.duplexing import Deciding
from operators.minicpm_o.hearing import Heard, hear_on
from operators.minicpm_o.seeing import see
from operators.minicpm_o.training.example import example
from operators.minicpm_o.training.loss import listened, look, loss_of
from operators.minicpm_o.training.stepping import learn, parameters, trainable
from operators.omni_flow.deciding.choosing import Choosing
from operators.omni_flow.deciding.steps import Generating
from operators.omni_flow.interleaving.dialogue import dialogue
from operators.omni_flow.interleaving.interleave import supervise
from tests.operators.minicpm_o import small
from tests.operators.minicpm_o.recipe import needs_torch

pytestmark = pytest.mark.model
ORACLE = Path(__file__).parents[2] / "omni_flow" / "interleaving" / "oracle" / "case_1_01.json"
PROMPT = (151_644, 8948, 198, 151_645)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    needs_torch()
    from operators.minicpm_o.loading import load

    return load(small.write(tmp_path_factory.mktemp("training") / "checkpoint", small.SINGING))


def shown(count):
    rng = np.random.default_rng(9)
    pictures = [rng.integers(0, 256, (28, 28, 3), np.uint8) if k in (0, 4) else None for k in range(count)]
    return pictures, [rng.standard_normal(16_000).astype(np.float32) / 10 for _ in range(count)]


def oracle():
    units = supervise(dialogue(json.loads(ORACLE.read_text(encoding="utf-8")), name=ORACLE.name))
    return units, example(units, *shown(8), prompt=PROMPT, codes=6561, seed=1)


def test_every_parameter_that_is_used_gets_a_gradient(fresh):
    weights = trainable(fresh)
    _, of = oracle()
    loss_of(weights, of).whole.backward()
    without = [name for name, each in parameters(weights) if each.grad is None or not bool(each.grad.abs().sum() > 0)]
    assert without == []
    assert len([name for name, _ in parameters(weights) if name.startswith("speech.")]) == 18


def test_speech_alone_trains_what_was_seen_and_heard(fresh):
    weights = trainable(fresh)
    loss_of(weights, oracle()[1]).codes.backward()
    parts = {name.split(".")[0] for name, each in parameters(weights) if each.grad is not None and bool(each.grad.abs().sum() > 0)}
    assert parts == {"language", "sight", "resampler", "hearing", "projector", "speech"}
    assert weights.language.lm_head.weight.grad is None


def test_what_is_encoded_for_training_is_what_a_session_encodes(fresh):
    pictures, sounds = shown(3)
    state, session = Heard(), []
    for sound in sounds:
        state, rows = hear_on(fresh, state, sound)
        session.append(rows)
    assert np.allclose([rows.detach().numpy() for rows in listened(fresh, tuple(sounds))], session, atol=1e-5)
    assert np.allclose(look(fresh, pictures[0]).detach().numpy(), see(fresh, [pictures[0]])[0][0], atol=1e-5)


def test_a_dialogue_is_learned_and_its_windows_listen_and_speak_as_in_it(fresh):
    units, of = oracle()
    losses = []
    weights = learn(trainable(fresh), of, 50, rate=0.02, told=lambda step, loss: losses.append(loss.whole.item()))
    assert losses[-1] < 0.5 * losses[0]
    assert pattern(weights) == ["speak" if k in {unit.unit for unit in units if len(unit.ids) > 1} else "listen" for k in range(8)]


def pattern(weights):
    """Run a session of what was learned, and say what each window did."""
    session, found = duplexing.prepare(weights, PROMPT), []
    deciding = Deciding(lambda ids: "", Generating(), Choosing(mode="greedy"))
    for picture, sound in zip(*shown(8)):
        session = duplexing.take_in(weights, session, sound=sound, pictures=[picture] if picture is not None else [])
        session, outcome, _ = duplexing.answer(weights, session, deciding)
        session, _, _ = duplexing.close(weights, session, lambda ids: "")
        found.append(outcome.choice)
    return found


def test_windows_without_sound_are_refused():
    with pytest.raises(ValueError, match="wants sound in each window"):
        example([], [None], [np.zeros(0, np.float32)], prompt=PROMPT, codes=10)
