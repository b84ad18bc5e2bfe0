"""Make room in a turn-based conversation for the embeddings of its pictures and sounds, between their marks.

Source: spec 3.6 for pictures, 4.2 for sounds, as the published processor expands `<image>./</image>` and `<audio>./</audio>`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from operators.omni_flow.tokens.prompt import reference_tokens
from operators.omni_flow.tokens.vocabulary import (
    AUDIO_END,
    AUDIO_START,
    AUDIO_TOKENS_HZ,
    IMAGE,
    IMAGE_END,
    IMAGE_ID,
    IMAGE_ID_END,
    SLICE,
    SLICE_END,
    VISUAL_TOKENS,
)
from operators.omni_flow.turn_based.messages import Audio, Image, Piece
from operators.omni_flow.turn_based.slicing import TURN_BASED, slices

Kind = Literal["visual", "audio"]


@dataclass(frozen=True)
class Rendering:
    """Say how a conversation is written. The defaults are those of the published chat.

    `omni` leaves the line breaks between the parts of a message out; so does `stream_input`, which also wraps each second of a
    sound by itself. `thinking` and `speech`: how the assistant's turn is opened. `most`: cells of a picture, 25 for 2240 x 2240.
    `image_ids` numbers pictures. `merge_audio`: the sounds of a message are encoded as one. `limit`: tokens beyond it are cut
    off, None for no limit. Raises ValueError.
    """

    omni: bool = False
    stream_input: bool = False
    thinking: bool = False
    speech: bool = False
    most: int = TURN_BASED
    image_ids: bool = True
    merge_audio: bool = True
    limit: int | None = 8192

    def __post_init__(self) -> None:
        """Check what was given."""
        if self.most < 1 or (self.limit is not None and self.limit < 1):
            raise ValueError(f"rendering: wants most and limit of 1 or more, or limit None, got most {self.most} and limit {self.limit}")

    @property
    def join(self) -> str:
        """Return what stands between the parts of a message."""
        return "" if self.omni or self.stream_input else "\n"


class Embeddings(NamedTuple):
    """Stand for `count` embeddings among pieces."""

    count: int
    kind: Kind
    number: int
    cell: int


def expanded(pieces: Iterable[Piece], rendering: Rendering) -> Iterator[str | int | Embeddings]:
    """Put marks and room for embeddings where pictures and sounds stand."""
    images, sounds = 0, 0
    for piece in pieces:
        if isinstance(piece, Image):
            yield from _shown(piece, images, rendering)
            images += 1
        elif isinstance(piece, Audio):
            yield from _sounded(piece, sounds, rendering)
            sounds += 1
        else:
            yield piece


def _shown(image: Image, number: int, rendering: Rendering) -> Iterator[str | int | Embeddings]:
    if rendering.image_ids:
        yield from (IMAGE_ID, str(number), IMAGE_ID_END)
    yield from (IMAGE, Embeddings(VISUAL_TOKENS, "visual", number, 0), IMAGE_END)
    columns, rows = slices(image.width, image.height, rendering.most).grid
    for cell in range(columns * rows):
        if cell and cell % columns == 0:
            yield "\n"  # between rows
        yield from (SLICE, Embeddings(VISUAL_TOKENS, "visual", number, cell + 1), SLICE_END)


def _sounded(audio: Audio, number: int, rendering: Rendering) -> Iterator[str | int | Embeddings]:
    count = reference_tokens(audio.samples)
    step = AUDIO_TOKENS_HZ if rendering.stream_input else max(count, 1)
    for cell, start in enumerate(range(0, max(count, not rendering.stream_input), step)):
        yield from (AUDIO_START, Embeddings(min(step, count - start), "audio", number, cell), AUDIO_END)
