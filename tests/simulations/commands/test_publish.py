"""A session that was live replays to the trace that it had, whatever happened on the way: jitter, loss, reordering, a stall, a restart."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from omniflow_graph.engine.cluster import Job, run_cluster
from omniflow_graph.engine.replay import replay
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.loading import load_graph
from omniflow_graph.recording import open_recording
from operators.commands.served import LIVE, served_in
from tests.conftest import FULL
from tests.simulations.commands.serving import publishing, serving

FAULTS = "both(jitter(most_ms=30), loss(permille=20), reorder(permille=50, by_ms=60), stall(at_ms=800, length_ms=400))"
SEEDS = range(20) if FULL else range(3)
AT_A_TIME = 4


def live(folder: Path, seeds: range) -> dict[str, dict[str, Any]]:
    """Serve sessions, one a seed, each fed by a process of its own; return what was served, by session, and what was sent."""
    with ExitStack() as held:
        server = held.enter_context(serving(folder, "--until-idle", 1.5))
        args = ("--length", 2.5, "--faults", FAULTS, "--restart-at", 1.6)
        sensors = {f"s{n}": held.enter_context(publishing(server.addresses[0], *args, "--session", f"s{n}", "--seed", n)) for n in seeds}
        sent = {name: sensor.result() for name, sensor in sensors.items()}
        found = server.result()
    return {each["session"]: {**each, "sent": sent[each["session"]], "refused": found["refused"]} for each in found.get("sessions", [found])}


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> tuple[Path, dict[str, dict[str, Any]]]:
    folder, found = tmp_path_factory.mktemp("live"), {}
    for first in range(0, len(SEEDS), AT_A_TIME):
        found |= live(folder, SEEDS[first : first + AT_A_TIME])
    return folder, found


def graph_of(path: Path) -> Graph:
    way = served_in(open_recording(path))
    assert way is not None
    return load_graph(LIVE, way.options())


def test_what_was_live_replays_to_the_same_trace_edge_by_edge(served):
    folder, sessions = served
    assert set(sessions) == {f"s{n}" for n in SEEDS}
    graph = graph_of(folder / "s0")
    for name, then in sessions.items():
        wanted = {edge: about["digest"] for edge, about in then["edges"].items()}
        for engine, workers in (("bytewax", 1), ("bytewax", 2), ("direct", 1)):
            assert replay(graph, folder / name, engine=engine, workers=workers).digests == wanted, (name, engine, workers)
    way = served_in(open_recording(folder / "s0"))
    job = Job(LIVE, tuple(str(folder / name) for name in sessions), way.options())
    spread = run_cluster(job, graph, 2)
    assert {name: trace.digest for name, trace in spread.items()} == {name: then["digest"] for name, then in sessions.items()}


def test_what_went_wrong_on_the_way_is_counted_and_recorded(served):
    folder, sessions = served
    for name, then in sessions.items():
        recording, sent = open_recording(folder / name), then["sent"]
        told = [event.data for event in recording.events(["telemetry"])]
        heard = {stream: recording.manifest.streams[stream].events for stream in ("env-audio", "env-visual")}
        counted = {what: sum(data["count"] for data in told if data["what"] == what) for what in ("gap", "reordered", "restarted")}
        assert (then["complete"], then["refused"], recording.damage) == (True, {}, None)
        assert sum(heard.values()) + then["dropped"] == sent["sent"]
        assert then["telemetry"].items() >= counted.items()
        assert counted["restarted"] == 2  # the ear and the eye
        assert counted["reordered"] > 0
        assert then["late"] == sum(event.stamps.late for event in recording.events(heard) if event.stamps)
        assert then["gaps"] <= sent["dropped"]  # of what was lost last nobody can know


def test_replaying_the_folder_takes_the_graph_the_model_and_the_costs_of_then(served, capsys):
    from omniflow_graph.command import main

    folder, sessions = served
    assert main(["replay", str(folder / "s0"), "--json"]) == 0
    import json

    again = json.loads(capsys.readouterr().out)
    assert (again["digest"], again["turns"]) == (sessions["s0"]["digest"], sessions["s0"]["turns"])
