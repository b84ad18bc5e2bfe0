"""onnxruntime computes what torch does, with weights that are not in the graphs."""

import numpy as np
import pytest

from operators.nano.speech.graphs import load, session
from operators.nano.speech.saying import BEGIN, FIRST_WORD, FLOW, LAYERS, LINE_END, NO_WORD, VOCODER, WORD_END
from tests.operators.nano.speech.tiny import NORM, WORDS, babbling, written

torch = pytest.importorskip("torch", reason="wants the extra model")


def test_the_decoder_scores_as_the_llama_that_was_trained():
    from simulations.nano.training import speaking

    model, weights = speaking.begin(FIRST_WORD + len(WORDS), seed=1)
    tokens = [BEGIN, FIRST_WORD, FIRST_WORD + 1, LINE_END, 5, 300, WORD_END, 7, WORD_END]
    now = [NO_WORD] * 3 + [FIRST_WORD] * 3 + [FIRST_WORD + 1] * 3
    after = [NO_WORD] * 3 + [FIRST_WORD + 1] * 3 + [LINE_END] * 3
    with torch.no_grad():
        wanted = speaking.logits(model.eval(), weights, *(torch.tensor([each]) for each in (tokens, now, after)))[0].numpy()
    cache, scores = np.zeros((*LAYERS[:3], 0, LAYERS[3]), np.float32), []
    for given in zip(tokens, now, after):
        fed = {name: np.array([value]) for name, value in zip(("token", "now", "after"), given)}
        out, cache = babbling().speaking.run(None, {**fed, "cache": cache})
        scores.append(out)
    assert np.abs(np.stack(scores) - wanted).max() < 1e-4


def test_the_flow_makes_the_same_frames():
    from simulations.nano.training import flow

    rng = np.random.default_rng(7)
    units, noise = rng.integers(0, 512, (1, 7)), rng.standard_normal((1, 20, 82)).astype(np.float32)
    cache = rng.standard_normal(FLOW).astype(np.float32)
    with torch.no_grad():
        wanted = flow.forward(written()[1], torch.tensor(units), torch.tensor(noise), torch.tensor(cache))
    for got, want in zip(babbling().flow.run(None, {"units": units, "noise": noise, "cache": cache}), wanted):
        assert np.abs(got - want.numpy()).max() < 1e-4


def test_the_vocoder_makes_the_same_filters():
    from simulations.nano.training import vocoder

    rng = np.random.default_rng(8)
    frames, first, cache = (rng.standard_normal(shape).astype(np.float32) for shape in ((1, 11, 82), (1, 6, 82), VOCODER))
    with torch.no_grad():
        wanted = vocoder.forward(written()[1], *map(torch.tensor, (frames, first, cache)))
    for got, want in zip(babbling().vocoder.run(None, {"frames": frames, "first": first, "cache": cache}), wanted):
        assert np.abs(got - want.numpy()).max() < 1e-4


def test_graphs_hold_no_weights():
    graphs, weights = written()
    assert sum(map(len, graphs.values())) < 300_000 < sum(weight.numel() for weight in weights.values())


def test_a_weight_that_is_missing_is_named():
    graphs, weights = written()
    given = {name: value.detach().numpy() for name, value in weights.items() if name.startswith("flow.") and name != "flow.out.w"}
    with pytest.raises(ValueError, match=r"flow: onnxruntime cannot load it with \d+ weights"):
        session(graphs["flow"], given, "flow")


def test_a_graph_that_is_missing_is_named():
    with pytest.raises(ValueError, match="speech: wants graphs speaking, flow, vocoder, missing flow, vocoder"):
        load({"speaking": b""}, NORM, WORDS)


def test_what_frames_are_normed_by_is_a_weight():
    graphs, weights = written()
    with pytest.raises(ValueError, match=r"speech: weights norm\.mean, norm\.deviation are missing"):
        load(graphs, {name: value.detach().numpy() for name, value in weights.items()}, WORDS)
