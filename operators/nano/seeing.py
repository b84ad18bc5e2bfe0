"""See: a scan that makes four tokens of each picture, and says what they show."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from omniflow_graph import Event, Jpeg, Wake
from operators.nano.loading import Nano
from operators.senses.eyes import MOST_PIXELS, picture_of


class Seen(NamedTuple):
    """Say what a picture shows: the tokens that the language model is given, and what they stand for."""

    shows: str
    scene: int  # how many different ones there were so far, counted from 1; 0 before the first
    cut: bool  # it shows something else than the one before
    broken: bool
    tokens: np.ndarray  # float32 [4, D]; none of a picture that could not be decoded


class Eyes(NamedTuple):
    """Remember what was seen last."""

    shows: str = ""
    scene: int = 0


def see(eyes: Eyes, cause: Event[Jpeg] | Wake, *, model: Callable[[], Nano]) -> tuple[Eyes, list[tuple[int, Seen] | Wake]]:
    """Answer each picture with what it shows. One that cannot be decoded is reported, not an error."""
    if isinstance(cause, Wake):
        return eyes, []
    nano = model()
    pixels = decoded(picture_of(cause), nano.config.image)
    if pixels is None:
        return eyes, [(cause.time, Seen(eyes.shows, eyes.scene, False, True, np.zeros((0, nano.config.width), np.float32)))]
    tokens, names = look(nano, pixels)
    shows = ", ".join(names)
    cut = bool(eyes.shows) and shows != eyes.shows
    scene = max(eyes.scene, 1) + cut
    return Eyes(shows, scene), [(cause.time, Seen(shows, scene, cut, False, tokens))]


def look(nano: Nano, pixels: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Look at a picture uint8 [64, 64, 3]: its tokens [4, D], and the likeliest name of each attribute."""
    given = pixels.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(127.5) - np.float32(1)
    tokens, *logits = nano.sees.run(None, {"picture": given})
    return tokens[0], tuple(names[int(each.argmax())] for names, each in zip(nano.config.scene, logits))


def attributes(nano: Nano, pictures: np.ndarray) -> list[tuple[int, ...]]:
    """Tell what pictures uint8 [n, 64, 64, 3] show: of each, which value each attribute has."""
    seen = (look(nano, picture)[1] for picture in pictures)
    return [tuple(names.index(name) for names, name in zip(nano.config.scene, shown)) for shown in seen]


def decoded(encoded: bytes, side: int) -> np.ndarray | None:
    """Decode a JPEG or PNG to so many pixels, both ways; None if it is broken, or too large to be one."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(encoded), formats=("JPEG", "PNG")) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                return None
            picture = opened.convert("RGB")
            whole = picture if picture.size == (side, side) else picture.resize((side, side), Image.Resampling.BOX)
            return np.asarray(whole)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
