"""With `reference_compatible` the state machine does what the published runtime did in seven sessions, token by token."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from operators.omni_flow.deciding.generating import generate_unit
from operators.omni_flow.deciding.outcome import Ends
from operators.omni_flow.deciding.steps import Generating, Talk
from operators.omni_flow.tokens.vocabulary import CHUNK_EOS, LISTEN, SPEAK, TTS_BOS, TURN_EOS, UNIT_END, is_special
from tests.operators.omni_flow.deciding.talks import AS_REFERENCE, LETTERS, answered, scripted

SESSIONS = json.loads((Path(__file__).parents[3] / "data" / "duplex_sessions.json").read_text())


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: session["name"])
def test_a_session_comes_out_as_the_reference_recorded_it(session):
    def text_of(ids):
        return "".join(session["texts"][str(token)] for token in ids if not is_special(token))

    settings = Generating(force_listen=session["force_listen"], reference_compatible=True)
    talk, history, found, recorded = Talk(), 0, [], []
    for unit in session["units"]:
        forced = "force_listen" if unit.get("forced") else None
        talk, outcome = generate_unit(talk, scripted(iter(unit["chosen"])), settings, text_of=text_of, forced=forced)
        history += len(outcome.recorded)
        drains = outcome.ends is not None and outcome.ends.kind == "drain"
        spoken = None if outcome.choice == "listen" else len(outcome.condition.ids)
        found.append((list(outcome.fed), outcome.choice == "listen", outcome.text, drains, talk.in_turn, len(outcome.content), spoken, history))
        counted = unit.get("recorded", history)
        spoken = unit.get("condition", spoken)  # runs without sound recorded none
        recorded.append((*(unit[key] for key in ("fed", "listens", "text", "end_of_turn", "in_turn", "said")), spoken, counted))
    assert found == recorded


def test_q3_the_cap_is_20_whatever_is_set():
    (window,) = answered([SPEAK, *LETTERS[:18]], settings=Generating(cap=5, reference_compatible=True))
    assert (window.reason, len(window.content), len(window.fed)) == ("cap", 18, 21)


def test_q4_a_turn_that_ends_before_a_listen_is_lost():
    (window,) = answered([SPEAK, 1, TURN_EOS, LISTEN], settings=AS_REFERENCE)
    assert (window.choice, window.text, window.condition.ids, window.turn_ended, window.ends, window.restarts) == ("listen", "", (), True, None, ())
    assert window.content == (1, TURN_EOS)


def test_q5_force_inside_a_turn_restarts_the_vocoder_only():
    window = answered([SPEAK, 1, CHUNK_EOS], [], settings=AS_REFERENCE, forced={1: "force_listen"})[1]
    assert (window.fed, window.ends, window.restarts) == ((TURN_EOS, LISTEN, UNIT_END), Ends("flush", "force_listen"), ("vocoder",))


def test_q8_a_first_token_that_is_text_is_fed_and_not_said():
    (window,) = answered([1, 2, CHUNK_EOS], settings=AS_REFERENCE)
    assert (window.fed, window.text, window.condition.ids, list(window.condition.rows)) == ((1, 2, CHUNK_EOS, UNIT_END), " two", (2,), [1])


def test_q10_a_chunk_that_ends_at_once_speaks_with_nothing_to_say():
    (window,) = answered([CHUNK_EOS], settings=AS_REFERENCE)
    assert (window.choice, window.fed, window.condition.ids, window.turn_ended) == ("speak", (CHUNK_EOS, UNIT_END), (), False)


def test_q11_a_token_refused_for_length_stays_in_the_history():
    (window,) = answered([SPEAK, 9], settings=AS_REFERENCE)
    assert (window.reason, window.fed, window.recorded) == ("characters", (SPEAK, CHUNK_EOS, UNIT_END), (SPEAK, 9))


def test_text_after_a_turns_end_begins_another_and_the_end_is_not_said():
    (window,) = answered([SPEAK, 1, TURN_EOS, 2, CHUNK_EOS], settings=AS_REFERENCE)
    assert (window.content, window.ends, window.turn_ended) == ((1, TURN_EOS, 2), None, False)


def test_text_that_is_refused_right_after_a_turns_end_leaves_a_turn_open():
    (window,) = answered([SPEAK, 1, TURN_EOS, 9], settings=AS_REFERENCE)
    assert (window.reason, window.ends, window.turn_ended) == ("characters", Ends("drain", "turn_eos"), False)


def test_force_by_count_inside_a_turn_becomes_content_up_to_the_cap():
    settings = Generating(force_listen=1, reference_compatible=True)
    (window,) = answered([], settings=settings, talk=Talk(in_turn=True))
    assert (window.choice, window.fed, window.unfed) == ("speak", (TTS_BOS,) * 19 + (CHUNK_EOS, UNIT_END), 21)


def test_a_stopped_session_ends_a_turn_in_every_window():
    assert [window.turn_ended for window in answered([], [], settings=AS_REFERENCE, talk=Talk(stopped=True))] == [True, True]
