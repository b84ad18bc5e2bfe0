"""Name every weight of a voice with its shape, sizes read off the weights themselves: what its two files must hold, no more and no less.

Source: spec 6.7, and the names that the published runtimes give their layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import Literal, NamedTuple

from operators.minicpm_o.voice.noise import BANDS, HARMONICS
from operators.minicpm_o.voice.shaping import DILATIONS, RATES, WINDOW

Version = Literal["hift", "causal"]
Shape = tuple[int, ...]
CODES, SPEAKER, SINES = 6561, 192, 256
KERNELS, SOURCE_KERNELS, UP_KERNELS = (3, 7, 11), (7, 7, 11), (16, 11, 7)


class FlowSizes(NamedTuple):
    """Hold the sizes of the flow; as published by default."""

    width: int = 512
    heads: int = 8
    inner: int = 2048
    blocks: int = 6
    up_blocks: int = 4
    estimator: int = 512
    estimator_heads: int = 8
    head: int = 64
    estimator_inner: int = 2048
    depth: int = 16


class VocoderSizes(NamedTuple):
    """Hold the sizes of a vocoder, and which it is; as published by default."""

    version: Version = "hift"
    channels: int = 512
    pitch: int = 512


def check_flow(held: Mapping[str, Shape], where: str) -> FlowSizes:
    """Check the flow's names and shapes. Raises ValueError for the first that is missing, extra, or misshapen."""
    names = {kind: {key.split(".")[at] for key in held if key.startswith(f"{kind}.")} for kind, at in _BLOCKS.items()}
    blocks, up_blocks, depth = (len(each) for each in names.values())
    width, heads = _size(held, "input_embedding.weight", 1, where), _size(held, "encoder.encoders.0.self_attn.pos_bias_u", 0, where)
    block, head = "decoder.estimator.blocks.0", _size(held, "decoder.estimator.blocks.0.attn.q_norm.weight", 0, where)
    sizes = FlowSizes(
        width,
        heads,
        _size(held, "encoder.encoders.0.feed_forward.w_1.weight", 0, where),
        blocks,
        up_blocks,
        _size(held, "decoder.estimator.in_proj.weight", 0, where),
        _size(held, f"{block}.attn.to_q.weight", 0, where) // max(head, 1),
        head,
        _size(held, f"{block}.mlp.fc1.weight", 0, where),
        depth,
    )
    if width % max(heads, 1):
        raise ValueError(f"voice {where}: wants a width that {heads} heads share, got {width}; copy it again")
    _check(held, dict(flow(sizes)), where)
    return sizes


_BLOCKS = {"encoder.encoders": 2, "encoder.up_encoders": 2, "decoder.estimator.blocks": 3}


def check_vocoder(held: Mapping[str, Shape], where: str) -> VocoderSizes:
    """Check a vocoder's names and shapes, and tell which it is. Raises ValueError as `check_flow`."""
    kernel = _size(held, "conv_pre.weight", 2, where)
    channels, pitch = _size(held, "conv_pre.weight", 0, where), _size(held, "f0_predictor.classifier.weight", 1, where)
    sizes = VocoderSizes("causal" if kernel == 5 else "hift", channels, pitch)
    _check(held, dict(vocoder(sizes)), where)
    return sizes


def _size(held: Mapping[str, Shape], key: str, dim: int, where: str) -> int:
    if key not in held or len(held[key]) <= dim:
        raise ValueError(f"voice {where}: lacks {key}; name a folder with the voice of MiniCPM-o 4.5")
    return held[key][dim]


def _check(held: Mapping[str, Shape], wanted: Mapping[str, Shape], where: str) -> None:
    for key in sorted(wanted.keys() - held.keys()):
        raise ValueError(f"voice {where}: lacks {key}, {list(wanted[key])}; copy it again")
    for key in sorted(held.keys() - wanted.keys()):
        raise ValueError(f"voice {where}: holds {key}, which the voice of MiniCPM-o 4.5 has not; name its folder")
    for key, shape in wanted.items():
        if tuple(held[key]) != shape:
            raise ValueError(f"voice {where}: wants {key} as {list(shape)}, got {list(held[key])}; copy it again")


def _both(name: str, *shape: int, bias: int | None = None) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.weight", shape
    yield f"{name}.bias", (shape[0] if bias is None else bias,)


