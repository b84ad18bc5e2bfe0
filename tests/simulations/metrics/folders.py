"""Folders of Full-Duplex-Bench, written by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

TURN = [{"text": "[TURN-TAKING]", "timestamp": [1.5, 1.7]}]
WORDS = [("Well", 2.0, 2.4), ("then", 2.5, 3.25)]


def chunks(words: list[tuple]) -> dict[str, Any]:
    return {"text": " ".join(word for word, *_ in words), "chunks": [{"text": word, "timestamp": [begin, end]} for word, begin, end in words]}


def wav(path: Path, seconds: float = 4.0, rate: int = 16_000, channels: int = 1, subtype: str = "PCM_16") -> None:
    import soundfile

    soundfile.write(path, np.zeros((round(seconds * rate), channels), "<i2"), rate, subtype=subtype)


def sample(folder: Path, words: list[tuple] = WORDS, **files: Any) -> Path:
    """A sample of turn taking, or of the annotation that is named: `interrupt=[...]` becomes interrupt.json."""
    folder.mkdir(parents=True)
    wav(folder / "input.wav")
    wav(folder / "output.wav")
    (folder / "output.json").write_text(json.dumps(chunks(words)))
    for name, value in (files or {"turn_taking": TURN}).items():
        (folder / f"{name}.json").write_text(json.dumps(value))
    return folder
