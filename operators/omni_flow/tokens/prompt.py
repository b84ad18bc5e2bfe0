"""Lay out what a session begins with: the system prompt, with the sound of the voice that is to be spoken in.

Source: spec 5.3, `prepare`. The model is fed the prefix, the reference sound as embeddings, the suffix.
"""

from __future__ import annotations

from dataclasses import dataclass

from operators.omni_flow.tokens.tokenizer import Tokenizer
from operators.omni_flow.tokens.vocabulary import AUDIO, AUDIO_END, AUDIO_START, IM_END, IM_START

SYSTEM = "Streaming Omni Conversation."
HOP, PIECE = 160, 30 * 16_000  # samples, at 16 kHz: of a mel frame; the encoder takes longer clips in pieces of 30 s


@dataclass(frozen=True)
class Prompt:
    """Hold the tokens before and after the reference sound, and how many embeddings that is."""

    prefix: tuple[int, ...]
    reference: int
    suffix: tuple[int, ...]

    @property
    def tokens(self) -> tuple[int, ...]:
        """Return all of it, `<|audio|>` standing where the sound goes in: `reference` of them from `len(prefix)` on."""
        return (*self.prefix, *(AUDIO,) * self.reference, *self.suffix)


def system_prompt(tokenizer: Tokenizer, text: str = SYSTEM, *, reference: int = 0, voice: bool = True) -> Prompt:
    """Lay out the system prompt for a text and `reference` embeddings of a voice.

    The pair `<|audio_start|><|audio_end|>` is there without a reference, too; `voice=False` leaves it out, as for a session
    without sound. No line break follows `<|im_end|>`. Raises ValueError for a reference without a voice.
    """
    if reference and not voice:
        raise ValueError(f"system prompt: a reference wants voice=True, got {reference} embeddings and voice=False")
    prefix = (IM_START, *tokenizer.encode(f"system\n{text}\n"))
    return Prompt((*prefix, AUDIO_START), reference, (AUDIO_END, IM_END)) if voice else Prompt(prefix, 0, (IM_END,))


def reference_tokens(samples: int) -> int:
    """Return how many embeddings a clip of so many samples at 16 kHz is, encoded in one go: 10 a second (spec 4.2).

    >>> reference_tokens(16_000), reference_tokens(0)
    (10, 0)
    """
    whole, rest = divmod(samples, PIECE)
    return whole * _of_piece(PIECE) + _of_piece(rest)


def _of_piece(samples: int) -> int:
    mel = -(-samples // HOP)
    encoded = (mel - 1) // 2 + 1
    return max(0, (encoded - 5) // 5 + 1)  # pooled by 5
