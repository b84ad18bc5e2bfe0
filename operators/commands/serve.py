"""Run a graph live: read sensors from ZeroMQ, put out what is said and decided, and record all of it, to be replayed."""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omniflow_graph.clock import WallClock
from omniflow_graph.engine.messages import Chunk
from omniflow_graph.engine.replay import check_seed
from omniflow_graph.events import SECOND, Event, seconds
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.loading import load_graph, resolve
from omniflow_graph.graph.nodes import Node
from omniflow_graph.live.codecs.omniflow1 import encode
from omniflow_graph.live.commands import COMMANDS, SAID
from omniflow_graph.live.control import address_of, open_control, take_command
from omniflow_graph.live.curve import Curve
from omniflow_graph.live.endpoints import FORM, check_reach, endpoint_of, feeds_of
from omniflow_graph.live.feed import Door, LiveFeed
from omniflow_graph.live.live_session import LiveSession, Rules
from omniflow_graph.live.log import LiveLog, NoLog, kept, warm_log
from omniflow_graph.live.own_clock import own_clock
from omniflow_graph.live.sinks import Publisher
from omniflow_graph.live.telemetry import STREAM
from omniflow_graph.recording import Manifest, Recording, StreamInfo, open_recording
from omniflow_graph.recording.wire import pack_value
from omniflow_graph.trace.trace import Trace
from operators.commands.outcome import outcome, show, timed
from operators.commands.served import LIVE, Served
from operators.commands.settings import DEFAULT_GRAPH, DEFAULT_MODEL, add_echo, settings, warm
from operators.commands.stopping import stoppable
from operators.controls import OBEYING
from operators.live.outlet import Outlet
from operators.live.progress import LOST, Progress
from operators.live.status import shown
from operators.omni_flow.playback.reading import read_ack

MS = 1_000_000
BOUNDS = {"allowance": (0, 10_000), "stale": (0.01, 1e6), "idle": (0.01, 1e6), "grace": (0, 1e6), "until_idle": (0.01, 1e6), "sessions": (1, 10_000)}
MOST_TOLD, MOST_SHOWN = 10_000, 3
HOLD = 600 * SECOND  # of a session that is held in memory, and whose turns are told at the end
NO_NODE = Node("", "feedback")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--feed", action="append", required=True, metavar="STREAM=CODEC@ENDPOINT", help=f"where a stream comes from: {FORM}")
    parser.add_argument("--out", metavar="ENDPOINT", help="publish what is said and decided there, as in tcp://127.0.0.1:5600")
    parser.add_argument("--control", metavar="ENDPOINT", help="take commands there, such as open and close")
    parser.add_argument("--record", metavar="DIR", help="record each session in a folder of its name there; one that is there goes on")
    parser.add_argument("--graph", metavar="M:F", default=DEFAULT_GRAPH, help="module:function; default: %(default)s")
    parser.add_argument("--model", metavar="NAME", help="scripted, scripted-fast or nano; default: scripted")
    parser.add_argument("--script", metavar="FILE", help="YAML with what a scripted model says when")
    parser.add_argument("--window", type=float, metavar="S", help="length of a window in seconds")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="any other parameter of the graph's function")
    add_echo(parser)
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--session", default="live", metavar="NAME", help="of records that do not say; default: %(default)s")
    parser.add_argument("--sessions", type=int, default=64, metavar="N", help="at most so many at a time; default: %(default)s")
    parser.add_argument("--allowance", type=float, default=50.0, metavar="MS", help="how long a window waits for what is on its way; default: 50")
    parser.add_argument("--stale", type=float, default=1.0, metavar="S", help="a sensor that is silent for so long is stale, five times that dead")
    parser.add_argument("--idle", type=float, default=60.0, metavar="S", help="a session in which nothing comes for so long ends; default: 60")
    parser.add_argument("--grace", type=float, default=0.0, metavar="S", help="but not for so long after one of its connections was lost; default: 0")
    parser.add_argument("--until-idle", type=float, metavar="S", help="end when nothing came for so long in any session")
    parser.add_argument("--keys", metavar="DIR", help="CURVE: keys and the allow-list, made by `omniflow keys DIR`")
    parser.add_argument("--insecure", action="store_true", help="bind addresses that other machines can reach, without keys")
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")


