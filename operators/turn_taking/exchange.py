"""What travels between the operators in turn-based mode: what was typed, the user's turns, answers to them."""

from __future__ import annotations

from typing import NamedTuple

from operators.omni_flow.turn_based.messages import Audio, Image, Message
from operators.words import Ack


class Typed(NamedTuple):
    """Hold what was typed, or a picture that was handed over."""

    text: str = ""
    picture: bytes = b""


class UserTurn(NamedTuple):
    """Hold one turn of the user: an utterance or a typed text, and the pictures that were handed over before it. Counted from 1."""

    number: int
    start: int
    end: int
    pcm: bytes = b""
    text: str = ""
    pictures: tuple[bytes, ...] = ()


class Answer(NamedTuple):
    """Answer a turn of the user, and say why. One without text is none; the others are counted from 1 by `response`."""

    turn: int
    text: str
    cause: str
    response: int = 0
    epoch: int = 0


class Assumed(NamedTuple):
    """Hold what is believed to have been heard of an answer, as scheduled, if nobody has said anything of it."""

    ack: Ack


def message_of(turn: UserTurn) -> Message:
    """Write a turn as the message that a model is prefilled with: pictures first, as in a window. Decodes the head of each picture.

    >>> message_of(UserTurn(1, 0, 1_000_000, pcm=bytes(32))).parts
    (Audio(),)
    """
    said = Audio(turn.pcm) if turn.pcm else turn.text
    return Message("user", (*map(image_of, turn.pictures), said))


def image_of(picture: bytes) -> Image:
    """Read the size of an encoded picture. Raises ValueError for what is none."""
    import io

    from PIL import Image as Pictures

    try:
        with Pictures.open(io.BytesIO(picture)) as image:
            return Image(image.width, image.height, picture)
    except (OSError, ValueError, SyntaxError, Pictures.DecompressionBombError):
        raise ValueError(f"picture: wants one that is encoded as JPEG or PNG, got {len(picture)} bytes of something else") from None
