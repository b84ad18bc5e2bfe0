"""Keep a trace as a recording, and read it back: to ask why, to compare, to open it in a viewer.

Input edges stand in it by reference, by the digest of what the recording holds, unless their events are copied.
"""

from __future__ import annotations

import heapq
import os
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from omniflow_graph.canonical import payload_digest
from omniflow_graph.engine.messages import Step
from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND, Event
from omniflow_graph.files import printable
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.hashing import graph_hash
from omniflow_graph.graph.nodes import Feedback, Frozen, Node, frozen_in
from omniflow_graph.recording import Manifest, Recording, RecordingWriter, StreamInfo, open_recording
from omniflow_graph.recording.named import named
from omniflow_graph.recording.reader import Costs
from omniflow_graph.trace.trace import NOT_KEPT, Elsewhere, Trace, is_media, not_run

NONE = payload_digest(None)
KINDS = ("source", "map", "scan", "merge", "align", "stage", "sink")
PACKAGES = ("omniflow-graph", "bytewax", "numpy", "onnxruntime", "hibari-tts")


def save_trace(
    trace: Trace,
    path: str | os.PathLike[str],
    *,
    recording: Recording | None = None,
    model: str | None = None,
    copy_inputs: bool = False,
    given: Collection[str] = (),
    rates: Mapping[str, int] | None = None,
    notes: Mapping[str, Any] | None = None,
) -> Manifest:
    """Write a trace as `trace.mcap`, with `notes` of one's own. Returns the manifest.

    `given` names edges that are to be read as input, too, though operators made them: what a simulated room sounds like.
    An edge of sound (Pcm16) is kept as sound if its rate in Hz is known: of a source from the `recording` that was
    replayed, of an operator from what its function declares, as in `fn.rate_hz = 24_000`, of either from `rates`; else as
    bytes, which nobody can play at a wrong speed. The cost of a step was measured if the recording says that it was; all
    others were declared. Events whose payload the trace did not keep are written without it; their digests are there.
    Raises RecordingError if the file cannot be written, ValueError if inputs are to be copied that were not kept.
    """
    inputs = recording.manifest.streams if recording else {}
    sources = {*trace.graph.sources(), *given} - frozen_in(trace.graph.nodes).keys()
    if copy_inputs and (lost := [edge for edge in trace.edges if edge in sources and any(e.data is NOT_KEPT for e in trace.edges[edge])]):
        raise ValueError(f"{path}: the trace did not keep the payloads of {', '.join(lost)}, so they cannot be copied; run with keep=None")
    streams = {edge: _info(trace, edge, edge in sources, inputs, (rates or {}).get(edge)) for edge in trace.edges}
    steps = sorted((step for log in trace.stages.values() for step in log), key=lambda step: step.done)
    end = trace.end if trace.complete else None  # of a run that was stopped: just after its last event
    manifest = Manifest(
        trace.session, end, streams, graph=describe(trace.graph), graph_hash=graph_hash(trace.graph), model=model, seed=trace.seed,
        versions=versions(), source=printable(recording.path.name) if recording else "", licence=recording.manifest.licence if recording else "",
        allowance=recording.manifest.allowance if recording else 0,
        notes={**(notes or {}), "digest": trace.digest, "ends": trace.ends, "complete": trace.complete,
               "windows_s": {node.name: node.length / SECOND for node in trace.graph.nodes.values() if node.kind == "align"},
               "steps": [[*step[:3], list(step.taken), list(step.dropped)] for step in steps]},
    )  # fmt: skip
    measured = recording.costs() if recording else {}
    with RecordingWriter(path, manifest) as writer:
        left = deque(steps)
        for event, digest in _in_order(trace, [edge for edge in trace.edges if copy_inputs or edge not in sources]):
            while left and left[0].done <= event.time:  # so that log time never goes backwards
                _cost(writer, left.popleft(), measured)
            writer.add(event, digest)
        for step in left:
            _cost(writer, step, measured)
    return writer.manifest


