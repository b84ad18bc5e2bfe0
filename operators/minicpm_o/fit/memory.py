"""How much memory a model takes: of each of its parts, and of the whole process at most."""

from __future__ import annotations

import re
import resource
import sys
from pathlib import Path
from typing import Any

from operators.minicpm_o.cache import Cache
from operators.minicpm_o.door import Module, Tensor
from operators.minicpm_o.fit.few_bits import FewBits
from operators.minicpm_o.loading import Weights
from operators.minicpm_o.voice import VoiceWeights

PARTS = {"language": "language", "sight": "vision", "resampler": "resampler", "hearing": "audio", "projector": "audio_projector"}


def components(weights: Weights, voice: VoiceWeights, speech: dict[str, Tensor], cache: Cache) -> dict[str, int]:
    """Return the bytes that each part holds: weights as they are held, and the key/value cache of a window."""
    found = {name: _bytes(getattr(weights, part)) for part, name in PARTS.items()}
    found["embeddings"] = _of(weights.language.model.embed_tokens.weight)
    found["language"] -= found["embeddings"]
    found["speech"] = sum(map(_of, speech.values()))
    held = [weight for part in (voice.flow, voice.vocoder, voice.older) if part for weight in part.held.values()]
    found["voice"] = sum(map(_of, held)) + _of(voice.noise.flow)
    store = cache.store
    found["cache"] = _of(store.keys) + _of(store.values) if store else 0
    return found


def few_bit_layers(module: Module) -> list[FewBits]:
    """List the layers of few bits in a module: what stands in the place of a linear layer is no module."""
    return [held for each in module.modules() for held in vars(each).values() if isinstance(held, FewBits)]


def _bytes(module: Module) -> int:
    return sum(map(_of, module.parameters())) + sum(layer.bytes for layer in few_bit_layers(module))


def _of(tensor: Any) -> int:
    return tensor.numel() * tensor.element_size()


def peak_bytes() -> int:
    """Return the most memory that this process has had in it so far."""
    status = Path("/proc/self/status")
    if status.is_file() and (found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())):
        return int(found[1]) << 10  # of this process alone; the other begins with that of who started it
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most << 10
