"""Say what somebody said without a break, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

FLOOR = ("say", "repeat", "interrupt")  # kinds that want the floor: an answer, or silence first


class Timed(NamedTuple):
    """Say when a word sounds, in nanoseconds of the session."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Part:
    """Hold what somebody said: its kind as of an Utterance, [begin, end) in ns of the session, and its words where they are known."""

    kind: str
    begin: int
    end: int
    text: str = ""
    words: tuple[Timed, ...] = ()
    who: str = "user"

    @property
    def floor(self) -> bool:
        """Tell whether it is the user who wants the floor."""
        return self.who == "user" and self.kind in FLOOR
