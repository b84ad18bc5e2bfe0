"""What a scripted model would remember is as much as is printed of its session as tokens, less what is too much or was never heard."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from omniflow_graph import Session, Trace, seconds
from omniflow_graph.engine.direct import run_direct
from operators.duplex import duplex
from operators.omni_flow.context.remembering import Remembered, Settled
from operators.omni_flow.context.sliding import Evicted, Policy, begin_context
from operators.omni_flow.tokens.groups import Form
from operators.omni_flow.tokens.layout import layout
from operators.omni_flow.tokens.trace_groups import groups_of
from operators.scripted.mind import Mind
from operators.scripted.remember import WORDS
from operators.scripted.script import Rule
from tests.operators.test_duplex import LINE, room

SCRIPT = tuple(Rule("speech_ends", n, LINE) for n in (1, 2, 3))


def told(*spoken: tuple[float, float], end: float, window: float = 1.0, memory: Policy | None = None, **options) -> Trace:
    """Run with a user who talks from ... to ... seconds."""
    graph = duplex(model="scripted-fast", window=window, script=SCRIPT, **options)  # type: ignore[arg-type]
    graph = graph.replace("decide", state=Mind(context=begin_context(memory, prefix=0))) if memory else graph
    return run_direct(graph, room(*spoken, end=end))


def remembered(trace: Trace) -> list[Remembered]:
    return [event.data for event in trace["context"]]


tenths = st.integers(0, 60).map(lambda n: n / 10)
spans = st.lists(st.tuples(tenths, st.integers(1, 25)).map(lambda span: (span[0], span[0] + span[1] / 10)), max_size=4)


@settings(max_examples=15, deadline=None)
@example([(0.5, 1.5), (2.3, 4.5)], 0.2, "on-speech")  # stops in the middle of a line
@given(spans, st.sampled_from([1.0, 0.5, 0.2]), st.sampled_from(["duration", "on-speech"]))
def test_as_many_rows_are_remembered_as_tokens_are_printed(spoken, window, overlap):
    trace = told(*spoken, end=7, window=window, overlap=overlap)
    groups = groups_of(trace, WORDS)
    form = Form(window_ns=round(window * 1e9))
    assert [each.rows for each in remembered(trace)] == [len(layout(groups[: n + 1], form).tokens) for n in range(len(groups))]
    assert [each.windows for each in remembered(trace)] == [n + 1 for n in range(len(groups))]


def test_without_a_microphone_there_is_no_sound_to_remember():
    graph = duplex(model="scripted-fast", script=())  # type: ignore[arg-type]
    trace = run_direct(graph, Session("dark", {"env-visual": [(0, b"a picture"), (seconds(2.5), b"another")]}, end=seconds(3)))
    assert remembered(trace) == [Remembered(69, 1), Remembered(72, 2), Remembered(141, 3)]


def test_an_answer_that_was_heard_is_settled_in_the_window_after_its_last_sound():
    found = remembered(told((0.5, 1.5), end=6))
    assert found == [
        Remembered(79, 1),  # <unit>, a picture, ten of sound, <|listen|>, </unit>
        Remembered(99, 2),  # six words between <|speak|> and <|chunk_eos|>
        Remembered(115, 3),  # one, and <|turn_eos|>
        Remembered(128, 4),
        Remembered(141, 5, settled=(Settled(1, LINE, ""),)),  # its sound ended at 4.03 s
        Remembered(154, 6),
    ]


@pytest.mark.parametrize(("context", "rows", "anew"), [("as-generated", 175, 0), ("as-heard", 174, 18)])
def test_the_words_that_were_never_heard_of_an_answer_that_was_stopped_are_told_and_go_if_so_wanted(context, rows, anew):
    trace = told((0.5, 1.5), (2.3, 4.5), end=4.8, window=0.2, context=context)
    assert [event.data.k for event in trace["decide"] if event.data.choice == "stop"] == [17]
    # anew: the three marks behind the word in window 14, and the windows 15 to 17 of five rows each; then comes window 18
    settled = Settled(1, "I can hear you very well", " now.")
    assert remembered(trace)[17:19] == [Remembered(170, 18), Remembered(rows, 19, settled=(settled,), anew=anew)]
    assert [each.settled for each in remembered(trace) if each.settled] == [(settled,)]


def test_what_is_too_much_is_forgotten_and_told():
    found = remembered(told(end=5, memory=Policy("basic", high=100, low=92)))
    over = "over 100 rows"
    assert found == [
        Remembered(79, 1),
        Remembered(92, 2),
        Remembered(26, 2, (Evicted((0,), 79, 26, over),)),
        Remembered(39, 3),
        Remembered(52, 4),
    ]


def test_an_answer_whose_words_were_kept_when_their_window_went_is_still_settled():
    found = remembered(told((0.5, 1.5), end=6, memory=Policy("context", max_units=1)))
    assert [(each.windows, each.settled) for each in found if each.settled] == [(1, (Settled(1, LINE, ""),))]
    assert [each.rows for each in found] == [79, 20, 26, 24, 24, 24]
