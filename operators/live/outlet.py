"""Put out what a live session says and decides, as it comes about: every message can be told from any other.

A message is `[session/edge, msgpack header, payload]`, in the header `session`, `edge` and `seq`, which together are its key, and `time`,
ns of the session. Speech is 24 kHz PCM in frames of 20 ms, each when it is to sound; what is flushed is never sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from omniflow_graph import Event, Graph
from omniflow_graph.engine.messages import Chunk
from omniflow_graph.live.codecs.omniflow1 import encode
from omniflow_graph.recording.wire import pack_value, readable
from operators.words import Fence, Sound, duration

FRAME = 480  # samples: 20 ms
FRAMES = 1 << 20  # in one piece of speech, at most
SPEECH, PLAYED, SILENCE = "speech", "play", "fence"
UNSENT = ("out-stream", "heard")  # that is what `speech` is made of, and what this graph's own player thinks was heard

Put = Callable[[int, list[bytes], str], object]  # (when, parts, group)


@dataclass
class Outlet:
    """Take what comes about in any session, and put out what its sinks collect. Times are ns; `zero` maps a session to its begin."""

    graph: Graph
    put: Put
    cancel: Callable[[str], object]
    zero: Callable[[str], tuple[int, int]]  # of a session: when it began by the wall, and from which time on it is live
    now: Callable[[], int]
    free_at: dict[str, int] = field(default_factory=dict)  # when the last frame of a session's speech has sounded
    said: dict[str, tuple[int, int]] = field(default_factory=dict)  # the answer that is being said, and how many samples of it were sent
    edges: list[str] = field(init=False)

    def __post_init__(self) -> None:
        collected = dict.fromkeys(edge for node in self.graph.nodes.values() if node.kind == "sink" for edge in node.inputs)
        self.edges = [edge for edge in collected if edge not in UNSENT and self._kind(edge) not in ("align", "source")]

    def __call__(self, session: str, chunk: Chunk) -> None:
        """Put out what a chunk holds: silence first."""
        if not chunk.events:
            return
        begin, since = self.zero(session)
        for event in chunk.events.get(SILENCE, ()):
            if isinstance(event.data, Fence) and event.time >= since:
                self._hush(session, event)
        for edge in self.edges:
            for event in chunk.events.get(edge, ()):
                if event.time >= since:
                    self.put(0, self._message(session, edge, event), "")
        for event in chunk.events.get(PLAYED, ()):
            if isinstance(event.data, Sound):
                self._say(session, begin, event, sent=event.time >= since)

    def _kind(self, edge: str) -> str:
        return self.graph.nodes[edge].kind if edge in self.graph.nodes else "feedback"

    def _message(self, session: str, edge: str, event: Event[Any]) -> list[bytes]:
        data = event.data
        payload = data.encode() if isinstance(data, str) else data if isinstance(data, bytes) else pack_value(readable(data))
        return encode(f"{session}/{edge}", event.seq, None, payload, session=session, edge=edge, time=event.time)

    def _hush(self, session: str, event: Event[Fence]) -> None:
        self.cancel(f"{session}/{SPEECH}")
        self.free_at.pop(session, None)
        head = {"session": session, "edge": "flush", "time": event.time, "epoch": event.data.epoch, "response": event.data.response}
        self.put(0, encode(f"{session}/flush", event.seq, None, b"", **head), "")

    def _say(self, session: str, begin: int, event: Event[Sound], *, sent: bool) -> None:
        """Send a piece of speech frame by frame, from when it is to sound, or after what sounds still."""
        sound, (response, before) = event.data, self.said.get(session, (0, 0))
        before = before if response == sound.response else 0
        self.said[session] = (sound.response, before + len(sound.samples))
        if not sent:
            return
        start = max(begin + event.time, self.free_at.get(session, 0), self.now())
        self.free_at[session] = start + duration(len(sound.samples))
        for n, at in enumerate(range(0, max(len(sound.samples), 1), FRAME)):
            last = sound.last and at + FRAME >= len(sound.samples)
            head = {"session": session, "edge": SPEECH, "time": start - begin + duration(at), "response": sound.response, "epoch": sound.epoch}
            samples = sound.samples[at : at + FRAME].astype("<i2").tobytes()
            parts = encode(f"{session}/{SPEECH}", event.seq * FRAMES + n, None, samples, **head, at=before + at, last=last, rate_hz=24_000)
            self.put(start + duration(at), parts, f"{session}/{SPEECH}")
