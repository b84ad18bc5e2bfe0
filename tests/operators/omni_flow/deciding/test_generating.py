"""A window listens or speaks, token by token, and what it came to says all that follows from it."""

from __future__ import annotations

import pytest

from operators.omni_flow.deciding.choosing import Choice
from operators.omni_flow.deciding.generating import generate_unit
from operators.omni_flow.deciding.outcome import BOTH, Condition, Ends, Outcome
from operators.omni_flow.deciding.steps import Generating, Talk
from operators.omni_flow.tokens.vocabulary import CHUNK_EOS, CHUNK_TTS_EOS, IM_END, LISTEN, SPEAK, TTS_BOS, TURN_EOS, UNIT, UNIT_END
from tests.operators.omni_flow.deciding.talks import DEFAULT, LETTERS, answered, text_of

DRAIN = Ends("drain", "turn_eos")
IN_TURN = Talk(in_turn=True)
STOPS = Generating(listen_in_turn="stop")


def fed(*windows, **given):
    return [window.fed[:-1] for window in answered(*windows, **given) if window.fed[-1] == UNIT_END]


def brief(*windows, **given):
    return [(window.choice, window.reason, window.text, window.ends) for window in answered(*windows, **given)]


def test_a_window_that_listens():
    (window,) = answered([LISTEN])
    assert window == Outcome(0, "listen", "listen", fed=(LISTEN, UNIT_END), unfed=2, recorded=(LISTEN,))


def test_a_window_that_speaks():
    (window,) = answered([SPEAK, 1, 2, CHUNK_EOS])
    assert window == Outcome(
        k=0,
        choice="speak",
        reason="chunk_eos",
        fed=(SPEAK, 1, 2, CHUNK_EOS, UNIT_END),
        unfed=2,
        content=(1, 2),
        condition=Condition((1, 2), 1),
        text=" one two",
        recorded=(SPEAK, 1, 2),
    )


def test_a_window_that_goes_on_speaking_without_new_text():
    window = answered([SPEAK, 1, CHUNK_EOS], [SPEAK, CHUNK_EOS])[1]
    assert (window.choice, window.fed, window.condition.ids) == ("speak", (SPEAK, CHUNK_EOS, UNIT_END), ())


def test_a_window_in_which_a_turn_ends():
    (window,) = answered([SPEAK, 1, 2, TURN_EOS, CHUNK_EOS])
    assert (window.fed, window.condition) == ((SPEAK, 1, 2, TURN_EOS, CHUNK_EOS, UNIT_END), Condition((1, 2, TURN_EOS), 1))
    assert (window.text, window.turn_ended, window.ends, window.restarts) == (" one two", True, DRAIN, BOTH)


@pytest.mark.parametrize("terminator", [CHUNK_EOS, CHUNK_TTS_EOS, LISTEN])
def test_a_turn_that_ends_in_the_middle_of_a_window_loses_nothing_whatever_closes_it(terminator):
    (window,) = answered([SPEAK, 1, TURN_EOS, terminator])
    assert window.fed == (SPEAK, 1, TURN_EOS, terminator, UNIT_END)
    assert (window.choice, window.text, window.condition.ids, window.ends) == ("speak", " one", (1, TURN_EOS), DRAIN)


def test_text_after_a_turns_end_waits_for_the_next_window():
    window, after = answered([SPEAK, 1, TURN_EOS, 2], [SPEAK, 2, CHUNK_EOS])
    assert (window.reason, window.fed, window.ends) == ("after_turn", (SPEAK, 1, TURN_EOS, CHUNK_EOS, UNIT_END), DRAIN)
    assert (window.recorded, after.text) == ((SPEAK, 1, TURN_EOS), " two")


def test_20_steps_are_a_control_token_18_of_content_and_the_end():
    (window,) = answered([SPEAK, *LETTERS[:18]])
    assert (window.reason, window.text) == ("cap", "abcdefghijklmnopqr")
    assert window.fed == (SPEAK, *LETTERS[:18], CHUNK_EOS, UNIT_END)


def test_at_the_cap_the_last_word_is_still_to_be_fed():
    (window,) = answered([SPEAK, 1, 2], settings=Generating(cap=4))
    assert (window.fed[-window.unfed :], list(window.condition.rows)) == ((2, CHUNK_EOS, UNIT_END), [1, 2])


