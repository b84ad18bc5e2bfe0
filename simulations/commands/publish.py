"""Be a robot's sensors: publish a recording on ZeroMQ in its own time, with faults on its way, or what a microphone and a camera give."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omniflow_graph.chance import Rng
from omniflow_graph.clock import WallClock
from omniflow_graph.engine.replay import check_seed
from omniflow_graph.events import Event, seconds
from omniflow_graph.live.codecs.record import Record, Writer
from omniflow_graph.live.codecs.registry import WRITERS, codec_of, writer_of
from omniflow_graph.live.curve import Curve
from omniflow_graph.live.endpoints import FORM, Endpoint, endpoint_of
from omniflow_graph.live.own_clock import own_clock
from omniflow_graph.live.sinks import Publisher
from omniflow_graph.recording import Recording, open_recording
from omniflow_graph.recording.named import named
from operators.commands.stopping import stoppable
from simulations.commands.sensing import KINDS, Sensing, devices_of
from simulations.faults.text import fault_of
from simulations.faults.verdicts import UNCHANGED, Drop, Fault, Pass, verdicts

PATIENCE = 30.0  # seconds to wait for a subscriber
FOREVER = 1 << 62
PAUSE = 100_000_000  # ns that a restarted sensor is away


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("recording", metavar="REC", nargs="?")
    parser.add_argument("--mic", metavar="DEV", help="in place of a recording: a microphone, by number or name, or default; it is env-audio")
    parser.add_argument("--camera", metavar="DEV", help="the same with a camera, as in /dev/video0 or lavfi:testsrc; it is env-visual")
    parser.add_argument("--fps", type=float, default=2.0, metavar="N", help="at most so many of its pictures a second; default: %(default)s")
    parser.add_argument(
        "--feed", action="append", required=True, metavar="STREAM=CODEC@ENDPOINT", help=f"what goes where: {FORM}; CODEC: {', '.join(WRITERS)}"
    )
    parser.add_argument("--session", metavar="NAME", help="written in each record; default: none, the receiver decides")
    parser.add_argument("--pace", type=float, default=1.0, metavar="X", help="1.0 is real time")
    parser.add_argument("--length", type=float, metavar="S", help="only so much of the recording")
    parser.add_argument("--faults", metavar="SPEC", help="on the way of every record, as in both(jitter(most_ms=30), loss(permille=20))")
    parser.add_argument("--restart-at", type=float, metavar="S", help="each sensor dies then, and begins anew after 100 ms")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--keys", metavar="DIR", help="CURVE: the folder with the server's public key and this machine's own")
    parser.add_argument("--client", default="sensor", metavar="NAME", help="whose keys these are; default: %(default)s")
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")


def run(args: argparse.Namespace) -> int:
    """Publish, and say how much."""
    check_seed(args.seed, "--seed: wants")
    if (args.recording is None) == (args.mic is None and args.camera is None):
        raise ValueError("publish: wants a recording, or --mic or --camera or both, and not both of these ways")
    return _sensed(args) if args.recording is None else _played(args)


def _sensed(args: argparse.Namespace) -> int:
    """Publish what is plugged in."""
    given = [f"--{name.replace('_', '-')}" for name in ("faults", "restart_at") if getattr(args, name) is not None]
    if given := [*given, *(["--pace"] if args.pace != 1 else [])]:
        raise ValueError(f"{given[0]}: wants a recording, not a device")
    outlets, clock = outlets_of(args.feed), WallClock(0)
    devices = devices_of(args.mic, args.camera, args.fps, [stream for of in outlets.values() for stream in of])
    writers, curve = writers_of(args.feed, KINDS), Curve(Path(args.keys), args.client) if args.keys else None
    with ExitStack() as held:
        stop = held.enter_context(stoppable())
        publishers = {at: held.enter_context(Publisher(at, clock=clock, curve=curve)) for at in outlets}
        _wait(publishers)
        place = {stream: publishers[at] for at, streams in outlets.items() for stream in streams}
        length = None if args.length is None else seconds(args.length)
        stop.run = Sensing(devices, writers, place, clock, args.session or None, length)
        sent = stop.run.run()
    print(json.dumps({"sent": sent}) if args.json else f"{sent} messages")
    return 128 + stop.signal if stop.signal else 0


def _wait(publishers: Mapping[Endpoint, Publisher]) -> None:
    """Wait until somebody subscribes everywhere. Raises ValueError if nobody does."""
    if not all(each.wait_for_subscriber(PATIENCE) for each in publishers.values()):
        raise ValueError(f"nobody subscribed within {PATIENCE:g} s; start `omniflow serve` with the same endpoints")


def _played(args: argparse.Namespace) -> int:
    """Publish a recording."""
    if not 0.01 <= args.pace <= 100:
        raise ValueError(f"--pace: wants 0.01 to 100, got {args.pace}")
    recording = open_recording(named(args.recording))
    fault = fault_of(args.faults) if args.faults else None
    outlets = outlets_of(args.feed)
    if unknown := [stream for of in outlets.values() for stream in of if stream not in recording.manifest.streams]:
        raise ValueError(f"--feed: {recording.path} holds no {', '.join(unknown)}; it has {', '.join(recording.manifest.streams)}")
    kinds = {name: of.kind for name, of in recording.manifest.streams.items()}
    way = Way(args.pace, args.session, writers_of(args.feed, kinds), fault, Rng(args.seed, recording.manifest.session, "publish"))
    events = taken(recording, [stream for of in outlets.values() for stream in of], args.length)
    sent = _published(args, way, outlets, events)
    found = {"sent": sent, "dropped": way.dropped, "records": len(events)}
    print(json.dumps(found) if args.json else f"{sent} messages of {len(events)} records, {way.dropped} lost on purpose")
    return 0


def _published(args: argparse.Namespace, way: Way, outlets: dict[Endpoint, list[str]], events: list[Event[Any]]) -> int:
    """Publish, in one life of the sensors or in two; returns how many messages that were. Raises ValueError if nobody subscribes."""
    clock, begin, sent = WallClock(0), None, 0
    curve = Curve(Path(args.keys), args.client) if args.keys else None
    restart = None if args.restart_at is None else seconds(args.restart_at)
    lives = [(0, FOREVER)] if restart is None else [(0, restart), (restart + round(PAUSE * args.pace), FOREVER)]
    for first, last in lives:
        with ExitStack() as life:
            publishers = {at: life.enter_context(Publisher(at, clock=clock, curve=curve, drain=PATIENCE)) for at in outlets}
            _wait(publishers)
            begin = clock.now() if begin is None else begin
            _put(way, publishers, outlets, [event for event in events if first <= event.time < last], begin, clock.now())
            for each in publishers.values():
                each.wait_until_sent()
                sent += each.sent
    return sent


def outlets_of(texts: list[str]) -> dict[Endpoint, list[str]]:
    """Read where which streams go. Raises ValueError."""
    found: dict[Endpoint, list[str]] = {}
    for text in texts:
        streams, sign, rest = text.partition("=")
        _, at, where = rest.rpartition("@")
        if not (sign and at and streams):
            raise ValueError(f"--feed: wants {FORM}, got {text!r}")
        found.setdefault(endpoint_of(where, "pub", True), []).extend(streams.split(","))
    return found


def writers_of(texts: list[str], kinds: Mapping[str, str]) -> dict[str, Writer]:
    """Read how each stream is written. Raises ValueError, also for a format that does not hold what the stream is."""
    found = {}
    for text in texts:
        streams, _, rest = text.partition("=")
        codec = rest.rpartition("@")[0]
        for stream in streams.split(","):
            found[stream] = writer_of(codec, stream)
            if codec != "omniflow/1" and (holds := codec_of(codec, stream).kind) != kinds[stream]:
                raise ValueError(f"--feed: {codec} holds {holds}, and {stream} is {kinds[stream]}; omniflow/1 holds all")
    return found


def taken(recording: Recording, streams: list[str], length: float | None) -> list[Event[Any]]:
    """Return the events of these streams, of the first `length` seconds."""
    most = FOREVER if length is None else seconds(length)
    return [event for event in recording.events([name for name in recording.manifest.streams if name in streams]) if event.time < most]


@dataclass
class Way:
    """Say what becomes of a record between its sensor and the socket."""

    pace: float
    session: str | None
    writers: dict[str, Writer]
    fault: Fault | None
    rng: Rng
    dropped: int = 0
    seqs: dict[str, int] = field(default_factory=dict)

    def messages(self, event: Event[Any], begin: int, generation: int) -> list[tuple[int, list[bytes]]]:
        """Return (when, parts) of each copy of a record that gets through. Its number is taken, whether or not it does."""
        seq = self.seqs[event.stream] = self.seqs.get(event.stream, -1) + 1
        captured = begin + round(event.time / self.pace)
        found = []
        for verdict in verdicts(self.fault, event, self.rng) if self.fault else (Pass(),):
            if isinstance(verdict, Drop):
                self.dropped += 1
                continue
            data = event.data if verdict.data is UNCHANGED else verdict.data
            record = Record(event.stream, data, captured, seq, self.session or None, own_clock(), generation)
            found.append((captured + round(getattr(verdict, "by", 0) / self.pace), self.writers[event.stream](record)))
        return found


def _put(way: Way, publishers: dict[Endpoint, Publisher], outlets: dict[Endpoint, list[str]], events: list[Event[Any]], begin: int, now: int) -> None:
    """Hand records to the publishers, as sensors that have just begun: numbered from 0, in a generation of their own."""
    way.seqs = {}
    place = {stream: publishers[at] for at, streams in outlets.items() for stream in streams}
    for event in events:
        for when, parts in way.messages(event, begin, now):
            place[event.stream].put(when, parts)
