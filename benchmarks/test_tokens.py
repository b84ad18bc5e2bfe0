"""A conversation of hours laid out as tokens and read back, in windows a second, beside a plain loop that writes the same unchecked."""

from __future__ import annotations

import pytest

from operators.omni_flow.tokens.groups import Form, Group, Listen, Picture, Span, Speak, TokenSequence
from operators.omni_flow.tokens.layout import layout
from operators.omni_flow.tokens.parsing import parse
from operators.omni_flow.tokens.vocabulary import (
    AUDIO,
    CHUNK_EOS,
    IMAGE,
    IMAGE_END,
    LISTEN,
    PLACEHOLDER,
    SLICE,
    SLICE_END,
    SPEAK,
    TURN_EOS,
    UNIT,
    UNIT_END,
)

WINDOWS = 10_000
TURN = [Speak((9707, 1879, 11, 1246)), Speak((525, 498)), Speak(), Speak((30, 2), (2,))]  # of four windows in ten
SHOWN = {"sound alone": (), "a picture each": (Picture(),), "a picture in three parts each": (Picture(2),)}


def groups(pictures: tuple[Picture, ...]) -> list[Group]:
    """Take turns: six windows of listening, four of speaking."""
    return [Group(k, pictures, 10, TURN[k % 10] if k % 10 < 4 else Listen()) for k in range(WINDOWS)]


def plain(given: list[Group]) -> TokenSequence:
    """Write explicit listen-speak form, and check nothing."""
    tokens, spans, answers = [], [], []
    for group in given:
        tokens.append(UNIT)
        for number, picture in enumerate(group.pictures):
            for cell in range(1 + picture.slices):
                tokens.append(SLICE if cell else IMAGE)
                spans.append(Span(len(tokens), len(tokens) + 64, "visual", group.k, number, cell))
                tokens.extend([PLACEHOLDER] * 64)
                tokens.append(SLICE_END if cell else IMAGE_END)
        spans.append(Span(len(tokens), len(tokens) + group.audio, "audio", group.k))
        tokens.extend([AUDIO] * group.audio)
        start = len(tokens)
        if isinstance(group.answer, Listen):
            tokens.append(LISTEN)
        else:
            tokens.append(SPEAK)
            tokens.extend(group.answer.ids)
            if group.answer.ends:
                tokens.append(TURN_EOS)
            tokens.append(CHUNK_EOS)
        answers.append((start, len(tokens)))
        tokens.append(UNIT_END)
    return TokenSequence(tuple(tokens), tuple(spans), tuple(answers))


@pytest.mark.parametrize("shown", SHOWN)
@pytest.mark.parametrize("who", ["ours", "a plain loop"])
def test_layout(benchmark, who, shown):
    given = groups(SHOWN[shown])
    benchmark.extra_info["seconds"] = WINDOWS  # a window is one
    found = benchmark.pedantic(lambda: layout(given, Form()) if who == "ours" else plain(given), rounds=9, warmup_rounds=2)
    assert found == layout(given, Form())


@pytest.mark.parametrize("shown", SHOWN)
def test_parse(benchmark, shown):
    given = groups(SHOWN[shown])
    tokens = layout(given, Form()).tokens
    benchmark.extra_info["seconds"] = WINDOWS
    assert benchmark.pedantic(lambda: parse(tokens, Form()), rounds=5, warmup_rounds=1) == given
