"""The loss of an example, with gradients for all that took part: what was encoded, thought and voiced is one computation.

Each second of sound is encoded behind the ones before it, as in a session, so that what is learned is what a session then does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from operators.minicpm_o import hearing, seeing, thinking
from operators.minicpm_o.door import Tensor, functional, torch
from operators.minicpm_o.loading import Weights
from operators.minicpm_o.mel import AROUND, FIRST, NEXT, Stream, heard
from operators.minicpm_o.speaking import decoder
from operators.minicpm_o.training.example import Example, Spoken


class Loss(NamedTuple):
    """Hold the mean loss of what was chosen of text and marks, and of codes; each a tensor that knows where it came from."""

    text: Tensor
    codes: Tensor

    @property
    def whole(self) -> Tensor:
        """Return both."""
        return self.text + self.codes


class Flowing:
    """Hold keys and values that gradients flow through: each call for a layer adds to what it has."""

    def __init__(self) -> None:
        """Begin without rows."""
        self.start, self.rows, self.held = 0, 0, {}

    def put(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Add a layer's keys and values [head, rows, width]; return all of them."""
        before = self.held.get(layer)
        self.held[layer] = (keys, values) if before is None else tuple(torch().cat(pair, 1) for pair in zip(before, (keys, values)))
        return self.held[layer]

    def next(self, rows: int) -> Flowing:
        """Make ready for so many rows."""
        self.start, self.rows = self.start + self.rows, rows
        return self


def loss_of(weights: Weights, example: Example) -> Loss:
    """Compute the loss of an example."""
    t, f = torch(), functional()
    rows = _rows(weights, example)
    states = thinking.states(weights, rows, [Flowing().next(len(rows))])[len(example.prompt) :]
    places = np.flatnonzero(example.mask)
    logits = weights.language.lm_head(states[places - 1])
    wanted = t.tensor([example.sequence.tokens[place] for place in places])
    codes = [_codes(weights, example, turn, states) for turn in example.turns]
    text = f.cross_entropy(logits.float(), wanted)
    return Loss(text, t.stack(codes).mean() if codes else text.new_zeros(()))


def _rows(weights: Weights, example: Example) -> Tensor:
    """Make the rows of the prompt and the windows: ids, with embeddings where their tokens stand."""
    t, embed = torch(), weights.language.model.embed_tokens
    ids = embed(t.tensor([*example.prompt, *example.sequence.tokens]))
    shown = {("visual", k): look(weights, picture) for k, picture in enumerate(example.pictures) if picture is not None}
    shown |= {("audio", k): rows for k, rows in enumerate(listened(weights, example.sounds))}
    pieces, at = [], 0
    for span in sorted(example.sequence.spans):
        start = span.start + len(example.prompt)
        pieces += [ids[at:start], shown[span.kind, span.k]]
        at = start + span.end - span.start
    return t.cat([*pieces, ids[at:]])


def look(weights: Weights, picture: np.ndarray) -> Tensor:
    """Encode a picture's overview: [64, D]."""
    (cut,) = seeing.looks(picture, 1)
    rows, columns = cut.shape[0] // seeing.PATCH, cut.shape[1] // seeing.PATCH
    return seeing.resampled(weights, seeing.patch_states(weights, [cut]), rows, columns)[0]


def listened(weights: Weights, sounds: tuple[np.ndarray, ...]) -> list[Tensor]:
    """Encode seconds of sound, each behind those before it: [10, D] each. They are cut as in a session. Raises ValueError for over 29 s."""
    wave = np.concatenate([np.zeros(hearing.FILLED - NEXT, np.float32), *(np.asarray(sound, np.float32) for sound in sounds)])
    stream, grown, found = Stream(), Flowing(), []
    for _ in sounds:
        taken, wave = (part for part in np.split(wave, [NEXT if stream.given else FIRST]))
        stream, frames = heard(stream, taken)
        rows = hearing.convolved(weights, frames[None])  # type: ignore[index]
        first, side = stream.given == 1, (AROUND + 1) // 2
        rows = rows[:, 0 if first else side : rows.shape[1] - side]
        if grown.start + grown.rows + rows.shape[1] > weights.config.hearing.max_source_positions:
            raise ValueError(f"training: wants at most 29 s of sound, after which the encoder forgets, got {len(sounds)}; cut the session")
        grown = grown.next(rows.shape[1])
        states = hearing.encoded(weights, rows + hearing.positions(weights, grown.start, grown.rows), None, grown)
        found.append(hearing.projected_rows(weights, states)[0])
    return found


def _codes(weights: Weights, example: Example, turn: tuple[Spoken, ...], states: Tensor) -> Tensor:
    """Compute the mean loss of a turn's codes: each is foretold by the row before it, and the end by the turn's last code."""
    t, of = torch(), decoder.sizes(weights)
    speech, rows, wanted = weights.speech, [], []
    assert speech is not None
    begin = speech.emb_text(t.tensor([of.audio_bos_token_id]))
    for part in turn:
        ids = t.tensor([example.sequence.tokens[place] for place in part.places], dtype=t.long)
        rows += [decoder.merged(weights, ids, states[list(part.places)]), begin, speech.emb_code[0](t.tensor(part.codes))]
        wanted += [-100] * len(ids) + [*part.codes, of.end if part.ends else -100]
    whole = t.cat(rows)
    logits = speech.head_code[0](decoder.states(weights, whole, Flowing().next(len(whole)), 0))
    return functional().cross_entropy(logits.float(), t.tensor(wanted))