def test_the_cap_is_that_of_the_settings():
    assert [len(window.content) for window in answered([SPEAK, *LETTERS[:3]], settings=Generating(cap=5))] == [3]


def test_text_that_would_reach_28_characters_waits_and_leaves_the_history():
    a_to_v = tuple(LETTERS)  # 22 characters
    (window,) = answered([SPEAK, *a_to_v, 3], settings=Generating(cap=30))
    assert (window.reason, window.text, window.content) == ("characters", text_of(a_to_v), a_to_v)
    assert window.recorded == (SPEAK, *a_to_v)


def test_27_characters_are_not_28():
    (window,) = answered([SPEAK, *LETTERS, 4, CHUNK_EOS], settings=Generating(cap=30))
    assert (window.reason, len(window.text)) == ("chunk_eos", 27)


def test_a_word_that_alone_is_longer_is_said_alone():
    assert brief([SPEAK, 9, 1], [SPEAK, 1, CHUNK_EOS]) == [
        ("speak", "characters", " incomprehensibilities-galore", None),
        ("speak", "chunk_eos", " one", None),
    ]


def test_what_was_refused_leaves_no_trace_in_the_history_and_what_was_chosen_before_all_rules_none_either():
    assert [window.recorded for window in answered([SPEAK, 9, 1], [CHUNK_EOS], [SPEAK, UNIT])] == [(SPEAK, 9), (), (SPEAK,)]


def test_a_first_token_that_is_text_is_said_behind_a_control_token():
    (window,) = answered([1, 2, CHUNK_EOS])
    assert (window.fed, window.condition, window.text) == ((SPEAK, 1, 2, CHUNK_EOS, UNIT_END), Condition((1, 2), 1), " one two")


def test_the_model_is_fed_what_was_put_before_its_token():
    given = []

    def next_token(tokens):
        given.append(tokens)
        return Choice([1, 2, CHUNK_EOS][len(given) - 1])

    generate_unit(Talk(), next_token, DEFAULT, text_of=text_of)
    assert given == [(), (SPEAK, 1), (2,)]


def test_a_window_says_how_likely_listening_was_at_its_first_token():
    choices = iter([Choice(SPEAK, p_listen=0.25), Choice(1, p_listen=0.5), Choice(CHUNK_EOS)])
    _, window = generate_unit(Talk(), lambda fed: next(choices), DEFAULT, text_of=text_of, k=7)
    assert (window.k, window.p_listen) == (7, 0.25)


def test_listening_inside_a_turn_becomes_content_where_the_model_learned_it_so():
    assert fed([SPEAK, 1, CHUNK_EOS], [LISTEN, 2, LISTEN, CHUNK_EOS]) == [(SPEAK, 1, CHUNK_EOS), (TTS_BOS, 2, TTS_BOS, CHUNK_EOS)]
    window = answered([LISTEN, 2, LISTEN, CHUNK_EOS], talk=IN_TURN)[0]
    assert (window.content, window.condition, window.recorded) == ((2, TTS_BOS), Condition((2, TTS_BOS), 1), (LISTEN, 2, LISTEN))


def test_listening_inside_a_turn_stops_it_where_the_model_learned_that():
    speaks, stops, listens = answered([SPEAK, 1, CHUNK_EOS], [LISTEN], [LISTEN], settings=STOPS)
    assert (stops.choice, stops.fed, stops.ends) == ("listen", (TURN_EOS, LISTEN, UNIT_END), Ends("flush", "listen"))
    assert (speaks.turn_ended, stops.turn_ended, listens.turn_ended) == (False, True, False)
    assert (listens.fed, listens.ends) == ((LISTEN, UNIT_END), None)


def test_a_turn_that_is_stopped_in_the_window_it_speaks_in_is_not_heard():
    (window,) = answered([SPEAK, 1, LISTEN], settings=STOPS)
    assert (window.choice, window.fed, window.ends) == ("listen", (SPEAK, 1, TURN_EOS, LISTEN, UNIT_END), Ends("flush", "listen"))
    assert (window.content, window.condition, window.text) == ((1,), Condition(), "")


