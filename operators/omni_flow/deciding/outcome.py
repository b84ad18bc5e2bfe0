"""What one window came to: listen or speak, the tokens that say so, what is to be voiced, and how a turn's sound stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Force = Literal["force_listen", "interrupt", "vad"]  # what made a window listen: a setting or a person; who talked over; a speech detector
Reason = Literal[
    "listen",  # `<|listen|>` was chosen
    "chunk_eos",  # so were these
    "chunk_tts_eos",
    "pad",  # `<|tts_pad|>`: nothing new to say, in the forms that have it
    "cap",  # no more tokens in a window
    "characters",  # no more text in a window
    "after_turn",  # something else than a terminator followed the turn's end
    "stray",  # a mark that no answer may hold was chosen
    "force_listen",
    "interrupt",
    "vad",
    "stopped",  # the session was
    "no_input",  # the window took nothing in
]
Part = Literal["codes", "vocoder"]
BOTH: tuple[Part, ...] = ("codes", "vocoder")


class Ends(NamedTuple):
    """Say how the sound of a turn stops: "drain" plays out what was generated, "flush" falls silent at once. And why."""

    kind: Literal["drain", "flush"]
    reason: Literal["turn_eos", "listen", "force_listen", "interrupt", "vad", "stopped"]


class Condition(NamedTuple):
    """Hold what the speech decoder is conditioned on: token ids, and the first of them's place in `fed`; the rest follow it.

    For each it wants the language model's hidden state at that place. No ids in a window that speaks: the speech goes on by itself.
    """

    ids: tuple[int, ...] = ()
    start: int = 0

    @property
    def rows(self) -> range:
        """Return the places in `fed` whose hidden states go with the ids."""
        return range(self.start, self.start + len(self.ids))


NOTHING_SAID = Condition()


@dataclass(frozen=True)
class Outcome:
    """Hold what window `k` came to.

    `fed` is the window's whole output part, with its terminator and `</unit>`; the last `unfed` of them have still to be fed
    before the next window (and before speech is made, as far as `condition` reaches into them). `content` are the ids of what was
    said, `<|turn_eos|>` included; `text` is that as text, empty when listening. `recorded` is what enters the history of the
    repetition penalty. `restarts`: parts of the speech chain that begin anew after this window.
    """

    k: int
    choice: Literal["listen", "speak"]
    reason: Reason
    p_listen: float | None = None
    forced: bool = False
    fed: tuple[int, ...] = ()
    unfed: int = 0
    content: tuple[int, ...] = ()
    condition: Condition = NOTHING_SAID
    text: str = ""
    turn_ended: bool = False
    ends: Ends | None = None
    restarts: tuple[Part, ...] = ()
    recorded: tuple[int, ...] = ()
