"""What was fed to the model, unit by unit: each token with its kind, and whether the user heard it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from operators.omni_flow.deciding.outcome import Outcome
from operators.omni_flow.tokens.vocabulary import AUDIO, IMAGE, PLACEHOLDER, SPECIAL_FROM

Kind = Literal["mark", "visual", "audio", "text"]
Seen = Literal["audio", "vision", "omni"]


class Token(NamedTuple):
    """Hold a token. `heard` is None for what cannot be, and for text that may still be heard."""

    id: int
    kind: Kind
    heard: bool | None = None


@dataclass(frozen=True)
class Unit:
    """Hold one window as it stands in the cache: all its ids, what it said in them, to which answer that belongs.

    `ids` are its rows, `<unit>` to `</unit>`. `content` are the ids of what was said, as in `Outcome`. `answer` numbers answers
    from 1, 0 for none; `first` is how much of the answer's text came in earlier units, in tokens; `heard`, how much of this
    unit's was heard; `settled`, that no more will be.
    """

    id: int
    ids: tuple[int, ...]
    seen: Seen = "audio"
    content: tuple[int, ...] = ()
    text: str = ""
    is_listen: bool = True
    answer: int = 0
    first: int = 0
    heard: int = 0
    settled: bool = False

    @property
    def length(self) -> int:
        """Return how many rows of the cache it takes."""
        return len(self.ids)

    @property
    def words(self) -> tuple[int, ...]:
        """Return the ids of its text: its content without marks."""
        return tuple(token for token in self.content if _kind(token) == "text")

    @property
    def tokens(self) -> tuple[Token, ...]:
        """Return its ids with kind, and whether they were heard."""
        kinds: list[Kind] = [_kind(token) for token in self.ids]
        word = len(self.words) - kinds.count("text")  # below 0: text that was fed and is no content, as the reference's first token
        found = []
        for token, kind in zip(self.ids, kinds):
            heard = None if kind != "text" or word < 0 else True if word < self.heard else False if self.settled else None
            found.append(Token(token, kind, heard))
            word += kind == "text"
        return tuple(found)


def unit_of(outcome: Outcome, inputs: tuple[int, ...], *, answer: int = 0) -> Unit:
    """Make a unit of what a window was given, `<unit>` included, and what it came to.

    >>> unit_of(Outcome(3, "listen", "listen", fed=(151_705, 151_684)), (151_683, AUDIO)).seen
    'audio'
    """
    seen: Seen = "audio" if IMAGE not in inputs else "omni" if AUDIO in inputs else "vision"
    listens = outcome.choice == "listen"
    return Unit(outcome.k, inputs + outcome.fed, seen, outcome.content, outcome.text, listens, answer)


def hear(unit: Unit, tokens: int, *, settled: bool) -> Unit:
    """Note that so many of its answer's text tokens were heard, counted from the answer's beginning. Never takes back.

    Of a settled unit no more is heard, whatever is said later.
    """
    if unit.settled:
        return unit
    heard = max(unit.heard, min(len(unit.words), tokens - unit.first))
    return replace(unit, heard=heard, settled=settled)


def without_unheard(unit: Unit, text_of: Callable[[tuple[int, ...]], str]) -> tuple[Unit, int | None]:
    """Take out the text that was never heard, and leave the marks. A unit that is not settled stays as it is.

    Returns the unit, and the place of the first id that was taken out, None if none was.
    """
    if not unit.settled or len(unit.words) <= unit.heard:
        return unit, None
    unheard = [place for place, token in enumerate(unit.tokens) if token.heard is False]
    content = _without(unit.content, len(unit.words) - len(unheard))
    ids = tuple(token.id for token in unit.tokens if token.heard is not False)
    return replace(unit, ids=ids, content=content, text=text_of(content) if unit.text else ""), unheard[0]


def _without(content: tuple[int, ...], heard: int) -> tuple[int, ...]:
    """Keep so much of the text, and all marks."""
    kept, words = [], 0
    for token in content:
        text = _kind(token) == "text"
        words += text
        if not text or words <= heard:
            kept.append(token)
    return tuple(kept)


def _kind(token: int) -> Kind:
    if token < SPECIAL_FROM and token != PLACEHOLDER:
        return "text"
    return "audio" if token == AUDIO else "visual" if token == PLACEHOLDER else "mark"
