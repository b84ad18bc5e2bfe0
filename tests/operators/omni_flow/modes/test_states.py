"""What a session consists of in each mode is a value, and says what is lost if it goes."""

from __future__ import annotations

import pickle

from operators.omni_flow.context.sliding import Policy, begin_context
from operators.omni_flow.deciding.generating import Talk
from operators.omni_flow.modes.states import DuplexState, TurnBasedState, some
from operators.omni_flow.turn_based.half_duplex import HalfDuplex
from operators.omni_flow.turn_based.rounds import Round

DUPLEX = DuplexState(Talk(windows=7), begin_context(Policy(), prefix=12), history=(1, 2), speech_rows=9, codes=(5,), held_samples=80, audio_rows=350)
TURNS = TurnBasedState(HalfDuplex(rounds=(Round(0, 60, True), Round(1, 40)), begun=2), history=(1,), audio_rows=52)


def test_a_mode_begins_with_nothing():
    assert [(each.mode, each.contents) for each in (DuplexState(), TurnBasedState())] == [("duplex", ()), ("turn-based", ())]


def test_what_there_is_is_counted():
    assert DUPLEX.contents == (
        ("windows", 7), ("rows", 12), ("history", 2), ("speech_rows", 9), ("codes", 1), ("held_samples", 80), ("audio_rows", 350),
    )  # fmt: skip
    assert TURNS.contents == (("rounds", 2), ("rows", 100), ("history", 1), ("audio_rows", 52))
    assert some(a=0, b=2) == (("b", 2),)


def test_a_state_is_small_and_can_be_kept():
    for state in (DUPLEX, TURNS):
        kept = pickle.dumps(state)
        assert pickle.loads(kept) == state
        assert len(kept) < 2_000
