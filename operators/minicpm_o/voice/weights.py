"""Load a voice from a checkpoint's folder: a flow and a vocoder, each in a file of its own, whose names and shapes are checked.

The published files are pickles, opened by torch's reader that makes tensors and nothing else; where there are safetensors files of
the same names, those are taken. Source: spec 6.7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from operators.minicpm_o.door import Tensor, safetensors, torch
from operators.minicpm_o.voice.noise import Noise, noise
from operators.minicpm_o.voice.part import Part, folded
from operators.minicpm_o.voice.shapes import Version, check_flow, check_vocoder

FOLDER = "assets/token2wav"
FLOW, VOCODER, OLDER = "flow", "hift", "hift_original"
PITCH = "f0_predictor."  # float64 in the newer vocoder, whose tones go on for minutes: what is off adds up


@dataclass(frozen=True)
class VoiceWeights:
    """Hold what never changes of a voice. `older`: the vocoder for whole utterances, where the other only looks back."""

    version: Version
    flow: Part = field(repr=False, compare=False)
    vocoder: Part = field(repr=False, compare=False)
    older: Part | None = field(repr=False, compare=False)
    noise: Noise = field(compare=False)
    device: str = "cpu"


def load(folder: str | Path, *, seed: int = 0, device: str = "cpu") -> VoiceWeights:
    """Load the voice of a checkpoint's folder, or of the folder of the voice itself, in float32. `seed` gives all that is drawn.

    Which of the two published vocoders it has is seen by its shapes. Raises ValueError for a folder without, a file that is not
    whole, and a weight that is missing, extra, misshapen or not finite, by its name.
    """
    place = Path(folder) / FOLDER if (Path(folder) / FOLDER).is_dir() else Path(folder)
    held = {name: _read(place, name) for name in (FLOW, VOCODER)}
    if any((place / f"{OLDER}{end}").is_file() for end in (".safetensors", ".pt")):
        held[OLDER] = _read(place, OLDER)
    return made(held[FLOW], held[VOCODER], held.get(OLDER), noise(seed), where=str(place), device=device)


def made(
    flow: Mapping[str, Tensor],
    vocoder: Mapping[str, Tensor],
    older: Mapping[str, Tensor] | None,
    noise: Noise,
    *,
    where: str = "in memory",
    device: str = "cpu",
) -> VoiceWeights:
    """Make a voice of weights by name, checked as `load` does."""
    kept = [_held(part, device) for part in (flow, vocoder, older or {})]
    check_flow({key: tuple(each.shape) for key, each in kept[0].items()}, f"{where}, {FLOW}")
    version = check_vocoder({key: tuple(each.shape) for key, each in kept[1].items()}, f"{where}, {VOCODER}").version
    if older is not None and check_vocoder({key: tuple(each.shape) for key, each in kept[2].items()}, f"{where}, {OLDER}").version != "hift":
        raise ValueError(f"voice {where}: wants the older vocoder as {OLDER}, got the newer one; copy it again")
    for key, each in ((key, each) for part in kept for key, each in part.items()):
        if not bool(torch().isfinite(each).all()):
            raise ValueError(f"voice {where}: wants finite weights, got NaN or infinity in {key}; copy it again")
    if version == "causal":
        kept[1] |= _held({key: each for key, each in vocoder.items() if key.startswith(PITCH)}, device, torch().float64)
    return VoiceWeights(version, Part(kept[0]), Part(kept[1]), Part(kept[2]) if older is not None else None, noise, device)


def _held(part: Mapping[str, Tensor], device: str, dtype: object = None) -> dict[str, Tensor]:
    return folded({key: each.detach().to(device, dtype or torch().float32) for key, each in part.items()})


def _read(place: Path, name: str) -> dict[str, Tensor]:
    """Read one file's weights by name. Never makes anything but tensors."""
    safe, published = place / f"{name}.safetensors", place / f"{name}.pt"
    path = safe if safe.is_file() else published
    if not path.is_file():
        raise ValueError(f"voice {place}: wants {published.name} or {safe.name}; there is neither, copy {FOLDER} of the checkpoint")
    try:
        if path == safe:
            with safetensors().safe_open(str(path), framework="pt") as opened:
                held = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118, it is no dict
        else:
            held = torch().load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # of each package's own kinds
        raise ValueError(f"voice {path}: cannot be read as weights ({' '.join(str(error).split())[:200]}); copy it again") from None
    if not isinstance(held, dict) or not all(isinstance(each, torch().Tensor) for each in held.values()):
        raise ValueError(f"voice {path}: wants tensors by name, got {type(held).__name__}; copy it again")
    return {key.removeprefix("generator."): each for key, each in held.items()}
