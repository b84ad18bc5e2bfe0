"""The voice to speak with: what it said, as speech codes and as a mel, and a vector of who speaks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from operators.minicpm_o.voice.noise import BANDS
from operators.minicpm_o.voice.shapes import CODES, SPEAKER

FRAMES = 2  # of a code


@dataclass(frozen=True)
class Prompt:
    """Hold a voice: codes [m], three or more; the mel of the same sound, float32 [2 m, 80]; the speaker's vector, float32 [192].

    Raises ValueError for what does not fit together.
    """

    codes: tuple[int, ...] = field(repr=False)
    mel: np.ndarray = field(repr=False)
    speaker: np.ndarray = field(repr=False)

    def __post_init__(self) -> None:
        """Check what is held."""
        object.__setattr__(self, "codes", tuple(int(code) for code in self.codes))
        if len(self.codes) < 3 or not all(0 <= code < CODES for code in self.codes):
            raise ValueError(f"voice prompt: wants 3 codes or more of 0 to {CODES - 1}, got {len(self.codes)}: {self.codes[:3]}")
        for name, shape in (("mel", (FRAMES * len(self.codes), BANDS)), ("speaker", (SPEAKER,))):
            held = np.require(getattr(self, name), np.float32, ["C", "W"])
            if held.shape != shape or not np.isfinite(held).all():
                raise ValueError(
                    f"voice prompt: wants {name} as finite numbers {list(shape)}, got {list(held.shape)}, finite: {bool(np.isfinite(held).all())}"
                )
            object.__setattr__(self, name, held)


def save_prompt(path: str | Path, prompt: Prompt) -> None:
    """Write a voice as an .npz file: `codes`, `mel`, `speaker`."""
    with open(path, "wb") as file:
        np.savez(file, codes=np.asarray(prompt.codes, np.int32), mel=prompt.mel, speaker=prompt.speaker)


def load_prompt(path: str | Path) -> Prompt:
    """Read a voice from an .npz file. Never unpickles. Raises ValueError for what is none."""
    try:
        with np.load(path, allow_pickle=False) as held:
            codes, mel, speaker = (held[name] for name in ("codes", "mel", "speaker"))
    except (OSError, ValueError, KeyError, BadZipFile, EOFError) as error:
        raise ValueError(f"voice prompt {path}: wants an .npz file with codes, mel and speaker ({error}); make it with save_prompt") from None
    return Prompt(tuple(codes.ravel().tolist()), mel, speaker)