def flow(of: FlowSizes) -> Iterator[tuple[str, Shape]]:
    """Name the flow's weights."""
    width, inner = of.width, of.inner
    yield "input_embedding.weight", (CODES, width)
    yield from _both("spk_embed_affine_layer", BANDS, SPEAKER)
    for name in ("embed", "up_embed"):
        yield from _both(f"encoder.{name}.out.0", width, width)
        yield from _both(f"encoder.{name}.out.1", width)
    yield from _both("encoder.after_norm", width)
    for name, kernel in (("pre_lookahead_layer.conv1", 4), ("pre_lookahead_layer.conv2", 3), ("up_layer.conv", 5)):
        yield from _both(f"encoder.{name}", width, width, kernel)
    for name, count in (("encoders", of.blocks), ("up_encoders", of.up_blocks)):
        for n in range(count):
            yield from _conformer_block(f"encoder.{name}.{n}", width, of.heads, inner)
    yield from _both("encoder_proj", BANDS, width)
    yield from _estimator(of)


def _conformer_block(name: str, width: int, heads: int, inner: int) -> Iterator[tuple[str, Shape]]:
    for letter in "uv":
        yield f"{name}.self_attn.pos_bias_{letter}", (heads, width // heads)
    for layer in ("q", "k", "v", "out"):
        yield from _both(f"{name}.self_attn.linear_{layer}", width, width)
    yield f"{name}.self_attn.linear_pos.weight", (width, width)
    yield from _both(f"{name}.feed_forward.w_1", inner, width)
    yield from _both(f"{name}.feed_forward.w_2", width, inner)
    yield from _both(f"{name}.norm_ff", width)
    yield from _both(f"{name}.norm_mha", width)


def _estimator(of: FlowSizes) -> Iterator[tuple[str, Shape]]:
    width, all_heads, start = of.estimator, of.estimator_heads * of.head, "decoder.estimator"
    yield from _both(f"{start}.t_embedder.mlp.0", width, SINES)
    yield from _both(f"{start}.t_embedder.mlp.2", width, width)
    yield from _both(f"{start}.in_proj", width, 4 * BANDS)
    for n in range(of.depth):
        name = f"{start}.blocks.{n}"
        for layer in ("to_q", "to_k", "to_v"):
            yield from _both(f"{name}.attn.{layer}", all_heads, width)
        for layer in ("q_norm", "k_norm"):
            yield from _both(f"{name}.attn.{layer}", of.head)
        yield from _both(f"{name}.attn.proj", width, all_heads)
        yield from _both(f"{name}.mlp.fc1", of.estimator_inner, width)
        yield from _both(f"{name}.mlp.fc2", width, of.estimator_inner)
        yield from _both(f"{name}.conv.block.1", width, width, 3)
        yield from _both(f"{name}.conv.block.3", width)
        yield from _both(f"{name}.conv.block.6", width, width, 3)
        yield from _both(f"{name}.adaLN_modulation.1", 9 * width, width)
    yield from _both(f"{start}.final_layer.adaLN_modulation.1", 2 * width, width)
    yield from _both(f"{start}.final_layer.linear", BANDS, width)


def vocoder(of: VocoderSizes) -> Iterator[tuple[str, Shape]]:
    """Name a vocoder's weights."""
    causal, columns = of.version == "causal", WINDOW + 2
    yield from _both("m_source.l_linear", 1, HARMONICS)
    yield from _both("conv_pre", of.channels, BANDS, 5 if causal else 7)
    for n, kernel in enumerate(UP_KERNELS):
        wide, narrow = of.channels >> n, of.channels >> (n + 1)
        yield from _both(f"ups.{n}", *((narrow, wide, kernel) if causal else (wide, narrow, kernel)), bias=narrow)
        rate = prod(RATES[n + 1 :])
        yield from _both(f"source_downs.{n}", narrow, columns, 2 * rate if rate > 1 else 1)
        yield from _residual(f"source_resblocks.{n}", narrow, SOURCE_KERNELS[n])
        for k, kernel in enumerate(KERNELS):
            yield from _residual(f"resblocks.{n * len(KERNELS) + k}", narrow, kernel)
    yield from _both("conv_post", columns, of.channels >> len(RATES), 7)
    for n in range(5):
        kernel = 4 if causal and not n else 3
        yield from _both(f"f0_predictor.condnet.{2 * n}", of.pitch, of.pitch if n else BANDS, kernel)
    yield from _both("f0_predictor.classifier", 1, of.pitch)


def _residual(name: str, channels: int, kernel: int) -> Iterator[tuple[str, Shape]]:
    for n in range(len(DILATIONS)):
        for half in (1, 2):
            yield from _both(f"{name}.convs{half}.{n}", channels, channels, kernel)
            yield f"{name}.activations{half}.{n}.alpha", (channels,)
