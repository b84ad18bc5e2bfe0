"""What is too much is forgotten, oldest first, and recorded; the cache stays as long as the books say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.omni_flow.context.cache_plan import Prefill, Rows
from operators.omni_flow.context.sliding import MARKER, Context, Evicted, Policy, begin_context, enter, refill
from operators.omni_flow.context.token_log import Unit
from tests.operators.omni_flow.context.contexts import PROMPT, SUFFIX, Remembering, ids, listening, speaking
from tests.operators.omni_flow.context.toy_cache import Cache, alike, carry_out, empty, feed

SESSIONS = json.loads((Path(__file__).parents[3] / "data" / "duplex_sessions.json").read_text())
WINDOWED = [session for session in SESSIONS if session.get("window")]
S = len(PROMPT) + len(SUFFIX)


def policy_of(window: dict) -> Policy:
    names = {"sliding_window_mode": "mode", "basic_window_high_tokens": "high", "basic_window_low_tokens": "low"}
    names |= {"context_max_units": "max_units", "context_previous_max_tokens": "max_previous"}
    return Policy(**{names[name]: value for name, value in window.items()})


@pytest.mark.parametrize("session", WINDOWED, ids=lambda session: session["name"])
def test_a_session_is_forgotten_as_the_reference_recorded_it(session):
    *before, suffix = session["prompt"]
    context = begin_context(policy_of(session["window"]), sum(before), tuple(range(suffix)))
    found = []
    for k, unit in enumerate(session["units"]):
        content = tuple(unit["fed"][1 : unit["said"] + 1])
        rows = (0,) * unit["rows"] + tuple(unit["fed"])
        context, _, _ = enter(context, Unit(k, rows, content=content, is_listen=unit["listens"]))
        found.append(([unit.length for unit in context.units], context.length, list(context.previous)))
    assert found == [(unit["lengths"], unit["cache"], unit["previous"]) for unit in session["units"]]


def test_above_high_the_oldest_go_until_low():
    context, found = begin_context(Policy(high=60, low=40), S), []
    for k in range(6):
        context, evicted, plan = enter(context, listening(k))
        found.append((context.length, evicted, plan.parts))
    assert found[3] == (57, [], (Rows(0, 57, 0),))
    assert found[4] == (31, [Evicted((0, 1, 2), 39, 31, "over 60 rows")], (Rows(0, S, 0), Rows(44, 70, S)))
    assert found[5] == (44, [], (Rows(0, 44, 0),))


def test_nothing_goes_in_mode_none_before_the_limit():
    context = begin_context(Policy("none", limit=60), S)
    for k in range(4):
        context, evicted, _ = enter(context, listening(k))
        assert evicted == []
    assert enter(context, listening(4))[1] == [Evicted((0,), 13, 57, "over 60 rows, the limit")]
    unlimited = begin_context(Policy("none", limit=None), S)
    for k in range(700):
        unlimited, evicted, plan = enter(unlimited, listening(k))
        assert (evicted, plan.changes) == ([], False)
    assert unlimited.length == S + 700 * 13


def test_the_newest_unit_stays_even_if_it_alone_is_too_much():
    context = begin_context(Policy(high=60, low=40), S)
    for k in range(3):
        context, evicted, _ = enter(context, listening(k, audio=70))
        assert [unit.id for unit in context.units] == [k]
    assert evicted == [Evicted((1,), 73, S + 73, "over 60 rows")]


def test_what_was_spoken_stays_as_text_when_its_unit_goes():
    policy, context, found = Policy("context", max_units=2, max_previous=3), None, []
    context = begin_context(policy, len(PROMPT), SUFFIX)
    for unit in (listening(0), speaking(1, 1, 2), speaking(2, 3, 4), listening(3), listening(4)):
        context, evicted, plan = enter(context, unit)
        found.append((context.previous, [record.units for record in evicted], plan.parts[:-1]))
    assert found == [
        ((), [], ()),
        ((), [], ()),
        ((), [(0,)], (Rows(0, S, 0),)),
        ((*MARKER, 1, 2), [(1,)], (Rows(0, 3, 0), Prefill((*MARKER, 1, 2, *SUFFIX), 3))),
        ((*MARKER, 2, 3, 4), [(2,)], (Rows(0, 3, 0), Prefill((*MARKER, 2, 3, 4, *SUFFIX), 3))),
    ]


def test_what_was_cut_off_in_the_window_it_was_said_in_is_not_kept_as_text():
    context = begin_context(Policy("context", max_units=1), S)
    for unit in (replace(speaking(0, 1, 2), is_listen=True), listening(1)):
        context, _, _ = enter(context, unit)
    assert context.previous == ()


def test_text_that_did_not_change_is_not_fed_anew():
    context = begin_context(Policy("context", max_units=1), len(PROMPT), SUFFIX)
    for unit in (speaking(0, 1), listening(1), listening(2)):
        context, _, plan = enter(context, unit)
    assert plan.parts == (Rows(0, S + 5, 0), Rows(S + 5 + 13, S + 5 + 26, S + 5))


def test_long_units_meet_the_limit_in_mode_context_too():
    context = begin_context(Policy("context", max_units=3, max_previous=2, limit=100), S)
    for k in range(3):
        context, evicted, _ = enter(context, listening(k, audio=40))
    assert evicted == [Evicted((0,), 43, S + 86, "over 100 rows, the limit")]


units = st.lists(st.one_of(st.integers(0, 30), st.lists(st.integers(1, 5), min_size=1, max_size=4)), max_size=12)
policies = st.builds(
    Policy,
    st.sampled_from(("none", "basic", "context")),
    high=st.integers(45, 70),
    low=st.integers(20, 45),
    max_units=st.integers(1, 4),
    max_previous=st.integers(0, 6),
    limit=st.integers(50, 90),
)


@given(units, policies)
def test_the_cache_is_as_long_as_the_books_say_and_never_too_long(drawn, policy):
    memory = Remembering(policy)
    for k, each in enumerate(drawn):
        memory.enter(listening(k, each) if isinstance(each, int) else speaking(k, *each))
        context = memory.context
        assert context.length <= policy.limit or len(context.units) == 1
        assert policy.mode != "basic" or context.length <= policy.high or len(context.units) == 1
        assert policy.mode != "context" or len(context.units) <= policy.max_units
        assert len(context.previous) <= (4 + policy.max_previous if policy.max_previous else 0)
    gone = [k for record in memory.evicted for k in record.units]
    assert [*gone, *(unit.id for unit in memory.context.units)] == list(range(len(drawn)))
    assert memory.context.rows == sum(record.tokens for record in memory.evicted) + sum(unit.length for unit in memory.context.units)


@given(units, policies)
def test_what_is_protected_is_as_if_fed_anew_and_what_stays_keeps_its_values(drawn, policy):
    memory, values = Remembering(policy), {}
    for k, each in enumerate(drawn):
        unit = listening(k, each) if isinstance(each, int) else speaking(k, *each)
        memory.enter(unit)
        values[k] = memory.cache.values[:, memory.cache.length - unit.length :]
    at = memory.context.protected
    protected = Cache(memory.cache.keys[:, :at], memory.cache.values[:, :at])
    assert alike(protected, feed(empty(), ids(memory.context)[:at])[0])
    for unit in memory.context.units:
        assert (memory.cache.values[:, at : at + unit.length] == values[unit.id]).all()
        at += unit.length


@given(units, policies)
def test_a_cache_can_be_filled_again_from_the_log(drawn, policy):
    memory = Remembering(policy)
    for k, each in enumerate(drawn):
        memory.enter(listening(k, each) if isinstance(each, int) else speaking(k, *each))
    plan = refill(memory.context)
    assert alike(carry_out(plan, feed(empty(), PROMPT)[0]), feed(empty(), ids(memory.context))[0])
    assert plan.parts[-1].made_of == tuple((unit.id, 0, unit.length) for unit in memory.context.units)


def hour(policy: Policy) -> tuple[list[int], Context]:
    """Run an hour that hears and sees, one window in four of it speaking three words. Lists the cache's lengths."""
    context, lengths = begin_context(policy, 8, (1, 2)), []
    seen = (0,) * 77
    quiet, spoken = Unit(0, (*seen, 0, 0), "omni"), Unit(0, (*seen, 0, 1, 2, 3, 0, 0), "omni", (1, 2, 3), "", False)
    for k in range(3600):
        context, _, _ = enter(context, spoken if k % 4 == 3 else quiet)
        lengths.append(context.length)
    return lengths, context