def load_trace(path: str | os.PathLike[str], *, tell: Callable[[str], object] = str) -> Trace:
    """Read a trace that `save_trace` wrote; a folder stands for the trace.mcap in it.

    Of a damaged one there is what stands before the damage, with the digests of the whole run; `tell` is told of it. Its
    graph has the operators' names, kinds and edges, and no functions. Raises RecordingError for another recording.
    """
    recording = open_trace(path)
    manifest = recording.manifest
    assert manifest.graph is not None
    edges, payloads = ({edge: [] for edge in manifest.streams} for _ in range(2))
    try:
        trace = Trace(manifest.session, restore(manifest.graph), manifest.seed or 0, edges, payloads)
        _read_notes(trace, manifest)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        words = " ".join(f"{type(error).__name__}: {error}".split())
        raise RecordingError(f"{path}: what it says of its run cannot be read ({words}); `omniflow replay REC --out DIR` writes one") from None
    for event, digest in recording.records(manifest.streams):
        lost = event.data is None and digest != NONE
        edges[event.stream].append(event._replace(data=NOT_KEPT) if lost else event)
        payloads[event.stream].append(digest or b"")
    trace.elsewhere = not_run(trace.graph) | {
        edge: Elsewhere(_reference(manifest, info))
        for edge, info in manifest.streams.items()
        if info.role == "in" and info.digest and info.events and not edges[edge]
    }
    if recording.damage:
        tell(recording.damage)
    return trace


def open_trace(path: str | os.PathLike[str]) -> Recording:
    """Open the recording that a trace is kept in; a folder stands for the trace.mcap in it. Raises RecordingError for another one."""
    path = named(path)
    if path.is_dir() and not any(path.glob("trace.mcap*")):
        raise RecordingError(f"{path}: a folder without a trace.mcap; `omniflow replay REC --out {path}` writes one")
    recording = open_recording(path / "trace.mcap" if path.is_dir() else path)
    if recording.manifest.graph is None or "digest" not in recording.manifest.notes:
        raise RecordingError(f"{path}: a recording of a session, not a trace; make one with `omniflow replay {path} --out DIR`")
    return recording


def about(manifest: Manifest) -> dict[str, Any]:
    """Say what run a trace is of, as far as it can be said on one line each: what may make it another than the next."""
    run = manifest.notes.get("run")
    known = {name: getattr(manifest, name) for name in ("session", "source", "model", "seed", "graph_hash")}
    return {**known, "windows_s": manifest.notes.get("windows_s"), **(run if isinstance(run, dict) else {})}


def _reference(manifest: Manifest, info: StreamInfo) -> str:
    """Say what an input is that stands in a trace by reference, and where."""
    kind = f"{info.kind}, {info.rate_hz} Hz" if info.rate_hz else info.kind
    return f"by reference, of {info.events} events in {manifest.source or 'the recording'} ({kind}, digest {(info.digest or '')[:12]})"


def _read_notes(trace: Trace, manifest: Manifest) -> None:
    """Take from the manifest what is known of the run besides its events. Raises whatever nonsense comes to."""
    trace.digests = {edge: info.digest or "" for edge, info in manifest.streams.items()}
    ends, trace.complete = manifest.notes["ends"], bool(manifest.notes["complete"])
    trace.ends = {name: _whole(end) for name, end in ends.items()}
    for stage, start, done, taken, dropped in manifest.notes["steps"]:
        step = Step(str(stage), _whole(start), _whole(done), tuple(map(_whole, taken)), tuple(map(_whole, dropped)))
        trace.stages.setdefault(step.stage, []).append(step)
    if strange := trace.edges.keys() - set(trace.graph.edges()):
        raise ValueError(f"its graph has no edge {', '.join(map(repr, sorted(strange)))}")


def _whole(number: Any) -> int:
    if type(number) is not int:
        raise TypeError(f"{number!r} is no whole number")
    return number


def describe(graph: Graph) -> dict[str, Any]:
    """Write down a graph's names, kinds and edges."""
    nodes = [
        [node.name, node.kind, list(node.forward), is_media(graph, node.name) if node.kind != "sink" else False] for node in graph.nodes.values()
    ]
    frozen = {name: [of.session, of.length, of.digest, of.end, list(of.left_out), of.media] for name, of in frozen_in(graph.nodes).items()}
    feedback = [[f.name, f.origin, f.target, f.delay] for f in graph.feedbacks.values()]
    return {"name": graph.name, "nodes": nodes, "feedback": feedback, **({"frozen": frozen} if frozen else {})}


