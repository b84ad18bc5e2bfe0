"""Make a model weight by weight, so that at no time there is more than one that is not rounded yet.

Linear layers of the language model are rounded to 4 bit, its head to 8, since a wrong token costs more than its bytes; all else stays
in bf16. Weights come from a checkpoint, a file opened for each anew, or are drawn.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

from operators.minicpm_o.config import Config
from operators.minicpm_o.door import Module, Tensor, safetensors, torch
from operators.minicpm_o.fit.few_bits import GROUP, few_bits
from operators.minicpm_o.modules import skeleton

Read = Callable[[str, tuple[int, ...]], Tensor]  # a weight by its name and shape, in bf16

BITS, HEAD_BITS = 4, 8
HEAD = "llm.lm_head"


def assembled(config: Config, read: Read, device: str = "cpu", told: Callable[[str], None] = lambda part: None) -> Module:
    """Make the model's modules with weights that are read one after the other. `told` hears of each part that is done.

    Raises ValueError for a device other than a CPU whose library of few bits is not there.
    """
    root, part = skeleton(config), ""
    for key, empty in list(root.state_dict().items()):
        if part and key.partition(".")[0] != part:
            told(part)
        part = key.partition(".")[0]
        weight = read(key, tuple(empty.shape))
        name = key.removesuffix(".weight")
        if is_rounded(name, len(empty.shape)) and device == "cpu":
            _put(root, name, few_bits(weight, HEAD_BITS if name == HEAD else BITS))
        else:
            _put(root, key, torch().nn.Parameter(weight.to(device), requires_grad=False))
    told(part)
    if device != "cpu":
        _rounded_elsewhere(root)
    return root.requires_grad_(False)


def is_rounded(name: str, dimensions: int) -> bool:
    """Tell whether a weight is one of a linear layer of the language model.

    >>> [is_rounded(name, 2) for name in ("llm.model.layers.3.mlp.up_proj", "llm.lm_head", "llm.model.embed_tokens", "vpm.encoder.layers.0.mlp.fc1")]
    [True, True, False, False]
    """
    return dimensions == 2 and (name == HEAD or name.startswith("llm.model.layers."))


def _put(root: Module, name: str, value: object) -> None:
    """Put a weight, or what takes a module's place, where a name says."""
    *path, last = name.split(".")
    for each in path:
        root = getattr(root, each)
    delattr(root, last)
    setattr(root, last, value)


def _rounded_elsewhere(root: Module) -> None:
    """Round the same layers with torchao, whose kernels are a GPU's. It was never run: there was no GPU."""
    try:
        from torchao.quantization import Int4WeightOnlyConfig, quantize_  # type: ignore[import-not-found]
    except ImportError as error:
        raise ValueError(f"fit: wants the package torchao on a GPU, which cannot be imported ({error}); pip install torchao") from None
    linear = torch().nn.Linear
    quantize_(root, Int4WeightOnlyConfig(group_size=GROUP), lambda module, name: isinstance(module, linear) and name.startswith("llm.model.layers."))


def reading(folder: str | Path, check: bool) -> Read:
    """Read weights of a checkpoint. Its files are closed after each, so that what was read takes no memory."""
    from operators.minicpm_o.loading import _files

    t, places = torch(), {}
    for path in _files(Path(folder)):
        with safetensors().safe_open(str(path), framework="pt") as file:
            places |= dict.fromkeys(file.keys(), str(path))

    def read(key: str, shape: tuple[int, ...]) -> Tensor:
        with safetensors().safe_open(places[key], framework="pt") as file:
            weight = file.get_tensor(key).to(t.bfloat16, copy=True)
        if check and not all(t.isfinite(end) for end in t.aminmax(weight)):
            raise ValueError(f"checkpoint {folder}: wants finite weights, got NaN or infinity in {key}; copy it again")
        return weight

    return read


def drawing(seed: int = 0) -> Read:
    """Draw weights, the same for the same seed and name: norms are 1, and all others as large as a layer of their width wants."""
    t = torch()

    def read(key: str, shape: tuple[int, ...]) -> Tensor:
        if len(shape) == 1:
            return t.full(shape, 0.0 if key.endswith("bias") else 1.0, dtype=t.bfloat16)
        rng = t.Generator().manual_seed(zlib.crc32(f"{seed} {key}".encode()))
        large = 0.02 if "embed" in key else (3.0 / shape[-1]) ** 0.5
        return t.empty(shape, dtype=t.bfloat16).uniform_(-large, large, generator=rng)

    return read
