"""Sound and pictures through five stages on a virtual clock: CPU per frame, beside others at the same work."""

from __future__ import annotations

import pytest

from benchmarks.peers import PEERS, Run
from benchmarks.workload import Frame, Window, expected, frames
from omniflow_graph import Event, Graph, Session, Trace, seconds
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.engine.flow import compile_flow

SECONDS = 200  # of a session; some peers are given less, since they are slow
LESS = {"pipecat": 40, "pipecat_on_virtual_time": 40, "asyncio_on_virtual_time": 100, "genai_processors": 100}


def same(event: Event) -> bytes:
    """Pass on."""
    return event.data


def five_stages() -> Graph:
    """Build the chain: four maps for each stream, then windows of both."""
    g = Graph("five-stages")
    sound, pictures = g.source("sound"), g.source("pictures")
    for n in range(4):
        sound, pictures = g.map(f"sound-{n}", sound, same), g.map(f"pictures-{n}", pictures, same)
    g.sink("out", g.align("window", sound, pictures, length=seconds(1.0)))
    return g


def as_session(given: list[Frame]) -> Session:
    """Bind the frames as sources."""
    streams = {name: [(frame.time, frame.data) for frame in given if frame.kind == kind] for kind, name in enumerate(("sound", "pictures"))}
    return Session("bench", streams, end=given[-1].time + 1)


def windows(trace: Trace) -> list[Window]:
    """Read the windows off a trace."""
    found = []
    for event in trace["window"]:
        held = [tuple(e.seq for e in event.data.events if e.stream.startswith(name)) for name in ("sound", "pictures")]
        found.append((event.data.k, *held))
    return found


def on_bytewax(batch: int, keep: list[str] | None) -> object:
    """Run it as `replay` does."""

    def peer(given: list[Frame]) -> Run:
        flow, session = compile_flow(five_stages()), as_session(given)
        return lambda: flow.run([session], batch=batch, keep=keep)["bench"]

    return peer


def directly(given: list[Frame]) -> Run:
    """Run it without Bytewax."""
    graph, session = five_stages(), as_session(given)
    return lambda: run_direct(graph, session)


OURS = {
    "omniflow-graph": on_bytewax(1024, None),
    "omniflow-graph, batch 256": on_bytewax(256, None),
    "omniflow-graph, batch 64": on_bytewax(64, None),
    "omniflow-graph, only windows kept": on_bytewax(1024, ["window"]),
    "omniflow-graph, direct": directly,
}


@pytest.mark.parametrize("name", [*OURS, *(peer.__name__ for peer in PEERS)])
def test_five_stages(benchmark, name):
    long = LESS.get(name, SECONDS)
    given = frames(long)
    peer = OURS.get(name) or next(peer for peer in PEERS if peer.__name__ == name)
    try:
        run = peer(given)
    except ImportError as error:
        pytest.skip(f"{error.name} is not installed; `make bench` installs it")
    benchmark.extra_info["frames"] = len(given)
    found = benchmark.pedantic(run, rounds=5, warmup_rounds=1)
    assert (windows(found) if isinstance(found, Trace) else found) == expected(long)
