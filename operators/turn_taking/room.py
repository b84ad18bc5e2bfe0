"""Follow a session that switches modes, from the user's side: turns in turn-based mode, switches in either, and what was said and heard."""

from __future__ import annotations

from typing import Any, NamedTuple

from omniflow_graph import Event, Jpeg, RecordingError, Wake
from omniflow_graph.events import SECOND
from operators.omni_flow.modes.states import Mode
from operators.omni_flow.modes.switch import Frame, How, checked
from operators.scripted.session_modes import Switch
from operators.senses.eyes import picture_of
from operators.senses.segmenter import SERVER, Segmenting, closed, opened
from operators.turn_taking.exchange import Typed, UserTurn
from operators.turn_taking.transcript import Transcript, written_down
from operators.turn_taking.user_turns import Ear, listens


class Asked(NamedTuple):
    """Ask for a mode."""

    to: Mode


class Room(NamedTuple):
    """Remember what goes on in either mode: which one it is, the user's side of the conversation, what was said and heard."""

    mode: Mode
    ear: Ear
    transcript: Transcript = Transcript()


def entered(mode: Mode, at: int = 0, ear: Ear | None = None, transcript: Transcript | None = None, settings: Segmenting = SERVER) -> Room:
    """Begin a mode. In turn-based mode the user is listened to after the guard; in duplex, window by window, which is not done here."""
    before = ear or Ear()
    segmenter = opened(before.segmenter, at + settings.guard) if mode == "turn-based" else closed(before.segmenter)
    return Room(mode, Ear(segmenter, before.turns), transcript or Transcript())


def asked(event: Event[Any]) -> Asked:
    """Read which mode is asked for. Raises RecordingError for what names none."""
    try:
        return Asked(checked(event.data))
    except (ValueError, TypeError) as error:
        where = f"stream {event.stream!r}, event {event.seq} at {event.time / SECOND:.3f} s"
        raise RecordingError(f"{where}: {error}; leave out what names no mode") from None


def seen(event: Event[Jpeg]) -> Frame:
    """Keep a picture with its time."""
    return Frame(event.time, picture_of(event))


def follows(
    room: Room, cause: Event[Any] | Wake, *, how: How, settings: Segmenting = SERVER
) -> tuple[Room, list[tuple[int, UserTurn | Switch] | Wake]]:
    """Follow the user, in turn-based mode, to each turn; and in either to a switch, once for each mode that is another one."""
    if isinstance(cause, Wake):
        return room, []
    data = cause.data
    if isinstance(data, Asked):
        return (room, []) if data.to == room.mode else _switched(room, data.to, cause.time, how, settings)
    room = room._replace(transcript=written_down(room.transcript, cause))
    if isinstance(data, Typed) and room.mode == "duplex":  # which takes nothing but sound and pictures
        return room, []
    ear, turns = listens(room.ear, cause, settings=settings)
    return room._replace(ear=ear), [*turns]


def _switched(room: Room, to: Mode, time: int, how: How, settings: Segmenting) -> tuple[Room, list[tuple[int, UserTurn | Switch] | Wake]]:
    order = Switch(to, room.transcript, len(room.ear.awaiting), room.ear.segmenter.unfinished_ns)
    transcript = room.transcript if how == "carry" else Transcript(over=room.transcript.over)
    return entered(to, time, room.ear, transcript, settings), [(time, order)]