def run(args: argparse.Namespace) -> int:
    """Serve until it is stopped or idle; then say what came of it. Returns 0, or 1 if a session failed."""
    server = Server.of(args)
    with stoppable() as stop:
        found = server.serve(stop)
    if args.json:
        print(json.dumps(found))
    else:
        for each in found.get("sessions", [found]):
            if "edges" in each:
                show(each, Recording(Path(""), Manifest(each["session"]), ()))
                print(f"late {each['late']}, dropped {each['dropped']}, gaps {each['gaps']}, deadlines missed {each['deadline_misses']}")
    for why, count in found["refused"].items():
        print(f"omniflow: refused {count}: {why}", file=sys.stderr)
    failed = [each for each in found.get("sessions", [found]) if "failed" in each]
    for each in failed:
        print(f"omniflow: session {each['session']!r} failed: {each['failed']}", file=sys.stderr)
    return int(bool(failed))


@dataclass
class Drain:
    """Be what a signal stops: sessions end after what has been received."""

    feed: LiveFeed

    @property
    def stopped(self) -> bool:
        """Tell whether it was stopped."""
        return self.feed.stopping

    @stopped.setter
    def stopped(self, wanted: bool) -> None:
        if wanted:
            self.feed.stop()


@dataclass
class Server:
    """Hold what a run of `serve` is made of."""

    args: argparse.Namespace
    served: Served
    graph: Graph
    rules: Rules
    curve: Curve | None

    @staticmethod
    def of(args: argparse.Namespace) -> Server:
        """Check the options and build the graph. Raises ValueError, GraphError, before any socket is open."""
        check_seed(args.seed, "--seed: wants")
        for name, (least, most) in BOUNDS.items():
            value = getattr(args, name)
            if value is not None and not least <= value <= most:
                raise ValueError(f"--{name.replace('_', '-')}: wants {least} to {most:g}, got {value}")
        feeds = feeds_of(args.feed)
        for each in (*(feed.endpoint for feed in feeds), *(endpoint_of(text, "pub", True) for text in (args.out, args.control) if text)):
            check_reach(each, secured=bool(args.keys), insecure=args.insecure)
        model = args.model or (DEFAULT_MODEL if args.graph == DEFAULT_GRAPH else None)
        beside = ",".join(dict.fromkeys([*(feed.stream for feed in feeds), STREAM, COMMANDS]))
        obeys = {"control": True} if args.control and model in (None, *OBEYING) and takes(args.graph, "control") else {}
        served = Served(args.graph, model, args.script, args.window, beside, args.seed, obeys | settings(args.set))
        graph = load_graph(LIVE, served.options())
        idle = args.idle if args.until_idle is None else args.until_idle
        stale, grace = seconds(args.stale), seconds(args.grace)
        rules = Rules(round(args.allowance * MS), stale, 5 * stale, seconds(idle), grace, sessions=args.sessions)
        return Server(args, served, graph, rules, Curve(Path(args.keys)) if args.keys else None)

    def serve(self, stop: Any) -> dict[str, Any]:
        """Open the sockets, run the graph, and return what `--json` prints."""
        from omniflow_graph.engine.flow import compile_flow

        args, clock, found = self.args, WallClock(0), {}
        flow = compile_flow(self.graph)
        warm(self.graph)
        warm_log()
        control = endpoint_of(args.control, "router", True) if args.control else None
        with ExitStack() as held:
            publisher = held.enter_context(Publisher(endpoint_of(args.out, "pub", True), clock=clock, curve=self.curve)) if args.out else None
            feed = LiveFeed(
                self.graph, feeds_of(args.feed), Door(self._log, self._kept, checked, args.session), self.rules,
                clock=clock, curve=self.curve, own_clock=own_clock(), control=take_command, tell=told_by(publisher),
            )  # fmt: skip
            controls = [feed.open_socket(lambda context: open_control(context, control, self.curve))] if control else []
            stop.run = Drain(feed)
            addresses = [*feed.addresses, *([publisher.address] if publisher else []), *map(address_of, controls)]
            print(f"omniflow: serving {self.graph.name} at {', '.join(addresses)}", file=sys.stderr, flush=True)
            held.enter_context(feed)

            def finish(trace: Trace) -> None:
                session = feed.finished(trace.session)
                found[trace.session] = self._summed_up(trace, session, progress)
                progress.forget(trace.session)
                if args.until_idle is not None and not feed.sessions:
                    feed.stop()

            outlet, progress = self._outlet(feed, publisher, clock), Progress(self.graph, self.rules.allowance)

            def watch(session: str, chunk: Chunk) -> None:
                progress(session, chunk)
                if outlet is not None:
                    outlet(session, chunk)

            if sys.stderr.isatty() and not args.json:
                held.enter_context(shown(lambda: lines(feed, progress, outlet, clock.now())))
            feeds: list[Any] = [feed]
            flow.run(feeds, seed=args.seed, keep=self._wanted(), finish=finish, watch=watch, hold=HOLD)
        for name, error in feed.broken.items():
            found.setdefault(name, {"session": name})["failed"] = f"{type(error).__name__}: {error}"
        refused = {"refused": feed.refused, "reader_gap_ms": round(feed.gap / MS, 1)}
        return (next(iter(found.values())) if len(found) == 1 else {"sessions": list(found.values())}) | refused

    def _outlet(self, feed: LiveFeed, publisher: Publisher | None, clock: WallClock) -> Outlet | None:
        if publisher is None:
            return None

        def zero(name: str) -> tuple[int, int]:
            session = feed.sessions.get(name)
            return ((session.sequencer.zero or 0), session.since) if session else (0, 1 << 62)

        return Outlet(self.graph, publisher.put, publisher.cancel, zero, clock.now)

    def _wanted(self) -> list[str]:
        """Keep the payloads of what is told at the end: not of what came in, nor of windows."""
        return [edge for edge in self.graph.edges() if edge not in self.graph.nodes or self.graph.nodes[edge].kind not in ("source", "align")]

    def _log(self, name: str) -> Any:
        return LiveLog(Path(self.args.record), self.manifest(name)) if self.args.record else NoLog()

    def _kept(self, name: str) -> Recording | None:
        return kept(Path(self.args.record), name) if self.args.record else None

    def manifest(self, name: str) -> Manifest:
        """Say what the recording of a session is."""
        fed = {feed.stream: StreamInfo(feed.codec.kind, rate_hz=feed.codec.rate_hz, format=feed.codec.format) for feed in feeds_of(self.args.feed)}
        streams = fed | {STREAM: StreamInfo("value"), COMMANDS: StreamInfo("value")}
        streams |= {each: StreamInfo(kind) for each, kind in SAID.items() if each in self.graph.sources() and each not in fed}
        ranked = {each: streams[each] for each in [*self.graph.sources(), *streams] if each in streams}
        return Manifest(
            name, None, ranked, self.rules.allowance, graph_hash=self.graph.hash(), model=self.served.model, seed=self.args.seed,
            notes={"served": self.served.noted()},
        )  # fmt: skip

    def _summed_up(self, trace: Trace, session: LiveSession, progress: Progress) -> dict[str, Any]:
        """Sum up a session where it ends, as `replay --json` does, with what was wrong with its input."""
        path = Path(self.args.record) / trace.session if self.args.record else None
        recording = open_recording(path) if path else Recording(Path(""), Manifest(trace.session), ())
        counts, duration = session.telemetry.counts, (session.end_time or 0) - session.since
        lost = {"late": counts["late"], "dropped": sum(counts[each] for each in LOST), "gaps": counts["gap"] - counts["reordered"]}
        found: dict[str, Any] = outcome(trace, recording) | {"counterfactual_from_s": None}
        found |= timed(found["duration_s"], max(duration / SECOND, 1e-9), 0.0)
        found |= lost | {"deadline_misses": progress.misses(trace.session), "telemetry": dict(counts)}
        for edge, n in trace.forgotten.items():
            found["edges"][edge]["events"] += n
            found["windows"] += n if self.graph.nodes.get(edge, NO_NODE).kind == "align" else 0
        return found | {"files": {"record": str(path)} if path else {}}


