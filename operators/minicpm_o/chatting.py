"""Turn-based conversation with the model: messages rendered and encoded as rows, half-duplex steps carried out, answers in text.

How a conversation is written and what of it stays are `omni_flow.turn_based`; here what they describe is done. Source: spec 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import accumulate

import numpy as np

from operators.minicpm_o import thinking
from operators.minicpm_o.cache import Cache
from operators.minicpm_o.hearing import Heard, hear, hear_piece
from operators.minicpm_o.loading import Weights
from operators.minicpm_o.mel import Mode
from operators.minicpm_o.replying import CHAT, HALF_DUPLEX, Reply, Replying, reply
from operators.minicpm_o.seeing import see
from operators.minicpm_o.thinking import Piece
from operators.omni_flow.context.cache_plan import CachePlan, Rows
from operators.omni_flow.deciding.choosing import Draw
from operators.omni_flow.tokens.tokenizer import Tokenizer
from operators.omni_flow.tokens.vocabulary import TTS_EOS
from operators.omni_flow.turn_based import half_duplex
from operators.omni_flow.turn_based.half_duplex import Feed, HalfDuplex, HalfDuplexing
from operators.omni_flow.turn_based.messages import Audio, Image, Message
from operators.omni_flow.turn_based.placeholders import Rendering
from operators.omni_flow.turn_based.rendering import CHAT as CHAT_RENDERING
from operators.omni_flow.turn_based.rendering import Rendered, render

WHOLE = HalfDuplexing()  # utterances, as the published server gives them


def samples_of(audio: Audio) -> np.ndarray:
    """Return a sound's samples, float32 from -1 to 1."""
    return np.frombuffer(audio.pcm, "<i2").astype(np.float32) / np.float32(32_768)


def picture_of(image: Image) -> np.ndarray:
    """Decode a picture, uint8 [h, w, 3]. Raises ValueError for what is no picture, or of another size than it says."""
    from PIL import Image as Pillow

    try:
        with Pillow.open(BytesIO(image.encoded)) as opened:
            picture = np.asarray(opened.convert("RGB"))
    except Exception as error:  # each format raises its own
        raise ValueError(f"chat: a picture of {image.width} x {image.height} cannot be decoded ({error})") from None
    if picture.shape[:2] != (image.height, image.width):
        raise ValueError(f"chat: wants a picture of {image.width} x {image.height}, as it says, got {picture.shape[1]} x {picture.shape[0]}")
    return picture


def rows_of(
    weights: Weights, rendered: Rendered, rendering: Rendering, *, mode: Mode = "dynamic", chunked: bool = True, together: bool = False
) -> list[Piece]:
    """Encode what a rendered conversation shows, and put it where it stands: pieces to be fed. `hearing.hear` has the options."""
    visual = [rows for looks in see(weights, [picture_of(image) for image in rendered.images], rendering.most) for rows in looks]
    sounds = hear(weights, [samples_of(clip) for clip in rendered.clips if clip.samples], mode=mode, chunked=chunked, together=together)
    return filled(rendered, visual, sounds)


def filled(rendered: Rendered, visual: Sequence[np.ndarray], sounds: Sequence[np.ndarray]) -> list[Piece]:
    """Replace the tokens of spans by embeddings; tokens of sound for which there are none stay as they are."""
    held = {"visual": np.concatenate(visual) if len(visual) else None, "audio": np.concatenate(sounds) if len(sounds) else None}
    pieces: list[Piece] = []
    at = 0
    for span in sorted(rendered.spans, key=lambda span: span.start):
        rows = held[span.kind]
        given = np.zeros((0, 0)) if rows is None else rows[span.row : span.row + span.end - span.start]
        pieces += [rendered.tokens[at : span.start], *([given] if len(given) else [])]
        at = span.start + len(given)
    return [piece for piece in (*pieces, rendered.tokens[at:]) if len(piece)]


def chat(
    weights: Weights,
    messages: Iterable[Message],
    tokenizer: Tokenizer,
    *,
    rendering: Rendering = CHAT_RENDERING,
    replying: Replying = CHAT,
    draw: Draw | None = None,
    reference_compatible: bool = False,
) -> Reply:
    """Answer a conversation in text. `reference_compatible`: its sounds are encoded together, as the reference does.

    Raises ValueError for pictures and sounds that are none.
    """
    rendered = render(messages, tokenizer, rendering)
    pieces = rows_of(weights, rendered, rendering, together=reference_compatible)
    cache, hidden = thinking.feed(weights, thinking.begin(weights), pieces)
    return reply(weights, cache, hidden[-1], replying, draw)[1]


