"""What holds the weights: modules of transformers and torch, made without memory, under the names that the checkpoint's keys have.

Only what holds weights and what is the same in every place is theirs; the package's docstring has the table.
"""

from __future__ import annotations

from dataclasses import asdict

from operators.minicpm_o.config import Config, Language
from operators.minicpm_o.door import Module, blocks, torch


def skeleton(config: Config) -> Module:
    """Make all modules but the speech decoder's on torch's meta device: shapes, and no memory."""
    t = torch()
    with t.device("meta"):
        root = t.nn.Module()
        root.llm = _language(config.language)
        root.vpm = _sight(config)
        root.resampler = _resampler(config)
        root.apm = _hearing(config)
        root.audio_projection_layer = t.nn.Module()
        root.audio_projection_layer.linear1 = t.nn.Linear(config.hearing.encoder_ffn_dim // 4, config.language.hidden_size)
        root.audio_projection_layer.linear2 = t.nn.Linear(config.language.hidden_size, config.language.hidden_size)
    return root.requires_grad_(False).eval()


def _language(of: Language) -> Module:
    given = {**asdict(of), "tie_word_embeddings": False, "attention_bias": False, "use_sliding_window": False}
    settings = blocks("models.qwen3.configuration_qwen3").Qwen3Config(**given)
    return blocks("models.qwen3.modeling_qwen3").Qwen3ForCausalLM(settings)


def _sight(config: Config) -> Module:
    nn, of = torch().nn, config.sight
    settings = blocks("models.siglip.configuration_siglip").SiglipVisionConfig(
        **asdict(of), hidden_act="gelu_pytorch_tanh", attention_dropout=0.0, attn_implementation="sdpa"
    )
    vpm = nn.Module()
    vpm.embeddings = nn.Module()
    vpm.embeddings.patch_embedding = nn.Conv2d(3, of.hidden_size, of.patch_size, of.patch_size)
    vpm.embeddings.position_embedding = nn.Embedding(of.side**2, of.hidden_size)
    vpm.encoder = blocks("models.siglip.modeling_siglip").SiglipEncoder(settings)
    vpm.post_layernorm = nn.LayerNorm(of.hidden_size, eps=of.layer_norm_eps)
    return vpm


def _resampler(config: Config) -> Module:
    t, width = torch(), config.language.hidden_size
    resampler = t.nn.Module()
    resampler.query = t.nn.Parameter(t.empty(config.queries, width))
    resampler.proj = t.nn.Parameter(t.empty(width, width))
    resampler.kv_proj = t.nn.Linear(config.sight.hidden_size, width, bias=False)
    resampler.attn = t.nn.MultiheadAttention(width, config.resampler_heads, batch_first=True)
    for name in ("ln_q", "ln_kv", "ln_post"):
        setattr(resampler, name, t.nn.LayerNorm(width, eps=1e-6))
    return resampler


def _hearing(config: Config) -> Module:
    of = config.hearing
    settings = blocks("models.whisper.configuration_whisper").WhisperConfig(
        **asdict(of), dropout=0.0, attention_dropout=0.0, activation_dropout=0.0, encoder_layerdrop=0.0, activation_function="gelu"
    )
    return blocks("models.whisper.modeling_whisper").WhisperEncoder(settings)
