"""The whole pipeline, on sound made here and on the bundled session, at exact times."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from omniflow_graph import Event, Graph, Pcm16, Session, Trace, replay, seconds
from omniflow_graph.engine.direct import run_direct
from operators.duplex import duplex
from operators.scripted.mind import Mind
from operators.turns import Turn, turns
from operators.words import Ack, Decision, Fence
from recordings import bundled

ROOT = Path(__file__).resolve().parent.parent.parent
FRAME_NS = 20_000_000
LINE = "I can hear you very well now."  # 29 characters of 60 ms: 1.74 s
EDGES = [
    "env-visual", "env-audio", "look", "listen", "window", "decide", "text", "fence", "overlap", "notices",
    "context", "speech", "wave", "cues", "play", "out-stream", "heard", "playback",
]  # fmt: skip


@pytest.fixture
def script(tmp_path) -> str:
    path = tmp_path / "script.yaml"
    path.write_text("\n".join(f"- when: {{speech_ends: {n}}}\n  say: {LINE}" for n in (1, 2)))
    return str(path)


def room(*spoken: tuple[float, float], end: float) -> Session:
    """Make a session in which the user talks from ... to ... seconds, in frames of 20 ms."""
    loud, silent = np.full(320, 3000, "<i2").tobytes(), bytes(640)
    times = range(0, seconds(end), FRAME_NS)
    frames = [(t, loud if any(seconds(a) <= t < seconds(b) for a, b in spoken) else silent) for t in times]
    return Session("room", {"env-visual": [(0, b"a picture")], "env-audio": frames}, end=seconds(end))


def fast(script: str, session: Session, window: float = 1.0) -> Trace:
    return run_direct(duplex(model="scripted-fast", window=window, script=script), session)


def s(time: int) -> float:
    return time / 1e9


def test_an_answer_begins_a_decision_a_speech_and_a_wave_after_the_window_that_heard_the_question(script):
    trace = fast(script, room((0.5, 1.5), end=6))
    # silence since 1.5 s ends the speech with the frame of 1.98 s, which is in the window of [1, 2)
    assert turns(trace) == [Turn(seconds(2.29), seconds(4.03), LINE, "user speech 1 ended at 1.98 s", 1, False)]
    assert [(s(e.time), e.data.choice, e.data.cause) for e in trace["decide"]] == [
        (1.12, "listen", "nothing to say"),
        (2.12, "speak", "user speech 1 ended at 1.98 s"),
        (3.12, "speak", "the line goes on"),
        (4.12, "listen", "nothing to say"),
        (5.12, "listen", "nothing to say"),
        (6.12, "listen", "nothing to say"),
    ]
    assert [(s(e.time), e.data) for e in trace["text"]] == [(2.12, "I can hear you very well"), (3.12, " now.")]
    assert [(s(e.time), len(e.data) // 48) for e in trace["out-stream"]] == [(2.29, 1440), (3.73, 300)]
    assert [(s(e.time), e.data) for e in trace["heard"]][-1] == (4.03, Ack(1, 41_760, True, 0, seconds(4.03)))


def test_short_windows_answer_sooner(script):
    trace = fast(script, room((0.5, 1.5), end=6), window=0.2)
    assert [(s(turn.start), s(turn.end), turn.text) for turn in turns(trace)] == [(2.102, 3.842, LINE)]
    trace = fast(script, room((0.5, 1.3), end=6), window=0.2)
    assert [(s(turn.start), s(turn.end), turn.text) for turn in turns(trace)] == [(1.902, 3.642, LINE)]


def test_who_is_talked_over_falls_silent(script):
    trace = fast(script, room((0.5, 1.5), (2.3, 4.5), end=9), window=0.2)
    assert [(s(turn.start), s(turn.end), turn.cause, turn.stopped) for turn in turns(trace)] == [
        (2.102, 3.64, "user speech 1 ended at 1.98 s", True),
        (5.102, 6.842, "user speech 2 ended at 4.98 s", False),
    ]
    (stop,) = [e.data for e in trace["decide"] if e.data.choice == "stop"]
    (over,) = stop.overlap
    cause = "1200 ms said over answer 1 by utterance 2; 1200 ms stop it"
    assert stop == Decision(17, "stop", cause, 1, p_listen=1000, ends="flush", overlap=(over,), context=stop.context)
    assert (over.choice, over.reason) == ("stop", cause)
    assert [(s(e.time), e.data) for e in trace["fence"]] == [(3.64, Fence(1, 1, cause))]
    assert [(s(e.time), e.data) for e in trace["overlap"]] == [(3.64, (over,))]
    assert [(s(e.time), e.data) for e in trace["heard"] if e.data.response == 1][-1] == (3.64, Ack(1, 36_912, True, 0, seconds(3.64)))
    assert trace["notices"] == []


def test_an_answer_that_ends_by_itself_while_it_is_being_stopped_was_not_cut_short(tmp_path):
    line = "I can hear you very well today"  # 30 characters: 1.8 s, from 2.29 to 4.09 s
    (tmp_path / "script.yaml").write_text(f"- when: {{speech_ends: 1}}\n  say: {line}")
    trace = fast(str(tmp_path / "script.yaml"), room((0.5, 1.5), (2.7, 4.5), end=7))
    assert [(s(e.time), e.data.response) for e in trace["decide"] if e.data.choice == "stop"] == [(4.12, 1)]  # on what was known at 4 s
    assert turns(trace) == [Turn(seconds(2.29), seconds(4.09), line, "user speech 1 ended at 1.98 s", 1, False)]


def test_a_mhm_leaves_everything_as_it_was(script):
    alone, with_mhm = (fast(script, room((0.5, 1.5), *mhm, end=6)) for mhm in ((), ((2.5, 2.9),)))
    assert turns(with_mhm) == turns(alone)
    assert {edge for edge in alone.digests if with_mhm.digests[edge] != alone.digests[edge]} == {"env-audio", "listen", "window", "decide", "overlap"}
    assert [event.data for event in alone["context"]] == [event.data.context[0] for event in alone["decide"]]
    assert [choice.choice for event in with_mhm["overlap"] for choice in event.data] == ["acknowledge"]
    assert with_mhm.digests["listen"] != alone.digests["listen"]


def test_silence_is_left_alone(script):
    trace = fast(script, room(end=5))
    assert (turns(trace), trace["out-stream"], trace["heard"]) == ([], [], [])
    assert {e.data.choice for e in trace["decide"]} == {"listen"}


def test_both_engines_give_the_same_trace(script):
    session = room((0.5, 1.5), (2.3, 4.5), end=7)
    graph = duplex(model="scripted-fast", window=0.2, script=script)
    assert replay(graph, session, engine="bytewax").digests == replay(graph, session, engine="direct").digests


QUESTIONS_END = (4.18, 10.32, 18.10)  # as the detector hears them in the bundled session


def test_the_three_questions_are_answered_once_each_after_they_ended():
    trace = replay(duplex(), bundled()["three_questions"], engine="direct")
    found = turns(trace)
    assert [turn.cause for turn in found] == [f"user speech {n} ended at {end:.2f} s" for n, end in zip((2, 3, 4), QUESTIONS_END)]
    assert [s(turn.start) for turn in found] == [5.29, 11.29, 19.29]
    assert [turn.text for turn in found] == [
        "An astronaut in an orange suit.",
        "The cat is looking straight at us.",
        "An old palace with curved roofs, under a blue sky.",
    ]
    assert [turn.end for turn in found] == [e.time for e in trace["heard"] if e.data.final]
    assert not any(turn.stopped for turn in found)


def test_the_fast_model_answers_the_three_questions_too():
    found = turns(replay(duplex(model="scripted-fast"), bundled()["three_questions"], engine="direct"))
    assert [(s(turn.start), s(turn.end)) for turn in found] == [(5.29, 7.15), (11.29, 13.33), (18.29, 21.29)]


def test_acknowledgements_that_come_in_as_a_source_give_the_same_decisions(script):
    session = room((0.5, 1.5), (2.3, 4.5), end=7)
    simulated = fast(script, session, window=0.2)
    heard = [(event.time, event.data) for event in simulated["playback"] if event.time < session.end]
    live = Session("room", {**session.sources, "playback": heard}, end=session.end)
    given = run_direct(duplex(model="scripted-fast", window=0.2, script=script, playback="recorded"), live)
    assert given.digests["decide"] == simulated.digests["decide"]


def test_the_edges_stand_in_the_order_that_recordings_know():
    assert duplex(model="scripted-fast").edges() == EDGES
    assert sorted(duplex(model="scripted-fast", playback="recorded").edges()) == sorted(EDGES)


def deaf(state: None, event: Event[Pcm16]) -> tuple[None, list]:
    return state, []


def test_a_stage_that_cannot_keep_up_still_gives_the_whole_line(script):
    slow = duplex(model="scripted-fast", script=script).replace("decide", cost=seconds(2.1), overrun="merge")
    trace = run_direct(slow, room((0.5, 1.5), end=12))
    assert [turn.text for turn in turns(trace)] == [LINE]
    assert len(trace.array("out-stream")) == 29 * 60 * 24


def test_one_operator_can_be_replaced_by_name(script):
    graph: Graph = duplex(model="scripted-fast", script=script).replace("listen", fn=deaf, state=None)
    assert turns(run_direct(graph, room((0.5, 1.5), end=4))) == []
    quick = duplex(model="scripted-fast", script=script).replace("decide", cost=0, state=Mind())
    assert [s(turn.start) for turn in turns(run_direct(quick, room((0.5, 1.5), end=4)))] == [2.17]


BAD = [
    ({"model": "gpt"}, "wants a model out of scripted, scripted-fast, recorded, nano, blocked, passive, got 'gpt'"),
    ({"playback": "loud"}, "wants playback to be one of simulated, recorded, got 'loud'"),
    ({"window": 0}, "wants a window of 0.001 to 3600 seconds, got 0"),
    ({"window": float("nan")}, "wants a window of 0.001 to 3600 seconds, got nan"),
    ({"model": "recorded"}, "wants a recording to give back"),
    ({"context": "as-said"}, "context: wants one of as-generated, as-heard, got 'as-said'"),
    ({"sliding": "away"}, "sliding: wants one of none, basic, context, got 'away'"),
]


@pytest.mark.parametrize(("given", "words"), BAD)
def test_a_pipeline_that_cannot_be_built_is_refused(given, words):
    with pytest.raises(ValueError, match=words):
        duplex(**given)


def test_the_fast_pipeline_imports_nothing_heavy():
    program = """
import sys
from omniflow_graph import Session
from omniflow_graph.engine.direct import run_direct
from operators.duplex import duplex
session = Session("s", {"env-visual": [(0, b"x")], "env-audio": [(0, bytes(640))]}, end=1_000_000)
run_direct(duplex(model="scripted-fast"), session)
print(sorted({"PIL", "av", "bytewax", "hibari", "onnxruntime", "soundfile", "torch", "zmq"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
