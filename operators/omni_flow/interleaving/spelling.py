"""Find out which characters a token holds, and which word holds them, where text, words and tokens are written differently."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

PART = "\N{REPLACEMENT CHARACTER}"  # what a decoder writes for bytes that are not a whole character
SHOWN = 8  # characters of a text that an error shows


class Piece(NamedTuple):
    """Hold what one token spells: the characters that begin in it, and the first that it holds, if only in part."""

    text: str
    first: int  # counted over the texts of all pieces


class Place(NamedTuple):
    """Say where in the words a character is: in which word, and as which of its characters."""

    word: int
    at: int


def pieces(tokens: Sequence[str], text: str) -> list[Piece]:
    """Spell a text with the texts of its tokens: the pieces joined are the tokens joined, in whole characters.

    A character whose bytes are split over several tokens begins in the first of them, whether the others write it as
    nothing, as U+FFFD, or as the character again. Spaces and punctuation may differ from those of the text; then those
    of the tokens count. Raises ValueError if the tokens spell something else.

    >>> pieces(["hi", " \\ufffd", "\\ufffd!"], "hi 😀!")
    [Piece(text='hi', first=0), Piece(text=' 😀', first=2), Piece(text='!', first=3)]
    """
    joined, text = "".join(tokens), unicodedata.normalize("NFC", text)
    if PART in joined and joined != text:
        return _resolved(tokens, text)
    repeated = _without_repeats(tokens, text)
    if repeated is not None:
        return repeated
    spelled, wanted = _sounding(joined), _sounding(text)
    if spelled != wanted:
        same = next((n for n, (a, b) in enumerate(zip(spelled, wanted)) if a != b), min(len(spelled), len(wanted)))
        raise ValueError(f"the tokens do not spell the text: they go on with {_show(spelled[same:])}, the text with {_show(wanted[same:])}")
    return _pieces(tokens)


def places(text: str, words: Sequence[str]) -> list[Place | None]:
    """Find each character of a text in the words, in order; None for what no word holds: a space, a comma.

    Words may leave out or add spaces and punctuation, and differ in case. Raises ValueError naming the first word that
    says something else than the text.

    >>> places("a, b", ["a", "B."])
    [Place(word=0, at=0), None, None, Place(word=1, at=0)]
    """
    said = [(n, letter) for n, char in enumerate(text) for letter in _folded(char)]
    held = [(Place(n, at), letter) for n, word in enumerate(words) for at, char in enumerate(word) for letter in _folded(char)]
    found: list[Place | None] = [None] * len(text)
    i = j = 0
    while i < len(said) and j < len(held):
        (n, letter), (place, other) = said[i], held[j]
        if letter == other:
            found[n] = found[n] or place
            i, j = i + 1, j + 1
        elif _is_silent(letter):
            i += 1
        elif _is_silent(other):
            j += 1
        else:
            raise ValueError(f"word {place.word + 1} {words[place.word]!r} is not what the text goes on with: {_show(text[n:])}")
    left = next((n for n, letter in said[i:] if not _is_silent(letter)), None)
    if left is not None:
        raise ValueError(f"the words end before the text does: no word holds {_show(text[left:])}")
    over = next((place.word for place, letter in held[j:] if not _is_silent(letter)), None)
    if over is not None:
        raise ValueError(f"word {over + 1} {words[over]!r} comes after the end of the text")
    return found


def _pieces(texts: Iterable[str], firsts: Sequence[int | None] = ()) -> list[Piece]:
    """Number what the texts hold. One without a character of its own holds a part of the last character before it."""
    found, begun = [], 0
    for n, text in enumerate(texts):
        own = begun if text else max(0, begun - 1)
        first = firsts[n] if firsts else None
        found.append(Piece(text, own if first is None else first))
        begun += len(text)
    return found


def _resolved(tokens: Sequence[str], text: str) -> list[Piece]:
    """Put the characters of the text where tokens have U+FFFD. It is not known where in a row of several one ends."""
    marks = [(n, char) for n, token in enumerate(tokens) for char in token]
    runs = [list(run) for _, run in groupby(marks, key=lambda mark: mark[1] == PART)]
    texts, firsts, at = [""] * len(tokens), [None] * len(tokens), 0
    for run, after in zip(runs, [*runs[1:], []]):
        if run[0][1] == PART:
            end = text.find("".join(char for _, char in after), at + 1) if after else len(text)
        else:
            end = at + len(run) if text.startswith("".join(char for _, char in run), at) else -1
        if end <= at:
            raise ValueError(f"token {run[0][0] + 1} {tokens[run[0][0]]!r} does not spell the text, which goes on with {_show(text[at:])}")
        size = end - at
        for k, (n, _) in enumerate(run):
            if firsts[n] is None:
                firsts[n] = at + k * size // len(run)  # type: ignore[call-overload]
            texts[n] += text[at - (-k * size // len(run)) : at - (-(k + 1) * size // len(run))]
        at = end
    if at < len(text):
        raise ValueError(f"the tokens end before the text does: {_show(text[at:])} is left")
    return _pieces(texts, firsts)


def _without_repeats(tokens: Sequence[str], text: str) -> list[Piece] | None:
    """Read tokens that write a split character in full each time; None if they are not that."""
    texts, firsts, at = [], [], 0
    for token in tokens:
        if text.startswith(token, at):
            rest, first = token, None
        elif at and token[:1] == text[at - 1] and text.startswith(token[1:], at):
            rest, first = token[1:], at - 1
        else:
            return None
        texts.append(rest)
        firsts.append(first)
        at += len(rest)
    return _pieces(texts, firsts) if at == len(text) else None


def _folded(char: str) -> str:
    """Return what a character is compared by: without case, full width or ligatures."""
    return unicodedata.normalize("NFKD", char).casefold()


def _is_silent(char: str) -> bool:
    """Tell whether text, words and tokens may differ in it: all but letters, their marks, and numbers."""
    return unicodedata.category(char)[0] not in "LMN"


def _sounding(text: str) -> str:
    return "".join(letter for char in text for letter in _folded(char) if not _is_silent(letter))


def _show(text: str) -> str:
    return repr(text[:SHOWN]) if text else "nothing"
