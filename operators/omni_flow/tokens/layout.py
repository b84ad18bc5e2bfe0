"""Lay out groups as one token sequence: `[visual tokens; audio tokens; output tokens]`, window after window.

Pictures and sound are embeddings. Where they go in stand `<unk>` for pictures, as in the published processor, and `<|audio|>`
for sound, so that the one is not taken for the other where no mark stands between them, nor either for text.
"""

from __future__ import annotations

from collections.abc import Iterable

from omniflow_graph.events import made
from operators.omni_flow.tokens.groups import Answer, Form, Group, Listen, Picture, Span, Speak, TokenSequence
from operators.omni_flow.tokens.vocabulary import (
    AUDIO,
    CHUNK_EOS,
    CHUNK_TTS_EOS,
    IMAGE,
    IMAGE_END,
    LISTEN,
    PLACEHOLDER,
    SLICE,
    SLICE_END,
    SPEAK,
    SPECIAL_FROM,
    TTS_BOS,
    TTS_PAD,
    TURN_EOS,
    UNIT,
    UNIT_END,
    VISUAL_TOKENS,
    is_special,
    name,
)

OVERVIEW = (IMAGE, *[PLACEHOLDER] * VISUAL_TOKENS, IMAGE_END)
CELL = (SLICE, *[PLACEHOLDER] * VISUAL_TOKENS, SLICE_END)
SOUND = tuple((AUDIO,) * n for n in range(11))  # of a window of up to a second


def layout(groups: Iterable[Group], form: Form, *, in_turn: bool = False) -> TokenSequence:
    """Write groups as tokens. `in_turn`: a turn was going on before the first of them.

    Raises ValueError, naming the window, for what this form cannot express or what could not be read back: a gap in the
    numbers, a group without input, more sound than its window holds, text ids that are marks, listening inside a turn.
    Source: spec 5.4, sequence per unit; `parsing.parse` is the inverse.

    >>> [name(token) for token in layout([Group(0, audio=1)], Form(window_ns=100_000_000)).tokens]
    ['<unit>', '<|audio|>', '<|listen|>', '</unit>']
    """
    tokens: list[int] = []
    spans: list[Span] = []
    answers: list[tuple[int, int]] = []
    most, explicit, after = form.audio_tokens, form.explicit, None
    for group in groups:
        k, pictures, audio = group.k, group.pictures, group.audio
        if after is not None and k != after:
            raise ValueError(f"window {k}: wants window {after} after {after - 1}, got {k}; each window has a group, if only to listen")
        if not 0 < audio <= most and (audio or not pictures):
            raise _input_error(k, audio, most)
        if explicit:
            tokens.append(UNIT)
        if pictures:
            _show(tokens, spans, k, pictures)
        if audio:
            start = len(tokens)
            tokens += SOUND[audio] if audio <= 10 else (AUDIO,) * audio
            spans.append(made(Span, (start, start + audio, "audio", k, 0, 0)))
        start = len(tokens)
        said, in_turn = output(group.answer, form, in_turn=in_turn, k=k)
        tokens += said
        answers.append((start, start + len(said)))
        if explicit:
            tokens.append(UNIT_END)
        after = k + 1
    return TokenSequence(tuple(tokens), tuple(spans), tuple(answers))


def output(answer: Answer, form: Form, *, in_turn: bool, k: int) -> tuple[tuple[int, ...], bool]:
    """Write an answer as tokens, from its control token to what closes it. Returns them, and whether a turn goes on.

    Raises ValueError, naming window `k`, for what the form cannot express.
    """
    if isinstance(answer, Listen):
        if answer.cuts != in_turn:
            raise _turn_error(k, in_turn)
        return ((TURN_EOS, LISTEN) if answer.cuts else (LISTEN,)), False
    ids, ends = answer.ids, answer.ends
    if ids and not (max(ids) < SPECIAL_FROM and min(ids) >= 0 and PLACEHOLDER not in ids):
        _check_text(k, ids)
    if answer.held or answer.closing != CHUNK_EOS:
        _check_rare(k, answer, form, in_turn)
    opening = () if form.control == "LT" else (TTS_BOS,) if answer.held else (SPEAK,)
    closing = (answer.closing,) if form.explicit or answer.closing == LISTEN else ()
    if ends:
        return (*opening, *_ended(k, ids, ends), *closing), ends[-1] < len(ids)
    return (*opening, *(ids if ids or not form.pads else (TTS_PAD,)), *closing), True


def _show(tokens: list[int], spans: list[Span], k: int, pictures: tuple[Picture, ...]) -> None:
    for number, picture in enumerate(pictures):
        slices, start = picture.slices, len(tokens) + 1
        if slices < 0:
            raise ValueError(f"window {k}: picture {number} wants 0 slices or more, got {slices}")
        tokens += OVERVIEW + CELL * slices
        for cell in range(slices + 1):
            spans.append(made(Span, (start, start + VISUAL_TOKENS, "visual", k, number, cell)))
            start += len(CELL)


def _ended(k: int, ids: tuple[int, ...], ends: tuple[int, ...]) -> list[int]:
    """Put `<|turn_eos|>` where turns end."""
    if list(ends) != sorted(ends) or ends[0] < 0 or ends[-1] > len(ids):
        raise ValueError(f"window {k}: ends wants places in its {len(ids)} text ids, 0 to {len(ids)}, in order, got {ends}")
    written = list(ids)
    for end in reversed(ends):
        written.insert(end, TURN_EOS)
    return written


def _check_text(k: int, ids: tuple[int, ...]) -> None:
    """Raise ValueError for the first id that is no text; `<|tts_bos|>` may stand for a listen inside a turn."""
    for token in ids:
        if token < 0 or (is_special(token) and token != TTS_BOS):
            raise ValueError(
                f"window {k}: wants text ids, 0 to {SPECIAL_FROM - 1} without {PLACEHOLDER}, got {name(token)} ({token}); "
                "what it means is said by the answer's other fields"
            )


def _check_rare(k: int, answer: Speak, form: Form, in_turn: bool) -> None:
    """Raise ValueError for a listen, or another closing, where it cannot be."""
    if form.control == "LT" and (answer.held or answer.closing == LISTEN):
        raise ValueError(
            f"window {k}: held and listening after a turn want control LS, got LT; there a listen inside a turn is <|tts_bos|> among the ids"
        )
    if answer.held and not in_turn:
        raise ValueError(f"window {k}: held wants a turn that goes on, got none; write Listen()")
    if answer.closing == LISTEN and answer.ends[-1:] != (len(answer.ids),):
        raise ValueError(f"window {k}: <|listen|> closes a turn that ends after its {len(answer.ids)} text ids, got ends {answer.ends}")
    if answer.closing not in (LISTEN, CHUNK_EOS, *(CHUNK_TTS_EOS,) * form.explicit):
        raise ValueError(f"window {k}: wants closing <|chunk_eos|>, <|listen|> or, in explicit form, <|chunk_tts_eos|>, got {name(answer.closing)}")


def _input_error(k: int, audio: int, most: int) -> ValueError:
    if audio == 0:
        return ValueError(f"window {k}: wants a picture or sound, got neither; give silence as {most} audio tokens")
    return ValueError(f"window {k}: wants 0 to {most} audio tokens in its length, got {audio}")


def _turn_error(k: int, in_turn: bool) -> ValueError:
    if in_turn:
        return ValueError(f"window {k}: a turn goes on, wants Listen(cuts=True), which ends it, or Speak() without text, got Listen()")
    return ValueError(f"window {k}: no turn goes on that could be cut, wants Listen(), got Listen(cuts=True)")
