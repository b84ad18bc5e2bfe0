"""One session switches between duplex and turn-based mode while it runs, at exact times."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omniflow_graph import RecordingError, Session, Trace, replay, seconds
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.recording import open_recording
from operators.duplex import duplex
from operators.omni_flow.modes.switch import Flushed, Switched
from operators.switching import switching
from operators.turn_based import turn_based
from operators.turns import turns
from operators.words import Fence
from recordings import bundled
from tests.operators.test_turn_based import LINE, Span, room, s

TO_TURNS, TO_DUPLEX = "turn-based", "duplex"


@pytest.fixture(scope="module")
def script(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("scripts") / "script.yaml"
    path.write_text("\n".join(f"- when: {{speech_ends: {n}}}\n  say: {LINE}" for n in range(1, 9)))
    return str(path)


def session(*spoken: Span, modes: list[tuple[float, str]], end: float, messages: list | None = None) -> Session:
    sources = {**room(*spoken, end=end, messages=messages).sources, "env-visual": [(0, b"a picture")]}
    return Session("room", {**sources, "mode": [(seconds(at), mode) for at, mode in modes]}, end=seconds(end))


def fast(script: str, given: Session, **options) -> Trace:
    return run_direct(switching(model="scripted-fast", script=script, **options), given)


def said(trace: Trace) -> list[tuple]:
    return [(s(turn.start), s(turn.end), turn.cause, turn.stopped) for turn in turns(trace)]


def switched(trace: Trace) -> list[tuple]:
    return [(s(event.time), event.data.to, event.data.flushed) for event in trace["modes"]]


def test_without_a_switch_it_is_the_one_pipeline_or_the_other(script):
    spoken = session((0.6, 1.5), (2.4, 3.6), (5.0, 6.0), modes=[], end=9)
    one, other = fast(script, spoken), run_direct(duplex(model="scripted-fast", script=script), spoken)
    assert {edge: one.digests[edge] for edge in ("decide", "play", "heard")} == {edge: other.digests[edge] for edge in ("decide", "play", "heard")}
    one, other = fast(script, spoken, begin=TO_TURNS), run_direct(turn_based(model="scripted-fast", script=script), spoken)
    assert {edge: one.digests[edge] for edge in ("decide", "play", "heard")} == {edge: other.digests[edge] for edge in ("decide", "play", "heard")}
    assert said(one) != []


def test_each_mode_answers_in_its_own_time(script):
    trace = fast(script, session((0.6, 1.5), (6.6, 7.5), (12.6, 13.5), modes=[(5.0, TO_TURNS), (10.2, TO_DUPLEX)], end=17))
    assert said(trace) == [
        (2.29, 4.03, "user speech 1 ended at 1.98 s", False),
        (8.27, 10.01, "user speech 1 ended at 7.98 s", False),
        (14.29, 16.03, "user speech 1 ended at 13.98 s", False),
    ]
    assert switched(trace) == [(5.0, TO_TURNS, None), (10.2, TO_DUPLEX, None)]
    assert [turn.response for turn in turns(trace)] == [1, 2, 3]


def test_what_is_carried_is_kept_and_turns_are_counted_on(script):
    spoken = session((0.6, 1.5), (6.6, 7.5), modes=[(5.0, TO_TURNS)], end=11)
    assert [turn.cause for turn in turns(fast(script, spoken, how="carry"))] == ["user speech 1 ended at 1.98 s", "user speech 2 ended at 7.98 s"]
    told = (("lines", 1), ("frames", 1))
    kept, dropped = ([event.data for event in fast(script, spoken, how=how)["modes"]] for how in ("carry", "reset"))
    assert kept == [Switched(seconds(5.0), TO_DUPLEX, TO_TURNS, "carry", (("user_turns", 1), *told), ())]
    assert dropped == [Switched(seconds(5.0), TO_DUPLEX, TO_TURNS, "reset", (), (("user_turns", 1), *told))]


@pytest.mark.parametrize(("begin", "to", "heard"), [(TO_DUPLEX, TO_TURNS, "I can hear"), (TO_TURNS, TO_DUPLEX, "I can hear you")])
def test_an_answer_falls_silent_at_the_switch(script, begin, to, heard):
    trace = fast(script, session((0.6, 1.5), modes=[(3.0, to)], end=6), begin=begin)
    assert [(s(turn.end), turn.stopped, turn.heard) for turn in turns(trace)] == [(3.0, True, heard)]
    assert switched(trace) == [(3.0, to, Flushed(1, f"switched to {to}"))]
    assert [(s(event.time), event.data) for event in trace["fence"]] == [(3.0, Fence(1, 1, f"switched to {to}"))]


@pytest.mark.parametrize("at", [2.11, 2.2, 2.269])
def test_an_answer_that_was_decided_and_does_not_sound_yet_never_does(script, at):
    trace = fast(script, session((0.6, 1.5), modes=[(at, TO_DUPLEX)], end=6), begin=TO_TURNS)
    assert (said(trace), switched(trace)) == ([], [(at, TO_DUPLEX, Flushed(1, "switched to duplex"))])


def test_a_turn_that_was_not_answered_yet_is_lost_and_that_is_recorded(script):
    trace = fast(script, session((0.6, 1.5), modes=[(2.0, TO_DUPLEX)], end=6), begin=TO_TURNS)
    assert (said(trace), trace["modes"][0].data.dropped) == ([], (("unanswered", 1), ("frames", 1)))
    trace = fast(script, session((0.6, 1.5), modes=[(1.4, TO_DUPLEX)], end=6), begin=TO_TURNS)
    assert trace["modes"][0].data.dropped == (("unfinished_ns", seconds(0.8)), ("frames", 1))
    assert [cause for _, _, cause, _ in said(trace)] == ["user speech 1 ended at 1.98 s"]  # the rest of it is heard in duplex


def test_a_window_that_was_under_way_is_dropped(script):
    trace = fast(script, session((0.6, 1.5), modes=[(2.05, TO_TURNS)], end=6))
    assert (said(trace), [event.data.k for event in trace["decide"]]) == ([], [0])
    assert [(step.start, step.dropped) for step in trace.stages["answer"] if step.dropped] == [(seconds(2.0), (1,))]


@pytest.mark.parametrize(("at", "first"), [(2.5, 2), (3.0, 3), (3.1, 3)])
def test_duplex_begins_with_the_first_window_that_ends_after_the_switch(script, at, first):
    trace = fast(script, session(modes=[(at, TO_DUPLEX)], end=6), begin=TO_TURNS)
    assert [event.data.k for event in trace["decide"]] == list(range(first, 6))


def test_two_switches_at_one_time_are_two(script):
    trace = fast(script, session((0.6, 1.5), modes=[(3.0, TO_TURNS), (3.0, TO_TURNS), (3.0, TO_DUPLEX)], end=6))
    assert switched(trace) == [(3.0, TO_TURNS, Flushed(1, "switched to turn-based")), (3.0, TO_DUPLEX, None)]


def test_what_is_typed_is_answered_in_turn_based_mode_only(script):
    trace = fast(script, session(modes=[(3.0, TO_TURNS)], end=8, messages=[(1.0, "Hello?"), (4.0, "Hello?")]))
    assert [(s(turn.start), turn.cause) for turn in turns(trace)] == [(4.29, "user message 1 came at 4.00 s")]


@pytest.mark.parametrize("how", ["reset", "carry"])
def test_acknowledgements_that_come_in_as_a_source_give_the_same_session(script, how):
    spoken = session((0.6, 1.5), (2.4, 3.6), (6.6, 7.5), (9.3, 10.5), modes=[(5.0, TO_TURNS), (9.0, TO_DUPLEX), (11.0, TO_TURNS)], end=14)
    simulated = fast(script, spoken, how=how)
    heard = [(event.time, event.data._asdict()) for event in simulated["heard"]]
    given = fast(script, Session("room", {**spoken.sources, "playback": heard}, spoken.end), how=how, playback="recorded")
    assert [given.digests[edge] for edge in ("modes", "decide", "heard")] == [simulated.digests[edge] for edge in ("modes", "decide", "heard")]
    assert [event.data.kept for event in given["modes"]][-1:] == [(("user_turns", 2), ("lines", 2), ("frames", 1)) if how == "carry" else ()]


def test_what_another_player_has_played_is_what_is_carried(script):
    spoken = session((0.6, 1.5), modes=[(4.5, TO_TURNS)], end=9)
    stalled = [(seconds(2.4 + n / 5), {"response": 7 if n == 0 else 1, "played_samples": 0}) for n in range(10)]
    for heard, lines in (([], 1), (stalled, 0)):
        trace = fast(script, Session("room", {**spoken.sources, "playback": heard}, spoken.end), how="carry", playback="recorded")
        assert [(event.data.kept, event.data.flushed) for event in trace["modes"]] == [
            ((("user_turns", 1), *[("lines", 1)] * lines, ("frames", 1)), Flushed(1, "switched to turn-based"))
        ]
        assert [notice.response for event in trace["notices"] for notice in event.data] == [7] * len(heard[:1])


def test_the_bundled_session_switches_on_both_engines():
    given = open_recording(bundled()["three_questions"]).session()
    given = Session("switched", {**given.sources, "mode": [(seconds(11.5), TO_TURNS), (seconds(20.0), TO_DUPLEX)]}, given.end)
    graph = switching(model="scripted-fast", how="carry")
    trace = replay(graph, given)
    assert trace.digests == run_direct(graph, given).digests
    assert [(s(turn.start), s(turn.end), turn.heard) for turn in turns(trace)] == [
        (5.29, 7.15, None),
        (11.29, 11.5, "The"),
        (17.93, 20.0, "An old palace with curved roofs,"),
    ]


times = st.integers(0, 99).map(lambda n: n / 10)
spans = st.lists(st.tuples(times, st.integers(1, 20)).map(lambda span: (span[0], span[0] + span[1] / 10)), max_size=4)
switches = st.lists(st.tuples(times, st.sampled_from([TO_TURNS, TO_DUPLEX])), max_size=4).map(sorted)


@settings(max_examples=25, deadline=None)
@given(spans, switches, st.sampled_from([TO_DUPLEX, TO_TURNS]), st.sampled_from(["reset", "carry"]))
def test_whenever_it_switches_nothing_of_one_mode_sounds_in_the_other(script, spoken, modes, begin, how):
    trace = fast(script, session(*spoken, modes=modes, end=10, messages=[(2.5, "Hello?")]), begin=begin, how=how, window=0.5)
    at = [event.time for event in trace["modes"]]
    assert [event.data.to for event in trace["modes"]] == [(TO_TURNS, TO_DUPLEX)[(n + (begin == TO_TURNS)) % 2] for n in range(len(at))]
    found = turns(trace)
    assert sorted({turn.response for turn in found}) == [turn.response for turn in found]
    for turn in found:
        assert not any(turn.start < time < turn.end for time in at), turn
    assert not trace["notices"]
    assert all(event.data.flushed is None or event.time in [fence.time for fence in trace["fence"]] for event in trace["modes"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"begin": "simplex"}, "mode: wants one of duplex, turn-based, got 'simplex'"),
        ({"how": "keep"}, "switch: wants one of reset, carry, got 'keep'"),
        ({"window": 0}, "switching: wants a window of 0.001 to 3600 seconds, got 0"),
        ({"playback": "loud"}, "switching: wants playback to be one of simulated, recorded, got 'loud'"),
        ({"model": "recorded"}, "turn-based: wants a model out of scripted, scripted-fast, or a checkpoint's folder, got 'recorded'"),
    ],
)
def test_a_pipeline_that_cannot_be_built_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        switching(**options)


def test_a_mode_that_there_is_not_is_refused_by_its_time(script):
    with pytest.raises(RecordingError, match=r"stream 'mode', event 0 at 3.000 s: mode: wants one of duplex, turn-based, got 'simplex'"):
        fast(script, session(modes=[(3.0, "simplex")], end=6))
