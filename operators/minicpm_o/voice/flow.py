"""Speech codes to mel frames by flow matching: from noise to a mel in a few steps, each guided away from what any voice would say.

Euler steps over t = 1 - cos(pi/2 i/n), each with the direction 1.7 times for this voice and text, less 0.7 times for none
(classifier-free guidance). Source: spec 6.7; flow matching, arXiv 2210.02747.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from operators.minicpm_o.door import Tensor, functional, torch
from operators.minicpm_o.voice import dit
from operators.minicpm_o.voice.conformer import UP, Encoded, encode, encode_on
from operators.minicpm_o.voice.noise import Noise
from operators.minicpm_o.voice.part import Part
from operators.minicpm_o.voice.shapes import Version

GUIDANCE = 0.7
HISTORY = 100  # frames that are remembered beside as many as the prompt has: 2 s


@dataclass(frozen=True)
class Remembered:
    """Hold what a stream of codes has to remember.

    `encoded`: of the encoder. `rows`, `all_keys`: of the estimator, for each step: what `dit.Kept` holds, [step, ...]. `prompt`: frames of
    the prompt. Keys that are forgotten stay in memory until the next chunk, which copies those that it still needs.
    """

    encoded: Encoded
    rows: Tensor = field(repr=False)
    all_keys: Tensor = field(repr=False)
    prompt: int

    @property
    def steps(self) -> int:
        """Return in how many steps each chunk is made."""
        return len(self.rows)

    @property
    def count(self) -> int:
        """Return how many frames of the estimator are remembered."""
        return min(self.all_keys.shape[4], self.prompt + HISTORY)

    @property
    def keys(self) -> Tensor:
        """Return the estimator's keys and values, [step, block, 2, head, row, 2 width of a head]."""
        return torch().cat(self.pieces, 4)

    @property
    def pieces(self) -> tuple[Tensor, ...]:
        """Return those, where they are."""
        return _ends(self.all_keys, 4, self.prompt, HISTORY)


def whole(weights: Part, noise: Noise, codes: Tensor, prompt: Tensor, mel: Tensor, speaker: Tensor, steps: int) -> Tensor:
    """Make the mel of an utterance at once, behind its prompt: codes [n], [m], the prompt's mel [2 m, 80], a speaker [1, 80].

    Returns [1, 80, 2 n].
    """
    rows = _text(weights, encode(weights.part("encoder"), _embedded(weights, torch().cat((prompt, codes)))))
    given = torch().zeros_like(rows)
    given[:, :, : len(mel)] = mel.T
    found, _, _ = _moved(weights, noise.of_frames(0, rows.shape[2]), rows, speaker, given, steps, None)
    return found[:, :, len(mel) :]


def begin(weights: Part, noise: Noise, codes: Tensor, mel: Tensor, speaker: Tensor, steps: int) -> Remembered:
    """Take a prompt in: codes [m + 3] with three that are only looked at, and its mel [2 m, 80]."""
    rows, encoded = encode_on(weights.part("encoder"), _embedded(weights, codes), None, last=False)
    start = noise.of_frames(0, len(mel))
    _, kept, keys = _moved(weights, start, _text(weights, rows), speaker, mel.T[None], steps, None)
    return Remembered(encoded, kept, keys, len(mel))


def go_on(
    weights: Part, noise: Noise, before: Remembered, codes: Tensor, speaker: Tensor, version: Version, *, last: bool
) -> tuple[Remembered, Tensor]:
    """Make the mel of more codes [n], of which the last three are only looked at unless they are the last. Returns [1, 80, 2 (n - 3)]."""
    rows, encoded = encode_on(weights.part("encoder"), _embedded(weights, codes), before.encoded, last=last)
    rows = _text(weights, rows)
    start = noise.of_frames(before.count, rows.shape[2])
    found, kept, keys = _moved(weights, start, rows, speaker, torch().zeros_like(rows), before.steps, before)
    held = Encoded(encoded.rows, _forgotten(encoded.keys, before.prompt, len(weights.part("encoder").parts("encoders")), version))
    return replace(before, encoded=held, rows=kept, all_keys=keys), found


