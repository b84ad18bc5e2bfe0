"""In torch and in onnxruntime it computes the same: tokens, hidden states, and what is decided."""

from __future__ import annotations

import numpy as np
import pytest

from operators.nano.loading import CHECKPOINT
from tests.operators.nano.shipped import nano, needs_torch, sound

pytestmark = needs_torch


@pytest.fixture(scope="module")
def weights():
    import torch

    from operators.minicpm_o.loading import load

    torch.set_num_threads(1)
    return load(CHECKPOINT)


def pieces() -> list:
    from operators.omni_flow.tokens.prompt import system_prompt
    from operators.omni_flow.tokens.vocabulary import IMAGE, IMAGE_END, UNIT

    words, tokens = nano().vocabulary, np.random.default_rng(8).normal(0, 0.5, (14, nano().config.width)).astype(np.float32)
    return [system_prompt(words, "answer what you are asked").tokens, (UNIT, IMAGE), tokens[:4], (IMAGE_END,), tokens[4:]]


def test_the_language_model_is_transformers_qwen3_under_published_ids(weights):
    assert type(weights.language).__name__ == "Qwen3ForCausalLM"
    (cache, hidden), (own, found) = (each.thinking.feed(each, each.thinking.begin(each), pieces()) for each in (weights, nano()))
    assert np.abs(hidden - found).max() < 1e-4
    assert cache.length == own.length
    ids = nano().ids
    assert np.abs(weights.thinking.logits(weights, hidden)[:, ids] - nano().thinking.logits(nano(), found)[:, ids]).max() < 1e-4


def test_the_same_state_machine_decides_the_same_on_both(weights):
    from operators.minicpm_o import duplexing
    from operators.nano.deciding import CHARACTERS, CHOOSING, policy
    from operators.omni_flow.deciding.steps import Generating
    from operators.omni_flow.tokens.prompt import system_prompt

    words, rng = nano().vocabulary, np.random.default_rng(9)
    prompt = system_prompt(words, "say so when the kettle boils")
    how = duplexing.Deciding(words.decode, Generating(characters=CHARACTERS, listen_in_turn="stop"), CHOOSING)
    sessions = {name: duplexing.prepare(of, prompt.prefix, prompt.suffix, policy=policy("basic", prompt.prefix[:1])) for name, of in both(weights)}
    for _ in range(25):
        picture, tokens = (rng.choice(nano().table, n).astype(np.float32) for n in (4, 10))
        came = {}
        for name, of in both(weights):
            session = duplexing.fed(of, sessions[name], [picture[None]], tokens)
            session, came[name], _ = duplexing.answer(of, session, how)
            sessions[name], _, _ = duplexing.close(of, session, words.decode)
        assert came["torch"].fed == came["onnx"].fed
        assert came["torch"].p_listen == pytest.approx(came["onnx"].p_listen, abs=1e-4)


def both(weights):
    return (("torch", weights), ("onnx", nano()))


def test_ears_and_eyes_give_the_same_tokens(weights):
    import torch

    from operators.nano import hearing, modules
    from operators.nano.mel import BEHIND, log_mel
    from operators.nano.seeing import look
    from simulations.nano.scenes import Scene, draw

    root = torch.nn.Module()
    root.apm, root.audio_projection_layer, root.vpm, root.resampler = weights.hearing, weights.projector, weights.sight, weights.resampler
    config, mel, found = nano().config, log_mel(np.pad(sound(4), (BEHIND, 0))), []
    words, phrases, _ = modules.hear(root.apm, config, torch.from_numpy(mel)[None], modules.quiet(config))
    past = hearing.quiet(config).past
    for part in np.split(mel, 40):
        token, _, _, past = hearing.encode(nano(), part, past)
        found.append(token)
    assert np.abs(modules.sound_tokens(root, words, phrases)[0].numpy() - np.array(found)).max() < 1e-4
    picture = draw(Scene(3, 4, 1), np.random.default_rng(4))
    pixels = torch.from_numpy(picture.transpose(2, 0, 1).copy())[None].float() / 127.5 - 1
    seen = modules.picture_tokens(root, modules.look(root, modules.patches(root.vpm, pixels)))
    assert np.abs(seen[0].numpy() - look(nano(), picture)[0]).max() < 1e-4


def test_weights_that_do_not_fit_are_refused(tmp_path):
    from operators.minicpm_o.loading import load
    from operators.nano.tensors import read_tensors, write_tensors

    weights = read_tensors(CHECKPOINT / "model.safetensors")
    weights.pop("apm.norm.weight")
    write_tensors(tmp_path / "model.safetensors", weights)
    (tmp_path / "config.json").write_bytes((CHECKPOINT / "config.json").read_bytes())
    with pytest.raises(ValueError, match=r"weights and config do not fit \(.*apm.norm.weight"):
        load(tmp_path)
