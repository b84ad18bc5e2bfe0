"""A trace tells what each window was given and answered, whether it is at hand or was stored."""

from __future__ import annotations

import pytest

from omniflow_graph import Event, Graph, Session, replay, seconds
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.trace.stored import load_trace, save_trace
from operators.duplex import duplex
from operators.omni_flow.tokens.groups import Form, Group, Listen, Picture, Speak
from operators.omni_flow.tokens.layout import layout
from operators.omni_flow.tokens.tokenizer import Bytes
from operators.omni_flow.tokens.trace_groups import answered, groups_of, window_ns
from operators.omni_flow.tokens.vocabulary import LISTEN, TURN_EOS
from operators.words import Decision
from tests.operators.commands.rooms import answered as replayed
from tests.operators.commands.rooms import room, script


def said(text: str, part: int = 0, last: bool = True) -> Decision:
    return Decision(0, "speak", "", 1, part, last, text)


def ids(text: str) -> tuple[int, ...]:
    return Bytes().encode(text)


LONG = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
LISTENED, STOPPED = Decision(0, "listen", ""), Decision(0, "stop", "", 1)


@pytest.mark.parametrize(
    ("decisions", "in_turn", "answer", "goes_on"),
    [
        ([LISTENED], False, Listen(), False),
        ([LISTENED], True, Speak(), True),
        ([said("Hi")], False, Speak(ids("Hi"), (2,)), False),
        ([said("Hi", 0, False)], False, Speak(ids("Hi")), True),
        ([said(" you", 1)], True, Speak(ids(" you"), (4,)), False),
        ([said("", 1, False)], True, Speak(), True),
        ([said("", 2)], True, Speak((), (0,)), False),
        ([STOPPED], True, Listen(cuts=True), False),
        ([STOPPED], False, Listen(), False),
        ([said("Hi"), said("Yo", 0, False)], False, Speak(ids("HiYo"), (2,)), True),
        ([said("Yo")], True, Speak(ids("Yo"), (0, 2)), False),
        ([STOPPED, said("Yo", 0, False)], True, Speak(ids("Yo"), (0,)), True),
        ([said("Hi", 0, False), STOPPED], False, Speak(ids("Hi"), (2,)), False),
    ],
)
def test_decisions_come_to_an_answer_and_to_a_turn_that_goes_on_or_not(decisions, in_turn, answer, goes_on):
    assert answered(decisions, in_turn, Bytes()) == (answer, goes_on)


def test_a_session_is_read_off_window_by_window(tmp_path):
    trace = replayed(room(tmp_path), script(tmp_path, "I can hear you very well now."))
    assert (window_ns(trace), groups_of(trace, Bytes())) == (
        seconds(1.0),
        [
            Group(0, (), 10),
            Group(1, (), 10, Speak(ids("I can hear you very well"))),
            Group(2, (), 10, Speak(ids(" now."), (5,))),
            Group(3, (), 10),
            Group(4, (), 5),  # the session ends in it
        ],
    )


def test_a_stored_trace_gives_the_same_groups(tmp_path):
    import recordings

    trace = replay(duplex(model="scripted-fast", window=0.5), recordings.path("three_questions"), engine="direct")
    save_trace(trace, tmp_path / "trace.mcap")
    groups = groups_of(load_trace(tmp_path), Bytes())
    assert groups == groups_of(trace, Bytes())
    assert {(len(group.pictures), group.audio) for group in groups} == {(1, 5)}
    said = [bytes(group.answer.ids).decode() for group in groups if isinstance(group.answer, Speak)]
    assert "".join(said) == "An astronaut in an orange suit.The cat is looking straight at us.An old palace with curved roofs, under a blue sky."


def test_a_line_that_is_talked_over_is_cut(tmp_path):
    trace = replayed(room(tmp_path, (0.2, 1.2), (2.6, 4.4), end=6.0), script(tmp_path, LONG))
    answers = [group.answer for group in groups_of(trace, Bytes())]
    assert [type(answer) for answer in answers] == [Listen, Speak, Speak, Listen, Listen, Listen]
    assert answers[3:] == [Listen(cuts=True), Listen(), Listen()]
    sequence = layout(groups_of(trace, Bytes()), Form())
    start, end = sequence.answers[3]
    assert sequence.tokens[start:end] == (TURN_EOS, LISTEN)


def run(streams: dict, end: float):
    return run_direct(duplex(model="scripted-fast"), Session("s", streams, end=seconds(end)))


PICTURES = [(seconds(time), bytes([n])) for n, time in enumerate((0.1, 0.2, 1.5, 2.01))]


def test_pictures_are_counted_in_the_window_in_which_they_came_and_no_microphone_gives_no_sound():
    assert groups_of(run({"env-visual": PICTURES, "env-audio": []}, 2.05), Bytes()) == [
        Group(0, (Picture(), Picture())),
        Group(1, (Picture(),)),
        Group(2, (Picture(),)),
    ]


def test_a_microphone_is_heard_in_each_window_whatever_it_sends():
    assert [group.audio for group in groups_of(run({"env-visual": [], "env-audio": [(seconds(1.5), bytes(640))]}, 2.34), Bytes())] == [10, 10, 3]


def test_a_last_window_that_is_too_short_for_a_token_and_without_a_picture_is_none():
    assert [group.k for group in groups_of(run({"env-visual": [], "env-audio": [(0, bytes(640))]}, 2.05), Bytes())] == [0, 1]


def test_a_window_that_was_not_decided_is_refused_unless_nothing_follows():
    trace = run({"env-visual": [], "env-audio": [(0, bytes(640))]}, 4.0)
    del trace.edges["decide"][-1]
    assert [group.k for group in groups_of(trace, Bytes())] == [0, 1, 2]
    del trace.edges["decide"][1]
    with pytest.raises(ValueError, match="s: window 1 was never decided, although later ones were"):
        groups_of(trace, Bytes())


def test_what_was_not_kept_and_another_graph_are_refused():
    session = Session("s", {"env-visual": [], "env-audio": [(0, bytes(640))]}, end=seconds(1.0))
    with pytest.raises(ValueError, match="s: its trace did not keep 'decide'; run with keep=None, or name window and decide"):
        groups_of(run_direct(duplex(model="scripted-fast"), session, keep=["window"]), Bytes())
    g = Graph("other")
    g.sink("out", g.source("mic", int))
    with pytest.raises(KeyError, match="no edge 'decide' in this trace; there are mic"):
        groups_of(run_direct(g, Session("s", {"mic": [Event(0, "mic", 0, 1)]}, end=1)), Bytes())


def test_edges_of_the_same_names_that_hold_something_else_are_refused():
    trace = run({"env-visual": PICTURES, "env-audio": []}, 2.05)
    trace.edges["decide"][1] = trace.edges["decide"][1]._replace(data=7)
    with pytest.raises(
        ValueError, match=r"s: edge 'decide' wants k, choice, part, last, text, as in operators\.duplex, got 7; replay with that graph"
    ):
        groups_of(trace, Bytes())


def test_more_pictures_than_the_session_has_are_not_believed():
    trace = run({"env-visual": PICTURES, "env-audio": []}, 2.05)
    trace.edges["window"][1] = trace.edges["window"][1]._replace(made_of=(("look", 2, 10**15),))
    with pytest.raises(ValueError, match="window 1: wants at most the 4 pictures of its session, got 999999999999999"):
        groups_of(trace, Bytes())


def test_an_empty_session_has_no_window():
    with pytest.raises(ValueError, match="s: its trace holds no window; the session is empty"):
        window_ns(run({"env-visual": [], "env-audio": []}, 0))