def spoken_by(weights: Part, voice: Tensor) -> Tensor:
    """Return what the flow makes of a speaker's vector [192]: [1, 80]."""
    return weights.linear("spk_embed_affine_layer", functional().normalize(voice[None], dim=1))


def _embedded(weights: Part, codes: Tensor) -> Tensor:
    return functional().embedding(codes[None], weights["input_embedding.weight"])


def _text(weights: Part, rows: Tensor) -> Tensor:
    """Turn the encoder's rows into what a mel is like: [1, 80, n]."""
    return weights.linear("encoder_proj", rows).transpose(1, 2)


def _moved(
    weights: Part, mel: Tensor, text: Tensor, speaker: Tensor, given: Tensor, steps: int, before: Remembered | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Move a mel [1, 80, n] from time 0 to 1. Returns it, and what each step leaves: rows and keys."""
    t, estimator = torch(), weights.part("decoder.estimator")
    spans = 1 - t.cos(t.linspace(0, 1, steps + 1, device=mel.device, dtype=mel.dtype) * 0.5 * math.pi)
    times, taken = _times(spans)
    what = dit.timed(estimator, times)
    about = t.cat((text, speaker[:, :, None].expand(-1, -1, text.shape[2]), given), 1)
    about = t.cat((about, t.zeros_like(about))).transpose(1, 2)  # the second of a pair is told nothing
    past, (count, *shape) = before.count if before else 0, _keys_of(estimator)
    keys, kept = mel.new_empty((steps, count, 2, shape[0], past + mel.shape[2], 2 * shape[1])), []
    for n in range(steps):
        rows = t.cat((mel.transpose(1, 2).expand(2, -1, -1), about), 2)
        old = dit.Kept(before.rows[n], tuple(piece[n] for piece in before.pieces)) if before else None
        ways, tails = dit.evaluate(estimator, rows, what.blocks[n], what.end[n], old, keys[n])
        mel = mel + taken[n] * ((1 + GUIDANCE) * ways[:1] - GUIDANCE * ways[1:]).transpose(1, 2)
        kept.append(tails)
    return mel, t.stack(kept), keys


def _keys_of(estimator: Part) -> tuple[int, int, int]:
    """Return the estimator's blocks, heads, and the width of a head."""
    width = len(estimator["blocks.0.attn.q_norm.weight"])
    return len(estimator.parts("blocks")), len(estimator["blocks.0.attn.to_q.weight"]) // width, width


def _times(spans: Tensor) -> tuple[Tensor, Tensor]:
    """Return the time of each step, and how far it goes: summed up one after the other, as the published runtime does."""
    times, taken = [spans[0]], [spans[1] - spans[0]]
    for end in spans[2:]:
        times.append(times[-1] + taken[-1])
        taken.append(end - times[-1])
    return torch().stack(times), torch().stack(taken)


def _ends(held: Tensor, dim: int, first: int, last: int) -> tuple[Tensor, ...]:
    """Return the first rows and the last ones of a dimension, or all where there are no more."""
    count = held.shape[dim]
    if count <= first + last:
        return (held,)
    return held.narrow(dim, 0, first), held.narrow(dim, count - last, last)


def _forgotten(keys: Tensor, prompt: int, slow: int, version: Version) -> Tensor:
    """Forget the encoder's rows between the prompt and the last 2 s.

    The older runtime cuts blocks with 25 rows a second, held twice one behind the other, as if they were held once: of those it
    keeps the beginning, and hears nothing new from then on. The newer one cuts both kinds alike.
    """
    if version == "hift" or keys.shape[3] <= prompt + HISTORY:
        return torch().cat(_ends(keys, 3, prompt, HISTORY), 3)
    halves = torch().cat(_ends(keys[:slow, :, :, : keys.shape[3] // UP], 3, prompt // UP, HISTORY // UP), 3)
    return torch().cat((halves.repeat(1, 1, 1, UP, 1), torch().cat(_ends(keys[slow:], 3, prompt, HISTORY), 3)))
