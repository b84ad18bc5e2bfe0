"""Windows answered a second by the state machine, beside a plain loop that comes to the same; and one token chosen from logits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

import numpy as np
import pytest

from operators.omni_flow.deciding.choosing import Choice, Choosing, NextToken, choose
from operators.omni_flow.deciding.generating import generate_unit
from operators.omni_flow.deciding.outcome import BOTH, Condition, Ends, Outcome
from operators.omni_flow.deciding.steps import Generating, Talk
from operators.omni_flow.tokens.vocabulary import CHUNK_EOS, CHUNK_TTS_EOS, LISTEN, SIZE, SPEAK, TTS_BOS, TURN_EOS, UNIT_END

WINDOWS = 5000
WORDS = {1: " one", 2: " two", 3: " three", 4: " four"}
LISTENS = [LISTEN]
SPEAKS = [[LISTEN], [LISTEN], [SPEAK, 1, 2, 3, CHUNK_EOS], [SPEAK, 4, 1, 2, CHUNK_EOS], [LISTEN, 3, 4, CHUNK_EOS], [SPEAK, 1, TURN_EOS, CHUNK_EOS]]
STREAMS = {"listening": [LISTENS] * WINDOWS, "a dialogue": SPEAKS * (WINDOWS // len(SPEAKS))}


def text_of(ids: tuple[int, ...]) -> str:
    """Decode."""
    return "".join([WORDS.get(token, "") for token in ids])


def scripted(windows: list[list[int]]) -> NextToken:
    """Choose what is written."""
    tokens: Iterator[int] = chain.from_iterable(windows)
    return lambda fed: Choice(next(tokens))


def by_machine(windows: list[list[int]]) -> list[Outcome]:
    """Answer the windows by the state machine."""
    talk, next_token, settings, found = Talk(), scripted(windows), Generating(), []
    for _ in windows:
        talk, outcome = generate_unit(talk, next_token, settings, text_of=text_of)
        found.append(outcome)
    return found


def by_loop(windows: list[list[int]]) -> list[Outcome]:
    """Answer the windows as one would write it down in a place: a loop over tokens, in local variables, nothing refused but length."""
    next_token, found, in_turn = scripted(windows), [], False
    for k in range(len(windows)):
        was, fed, recorded, content, reason, terminator, p_listen = in_turn, [], [], [], "cap", CHUNK_EOS, None
        given = 0
        for n in range(19):
            choice = next_token(tuple(fed[given:]))
            given = len(fed)
            token = choice.token
            if n == 0:
                p_listen = choice.p_listen
            if choice.by == "rule":
                recorded.append(token)
            if token == LISTEN and in_turn:
                token = TTS_BOS
            if token in (LISTEN, CHUNK_EOS, CHUNK_TTS_EOS):
                terminator, reason = token, "listen" if token == LISTEN else "chunk_eos" if token == CHUNK_EOS else "chunk_tts_eos"
                break
            if n and token < CHUNK_EOS and content and len(text_of((*content, token))) >= 28:
                recorded.pop()
                reason = "characters"
                break
            if n:
                content.append(token)
            fed.append(token)
            in_turn = token != TURN_EOS
        speaks = bool(fed)
        ended = speaks and not in_turn
        found.append(
            Outcome(
                k=k,
                choice="speak" if speaks else "listen",
                reason=reason,  # type: ignore[arg-type]
                p_listen=p_listen,
                forced=False,
                fed=(*fed, terminator, UNIT_END),
                unfed=len(fed) + 2 - given,
                content=tuple(content),
                condition=Condition(tuple(content), 1) if speaks else Condition(),
                text=text_of(tuple(content)) if content else "",
                turn_ended=ended and (was or speaks),
                ends=Ends("drain", "turn_eos") if ended else None,
                restarts=BOTH if ended else (),
                recorded=tuple(recorded),
            )
        )
    return found


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("way", [by_loop, by_machine], ids=lambda way: way.__name__)
def test_windows_answered(benchmark, way: Callable[[list[list[int]]], list[Outcome]], name):
    windows = STREAMS[name]
    assert benchmark.pedantic(lambda: way(windows), rounds=5, warmup_rounds=1) == by_loop(windows)


@pytest.mark.parametrize("settings", [Choosing(), Choosing(mode="greedy")], ids=lambda settings: settings.mode)
def test_a_token_chosen(benchmark, settings):
    rng = np.random.default_rng(0)
    logits = (2 * rng.standard_normal(SIZE)).astype(np.float32)
    bad, history = np.sort(rng.choice(151_000, 6965, replace=False)), [int(token) for token in rng.integers(0, SIZE, 512)]
    benchmark.pedantic(lambda: [choose(logits, history, rng.random, settings, bad=bad) for _ in range(20)], rounds=5, warmup_rounds=1)
