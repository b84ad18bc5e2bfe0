"""Load a published checkpoint from its folder: config.json and one or several safetensors files. Nothing is ever unpickled.

Weights are views of the files, mapped into memory and handed to modules that have none of their own: no second copy is made
where they stay in the file's precision, and one tensor at a time is converted where they do not. Source: spec 2.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args

from omniflow_graph.files import whole
from operators.minicpm_o.config import Config, kind_of, read_config
from operators.minicpm_o.door import Module, Tensor, safetensors, torch
from operators.minicpm_o.modules import skeleton, speaker
from operators.minicpm_o.shapes import Shape, check_shapes, counted

Precision = Literal["bf16", "fp32", "int4"]  # int4: the language model's linear layers in 4 bit, all else in bf16
SPEECH = "tts."
UNUSED = ("tts.model.embed_tokens.", "tts.projector_spk.")  # in the file, and never used
STORED: dict[str, Precision] = {"BF16": "bf16", "F32": "fp32"}
INDEX, SINGLE = "model.safetensors.index.json", "model.safetensors"


@dataclass(frozen=True)
class Weights:
    """Hold what never changes: sizes, and modules with their weights. What a session remembers is apart from it."""

    config: Config
    precision: Precision
    device: str
    language: Module = field(repr=False, compare=False)
    sight: Module = field(repr=False, compare=False)
    resampler: Module = field(repr=False, compare=False)
    hearing: Module = field(repr=False, compare=False)
    projector: Module = field(repr=False, compare=False)
    speech: Module | None = field(default=None, repr=False, compare=False)
    code_head: Tensor | None = field(default=None, repr=False, compare=False)  # [codes, width], folded

    @property
    def thinking(self) -> ModuleType:
        """Return what feeds its language model."""
        from operators.minicpm_o import thinking

        return thinking

    def dtype(self) -> Any:
        """Return torch's name of the precision."""
        return _dtype(self.precision)


def load(folder: str | Path, *, precision: Precision | None = None, device: str = "cpu", check: bool = True, speech: bool = True) -> Weights:
    """Load the weights of a checkpoint. Without `speech` those of the speech decoder are left out: names and shapes are checked all the same.

    `precision` converts; None keeps that of the files, and int4 rounds the language model's linear layers, a weight at a time.
    `check` looks for NaN and infinity in every weight. The layers are counted in the files; where config.json has another number,
    it is said by a warning. Raises ValueError for a folder that is no checkpoint or not whole, and for a key that is missing,
    extra, misshapen, of another type, or not finite, by its name. A checkpoint of nano gives its modules, in float32.
    """
    if precision not in (None, *get_args(Precision)):
        raise ValueError(f"load: wants precision bf16, fp32, int4 or None, got {precision!r}")
    if kind_of(folder) == "nano":
        from operators.nano.modules import load_modules

        return load_modules(folder, device)
    config = read_config(folder)
    with ExitStack() as opened:
        keys = _open(Path(folder), opened)
        slices = {key: file.get_slice(key) for key, file in keys.items()}
        shapes: dict[str, Shape] = {key: tuple(each.get_shape()) for key, each in slices.items()}
        config = counted(config, shapes, str(folder))
        check_shapes(shapes, config, str(folder))
        precision = _precision({key: str(each.get_dtype()) for key, each in slices.items()}, precision, folder)
        speaking = config.speech if speech else None
        said = {key: _read(keys[key], key, precision, device, check, folder) for key in keys if speaking and key.startswith(SPEECH)}
        if precision == "int4":
            from operators.minicpm_o.fit.assembling import assembled, reading

            return with_speech(gathered(assembled(config, reading(folder, check), device), config, precision, device), said)
        used = [key for key in keys if not key.startswith(SPEECH)]
        tensors = {key: _read(keys[key], key, precision, device, check, folder) for key in used}
    root = skeleton(config)
    root.load_state_dict(tensors, assign=True)
    return with_speech(gathered(root.requires_grad_(False), config, precision, device), said)


