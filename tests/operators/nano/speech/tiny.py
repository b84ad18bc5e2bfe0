"""Speech with weights drawn from a seed, small graphs as they ship: it babbles, but by all rules."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from operators.nano.speech.graphs import Speech, load

WORDS = ("one,", "two,", "three", "okay")


@lru_cache(maxsize=1)
def babbling() -> Speech:
    """Return speech that never learned."""
    graphs, weights = written()
    return load(graphs, {name: value.detach().numpy() for name, value in weights.items()} | NORM, WORDS)


@lru_cache(maxsize=1)
def written():
    """Return the graphs of untrained networks, and their weights as tensors."""
    import torch

    from simulations.nano.training import flow, speaking, vocoder
    from simulations.nano.training.causal import begin_weights
    from simulations.nano.training.speech_graphs import speech_graphs

    torch.set_num_threads(1)
    _, weights = speaking.begin(speaking.FIRST_WORD + len(WORDS), seed=1)
    weights = {**weights, **begin_weights(flow.shapes(), 2), **begin_weights(vocoder.shapes(), 3)}
    return speech_graphs(weights), weights


NORM = {"norm.mean": np.zeros(82, np.float32), "norm.deviation": np.ones(82, np.float32)}
