"""Turn-based conversation with the published model in a graph: a turn of the user goes in, an answer in text comes out.

Text only: it is read at once, and then the user is listened to again. A snapshot for recovery leaves the cache out; it is computed
anew from the log of what was fed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from omniflow_graph import Event, Graph
from omniflow_graph.chance import Rng
from omniflow_graph.events import SECOND
from operators.minicpm_o import chatting, thinking
from operators.minicpm_o.chatting import Conversation
from operators.minicpm_o.loading import Weights
from operators.minicpm_o.pipeline import Checkpoint, Kept, decoded, words
from operators.minicpm_o.replying import CHAT, HALF_DUPLEX, Reply
from operators.minicpm_o.tokenizer import Text
from operators.omni_flow.deciding.choosing import Draw
from operators.omni_flow.turn_based.messages import Message
from operators.scripted.answering import NO_WINDOW
from operators.turn_taking.exchange import Answer, UserTurn, message_of
from operators.words import Ack, Decision

COST_NS = 500_000_000  # stands in for a desktop GPU, from published figures: 65 ms to take a turn in, 38 ms a token of which some 11 are written
Protocol = Literal["half-duplex", "chat"]


@dataclass(frozen=True)
class Chat:
    """Hold a conversation: what is still to be fed before the next turn, its rows with the cache apart, all messages of a chat.

    `answers` were given so far.
    """

    due: tuple[Message, ...] = ()
    conversation: Conversation | None = None
    cache: Kept = field(default_factory=Kept, compare=False)
    messages: tuple[Message, ...] = ()
    answers: int = 0


@dataclass(frozen=True)
class Answering:
    """Say how turns are answered. "half-duplex" feeds each turn behind what was fed before; "chat" feeds all of it anew each time.

    `greedy` takes the likeliest token, `most` tokens an answer has. Raises ValueError for another protocol.
    """

    protocol: Protocol = "half-duplex"
    greedy: bool = False
    most: int = 256

    def __post_init__(self) -> None:
        """Check what was given."""
        if self.protocol not in ("half-duplex", "chat"):
            raise ValueError(f"turn-based: wants protocol half-duplex or chat, got {self.protocol!r}")
        replace(CHAT, most=self.most)

    def reply(self, weights: Weights, text: Text, chat: Chat, message: Message, draw: Draw) -> tuple[Chat, Reply]:
        """Answer a message of the user."""
        of = replace(CHAT if self.protocol == "chat" else HALF_DUPLEX, mode="greedy" if self.greedy else "sampling", most=self.most)
        if self.protocol == "chat":
            messages = (*chat.messages, *chat.due, message)
            found = chatting.chat(weights, messages, text, replying=of, draw=draw)
            return replace(chat, due=(), messages=(*messages, Message("assistant", text.decode(found.ids)))), found
        now = opened(weights, chat)
        for each in (*chat.due, message):
            now = chatting.listen(weights, now, each, text)
        now, found = chatting.respond(weights, now, text, replying=of, draw=draw)
        apart = replace(now, cache=now.cache.forgotten(), hidden=None)
        return replace(chat, due=(), conversation=apart, cache=Kept(now.cache)), found


def opened(weights: Weights, chat: Chat) -> Conversation:
    """Take up a conversation where it stands; where its cache was lost, that is computed anew."""
    if chat.conversation is None:
        return Conversation(thinking.begin(weights))
    if chat.cache.value is None:
        return chatting.recalled(weights, chat.conversation)
    return replace(chat.conversation, cache=chat.cache.value)


def answer(
    chat: Chat, event: Event[UserTurn], rng: Rng, *, model: Callable[[], tuple[Weights, Text]], answering: Answering
) -> tuple[Chat, list[Answer]]:
    """Answer a turn of the user, spoken or typed; of its pictures, those that can be decoded."""
    turn, (weights, text) = event.data, model()
    seen = turn._replace(pictures=tuple(picture for picture in turn.pictures if decoded(picture) is not None))
    chat, found = answering.reply(weights, text, chat, message_of(seen), rng(event).random)
    said = text.decode(found.ids)
    if not said.strip():
        return chat, [Answer(turn.number, "", "the model said nothing")]
    chat = replace(chat, answers=chat.answers + 1)
    cause = f"user {'message' if turn.text else 'speech'} {turn.number} {'came' if turn.text else 'ended'} at {event.time / SECOND:.2f} s"
    return chat, [Answer(turn.number, said, cause, chat.answers)]


@dataclass(frozen=True)
class Conversing:
    """Hold what the stage that answers needs: its function, and the state in which it begins."""

    answer: Callable[..., Any]
    state: Chat


def conversing(folder: str, *, decode: str = "sampling", protocol: str = "half-duplex", system: str = "") -> Conversing:
    """Say how the checkpoint in a folder converses. `system` is what it is told before the first turn. Raises ValueError.

    >>> conversing("somewhere", system="Be brief.").state.due[0].content
    'Be brief.'
    """
    if decode not in ("sampling", "greedy"):
        raise ValueError(f"turn-based: wants decode sampling or greedy, got {decode!r}")
    answering = Answering(protocol, decode == "greedy")  # type: ignore[arg-type]
    due = (Message("system", system),) if system else ()
    return Conversing(partial(answer, model=Checkpoint(folder), answering=answering), Chat(due))


def written(g: Graph, answered: str) -> str:
    """Add what becomes of answers that have no sound: decisions and their words; returns the edge on which they are read, at once."""
    decide = g.map("decide", answered, decided)
    read = g.map("read", answered, at_once)
    g.sink("out", decide, g.map("text", decide, words), read)
    return read


def decided(event: Event[Any]) -> Decision | None:
    """Write an answer as a decision that belongs to no window; a window's own stays as it is."""
    of = event.data
    if not isinstance(of, Answer):
        return of if isinstance(of, Decision) else None
    if not of.text:
        return Decision(NO_WINDOW, "listen", of.cause)
    return Decision(NO_WINDOW, "speak", of.cause, of.response, 0, True, of.text, of.text, ends="drain")


def at_once(event: Event[Any]) -> Ack | None:
    """Take an answer for read as soon as it is written."""
    of = event.data
    return Ack(of.response, 0, final=True, time=event.time) if isinstance(of, Answer) and of.text else None
