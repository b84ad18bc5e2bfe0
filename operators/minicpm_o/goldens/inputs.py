"""What the reference was given: pictures and sound from a folder of goldens, and pictures that are drawn.

Some recordings do not say which of the pictures, or which second of the sound, was shown. Those are found by what was recorded:
of all that it can have been, what fits best; what does not fit is then a difference.
"""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from omniflow_graph.files import whole
from operators.minicpm_o.tokenizer import MERGES, SETTINGS, VOCAB, Text, build_text, load_text

HZ = 16_000
LONGEST = 256 << 20  # bytes of a recording


@dataclass(frozen=True)
class Goldens:
    """Read a folder of goldens, file by file as they are asked for. Raises ValueError for a folder that is none."""

    folder: Path
    read: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check that it is one."""
        if not (self.folder / "inputs").is_dir():
            raise ValueError(f"goldens {self.folder}: wants a folder with inputs/ and what was recorded of them; there are none")

    def parts(self, letter: str) -> Path | None:
        """Return the folder of one component, such as a_slicing; None where there is none."""
        return next((path for path in sorted(self.folder.glob(f"{letter}_*")) if path.is_dir()), None)

    def picture(self, name: str) -> np.ndarray:
        """Return a picture, uint8 [h, w, 3]."""
        from PIL import Image

        with Image.open(self.folder / "inputs" / name) as opened:
            return np.asarray(opened.convert("RGB"))

    @cached_property
    def frames(self) -> list[np.ndarray]:
        """Return the frames in order."""
        return [self.picture(f"frames/{path.name}") for path in sorted((self.folder / "inputs" / "frames").glob("*.png"))]

    @cached_property
    def photo(self) -> np.ndarray:
        """Return the photograph."""
        return self.picture("photo.png")

    @cached_property
    def larger(self) -> np.ndarray:
        """Return the photograph at twice its size."""
        from PIL import Image

        height, width = self.photo.shape[:2]
        return np.asarray(Image.fromarray(self.photo).resize((2 * width, 2 * height), Image.Resampling.BICUBIC))

    @property
    def pool(self) -> list[np.ndarray]:
        """Return all pictures that can have been shown."""
        return [self.photo, self.larger, *self.frames]

    def sound(self, name: str) -> np.ndarray:
        """Return a sound, int16 at 16 kHz."""
        import wave

        with wave.open(str(self.folder / "inputs" / f"{name}.wav")) as opened:
            return np.frombuffer(opened.readframes(opened.getnframes()), "<i2")

    def user(self, start: int, count: int) -> np.ndarray:
        """Return so many samples of what the user says over and over, from a place on, int16."""
        once = self.sound("user")
        return np.tile(once, -(-(start + count) // len(once)))[start : start + count]

    def text(self, checkpoint: Path, tokenizer: Path | None) -> Text:
        """Build the tokenizer: from its own folder, the checkpoint's, or what lies beside the goldens."""
        if tokenizer is not None:
            return load_text(tokenizer)
        for place in (checkpoint, self.folder / "tokenizer", self.folder.parent / "tokenizer"):
            if any((place / name).is_file() for name in ("tokenizer.json", VOCAB)):
                return load_text(place)
            for packed in sorted(place.glob("*.tar.xz")) if place.is_dir() else ():
                return build_text(_unpacked(packed), str(packed))
        return load_text(checkpoint)  # and say what is missing


def _unpacked(path: Path) -> dict[str, bytes]:
    """Read a tokenizer's files out of an archive, into memory."""
    found = {}
    with tarfile.open(path) as archive:
        for member in archive:
            name = Path(member.name).name
            if name in (VOCAB, MERGES, SETTINGS) and member.isfile() and member.size < LONGEST and (file := archive.extractfile(member)):
                found[name] = file.read()
    return found


def described(path: Path) -> Any:
    """Read a JSON file of goldens. Raises ValueError for what is none."""
    try:
        return json.loads(whole(path, LONGEST))
    except ValueError as error:
        raise ValueError(f"goldens {path}: cannot be read as JSON ({error}); make it again") from None


def arrays(path: Path) -> dict[str, np.ndarray]:
    """Read a file of arrays. Never unpickles. Raises ValueError for what is none."""
    try:
        with np.load(path, allow_pickle=False) as held:
            return {name: held[name] for name in held.files}
    except (ValueError, BadZipFile, EOFError) as error:
        raise ValueError(f"goldens {path}: cannot be read as arrays ({error}); make it again") from None


def samples(pcm: np.ndarray) -> np.ndarray:
    """Return int16 as floats from -1 to 1."""
    return pcm.astype(np.float32) / np.float32(32_768)


def drawn(width: int, height: int) -> np.ndarray:
    """Draw the picture of which any size can be had.

    >>> drawn(3, 1).tolist()
    [[[0, 0, 0], [7, 0, 5], [14, 0, 10]]]
    """
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return np.stack([(x * 7 + y * 3) % 256, (x * x // 16 + y) % 256, ((x ^ y) * 5) % 256], axis=-1).astype(np.uint8)
