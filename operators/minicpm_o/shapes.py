"""Name every weight of a checkpoint with its shape: what a file must hold, neither more nor less.

Source: spec 2. Layers are counted in the file. The speech decoder's weights are all there, or none is.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from operators.minicpm_o.config import Config, Hearing, Language, Sight, Speech

Shape = tuple[int, ...]
LAYERS = {"llm": "llm.model.layers.", "vpm": "vpm.encoder.layers.", "apm": "apm.layers.", "tts": "tts.model.layers."}


def expected(config: Config) -> dict[str, Shape]:
    """Return the shape of every weight by its name.

    >>> shapes = expected(Config())
    >>> len(shapes), shapes["llm.lm_head.weight"]
    (1414, (151748, 4096))
    """
    width = config.language.hidden_size
    found = [*_language(config.language), *_sight(config.sight), *_resampler(config), *_hearing(config.hearing)]
    found += _two_linears("audio_projection_layer", config.hearing.encoder_ffn_dim // 4, width)
    return dict([*found, *(_speech(config.speech) if config.speech else ())])


def counted(config: Config, keys: Iterable[str], where: str) -> Config:
    """Set the numbers of layers to what a file holds, and say where the config has another number; see whether it holds speech."""
    keys = set(keys)
    layers = {part: _layers(keys, prefix) for part, prefix in LAYERS.items()}
    speech = config.speech if any(key.startswith("tts.") for key in keys) else None
    said = {"llm": config.language.num_hidden_layers, "vpm": config.sight.num_hidden_layers, "apm": config.hearing.encoder_layers}
    said |= {"tts": speech.num_hidden_layers} if speech else {}
    for part, number in said.items():
        if layers[part] and number != layers[part]:
            warnings.warn(
                f"checkpoint {where}: config.json says {number} layers of {part}, the weights hold {layers[part]}, and are believed", stacklevel=3
            )
    count = {part: layers[part] or number for part, number in said.items()}
    return replace(
        config,
        language=replace(config.language, num_hidden_layers=count["llm"]),
        sight=replace(config.sight, num_hidden_layers=count["vpm"]),
        hearing=replace(config.hearing, encoder_layers=count["apm"]),
        speech=replace(speech, num_hidden_layers=count["tts"]) if speech else None,
    )


def check_shapes(held: Mapping[str, Shape], config: Config, where: str) -> None:
    """Compare what a file holds with what it must hold. Raises ValueError that names the first key that is missing, extra, or misshapen."""
    wanted = expected(config)
    missing, extra = sorted(wanted.keys() - held.keys()), sorted(held.keys() - wanted.keys())
    if missing:
        raise ValueError(f"checkpoint {where}: lacks {missing[0]}, {list(wanted[missing[0]])}{_more(missing)}; copy it again, or mend {where}")
    if extra:
        raise ValueError(f"checkpoint {where}: holds {extra[0]}, which MiniCPM-o 4.5 has not{_more(extra)}; name a folder of MiniCPM-o 4.5")
    for key, shape in wanted.items():
        if held[key] != shape:
            raise ValueError(f"checkpoint {where}: wants {key} as {list(shape)}, by its config.json, got {list(held[key])}")


def _more(keys: list[str]) -> str:
    return f", and {len(keys) - 1} more" if len(keys) > 1 else ""


def _layers(keys: set[str], prefix: str) -> int:
    numbers = {int(found[1]) for key in keys if key.startswith(prefix) and (found := re.match(r"(\d{1,4})\.", key[len(prefix) :]))}
    return max(numbers) + 1 if numbers else 0


def _both(name: str, shape: Shape) -> Iterator[tuple[str, Shape]]:
    """Name a weight and its bias."""
    yield f"{name}.weight", shape
    yield f"{name}.bias", shape[:1]


def _two_linears(name: str, inner: int, outer: int) -> Iterator[tuple[str, Shape]]:
    yield from _both(f"{name}.linear1", (outer, inner))
    yield from _both(f"{name}.linear2", (outer, outer))


def _gated(prefix: str, width: int, inner: int, query: int, key: int) -> Iterator[tuple[str, Shape]]:
    """Name one layer of Qwen3 or Llama."""
    for name, shape in (("q", (query, width)), ("k", (key, width)), ("v", (key, width)), ("o", (width, query))):
        yield f"{prefix}self_attn.{name}_proj.weight", shape
    for name, shape in (("gate", (inner, width)), ("up", (inner, width)), ("down", (width, inner))):
        yield f"{prefix}mlp.{name}_proj.weight", shape
    for name in ("input_layernorm", "post_attention_layernorm"):
        yield f"{prefix}{name}.weight", (width,)


def _language(of: Language) -> Iterator[tuple[str, Shape]]:
    width = of.hidden_size
    yield "llm.model.embed_tokens.weight", (of.vocab_size, width)
    for n in range(of.num_hidden_layers):
        prefix = f"{LAYERS['llm']}{n}."
        yield from _gated(prefix, width, of.intermediate_size, of.num_attention_heads * of.head_dim, of.num_key_value_heads * of.head_dim)
        yield f"{prefix}self_attn.q_norm.weight", (of.head_dim,)
        yield f"{prefix}self_attn.k_norm.weight", (of.head_dim,)
    yield "llm.model.norm.weight", (width,)
    yield "llm.lm_head.weight", (of.vocab_size, width)


def _sight(of: Sight) -> Iterator[tuple[str, Shape]]:
    width, inner = of.hidden_size, of.intermediate_size
    yield from _both("vpm.embeddings.patch_embedding", (width, 3, of.patch_size, of.patch_size))
    yield "vpm.embeddings.position_embedding.weight", (of.side**2, width)
    for n in range(of.num_hidden_layers):
        prefix = f"{LAYERS['vpm']}{n}."
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            yield from _both(f"{prefix}self_attn.{name}", (width, width))
        for name, shape in (("layer_norm1", (width,)), ("layer_norm2", (width,)), ("mlp.fc1", (inner, width)), ("mlp.fc2", (width, inner))):
            yield from _both(f"{prefix}{name}", shape)
    yield from _both("vpm.post_layernorm", (width,))


def _resampler(config: Config) -> Iterator[tuple[str, Shape]]:
    width = config.language.hidden_size
    yield "resampler.query", (config.queries, width)
    yield "resampler.proj", (width, width)
    yield "resampler.kv_proj.weight", (width, config.sight.hidden_size)
    yield "resampler.attn.in_proj_weight", (3 * width, width)
    yield "resampler.attn.in_proj_bias", (3 * width,)
    yield from _both("resampler.attn.out_proj", (width, width))
    for name in ("ln_q", "ln_kv", "ln_post"):
        yield from _both(f"resampler.{name}", (width,))


def _hearing(of: Hearing) -> Iterator[tuple[str, Shape]]:
    width, inner = of.d_model, of.encoder_ffn_dim
    yield from _both("apm.conv1", (width, of.num_mel_bins, 3))
    yield from _both("apm.conv2", (width, width, 3))
    yield "apm.embed_positions.weight", (of.max_source_positions, width)
    for n in range(of.encoder_layers):
        prefix = f"{LAYERS['apm']}{n}."
        yield f"{prefix}self_attn.k_proj.weight", (width, width)
        for name in ("v_proj", "q_proj", "out_proj"):
            yield from _both(f"{prefix}self_attn.{name}", (width, width))
        for name, shape in (("self_attn_layer_norm", (width,)), ("final_layer_norm", (width,)), ("fc1", (inner, width)), ("fc2", (width, inner))):
            yield from _both(f"{prefix}{name}", shape)
    yield from _both("apm.layer_norm", (width,))


def _speech(of: Speech) -> Iterator[tuple[str, Shape]]:
    width, head = of.hidden_size, of.hidden_size // of.num_attention_heads
    yield "tts.emb_text.weight", (of.num_text_tokens, width)
    yield "tts.model.embed_tokens.weight", (of.vocab_size, width)
    for n in range(of.num_hidden_layers):
        yield from _gated(f"{LAYERS['tts']}{n}.", width, of.intermediate_size, width, of.num_key_value_heads * head)
    yield "tts.model.norm.weight", (width,)
    for name in ("semantic", "spk"):
        yield from _two_linears(f"tts.projector_{name}", of.llm_dim, width)
    for n in range(of.num_vq):
        yield f"tts.emb_code.{n}.weight", (of.num_audio_tokens, width)
        yield f"tts.head_code.{n}.parametrizations.weight.original0", (of.num_audio_tokens, 1)
        yield f"tts.head_code.{n}.parametrizations.weight.original1", (of.num_audio_tokens, width)