def test_a_model_that_closes_a_turn_it_stops_by_itself_needs_no_second_token():
    assert brief([TURN_EOS], talk=IN_TURN, settings=STOPS) == [("listen", "listen", "", Ends("flush", "listen"))]


def test_a_turns_end_as_the_first_token_is_spoken():
    (window,) = answered([TURN_EOS, CHUNK_EOS], talk=IN_TURN)
    assert (window.fed, window.condition, window.ends) == ((SPEAK, TURN_EOS, CHUNK_EOS, UNIT_END), Condition((TURN_EOS,), 1), DRAIN)


def test_a_chunk_that_ends_at_once_goes_on_with_a_turn_and_otherwise_listens():
    assert fed([CHUNK_EOS], talk=IN_TURN) == [(SPEAK, CHUNK_EOS)]
    assert brief([CHUNK_EOS], talk=IN_TURN) == [("speak", "chunk_eos", "", None)]
    assert fed([CHUNK_EOS]) == [(LISTEN,)]
    assert brief([CHUNK_EOS]) == [("listen", "chunk_eos", "", None)]


@pytest.mark.parametrize("mark", [UNIT, UNIT_END, IM_END, SPEAK, 128_244])
def test_a_mark_that_belongs_in_no_answer_is_not_fed(mark):
    (window,) = answered([SPEAK, 1, mark])
    assert (window.reason, window.fed, window.text) == ("stray", (SPEAK, 1, CHUNK_EOS, UNIT_END), " one")


@pytest.mark.parametrize("mark", [UNIT, IM_END, TTS_BOS, TURN_EOS])
def test_a_stray_mark_between_turns_is_listening(mark):
    assert [(w.choice, w.fed, w.ends) for w in answered([mark])] == [("listen", (LISTEN, UNIT_END), None)]


def test_the_first_windows_listen_without_asking():
    windows = answered([], [], [], [SPEAK, 1, CHUNK_EOS], settings=Generating(force_listen=3))
    assert [(w.choice, w.reason, w.forced, w.fed, w.unfed) for w in windows[:3]] == [("listen", "force_listen", True, (LISTEN, UNIT_END), 2)] * 3
    assert (windows[3].choice, windows[3].forced) == ("speak", False)


@pytest.mark.parametrize("why", ["force_listen", "interrupt", "vad"])
def test_force_ends_a_turn_and_silences_it(why):
    window, after = answered([SPEAK, 1, CHUNK_EOS], [], [LISTEN], forced={1: why})[1:]
    assert (window.choice, window.forced, window.reason, window.fed) == ("listen", True, why, (TURN_EOS, LISTEN, UNIT_END))
    assert (window.turn_ended, window.ends, window.restarts, window.recorded) == (True, Ends("flush", why), BOTH, ())
    assert after.ends is None


def test_force_between_turns_silences_nobody():
    assert brief([], forced={0: "interrupt"}) == [("listen", "interrupt", "", None)]


def test_force_by_count_inside_a_turn_ends_it_too():
    assert fed([], talk=IN_TURN, settings=Generating(force_listen=1)) == [(TURN_EOS, LISTEN)]


def test_a_window_that_took_nothing_in_feeds_nothing_and_does_not_count():
    talk, window = generate_unit(Talk(2, in_turn=True), None, DEFAULT, text_of=text_of)
    assert (talk, window) == (Talk(2, in_turn=True), Outcome(2, "listen", "no_input"))


def test_a_stopped_session_falls_silent_once():
    first, second = answered([], [], talk=Talk(5, in_turn=True, stopped=True))
    assert first == Outcome(5, "listen", "stopped", turn_ended=True, ends=Ends("flush", "stopped"), restarts=BOTH)
    assert second == Outcome(5, "listen", "stopped")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"cap": 2}, "cap of 3 or more, got 2"),
        ({"characters": 0}, "characters 1 or more"),
        ({"listen_in_turn": "pause"}, "continue or stop, got 'pause'"),
        ({"listen_in_turn": "stop", "reference_compatible": True}, "the reference has nothing else"),
    ],
)
def test_settings_that_have_no_meaning_are_refused(given, words):
    with pytest.raises(ValueError, match=words):
        Generating(**given)
