"""Keep what a session would have to tell again if it forgot everything: what was said and heard, and the last picture."""

from __future__ import annotations

from typing import Any, NamedTuple

from omniflow_graph import Event
from operators.omni_flow.modes.switch import Frame, Line
from operators.omni_flow.playback.marks import Mark, heard_text
from operators.turn_taking.exchange import Assumed, Typed
from operators.words import Ack, Sound

KEPT = 64  # lines; older ones are forgotten


class Transcript(NamedTuple):
    """Hold what was said, the answers as far as they were heard, and the last picture.

    Of the answer that sounds last: its number, when it began, its text and marks so far, how many samples were heard, and whether
    a player said so; `over` is the last answer of which no more will be.
    """

    lines: tuple[Line, ...] = ()
    frame: Frame | None = None
    response: int = 0
    begun: int = 0
    text: str = ""
    marks: tuple[Mark, ...] = ()
    heard: int = 0
    known: bool = False
    over: int = 0

    @property
    def told(self) -> tuple[Line, ...]:
        """Return all lines, with what was heard so far of an answer that is not over."""
        words = heard_text(self.text, self.marks, self.heard)
        return (*self.lines, Line("assistant", words, self.begun))[-KEPT:] if words else self.lines


def written_down(transcript: Transcript, event: Event[Any]) -> Transcript:
    """Take in a picture, what was typed, a sound of the assistant that begins, or what was heard of it.

    What the user speaks has no words here: whoever recognises them can add lines.
    """
    data = event.data
    if isinstance(data, Frame):
        return transcript._replace(frame=data)
    if isinstance(data, Typed) and data.text:
        return transcript._replace(lines=(*transcript.lines, Line("user", data.text, event.time))[-KEPT:])
    if isinstance(data, Sound):
        transcript = transcript if data.response == transcript.response else _finished(transcript)._replace(response=data.response, begun=event.time)
        marks = (*transcript.marks, *(Mark(*mark) for mark in data.marks))
        return transcript._replace(text=transcript.text + data.text, marks=marks)
    if isinstance(data, Assumed):
        return _heard(transcript, data.ack._replace(played_samples=0) if transcript.known else data.ack)
    if isinstance(data, Ack):
        return _heard(transcript._replace(known=transcript.known or data.response == transcript.response), data)
    return transcript


def _heard(transcript: Transcript, ack: Ack) -> Transcript:
    this = ack.response == transcript.response
    heard = max(transcript.heard, ack.played_samples) if this else transcript.heard
    transcript = transcript._replace(heard=heard, over=max(transcript.over, ack.response) if ack.final else transcript.over)
    return _finished(transcript) if ack.final and this else transcript


def _finished(transcript: Transcript) -> Transcript:
    """Write the answer down as it was heard."""
    return transcript._replace(lines=transcript.told, response=0, begun=0, text="", marks=(), heard=0, known=False)