def gathered(root: Module, config: Config, precision: Precision, device: str) -> Weights:
    """Gather the parts of a model whose modules have their weights."""
    return Weights(config, precision, device, root.llm, root.vpm, root.resampler, root.apm, root.audio_projection_layer)


def with_speech(weights: Weights, tensors: Mapping[str, Tensor]) -> Weights:
    """Give a model its speech decoder, of weights by the names that they have in a file; without any it cannot speak."""
    if not tensors or weights.config.speech is None:
        return weights
    decoder = speaker(weights.config.speech)
    used = {key.removeprefix(SPEECH): each for key, each in tensors.items() if not key.startswith(UNUSED)}
    decoder.load_state_dict(used, assign=True)
    with torch().no_grad():
        folded = decoder.requires_grad_(False).head_code[0].weight
    return replace(weights, speech=decoder, code_head=folded)


def _open(folder: Path, opened: ExitStack) -> dict[str, Any]:
    """Open a checkpoint's files, and say in which each key is."""
    found: dict[str, Any] = {}
    for path in _files(folder):
        try:
            file = opened.enter_context(safetensors().safe_open(str(path), framework="pt"))
            held = list(file.keys())
        except ValueError:
            raise
        except Exception as error:  # of the package's own kind
            raise ValueError(f"checkpoint {path}: is not a whole safetensors file ({' '.join(str(error).split())}); copy it again") from None
        for key in held:
            if key in found:
                raise ValueError(f"checkpoint {path}: holds {key} a second time; keep one of the files that hold it")
            found[key] = file
    return found


def _files(folder: Path) -> Iterator[Path]:
    """List the files with weights: those of the index, or the one file."""
    index = folder / INDEX
    if not index.is_file():
        if not (folder / SINGLE).is_file():
            others = [path.name for path in sorted(folder.glob("*.bin"))][:1]
            also = f"; {others[0]} is a pickle, which is never read, convert it" if others else ""
            raise ValueError(f"checkpoint {folder}: wants {SINGLE} or {INDEX}; there is neither{also}")
        return iter([folder / SINGLE])
    try:
        names = sorted(set(json.loads(whole(index))["weight_map"].values()))
        foreign = [name for name in names if not isinstance(name, str) or Path(name).name != name or not name.endswith(".safetensors")]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"checkpoint {index}: is no index of safetensors files ({error!r}); copy it again") from None
    if foreign:
        raise ValueError(f"checkpoint {index}: wants names of safetensors files in the same folder, got {foreign[0]!r}")
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise ValueError(f"checkpoint {folder}: lacks {missing[0]}, of {len(names)} files in its index; copy it again")
    return (folder / name for name in names)


def _precision(stored: dict[str, str], wanted: Precision | None, folder: str | Path) -> Precision:
    """Settle in which precision weights are held. Every file may be in either."""
    foreign = next((key for key, kind in stored.items() if kind not in STORED), None)
    if foreign is not None:
        raise ValueError(f"checkpoint {folder}: wants {foreign} as bfloat16 or float32, got {stored[foreign]}; convert it")
    kinds: set[Precision] = {STORED[kind] for kind in stored.values()}
    if wanted is None and len(kinds) > 1:
        raise ValueError(f"checkpoint {folder}: holds bfloat16 and float32; say which, precision='bf16' or 'fp32'")
    return wanted or next(iter(kinds))


def _read(file: Any, key: str, precision: Precision, device: str, check: bool, folder: str | Path) -> Tensor:
    tensor = file.get_tensor(key).to(device=device, dtype=_dtype(precision))  # itself, where nothing is to be converted
    if check and not all(torch().isfinite(end) for end in torch().aminmax(tensor)):
        raise ValueError(f"checkpoint {folder}: wants finite weights, got NaN or infinity in {key}; copy it again")
    return tensor


def _dtype(precision: Precision) -> Any:
    return torch().float32 if precision == "fp32" else torch().bfloat16
