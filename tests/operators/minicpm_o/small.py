"""Checkpoints of any sizes with weights from a seed, in the published layout: as small as a test wants them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from operators.minicpm_o.config import Config, Hearing, Language, Sight, Speech
from operators.minicpm_o.shapes import expected

SMALL = Config(
    Language(vocab_size=300, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=8),
    Sight(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2),
    Hearing(d_model=16, encoder_layers=2, encoder_attention_heads=2, encoder_ffn_dim=64),
    None,
)
SPEAKING = Speech(32, 16, 24, 1, 2, 2, 10, 300, 1, 20, audio_bos_token_id=290, text_eos_token_id=291)
TALKING = Config(Language(151_748, 16, 24, 1, 2, 1, 8), SMALL.sight, SMALL.hearing, None)  # its logits are those of the published vocabulary

ALOUD = Config(SMALL.language, SMALL.sight, SMALL.hearing, Speech(32, 16, 24, 2, 2, 2, 40, 300, 1, 20, 290, 291))  # it can speak
SINGING = Config(TALKING.language, SMALL.sight, SMALL.hearing, Speech(16, 16, 24, 1, 2, 2))  # with the published marks and codes


def tensors(config: Config, seed: int = 1) -> dict[str, np.ndarray]:
    """Draw the weights: those of norms around 1, all others around 0."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, shape in expected(config).items():
        drawn = rng.standard_normal(shape, dtype=np.float32) / max(1, shape[-1]) ** 0.5
        found[name] = drawn + 1 if "norm" in name and name.endswith("weight") else drawn
    return found


def described(config: Config) -> dict:
    """Write a config as config.json has it."""
    of = {"model_type": "minicpmo", "query_num": config.queries, "audio_pool_step": config.pool, **asdict(config.language)}
    of |= {"vision_config": asdict(config.sight), "audio_config": asdict(config.hearing), "init_tts": config.speech is not None}
    return {**of, "tts_config": asdict(config.speech)} if config.speech else of


def write(folder: Path, config: Config = SMALL, weights: dict[str, np.ndarray] | None = None) -> Path:
    """Write a checkpoint of one file."""
    from safetensors.numpy import save_file

    folder.mkdir(exist_ok=True)
    save_file(tensors(config) if weights is None else weights, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(described(config)))
    return folder
