"""Make tokens of a turn-based conversation, and say where in them the embeddings of pictures and sound go in.

Text between two marks is encoded in one piece, as the published tokenizer does it: it splits a text at its marks first. Where an
embedding goes in stands `<unk>`, for pictures and sound alike. Source: spec 7.1; `layout` is the counterpart in duplex.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from operators.omni_flow.tokens.prompt import reference_tokens
from operators.omni_flow.tokens.tokenizer import Tokenizer
from operators.omni_flow.tokens.vocabulary import PLACEHOLDER
from operators.omni_flow.turn_based.messages import Audio, Image, Message, Piece, chat
from operators.omni_flow.turn_based.placeholders import Embeddings, Kind, Rendering, expanded

CHAT = Rendering()


class Span(NamedTuple):
    """Say what embeddings replace the tokens `[start, end)`: those from `row` on, of all of this kind in order.

    "visual": look `cell` of picture `number`, 0 for the overview. "audio": second `cell` of sound `number`, 0 if it is in one piece.
    """

    start: int
    end: int
    kind: Kind
    number: int
    cell: int
    row: int


@dataclass(frozen=True)
class Rendered:
    """Hold a conversation as tokens, with what is to be encoded: pictures, and sound in clips, in order. `cut` tokens are over the limit.

    Where the limit cuts, what is lost are the last tokens: in a conversation that is too long, the question, and the opened turn.
    """

    tokens: tuple[int, ...]
    spans: tuple[Span, ...] = ()
    images: tuple[Image, ...] = ()
    clips: tuple[Audio, ...] = ()
    cut: int = 0

    @property
    def unfilled(self) -> int:
        """Return how many tokens of sound get no embedding: sounds that are encoded as one can be one or so fewer than each alone."""
        given = sum(reference_tokens(clip.samples) for clip in self.clips)
        return max(0, max((span.row + span.end - span.start for span in self.spans if span.kind == "audio"), default=0) - given)


def render(messages: Iterable[Message], tokenizer: Tokenizer, rendering: Rendering = CHAT) -> Rendered:
    """Write a conversation as tokens that the model is prefilled with, up to the opened turn of the assistant.

    >>> from operators.omni_flow.tokens.tokenizer import Bytes
    >>> rendered = render([Message("user", [Audio(bytes(32_000)), "Who?"])], Bytes())
    >>> rendered.spans
    (Span(start=7, end=17, kind='audio', number=0, cell=0, row=0),)
    """
    messages = tuple(messages)
    pieces = chat(messages, join=rendering.join, thinking=rendering.thinking, speech=rendering.speech)
    clips = [audio for message in messages for audio in (_merged(message.sounds) if rendering.merge_audio else message.sounds)]
    return tokenised(pieces, tokenizer, rendering, tuple(clips))


def _merged(sounds: Sequence[Audio]) -> tuple[Audio, ...]:
    return (Audio(b"".join(audio.pcm for audio in sounds)),) if sounds else ()


def tokenised(pieces: Sequence[Piece], tokenizer: Tokenizer, rendering: Rendering, clips: tuple[Audio, ...] | None = None) -> Rendered:
    """Make tokens of pieces. `clips` is the sound as it is to be encoded; by default each sound of the pieces by itself."""
    tokens: list[int] = []
    spans: list[Span] = []
    rows = {"visual": 0, "audio": 0}
    for is_text, run in groupby(expanded(pieces, rendering), key=lambda piece: isinstance(piece, str)):
        if is_text:
            tokens += tokenizer.encode("".join(map(str, run)))
            continue
        for piece in run:
            if isinstance(piece, Embeddings):
                spans.append(Span(len(tokens), len(tokens) + piece.count, *piece[1:], rows[piece.kind]))
                rows[piece.kind] += piece.count
                tokens += [PLACEHOLDER] * piece.count
            elif isinstance(piece, int):
                tokens.append(piece)
    whole = len(tokens) if rendering.limit is None else min(len(tokens), rendering.limit)
    images = tuple(piece for piece in pieces if isinstance(piece, Image))
    sounds = tuple(piece for piece in pieces if isinstance(piece, Audio)) if clips is None else clips
    kept = (span._replace(end=min(span.end, whole)) for span in spans)
    return Rendered(tuple(tokens[:whole]), tuple(span for span in kept if span.start < span.end), images, sounds, len(tokens) - whole)
