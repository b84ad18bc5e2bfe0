"""Trace what nano computes into graphs for onnxruntime that hold no weights: those are in the one file that ships."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from operators.nano.config import Config
from operators.nano.loading import PARTS, WEIGHTS
from operators.nano.modules import hear, look, patches, picture_tokens, quiet, sound_tokens


def graph_of(name: str, root: Any, config: Config) -> bytes:
    """Trace one part of a model."""
    import torch

    if name == "hearing":
        past = quiet(config)
        inputs = {"mel": torch.zeros(1, 10, config.bands), **{f"before_{n}": each for n, each in enumerate(past)}}
        outputs = ("token", "words", "phrases", *(f"after_{n}" for n in range(len(past))))
        return _traced(root, lambda root, mel, *before: _hearing(root, config, mel, before), inputs, outputs, {}, PARTS[name])
    if name == "sight":
        inputs = {"picture": torch.zeros(1, 3, config.image, config.image)}
        outputs = ("tokens", *(f"attribute_{n}" for n in range(len(config.scene))))
        return _traced(root, _sight, inputs, outputs, {}, PARTS[name])
    outputs = ("hidden", "keys_out", "values_out")
    axes = {name: {0: "new"} for name in ("rows", "cos", "sin", "hidden")} | {"mask": {0: "new", 1: "all"}}
    axes |= {name: {2: "past"} for name in ("keys", "values")} | {name: {2: "all"} for name in ("keys_out", "values_out")}
    return _traced(root, lambda root, *given: _thinking(root.llm.model, config, *given), _rows(config), outputs, axes, PARTS[name])


def _rows(config: Config, new: int = 3, past: int = 4) -> dict[str, Any]:
    """Return what thinking takes, of any numbers of rows."""
    import torch

    of = config.language
    turning = torch.zeros(new, of.head_dim)
    cache = torch.zeros(of.num_hidden_layers, of.num_key_value_heads, past, of.head_dim)
    rows, mask = torch.zeros(new, config.width), torch.zeros(new, past + new)
    return {"rows": rows, "cos": turning, "sin": turning.clone(), "mask": mask, "keys": cache, "values": cache.clone()}


def _hearing(root: Any, config: Config, mel: Any, before: Sequence[Any]) -> tuple[Any, ...]:
    words, phrases, after = hear(root.apm, config, mel, [*before])
    return sound_tokens(root, words, phrases), words.softmax(-1), phrases.softmax(-1), *after


def _sight(root: Any, picture: Any) -> tuple[Any, ...]:
    logits = look(root, patches(root.vpm, picture))
    return picture_tokens(root, logits), *logits


def _thinking(model: Any, config: Config, rows: Any, cos: Any, sin: Any, mask: Any, keys: Any, values: Any) -> tuple[Any, Any, Any]:
    """Feed rows [n, D] behind a cache [layer, head, past, width]: hidden states, and the cache with them."""
    import torch

    width, shared = config.width // config.heads, config.heads // config.key_heads
    all_keys, all_values = [], []
    for n, layer in enumerate(model.layers):
        of, normed = layer.self_attn, _normed(layer.input_layernorm, rows)
        query, key = (
            _turned(_normed(norm, proj(normed).unflatten(-1, (-1, width))).transpose(0, 1), cos, sin)
            for norm, proj in ((of.q_norm, of.q_proj), (of.k_norm, of.k_proj))
        )
        all_keys.append(torch.cat([keys[n], key], dim=1))
        all_values.append(torch.cat([values[n], of.v_proj(normed).unflatten(-1, (-1, width)).transpose(0, 1)], dim=1))
        seen, held = (torch.repeat_interleave(each[-1], shared, dim=0) for each in (all_keys, all_values))
        weights = (query @ seen.transpose(1, 2) * width**-0.5 + mask).softmax(-1)
        rows = rows + of.o_proj((weights @ held).transpose(0, 1).flatten(1))
        rows = rows + layer.mlp(_normed(layer.post_attention_layernorm, rows))
    return _normed(model.norm, rows), torch.stack(all_keys), torch.stack(all_values)


def _normed(norm: Any, rows: Any) -> Any:
    return norm.weight * (rows * (rows.pow(2).mean(-1, keepdim=True) + norm.variance_epsilon).rsqrt())


def _turned(rows: Any, cos: Any, sin: Any) -> Any:
    import torch

    low, high = rows.chunk(2, dim=-1)
    return rows * cos + torch.cat([-high, low], dim=-1) * sin


def _traced(
    root: Any, function: Callable[..., Any], inputs: Mapping[str, Any], outputs: Sequence[str], axes: Mapping[str, Any], parts: tuple[str, ...]
) -> bytes:
    """Trace a function of (model, inputs). Weights keep their names in the graph, and are elsewhere."""
    import onnx
    import torch

    class Traced(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.root = root

        def forward(self, *given: Any) -> Any:
            return function(self.root, *given)

    file: Any = io.BytesIO()
    with torch.no_grad():
        torch.onnx.export(
            Traced().eval(), tuple(inputs.values()), file, input_names=[*inputs], output_names=list(outputs), dynamic_axes=axes,
            opset_version=17, do_constant_folding=False, dynamo=False,
        )  # fmt: skip
    made = onnx.load_from_string(file.getvalue())
    held = {f"root.{name}" for name, _ in root.named_parameters() if name.startswith(parts)}
    for node in made.graph.node:
        for place, name in enumerate(node.input):
            if name in held:
                node.input[place] = name.removeprefix("root.")
    constants = [each for each in made.graph.initializer if not each.name.startswith("root.")]
    named = [_elsewhere(each) for each in made.graph.initializer if each.name in held]
    del made.graph.initializer[:]
    made.graph.initializer.extend([*constants, *named])
    return made.SerializeToString()


def _elsewhere(held: Any) -> Any:
    import onnx

    tensor = onnx.TensorProto(name=held.name.removeprefix("root."), dims=list(held.dims), data_type=onnx.TensorProto.FLOAT)
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=WEIGHTS)
    return tensor
