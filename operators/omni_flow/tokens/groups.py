"""What a token sequence is made of: for each window a group of what was seen, what was heard, and the answer.

MiniCPM-o 4.5 report (arXiv 2604.27393), Omni-Flow: g_k = [v_k; a_k; o_k], the groups joined to one causal sequence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from omniflow_graph.events import SECOND
from operators.omni_flow.tokens.vocabulary import AUDIO_TOKENS_HZ, CHUNK_EOS

AUDIO_TOKEN_NS = SECOND // AUDIO_TOKENS_HZ


@dataclass(frozen=True)
class Form:
    """Say how groups are written: with marks around them or none, a control token before text or none, how long a window is.

    `explicit` writes `<unit>`, `</unit>`, and `<|chunk_eos|>` after text; `implicit` none of them. `LS` (listen-speak)
    chooses listen or speak before text; `LT` (listen-text), listen or a text token in one choice. Raises ValueError for
    another word, and for a window that is not so many whole audio tokens of 100 ms.

    >>> Form(window_ns=200_000_000).audio_tokens
    2
    """

    boundaries: Literal["explicit", "implicit"] = "explicit"
    control: Literal["LS", "LT"] = "LS"
    window_ns: int = SECOND

    def __post_init__(self) -> None:
        """Check what was given."""
        if self.boundaries not in ("explicit", "implicit"):
            raise ValueError(f"form: wants boundaries explicit or implicit, got {self.boundaries!r}")
        if self.control not in ("LS", "LT"):
            raise ValueError(f"form: wants control LS or LT, got {self.control!r}")
        if self.window_ns <= 0 or self.window_ns % AUDIO_TOKEN_NS:
            raise ValueError(f"form: wants a window of whole audio tokens, 0.1 s each, got {self.window_ns / SECOND:g} s; take 1.0, 0.5, 0.2 or 0.1")

    @cached_property
    def audio_tokens(self) -> int:
        """Return how many audio tokens a whole window holds: 10 a second."""
        return self.window_ns // AUDIO_TOKEN_NS

    @cached_property
    def explicit(self) -> bool:
        """Tell whether groups stand between marks."""
        return self.boundaries == "explicit"

    @cached_property
    def pads(self) -> bool:
        """Tell whether a window inside a turn that has no text holds `<|tts_pad|>`: where nothing else would be in it."""
        return self.control == "LT" or self.boundaries == "implicit"


@dataclass(frozen=True)
class Picture:
    """Hold one picture of a window: its overview, and as many slices of it in full resolution, row by row."""

    slices: int = 0


@dataclass(frozen=True)
class Listen:
    """Say nothing. `cuts`: a turn was going on and listening was forced, which feeds `<|turn_eos|>` before it."""

    cuts: bool = False


@dataclass(frozen=True)
class Speak:
    """Say something, or with no `ids` let what was said before sound on.

    `ids` are text; `<|tts_bos|>` may stand among them, a listen that was chosen inside a turn and so became content.
    `ends` says before which of them turns end, in order: `(len(ids),)` after the last. `held`: that listen came first, in the
    place of the control token; in LS only. `closing` is what closed the window: `<|chunk_eos|>`, which only explicit form
    writes, there also `<|chunk_tts_eos|>`; or in LS, after a turn's end, `<|listen|>`.
    """

    ids: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    held: bool = False
    closing: int = CHUNK_EOS


Answer = Listen | Speak


@dataclass(frozen=True)
class Group:
    """Hold what one window was given and answered: pictures in order, how many audio tokens, the answer."""

    k: int
    pictures: tuple[Picture, ...] = ()
    audio: int = 0
    answer: Answer = Listen()


class Span(NamedTuple):
    """Say what embeddings replace the tokens `[start, end)`.

    `kind` is "visual": cell `cell` of picture `number` of window `k`, 0 for the overview, from 1 for slices; or "audio".
    """

    start: int
    end: int
    kind: str
    k: int
    number: int = 0
    cell: int = 0


@dataclass(frozen=True)
class TokenSequence:
    """Hold groups as tokens, with the positions of embeddings, and `[start, end)` of each group's answer."""

    tokens: tuple[int, ...]
    spans: tuple[Span, ...]
    answers: tuple[tuple[int, int], ...]
