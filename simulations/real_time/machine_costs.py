"""Say what the stages of the duplex pipeline cost where prefill, tokens, speech codes and sound take so long."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from omniflow_graph import Event, Window
from omniflow_graph.events import SECOND
from operators.senses.eyes import Glance
from operators.words import Decision, Say, words_of

MS = 1_000_000
CODES_HZ = 25  # speech codes a second
TOKENS_HZ = 4  # the paper's model takes 3 or 4 steps a second while it speaks; a word counts as one
LETTER, CHARACTER = 60 * MS, 200 * MS  # how long a letter sounds, and a Chinese or Japanese character


@dataclass(frozen=True)
class Parts:
    """Say what the parts of a window's work take, in ns; `sound` is for a second of it."""

    omni: int  # prefill with pictures
    audio: int  # prefill without
    token: int
    code: int
    sound: int

    def unit(self, tokens: int = 0, sound: int = 0, *, pictures: bool = True) -> int:
        """Return what a window takes in which so many tokens are said, as so many ns of sound; of one that listens nothing is."""
        said = self.spoken(tokens, sound) + self.sounded(sound) if tokens else 0
        return (self.omni if pictures else self.audio) + self.token + said

    def spoken(self, tokens: int, sound: int) -> int:
        """Return what so many tokens take, with one that ends them, and the speech codes of so much sound."""
        return (tokens + 1) * self.token + sound * CODES_HZ * self.code // SECOND

    def sounded(self, sound: int) -> int:
        """Return what so much sound takes."""
        return sound * self.sound // SECOND

    @property
    def second(self) -> int:
        """Return what a second of speech takes, with pictures."""
        return self.unit(TOKENS_HZ, SECOND)

    def scaled(self, second: int) -> Parts:
        """Return the same proportions so that a second of speech, with pictures, takes so many ns."""
        return Parts(*(part * second // self.second for part in astuple(self)))


@dataclass(frozen=True)
class Decides:
    """Cost what taking in a window and deciding costs."""

    parts: Parts

    def __call__(self, event: Event[Window]) -> int:
        """Return it in ns."""
        return self.parts.unit(pictures=any(isinstance(each.data, Glance) for each in event.data.events))


@dataclass(frozen=True)
class Speaks:
    """Cost what the tokens and the speech codes of some words cost; nothing in a window that listens."""

    parts: Parts

    def __call__(self, event: Event[Decision]) -> int:
        """Return it in ns."""
        text = event.data.text
        return self.parts.spoken(len(words_of(text)), sounding(text)) if event.data.choice == "speak" else 0


@dataclass(frozen=True)
class Sounds:
    """Cost what the sound of some words costs."""

    parts: Parts

    def __call__(self, event: Event[Say]) -> int:
        """Return it in ns."""
        return self.parts.sounded(sounding(event.data.text))


def sounding(text: str) -> int:
    """Return about how long a text sounds, in ns: the stages that make it sound do not know before.

    >>> sounding("It is a lamp."), sounding("你好")
    (780000000, 400000000)
    """
    return sum(CHARACTER if "\u3040" <= letter <= "\u9fff" else LETTER for letter in text)
