"""A token is chosen as the published rule says, from numbers that are handed in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.omni_flow.deciding.choosing import Choice, Choosing, choose, chooser, remembered
from operators.omni_flow.tokens.vocabulary import CHUNK_EOS, IM_END, LISTEN, SIZE, SPEAK, TTS_PAD, TURN_EOS

FLOOR = -30.0
PLAIN = Choosing(repetition=1.0, length_penalty=1.0)
GREEDY = Choosing(mode="greedy")


def logits(given: dict[int, float], floor: float = FLOOR) -> np.ndarray:
    row = np.full(SIZE, floor, np.float32)
    for token, value in given.items():
        row[token] = value
    return row


def draw(*numbers: float):
    """Hand out these numbers, and fail if more are asked for."""
    return iter(numbers).__next__


def drawn(given: dict[int, float], number: float, rule: Choosing = PLAIN, history=(), **more) -> int:
    """Choose with a probe that draws an id that means nothing."""
    return choose(logits(given), history, draw(0.0, number), rule, **more).token


def test_an_id_is_drawn_where_the_sums_in_the_order_of_ids_exceed_the_number():
    even = {5: 1.0, 3: 1.0, 9: 1.0, 7: 1.0}
    rule = replace(PLAIN, top_k=4, top_p=1.0)
    assert [drawn(even, number, rule) for number in (0.0, 0.24, 0.25, 0.49, 0.5, 0.75, 0.999)] == [3, 3, 5, 5, 7, 9, 9]


def test_a_likelier_id_is_not_drawn_before_a_smaller_one():
    assert [drawn({3: 1.0, 5: 1.5}, number, replace(PLAIN, top_k=2, top_p=1.0)) for number in (0.1, 0.9)] == [3, 5]


def test_the_probe_ends_a_chunk_before_all_rules_with_one_number():
    choice = choose(logits({CHUNK_EOS: 5, 3: 5, LISTEN: 5}), [], draw(0.8), PLAIN, bad=[CHUNK_EOS])
    assert (choice.token, choice.by, choice.probed, choice.recorded) == (CHUNK_EOS, "probe", True, False)
    assert (round(choice.p_listen or 0, 5), round(choice.p or 0, 5)) == (0.33333, 0.33333)


def test_where_the_probe_draws_something_else_a_chunk_does_not_end():
    chosen = [choose(logits({CHUNK_EOS: 9, 3: 5}), [], draw(0.001, number), PLAIN) for number in (0.0, 0.5, 0.99)]
    assert [(choice.token, choice.by, choice.recorded) for choice in chosen] == [(3, "rule", True)] * 3


def test_top_k_keeps_ties_with_the_last():
    rule = replace(PLAIN, top_k=2, top_p=1.0)
    assert {drawn({1: 3, 2: 2, 3: 2, 4: 1}, n / 20, rule) for n in range(20)} == {1, 2, 3}


def test_top_p_keeps_the_token_that_crosses():
    rule = replace(PLAIN, temperature=1.0, top_k=3, top_p=0.6)
    even = {1: float(np.log(5)), 2: float(np.log(3)), 3: float(np.log(2))}
    assert {drawn(even, n / 20, rule) for n in range(20)} == {1, 2}
    assert {drawn(even, n / 20, replace(rule, top_p=0.4)) for n in range(20)} == {1}


def test_a_low_temperature_takes_the_likeliest():
    assert {drawn({1: 2.0, 2: 1.9}, n / 10, replace(PLAIN, temperature=1e-3, top_k=2)) for n in range(10)} == {1}


@pytest.mark.parametrize("rule", [GREEDY, Choosing()])
def test_without_numbers_the_likeliest_is_taken(rule):
    assert choose(logits({CHUNK_EOS: 3, 4: 2}), [], None, rule).by == "probe"
    assert choose(logits({CHUNK_EOS: 3, 4: 3.5, 5: 3.4}), [], None, rule) == (4, *[pytest.approx(p, abs=1e-6) for p in (0, 0.398189)], "rule")


def test_greedy_asks_for_no_number():
    assert choose(logits({4: 2}), [], draw(), GREEDY).token == 4


def test_what_is_forbidden_is_not_chosen():
    given = {TTS_PAD: 9, 3: 8, CHUNK_EOS: 9, 4: 1}
    assert drawn(given, 0.5, bad=[3]) == drawn(given, 0.5, bad=np.array([3])) == 4
    assert drawn(given, 0.5, replace(PLAIN, may_pad=True)) == TTS_PAD


def test_what_was_said_is_less_likely_whatever_its_sign():
    for row in (logits({3: 2.0, 4: 1.95}), logits({3: -2.0, 4: -2.05})):
        assert [choose(row, history, None, GREEDY).token for history in ([], [3, 3])] == [3, 4]


def test_q2_as_reference_a_logit_below_0_becomes_likelier():
    given = {3: -2.05, 4: -2.0}
    assert choose(logits(given), [3], None, GREEDY).token == 4
    assert choose(logits(given), [3], None, replace(GREEDY, reference_compatible=True)).token == 3


def test_what_was_said_long_ago_is_forgotten():
    given, rule = {3: 2.0, 4: 1.95}, replace(GREEDY, repetition_window=2)
    assert [choose(logits(given), history, None, rule).token for history in ([3, 8], [3, 8, 9])] == [4, 3]


def test_the_end_of_a_turn_is_less_likely_whatever_its_sign():
    for end, word in ((2.0, 1.9), (-2.0, -2.1)):
        assert choose(logits({TURN_EOS: end, 4: word}), [], None, GREEDY).token == 4
        assert choose(logits({TURN_EOS: end, 4: word}), [], None, replace(GREEDY, length_penalty=1.01)).token == TURN_EOS


def test_listening_can_be_made_likelier_whatever_its_sign():
    for listen, speak in ((2.0, 2.1), (-2.1, -2.0)):
        tokens = [choose(logits({LISTEN: listen, SPEAK: speak}), [], None, replace(GREEDY, listen_scale=scale)).token for scale in (1.0, 1.2)]
        assert tokens == [SPEAK, LISTEN]


def test_q1_as_reference_the_listen_options_act_on_the_end_of_a_message():
    given = {LISTEN: 2.0, SPEAK: 2.1, IM_END: 1.9}
    theirs = replace(GREEDY, reference_compatible=True)
    assert choose(logits(given), [], None, replace(theirs, listen_scale=1.2)).token == IM_END
    assert choose(logits(given), [], None, replace(theirs, listen_top_k=3)) == choose(logits(given), [], None, theirs)._replace(
        token=IM_END, p=pytest.approx(0.300610, abs=1e-6), by="rank"
    )


def test_listening_that_ranks_high_enough_is_taken_at_once_and_not_recorded():
    given = {LISTEN: 2.0, SPEAK: 2.1, 3: 2.2}
    chosen = [choose(logits(given), [], None, replace(GREEDY, listen_top_k=k)) for k in (2, 3)]
    assert [(choice.token, choice.by, choice.recorded) for choice in chosen] == [(3, "rule", True), (LISTEN, "rank", False)]


def test_logits_are_left_as_they_are_in_every_precision():
    for kind in (np.float16, np.float32, np.float64):
        row = logits({3: 2.0, TURN_EOS: 1.0, LISTEN: 1.0}).astype(kind)
        before = row.copy()
        assert choose(row, [3], draw(0.0, 0.5), replace(Choosing(), listen_scale=2.0), bad=[5]).token in (3, LISTEN)
        assert np.array_equal(row, before)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (np.zeros(300), r"wants logits \[151748\], .* got \[300\]"),
        (np.full(SIZE, np.nan), "finite logits, got nan"),
        (np.full(SIZE, -np.inf), "finite logits, got -inf"),
        (logits({CHUNK_EOS: 1.0, TTS_PAD: 1.0}, floor=-np.inf), "one id that is not forbidden"),
    ],
)
@pytest.mark.parametrize("number", [draw(0.999, 0.5), None])
def test_logits_from_which_nothing_can_be_chosen_are_refused(row, words, number):
    if number is None and "forbidden" in words:
        row = logits({TTS_PAD: 1.0}, floor=-np.inf)
    with pytest.raises(ValueError, match=words):
        choose(row, [], number, PLAIN)


@pytest.mark.parametrize(
    "given",
    [{"mode": "beam"}, {"temperature": 0.0}, {"top_p": 0.0}, {"top_k": 0}, {"repetition": 0}, {"repetition_window": 0}, {"listen_scale": -1.0}],
)
def test_settings_that_have_no_meaning_are_refused(given):
    with pytest.raises(ValueError, match="choosing: wants"):
        Choosing(**given)


def test_a_chooser_feeds_the_model_and_remembers_what_it_chose():
    fed, rows = [], iter([logits({3: 2.0, 4: 1.95}), logits({3: 2.0, 4: 1.95}), logits({CHUNK_EOS: 9})])

    def logits_of(tokens):
        fed.append(tokens)
        return next(rows)

    next_token = chooser(logits_of, GREEDY, None, history=[8])
    assert [next_token(()).token, next_token((3,)).token, next_token((4,)).token] == [3, 4, CHUNK_EOS]
    assert fed == [(), (3,), (4,)]


def test_what_was_taken_for_its_rank_is_not_remembered():
    next_token = chooser(lambda tokens: logits({LISTEN: 2.0, 3: 1.95}), replace(GREEDY, listen_top_k=1), None)
    assert [next_token(tokens).by for tokens in ((), (LISTEN,))] == ["rank", "rank"]


def test_the_history_is_as_long_as_the_penalty_looks_back():
    assert remembered(tuple(range(512)), (9, 8), Choosing()) == (*range(2, 512), 9, 8)


SPECIAL = (LISTEN, SPEAK, TURN_EOS, CHUNK_EOS, IM_END, TTS_PAD)
rules = st.builds(
    Choosing,
    st.sampled_from(("sampling", "sampling", "greedy")),
    temperature=st.floats(0.2, 2.0),
    top_k=st.sampled_from((1, 2, 5, 20, None)),
    top_p=st.floats(0.05, 1.0),
    repetition=st.floats(1.0, 2.0),
    repetition_window=st.integers(1, 6),
    length_penalty=st.floats(0.5, 2.0),
    listen_scale=st.sampled_from((1.0, 1.0, 0.5, 2.0)),
    listen_top_k=st.sampled_from((None, None, 1, 3)),
    may_pad=st.booleans(),
    reference_compatible=st.booleans(),
)
ids = st.sampled_from((*SPECIAL, *range(3, 9)))


def by_the_book(row: np.ndarray, history, numbers, rule: Choosing, bad) -> tuple[int, str]:
    """Choose as the specification is written, step by step, over the whole vocabulary in float64."""
    row = row.astype(np.float64)
    probe = int(row.argmax()) if rule.mode == "greedy" else first_above(softmax(row), numbers[0])
    if probe == CHUNK_EOS:
        return CHUNK_EOS, "probe"
    row[[CHUNK_EOS, *bad, *([] if rule.may_pad else [TTS_PAD])]] = -np.inf

    def weaker(value, by):
        return value / by if value > 0 else value * by

    for token in set(history[-rule.repetition_window :]):
        row[token] = row[token] / rule.repetition if rule.reference_compatible else weaker(row[token], rule.repetition)
    row[TURN_EOS] = weaker(row[TURN_EOS], rule.length_penalty)
    listen = IM_END if rule.reference_compatible else LISTEN
    row[listen] = row[listen] * rule.listen_scale if rule.reference_compatible else weaker(row[listen], 1 / rule.listen_scale)
    if rule.listen_top_k and sorted(row)[::-1].index(row[listen]) < rule.listen_top_k:
        return listen, "rank"
    if rule.mode == "greedy":
        return int(row.argmax()), "rule"
    row = row / rule.temperature
    if rule.top_k:
        row[row < np.sort(row)[-rule.top_k]] = -np.inf
    order = np.argsort(-row, kind="stable")
    crossed = np.cumsum(softmax(row)[order]) > rule.top_p
    row[order[1:][crossed[:-1]]] = -np.inf
    return first_above(softmax(row), numbers[1]), "rule"


def softmax(row: np.ndarray) -> np.ndarray:
    weights = np.exp(row - row.max())
    return weights / weights.sum()


def first_above(p: np.ndarray, number: float) -> int:
    return int(np.argmax(np.cumsum(p / p.sum()) > number))


@settings(max_examples=settings.default.max_examples // 2)
@given(
    st.dictionaries(ids, st.integers(-32, 64).map(lambda eighths: eighths / 8), min_size=4),
    st.lists(ids, max_size=8),
    st.tuples(st.floats(0, 0.9999), st.floats(0, 0.9999)),
    rules,
    st.lists(st.sampled_from((3, 4)), max_size=2),
)
def test_a_token_is_chosen_as_the_book_says(given, history, numbers, rule, bad):
    row = logits(given, floor=-12.0)
    choice = choose(row, history, draw(*numbers), rule, bad=bad)
    assert (choice.token, choice.by) == by_the_book(row, history, numbers, rule, bad)
    assert choice == Choice(choice.token, pytest.approx(softmax(row.astype(float))[LISTEN], rel=1e-4), choice.p, choice.by)
