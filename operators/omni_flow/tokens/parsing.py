"""Read groups back from a token sequence. `layout` and `parse` are inverse: what the one writes, the other reads, and only that."""

from __future__ import annotations

from collections.abc import Sequence

from operators.omni_flow.tokens.groups import Answer, Form, Group, Listen, Picture, Speak
from operators.omni_flow.tokens.layout import CELL, OVERVIEW, output
from operators.omni_flow.tokens.vocabulary import (
    AUDIO,
    CHUNK_EOS,
    CHUNK_TTS_EOS,
    IMAGE,
    LISTEN,
    SLICE,
    TTS_BOS,
    TTS_PAD,
    TURN_EOS,
    UNIT,
    UNIT_END,
    name,
)

SHOWN = 8  # tokens, in an error


def parse(tokens: Sequence[int], form: Form, *, first: int = 0, in_turn: bool = False) -> list[Group]:
    """Read groups from tokens, the first of them of window `first`. `in_turn`: a turn was going on before it.

    Raises ValueError, naming window, position, wanted and got, for what `layout` would not write in this form.

    >>> parse([UNIT, AUDIO, LISTEN, UNIT_END], Form(window_ns=100_000_000))
    [Group(k=0, pictures=(), audio=1, answer=Listen(cuts=False))]
    """
    tokens = tuple(tokens)
    groups: list[Group] = []
    at, k = 0, first
    while at < len(tokens):
        if form.explicit:
            _run(tokens, at, (UNIT,), k)
            at += 1
        pictures, at = _pictures(tokens, at, k)
        start, at = at, _past_audio(tokens, at)
        audio = at - start
        if not 0 < audio <= form.audio_tokens and (audio or not pictures):
            raise _error(tokens, start, k, f"a picture or up to {form.audio_tokens} audio tokens")
        end = _end_of_answer(tokens, at, form)
        answer, in_turn = _answer(tokens, at, end, form, in_turn, k)
        groups.append(Group(k, pictures, audio, answer))
        if form.explicit:
            _run(tokens, end, (UNIT_END,), k)
            end += 1
        at, k = end, k + 1
    return groups


def _pictures(tokens: tuple[int, ...], at: int, k: int) -> tuple[tuple[Picture, ...], int]:
    pictures = []
    while tokens[at : at + 1] == (IMAGE,):
        _run(tokens, at, OVERVIEW, k)
        at, slices = at + len(OVERVIEW), 0
        while tokens[at : at + 1] == (SLICE,):
            _run(tokens, at, CELL, k)
            at, slices = at + len(CELL), slices + 1
        pictures.append(Picture(slices))
    return tuple(pictures), at


def _past_audio(tokens: tuple[int, ...], at: int) -> int:
    while at < len(tokens) and tokens[at] == AUDIO:
        at += 1
    return at


def _end_of_answer(tokens: tuple[int, ...], at: int, form: Form) -> int:
    """Find where an answer ends: at the unit's mark, or without marks where the next window's picture or sound begins."""
    ending = (UNIT_END,) if form.explicit else (IMAGE, AUDIO)
    while at < len(tokens) and tokens[at] not in ending:
        at += 1
    return at


def _answer(tokens: tuple[int, ...], at: int, end: int, form: Form, in_turn: bool, k: int) -> tuple[Answer, bool]:
    """Read an answer as the one that would be written so; if it is not written so, it is none."""
    read = _read(tokens[at:end], form)
    try:
        said, goes_on = output(read, form, in_turn=in_turn, k=k)
    except ValueError as error:
        raise ValueError(f"tokens {at} to {end}, {error}") from None
    if said != tokens[at:end]:
        raise _error(tokens, at, k, "an answer such as " + _named(said))
    return read, goes_on


def _read(said: tuple[int, ...], form: Form) -> Answer:
    if said in ((LISTEN,), (TURN_EOS, LISTEN)):
        return Listen(cuts=len(said) == 2)
    speaks = form.control == "LS"
    held = speaks and said[:1] == (TTS_BOS,)
    closings = (LISTEN,) * speaks + (CHUNK_EOS, CHUNK_TTS_EOS) * form.explicit
    closed = said[-1:] if said[-1:] and said[-1] in closings else ()
    body = said[int(speaks) : len(said) - len(closed)]
    ids = () if body == (TTS_PAD,) else tuple(token for token in body if token != TURN_EOS)
    places = [place for place, token in enumerate(body) if token == TURN_EOS]
    return Speak(ids, tuple(place - before for before, place in enumerate(places)), held, *closed)


def _run(tokens: tuple[int, ...], at: int, wanted: tuple[int, ...], k: int) -> None:
    if tokens[at : at + len(wanted)] != wanted:
        off = next((n for n, token in enumerate(wanted) if tokens[at + n : at + n + 1] != (token,)))
        raise _error(tokens, at + off, k, name(wanted[off]))


def _error(tokens: tuple[int, ...], at: int, k: int, wanted: str) -> ValueError:
    return ValueError(f"token {at}, window {k}: wants {wanted}, got {_named(tokens[at:]) if at < len(tokens) else 'the end of the sequence'}")


def _named(tokens: tuple[int, ...]) -> str:
    return " ".join(map(name, tokens[:SHOWN])) + (" ..." if len(tokens) > SHOWN else "")
