"""The published voice: speech codes, 25 a second, become sound at 24 kHz, as somebody speaks whose sound was given.

A flow makes a mel of codes, a vocoder a wave of a mel. Weights are loaded once; what an answer remembers is a value.

    weights = voice.load(folder, seed=0)
    state = voice.begin(weights, prompt)
    state, samples = voice.step(weights, state, codes, last=False)

`saying.say` does the same with the codes of a duplex unit, in turns, as the published runtime does; `listening.listened` makes a prompt
of sound.
"""

from operators.minicpm_o.voice.prompt import Prompt, load_prompt, save_prompt
from operators.minicpm_o.voice.streaming import SILENCE, STEPS, VoiceState, begin, step, whole
from operators.minicpm_o.voice.weights import VoiceWeights, load

__all__ = ["SILENCE", "STEPS", "Prompt", "VoiceState", "VoiceWeights", "begin", "load", "load_prompt", "save_prompt", "step", "whole"]
