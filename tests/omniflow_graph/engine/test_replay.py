"""One function replays whatever holds a session, and refuses what it cannot do before it begins."""

from __future__ import annotations

from dataclasses import replace as replaced
from pathlib import Path

import pytest

from omniflow_graph import Event, Graph, Session, seconds
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.engine.messages import Step
from omniflow_graph.engine.replay import replay
from omniflow_graph.errors import RecordingError, RunError
from omniflow_graph.recording import Manifest, RecordingWriter, StreamInfo, open_recording

ENGINES = pytest.mark.parametrize("engine", ["bytewax", "direct"])


def conversation() -> Graph:
    g = Graph("talk")
    window = g.align("window", g.source("mic"), length=10)
    model = g.stage("model", window, lambda n, event, rng: (n + 1, [n + rng(event).below(1000)]), state=0, cost=4)
    g.feedback("heard", model, window)
    g.sink("out", model)
    return g


TALK = conversation()
COSTS = {("model", 0): 3, ("model", 1): 17, ("model", 2): 2}
SESSION = Session("ann", {"mic": [Event(time, "mic", seq, seq) for seq, time in enumerate((0, 3, 14, 29))]}, end=30, allowance=1, costs=COSTS)


@pytest.fixture
def rec(tmp_path) -> Path:
    """Record the session, and what its model was measured to cost."""
    return recorded(tmp_path / "ann.mcap")


def recorded(path: Path, *, declared: bool = False) -> Path:
    with RecordingWriter(path, Manifest("ann", 30, {"mic": StreamInfo("value")}, allowance=1)) as writer:
        for event in SESSION.sources["mic"]:
            writer.add(event)
        for (stage, seq), cost in COSTS.items():
            writer.cost(stage, seq, cost, declared=declared)
    return path


@ENGINES
@pytest.mark.parametrize("given", [lambda path: SESSION, str, Path, open_recording, lambda path: open_recording(path).session()])
def test_a_session_its_recording_and_the_path_of_that_give_one_trace(rec, engine, given):
    assert replay(TALK, given(rec), engine=engine) == run_direct(TALK, SESSION)


THEN = [Step("model", 11, 14, (0,), ()), Step("model", 21, 38, (1,), ()), Step("model", 38, 40, (2,), ())]
NOW = [Step("model", 11, 15, (0,), ()), Step("model", 21, 25, (1,), ()), Step("model", 31, 35, (2,), ())]


@ENGINES
def test_costs_are_those_that_were_measured_unless_the_declared_ones_are_wanted(rec, engine):
    found = [replay(TALK, rec, engine=engine, cost=cost).stages["model"] for cost in ("measured", "recorded", "declared")]
    assert found == [THEN, THEN, NOW]
    assert replay(TALK, rec, engine=engine).stages["model"] == THEN


@ENGINES
def test_costs_that_a_recording_was_only_told_are_taken_if_they_are_asked_for(tmp_path, engine):
    rec = recorded(tmp_path / "ann.mcap", declared=True)
    found = [replay(TALK, rec, engine=engine, cost=cost).stages["model"] for cost in ("measured", "recorded", "declared")]
    assert found == [NOW, THEN, NOW]


@ENGINES
def test_a_cost_that_is_missing_is_told_with_a_way_out(engine):
    lacking = replaced(SESSION, costs={("model", 0): 3, ("model", 2): 2})
    with pytest.raises(RunError) as caught:
        replay(TALK, lacking, engine=engine)
    assert str(caught.value) == (
        "session 'ann', stage 'model': the recording holds no cost for event 1 of 'window'; replay with declared costs instead (--cost declared)"
    )
    assert replay(TALK, lacking, engine=engine, cost="declared") == run_direct(TALK, replaced(SESSION, costs=None))


@ENGINES
def test_a_seed_is_part_of_the_trace_and_the_rest_is_not(engine):
    first, again, other = (
        replay(TALK, SESSION, engine=engine, seed=seed, batch=batch, workers=n) for seed, batch, n in ((1, 1, 1), (1, 9, 2), (2, 1, 1))
    )
    assert first == again
    assert (first.seed, other.seed, first["model"] == other["model"]) == (1, 2, False)


@ENGINES
@pytest.mark.parametrize("form", [list, tuple, set, iter])
def test_payloads_are_kept_where_asked_for(engine, form):
    trace = replay(TALK, SESSION, engine=engine, keep=form(["model"]))
    assert {edge for edge in trace.edges if not any(repr(event.data) == "NOT_KEPT" for event in trace[edge])} == {"model"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"engine": "spark"}, "replay: wants engine to be one of bytewax, direct, got 'spark'"),
        ({"cost": "free"}, "replay: wants cost to be one of measured, recorded, declared, got 'free'"),
        ({"keep": ["modle", "mic"]}, "keep names 'modle'; the edges are mic, window, model, heard"),
        ({"keep": "mic"}, "keep wants a list of names of edges, got the one text 'mic'; use keep=['mic']"),
        ({"batch": 0}, "replay: wants batch and workers of 1 or more, got batch=0, workers=1"),
        ({"workers": -1}, "replay: wants batch and workers of 1 or more, got batch=1024, workers=-1"),
        ({"batch": True}, "replay: wants batch and workers of 1 or more, got batch=True, workers=1"),
        *(
            ({"seed": seed}, f"replay: wants seed to be a whole number from 0 to 2**64 - 1, got {seed!r}")
            for seed in (-1, True, "7", 1.0, None, 2**64)
        ),
    ],
)
@pytest.mark.parametrize("engine", [{}, {"engine": "direct"}], ids=str)
def test_options_without_meaning_are_refused(engine, options, words):
    with pytest.raises(ValueError) as caught:
        replay(TALK, SESSION, **{**engine, **options})
    assert words in str(caught.value)


@pytest.mark.parametrize("what", [{"mic": [(0, 1)]}, [(0, 1)], None])
def test_what_holds_no_session_is_refused(what):
    with pytest.raises(TypeError, match=f"wants a Session, the path of a recording or an opened one, got {type(what).__name__}"):
        replay(TALK, what)


def test_a_recording_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RecordingError, match=r"none.mcap: there is no such file"):
        replay(TALK, tmp_path / "none.mcap")


def test_a_source_that_a_session_does_not_hold_is_silent():
    g = Graph("talk")
    g.sink("out", g.merge("all", g.source("mic"), g.source("eye")))
    trace = replay(g, Session("ann", {"mic": [(0, 1)]}, end=seconds(1)))
    assert (trace["eye"], trace.ends) == ([], {"mic": seconds(1), "eye": seconds(1)})
