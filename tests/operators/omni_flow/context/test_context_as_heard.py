"""What was said and never heard is marked in the log, or taken out of the cache as if it had never been said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.omni_flow.context.cache_plan import CachePlan, Prefill, Rows
from operators.omni_flow.context.sliding import Evicted, Policy, begin_context, enter, heard_up_to
from operators.omni_flow.tokens.vocabulary import CHUNK_EOS, UNIT_END
from tests.operators.omni_flow.context.contexts import PROMPT, SUFFIX, Remembering, ids, listening, speaking
from tests.operators.omni_flow.context.toy_cache import alike, empty, feed
from tests.operators.omni_flow.deciding.talks import text_of

S = len(PROMPT) + len(SUFFIX)


def said(*units, keeps="as-generated", **policy):
    context = begin_context(Policy("none", keeps, **policy), len(PROMPT), SUFFIX)
    for unit in units:
        context, _, _ = enter(context, unit, text_of=text_of)
    return context


def heard(context) -> list[list[tuple]]:
    return [[(token.id, token.heard) for token in unit.tokens if token.kind == "text"] for unit in context.units]


def test_words_are_heard_in_the_order_they_were_said_across_units():
    context, evicted, plan = heard_up_to(said(speaking(0, 1, 2), speaking(1, 3, 4)), 1, 3, settled=False)
    assert (heard(context), evicted, plan.changes) == ([[(1, True), (2, True)], [(3, True), (4, None)]], [], False)
    context, _, _ = heard_up_to(context, 1, 3, settled=True)
    assert heard(context) == [[(1, True), (2, True)], [(3, True), (4, False)]]


def test_another_answer_is_counted_from_its_own_beginning():
    context, _, _ = heard_up_to(said(speaking(0, 1, 2), listening(1), speaking(2, 3, 4, answer=2)), 2, 1, settled=True)
    assert heard(context) == [[(1, None), (2, None)], [], [(3, True), (4, False)]]


def test_as_generated_the_cache_keeps_what_was_never_heard():
    context, _, plan = heard_up_to(said(speaking(0, 1, 2)), 1, 0, settled=True)
    assert (context.units[0].words, plan.changes) == ((1, 2), False)


def test_as_heard_it_goes_and_what_stands_behind_it_is_fed_anew():
    context, _, plan = heard_up_to(said(speaking(7, 1, 2, 3), listening(8, 0), keeps="as-heard"), 1, 1, settled=True, text_of=text_of)
    assert [(unit.words, unit.text) for unit in context.units] == [((1,), " one"), ((), "")]
    tail = (CHUNK_EOS, UNIT_END, *listening(8, 0).ids)
    assert plan.parts == (Rows(0, S + 4, 0), Prefill(tail, S + 4, ((7, 4, 6), (8, 0, 3))))


def test_as_heard_nothing_goes_while_it_may_still_be_heard():
    context, _, plan = heard_up_to(said(speaking(0, 1, 2), keeps="as-heard"), 1, 1, settled=False, text_of=text_of)
    assert (context.units[0].words, plan.changes) == ((1, 2), False)


def test_a_window_that_comes_in_after_its_answer_was_cut_short_was_not_heard():
    context, _, _ = heard_up_to(said(speaking(0, 1, 2), keeps="as-heard"), 1, 1, settled=True, text_of=text_of)
    context, _, plan = enter(context, speaking(1, 3, 4), text_of=text_of)
    assert [unit.words for unit in context.units] == [(1,), ()]
    assert plan.parts[-1] == Prefill((CHUNK_EOS, UNIT_END), context.length - 2, ((1, 3, 5),))


def test_an_answer_is_settled_once():
    context, _, _ = heard_up_to(said(speaking(0, 1, 2)), 1, 2, settled=True)
    context, _, _ = heard_up_to(context, 1, 9, settled=True)
    assert heard(enter(context, speaking(1, 3, 4))[0]) == [[(1, True), (2, True)], [(3, False), (4, False)]]


def test_a_session_may_begin_to_forget_what_was_not_heard_at_any_time():
    context = said(speaking(0, 1, 2), speaking(1, 3, 4), listening(2, 0))
    context, _, _ = heard_up_to(context, 1, 0, settled=True)
    context = replace(context, policy=Policy("basic", "as-heard", high=17, low=14))
    context, evicted, plan = enter(context, listening(3, 0), text_of=text_of)
    assert ([record.units for record in evicted], [unit.words for unit in context.units]) == ([(0, 1)], [(), ()])
    assert plan == CachePlan(25, (Rows(0, S, 0), Rows(19, 25, S)))


def test_taking_words_out_wants_to_know_how_ids_read():
    with pytest.raises(ValueError, match="wants text_of, got none"):
        enter(begin_context(Policy(keeps="as-heard"), 3), listening(0))


def test_an_answer_has_a_number():
    with pytest.raises(ValueError, match="wants an answer's number, from 1, got 0"):
        heard_up_to(said(), 0, 3, settled=True)


steps = st.lists(
    st.one_of(
        st.just("listen"),
        st.tuples(st.just("speak"), st.lists(st.integers(1, 5), max_size=3), st.booleans()),
        st.tuples(st.just("heard"), st.integers(0, 6), st.booleans()),
    ),
    max_size=10,
)


def went_on(drawn, policy) -> Remembering:
    """Let things happen: windows that listen, or speak in the last answer or a new one; parts of the last answer that are heard."""
    memory, answer, k = Remembering(policy), 0, 0
    for step in drawn:
        if step == "listen":
            memory.enter(listening(k, 1))
        elif step[0] == "speak":
            answer += answer == 0 or step[2]
            memory.enter(speaking(k, *step[1], answer=answer))
        elif answer:
            memory.heard(answer, step[1], settled=step[2])
        k += step == "listen" or step[0] == "speak"
    return memory


@given(steps)
def test_as_heard_the_cache_is_that_of_the_edited_log(drawn):
    memory = went_on(drawn, Policy("none", "as-heard"))
    assert alike(memory.cache, feed(empty(), ids(memory.context))[0])


@given(steps, st.sampled_from(("none", "basic", "context")))
def test_as_heard_no_settled_text_that_was_not_heard_is_left(drawn, mode):
    memory = went_on(drawn, Policy(mode, "as-heard", high=30, low=20, max_units=2, max_previous=4, limit=60))
    assert [token for unit in memory.context.units for token in unit.tokens if token.heard is False] == []


@given(steps)
def test_both_ways_say_the_same_of_what_was_heard(drawn):
    generated, as_heard = (went_on(drawn, Policy("none", keeps)).context for keeps in ("as-generated", "as-heard"))
    kept = [[token for token in unit.tokens if token.heard is not False] for unit in generated.units]
    assert kept == [list(unit.tokens) for unit in as_heard.units]


@given(steps)
def test_as_generated_the_cache_is_that_of_all_that_was_fed(drawn):
    memory = went_on(drawn, Policy("none"))
    assert alike(memory.cache, feed(empty(), ids(memory.context))[0])
    assert memory.context.rows == sum(unit.length for unit in memory.context.units)


def test_what_goes_and_what_was_never_heard_go_in_one_plan():
    memory = Remembering(Policy("basic", "as-heard", high=40, low=30))
    for unit in (listening(0), speaking(1, 1, 2), listening(2)):
        memory.enter(unit)
    memory.heard(1, 2, settled=True)
    context, evicted, plan = enter(memory.context, speaking(3, 3, 4, 5), text_of=text_of)
    assert evicted == [Evicted((0,), 13, 30, "over 40 rows")]
    assert [unit.words for unit in context.units] == [(1, 2), (), ()]
    assert plan == CachePlan(46, (Rows(0, S, 0), Rows(18, 41, S), Prefill((CHUNK_EOS, UNIT_END), 28, ((3, 3, 5),))))