@dataclass(frozen=True)
class Conversation:
    """Hold what a half-duplex session remembers: where it stands, the cache, the hidden state at its last row, what the encoder heard.

    `fed` is what the cache's rows were made of, in order: ids, and embeddings where no ids can say it.
    """

    cache: Cache
    where: HalfDuplex = field(default_factory=HalfDuplex)
    hidden: np.ndarray | None = None
    heard: Heard = field(default_factory=Heard)
    fed: tuple[Piece, ...] = field(default=(), repr=False)


def begin(weights: Weights) -> Conversation:
    """Begin a conversation."""
    return Conversation(thinking.begin(weights))


def listen(weights: Weights, now: Conversation, message: Message, tokenizer: Tokenizer, settings: HalfDuplexing = WHOLE) -> Conversation:
    """Give the model one message. Raises ValueError while it answers; the conversation stays."""
    where, feed = half_duplex.prefill(now.where, message, tokenizer, settings)
    return _fed(weights, now, where, feed, settings)


def respond(
    weights: Weights,
    now: Conversation,
    tokenizer: Tokenizer,
    settings: HalfDuplexing = WHOLE,
    replying: Replying = HALF_DUPLEX,
    draw: Draw | None = None,
) -> tuple[Conversation, Reply]:
    """Answer what the user said, in text. `<|tts_eos|>`, where it ends the answer, is fed; other ends are not."""
    where, feed = half_duplex.generate(now.where, tokenizer, settings)
    now = _fed(weights, now, where, feed, settings)
    if now.hidden is None:
        raise ValueError("half duplex: wants something that was fed before an answer, got nothing")
    cache, found = reply(weights, now.cache, now.hidden, replying, draw)
    if found.end == TTS_EOS:
        cache, _ = thinking.feed(weights, cache, [(TTS_EOS,)])
    said = (*found.ids, *((TTS_EOS,) if found.end == TTS_EOS else ()))
    where, _, plan = half_duplex.answered(now.where, len(said), completed=found.end is not None, settings=settings)
    return replace(now, where=where, cache=thinking.carry_out(weights, cache, plan), fed=kept((*now.fed, said), plan)), found


def recalled(weights: Weights, now: Conversation) -> Conversation:
    """Compute a conversation's cache anew from what it was made of: after a crash, a cache is not kept.

    Where rounds were forgotten, the others no longer carry what was said in them.
    """
    cache, _ = thinking.feed(weights, thinking.begin(weights), now.fed)
    return replace(now, cache=cache)


def kept(fed: Sequence[Piece], plan: CachePlan) -> tuple[Piece, ...]:
    """Return of what was fed that of which rows stay, by a plan that feeds nothing anew.

    >>> kept([(1, 2, 3), (4, 5)], CachePlan(5, (Rows(0, 1, 0), Rows(2, 4, 1))))
    ((1,), (3,), (4,))
    """
    starts = list(accumulate(map(len, fed), initial=0))
    cut = (piece[max(part.start - at, 0) : max(part.end - at, 0)] for part in plan.parts if isinstance(part, Rows) for at, piece in zip(starts, fed))
    return tuple(piece for piece in cut if len(piece))


def encoded(weights: Weights, heard: Heard, feed: Feed, settings: HalfDuplexing) -> tuple[Heard, list[Piece]]:
    """Encode what a step of half-duplex shows, and put it where it stands: pieces to be fed, and what the encoder has heard then."""
    visual = [rows for looks in see(weights, [picture_of(image) for image in feed.rendered.images], settings.most) for rows in looks]
    sounds = []
    for clip in feed.rendered.clips:
        if feed.encoder == "cached":
            heard, tokens = hear_piece(weights, heard, samples_of(clip))
            sounds.append(tokens)
        else:
            sounds += hear(weights, [samples_of(clip)], chunked=False)
    return heard, filled(feed.rendered, visual, sounds)


def _fed(weights: Weights, now: Conversation, where: HalfDuplex, feed: Feed, settings: HalfDuplexing) -> Conversation:
    """Do what a step of half-duplex says."""
    if feed.resets:
        now = begin(weights)
    heard, pieces = encoded(weights, now.heard, feed, settings)
    cache, hidden = thinking.feed(weights, now.cache, pieces)
    cache, fed = thinking.carry_out(weights, cache, feed.plan), kept((*now.fed, *pieces), feed.plan)
    return Conversation(cache, where, hidden[-1], Heard() if feed.clears_audio else heard, fed)
