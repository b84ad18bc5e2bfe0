"""Follow a turn-based conversation from the user's side: what was said or typed makes a turn, and closes the ears until it was answered."""

from __future__ import annotations

from typing import Any, NamedTuple

from omniflow_graph import Event, RecordingError, Wake
from omniflow_graph.events import SECOND
from operators.senses.ears import Hearing
from operators.senses.segmenter import SERVER, Segmenter, Segmenting, closed, hear, opened, take
from operators.turn_taking.exchange import Answer, Assumed, Typed, UserTurn
from operators.words import Ack


class Ear(NamedTuple):
    """Remember what the user has said so far, which turns await an answer, and which answers are still to be heard."""

    segmenter: Segmenter = Segmenter()
    turns: int = 0
    awaiting: tuple[int, ...] = ()
    sounding: tuple[int, ...] = ()
    pictures: tuple[bytes, ...] = ()


def typed(event: Event[Any]) -> Typed | None:
    """Take a text, or a picture as bytes. Raises RecordingError for what is neither; an empty text says nothing."""
    if isinstance(event.data, str):
        return Typed(text=event.data) if event.data.strip() else None
    if type(event.data) is bytes:
        return Typed(picture=event.data)
    where = f"stream {event.stream!r}, event {event.seq} at {event.time / SECOND:.3f} s"
    raise RecordingError(f"{where}: wants a text, or a picture as bytes, got {type(event.data).__name__}; leave out what is not for the assistant")


def listens(ear: Ear, cause: Event[Any] | Wake, *, settings: Segmenting = SERVER) -> tuple[Ear, list[tuple[int, UserTurn] | Wake]]:
    """Take in what sounds, what is heard of it, what was typed, answered, and heard of the answer. Gives each turn of the user.

    While an answer is awaited or sounds, sound is ignored; what is typed is not.
    """
    if isinstance(cause, Wake):
        return ear, []
    time, data = cause.time, cause.data
    if type(data) is bytes:
        return ear._replace(segmenter=take(ear.segmenter, data, time, settings)), []
    if isinstance(data, Hearing):
        segmenter, utterance = hear(ear.segmenter, data, settings)
        ear = ear._replace(segmenter=segmenter)
        return _turn(ear, time, utterance.start, utterance.end, pcm=utterance.pcm) if utterance else (ear, [])
    if isinstance(data, Typed):
        pictures = (*ear.pictures, data.picture) if data.picture else ear.pictures
        ear = ear._replace(pictures=pictures)
        return _turn(ear, time, time, time, text=data.text) if data.text else (ear, [])
    return _noted(ear, data, time), []


def _turn(ear: Ear, time: int, start: int, end: int, **said: Any) -> tuple[Ear, list[tuple[int, UserTurn] | Wake]]:
    """Give a turn, and close the ears until it was answered."""
    turn = UserTurn(ear.turns + 1, start, end, pictures=ear.pictures, **said)
    return ear._replace(segmenter=closed(ear.segmenter), turns=turn.number, awaiting=(*ear.awaiting, turn.number), pictures=()), [(time, turn)]


def _noted(ear: Ear, data: Any, time: int) -> Ear:
    """Note an answer, or that no more is heard of one, be it assumed; when none is left, listen again."""
    data = data.ack if isinstance(data, Assumed) else data
    if isinstance(data, Answer) and data.turn in ear.awaiting:
        awaiting = tuple(turn for turn in ear.awaiting if turn != data.turn)
        ear = ear._replace(awaiting=awaiting, sounding=(*ear.sounding, data.response) if data.text else ear.sounding)
    elif isinstance(data, Ack) and data.final and data.response in ear.sounding:
        ear = ear._replace(sounding=tuple(response for response in ear.sounding if response != data.response))
    else:
        return ear
    return ear if ear.awaiting or ear.sounding else ear._replace(segmenter=opened(ear.segmenter, time))
