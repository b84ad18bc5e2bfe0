"""A trace that was kept as a recording comes back with all that it is asked for later."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omniflow_graph import Event, Graph, Pcm16, RecordingError, Session, Trace, chain, diff, explain, replay, seconds
from omniflow_graph.engine.flow import compile_flow
from omniflow_graph.engine.messages import Step
from omniflow_graph.recording import Manifest, Recording, RecordingWriter, StreamInfo, open_recording, write_recording
from omniflow_graph.trace.stored import load_trace, save_trace, versions
from omniflow_graph.trace.trace import NOT_KEPT, Elsewhere
from tests.omniflow_graph.trace.parrot import NUMBERS, parrot, talk, traced


@pytest.fixture
def recorded(tmp_path) -> Recording:
    """Record the numbers, as they were said on another day."""
    manifest = Manifest("talk", seconds(3), {"mic": StreamInfo("audio", rate_hz=8000, format="pcm-s16")}, allowance=7, licence="CC0")
    write_recording(tmp_path / "talk.mcap", manifest, talk(*NUMBERS).events(["mic"]))
    return open_recording(tmp_path / "talk.mcap")


def again(trace: Trace, folder: Path, **options) -> Trace:
    save_trace(trace, folder / "trace.mcap", **options)
    return load_trace(folder)


def without(edge: str, edges: dict[str, Any]) -> dict[str, Any]:
    return {name: events for name, events in edges.items() if name != edge}


def test_all_that_a_run_did_comes_back_and_its_inputs_by_their_digests(tmp_path):
    trace = traced(seed=3)
    stored = again(trace, tmp_path)
    assert list(stored.edges) == list(trace.edges)
    assert without("window", stored.edges) == without("window", {**trace.edges, "mic": []})
    assert stored.elsewhere == {"mic": Elsewhere(f"by reference, of 9 events in the recording (value, digest {trace.digests['mic'][:12]})")}
    assert [event._replace(data=None) for event in stored["window"]] == [event._replace(data=None) for event in trace["window"]]
    assert stored.payloads == {**trace.payloads, "mic": []}
    assert (stored.session, stored.seed, stored.digests, stored.digest) == ("talk", 3, trace.digests, trace.digest)
    assert (stored.stages, stored.ends, stored.end, stored.complete) == (trace.stages, {"mic": seconds(3)}, seconds(3), True)


def test_a_window_comes_back_without_its_events(tmp_path):
    window = again(traced(), tmp_path)["window"][0].data
    assert dict(window) == {"k": 0, "start": 0, "end": seconds(1), "ready": seconds(1), "partial": False}


def test_inputs_come_back_if_they_are_copied(tmp_path):
    stored = again(traced(), tmp_path, copy_inputs=True)
    assert (stored["mic"], stored.elsewhere) == (traced()["mic"], {})


def test_an_input_by_reference_says_in_which_recording_it_is(tmp_path, recorded):
    stored = again(replay(parrot(), recorded, engine="direct"), tmp_path, recording=recorded)
    assert stored.elsewhere["mic"].about == f"by reference, of 9 events in talk.mcap (audio, 8000 Hz, digest {stored.digests['mic'][:12]})"


def test_a_stored_trace_explains_itself_as_the_run_does(tmp_path):
    trace = traced()
    assert explain(chain(again(trace, tmp_path, copy_inputs=True), "play", 0)) == explain(chain(trace, "play", 0))


def test_arrays_and_sound_come_back_as_they_were(tmp_path):
    g = Graph("waves")
    wave = g.map("wave", g.source("mic"), lambda event: np.full((2, 3), event.data, "<f4"))
    g.sink("out", wave, g.map("sound", wave, sound))
    stored = again(replay(g, Session("s", {"mic": [(0, 1), (5, 2)]}, end=10), engine="direct"), tmp_path)
    assert [event.data.tolist() for event in stored["wave"]] == [[[1.0] * 3] * 2, [[2.0] * 3] * 2]
    assert [event.data for event in stored["sound"]] == [b"\1\0\1\0", b"\2\0\2\0"]
    assert stored.array("sound").tolist() == [1, 1, 2, 2]


def sound(event: Event) -> Pcm16:
    return Pcm16(event.data[:, 0].astype("<i2").tobytes())


def quieter(event: Event[Pcm16]) -> Pcm16:
    return event.data


def slower(event: Event[Pcm16]) -> Pcm16:
    return event.data


slower.rate_hz = 8_000


def streams_of(folder: Path, **options) -> dict[str, tuple[str, int | None]]:
    """Keep a trace of sound that goes through two operators: kind and rate of each edge."""
    g = Graph("sounds")
    mic = g.source("mic", Pcm16)
    g.sink("out", g.map("quieter", mic, quieter), g.map("slower", mic, slower))
    trace = replay(g, options.get("recording") or talk(*NUMBERS), engine="direct")
    manifest = save_trace(trace, folder / "trace.mcap", **options)
    return {name: (info.kind, info.rate_hz) for name, info in manifest.streams.items()}


@pytest.mark.parametrize("copy_inputs", [False, True])
def test_sound_has_the_rate_of_its_recording_or_that_which_its_function_declares(tmp_path, recorded, copy_inputs):
    assert streams_of(tmp_path, recording=recorded, copy_inputs=copy_inputs) == {
        "mic": ("audio", 8000), "quieter": ("value", None), "slower": ("audio", 8000),
    }  # fmt: skip


def test_sound_of_which_nobody_knows_the_rate_is_kept_as_bytes(tmp_path):
    assert streams_of(tmp_path, copy_inputs=True) == {"mic": ("value", None), "quieter": ("value", None), "slower": ("audio", 8000)}
    assert load_trace(tmp_path)["quieter"][1].data == b"\5\0\5\0"


def test_a_rate_can_be_told(tmp_path):
    rates = {"mic": 16_000, "quieter": 16_000, "slower": 4_000}
    assert streams_of(tmp_path, copy_inputs=True, rates=rates) == {name: ("audio", rate) for name, rate in rates.items()}


def test_what_carries_sound_is_still_known_so_that_the_digest_of_decisions_leaves_it_out(tmp_path):
    quiet, loud = traced(1, 2), traced(1, 2)
    loud.digests["squawk"] = "ab" * 32
    loud.digests["mic"] = "cd" * 32
    first, second = again(quiet, tmp_path).digest, again(loud, tmp_path).digest
    assert (first["decisions"], first) == (second["decisions"], quiet.digest)
    assert first["media"] != second["media"]


def test_a_payload_that_was_not_kept_comes_back_as_not_kept_and_none_as_none(tmp_path):
    g = Graph("nothing")
    g.sink("out", g.stage("nothing", g.source("mic"), lambda state, event: (state, [None])))
    trace = replay(g, Session("s", {"mic": [(0, 1)]}, end=10), engine="direct")
    assert again(trace, tmp_path)["nothing"] == trace["nothing"] == [Event(0, "nothing", 0, None, (("mic", 0, 0),))]
    trace = traced(keep=["think"])
    stored = again(trace, tmp_path)
    assert (stored["think"], stored["loud"], stored.digests) == (trace["think"], trace["loud"], trace.digests)
    assert [event.data for event in stored["loud"]] == [NOT_KEPT] * 3
    assert diff(trace, stored) is None


# What the file says of itself


def test_a_trace_says_of_which_recording_graph_model_and_seed_it_is(tmp_path, recorded):
    trace = replay(parrot(), recorded, engine="direct", seed=5)
    manifest = save_trace(trace, tmp_path / "trace.mcap", recording=recorded, model="parrot")
    assert manifest == open_recording(tmp_path / "trace.mcap").manifest
    assert (manifest.source, manifest.licence, manifest.allowance, manifest.model, manifest.seed) == ("talk.mcap", "CC0", 7, "parrot", 5)
    assert (manifest.graph_hash, manifest.end, manifest.versions, manifest.ordered) == (parrot().hash(), seconds(3), versions(), True)
    assert manifest.streams["mic"] == StreamInfo("audio", "in", 8000, "pcm-s16", trace.digests["mic"], 9)
    assert {name: (info.kind, info.role) for name, info in manifest.streams.items() if name != "mic"} == {
        "loud": ("value", "out"),
        "window": ("value", "out"),
        "think": ("value", "out"),
        "squawk": ("value", "out"),
        "play": ("text", "out"),
        "again": ("text", "out"),
    }


def test_versions_are_those_of_what_a_result_may_depend_on():
    assert {"omniflow-graph", "bytewax", "numpy"} <= set(versions())


# A trace is a recording, too


def effort(event: Event, rng: Callable) -> int:
    return rng(event).below(10**9)


def test_a_trace_with_its_inputs_replays_to_itself_costs_included(tmp_path, recorded):
    graph = parrot().replace("think", cost=effort)
    trace = replay(graph, recorded, engine="direct", seed=5)
    save_trace(trace, tmp_path / "trace.mcap", recording=recorded, copy_inputs=True)
    assert replay(graph, tmp_path / "trace.mcap", engine="direct", seed=6, cost="recorded").digests == trace.digests
    assert replay(graph, tmp_path / "trace.mcap", engine="direct", seed=6).digests != trace.digests


def test_costs_that_were_measured_stay_measured_from_trace_to_trace_and_declared_ones_declared(tmp_path, recorded):
    with RecordingWriter(tmp_path / "slow.mcap", recorded.manifest) as writer:
        for event in recorded.events():
            writer.add(event)
        for k in range(3):
            writer.cost("think", k, seconds(0.2))
    measured = {("think", k): seconds(0.2) for k in range(3)}
    slow = open_recording(tmp_path / "slow.mcap")
    for cost, kept in (("measured", measured), ("declared", {})):
        trace = replay(parrot(), slow, engine="direct", cost=cost)
        save_trace(trace, tmp_path / "trace.mcap", recording=slow, copy_inputs=True)
        again = open_recording(tmp_path / "trace.mcap")
        assert again.costs() == kept
        assert again.session(declared=True).costs == {("think", k): seconds(0.2 if kept else 0.1) for k in range(3)}
        assert replay(parrot(), again, engine="direct").digests == trace.digests


def test_steps_that_took_several_windows_and_dropped_some_come_back(tmp_path):
    for overrun, steps in {
        "merge": [Step("think", 10**9, seconds(3.2), (0,), ()), Step("think", seconds(3.2), seconds(5.4), (1, 2), ())],
        "newest": [Step("think", 10**9, seconds(3.2), (0,), ()), Step("think", seconds(3.2), seconds(5.4), (2,), (1,))],
    }.items():
        trace = traced(graph=parrot().replace("think", cost=seconds(2.2), overrun=overrun))
        assert again(trace, tmp_path).stages == trace.stages == {"think": steps}


def test_a_run_that_was_stopped_is_kept_as_far_as_it_came_and_can_be_replayed(tmp_path, recorded):
    runs: list[Any] = []

    def loudness(event: Event) -> int:
        runs[0].stopped = event.seq == 4 or runs[0].stopped
        return 1

    flow = compile_flow(parrot().replace("loud", fn=loudness))
    trace = flow.run([recorded.session()], batch=1, control=runs.append)["talk"]
    stored = again(trace, tmp_path, copy_inputs=True)
    assert (stored.complete, len(stored["mic"]), stored["mic"]) == (False, 5, trace["mic"])
    assert open_recording(tmp_path / "trace.mcap").manifest.end == max(events[-1].time for events in trace.edges.values() if events) + 1
    assert replay(parrot(), tmp_path / "trace.mcap", engine="direct", cost="declared")["mic"] == trace["mic"]


# What is refused


def test_a_recording_of_a_session_is_no_trace(recorded):
    with pytest.raises(
        RecordingError, match=r"talk.mcap: a recording of a session, not a trace; make one with `omniflow replay .*talk.mcap --out DIR`"
    ):
        load_trace(recorded.path)


def test_a_folder_without_a_trace_says_how_to_write_one(tmp_path):
    with pytest.raises(RecordingError, match=r"a folder without a trace.mcap; `omniflow replay REC --out .*` writes one"):
        load_trace(tmp_path)


def test_a_trace_that_is_still_being_written_is_pointed_out(tmp_path):
    (tmp_path / "trace.mcap.part").touch()
    with pytest.raises(RecordingError, match=r"open .*trace.mcap.part"):
        load_trace(tmp_path)


def test_inputs_that_were_not_kept_cannot_be_copied(tmp_path):
    with pytest.raises(ValueError, match="the trace did not keep the payloads of mic, so they cannot be copied; run with keep=None"):
        save_trace(traced(keep=["think"]), tmp_path / "trace.mcap", copy_inputs=True)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RecordingError, match=r"cannot be written \(No such file or directory\)"):
        save_trace(traced(), tmp_path / "none" / "trace.mcap")


NOTES = {"digest": {}, "ends": {"mic": 5}, "complete": True, "steps": [["think", 0, 5, [0], []]]}
GRAPH = {"name": "g", "nodes": [["mic", "source", [], False], ["think", "stage", ["mic"], False]], "feedback": []}
NO_RUNS = [
    (GRAPH | {"nodes": None}, NOTES, "TypeError"),
    (GRAPH | {"nodes": [["mic", "source"]]}, NOTES, "ValueError: not enough values"),
    (GRAPH | {"nodes": [["mic", "spring", [], False]]}, NOTES, "no step of a graph: 'mic', 'spring' of []"),
    (GRAPH | {"nodes": [["mic", "align", ["mic"], False]]}, NOTES, "no step of a graph: 'mic', 'align' of ['mic']"),  # an endless loop
    (GRAPH | {"nodes": GRAPH["nodes"][1:]}, NOTES, "no step of a graph: 'think', 'stage' of ['mic']"),
    (GRAPH | {"nodes": GRAPH["nodes"][:1]}, NOTES, "its graph has no edge 'think'"),
    (GRAPH | {"feedback": [["back", "think", "nowhere", 0]]}, NOTES, "no feedback of a graph: 'back' from 'think' to 'nowhere'"),
    (GRAPH | {"feedback": [["back", "back", "think", 0]]}, NOTES, "no feedback of a graph: 'back' from 'back' to 'think'"),
    (GRAPH, {"digest": {}}, "KeyError: 'ends'"),
    (GRAPH, NOTES | {"ends": {"mic": "late"}}, "TypeError: 'late' is no whole number"),
    (GRAPH, NOTES | {"steps": [["think", 0, 5, [None], []]]}, "TypeError: None is no whole number"),
    (GRAPH, NOTES | {"steps": [[]]}, "ValueError: not enough values"),
]


@pytest.mark.parametrize(("graph", "notes", "words"), NO_RUNS, ids=[words[:40] for *_, words in NO_RUNS])
def test_what_says_nothing_of_a_run_that_could_be_is_refused(tmp_path, graph, notes, words):
    streams = {"mic": StreamInfo("value"), "think": StreamInfo("value", "out")}
    write_recording(tmp_path / "trace.mcap", Manifest("talk", streams=streams, graph=graph, notes=notes), [])
    with pytest.raises(RecordingError) as caught:
        load_trace(tmp_path / "trace.mcap")
    assert str(caught.value).startswith(f"{tmp_path / 'trace.mcap'}: what it says of its run cannot be read (")
    assert words in str(caught.value)


def test_damage_is_told_and_what_stands_before_it_is_there(tmp_path):
    save_trace(traced(), tmp_path / "trace.mcap")
    whole = load_trace(tmp_path)
    content = (tmp_path / "trace.mcap").read_bytes()
    (tmp_path / "trace.mcap").write_bytes(content[: len(content) // 2])
    told: list[str] = []
    cut = load_trace(tmp_path, tell=told.append)
    assert told == [f"{tmp_path / 'trace.mcap'}: was cut before it was closed; what was written up to then is read"]
    assert cut["loud"] == whole["loud"][: len(cut["loud"])]
