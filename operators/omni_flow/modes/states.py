"""What a session consists of in each mode, apart from the model's weights: the source of truth for what a switch lets go.

Source: spec 5.2 for duplex, 7.4 for turn-based mode; 7.5 for what they share. Caches themselves are the model's: here stands how long
they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from operators.omni_flow.context.sliding import Context
from operators.omni_flow.deciding.generating import Talk
from operators.omni_flow.turn_based.half_duplex import HalfDuplex

Mode = Literal["duplex", "turn-based"]
Contents = tuple[tuple[str, int], ...]  # what is remembered, and how much of it


class Inner(Protocol):
    """Hold what one mode remembers of a session."""

    @property
    def mode(self) -> Mode:
        """Name the mode."""
        ...

    @property
    def contents(self) -> Contents:
        """Say what is lost if it goes."""
        ...


@dataclass(frozen=True)
class DuplexState:
    """Hold a duplex session: where the talk stands, its own cache and units, the history of the repetition penalty, and counts.

    `speech_rows`: where the speech decoder stands in the turn. `codes` wait for the vocoder, besides the three of silence that it
    begins with. `held_samples` wait to fill a unit. `audio_rows`: of the audio encoder's cache, which is shared.
    """

    talk: Talk = field(default_factory=Talk)
    context: Context | None = None
    history: tuple[int, ...] = ()
    speech_rows: int = 0
    codes: tuple[int, ...] = ()
    held_samples: int = 0
    audio_rows: int = 0

    @property
    def mode(self) -> Mode:
        """Name the mode."""
        return "duplex"

    @property
    def contents(self) -> Contents:
        """Say what is lost if it goes."""
        rows = self.context.length if self.context else 0
        return some(windows=self.talk.windows, rows=rows, history=len(self.history), **_shared(self))


@dataclass(frozen=True)
class TurnBasedState:
    """Hold a turn-based session: where the conversation stands, with its rounds in the cache; the rest as in duplex."""

    conversation: HalfDuplex = field(default_factory=HalfDuplex)
    history: tuple[int, ...] = ()
    speech_rows: int = 0
    codes: tuple[int, ...] = ()
    held_samples: int = 0
    audio_rows: int = 0

    @property
    def mode(self) -> Mode:
        """Name the mode."""
        return "turn-based"

    @property
    def contents(self) -> Contents:
        """Say what is lost if it goes."""
        conversation = self.conversation
        return some(rounds=len(conversation.rounds), rows=conversation.rows, history=len(self.history), **_shared(self))


def _shared(inner: DuplexState | TurnBasedState) -> dict[str, int]:
    """Count what belongs to the parts that both modes use."""
    return {"speech_rows": inner.speech_rows, "codes": len(inner.codes), "held_samples": inner.held_samples, "audio_rows": inner.audio_rows}


def some(**counts: int) -> Contents:
    """Leave out what there is nothing of."""
    return tuple((name, count) for name, count in counts.items() if count)
