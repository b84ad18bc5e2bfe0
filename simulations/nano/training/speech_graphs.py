"""Write the networks of speech down as ONNX graphs that hold no weights: those are in the one file that ships."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from operators.nano.speech.acoustics import DIMENSIONS, MELS, UNIT
from simulations.nano.training import flow, speaking, vocoder
from simulations.nano.training.causal import CACHE, Weights

ELSEWHERE = "model.safetensors"


def speech_graphs(weights: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the graphs of the unit decoder, the flow and the vocoder, by name, as what onnxruntime loads."""
    import torch

    zeros, number = torch.zeros, torch.zeros(1, dtype=torch.int64)
    layers = (speaking.LAYERS, 2, speaking.HEADS, 3, speaking.WIDTH // speaking.HEADS)
    of = {part: {name: value.detach() for name, value in weights.items() if name.startswith(f"{part}.")} for part in ("speaking", "flow", "vocoder")}
    steps = len(flow.TIMES) - 1
    return {
        "speaking": graph(
            speaking.step,
            of["speaking"],
            {"token": number, "now": number + speaking.NO_WORD, "after": number + speaking.NO_WORD, "cache": zeros(*layers)},
            ("logits", "cache_out"),
            {"cache": {3: "past"}, "cache_out": {3: "present"}},
        ),
        "flow": graph(
            flow.forward,
            of["flow"],
            {
                "units": zeros(1, 5, dtype=torch.int64),
                "noise": zeros(1, 3 * UNIT, DIMENSIONS),
                "cache": zeros(steps, flow.BLOCKS, 1, CACHE, flow.WIDTH),
            },
            ("frames", "cache_out"),
            {"units": {1: "units"}, "noise": {1: "frames"}, "frames": {1: "made"}},
        ),
        "vocoder": graph(
            vocoder.forward,
            of["vocoder"],
            {"frames": zeros(1, 9, MELS + 2), "first": zeros(1, CACHE, MELS + 2), "cache": zeros(vocoder.BLOCKS, 1, CACHE, vocoder.WIDTH)},
            ("size", "cosine", "sine", "noise", "first_out", "cache_out"),
            {"frames": {1: "frames"}, **{name: {1: "made"} for name in ("size", "cosine", "sine", "noise")}},
        ),
    }


def graph(
    function: Callable[..., Any], weights: Weights, inputs: Mapping[str, Any], outputs: Sequence[str], axes: Mapping[str, Mapping[int, str]]
) -> bytes:
    """Trace a function of (weights, inputs) and return its ONNX graph, its weights named as given and kept elsewhere."""
    import onnx
    import torch

    names = list(weights)

    class Traced(torch.nn.Module):
        def forward(self, *given: Any) -> Any:
            return function(dict(zip(names, given)), *given[len(names) :])

    file: Any = io.BytesIO()
    how = {"input_names": [*names, *inputs], "output_names": list(outputs), "dynamic_axes": axes, "opset_version": 17, "dynamo": False}
    with warnings.catch_warnings():  # of the tracing exporter, which is the one that keeps weights apart as inputs
        warnings.simplefilter("ignore")
        torch.onnx.export(Traced(), (*weights.values(), *inputs.values()), file, **how)
    made = onnx.load_from_string(file.getvalue())
    kept = [each for each in made.graph.input if each.name not in weights]
    used = {name for node in made.graph.node for name in node.input}
    del made.graph.input[:]
    made.graph.input.extend(kept)
    made.graph.initializer.extend(_elsewhere(name, weights[name].shape) for name in names if name in used)
    return made.SerializeToString()


def _elsewhere(name: str, shape: Sequence[int]) -> Any:
    import onnx

    tensor = onnx.TensorProto(name=name, dims=list(shape), data_type=onnx.TensorProto.FLOAT, data_location=onnx.TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=ELSEWHERE)
    return tensor


def rounded(weights: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return weights as they ship: float16."""
    return {name: value.detach().numpy().astype(np.float16) for name, value in weights.items()}
