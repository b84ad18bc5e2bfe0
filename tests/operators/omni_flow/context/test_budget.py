"""A window takes as many rows as it is laid out in; the forecast says when there is no more room."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from omniflow_graph.events import seconds
from operators.omni_flow.context.budget import overflow_time, window_rows
from operators.omni_flow.context.sliding import Policy, begin_context, enter
from operators.omni_flow.tokens.groups import Form, Group, Listen, Picture, Speak
from operators.omni_flow.tokens.layout import layout
from tests.operators.omni_flow.context.contexts import listening

forms = st.builds(Form, st.sampled_from(("explicit", "implicit")), st.sampled_from(("LS", "LT")))


@given(forms, st.lists(st.integers(0, 2), max_size=2), st.one_of(st.none(), st.integers(0, 18)))
def test_a_window_takes_as_many_rows_as_it_is_laid_out_in(form, slices, said):
    answer = Listen() if said is None else Speak(tuple(range(said)))
    group = Group(0, tuple(map(Picture, slices)), form.audio_tokens, answer)
    rows = window_rows(form, pictures=len(slices), slices=sum(slices), said=said)
    assert rows == len(layout([group], form).tokens)


def test_the_published_budgets():
    assert [window_rows(Form()), window_rows(Form(), pictures=1), window_rows(Form(), pictures=1, said=5)] == [13, 79, 85]
    assert window_rows(Form(), pictures=1, audio=False) == 69


def test_8192_rows_are_103_s_of_listening_and_seeing_and_630_s_of_listening():
    context = begin_context(Policy("none"), 10)
    assert [round(overflow_time(context, rows_per_window=rows) / 1e9, 1) for rows in (79, 13)] == [103.6, 629.4]


def test_the_forecast_comes_true():
    context = begin_context(Policy("none", limit=500), 10)
    context, _, _ = enter(context, listening(0))
    forecast, evicted = overflow_time(context), []
    while not evicted:
        context, evicted, _ = enter(context, listening(context.windows))
    assert seconds(context.windows - 1) <= forecast < seconds(context.windows)


def test_the_forecast_is_for_what_comes_first():
    context, _, _ = enter(begin_context(Policy(high=100, low=50), 10), listening(0))
    assert overflow_time(context) == seconds(1) + seconds((100 - 23) / 13) // 1
    few = begin_context(Policy("context", max_units=3), 10)
    assert overflow_time(few) == seconds(3)
    assert overflow_time(few, rows_per_window=10_000) < seconds(1)


def test_where_it_is_too_much_already_something_goes_next():
    context, _, _ = enter(begin_context(Policy(high=40, low=20), 10), listening(0, 90))
    assert overflow_time(context) == seconds(1)


def test_half_a_second_of_a_window_is_half_the_time():
    context = begin_context(Policy("none"), 12)
    assert overflow_time(context, rows_per_window=10, window_ns=seconds(0.5)) == seconds(409)


def test_where_nothing_ever_has_to_go_there_is_no_forecast():
    assert overflow_time(begin_context(Policy("none", limit=None), 10), rows_per_window=79) is None
    assert overflow_time(begin_context(Policy("none"), 10)) is None