def test_an_hour_in_mode_basic_is_flat():
    lengths, context = hour(Policy())
    assert max(lengths) == max(lengths[60:660]) == max(lengths[-600:]) == 3933
    assert min(lengths[60:]) > 3400
    assert (context.windows, context.rows) == (3600, 3600 * 79 + 900 * 4)


def test_an_hour_in_mode_context_is_flat():
    lengths, context = hour(Policy("context"))
    assert set(lengths[-600:]) == {8 + 2 + 504 + 24 * 79 + 6 * 4}
    assert (len(context.units), len(context.previous)) == (24, 504)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"mode": "sliding"}, "none, basic or context, got 'sliding'"),
        ({"keeps": "all"}, "as-generated or as-heard"),
        ({"low": 5000}, "low 5000 and high 4000"),
        ({"max_units": 0}, "max_units 1 or more"),
        ({"limit": 0}, "a limit of 1 row or more"),
    ],
)
def test_a_policy_that_has_no_meaning_is_refused(given, words):
    with pytest.raises(ValueError, match=words):
        Policy(**given)


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (Policy(), "fewer than 3500 rows, got 4000; shorten it, or raise low"),
        (Policy("none", limit=4000), "fewer than 4000 rows, got 4000; shorten it, or raise limit"),
        (Policy("context", limit=4400), "fewer than 3896 rows, got 4000"),
    ],
)
def test_a_prompt_that_leaves_no_room_is_refused(policy, words):
    with pytest.raises(ValueError, match=words):
        begin_context(policy, 4000)
