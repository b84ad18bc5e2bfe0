"""Read off a trace what a page shows of it, as plain values for JSON. Times are milliseconds of the session."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from omniflow_graph import Event, Session, Trace
from omniflow_graph.events import SECOND
from omniflow_graph.trace.deadlines import flushed
from omniflow_graph.trace.trace import NOT_KEPT
from omniflow_graph.trace.why import Link, brief
from operators.metrics.playback import lead, staleness, windows_of
from operators.mix import mixed
from operators.reasons import follower
from operators.report.sound import packed, peaks
from operators.report.thumbnails import thumbnails
from operators.report.words import spoken_words
from operators.sounding import sounds
from operators.turns import SPOKEN, decides, told
from operators.words import WAVE_HZ

AUDIO, VISUAL = "env-audio", "env-visual"
MS = 1_000_000
MOST_TICKS = 4_000  # of an edge that has no lane of its own
QUIET = {"scenario", "around", "acoustics", "cues", "hears", "echo", "playback"}  # what only joins other edges


def gather(trace: Trace, inputs: Session | None = None, *, sound: bool = True) -> dict[str, Any]:
    """Return all that a page shows of one run.

    `inputs` holds what was heard and seen, where the trace holds that by reference only. Without `sound` the page cannot
    be played, and is small.
    """
    speaks = trace.edges.keys() >= SPOKEN
    about = {"session": trace.session, "end": _ms(trace.end), "complete": trace.complete, "seed": trace.seed, "digest": trace.digest}
    room, words = _room(trace, inputs), spoken_words(trace)
    return {
        **about,
        "graph": trace.graph.name,
        "windows": _windows(trace),
        "turns": told(trace),
        "decisions": _decisions(trace) if speaks or decides(trace) else [],
        "speaks": speaks,
        "words": [[w.text, *map(_ms, (w.decided, w.heard, w.until)), w.decision, w.response, w.cut] for w in words],
        "ages": [[_ms(time), _ms(age)] for time, age in staleness(trace, words)],
        "sounds": _sounds(trace) if speaks else [],
        "speech": _speech(trace),
        "people": _people(trace),
        "stages": _stages(trace),
        "events": sorted(_events(trace), key=lambda event: event[0]),
        "lead": [[_ms(time), _ms(ahead)] for time, ahead in lead(trace)] if speaks else [],
        "ticks": _ticks(trace),
        "pictures": [[_ms(time), _url("image/jpeg", picture)] for time, picture in thumbnails(_held(trace, inputs, VISUAL))],
        **(_heard(trace, room, sound) if speaks else _listened(room)),
    }


def _ms(time: int) -> float:
    return round(time / MS, 3)


def _url(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _held(trace: Trace, inputs: Session | None, edge: str) -> Iterable[Event[Any]]:
    """Return the events of an input: the trace's own, else those of the session that it was made of."""
    own = trace.edges.get(edge, [])
    if own and own[0].data is not NOT_KEPT:
        return own
    return inputs.events([edge]) if inputs and edge in inputs.sources else ()


def _room(trace: Trace, inputs: Session | None) -> Session:
    heard = [(event.time, event.data) for event in _held(trace, inputs, AUDIO) if isinstance(event.data, bytes)]
    return Session(trace.session, {AUDIO: heard} if heard else {}, end=max(trace.end, 1))


def _heard(trace: Trace, room: Session, sound: bool) -> dict[str, Any]:
    """Return the waveforms of both sides, and what can be played of them."""
    _, blocks = mixed(trace, room)
    sides: list[list[np.ndarray]] = [[], []]

    def seen() -> Iterator[np.ndarray]:
        for block in blocks:
            for side, of in enumerate(sides):
                of.append(np.frombuffer(peaks(block[:, side], WAVE_HZ), np.int8))
            yield block

    audio = packed(seen(), WAVE_HZ) if sound else b"".join(b"" for _ in seen())
    waves = {name: base64.b64encode(b"".join(part.tobytes() for part in of)).decode() for name, of in zip(("room", "voice"), sides)}
    return {**waves, "audio": _url("audio/ogg", audio) if audio else ""}


def _listened(room: Session) -> dict[str, Any]:
    """Return the waveform of what came in, for a graph that does not speak; nothing to play."""
    samples = [np.frombuffer(event.data, "<i2") for event in room.events([AUDIO])] if room.sources else []
    return {"room": base64.b64encode(peaks(np.concatenate(samples), 16_000)).decode() if samples else "", "voice": "", "audio": ""}


