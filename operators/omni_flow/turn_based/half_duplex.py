"""Half-duplex conversation with the model: one message after another is prefilled, then an answer generated. Bookkeeping only.

The user's turn may come in several messages, as it is spoken; the answer is asked for once. Every step returns what a model has to
do, as a value. Source: spec 7.4, 4.4 and, for rolling back, 5.8.

| the model was last given | a message of the user begins with | the answer is opened by |
|---|---|---|
| nothing, or a whole message of system or assistant | `<|im_start|>user` | |
| a message of the user | nothing, it goes on | `<|im_end|>`, `<|im_start|>assistant`, an empty thought, `<|tts_bos|>` |
| an answer that it completed | `<|im_end|>`, `<|im_start|>user` | |
| one that it did not | `<|tts_eos|><|im_end|>`, `<|im_start|>user` | |

Not in the specification: a message of system or assistant closes what is open before it in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from operators.omni_flow.context.cache_plan import CachePlan
from operators.omni_flow.context.sliding import Evicted
from operators.omni_flow.tokens.tokenizer import Tokenizer
from operators.omni_flow.tokens.vocabulary import IM_END, IM_START, TTS_EOS
from operators.omni_flow.turn_based.messages import Audio, Message, Piece, joined, opener, templated
from operators.omni_flow.turn_based.placeholders import Rendering
from operators.omni_flow.turn_based.rendering import Rendered, tokenised
from operators.omni_flow.turn_based.rounds import Round, Rounds, bounded, cut_back, lengthened, rows_of

FILLED = 16_560  # samples: the first sound of a turn is filled up with zeros to that, which the streaming encoder wants (spec 4.3)
CLOSINGS: dict[str, tuple[Piece, ...]] = {"user": (IM_END, "\n"), "answered": (IM_END, "\n"), "unfinished": (TTS_EOS, IM_END, "\n")}


@dataclass(frozen=True)
class HalfDuplexing:
    """Say how the conversation is held. The defaults are those of the published server, which gives whole utterances.

    `stream_input`: sounds are pieces of an utterance, encoded one after another with a cache, each second wrapped by itself; else
    each is encoded at once. `high`, `low`: above so many rows whole rounds go, until so few are left; None for no bound. `most`:
    cells of a picture. Raises ValueError.
    """

    stream_input: bool = False
    most: int = 1
    high: int | None = 8000
    low: int = 6000

    def __post_init__(self) -> None:
        """Check the bounds."""
        if self.high is not None and not 0 < self.low <= self.high:
            raise ValueError(f"half duplex: wants 0 < low <= high, or high None, got low {self.low} and high {self.high}")

    @property
    def rendering(self) -> Rendering:
        """Return how a message is written: without line breaks between its parts, pictures without numbers, nothing cut off."""
        return Rendering(omni=True, stream_input=self.stream_input, most=self.most, image_ids=False, limit=None)


@dataclass(frozen=True)
class HalfDuplex:
    """Remember where a conversation stands: what was given last, the rounds in the cache, and whether the next sound is filled up."""

    last: Literal["none", "user", "opened", "answered", "unfinished"] = "none"
    rounds: Rounds = ()
    begun: int = 0  # rounds, those of the system counted
    fills: bool = True

    @property
    def rows(self) -> int:
        """Return how many rows the cache has."""
        return rows_of(self.rounds)


@dataclass(frozen=True)
class Feed:
    """Say what a step makes the model do: feed tokens with their embeddings; before that forget everything, after it clear or evict.

    `resets`: a session begins, and all that the last one left goes. `encoder`: sound is encoded with attention to all of itself
    ("full"), or in a stream, onto the cache of what was heard before ("cached"). `filled`: zeros put before the first sound.
    `clears_audio`: the audio encoder's cache is cleared afterwards. `plan` carries out what was `evicted`.
    """

    rendered: Rendered
    plan: CachePlan
    evicted: tuple[Evicted, ...] = ()
    encoder: Literal["full", "cached"] = "full"
    filled: int = 0
    resets: bool = False
    clears_audio: bool = False


def prefill(state: HalfDuplex, message: Message, tokenizer: Tokenizer, settings: HalfDuplexing = HalfDuplexing()) -> tuple[HalfDuplex, Feed]:
    """Give the model one message. Raises ValueError while it answers.

    >>> from operators.omni_flow.tokens.tokenizer import Bytes
    >>> state, feed = prefill(HalfDuplex(), Message("user", [Audio(bytes(32_000))]), Bytes())
    >>> feed.filled, feed.resets, state.rows
    (560, True, 18)
    """
    if state.last == "opened":
        raise ValueError(f"half duplex: the model is answering, wants answered() before another message, got one of {message.role}")
    user, first = message.role == "user", state.begun == 0
    message, filled = _filled(message) if user and state.fills else (message, 0)
    goes_on = user and state.last == "user"
    closing = () if goes_on else CLOSINGS.get(state.last, ())
    opening = () if goes_on else (IM_START, "user\n")
    pieces = (*opening, *joined(message.parts, settings.rendering.join)) if user else templated(message, settings.rendering.join)
    rendering = replace(settings.rendering, stream_input=user and settings.stream_input)  # the system's voice comes as a whole
    rendered = tokenised((*closing, *pieces), tokenizer, rendering)
    closed = len(tokenised(closing, tokenizer, settings.rendering).tokens)  # rows that belong to the round before
    rounds, rows = lengthened(state.rounds, closed), len(rendered.tokens) - closed
    if goes_on or (message.role == "assistant" and state.last == "user"):
        rounds, begun = lengthened(rounds, rows), state.begun
    else:
        rounds, begun = (*rounds, Round(state.begun, rows, message.role == "system")), state.begun + 1
    kept, evicted, plan = bounded(rounds, settings.high, settings.low)
    new = HalfDuplex("user" if user else "none", kept, begun, fills=state.fills and not (user and message.sounds))
    encoder = "cached" if user and settings.stream_input else "full"
    return new, Feed(rendered, plan, evicted, encoder, filled, resets=first, clears_audio=first or not user)


def generate(state: HalfDuplex, tokenizer: Tokenizer, settings: HalfDuplexing = HalfDuplexing()) -> tuple[HalfDuplex, Feed]:
    """Open the answer. Raises ValueError if there is nothing of the user to be answered."""
    if state.last != "user":
        raise ValueError(f"half duplex: wants a message of the user to answer, got last {state.last!r}; prefill one")
    rendered = tokenised((*CLOSINGS["user"], *opener(speech=True)), tokenizer, settings.rendering)
    kept, evicted, plan = bounded(lengthened(state.rounds, len(rendered.tokens)), settings.high, settings.low)
    return HalfDuplex("opened", kept, state.begun, fills=True), Feed(rendered, plan, evicted, clears_audio=True)


def answered(
    state: HalfDuplex, rows: int, *, completed: bool, settings: HalfDuplexing = HalfDuplexing()
) -> tuple[HalfDuplex, tuple[Evicted, ...], CachePlan]:
    """Note that an answer is over: how many of its tokens were fed, and whether the model ended it. Raises ValueError if none was opened."""
    if state.last != "opened":
        raise ValueError(f"half duplex: wants an answer that was opened, got last {state.last!r}; generate before")
    kept, evicted, plan = bounded(lengthened(state.rounds, rows), settings.high, settings.low)
    return replace(state, last="answered" if completed else "unfinished", rounds=kept), evicted, plan


def rolled_back(before: HalfDuplex, now: HalfDuplex) -> tuple[HalfDuplex, CachePlan]:
    """Go back to a state of before, as where an answer was begun and the user goes on. Only the cache's end is cut off.

    The model puts back by itself what is no row: the audio encoder's cache, the mel buffer, what speech was made of. Raises
    ValueError if rounds were evicted since, which cannot be brought back.
    """
    return before, cut_back(now.rounds, before.rounds)


def _filled(message: Message) -> tuple[Message, int]:
    """Fill up the first sound of a message with zeros before it."""
    parts = list(message.parts)
    for n, part in enumerate(parts):
        if isinstance(part, Audio):
            missing = max(0, FILLED - part.samples)
            parts[n] = Audio(bytes(2 * missing) + part.pcm)
            return replace(message, content=tuple(parts)), missing
    return message, 0
