"""A voice in one call a chunk: speech codes in, sound at 24 kHz out, and what is to be remembered is a value.

    state = begin(weights, prompt)
    state, samples = step(weights, state, codes, last=False)

25 codes are a second. Of a chunk that is not the last, three codes are only looked at: they stand at the beginning of the next one.
What comes out lags 160 ms behind. `saying` cuts codes into such chunks, as the published runtime does. Source: spec 6.6, 6.7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from operators.minicpm_o.door import Tensor, torch
from operators.minicpm_o.voice import causal, flow, hift
from operators.minicpm_o.voice.conformer import AHEAD
from operators.minicpm_o.voice.prompt import Prompt
from operators.minicpm_o.voice.shapes import CODES
from operators.minicpm_o.voice.weights import VoiceWeights

SILENCE = 4218  # the code of it
STEPS = 10


@dataclass(frozen=True)
class VoiceState:
    """Hold what an answer's voice remembers: of the flow, of the vocoder, and who speaks [1, 80]."""

    flow: flow.Remembered
    tail: hift.Tail | causal.Tail
    speaker: Tensor = field(repr=False)


def begin(weights: VoiceWeights, prompt: Prompt, steps: int = STEPS) -> VoiceState:
    """Take in the voice to speak with. `steps`: how finely each mel is made; 10 is published, 5 is what the demonstration takes.

    The same for every answer: begin once, and step from there as often as there are answers. Raises ValueError for steps below 1,
    and for a prompt without three codes.
    """
    if steps < 1:
        raise ValueError(f"voice: wants 1 step or more, got {steps}")
    t = torch()
    with t.inference_mode():
        ahead = [SILENCE] * AHEAD if weights.version == "hift" else prompt.codes[:AHEAD]
        codes = t.tensor([*prompt.codes, *ahead], device=weights.device)
        speaker = flow.spoken_by(weights.flow, t.from_numpy(prompt.speaker).to(weights.device))
        held = flow.begin(weights.flow, weights.noise, codes, t.from_numpy(prompt.mel).to(weights.device), speaker, steps)
        tail = hift.begin(weights.vocoder) if weights.version == "hift" else causal.begin(weights.vocoder)
        return VoiceState(held, tail, speaker)


def step(weights: VoiceWeights, state: VoiceState, codes: Sequence[int], last: bool = False) -> tuple[VoiceState, np.ndarray]:
    """Say more codes. Returns the state after them, and samples, float32 [n], from -1 to 1 at 24 kHz.

    All of n codes come out by and by: 960 samples each, but those of the last three, and of 160 ms, wait for the next call. The
    last call may be without codes. The state that was given stays as it is. Raises ValueError for codes that are none, and for
    fewer than four that are not the last.
    """
    state, _, samples = spoken(weights, state, codes, last)
    return state, samples


def spoken(weights: VoiceWeights, state: VoiceState, codes: Sequence[int], last: bool) -> tuple[VoiceState, np.ndarray, np.ndarray]:
    """Say more codes as `step`, and return the mel of them, too: float32 [80, frames]."""
    _check(codes, last)
    t = torch()
    with t.inference_mode():
        remembered, mel = state.flow, t.zeros(1, 80, 0, device=weights.device)
        if len(codes):
            given = t.tensor(list(codes), device=weights.device)
            remembered, mel = flow.go_on(weights.flow, weights.noise, state.flow, given, state.speaker, weights.version, last=last)
        tail, samples = sound_on(weights, state.tail, mel, last=last)
        return replace(state, flow=remembered, tail=tail), mel[0].cpu().numpy(), samples[0].cpu().numpy()


def sound_on(weights: VoiceWeights, tail: hift.Tail | causal.Tail, mel: Tensor, *, last: bool) -> tuple[hift.Tail | causal.Tail, Tensor]:
    """Make samples [1, n] of more frames of a mel [1, 80, n], with the vocoder that the voice has."""
    if isinstance(tail, hift.Tail):
        return hift.go_on(weights.vocoder, weights.noise, tail, mel, last=last)
    return causal.go_on(weights.vocoder, weights.noise, tail, mel, last=last)


def whole(weights: VoiceWeights, prompt: Prompt, codes: Sequence[int], steps: int = STEPS) -> tuple[np.ndarray, np.ndarray]:
    """Say an utterance at once. Returns its mel, float32 [80, 2 n], and samples, float32 [960 n]. Raises ValueError as `step`."""
    _check(codes, last=True)
    if not len(codes):
        raise ValueError("voice: wants 1 code or more, got none")
    t = torch()
    with t.inference_mode():
        given, before, frames = (t.tensor(np.asarray(each), device=weights.device) for each in (list(codes), list(prompt.codes), prompt.mel))
        speaker = flow.spoken_by(weights.flow, t.from_numpy(prompt.speaker).to(weights.device))
        mel = flow.whole(weights.flow, weights.noise, given, before, frames, speaker, steps)
        older = weights.vocoder if weights.version == "hift" else weights.older
        if older is not None:
            samples, _ = hift.vocode(older, weights.noise, mel)
        else:
            _, samples = causal.go_on(weights.vocoder, weights.noise, causal.begin(weights.vocoder), mel, last=True)
        return mel[0].cpu().numpy(), samples[0].cpu().numpy()


def _check(codes: Sequence[int], last: bool) -> None:
    foreign = [code for code in codes if not 0 <= code < CODES]
    if foreign:
        raise ValueError(f"voice: wants codes of 0 to {CODES - 1}, got {foreign[0]}; {CODES} says that there are no more, and is not spoken")
    if not last and len(codes) <= AHEAD:
        raise ValueError(
            f"voice: wants more than {AHEAD} codes that are not the last, got {len(codes)}; wait for more, or say that they are the last"
        )