def told_by(publisher: Publisher | None) -> Any:
    """Return what publishes what a sender or player is to know, once: that another one has taken its place."""
    known: set[tuple[Any, ...]] = set()

    def tell(session: str, what: Mapping[str, Any]) -> None:
        key = (session, *what.values())
        if publisher is None or key in known or len(known) >= MOST_TOLD:
            return
        known.add(key)
        publisher.put(0, encode(f"{session}/replaced", len(known) - 1, None, pack_value(what), session=session, edge="replaced"))

    return tell


def lines(feed: LiveFeed, progress: Progress, outlet: Outlet | None, now: int) -> str:
    """Say how the sessions are doing that are under way."""
    found = []
    for name, session in list(feed.sessions.items()):
        lead = outlet.free_at.get(name, 0) - now if outlet else 0
        found.append(progress.line(name, now - (session.sequencer.zero or now), session.telemetry.counts, lead))
    return " | ".join(found[:MOST_SHOWN])


def takes(graph: str, parameter: str) -> bool:
    """Tell whether the function of a graph has a parameter."""
    made = resolve(graph)
    return callable(made) and parameter in inspect.signature(made).parameters


def checked(stream: str, data: Any) -> None:
    """Raise ValueError for what would end the run inside the graph: an acknowledgement that is none."""
    if stream == "playback":
        read_ack(Event(0, stream, 0, data))
