"""Faults are put behind any edge, and everything around them stays as it is."""

from __future__ import annotations

import pytest

import recordings
from omniflow_graph import Event, Graph, GraphError, Jpeg, Pcm16, Session, Window, replay, seconds
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.recording import open_recording
from omniflow_graph.trace.trace import Trace, is_media
from operators.duplex import duplex
from operators.turns import turns
from simulations.faults.carrying import Told
from simulations.faults.faulty import slow, stalled, with_faults
from simulations.faults.kinds import jitter, jump, loss

MS = 1_000_000
SESSION = open_recording(recordings.path("three_questions")).session()
NONE = "jitter(most_ms=0)"


def talk(faults, **options) -> Trace:
    return run_direct(with_faults(duplex(model="scripted-fast", **options), faults), SESSION)


def double(state: int, event: Event[int]) -> tuple[int, list[int]]:
    return state, [2 * event.data]


def line(**stage) -> Graph:
    """One source, one stage, one sink."""
    g = Graph("line")
    g.sink("out", g.stage("work", g.source("numbers", int), double, state=0, **stage))
    return g


def worked(graph: Graph, *times: int, seed: int = 0) -> list[tuple[int, int]]:
    session = Session("s", {"numbers": [(time, n) for n, time in enumerate(times)]}, end=1000)
    return [(step.start, step.done) for step in run_direct(graph, session, seed=seed).stages["work"]]


def test_without_faults_a_graph_is_as_it_was():
    assert with_faults(line(), {}) == line()


def test_faults_that_do_nothing_change_nothing():
    plain, faulty = talk({}), talk(dict.fromkeys(duplex(model="scripted-fast").edges(), NONE))
    of = {edge: [(e.time, digest) for e, digest in zip(plain[edge], plain.payloads[edge])] for edge in plain.edges}
    # a window's digest names the edges that it reads, and what is fed back is numbered anew
    assert {edge: [(e.time, digest) for e, digest in zip(faulty[edge], faulty.payloads[edge])] for edge in plain.edges if edge != "window"} == {
        edge: events for edge, events in of.items() if edge != "window"
    }
    assert turns(plain) == turns(faulty)
    assert [edge for edge in faulty.edges if edge.endswith("/faults") and faulty[edge]] == []


def test_what_was_heard_is_there_twice_as_it_was_and_as_it_came():
    trace = talk({"env-audio": loss(permille=1000)})
    assert (len(trace["env-audio"]), len(trace["env-audio/received"]), len(trace["env-audio/faults"])) == (1100, 0, 1100)
    assert (trace["listen"], turns(trace)) == ([], [])


def test_what_is_fed_back_is_lost_for_those_alone_whom_it_is_fed_to():
    trace = talk({"playback": loss(permille=1000)})
    assert len(trace["heard"]) > 0
    assert trace["playback"] == []


def test_at_the_origin_of_what_is_fed_back_it_is_lost_for_all():
    trace = talk({"heard": loss(permille=1000)})
    assert trace["playback"] == []
    assert [event for event in trace.sinks["out"] if event.stream.startswith("heard")] == []


def test_a_window_calls_what_it_holds_by_the_old_names():
    trace = talk({"listen": NONE, "look": NONE})
    assert {event.stream for window in trace["window"] for event in window.data.events} == {"listen/received", "look/received", "playback"}
    assert {event.stream for window in trace["window/named"] for event in window.data.events} == {"listen", "look", "playback"}


def test_a_window_that_is_late_is_worked_on_when_it_is_there():
    trace = talk({"window": jump(at=0, by=30 * MS)})
    assert [step.start for step in trace.stages["decide"][:2]] == [seconds(1.03), seconds(2.03)]


def test_a_fence_may_be_late_like_anything_else():
    graph = with_faults(duplex(model="scripted-fast"), {"fence": jump(at=0, by=7)})
    assert (graph.nodes["speech"].inputs, graph.nodes["speech"].fence) == (("decide", "fence/received"), "fence/received")


