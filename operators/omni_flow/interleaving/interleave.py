"""Interleave text with the sound of it: which tokens stand in which window, and which of the sound is spoken in it.

TAIL (time-aligned interleaving) of MiniCPM-o 4.5, arXiv 2604.27393 section 3: as training data is made. Its two
alternatives, all text first and a fixed ratio, are here for comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from omniflow_graph.events import SECOND
from operators.omni_flow.interleaving.dialogue import Answer, Dialogue, last_unit
from operators.omni_flow.tokens.vocabulary import CHUNK_EOS, LISTEN, SPEAK, TTS_PAD, TURN_EOS

MOST_UNITS = 1_000_000  # that are listed: a day in windows of 0.1 s

Interleaving = Callable[[Answer, int], Sequence[int]]  # an answer, ns a window -> for each token its window, counted from the answer's first


@dataclass(frozen=True, slots=True)
class Unit:
    """Hold what the assistant's stream has in one window: text, its ids with their marks, and the sound that is spoken."""

    unit: int
    text: str = ""
    ids: tuple[int, ...] = (LISTEN,)
    end_of_turn: bool = False
    voiced: tuple[int, int] | None = None  # of the answer's sound, in ns since its first sample; None if nothing is


def supervise(dialogue: Dialogue, interleaving: Interleaving | None = None, *, defer_tokens: int = 0) -> list[Unit]:
    """Lay a dialogue out in windows, from the first to the one in which its last answer ends.

    By default a token stands in the window in which its word starts, or `dialogue.look_ahead` ns earlier, and sound is
    spoken as it goes on: a second in each window of a second. With `defer_tokens=n` the last n tokens of a window are
    spoken in the next one (the paper's look-ahead), and an answer ends as much later. No sound is spoken before its text
    is there, and no more in a window than it is long. A window of an answer without new text holds `<|tts_pad|>`, its
    last one `<|turn_eos|>`; what is no answer is `<|listen|>`. An answer that begins while the one before it is
    delayed waits for its end.

    >>> from operators.omni_flow.interleaving.dialogue import dialogue
    >>> words = [{"text": "good", "start_s": 0, "end_s": 0.5}, {"text": " morning", "start_s": 1.2, "end_s": 2}]
    >>> tokens = [{"id": 18536, "text": "good"}, {"id": 6556, "text": " morning"}]
    >>> turn = {"first_unit": 1, "duration_s": 2.1, "words": words, "tokens": tokens}
    >>> for unit in supervise(dialogue({"unit_s": 1.0, "look_ahead_s": 0.3, "turns": [turn]})):
    ...     print(unit.unit, repr(unit.text), unit.ids, unit.voiced)
    0 '' (151705,) None
    1 'good morning' (151706, 18536, 6556, 151718) (0, 1000000000)
    2 '' (151706, 151722, 151718) (1000000000, 2000000000)
    3 '' (151706, 151717, 151718) (2000000000, 2100000000)
    """
    if defer_tokens < 0:
        raise ValueError(f"defer_tokens: wants 0 or more, got {defer_tokens}")
    place = interleaving or time_aligned(dialogue.look_ahead)
    units: list[Unit] = []
    for answer in dialogue.answers:
        if max(len(units), last_unit(answer, dialogue.unit)) >= MOST_UNITS:
            raise ValueError(f"wants a dialogue of at most {MOST_UNITS} windows, got more; take a longer window than {dialogue.unit / SECOND:g} s")
        units += [Unit(k) for k in range(len(units), answer.first_unit)]
        units += _spoken(answer, len(units), dialogue.unit, place(answer, dialogue.unit), defer_tokens)
    return units


def time_aligned(look_ahead: int) -> Interleaving:
    """Put a token into the window in which its word starts; into the one before, if it starts at most `look_ahead` ns after its end."""
    if look_ahead < 0:
        raise ValueError(f"look_ahead: wants 0 ns or more, got {look_ahead}")
    return partial(_time_aligned, look_ahead)


def _time_aligned(look_ahead: int, answer: Answer, unit: int) -> list[int]:
    last = last_unit(answer, unit) - answer.first_unit  # for a word without sound at the very end
    return [min(max(0, (token.start - look_ahead) // unit), last) for token in answer.tokens]


def text_first(answer: Answer, unit: int) -> list[int]:
    """Put all text into the first window."""
    return [0] * len(answer.tokens)


def fixed_ratio(tokens_hz: int) -> Interleaving:
    """Put so many tokens into each second, however long they take to say."""
    if tokens_hz < 1:
        raise ValueError(f"fixed ratio: wants 1 token a second or more, got {tokens_hz}")
    return lambda answer, unit: [n * SECOND // (tokens_hz * unit) for n in range(len(answer.tokens))]


def _spoken(answer: Answer, first: int, unit: int, place: Sequence[int], defer: int) -> Iterator[Unit]:
    """Lay out one answer: text as it is placed, sound as far as its text is there and was not put off."""
    given = spoken = k = 0
    while spoken < answer.duration or given < len(place):
        new, begun = given, spoken
        while given < len(place) and place[given] <= k:
            given += 1
        spoken = max(begun, min(begun + unit, answer.onset(max(new, given - defer))))
        text = answer.tokens[new:given]
        ends = spoken == answer.duration and given == len(place)
        said = tuple(token.id for token in text) or (() if ends else (TTS_PAD,))
        ids = (SPEAK, *said, *([TURN_EOS] if ends else []), CHUNK_EOS)
        yield Unit(first + k, "".join(token.text for token in text), ids, ends, (begun, spoken) if spoken > begun else None)
        k += 1
