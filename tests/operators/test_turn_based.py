"""The turn-based pipeline, on sound made here and on the bundled session, at exact times."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from omniflow_graph import Session, Trace, replay, seconds
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.graph.loading import load_graph
from operators.commands.settings import warm
from operators.reasons import why
from operators.turn_based import turn_based
from operators.turn_taking.exchange import Answer
from operators.turns import Turn, turns
from operators.words import Ack
from recordings import bundled

FRAME_NS = 20_000_000
LINE = "I can hear you very well now."  # 29 characters of 60 ms: 1.74 s
Span = tuple[float, float]


@pytest.fixture
def script(tmp_path) -> str:
    path = tmp_path / "script.yaml"
    path.write_text("\n".join(f"- when: {{speech_ends: {n}}}\n  say: {LINE}" for n in (1, 2)))
    return str(path)


def room(*spoken: Span, end: float, messages: list | None = None) -> Session:
    """Make a session in which the user talks from ... to ... seconds, in frames of 20 ms, and types messages."""
    loud, silent = np.full(320, 3000, "<i2").tobytes(), bytes(640)
    frames = [(t, loud if any(seconds(a) <= t < seconds(b) for a, b in spoken) else silent) for t in range(0, seconds(end), FRAME_NS)]
    typed = [(seconds(at), data) for at, data in messages or []]
    return Session("room", {"env-audio": frames, "messages": typed}, end=seconds(end))


def fast(script: str, session: Session) -> Trace:
    return run_direct(turn_based(model="scripted-fast", script=script), session)


def s(time: int) -> float:
    return time / 1e9


def test_an_answer_begins_when_the_user_has_finished_and_not_with_a_window(script):
    trace = fast(script, room((0.6, 1.5), end=6))
    # silence since 1.5 s ends the turn with the frame of 1.98 s; then 0.12 s to answer, 0.02 s and 0.15 s to make the sound
    assert turns(trace) == [Turn(seconds(2.27), seconds(4.01), LINE, "user speech 1 ended at 1.98 s", 1, False)]
    ((at, turn),) = [(s(event.time), event.data) for event in trace["turn"]]
    assert (at, s(turn.start), s(turn.end), len(turn.pcm)) == (1.98, 0.57, 1.53, 2 * 15_360)
    assert [(s(e.time), e.data.text, e.data.last) for e in trace["decide"]] == [(2.1, "I can hear you very", False), (2.1, " well now.", True)]
    assert [(s(e.time), len(e.data) // 48) for e in trace["out-stream"]] == [(2.27, 1140), (3.41, 600)]
    assert trace["heard"][-1].data == Ack(1, 41_760, True, 0, seconds(4.01))


def test_what_is_said_while_the_assistant_answers_is_ignored(script):
    trace = fast(script, room((0.6, 1.5), (2.4, 3.6), (4.3, 5.0), end=8))
    assert [(s(turn.start), turn.cause, turn.stopped) for turn in turns(trace)] == [
        (2.27, "user speech 1 ended at 1.98 s", False),
        (5.77, "user speech 2 ended at 5.48 s", False),
    ]


def test_who_talks_on_when_the_answer_ends_is_heard_from_then_on(script):
    trace = fast(script, room((0.6, 1.5), (3.5, 5.0), end=8))
    assert [(s(event.time), s(event.data.start)) for event in trace["turn"]] == [(1.98, 0.57), (5.48, 4.02)]


def test_for_half_a_second_nobody_is_listened_to(script):
    assert turns(fast(script, room((0.1, 0.58), end=4))) == []
    assert [turn.cause for turn in turns(fast(script, room((0.1, 0.64), end=4)))] == ["user speech 1 ended at 1.12 s"]


def test_what_is_typed_is_answered_at_once(script):
    trace = fast(script, room(end=6, messages=[(0.2, b"a picture"), (1.0, "Hello?")]))
    assert [(s(turn.start), turn.cause) for turn in turns(trace)] == [(1.29, "user message 1 came at 1.00 s")]
    assert trace["turn"][0].data.pictures == (b"a picture",)


def test_a_turn_without_a_line_is_not_answered_and_the_next_one_is_heard(script):
    trace = fast(script, room((0.6, 1.5), (2.1, 3.0), (6.0, 7.0), end=9))
    assert [event.data.turn for event in trace["answer"] if event.data.text] == [1, 2]
    late = fast(script, room((0.6, 1.5), (5.0, 5.5), (8.5, 9.0), (9.7, 10.0), end=12))
    assert [(event.data.turn, event.data.cause) for event in late["answer"]][2:] == [(3, "nothing to say"), (4, "nothing to say")]


def told(script: str, session: Session, playback: list[tuple]) -> Trace:
    """Run with what another player says was heard."""
    given = Session("room", {**session.sources, "playback": playback}, end=session.end)
    return run_direct(turn_based(model="scripted-fast", script=script, playback="recorded"), given)


def test_acknowledgements_that_come_in_as_a_source_give_the_same_turns(script):
    session = room((0.6, 1.5), (2.4, 3.6), (4.3, 5.0), end=8)
    simulated = fast(script, session)
    given = told(script, session, [(event.time, event.data) for event in simulated["was-heard"]])
    assert [given.digests[edge] for edge in ("turn", "decide", "heard")] == [simulated.digests[edge] for edge in ("turn", "decide", "heard")]


def test_the_ears_stay_closed_until_another_player_has_said_that_all_was_heard(script):
    session = room((0.6, 1.5), (4.3, 5.0), (5.7, 6.4), end=8)
    over = {"response": 1, "played_samples": 41_760, "final": True}
    assert [[s(event.data.start) for event in told(script, session, [(seconds(at), over)])["turn"]] for at in (4.0, 5.6)] == [
        [0.57, 4.27],
        [0.57, 5.67],
    ]


def test_where_nobody_says_what_was_heard_an_answer_is_over_two_seconds_after_it_should_be(script):
    session = room((0.6, 1.5), (4.3, 5.0), (6.1, 6.9), end=9)
    assert [s(event.data.start) for event in told(script, session, [])["turn"]] == [0.57, 6.07]
    assert [s(event.time) for event in told(script, session, [])["assumed"] if event.data.ack.final] == [6.01]


def test_silence_is_left_alone(script):
    trace = fast(script, room(end=5))
    assert [edge for edge in ("turn", "answer", "decide", "out-stream", "heard") if trace[edge]] == []


def test_both_engines_give_the_same_trace(script):
    session = room((0.6, 1.5), (2.4, 3.6), (4.3, 5.0), end=8, messages=[(3.0, "And?")])
    graph = turn_based(model="scripted-fast", script=script)
    assert replay(graph, session, engine="bytewax").digests == replay(graph, session, engine="direct").digests


def test_the_three_questions_are_answered_sooner_than_in_duplex():
    trace = replay(turn_based(), bundled()["three_questions"], engine="direct")
    assert [(s(turn.start), turn.text, turn.cause) for turn in turns(trace)] == [
        (4.47, "An astronaut in an orange suit.", "user speech 2 ended at 4.18 s"),
        (10.61, "The cat is looking straight at us.", "user speech 3 ended at 10.32 s"),
        (18.35, "An old palace with curved roofs, under a blue sky.", "user speech 4 ended at 18.06 s"),
    ]
    assert not any(turn.stopped for turn in turns(trace))


def test_the_fast_model_answers_them_too_on_bytewax():
    trace = replay(turn_based(model="scripted-fast"), bundled()["three_questions"])
    assert [(s(turn.start), s(turn.end)) for turn in turns(trace)] == [(4.29, 6.15), (10.33, 12.37), (17.93, 20.93)]


def test_a_sound_leads_back_to_what_the_user_said(script):
    trace = fast(script, room((0.6, 1.5), end=6))
    assert [link.event.stream for link in why(trace, turn=1)][:8] == ["out-stream", "play", "cues", "wave", "speech", "decide", "answer", "turn"]


def shout(state, event):
    return state, [Answer(event.data.number, "HEY!", "because", event.data.number)]


def test_the_answer_can_be_replaced_by_name(script):
    graph = turn_based(model="scripted-fast", script=script).replace("answer", fn=shout, state=None, cost=0)
    assert [(s(turn.start), turn.text) for turn in turns(run_direct(graph, room((0.6, 1.5), end=6)))] == [(2.15, "HEY!")]


def test_the_command_line_finds_it_and_its_states_can_be_kept():
    graph = load_graph("operators.turn_based:turn_based", {"model": "scripted-fast", "window": None, "playback": "simulated", "recording": None})
    warm(graph)
    states = [node.state for node in graph.nodes.values()]
    assert pickle.loads(pickle.dumps(states)) == states


def test_a_model_that_takes_no_turns_and_a_playback_that_is_none_are_refused():
    with pytest.raises(ValueError, match="turn-based: wants a model out of scripted, scripted-fast, or a checkpoint's folder, got 'recorded'"):
        turn_based(model="recorded")
    with pytest.raises(ValueError, match="turn-based: wants playback to be one of simulated, recorded, got 'loud'"):
        turn_based(playback="loud")
