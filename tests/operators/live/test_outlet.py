"""What is said goes out frame by frame when it is to sound, what is decided at once, and what is flushed never."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgpack
import numpy as np

from omniflow_graph import Event
from omniflow_graph.engine.messages import Chunk
from operators.duplex import duplex
from operators.live.outlet import FRAME, FRAMES, Outlet
from operators.words import Ack, Decision, Fence, Sound

MS, ZERO = 1_000_000, 5_000_000_000_000


@dataclass
class Sent:
    """Remember what was put out: (ms of the session or None for at once, topic, header, payload)."""

    now: int = ZERO
    since: int = 0
    messages: list[tuple[float | None, str, dict[str, Any], bytes]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)

    def outlet(self) -> Outlet:
        return Outlet(duplex(model="scripted-fast"), self.put, self.cancelled.append, lambda session: (ZERO, self.since), lambda: self.now)

    def put(self, at: int, parts: list[bytes], group: str) -> None:
        header = msgpack.unpackb(parts[1])
        self.messages.append(((at - ZERO) / MS if at else None, parts[0].decode(), header, parts[2]))


def sound(seq: int, ms: int, samples: int, *, response: int = 1, last: bool = False) -> Event:
    return Event(ms * MS, "play", seq, Sound(response, seq, "", np.arange(samples, dtype="<i2"), last))


def chunk(**events: list[Event]) -> Chunk:
    return Chunk(events, [], {}, {})


def test_speech_is_frames_of_20_ms_each_at_its_time():
    sent = Sent()
    outlet = sent.outlet()
    outlet("ann", chunk(play=[sound(0, 100, 2 * FRAME + 120)]))
    outlet("ann", chunk(play=[sound(1, 145, FRAME, last=True)]))
    head = [(at, header["seq"], header["at"], header["last"], len(payload) // 2) for at, _, header, payload in sent.messages]
    assert head == [
        (100.0, 0, 0, False, 480),
        (120.0, 1, 480, False, 480),
        (140.0, 2, 960, False, 120),
        (145.0, FRAMES, 1080, True, 480),
    ]
    _, topic, header, payload = sent.messages[1]
    assert (topic, header["session"], header["edge"], header["time"], header["rate_hz"]) == ("ann/speech", "ann", "speech", 120 * MS, 24_000)
    assert np.frombuffer(payload, "<i2").tolist() == list(range(480, 960))


def test_what_could_not_be_sent_on_time_follows_without_a_break_in_it():
    sent = Sent(now=ZERO + 300 * MS)
    sent.outlet()("ann", chunk(play=[sound(0, 100, 2 * FRAME), sound(1, 110, FRAME)]))
    assert [at for at, *_ in sent.messages] == [300.0, 320.0, 340.0]


def test_a_new_answer_counts_from_its_beginning():
    sent = Sent()
    sent.outlet()("ann", chunk(play=[sound(0, 0, FRAME), sound(1, 50, FRAME, response=2)]))
    assert [(header["response"], header["at"]) for _, _, header, _ in sent.messages] == [(1, 0), (2, 0)]


def test_a_fence_cancels_what_waits_and_tells_the_player():
    sent = Sent()
    outlet = sent.outlet()
    outlet("ann", chunk(play=[sound(0, 100, 50 * FRAME)]))
    sent.messages.clear()
    sent.now += 200 * MS
    outlet("ann", chunk(fence=[Event(200 * MS, "fence", 0, Fence(1, 1, "talked over"))], play=[sound(1, 210, FRAME)]))
    assert sent.cancelled == ["ann/speech"]
    assert [(at, topic) for at, topic, *_ in sent.messages] == [(None, "ann/flush"), (None, "ann/fence"), (210.0, "ann/speech")]
    assert sent.messages[0][2] == {"v": 1, "seq": 0, "t_cap_ns": None, "session": "ann", "edge": "flush", "time": 200 * MS, "epoch": 1, "response": 1}


def test_text_and_decisions_go_out_at_once_with_their_key():
    sent = Sent()
    sent.outlet()("ann", chunk(decide=[Event(7, "decide", 3, Decision(3, "speak", "asked", text="Hi"))], text=[Event(7, "text", 3, "Hi")]))
    (at, topic, header, payload), (_, other, _, text) = sent.messages
    assert (at, topic, header) == (None, "ann/decide", {"v": 1, "seq": 3, "t_cap_ns": None, "session": "ann", "edge": "decide", "time": 7})
    assert (msgpack.unpackb(payload)["choice"], other, text) == ("speak", "ann/text", b"Hi")


def test_what_was_put_out_before_a_restart_is_not_put_out_again():
    sent = Sent(since=1_000 * MS)
    outlet = sent.outlet()
    outlet("ann", chunk(play=[sound(0, 900, FRAME)], text=[Event(900 * MS, "text", 0, "old")], fence=[Event(950 * MS, "fence", 0, Fence(1, 1, ""))]))
    assert (sent.messages, sent.cancelled) == ([], [])
    outlet("ann", chunk(play=[sound(1, 1_000, FRAME)]))
    assert [header["at"] for _, _, header, _ in sent.messages] == [FRAME]  # of the same answer


def test_acknowledgements_of_the_graphs_own_player_are_its_own():
    sent = Sent()
    sent.outlet()("ann", chunk(play=[Event(5, "play", 0, Ack(1, 480))], heard=[Event(5, "heard", 0, Ack(1, 480))]))
    assert sent.messages == []
