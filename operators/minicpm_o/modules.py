"""What holds the weights: modules of transformers and torch, made without memory, under the names that the checkpoint's keys have.

Only what holds weights and what is the same in every place is theirs; the package's docstring has the table.
"""

from __future__ import annotations

from dataclasses import asdict

from operators.minicpm_o.config import Config, Language, Speech
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


def speaker(of: Speech) -> Module:
    """Make the speech decoder's modules on torch's meta device, but for those that are in a file and that nobody uses.

    Its head is kept as lengths and directions, as in the file: it can be trained so, and is folded into one before it is used.
    """
    t, kept = torch(), ("hidden_size", "intermediate_size", "num_attention_heads", "num_key_value_heads", "num_hidden_layers", "rms_norm_eps")
    settings = blocks("models.llama.configuration_llama").LlamaConfig(**{name: getattr(of, name) for name in kept}, head_dim=of.head_dim)
    llama = blocks("models.llama.modeling_llama")
    with t.device("meta"):
        tts = t.nn.Module()
        tts.emb_text = t.nn.Embedding(of.num_text_tokens, of.hidden_size)
        tts.emb_code = t.nn.ModuleList([t.nn.Embedding(of.num_audio_tokens, of.hidden_size)])
        tts.projector_semantic = t.nn.Module()
        tts.projector_semantic.linear1 = t.nn.Linear(of.llm_dim, of.hidden_size)
        tts.projector_semantic.linear2 = t.nn.Linear(of.hidden_size, of.hidden_size)
        tts.model = t.nn.Module()
        tts.model.layers = t.nn.ModuleList([llama.LlamaDecoderLayer(settings, n) for n in range(of.num_hidden_layers)])
        tts.model.norm = llama.LlamaRMSNorm(of.hidden_size, eps=of.rms_norm_eps)
        head = t.nn.Linear(of.hidden_size, of.num_audio_tokens, bias=False)
        tts.head_code = t.nn.ModuleList([t.nn.utils.parametrizations.weight_norm(head)])
    return tts.requires_grad_(False).eval()


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