def _windows(trace: Trace) -> list[list[float]]:
    """Return the windows that decisions are made on, [k, start, end]; those of the first align."""
    return [[window.k, _ms(window.start), _ms(window.end)] for window in windows_of(trace)]


def _decisions(trace: Trace) -> list[dict[str, Any]]:
    follow = follower(trace)
    return [_decision(event, follow(event)) for event in trace["decide"]]


def _decision(event: Event[Any], links: list[Link]) -> dict[str, Any]:
    d = event.data
    about = {"k": d.k, "t": _ms(event.time), "c": d.choice, "why": d.cause, "chain": [_link(link) for link in links[1:]]}
    more = {"text": d.text, "r": d.response, "p": d.p_listen, "forced": d.forced, "ends": d.ends, "epoch": d.epoch}
    return about | {name: value for name, value in more.items() if value}


def _link(link: Link) -> list[Any]:
    """Write one cause: how far back, edge, first and last number, time, what it is, and what else the range tells."""
    event = link.event
    more = [[_ms(shown.event.time), brief(shown.event.data, 90)] for shown in link.more]
    return [link.depth, event.stream, event.seq, link.last, _ms(event.time), brief(event.data, 120), more]


def _sounds(trace: Trace) -> list[list[Any]]:
    """Return what sounded, [from, until, answer, text, chain down to its decision]."""
    follow = follower(trace)
    found = []
    for each in sounds(trace):
        links = [_link(link) for link in follow(each.event)]
        stop = next((n for n, link in enumerate(links) if link[1] == "decide"), len(links))
        found.append([_ms(each.start), _ms(each.end), each.response, each.event.data.text, links[: stop + 1]])
    return found


def _speech(trace: Trace) -> list[list[Any]]:
    """Return when somebody was heard to talk, [from, until, utterance]."""
    found: list[list[Any]] = []
    for event in trace.edges.get("listen", ()):
        of = event.data
        if getattr(of, "talking", False):
            if found and found[-1][2] == of.utterance:
                found[-1][1] = _ms(event.time)
            else:
                found.append([_ms(event.time), _ms(event.time), of.utterance])
    return found


def _people(trace: Trace) -> list[list[Any]]:
    """Return what simulated people said, [from, until, who, kind, text]."""
    said = [e.data for edge in ("user", "talker") for e in trace.edges.get(edge, ()) if hasattr(e.data, "samples")]
    return [[_ms(of.begin), _ms(of.begin + len(of.samples) * SECOND // 16_000), of.who, of.kind, of.text] for of in said]


def _stages(trace: Trace) -> dict[str, list[list[Any]]]:
    """Return when each stage worked, [from, until, whether it was dropped]."""
    return {name: [[_ms(s.start), _ms(s.done), bool(s.dropped)] for s in steps] for name, steps in trace.stages.items()}


def _events(trace: Trace) -> Iterator[list[Any]]:
    """Yield what was out of the ordinary, [time, kind, words]."""
    for stage, steps in trace.stages.items():
        for step in steps:
            if step.dropped:
                kind = "flushed" if flushed(step) else "overrun"
                yield [_ms(step.done), kind, f"{stage} let go of {len(step.dropped)} of what it had to do"]
    for edge, events in trace.edges.items():
        late = [event for event in events if event.stamps and event.stamps.late]
        yield from ([_ms(event.time), "late", f"{edge} #{event.seq} came too late for its time"] for event in late)
    for event in trace.edges.get("fence", ()):
        yield [_ms(event.time), "flush", f"answer {event.data.response} was cut short: {event.data.cause}"]
    for event in trace.edges.get("overlap", ()):
        for choice in event.data:
            yield [_ms(event.time), "overlap", f"{choice.choice}: {choice.reason}"]
    for event in trace.edges.get("notices", ()):
        for notice in event.data:
            yield [_ms(event.time), "playback", brief(notice)]
    for edge in trace.edges:
        if edge.endswith("/faults") or edge == "telemetry":
            for event in trace.edges[edge]:
                yield [_ms(event.time), "fault", f"{edge}: {brief(event.data)}"]


def _ticks(trace: Trace) -> dict[str, list[float]]:
    """Return when there was something on an edge: of all edges, evenly chosen where there is too much."""
    found = {}
    for edge, events in trace.edges.items():
        if edge not in QUIET and events:
            step = -(-len(events) // MOST_TICKS)
            found[edge] = [_ms(event.time) for event in events[::step]]
    return found
