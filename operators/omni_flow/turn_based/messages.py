"""What a turn-based conversation is made of: messages of text, pictures and sound, and the published chat template around them.

A template is laid out as pieces: text, the ids of marks, pictures, sounds. Text stays text: what somebody types can become
neither a mark nor a placeholder, as it can in the reference, which writes all of it as one string and reads marks in it; so
`<|listen|>`, which the reference takes out of its token list (spec 3.6), cannot come in. `rendering` makes tokens of pieces.
Source: spec 7.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from operators.omni_flow.tokens.vocabulary import IM_END, IM_START, THINK, THINK_END, TTS_BOS, name

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class Image:
    """Hold a picture: its size in pixels, and what is encoded of it, which layouts do not look at."""

    width: int
    height: int
    encoded: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        """Check the size."""
        if min(self.width, self.height) < 1:
            raise ValueError(f"image: wants 1 x 1 pixels or more, got {self.width} x {self.height}")


@dataclass(frozen=True)
class Audio:
    """Hold a sound: mono 16-bit samples at 16 kHz, little-endian."""

    pcm: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Check that samples are whole."""
        if len(self.pcm) % 2:
            raise ValueError(f"audio: wants 16-bit samples, 2 bytes each, got {len(self.pcm)} bytes")

    @property
    def samples(self) -> int:
        """Return how many samples there are."""
        return len(self.pcm) // 2


Part = str | Image | Audio
Piece = str | int | Image | Audio  # text, the id of a mark, what is put in


@dataclass(frozen=True)
class Message:
    """Hold what one side says: a text, or parts of text, pictures and sound in order. A list becomes a tuple.

    Raises ValueError for another role, or a part that is none of these.
    """

    role: Role
    content: str | Sequence[Part]

    def __post_init__(self) -> None:
        """Check what was given, and freeze it."""
        if self.role not in get_args(Role):
            raise ValueError(f"message: wants a role out of {', '.join(get_args(Role))}, got {self.role!r}")
        if not isinstance(self.content, str):
            object.__setattr__(self, "content", tuple(self.content))
        for n, part in enumerate(self.parts):
            if not isinstance(part, get_args(Part)):
                raise ValueError(f"message of {self.role}, part {n}: wants text, an Image or an Audio, got {type(part).__name__}")

    @property
    def parts(self) -> tuple[Part, ...]:
        """Return the content as parts; a text is one."""
        return (self.content,) if isinstance(self.content, str) else tuple(self.content)

    @property
    def sounds(self) -> tuple[Audio, ...]:
        """Return the sounds in it."""
        return tuple(part for part in self.parts if isinstance(part, Audio))


def chat(messages: Iterable[Message], *, join: str = "\n", thinking: bool = False, speech: bool = False) -> tuple[Piece, ...]:
    """Put messages into the chat template, and open the assistant's turn. `join` stands between the parts of a message.

    `speech` opens the turn for speaking; any sound in the messages does so, too.

    >>> written(chat([Message("user", [Image(640, 480), "What is this?"])]))
    '<|im_start|>user\\n<image>./</image>\\nWhat is this?<|im_end|>\\n<|im_start|>assistant\\n<think>\\n\\n</think>\\n\\n'
    """
    messages = tuple(messages)
    speech = speech or any(message.sounds for message in messages)
    turns = [piece for message in messages for piece in templated(message, join)]
    return (*turns, *opener(thinking=thinking, speech=speech))


def templated(message: Message, join: str = "\n") -> tuple[Piece, ...]:
    """Put one message into the template, from its role to the line break after it."""
    return (IM_START, f"{message.role}\n", *joined(message.parts, join), IM_END, "\n")


def opener(*, thinking: bool = False, speech: bool = False) -> tuple[Piece, ...]:
    """Open the assistant's turn: with an empty thought unless it is to think, with `<|tts_bos|>` if it is to speak."""
    thought: tuple[Piece, ...] = () if thinking else (THINK, "\n\n", THINK_END, "\n\n")
    return (IM_START, "assistant\n", *thought, *(TTS_BOS,) * speech)


def joined(parts: Sequence[Part], join: str) -> tuple[Piece, ...]:
    """Put `join` between parts."""
    return tuple(piece for n, part in enumerate(parts) for piece in ((join, part) if n and join else (part,)))


def written(pieces: Iterable[Piece]) -> str:
    """Write pieces as the reference's string: marks by name, `<image>./</image>` and `<audio>./</audio>` for what is put in."""
    return "".join(_written(piece) for piece in pieces)


def _written(piece: Piece) -> str:
    if isinstance(piece, str):
        return piece
    if isinstance(piece, int):
        return name(piece)
    return "<image>./</image>" if isinstance(piece, Image) else "<audio>./</audio>"