def restore(described: dict[str, Any]) -> Graph:
    """Rebuild what `describe` wrote: enough to follow causes and to tell media from decisions.

    Raises ValueError, TypeError or KeyError if nothing like a graph is described.
    """
    nodes: dict[str, Node] = {}
    for name, kind, of, carries in described["nodes"]:
        if type(name) is not str or kind not in KINDS or not all(one in nodes for one in of):  # what an edge goes to comes later
            raise ValueError(f"no step of a graph: {name!r}, {kind!r} of {of!r}")
        nodes[name] = Node(name, kind, tuple(of), tuple(of), type=bytes if carries else Any)
    for name, (session, length, digest, end, left_out, media) in described.get("frozen", {}).items():
        of = Frozen(str(session), _whole(length), str(digest), _whole(end), tuple(map(str, left_out)), bool(media))
        nodes[name] = replace(nodes[name], state=of)
    graph = Graph(described["name"], nodes, {name: Feedback(name, origin, target, delay) for name, origin, target, delay in described["feedback"]})
    for feedback in graph.feedbacks.values():
        if feedback.origin not in nodes or feedback.target not in nodes or feedback.name in nodes:
            raise ValueError(f"no feedback of a graph: {feedback.name!r} from {feedback.origin!r} to {feedback.target!r}")
        target = nodes[feedback.target]
        nodes[feedback.target] = replace(target, inputs=(*target.inputs, feedback.name))
    return graph


@lru_cache(maxsize=1)  # they are looked up in the file system, and stay while a process runs
def versions() -> dict[str, str]:
    """Name the versions of what a run's result may depend on."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _cost(writer: RecordingWriter, step: Step, measured: Costs) -> None:
    if not step.taken:  # a fence dropped what waited
        return
    cost = step.done - step.start
    writer.cost(step.stage, step.taken[-1], cost, step.done, declared=measured.get((step.stage, step.taken[-1])) != cost)


def _info(trace: Trace, edge: str, is_input: bool, inputs: dict[str, StreamInfo], rate: int | None) -> StreamInfo:
    digest, count = trace.digests[edge], len(trace.edges[edge])
    if is_input and edge in inputs:
        return replace(inputs[edge], role="in", digest=digest, events=count)
    payloads = [event.data for event in trace.edges[edge] if event.data is not NOT_KEPT]
    kind = "value"
    if payloads and all(isinstance(data, str) for data in payloads):
        kind = "text"
    elif payloads and all(isinstance(data, bytes) for data in payloads) and getattr(trace.graph.type_of(edge), "__name__", "") == "Pcm16":
        rate = rate or _declared_rate(trace.graph, edge)
        kind = "audio" if rate else "value"
    elif (payloads or not count) and getattr(trace.graph.type_of(edge), "__name__", "") == "Jpeg" and (form := _picture_format(payloads)):
        return StreamInfo("image", "in" if is_input else "out", None, form, digest, count)
    heard = (rate, "pcm-s16") if kind == "audio" else (None, None)
    return StreamInfo(kind, "in" if is_input else "out", *heard, digest, count)


def _picture_format(payloads: list[Any]) -> str | None:
    """Name the format that all of these are in; None if they are not in one."""
    for form, begins in (("jpeg", b"\xff\xd8\xff"), ("png", b"\x89PNG")):
        if all(isinstance(data, bytes) and data.startswith(begins) for data in payloads):
            return form
    return None


def _declared_rate(graph: Graph, edge: str) -> int | None:
    node = graph.nodes[graph.feedbacks[edge].origin if edge in graph.feedbacks else edge]
    return getattr(node.fn, "rate_hz", None)


def _in_order(trace: Trace, edges: list[str]) -> Iterator[tuple[Event[Any], bytes]]:
    """Yield events with their digests by time, then by the order of edges."""
    rows = [[(e.time, n, e.seq, e, d) for e, d in zip(trace.edges[edge], trace.payloads[edge])] for n, edge in enumerate(edges)]
    for *_, event, digest in heapq.merge(*rows, key=lambda row: row[:3]):
        yield (event._replace(data=None) if event.data is NOT_KEPT else event), digest
