"""Read answers whose words have times: what the assistant says in a dialogue, word by word and token by token."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from omniflow_graph.events import SECOND, seconds
from omniflow_graph.files import whole
from operators.omni_flow.interleaving.spelling import PART, Piece, pieces, places
from operators.omni_flow.tokens.tokenizer import Tokenizer

SHORTEST, LONGEST = 1_000_000, 3600 * SECOND  # a window
DAY = 86_400 * SECOND  # as long as a dialogue may be: a typo is not to take the machine down
ROUNDED = 1_000_000  # so much may a word end after its answer: whoever wrote the times may have rounded them


class Word(NamedTuple):
    """Hold one word: its sound is `[start, end)`, in ns since the first sample of the answer."""

    text: str
    start: int
    end: int


class Token(NamedTuple):
    """Hold one text token: the characters that begin in it, and where the first that it holds is in the sound."""

    id: int
    text: str
    word: int  # that holds its first character
    start: int  # of that word
    onset: int  # of the token itself, as if the characters of a word were equally long


@dataclass(frozen=True)
class Answer:
    """Hold one answer. Its sound begins in unit `first_unit` and lasts `duration` ns; what its tokens start at never decreases."""

    first_unit: int
    duration: int
    words: tuple[Word, ...]
    tokens: tuple[Token, ...]

    def start(self, token: int) -> int:
        """Return when the word of a token starts; the end of the sound for the one after the last."""
        return self.tokens[token].start if token < len(self.tokens) else self.duration

    def onset(self, token: int) -> int:
        """Return when a token itself begins to sound; the end of the sound for the one after the last."""
        return self.tokens[token].onset if token < len(self.tokens) else self.duration


@dataclass(frozen=True)
class Dialogue:
    """Hold the answers of a dialogue in order, the length of a unit, and how far text runs ahead of sound, in ns."""

    unit: int
    look_ahead: int
    answers: tuple[Answer, ...]

    def in_windows_of(self, unit: int) -> Dialogue:
        """Cut time in units of another length. An answer begins in the first one that begins no earlier than it did."""
        answers = tuple(replace(answer, first_unit=-(-answer.first_unit * self.unit // unit)) for answer in self.answers)
        return replace(self, unit=unit, answers=answers)


def load_dialogue(path: str | Path, tokenizer: Tokenizer | None = None) -> Dialogue:
    """Read a dialogue from a JSON file; see `dialogue`. Raises ValueError that names the file, too, if it is no JSON."""
    content = whole(Path(path))
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:  # no UTF-8, no JSON, brackets without end
        raise ValueError(f"{path}: wants JSON with unit_s, look_ahead_s and turns, got something else ({error})") from None
    return dialogue(data, name=str(path), tokenizer=tokenizer)


def dialogue(data: Any, *, name: str = "dialogue", tokenizer: Tokenizer | None = None) -> Dialogue:
    """Read `unit_s`, `look_ahead_s`, `turns[{first_unit, duration_s, words[{text, start_s, end_s}], tokens[{id, text}]}]`.

    A turn's `text` may be left out where its words joined are the text; its `tokens`, where a tokenizer is given. Other
    fields are not read. Seconds are taken to the nanosecond. Raises ValueError that names file, turn and word.
    """
    unit = _time(name, data, "unit_s", least=SHORTEST, most=LONGEST)
    look_ahead = _time(name, data, "look_ahead_s", most=LONGEST)
    answers: list[Answer] = []
    for n, turn in enumerate(_list(name, data, "turns"), 1):
        where = f"{name}: turn {n}"
        answer = _answer(where, turn, tokenizer)
        free = last_unit(answers[-1], unit) + 1 if answers else 0
        if answer.first_unit < free:
            raise ValueError(f"{where}: first_unit: wants {free} or more, as turn {n - 1} sounds until then, got {answer.first_unit}")
        if answer.first_unit * unit > DAY:
            raise ValueError(f"{where}: first_unit: wants one of the first day, got {answer.first_unit} of {unit / SECOND:g} s")
        answers.append(answer)
    return Dialogue(unit, look_ahead, tuple(answers))


def last_unit(answer: Answer, unit: int) -> int:
    """Return the unit in which the sound of an answer ends that nothing delays."""
    return answer.first_unit + -(-answer.duration // unit) - 1


def _answer(where: str, turn: Any, tokenizer: Tokenizer | None) -> Answer:
    first_unit = _number(where, turn, "first_unit")
    duration = _time(where, turn, "duration_s", least=1, most=DAY)
    words = _words(where, turn, duration)
    text = _string(where, turn, "text") if "text" in turn else None
    ids, texts = _tokens(where, turn) if "tokens" in turn or tokenizer is None else ([], [])
    try:
        if "tokens" in turn or tokenizer is None:
            spelled = pieces(texts, "".join(word.text for word in words) if text is None else text)
        else:
            ids, spelled = _encoded(_text(words) if text is None else text, tokenizer)
        tokens = _timed(ids, spelled, words, duration)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    return Answer(first_unit, duration, words, tokens)


def _words(where: str, turn: Any, duration: int) -> tuple[Word, ...]:
    words: list[Word] = []
    for n, word in enumerate(_list(where, turn, "words"), 1):
        text = _string(f"{where}, word {n}", word, "text")
        here = f"{where}, word {n} {text!r}"
        start, end = _time(here, word, "start_s", most=DAY), _time(here, word, "end_s", most=DAY)
        if words and start < words[-1].end:
            raise ValueError(f"{here}: start_s: wants {words[-1].end / SECOND:g} or more, where word {n - 1} ends, got {start / SECOND:g}")
        if end < start:
            raise ValueError(f"{here}: end_s: wants {start / SECOND:g} or more, where it starts, got {end / SECOND:g}")
        if end > duration + ROUNDED:
            raise ValueError(f"{here}: end_s: wants {duration / SECOND:g} or less, where the turn's sound ends, got {end / SECOND:g}")
        words.append(Word(text, min(start, duration), min(end, duration)))
    return tuple(words)


def _tokens(where: str, turn: Any) -> tuple[list[int], list[str]]:
    """Take ids and texts of the tokens as they stand."""
    if "tokens" not in turn:
        raise ValueError(f"{where}: has no field tokens; add it, or name a folder with --tokenizer")
    given = [(f"{where}, token {n}", token) for n, token in enumerate(_list(where, turn, "tokens"), 1)]
    return [_number(here, token, "id") for here, token in given], [_string(here, token, "text") for here, token in given]


def _encoded(text: str, tokenizer: Tokenizer) -> tuple[list[int], list[Piece]]:
    """Cut a text into tokens. What the first n decode to ends with U+FFFD where a character goes on in the next one."""
    text = unicodedata.normalize("NFC", text)
    ids = list(tokenizer.encode(text))
    decoded = [tokenizer.decode(ids[:n]) for n in range(len(ids) + 1)]
    whole = [len(part.rstrip(PART)) for part in decoded]
    begun = [size + (len(part) > size) for size, part in zip(whole, decoded)]
    return ids, [Piece(text[a:b], first) for a, b, first in zip(begun, begun[1:], whole)]


def _timed(ids: Sequence[int], spelled: Sequence[Piece], words: Sequence[Word], duration: int) -> tuple[Token, ...]:
    """Give each token the word of its first character that a word holds. What no word holds goes with the word before it."""
    found = places("".join(piece.text for piece in spelled), [word.text for word in words])
    if spelled and not words:
        raise ValueError("has tokens, but no words to take their times from")
    held, begun, at = [], 0, 0
    for piece in spelled:
        begun += len(piece.text)
        inside = [place for place in found[piece.first : begun] if place]
        held.append((inside[0].word, inside[0]) if inside else (at, None))
        at = inside[-1].word if inside else at
    onsets, after = [], duration
    for word, first in reversed(held):  # what no word holds has no sound of its own
        after = words[word].start + (words[word].end - words[word].start) * first.at // len(words[word].text) if first else after
        onsets.append(after)
    return tuple(
        Token(token, piece.text, word, words[word].start, onset) for token, piece, (word, _), onset in zip(ids, spelled, held, reversed(onsets))
    )


def _text(words: Sequence[Word]) -> str:
    """Join the words to a text. Two words of letters that touch are no text: their spaces have been taken away."""
    for n, (one, other) in enumerate(pairwise(word.text for word in words), 1):
        if f"{one[-1:]}{other[:1]}".isascii() and one[-1:].isalpha() and other[:1].isalpha():
            raise ValueError(f"word {n} {one!r} meets {other!r} without a space; add the turn's text, or the spaces to its words")
    return "".join(word.text for word in words)


def _field(where: str, holder: Any, name: str) -> Any:
    if not isinstance(holder, Mapping):
        raise ValueError(f"{where}: wants an object with {name}, got {_brief(holder)}")
    if name not in holder:
        raise ValueError(f"{where}: has no field {name}")
    return holder[name]


def _list(where: str, holder: Any, name: str) -> Sequence[Any]:
    found = _field(where, holder, name)
    if not isinstance(found, list | tuple):
        raise ValueError(f"{where}: {name}: wants a list, got {_brief(found)}")
    return found


def _string(where: str, holder: Any, name: str) -> str:
    found = _field(where, holder, name)
    if not isinstance(found, str):
        raise ValueError(f"{where}: {name}: wants a string, got {_brief(found)}")
    return found


def _number(where: str, holder: Any, name: str) -> int:
    found = _field(where, holder, name)
    if type(found) is not int or found < 0:
        raise ValueError(f"{where}: {name}: wants a whole number from 0 on, got {_brief(found)}")
    return found


def _time(where: str, holder: Any, name: str, *, least: int = 0, most: int) -> int:
    """Take seconds as nanoseconds: the nearest, so that 0.3 is exact and no boundary moves."""
    found = _field(where, holder, name)
    known = isinstance(found, int | float) and not isinstance(found, bool) and 0 <= found <= most / SECOND  # neither NaN nor beyond a float
    if not known or not least <= seconds(found) <= most:
        raise ValueError(f"{where}: {name}: wants {least / SECOND:g} to {most / SECOND:g} seconds, got {_brief(found)}")
    return seconds(found)


def _brief(value: Any) -> str:
    words = json.dumps(value, ensure_ascii=False, default=str)
    return words if len(words) <= 40 else words[:37] + "..."
