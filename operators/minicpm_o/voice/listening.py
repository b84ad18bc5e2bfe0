"""Take a voice from a recording: what was said as codes, and who spoke as a vector, by two ONNX files of the checkpoint.

Source: spec 6.7.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from operators.minicpm_o.voice.features import HEARD_HZ, kaldi_bands, resampled, spoken_mel, voice_mel
from operators.minicpm_o.voice.prompt import FRAMES, Prompt
from operators.minicpm_o.voice.source import RATE_HZ
from operators.minicpm_o.voice.weights import FOLDER

TOKENIZER, WHO = "speech_tokenizer_v2_25hz.onnx", "campplus.onnx"
SHORTEST, LONGEST = 0.5, 17.0  # seconds: the published caches hold no longer prompt


def can_listen(folder: str | Path) -> bool:
    """Tell whether a checkpoint's folder, or the voice's own, has what it takes."""
    return all((_place(folder) / name).is_file() for name in (TOKENIZER, WHO))


def listened(folder: str | Path, samples: np.ndarray, rate_hz: int) -> Prompt:
    """Take a voice from sound, mono, floats from -1 to 1. Raises ValueError for sound that is too short, too long or none.

    Also for a folder without the two ONNX files: a prompt can then be given, as `load_prompt` reads it.
    """
    if samples.ndim != 1 or not np.isfinite(samples).all() or not SHORTEST <= len(samples) / rate_hz <= LONGEST:
        raise ValueError(
            f"voice prompt: wants {SHORTEST} to {LONGEST} s of finite sound, [n], got {list(samples.shape)}, {len(samples) / rate_hz:.2f} s; cut it"
        )
    heard = resampled(samples, rate_hz, HEARD_HZ)
    bands = spoken_mel(heard)[None]
    codes = _run(_place(folder) / TOKENIZER, bands, np.array([bands.shape[2]], np.int32)).ravel()
    who = _run(_place(folder) / WHO, kaldi_bands(heard)[None]).ravel()
    mel, wanted = voice_mel(resampled(samples, rate_hz, RATE_HZ)), FRAMES * len(codes)
    mel = np.concatenate([mel, np.repeat(mel[-1:], max(0, wanted - len(mel)), axis=0)])[:wanted]
    return Prompt(tuple(codes.tolist()), mel, who)


def _place(folder: str | Path) -> Path:
    return Path(folder) / FOLDER if (Path(folder) / FOLDER).is_dir() else Path(folder)


def _run(path: Path, *given: np.ndarray) -> np.ndarray:
    session = _opened(str(path))
    return session.run(None, {each.name: value for each, value in zip(session.get_inputs(), given)})[0]


@lru_cache(maxsize=4)
def _opened(path: str) -> Any:
    import onnxruntime

    if not Path(path).is_file():
        raise ValueError(f"voice prompt: wants {path}; there is none, copy {FOLDER} of the checkpoint, or give a prompt made elsewhere")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # of the package's own kinds
        raise ValueError(f"voice prompt {path}: is no ONNX file that can be run ({' '.join(str(error).split())[:200]}); copy it again") from None