def test_types_go_through_so_that_connections_stay_checked_and_media_stay_media():
    graph = with_faults(duplex(model="scripted-fast"), dict.fromkeys(("env-audio", "env-visual", "window", "look"), NONE))
    assert [graph.type_of(f"{edge}/received") for edge in ("env-audio", "env-visual", "window")] == [Pcm16, Jpeg, Window]
    g = Graph("raw")
    g.sink("out", g.align("window", g.source("mic", Pcm16), length=10))
    faulty = with_faults(g, {"mic": NONE, "window": NONE})
    assert [edge for edge in faulty.edges() if is_media(faulty, edge)] == ["mic", "mic/received", "window", "window/named", "window/received"]
    with pytest.raises(GraphError, match="wants events of Jpeg, got Pcm16 from 'env-audio/received'"):
        graph.scan("mistaken", "env-audio/received", duplex(model="scripted-fast").nodes["look"].fn)


def test_how_fast_sound_is_played_goes_through_too():
    assert with_faults(duplex(model="scripted-fast"), {"out-stream": NONE}).nodes["out-stream/received"].fn.rate_hz == 24_000  # type: ignore[union-attr]


def test_both_engines_do_the_same():
    faults = {"env-audio": "both(jitter(most_ms=80), loss(permille=20))", "listen": "reorder(permille=50, by_ms=90)", "heard": "loss(permille=500)",
              "window": "jitter(most_ms=50)", "decide": "slow(permille=3000)", "wave": "stalled(at_ms=5000, length_ms=4000)"}  # fmt: skip
    graph = with_faults(duplex(model="scripted-fast"), faults)
    assert replay(graph, SESSION, seed=5) == run_direct(graph, SESSION, seed=5)


def test_several_faults_of_one_edge_happen_one_after_another():
    g = Graph("g")
    g.sink("out", g.source("mic", int))
    trace = run_direct(with_faults(g, [("mic", jump(at=0, by=3)), ("mic", "jump(at_ms=0, by_ms=0.000004)")]), Session("s", {"mic": [(0, 1)]}, end=10))
    assert trace["mic/faults"][0].data == (Told("delayed", "jump, jump", 7),)


def test_a_slow_stage_takes_longer_whatever_its_cost_is_made_of():
    assert worked(slow(line(cost=10), "work", 2500), 0) == [(0, 25)]
    assert worked(slow(line(cost=(10, 20)), "work", 500), 0, 100) == [(0, 5), (100, 110)]
    assert worked(slow(line(cost=lambda event: 10 + event.data), "work", 3000), 0, 100) == [(0, 30), (100, 133)]


def test_a_slow_stage_draws_what_it_drew_before():
    drawn = line(cost=lambda event, rng: rng(event).below(100))
    (plain, _), (slower, _) = ([done - start for start, done in worked(graph, 0, 500)] for graph in (drawn, slow(drawn, "work", 2000)))
    assert slower == 2 * plain > 0


def test_a_stalled_stage_begins_nothing_until_it_is_over():
    graph = stalled(line(cost=10), "work", at=100, length=50)
    assert worked(graph, 95, 100, 120, 150) == [(95, 105), (150, 160), (160, 170), (170, 180)]


def test_a_stalled_stage_holds_up_no_other_who_reads_the_same():
    g = line(cost=10)
    g.sink("beside", "numbers")
    trace = run_direct(stalled(g, "work", at=0, length=50), Session("s", {"numbers": [(5, 1)]}, end=100))
    assert [event.time for event in trace.sinks["beside"]] == [5]
    assert trace["work/faults"][0].data == (Told("delayed", "stall", 45),)


def test_faults_may_be_put_into_a_graph_that_has_some():
    graph = with_faults(with_faults(line(), {"numbers": loss(permille=0)}), {"work": loss(permille=1000), "numbers/received": jitter(most=0)})
    assert run_direct(graph, Session("s", {"numbers": [(5, 1)]}, end=100)).sinks["out"] == []


@pytest.mark.parametrize(
    ("faults", "error", "words"),
    [
        ({"nowhere": loss(permille=1)}, GraphError, "graph 'line': has no edge 'nowhere' to put a fault on; there are numbers, work"),
        ({"out": loss(permille=1)}, GraphError, "has no edge 'out'"),
        ({"numbers": "slow(permille=3)"}, GraphError, "slow and stalled are of a stage, got 'numbers'; stages are work"),
        ({"numbers": "lost(permille=3)"}, ValueError, "there is no fault 'lost'"),
        ({"numbers": 3}, ValueError, "edge 'numbers': wants a fault, a function of \\(event, rng\\), or its text, got 3"),
    ],
)
def test_a_fault_that_cannot_happen_is_refused(faults, error, words):
    with pytest.raises(error, match=words):
        with_faults(line(), faults)
