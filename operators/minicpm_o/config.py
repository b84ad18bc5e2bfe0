"""Read the sizes of MiniCPM-o 4.5 from a checkpoint's config.json: what of it decides what is computed, and nothing else.

Source: spec 1.1 to 1.4. What a config leaves out is as in the published one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from omniflow_graph.files import whole

FILE = "config.json"
T = TypeVar("T")
ATTENTION = ("full_attention", "sliding_window", "sliding_recompute", "reindex")
SPEAKS = {"condition_type": "hidden_text_merge", "normalize_projected_hidden": True, "projector_type": "mlp", "interleaved": False, "num_vq": 1}


@dataclass(frozen=True)
class Language:
    """Hold the sizes of the language model, Qwen3."""

    vocab_size: int = 151_748
    hidden_size: int = 4096
    intermediate_size: int = 12_288
    num_hidden_layers: int = 36
    num_attention_heads: int = 32
    num_key_value_heads: int = 8
    head_dim: int = 128
    max_position_embeddings: int = 40_960
    rms_norm_eps: float = 1e-6
    rope_theta: float = 1e6


@dataclass(frozen=True)
class Sight:
    """Hold the sizes of the vision encoder, SigLIP; `image_size` by `patch_size` are its positions, 70 x 70."""

    hidden_size: int = 1152
    intermediate_size: int = 4304
    num_hidden_layers: int = 27
    num_attention_heads: int = 16
    image_size: int = 980
    patch_size: int = 14
    layer_norm_eps: float = 1e-6

    @property
    def side(self) -> int:
        """Return how many positions there are along one side."""
        return self.image_size // self.patch_size


@dataclass(frozen=True)
class Hearing:
    """Hold the sizes of the audio encoder, that of Whisper medium."""

    d_model: int = 1024
    encoder_layers: int = 24
    encoder_attention_heads: int = 16
    encoder_ffn_dim: int = 4096
    num_mel_bins: int = 80
    max_source_positions: int = 1500


@dataclass(frozen=True)
class Speech:
    """Hold the sizes of the speech decoder, a Llama."""

    llm_dim: int = 4096
    hidden_size: int = 768
    intermediate_size: int = 3072
    num_hidden_layers: int = 20
    num_attention_heads: int = 12
    num_key_value_heads: int = 12
    num_audio_tokens: int = 6562
    num_text_tokens: int = 152_064
    num_vq: int = 1
    vocab_size: int = 32_000  # of an embedding that is in the file, and used by nobody
    audio_bos_token_id: int = 151_687  # rows of its own embedding of text: codes begin, the text is over
    text_eos_token_id: int = 151_692
    rms_norm_eps: float = 1e-6
    rope_theta: float = 1e4
    attention_type: str = "full_attention"  # of half-duplex mode, one of ATTENTION
    streaming_sliding_window_audio_window_size: int = 300  # rows that "sliding_window" keeps

    @property
    def end(self) -> int:
        """Return the code that ends speech, and is never fed."""
        return self.num_audio_tokens - 1

    @property
    def head_dim(self) -> int:
        """Return the width of a head."""
        return self.hidden_size // self.num_attention_heads


@dataclass(frozen=True)
class Config:
    """Hold the sizes of all parts. `pool`: so many encoder frames become one token of sound; `queries`: tokens of a look."""

    language: Language = field(default_factory=Language)
    sight: Sight = field(default_factory=Sight)
    hearing: Hearing = field(default_factory=Hearing)
    speech: Speech | None = field(default_factory=Speech)
    queries: int = 64
    pool: int = 5

    @property
    def resampler_heads(self) -> int:
        """Return the resampler's heads, of 128 each."""
        return max(1, self.language.hidden_size // 128)


def kind_of(folder: str | Path) -> str:
    """Return the model_type that a folder's config.json names; empty where there is none, or it cannot be read."""
    path = Path(folder) / FILE
    try:
        described = json.loads(whole(path)) if path.is_file() else None
    except ValueError:
        return ""
    return str(described.get("model_type", "")) if isinstance(described, dict) else ""


def read_config(folder: str | Path) -> Config:
    """Read a checkpoint's config.json. Raises ValueError for a folder without, another model's, and sizes that are no sizes.

    >>> Config().resampler_heads, Config().sight.side
    (32, 70)
    """
    path = Path(folder) / FILE
    if not path.is_file():
        raise ValueError(f"checkpoint {folder}: wants a folder with a {FILE}; there is none")
    try:
        described = json.loads(whole(path))
    except ValueError as error:
        raise ValueError(f"checkpoint {path}: cannot be read as JSON ({error}); copy it again") from None
    if not isinstance(described, dict) or described.get("model_type") != "minicpmo":
        got = described.get("model_type") if isinstance(described, dict) else type(described).__name__
        raise ValueError(f"checkpoint {path}: wants model_type 'minicpmo', got {got!r}; name a folder of MiniCPM-o 4.5")
    return _checked(_config(described, path), path)


def _config(described: dict[str, Any], path: Path) -> Config:
    theta = (described.get("rope_parameters") or {}).get("rope_theta", described.get("rope_theta", Language.rope_theta))
    language = _part(Language, {**described, "rope_theta": theta}, "", path)
    if "head_dim" not in described:
        language = replace(language, head_dim=language.hidden_size // max(language.num_attention_heads, 1))
    for name, wanted in (("tie_word_embeddings", False), ("attention_bias", False), ("rope_scaling", None), ("sliding_window", None)):
        if (described.get(name) or None) != (wanted or None):
            raise ValueError(f"checkpoint {path}: wants {name} {wanted}, as MiniCPM-o 4.5 has it, got {described[name]!r}")
    sight = _part(Sight, described.get("vision_config"), "vision_config.", path)
    hearing = _part(Hearing, described.get("audio_config"), "audio_config.", path)
    speech = _part(Speech, described.get("tts_config"), "tts_config.", path) if described.get("init_tts", True) else None
    if speech is not None:
        _check_speech(described.get("tts_config") or {}, speech, path)
    sizes = _part(_Sizes, described, "", path)
    return Config(language, sight, hearing, speech, sizes.query_num, sizes.audio_pool_step)


def _check_speech(described: dict[str, Any], speech: Speech, path: Path) -> None:
    """Check what decides how speech is made."""
    for name, wanted in SPEAKS.items():
        if described.get(name, wanted) != wanted:
            raise ValueError(f"checkpoint {path}: wants tts_config.{name} {wanted!r}, as MiniCPM-o 4.5 has it, got {described[name]!r}")
    if speech.attention_type not in ATTENTION:
        raise ValueError(f"checkpoint {path}: wants tts_config.attention_type out of {', '.join(ATTENTION)}, got {speech.attention_type!r}")
    if max(speech.audio_bos_token_id, speech.text_eos_token_id) >= speech.num_text_tokens:
        wanted = f"wants tts_config.audio_bos_token_id and text_eos_token_id below num_text_tokens, {speech.num_text_tokens}"
        raise ValueError(f"checkpoint {path}: {wanted}, got {speech.audio_bos_token_id} and {speech.text_eos_token_id}")


@dataclass(frozen=True)
class _Sizes:
    query_num: int = 64
    audio_pool_step: int = 5


def _part(kind: type[T], described: Any, prefix: str, path: Path) -> T:
    """Take the fields of one part, each of the type that it has in the published config, and above 0."""
    described = {} if described is None else described
    if not isinstance(described, dict):
        raise ValueError(f"checkpoint {path}: wants an object for {prefix.rstrip('.')}, got {described!r}")
    given = {}
    for name, usual in vars(kind()).items():
        value = described.get(name, usual)
        if isinstance(usual, str):
            given[name] = value
            continue
        whole_number = isinstance(usual, int)
        if isinstance(value, bool) or not isinstance(value, int if whole_number else (int, float)) or not 0 < value < 1 << 31:
            raise ValueError(f"checkpoint {path}: wants {prefix}{name} as a {'whole ' * whole_number}number above 0, such as {usual}, got {value!r}")
        given[name] = value
    return kind(**given)


def _checked(config: Config, path: Path) -> Config:
    """Check that heads divide what they share."""
    pairs = [
        ("num_attention_heads", config.language.num_attention_heads, config.language.num_key_value_heads),
        ("vision_config.hidden_size", config.sight.hidden_size, config.sight.num_attention_heads),
        ("audio_config.d_model", config.hearing.d_model, config.hearing.encoder_attention_heads),
        ("hidden_size", config.language.hidden_size, 4 * config.resampler_heads),
        ("head_dim", config.language.head_dim, 2),
    ]
    if config.speech is not None:
        pairs.append(("tts_config.hidden_size", config.speech.hidden_size, 2 * config.speech.num_attention_heads))
        pairs.append(("tts_config.num_attention_heads", config.speech.num_attention_heads, config.speech.num_key_value_heads))
    for name, value, by in pairs:
        if value % by:
            raise ValueError(f"checkpoint {path}: wants {name} as a multiple of {by}, got {value}")
    return config
