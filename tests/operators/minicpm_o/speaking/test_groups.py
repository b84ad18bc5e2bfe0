"""Codes of a half-duplex answer go out by 25; what is remembered of earlier groups is one of four ways."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from operators.minicpm_o.speaking.coding import Coding
from operators.minicpm_o.speaking.groups import say, silent

pytestmark = pytest.mark.model
GREEDY = Coding("greedy")


def endless(weights, kind="full_attention"):
    """Weights whose end code is the least likely, and a way to forget."""
    head, of = weights.code_head.clone(), weights.config.speech
    head[-1] = 0
    head[0] = head[1] * 30  # whatever is fed, one of these two is likelier than the end
    head[2] = -head[0]
    of = replace(of, attention_type=kind, streaming_sliding_window_audio_window_size=12)
    return replace(weights, code_head=head, config=replace(weights.config, speech=of))


def spoken(weights, said, most, last=False):
    answer, found = silent(weights), []
    for n, (ids, hidden) in enumerate(said):
        answer, pieces = say(weights, answer, ids, hidden, over=last and n + 1 == len(said), most=most, settings=GREEDY)
        found.append((answer.position, answer.cache.length, [len(piece.codes) for piece in pieces], len(answer.waiting)))
    return found


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("full_attention", [(14, 13), (26, 24), (41, 38), (56, 52)]),
        ("sliding_window", [(14, 12), (26, 12), (41, 12), (56, 12)]),
        ("sliding_recompute", [(14, 13), (26, 25), (27, 26), (30, 29)]),
        ("reindex", [(14, 13), (26, 24), (41, 38), (44, 43)]),
    ],
)
def test_positions_and_rows_are_those_of_the_way_to_forget(speaker, said, kind, rows):
    found = spoken(endless(speaker, kind), [*said, said[2]], most=10)
    assert [(position, length) for position, length, _, _ in found] == rows


def test_codes_wait_until_there_are_25(speaker, said):
    found = spoken(endless(speaker), said, most=20)
    assert [(sizes, waiting) for _, _, sizes, waiting in found] == [([], 20), ([25], 15), ([25], 10)]


def test_at_the_end_what_waits_goes_out(speaker, said):
    ending = replace(speaker, code_head=speaker.code_head * 0)  # all codes alike
    answer, _ = say(ending, silent(ending), *said[0], over=False, most=5, draw=lambda: 0.1)
    answer, pieces = say(ending, answer, *said[1], over=True, draw=lambda: 0.9999)
    assert [(len(piece.codes), piece.last) for piece in pieces] == [(5, True)]
    assert answer.waiting == ()


def test_what_was_forgotten_is_not_heard(speaker, said):
    other, differs = [(said[0][0], -said[0][1]), *said[1:]], {}
    for kind in ("full_attention", "sliding_recompute"):
        weights, ends = endless(speaker, kind), []
        weights = replace(weights, code_head=weights.code_head * 0)  # all codes alike: what is drawn decides
        for each in (said, other):
            answer = silent(weights)
            for ids, hidden in each:
                answer, _ = say(weights, answer, ids, hidden, over=False, most=2, draw=lambda: 0.5)
            ends.append(answer.cache.values(1)[:, -1].numpy())
        differs[kind] = bool(np.abs(ends[0] - ends[1]).max() > 1e-6)
    assert differs == {"full_attention": True, "sliding_recompute": False}
