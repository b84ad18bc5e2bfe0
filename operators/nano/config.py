"""Read what nano is made of from its config.json: sizes, the words that it knows, what it can be told beforehand."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from omniflow_graph.files import whole
from operators.minicpm_o.config import Language
from operators.omni_flow.tokens.vocabulary import SIZE

KIND = "nano"  # its model_type
FILE = "config.json"


@dataclass(frozen=True)
class Config:
    """Hold the sizes of all parts, and their words. `heard`: the first is no word; `phrases`: the first is that none has just ended."""

    texts: tuple[str, ...]  # what is written: answers and prompts, a row each, behind the marks
    heard: tuple[str, ...]
    phrases: tuple[str, ...]
    scene: tuple[tuple[str, ...], ...]  # of each attribute of a picture, what it may be
    prompts: tuple[str, ...]
    width: int = 128
    layers: int = 3
    heads: int = 4
    key_heads: int = 2
    inner: int = 320
    bands: int = 64
    ears: int = 128  # their width
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32)  # of the ears' layers, in steps of 20 ms
    eyes: int = 64  # their width
    looks: int = 2  # the eyes' layers
    queries: int = 4
    image: int = 64  # pixels, both ways
    window: float = 1.0  # seconds: what it was trained with

    @property
    def language(self) -> Language:
        """Return the sizes of its Qwen3, whose ids are the published ones."""
        head = self.width // self.heads
        return Language(SIZE, self.width, self.inner, self.layers, self.heads, self.key_heads, head, 4096, 1e-6, 1e4)


def write_config(config: Config, folder: str | Path) -> None:
    """Write a config.json."""
    Path(folder, FILE).write_text(json.dumps({"model_type": KIND, **asdict(config)}, indent=1) + "\n")


def read_config(folder: str | Path) -> Config:
    """Read a config.json. Raises ValueError for a folder without, another model's, and fields that are missing or unknown."""
    path = Path(folder) / FILE
    if not path.is_file():
        raise ValueError(f"nano {folder}: wants a folder with a {FILE}; there is none")
    return config_of(json.loads(whole(path)), str(path))


def config_of(described: dict[str, Any], where: str) -> Config:
    """Return what a config.json describes. Raises ValueError."""
    given = {name: _frozen(value) for name, value in described.items() if name != "model_type"}
    if described.get("model_type") != KIND or given.keys() != {field.name for field in fields(Config)}:
        got = sorted(given.keys() ^ {field.name for field in fields(Config)}) or repr(described.get("model_type"))
        raise ValueError(f"nano {where}: wants model_type 'nano' and its own fields, got other {got}; train it anew with `make nano`")
    return Config(**given)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
